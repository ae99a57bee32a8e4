#ifndef CDR_IMAGE_ENTRIES_H
#define CDR_IMAGE_ENTRIES_H

#include <stddef.h>

#include "image/list.h"

/*
 * Where an image list keeps its entries: for list.c.  Ten thousand of them are
 * common and a million is allowed, so each costs about 200 bytes.
 */
struct entries {
	struct list_entry *items;
	size_t count;
	size_t room;
};

/* entries_add(all, entry): takes entry->ref. */
void entries_add(struct entries *, const struct list_entry *);
void entries_done(struct entries *);

/*
 * entries_twins(all): for each entry that is about the same image as an earlier
 * one the index of the first such plus one; else 0.  free(3) it.
 */
unsigned *entries_twins(const struct entries *);

/* entries_drop(all, drop): drop the entries for which ${drop} is not 0, and
 * give back memory that is spare.  The order stays. */
void entries_drop(struct entries *, const unsigned *);

#endif
