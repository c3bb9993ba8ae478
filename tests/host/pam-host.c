/* A program with a PAM handle, as sshd and sudo are: authenticates as a script says, in one process,
 * and reports what became of each attempt, how long it took, and what of the process differs after
 * it. It can be in a bad way while it asks: out of descriptors, out of memory, under a storm of
 * signals, without standard streams. It refuses to judge; who runs it does.
 *
 *   pam-host [OPTION...] SCRIPT REPORT
 *
 * A line of the script is SERVICE USER ANSWER; the answer "!" lets the conversation fail. The report
 * holds a line for each attempt, `CODE PROMPT REFUSAL DELAY`: libpam's number, or minus the signal that
 * ended the attempt's process; nanoseconds until the prompt, and from the answer to the end; and with
 * --delays, which leaves them to the host, the microseconds that modules asked for. Two looks at the
 * process follow, "before" and "after". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "look.h"

struct attempt {
	char *service, *user, *answer;
};

/* Shared with the children that an option may make. */
struct result {
	int code;
	long long prompt, refusal;
	unsigned delay;
};

/* What the options ask for. */
static struct {
	int warm_up, forked, mute_stdio, delays;
	const char *descriptors, *storm, *become;
	long memory;
} wanted = {.memory = -1};

static const char *answer;
static long long asked, answered;
/* Calls of the conversation so far, and what it would change. */
static int converse_calls;
static pam_handle_t *conversing;
static volatile sig_atomic_t alarms;

static void fail(const char *what)
{
	perror(what);
	exit(125);
}

static long long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Leaves no descriptor below the limit free. */
static void use_up_descriptors(void)
{
	struct rlimit few = {64, 64};
	if (setrlimit(RLIMIT_NOFILE, &few))
		fail("setrlimit");
	while (dup(1) >= 0)
		;
	if (errno != EMFILE)
		fail("dup");
}

/* Leaves `bytes` of memory in one piece, and no more. */
static void use_up_memory(long bytes)
{
	static volatile char stack_that_exists[1];
	volatile char deep[256 * 1024];
	for (size_t at = 0; at < sizeof deep; at += 1024)
		deep[at] = stack_that_exists[0];
	void *rest = malloc(bytes > 0 ? bytes : 1);
	void *fence = malloc(64);
	struct rlimit none = {1, 1};
	if (!rest || !fence || setrlimit(RLIMIT_AS, &none))
		fail("setrlimit");
	for (size_t size = 1 << 20; size >= 16; size /= 2)
		while (malloc(size))
			;
	if (bytes > 0)
		free(rest);
}

/* Becomes somebody else at the call that --become=CALL:USER names. */
static void become_other(void)
{
	const char *user = wanted.become ? strchr(wanted.become, ':') : NULL;
	if (++converse_calls == (user ? atoi(wanted.become) : 0))
		pam_set_item(conversing, PAM_USER, user + 1);
}

static int converse(int count, const struct pam_message **asks, struct pam_response **replies, void *data)
{
	(void)data;
	become_other();
	struct pam_response *reply = calloc(count, sizeof *reply);
	if (!reply)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (asks[i]->msg_style == PAM_PROMPT_ECHO_OFF || asks[i]->msg_style == PAM_PROMPT_ECHO_ON) {
			asked = now();
			if (wanted.descriptors && !strcmp(wanted.descriptors, "prompt"))
				use_up_descriptors();
			reply[i].resp = strdup(answer);
			answered = now();
		}
	*replies = reply;
	if (strcmp(answer, "!"))
		return PAM_SUCCESS;
	free(reply[0].resp);
	free(reply);
	return PAM_CONV_ERR;
}

static unsigned delay;

static void take_delay(int code, unsigned microseconds, void *data)
{
	(void)code;
	(void)data;
	delay = microseconds;
}

static void authenticate(const struct attempt *attempt, struct result *result)
{
	struct pam_conv conversation = {converse, NULL};
	pam_handle_t *handle = NULL;
	answer = attempt->answer;
	if (pam_start(attempt->service, attempt->user, &conversation, &handle) != PAM_SUCCESS)
		fail("pam_start");
	conversing = handle;
	converse_calls = 0;
	/* Reads the stack and loads the module, so that what follows is the module's alone. */
	pam_setcred(handle, 0);
	delay = 0;
	if (wanted.delays && pam_set_item(handle, PAM_FAIL_DELAY, (const void *)take_delay) != PAM_SUCCESS)
		fail("pam_set_item");
	if (wanted.descriptors && !strcmp(wanted.descriptors, "begin"))
		use_up_descriptors();
	if (wanted.memory >= 0)
		use_up_memory(wanted.memory);
	long long start = asked = answered = now();
	result->code = pam_authenticate(handle, 0);
	result->refusal = now() - answered;
	result->prompt = asked - start;
	result->delay = delay;
	if (wanted.memory < 0)
		pam_end(handle, result->code);
}

