/* See look.h. Text goes straight into the look, so that looking does not itself change the heap. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "look.h"

extern char **environ;

static void add(struct look *into, const char *format, ...)
{
	size_t length = strlen(into->text);
	va_list values;
	va_start(values, format);
	vsnprintf(into->text + length, sizeof into->text - length, format, values);
	va_end(values);
}

static void descriptors(struct look *into)
{
	char target[512];
	struct dirent *entry;
	DIR *open = opendir("/proc/self/fd");
	if (!open)
		return;
	while ((entry = readdir(open))) {
		ssize_t length = readlinkat(dirfd(open), entry->d_name, target, sizeof target - 1);
		if (length < 0 || atoi(entry->d_name) == dirfd(open))
			continue;
		target[length] = 0;
		int flags = fcntl(atoi(entry->d_name), F_GETFD);
		add(into, "descriptor %s %s %x\n", entry->d_name, target, flags);
	}
	closedir(open);
}

/* Threads, signals pending, blocked, ignored and caught, ids, privileges. */
static void status(struct look *into)
{
	static const char *lines[] = {"Name:", "Umask:", "Uid:", "Gid:", "Groups:", "NSpid:", "Threads:",
				      "SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:", "SigCgt:", "Cap", "NoNewPrivs:",
				      "Seccomp:"};
	static char text[16 * 1024];
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t length = read(file, text, sizeof text - 1);
	close(file);
	text[length < 0 ? 0 : length] = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
			if (!strncmp(line, lines[i], strlen(lines[i])))
				add(into, "%s\n", line);
}

static void signals(struct look *into)
{
	sigset_t mask;
	stack_t stack;
	struct sigaction action;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigaltstack(NULL, &stack);
	add(into, "alternate stack %p %d\n", stack.ss_sp, stack.ss_flags);
	for (int number = 1; number < 65; number++) {
		if (sigaction(number, NULL, &action))
			continue;
		add(into, "signal %d blocked %d handler %p flags %x mask", number, sigismember(&mask, number),
		    (void *)action.sa_sigaction, action.sa_flags);
		for (int other = 1; other < 65; other++)
			add(into, "%d", sigismember(&action.sa_mask, other) > 0);
		add(into, "\n");
	}
}

static void surroundings(struct look *into)
{
	char place[512];
	struct rlimit limit;
	struct itimerval timer;
	mode_t mask = umask(0);
	umask(mask);
	add(into, "umask %o\n", mask);
	add(into, "directory %s\n", getcwd(place, sizeof place) ? place : "none");
	add(into, "locale %s\n", setlocale(LC_ALL, NULL));
	add(into, "session %d group %d priority %d\n", getsid(0), getpgrp(), getpriority(PRIO_PROCESS, 0));
	add(into, "dumpable %d keepcaps %d\n", prctl(PR_GET_DUMPABLE), prctl(PR_GET_KEEPCAPS));
	getitimer(ITIMER_REAL, &timer);
	add(into, "interval %ld %ld\n", timer.it_interval.tv_sec, timer.it_interval.tv_usec);
	for (int resource = 0; resource < RLIMIT_NLIMITS; resource++) {
		getrlimit(resource, &limit);
		add(into, "limit %d %lu %lu\n", resource, limit.rlim_cur, limit.rlim_max);
	}
	add(into, "environment %p\n", (void *)environ);
	for (char **variable = environ; *variable; variable++)
		add(into, "variable %p %s\n", (void *)*variable, *variable);
}

static void memory(struct look *into)
{
	long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
		resident = -1;
	if (file)
		fclose(file);
	add(into, "memory resident %ld\n", resident * (sysconf(_SC_PAGESIZE) / 1024));
	add(into, "memory mapped %ld\n", pages * (sysconf(_SC_PAGESIZE) / 1024));
	add(into, "memory heap %zu\n", mallinfo2().uordblks);
}

void look(struct look *into)
{
	into->text[0] = 0;
	descriptors(into);
	status(into);
	signals(into);
	surroundings(into);
	memory(into);
}
