#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/report.h"
#include "watch/child.h"

static int ended_pipe[2] = { -1, -1 };

static void
on_child(int number)
{
	int saved = errno;
	ssize_t ignored;

	(void)number;
	ignored = write(ended_pipe[1], "", 1);
	(void)ignored;
	errno = saved;
}

int
child_init(struct err *e)
{
	struct sigaction action = { .sa_handler = on_child };
	int i;

	report_watched();
	if (pipe(ended_pipe) == -1)
		return err_sys(e, "cannot make a pipe");
	for (i = 0; i < 2; i++)
		if (fcntl(ended_pipe[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(ended_pipe[i], F_SETFL, O_NONBLOCK) == -1)
			return err_sys(e, "cannot set up a pipe");
	action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
	sigemptyset(&action.sa_mask);
	return sigaction(SIGCHLD, &action, NULL) == -1 ?
	    err_sys(e, "cannot catch signals") : 0;
}

int
child_fd(void)
{
	return ended_pipe[0];
}

/* In the child, between fork(2) and exec(2). */
static void
become(char *const *argv, pid_t parent)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGCHLD };
	size_t i;
	int fd;

	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		signal(caught[i], SIG_DFL);
	/* A Ctrl-C is for us, who hand it on: twice would end it the hard
	 * way. */
	setpgid(0, 0);
	/* That group is in the background of our terminal: where this is set
	 * to stop such writers ("stty tostop"), a run would never end. */
	signal(SIGTTOU, SIG_IGN);
	/* As a signal to stop, so that what it has done so far is told. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	fd = open("/dev/null", O_RDONLY);
	if (fd > STDIN_FILENO) {
		dup2(fd, STDIN_FILENO);
		close(fd);
	}
	execv(CHILD_PROGRAM, argv);
	_exit(CHILD_NO_PROGRAM);
}

int
child_start(char *const *argv, pid_t *ret, struct err *e)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		become(argv, parent);
	if (pid == -1)
		return err_sys(e, "cannot begin a run");
	*ret = pid;
	return 0;
}

bool
child_ended(pid_t pid, int *ret)
{
	char buf[64];
	pid_t who;
	int status;
	bool has_ended = false;

	while (read(ended_pipe[0], buf, sizeof(buf)) > 0)
		;
	while ((who = waitpid(-1, &status, WNOHANG)) > 0) {
		if (who != pid)
			continue;
		has_ended = true;
		*ret = WIFEXITED(status) ? WEXITSTATUS(status) :
		    128 + WTERMSIG(status);
	}
	return has_ended;
}