/* In a child, where the attempt may leave a mess or end its process. */
static void authenticate_apart(const struct attempt *attempt, struct result *result)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		authenticate(attempt, result);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		fail("a child");
	if (WIFSIGNALED(status))
		result->code = -WTERMSIG(status);
	else if (WEXITSTATUS(status))
		result->code = 1000 + WEXITSTATUS(status);
}

static void count_alarm(int signal)
{
	(void)signal;
	alarms++;
}

/* An alarm every 300 microseconds. */
static void start_storm(const char *how)
{
	struct sigaction action = {.sa_handler = count_alarm};
	struct itimerval often = {{0, 300}, {0, 300}};
	action.sa_flags = strcmp(how, "restart") ? 0 : SA_RESTART;
	if (sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &often, NULL))
		fail("setitimer");
}

/* Another thread of a host, which writes to the streams that it believes to have. */
static void *chatter(void *nothing)
{
	for (;;) {
		for (int stream = 0; stream <= 2; stream++)
			if (write(stream, "chatter\r\n", 9) < 0)
				continue;
		usleep(20);
	}
	return nothing;
}

static void close_streams(void)
{
	pthread_t thread;
	for (int stream = 0; stream <= 2; stream++)
		close(stream);
	if (pthread_create(&thread, NULL, chatter, NULL))
		_exit(125);
}

/* Reads the script; its memory is the process's until its end. */
static struct attempt *read_script(const char *path, int *count)
{
	static struct attempt *attempts;
	char *line = NULL;
	size_t room = 0;
	FILE *script = fopen(path, "re");
	if (!script)
		fail(path);
	for (*count = 0; getline(&line, &room, script) > 0; ++*count) {
		attempts = realloc(attempts, (*count + 1) * sizeof *attempts);
		if (!attempts)
			fail("realloc");
		struct attempt *next = attempts + *count;
		line[strcspn(line, "\n")] = 0;
		next->service = strdup(strtok(line, " "));
		next->user = strdup(strtok(NULL, " "));
		char *rest = strtok(NULL, "");
		next->answer = strdup(rest ? rest : "");
	}
	free(line);
	fclose(script);
	return attempts;
}

static void read_options(int count, char **words)
{
	for (int i = 1; i < count - 2; i++) {
		const char *value = strchr(words[i], '=');
		value = value ? value + 1 : "";
		if (!strncmp(words[i], "--warm-up=", 10))
			wanted.warm_up = atoi(value);
		else if (!strncmp(words[i], "--descriptors=", 14))
			wanted.descriptors = value;
		else if (!strncmp(words[i], "--memory=", 9))
			wanted.memory = atol(value);
		else if (!strncmp(words[i], "--storm=", 8))
			wanted.storm = value;
		else if (!strncmp(words[i], "--become=", 9))
			wanted.become = value;
		else if (!strcmp(words[i], "--delays"))
			wanted.delays = 1;
		else if (!strcmp(words[i], "--forked"))
			wanted.forked = 1;
		else if (!strcmp(words[i], "--closed-streams"))
			wanted.mute_stdio = 1;
		else
			fail(words[i]);
	}
}

/* What a host may have set up and would miss: handlers, a mask, a place, a locale. */
static void settle(void)
{
	sigset_t some;
	signal(SIGUSR1, count_alarm);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR2);
	sigaddset(&some, SIGWINCH);
	umask(0137);
	if (sigprocmask(SIG_BLOCK, &some, NULL) || chdir("/home") || !setlocale(LC_ALL, ""))
		fail("settling");
}

int main(int count, char **words)
{
	int attempts_made;
	if (count < 3)
		fail("usage: pam-host [OPTION...] SCRIPT REPORT");
	read_options(count, words);
	settle();
	struct attempt *attempts = read_script(words[count - 2], &attempts_made);
	FILE *report = fopen(words[count - 1], "we");
	struct result *results = mmap(NULL, (attempts_made + 1) * sizeof *results, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (!report || results == MAP_FAILED)
		fail("preparing");
	/* A report in its buffer would be written by every child too. */
	setvbuf(report, NULL, _IONBF, 0);
	int apart = wanted.forked || wanted.memory >= 0 || wanted.descriptors;
	if (wanted.mute_stdio)
		close_streams();
	if (wanted.storm)
		start_storm(wanted.storm);
	static struct look before, after;
	for (int i = 0; i < attempts_made; i++) {
		if (i == wanted.warm_up)
			look(&before);
		/* With --forked every other one is a child's: in between the parent goes on. */
		if (apart && (!wanted.forked || i % 2))
			authenticate_apart(attempts + i, results + i);
		else
			authenticate(attempts + i, results + i);
	}
	look(&after);
	for (int i = 0; i < attempts_made; i++)
		fprintf(report, "%d %lld %lld %u\n", results[i].code, results[i].prompt, results[i].refusal,
			results[i].delay);
	fprintf(report, "before\n%safter\n%s", before.text, after.text);
	return wanted.storm && alarms == 0 ? 125 : 0;
}
