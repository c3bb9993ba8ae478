/* A name service module that plays a directory: it knows whom a file says, fails as a file says, and
 * keeps those who ask waiting for as long as somebody holds a lock. Bound into the private
 * system of a test as `otptest` in nsswitch.conf; the test steers it by the files below.
 *
 *   people   a line for each name that is known: ASKED:NAME:UID, where ASKED is a name that somebody
 *            may ask for and NAME the one that is answered
 *   fault    instead of any answer: STATUS ERRNO, as nss.h and errno.h number them
 *   gate     looked at once it can be locked for reading
 *
 * It has one group, "contractors", in which alice is. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PLACE "/run/nss-otptest/"

static void wait_at_the_gate(void)
{
	int gate = open(PLACE "gate", O_RDONLY | O_CLOEXEC);

	if (gate < 0)
		return;
	while (flock(gate, LOCK_SH) < 0 && errno == EINTR)
		;
	close(gate);
}

/* Whether everybody is to be failed, and how. */
static int faulty(enum nss_status *status, int *error)
{
	FILE *file = fopen(PLACE "fault", "re");
	int number, read;

	if (!file)
		return 0;
	read = fscanf(file, "%d %d", &number, error);
	fclose(file);
	*status = number;
	return read == 2;
}

/* Cuts the next line into its three parts. */
static int next(FILE *file, char **line, size_t *size, char *part[3])
{
	char *rest;

	if (getline(line, size, file) <= 0)
		return 0;
	(*line)[strcspn(*line, "\n")] = 0;
	rest = *line;
	for (int i = 0; i < 3; i++)
		part[i] = strsep(&rest, ":");
	return part[2] != NULL;
}

static enum nss_status fill(const char *name, uid_t uid, struct passwd *into, char *buffer,
			    size_t size, int *error)
{
	static const char rest[] = "*\0/\0/bin/sh";

	if (strlen(name) + 1 + sizeof rest > size) {
		*error = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	into->pw_name = strcpy(buffer, name);
	into->pw_passwd = memcpy(buffer + strlen(name) + 1, rest, sizeof rest);
	into->pw_dir = into->pw_passwd + 2;
	into->pw_shell = into->pw_dir + 2;
	into->pw_gecos = into->pw_passwd + 1;
	into->pw_uid = uid;
	into->pw_gid = uid;
	return NSS_STATUS_SUCCESS;
}

/* By name, or by uid where there is none. */
static enum nss_status find(const char *name, uid_t uid, struct passwd *into, char *buffer,
			    size_t size, int *error)
{
	enum nss_status status = NSS_STATUS_NOTFOUND;
	char *line = NULL, *part[3];
	size_t length = 0;
	FILE *file;

	wait_at_the_gate();
	*error = ENOENT;
	if (faulty(&status, error)) {
		errno = *error;
		return status;
	}
	file = fopen(PLACE "people", "re");
	if (!file)
		return NSS_STATUS_UNAVAIL;
	while (status == NSS_STATUS_NOTFOUND && next(file, &line, &length, part)) {
		uid_t has = strtoul(part[2], NULL, 10);

		if (name ? !strcmp(name, part[0]) : uid == has)
			status = fill(part[1], has, into, buffer, size, error);
	}
	free(line);
	fclose(file);
	return status;
}

enum nss_status _nss_otptest_getpwnam_r(const char *name, struct passwd *into, char *buffer,
					size_t size, int *error)
{
	return find(name, 0, into, buffer, size, error);
}

enum nss_status _nss_otptest_getpwuid_r(uid_t uid, struct passwd *into, char *buffer, size_t size,
					int *error)
{
	return find(NULL, uid, into, buffer, size, error);
}

#define CONTRACTORS 47001

static enum nss_status group(int is_it, struct group *into, char *buffer, size_t size, int *error)
{
	static const char text[] = "contractors\0*\0alice";
	enum nss_status status;
	char **members;

	wait_at_the_gate();
	*error = ENOENT;
	if (faulty(&status, error)) {
		errno = *error;
		return status;
	}
	if (!is_it)
		return NSS_STATUS_NOTFOUND;
	if (size < sizeof text + 3 * sizeof *members) {
		*error = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	members = (char **)(((unsigned long)buffer + sizeof *members - 1) & -sizeof *members);
	into->gr_name = memcpy(members + 2, text, sizeof text);
	into->gr_passwd = into->gr_name + sizeof "contractors";
	into->gr_gid = CONTRACTORS;
	members[0] = into->gr_passwd + sizeof "*";
	members[1] = NULL;
	into->gr_mem = members;
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_otptest_getgrnam_r(const char *name, struct group *into, char *buffer,
					size_t size, int *error)
{
	return group(!strcmp(name, "contractors"), into, buffer, size, error);
}

enum nss_status _nss_otptest_getgrgid_r(gid_t gid, struct group *into, char *buffer, size_t size,
					int *error)
{
	return group(gid == CONTRACTORS, into, buffer, size, error);
}

/* The groups that somebody is in, added to those that are known; never the primary one. */
enum nss_status _nss_otptest_initgroups_dyn(const char *name, gid_t primary, long *start, long *size,
					    gid_t **gids, long most, int *error)
{
	enum nss_status status;

	(void)primary;
	wait_at_the_gate();
	*error = ENOENT;
	if (faulty(&status, error)) {
		errno = *error;
		return status;
	}
	if (strcmp(name, "alice"))
		return NSS_STATUS_NOTFOUND;
	if (*start == *size) {
		long more = *size * 2;
		gid_t *grown = most > 0 && more > most ? NULL : realloc(*gids, more * sizeof **gids);

		if (!grown)
			return NSS_STATUS_UNAVAIL;
		*gids = grown;
		*size = more;
	}
	(*gids)[(*start)++] = CONTRACTORS;
	return NSS_STATUS_SUCCESS;
}
