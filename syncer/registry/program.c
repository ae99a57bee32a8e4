/* Other people's programs: they may hang, print without end, and leave
 * children.  None of that may cost more than its time. */

/* For posix_spawn_file_actions_addclosefrom_np. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "layout/clock.h"
#include "layout/mem.h"
#include "registry/program.h"
#include "report/outside.h"

/* How often the clock, ${stop} and the child itself are looked at. */
#define LOOK_MS		50
/* After its last output a program ends at once. */
#define LAST_LOOK_MS	2
/* Of what it says on standard error this much is read; the rest is dropped. */
#define NOTES_MAX	1024u
#define LAST_MAX	256u

extern char **environ;

struct output {
	int fd;			/* -1: ended */
	char *bytes;
	size_t len, max;
	bool is_over;		/* there was more than max */
};

/* The line that came last, however much came before it. */
struct last {
	char *bytes;
	size_t len;
	bool has_ended;
};

struct run {
	char *const *argv;
	pid_t pid;		/* 0: not running */
	int status;
	struct output out, notes;
	struct last last;
};

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static int
private_pipe(int ends[2])
{
	int saved;

	if (pipe(ends) == -1)
		return -1;
	if (fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 &&
	    fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0)
		return 0;
	saved = errno;
	close_fd(&ends[0]);
	close_fd(&ends[1]);
	errno = saved;
	return -1;
}

/*
 * The three standard files and no other; signals as a program expects them; a
 * process group of its own, so that all it starts can be killed with it and a
 * Ctrl-C is for us.  Return 0 or an errno.
 */
static int
spawn(struct run *r, int in, int out, int notes)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t set;
	int rc;

	if (posix_spawn_file_actions_init(&files) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return ENOMEM;
	}
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, notes, STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attr, &set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	rc = posix_spawnp(&r->pid, r->argv[0], &files, &attr, r->argv,
	    environ);
	if (rc != 0)
		r->pid = 0;
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

static int
start(struct run *r, const char *input, struct err *e)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, notes[2] = { -1, -1 };
	size_t len = strlen(input);
	int rc = -1;

	if (private_pipe(in) == -1 || private_pipe(out) == -1 ||
	    private_pipe(notes) == -1) {
		err_sys(e, "cannot make a pipe");
		goto out;
	}
	/* It is shorter than what any pipe takes without a reader. */
	assert(len <= PIPE_BUF);
	if (write(in[1], input, len) != (ssize_t)len) {
		err_sys(e, "cannot write its input");
		goto out;
	}
	close_fd(&in[1]);
	errno = spawn(r, in[0], out[1], notes[1]);
	if (errno == ENOENT)
		err_set(e, ERR_SYS, "there is no such program in $PATH");
	else if (errno != 0)
		err_sys(e, "cannot be run");
	if (errno != 0)
		goto out;
	r->out.fd = out[0];
	r->notes.fd = notes[0];
	out[0] = notes[0] = -1;
	rc = 0;
out:
	close_fd(&in[0]);
	close_fd(&in[1]);
	close_fd(&out[0]);
	close_fd(&out[1]);
	close_fd(&notes[0]);
	close_fd(&notes[1]);
	return rc;
}

/* Blank lines, and blanks in front, are no line. */
static void
take_last(struct last *l, const char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r') {
			l->has_ended = true;
			continue;
		}
		if ((l->len == 0 || l->has_ended) && (bytes[i] == ' ' ||
		    bytes[i] == '\t'))
			continue;
		if (l->has_ended)
			l->len = 0;
		l->has_ended = false;
		if (l->len < LAST_MAX)
			l->bytes[l->len++] = bytes[i];
	}
	l->bytes[l->len] = '\0';
}

/* One read, which does not block where poll(2) has said so; ${last} may be
 * NULL. */
static void
take(struct output *o, struct last *last)
{
	char buf[4096];
	ssize_t got = read(o->fd, buf, sizeof(buf));
	size_t room = o->max - o->len;

	assert(o->len <= o->max);
	if (got == -1 && errno == EINTR)
		return;
	if (got <= 0) {
		close_fd(&o->fd);
		return;
	}
	if (last != NULL)
		take_last(last, buf, (size_t)got);
	if ((size_t)got > room) {
		o->is_over = true;
		got = (ssize_t)room;
	}
	memcpy(o->bytes + o->len, buf, (size_t)got);
	o->len += (size_t)got;
	explicit_bzero(buf, sizeof(buf));
}

/* Return whether anything came. */
static bool
take_both(struct run *r, int wait_ms)
{
	struct pollfd p[2] = {
		{ .fd = r->out.fd, .events = POLLIN },
		{ .fd = r->notes.fd, .events = POLLIN }
	};

	if (poll(p, 2, wait_ms) <= 0)
		return false;
	if (p[0].revents != 0)
		take(&r->out, NULL);
	if (p[1].revents != 0)
		take(&r->notes, &r->last);
	return true;
}

