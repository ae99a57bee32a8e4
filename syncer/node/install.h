#ifndef CDR_NODE_INSTALL_H
#define CDR_NODE_INSTALL_H

#include <stddef.h>

#include "layout/err.h"
#include "node/plan.h"

/*
 * Writing a plan on a node, and taking it back.  What was there before keeps a
 * second name, FILE.before-cdr, and comes back as it was: the same file, with
 * owner, mode and times.  A whole file that is the same for two clients goes
 * with the last of them.  One process at a time.
 */

/* install_fn(cookie, what, path): "wrote", "unchanged", "put back", "removed",
 * "took our lines out of", "found nothing of ours in", "kept for another
 * client". */
typedef void install_fn(void *cookie, const char *what, const char *path);

/* install_ask_fn(cookie, file, at, e): would the client start if ${file} were
 * what is in the file ${at}?  Return 0, or -1 with ${e} set (ERR_INPUT).  Asked
 * of files of which it can be (node_is_askable). */
typedef int install_ask_fn(void *, const struct node_file *, const char *,
    struct err *);

/*
 * install_write(root, client, plan, said, ask, cookie, ret_left, e): all of
 * the plan, and nothing that an earlier one had and this one has not.
 * Everything that can be wrong is looked at before the first file is touched;
 * ${ask} (NULL: nobody) is asked of what changes.  A second time nothing
 * changes.  A file of the earlier plan that others have changed since stays, as
 * below.  Return 0, or -1 with ${e} set: ERR_INPUT where nothing was touched.
 */
int install_write(int, const char *, const struct node_plan *, install_fn *,
    install_ask_fn *, void *, size_t *, struct err *);

/*
 * install_remove(root, client, said, cookie, ret_left, e): undo it all.  A
 * file that others have changed since and that cannot be unmerged stays, with
 * the reason in ${e} and the number of such in ${ret_left}.  Return how many
 * files were there to undo, or -1.
 */
int install_remove(int, const char *, install_fn *, void *, size_t *,
    struct err *);

#endif
