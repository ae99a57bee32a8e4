/* The subcommand table, signals, and the exit code. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/complete.h"
#include "cmd/words.h"

static const struct command commands[] = {
	{ "gc", cmd_gc, "remove what nothing keeps" },
	{ "rm", cmd_rm, "take images out now" },
	{ "ls", cmd_ls, "list what is in the tree" },
	{ "rollback", cmd_rollback, "set a tag back, and hold it there" },
	{ "pin", cmd_pin, "keep an image whatever a list says" },
	{ "unpin", cmd_unpin, "undo a pin" },
	{ "verify", cmd_verify, "find out whether the tree is right; mend it" },
	{ "inventory", cmd_inventory, "print what is here, for a bundle" },
	{ "save", cmd_save, "write images into one tar file" },
	{ "export", cmd_export, "a bundle for a site without a network" },
	{ "import", cmd_import, "take over bundles from another site" },
	{ "list", cmd_list, "make an image list out of what there is" },
	{ "node-config", cmd_node_config, "make a node pull from the mirror" },
	{ NULL, NULL, NULL }
};

static const struct command *const tables[] = {
	network_commands, commands, NULL
};

/* A signal is a byte in a pipe, which the network thread polls. */
static int stop_pipe[2] = { -1, -1 };

static void
on_signal(int number)
{
	int saved = errno;
	ssize_t ignored;

	(void)number;
	ignored = write(stop_pipe[1], "", 1);
	(void)ignored;
	errno = saved;
}

static int
catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	if (pipe(stop_pipe) == -1 ||
	    fcntl(stop_pipe[0], F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(stop_pipe[1], F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(stop_pipe[1], F_SETFL, O_NONBLOCK) == -1)
		return -1;
	/* A second one ends the program the hard way, which loses nothing. */
	action.sa_flags = SA_RESTART | SA_RESETHAND;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGINT, &action, NULL) == -1 ||
	    sigaction(SIGTERM, &action, NULL) == -1 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -1;
	return 0;
}

int
cmd_stop_fd(void)
{
	return stop_pipe[0];
}

const char *
cmd_root(const char *arg)
{
	const char *root = arg != NULL ? arg : getenv("CDR_ROOT");

	return root != NULL && root[0] != '\0' ? root : "/srv/cdr";
}

static void
put_commands(const struct command *c, FILE *to)
{
	for (; c->name != NULL; c++)
		if (c->about != NULL)
			fprintf(to, "  %-11s  %s\n", c->name, c->about);
}

static const struct command *
find_command(const char *name)
{
	const struct command *c;
	size_t i;

	for (i = 0; tables[i] != NULL; i++)
		for (c = tables[i]; c->name != NULL; c++)
			if (strcmp(c->name, name) == 0)
				return c;
	return NULL;
}

bool
cmd_is_command(const char *name)
{
	return find_command(name) != NULL;
}

static void
usage(FILE *to)
{
	fputs("usage: cdr COMMAND [OPTION]...\n\n"
	    "Mirror container images into a directory that nginx serves.\n\n",
	    to);
	put_commands(network_commands, to);
	put_commands(commands, to);
	fputs("\n'cdr COMMAND --help' tells more; so does cdr(1).\n"
	    "'cdr --version' says which one this is.\n", to);
	if (network_note[0] == '\0')
		fputs("For a first look: cdr sync -r ./tree nginx:1.27; "
		    "cdr ls -r ./tree\n", to);
}

static bool
is_word(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 ||
	    strcmp(word, c) == 0;
}

/* "cdr help sync" is "cdr sync --help"; so is "cdr sync help", where that is
 * all, and no file. */
static void
turn_help(int *argc, char **argv)
{
	static char option[] = "--help";

	if (*argc > 2 && is_word(argv[1], "help", "--help", "-h") &&
	    argv[2][0] != '-') {
		argv[1] = argv[2];
		argv[2] = option;
		*argc = 3;
	} else if (*argc == 3 && strcmp(argv[2], "help") == 0 &&
	    access(argv[2], F_OK) == -1) {
		argv[2] = option;
	}
}

/* Sanitizers look at the process from another one. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool may_dump = true;
#else
static const bool may_dump = false;
#endif

/* Passwords are in memory, and who may read a core dump is not for us to say.
 * What is started from here gets no dump either: helpers have them, too. */
static void
forbid_dumps(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	if (!may_dump)
		prctl(PR_SET_DUMPABLE, 0);
}

/* What is large goes back to the system when it is freed: glibc would learn
 * from the first one to keep the next. Told so, it gives back small ones too,
 * 128 KiB of each thread, again and again: it may keep as much as one large
 * one. */
static void
return_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 512 << 10);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

/* What is closed stays of no use, but no file of a tree gets its number: what
 * is said would be written into that. */
static int
fill_standard(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null",
		    fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -1;
	return 0;
}

/* Who takes results from a file has to know that they are not all there; who
 * has read enough (| head) does not mind. */
static void
end_output(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	if (poll(&out, 1, 0) != 1 || (out.revents & POLLERR) == 0)
		fputs("error: standard output cannot be written\n", stderr);
}

static int
run(int argc, char **argv)
{
	static char full_name[32];
	const struct command *command;

	if (argc < 2) {
		usage(stderr);
		return EXIT_INPUT;
	}
	turn_help(&argc, argv);
	if (is_word(argv[1], "--help", "-h", "help")) {
		usage(stdout);
		return EXIT_OK;
	}
	if (is_word(argv[1], "--version", "-V", "version")) {
		printf("cdr " CDR_VERSION "%s\n", network_note);
		return EXIT_OK;
	}
	/* A folder has its mode from the moment it is made: one that is killed
	 * in between leaves none that nginx cannot enter. */
	umask(022);
	forbid_dumps();
	return_memory();
	if (catch_signals() == -1) {
		perror("cdr: cannot catch signals");
		return EXIT_STORE;
	}
	if (strcmp(argv[1], "__complete") == 0)
		return complete_run(argc - 1, argv + 1, tables);
	command = find_command(argv[1]);
	if (command == NULL)
		return words_no_command(tables, argv[1]);
	/* Messages begin with this. */
	snprintf(full_name, sizeof(full_name), "cdr %s", argv[1]);
	argv[1] = full_name;
	return command->run(argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
	int code;

	if (fill_standard() == -1)
		return EXIT_STORE;
	code = run(argc, argv);
	end_output();
	return code;
}
