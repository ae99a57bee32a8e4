#ifndef CDR_CMD_TREE_H
#define CDR_CMD_TREE_H

#include <stdbool.h>

#include "layout/store.h"

/* ROOT, opened to be changed by the one writer. */
struct tree_how {
	const char *root;		/* as given; see cmd_root */
	unsigned wait_s;		/* for another writer */
	bool may_make;			/* what is no tree yet becomes one */
	bool skip_if_busy;		/* another writer is no failure */
};

/* tree_open(how, ret): return -1 to go on, or an exit code, where why has been
 * told. */
int tree_open(const struct tree_how *, struct store **);

#endif