/* Not reaped: its number is its process group's until reap. */
static bool
has_ended(const struct run *r)
{
	siginfo_t info = { .si_pid = 0 };

	/* It fails where whoever started us ignores SIGCHLD: it has ended. */
	return waitid(P_PID, (id_t)r->pid, &info,
	    WEXITED | WNOHANG | WNOWAIT) == -1 || info.si_pid != 0;
}

static bool
is_stopped(const struct program *p)
{
	struct pollfd fd = { .fd = p->stop_fd, .events = POLLIN };

	return (p->stop != NULL && atomic_load(p->stop)) ||
	    (p->stop_fd != -1 && poll(&fd, 1, 0) > 0);
}

/*
 * Until the program ends.  What it leaves running in the background, such as an
 * agent, may keep the pipes open, and is not waited for.
 */
static int
follow(struct run *r, const struct program *p, struct err *e)
{
	int64_t end_ms = clock_ms() + p->timeout_ms;
	bool is_silent;

	while (!has_ended(r)) {
		is_silent = r->out.fd == -1 && r->notes.fd == -1;
		take_both(r, is_silent ? LAST_LOOK_MS : LOOK_MS);
		if (r->out.is_over)
			return err_set(e, ERR_LIMIT, "it printed more than "
			    "%zu bytes", r->out.max);
		if (is_stopped(p))
			return err_set(e, ERR_CANCELLED, "interrupted");
		if (clock_ms() >= end_ms)
			return err_set(e, ERR_SYS, "it has not answered in "
			    "%d ms", p->timeout_ms);
	}
	while (clock_ms() < end_ms && !r->out.is_over && take_both(r, 0))
		;
	if (r->out.is_over)
		return err_set(e, ERR_LIMIT, "it printed more than %zu bytes",
		    r->out.max);
	return 0;
}

/* The group is signalled before its leader is reaped: from then on the number
 * may be somebody else's. */
static void
reap(struct run *r, bool kill_it)
{
	assert(r->pid > 1);
	if (kill_it)
		kill(-r->pid, SIGKILL);
	while (waitpid(r->pid, &r->status, 0) == -1 && errno == EINTR)
		;
	close_fd(&r->out.fd);
	close_fd(&r->notes.fd);
}

/* Its first line, for a terminal. */
static void
first_line(const char *text, char *to, size_t size)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strcspn(text, "\r\n");
	while (len > 0 && text[len - 1] == ' ')
		len--;
	outside_quote(to, size, text, len);
}

/* All of it at once: growing would leave copies behind. */
static void
output_init(struct output *o, size_t max)
{
	o->fd = -1;
	o->max = max;
	o->bytes = xcalloc(max + 1, 1);
}

static void
output_done(struct output *o)
{
	if (o->bytes != NULL)
		explicit_bzero(o->bytes, o->max);
	free(o->bytes);
}

static void
last_done(char *bytes)
{
	if (bytes != NULL)
		explicit_bzero(bytes, LAST_MAX);
	free(bytes);
}

int
program_run(const struct program *p, struct program_end *ret, struct err *e)
{
	struct run r = { .argv = p->argv };
	int rc;

	output_init(&r.out, p->out_max);
	output_init(&r.notes, NOTES_MAX);
	r.last.bytes = xcalloc(LAST_MAX + 1, 1);
	rc = start(&r, p->input != NULL ? p->input : "", e);
	if (rc == 0) {
		rc = follow(&r, p, e);
		reap(&r, rc == -1);
	}
	if (rc == 0) {
		ret->status = r.status;
		ret->out = r.out.bytes;
		ret->len = r.out.len;
		ret->notes = r.notes.bytes;
		ret->last = r.last.bytes;
		r.out.bytes = r.notes.bytes = r.last.bytes = NULL;
	}
	last_done(r.last.bytes);
	output_done(&r.out);
	output_done(&r.notes);
	return rc;
}

void
program_end_done(struct program_end *end)
{
	struct output out = { .bytes = end->out, .max = end->len };
	struct output notes = { .bytes = end->notes, .max = NOTES_MAX };

	output_done(&out);
	output_done(&notes);
	last_done(end->last);
}

static char *
how_it_ended(const struct program_end *end, const char *line,
    char buf[PROGRAM_LINE_MAX])
{
	if (WIFSIGNALED(end->status))
		snprintf(buf, PROGRAM_LINE_MAX, "ended by signal %d%s%s",
		    WTERMSIG(end->status), line[0] != '\0' ? ": " : "", line);
	else
		snprintf(buf, PROGRAM_LINE_MAX, "ended with %d%s%s",
		    WEXITSTATUS(end->status), line[0] != '\0' ? ": " : "",
		    line);
	return buf;
}

char *
program_complaint(const struct program_end *end, char buf[PROGRAM_LINE_MAX])
{
	char line[PROGRAM_LINE_MAX - 32];

	first_line(end->notes, line, sizeof(line));
	return how_it_ended(end, line, buf);
}

char *
program_last_complaint(const struct program_end *end,
    char buf[PROGRAM_LINE_MAX])
{
	char line[PROGRAM_LINE_MAX - 32];

	first_line(end->last, line, sizeof(line));
	return how_it_ended(end, line, buf);
}
