#ifndef CDR_MIRROR_OVERLAP_H
#define CDR_MIRROR_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>

#include "image/list.h"

/*
 * The patterns of a list that are about one repository, and what they find
 * together.  Two may find the same image: it is there once, and if they want
 * something else of it, it is disputed.  So what there is to do is known when
 * all of them have been looked up, and no earlier.
 */
struct overlap;

/* An image that a pattern has found.  The tag is its own. */
struct overlap_image {
	struct list_entry entry;	/* its priority is the highest of those
					 * who have found it */
	const struct list_entry *line;	/* the first pattern that has */
	const struct list_entry *rival;	/* one that wants something else of it;
					 * NULL: all agree */
};

struct overlap *overlap_new(void);
void overlap_free(struct overlap *);

/* overlap_add(o, line): one more pattern, which is borrowed; in the order of
 * the list, before any has been looked up. */
void overlap_add(struct overlap *, const struct list_entry *);

/* overlap_priority(o): the highest of them.  None of their images can begin
 * before all are looked up. */
int overlap_priority(const struct overlap *);

/* overlap_choose(o): what newest= leaves out is needed of all of them that have
 * it, since one of them is looked up.  overlap_is_chosen(o): is it? */
void overlap_choose(struct overlap *);
bool overlap_is_chosen(const struct overlap *);

/* overlap_found(o, line, tag): one of the tags that ${line} has found;
 * overlap_left_out: one that its newest= has left out. */
void overlap_found(struct overlap *, const struct list_entry *, const char *);
void overlap_left_out(struct overlap *, const struct list_entry *,
    const char *);

/* overlap_ended(o): one more line has been looked up, or could not be.  Return
 * true if it was the last one. */
bool overlap_ended(struct overlap *);

/*
 * overlap_take(o, ret): all images, those of a higher priority first, then in
 * the order of the lines and as these have found them; none a second time.
 * What is answered first makes no difference, nor does a tag that came between
 * two answers, or a line that could not be looked up: it wants whatever its
 * pattern does, but for what it has left out.  Return how many; free(3) ${ret},
 * and their tags.
 */
size_t overlap_take(struct overlap *, struct overlap_image **);

#endif
