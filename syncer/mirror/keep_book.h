#ifndef CDR_MIRROR_KEEP_BOOK_H
#define CDR_MIRROR_KEEP_BOOK_H

#include <stdbool.h>

#include "layout/store.h"
#include "mirror/name_table.h"
#include "report/status_lists.h"

/*
 * What status.json knows of images: when each was last listed, and what its
 * list said of history.  All zero knows nothing.
 */
struct keep_book {
	struct name_table records;	/* number: last_listed; 0: never */
	int64_t finished;		/* the last whole run that had anything
					 * in its list; 0: not known */
	int64_t latest;			/* the last run of all, that or one with
					 * --only */
	struct status_lists lists;
};

/* A time before that was told by a clock that had not been set:
 * 2025-01-01T00:00:00Z. */
#define KEEP_TIME_MIN	((int64_t)1735689600)

/* keep_book_read(store, ret): as much of it as can be read. */
void keep_book_read(const struct store *, struct keep_book *);
void keep_book_done(struct keep_book *);

#endif
