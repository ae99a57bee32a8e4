#ifndef CDR_MIRROR_AGENDA_H
#define CDR_MIRROR_AGENDA_H

#include <stdbool.h>
#include <stddef.h>

#include "image/list.h"
#include "image/only.h"

/*
 * What a run has still to begin: the images of the list, those of a higher
 * priority first, and what its patterns turn out to be.  What the patterns of
 * one repository find is there when all of them have been looked up: one may
 * want of an image what another does not.
 */
struct agenda;

struct agenda_item {
	const struct list_entry *entry;	/* which may be a pattern */
	int priority;			/* a pattern's is as high as any of its
					 * repository, since these wait */
	const struct list_entry *line;	/* the line that it is from */
	const struct list_entry *rival;	/* another pattern that has found it,
					 * and wants something else; or NULL */
};

/*
 * agenda_new(list, only): both are borrowed.  ${only} NULL: all of the list;
 * else those lines that it is about, and with a pattern that has newest= all
 * such of its repository.  What other lines say of the same images counts as
 * ever.
 */
struct agenda *agenda_new(const struct image_list *, struct only *);
void agenda_free(struct agenda *);

/* agenda_next(a, ret): false if there is nothing, or nothing yet. */
bool agenda_next(struct agenda *, struct agenda_item *);

/*
 * agenda_expand(a, pattern, tags, count, all): the first ${count} tags are what
 * ${pattern} stands for; those behind them, ${all} in sum, it leaves out.  With
 * none at all nobody knows what it stands for.  A tag that stands in the list
 * by itself, or that another pattern has found, is not there twice.  Return how
 * many images are new.
 */
size_t agenda_expand(struct agenda *, const struct list_entry *,
    char *const *, size_t, size_t);

/* agenda_close(a): no more patterns are looked up; what waits for that is there
 * now.  Return how many images that are. */
size_t agenda_close(struct agenda *);

/* agenda_left(a): items that agenda_next has to return. */
size_t agenda_left(const struct agenda *);

#endif
