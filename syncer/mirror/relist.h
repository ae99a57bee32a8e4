#ifndef CDR_MIRROR_RELIST_H
#define CDR_MIRROR_RELIST_H

#include "image/list.h"
#include "layout/store.h"
#include "report/status.h"

/*
 * Patterns whose tags a run could not look up, or did not come to.  What they
 * have found before is on the list still: that a registry is down, or a run
 * cut short, unlists nothing.  All zero is empty.
 */
struct relist {
	const struct list_entry **patterns;
	size_t count, room;
};

void relist_add(struct relist *, const struct list_entry *);

/*
 * relist_end(r, list, store, status): tell ${status} of the images here that
 * these patterns of ${list} name, as not reached; of those that it has been
 * told of already it knows better.  Releases what is in ${r}.
 */
void relist_end(struct relist *, const struct image_list *,
    const struct store *, struct status *);

/* relist_drop(r): the same without a word. */
void relist_drop(struct relist *);

#endif
