/* Computing after everybody else.  Of Linux alone. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/aside.h"

/* As nice(2) has it, of the whole session. */
static const char least[] = "19";
/* Users may say so ten times a second in all, whoever they are. */
#define TRIES	20
#define WAIT_MS	60

static bool
has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

static bool
has_groups(void)
{
	char on = '0';
	int fd = open("/proc/sys/kernel/sched_autogroup_enabled",
	    O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return false;
	if (read(fd, &on, 1) != 1)
		on = '0';
	close(fd);
	return on == '1';
}

/* What is in /proc is root's, where memory may not be dumped.  Nothing that is
 * secret has been read yet. */
static int
open_own(const char *path)
{
	int before = prctl(PR_GET_DUMPABLE), fd;

	(void)prctl(PR_SET_DUMPABLE, 1);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	(void)prctl(PR_SET_DUMPABLE, before);
	return fd;
}

static void
take_least(int fd)
{
	static const struct timespec wait = { .tv_nsec = WAIT_MS * 1000000 };
	int i;

	for (i = 0; i < TRIES && write(fd, least, strlen(least)) == -1 &&
	    errno == EAGAIN; i++)
		(void)nanosleep(&wait, NULL);
}

/* In the child.  It was worth the try, if that cannot be had. */
static void
leave_session(pid_t parent)
{
	int fd;

	/* A stop is a byte in a pipe, which is ours as well: what else ends
	 * the parent ends us the hard way. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	if (setsid() == -1)
		return;
	fd = open_own("/proc/self/autogroup");
	if (fd == -1)
		return;
	take_least(fd);
	close(fd);
}

/* As it has ended, so do we. */
static int
await(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return EXIT_FAILURE;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	(void)signal(WTERMSIG(status), SIG_DFL);
	(void)raise(WTERMSIG(status));
	return EXIT_FAILURE;
}

bool
aside_begin(int *ret_code)
{
	pid_t parent = getpid(), child;

	if (!has_groups() || has_terminal())
		return true;
	child = fork();
	if (child == 0)
		leave_session(parent);
	if (child <= 0)
		return true;
	*ret_code = await(child);
	return false;
}
