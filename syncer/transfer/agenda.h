#ifndef CDR_TRANSFER_AGENDA_H
#define CDR_TRANSFER_AGENDA_H

#include <stddef.h>

#include "image/list.h"

/*
 * What a run has still to begin: the images of the list, those of a higher
 * priority first, and what its patterns turn out to be.
 */
struct agenda;

/* agenda_new(list): ${list} is borrowed. */
struct agenda *agenda_new(const struct image_list *);
void agenda_free(struct agenda *);

/* agenda_next(a): the next entry, which may be a pattern, or NULL. */
const struct list_entry *agenda_next(struct agenda *);

/*
 * agenda_expand(a, pattern, tags, count): these tags are what ${pattern} stands
 * for; they are next.  One that stands in the list by itself, or that another
 * pattern has found, is not there twice.  Return how many are new.
 */
size_t agenda_expand(struct agenda *, const struct list_entry *,
    char *const *, size_t);

/* agenda_left(a): entries that agenda_next has not returned. */
size_t agenda_left(const struct agenda *);

#endif
