#ifndef CDR_NODE_ASK_H
#define CDR_NODE_ASK_H

#include "layout/err.h"
#include "node/plan.h"

/*
 * Would the client start with a file?  The program on this very node is asked,
 * since it knows its own version: "containerd config dump", "dockerd
 * --validate".
 */
enum node_answer {
	NODE_STARTS,
	NODE_REFUSES,		/* and says why */
	NODE_IGNORES,		/* it starts, and does not go by it */
	NODE_SILENT		/* it could not be asked: it is not there, is
				 * too old, hangs, or prints without end */
};

/* node_program(root, name): "containerd" as systemd starts it, or else as $PATH
 * has it: for execvp(3); free(3) it. */
char *node_program(int, const char *);

/* The name of a copy beside the file itself, which imports count from. */
#define NODE_ASKED	".cdr-asked"

/* node_ask(root, kind, path, e): with the file ${path}, from the root on, which
 * has to be "/".  ${e} says why, where it is not NODE_STARTS. */
enum node_answer node_ask(int, enum node_kind, const char *, struct err *);

/* What has come of asking; "" where there is nothing to tell. */
struct node_asking {
	int root;
	struct err silent;
};

/*
 * node_asking(asking, file, at, e): an install_ask_fn.  Return 0 where the
 * client starts with the file ${at} in the place of ${file}, or could not be
 * asked; -1 with ${e} set (ERR_INPUT) where it does not.
 */
int node_asking(void *, const struct node_file *, const char *, struct err *);

#endif
