#ifndef CDR_CMD_REFRESH_H
#define CDR_CMD_REFRESH_H

#include "layout/store.h"
#include "report/name_set.h"

/*
 * What status/ tells of a tree that another command than sync has changed.  It
 * is only a warning that it cannot be written.
 *
 * refresh_status(store, gone): by a writer, after store_finish.  ${gone} has
 * the references that it has removed; NULL: none.
 */
void refresh_status(struct store *, const struct name_set *);

/* refresh_if_free(root): by who has made steps and has closed the store: unless
 * a writer is at work, which does the same at its end. */
void refresh_if_free(const char *);

/* refresh_bad(store): what a run has brought may have been bad or missing
 * before: status/bad does not name it any more. */
void refresh_bad(struct store *);

#endif
