#ifndef CDR_CMD_CMD_H
#define CDR_CMD_CMD_H

#include <stdbool.h>

/* The subcommands: one file each.  All take main's arguments from their own
 * name on and return an exit code. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_SOME_FAILED = 1,		/* the rest is published */
	EXIT_INPUT = 2,			/* usage, list, configuration: nothing
					 * touched */
	EXIT_STORE = 3,			/* the store cannot be used */
	EXIT_INTERRUPTED = 4,		/* run it again to go on */
	EXIT_SEQ = 5			/* a bundle that is older than what has
					 * come, or too far ahead */
};

struct command {
	const char *name;		/* NULL: the end of them */
	int (*run)(int, char **);
	const char *about;		/* NULL: it is not in this program, and
					 * ${run} says so */
};

/* Those that need a network: cmd/network.c; in the static program
 * offline/network.c, which has none.  All others are in main.c. */
extern const struct command network_commands[];
extern const char network_note[];	/* what --version says of it */

int cmd_sync(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_gc(int argc, char **argv);
int cmd_rm(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_pin(int argc, char **argv);
int cmd_unpin(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_inventory(int argc, char **argv);
int cmd_save(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_node_config(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/* For another run to end: --wait. */
#define WAIT_MAX_S	(7 * 24 * 3600)

/* cmd_root(arg): ${arg}, or $CDR_ROOT, or /srv/cdr. */
const char *cmd_root(const char *);

/* cmd_is_command(name): is there such a subcommand (main.c)? */
bool cmd_is_command(const char *);

/* cmd_stop_fd(): readable once SIGINT or SIGTERM has come (main.c). */
int cmd_stop_fd(void);

#endif
