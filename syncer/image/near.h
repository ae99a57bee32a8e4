#ifndef CDR_IMAGE_NEAR_H
#define CDR_IMAGE_NEAR_H

#include <stddef.h>

/* Which of some words is what somebody has meant to type? */
struct near {
	const char *word;		/* what was typed */
	const char *best;		/* the nearest so far; NULL: none */
	unsigned slips;			/* and how far that is */
};

/* near_try(n, candidate): one of the words that there are; it has to live as
 * long as ${n}.  What is too far away is none: a slip in a short word, three in
 * a long one; letters that are exchanged are one. */
void near_try(struct near *, const char *);

/* near_slips(a, b): letters that are added, left out, wrong or exchanged with
 * their neighbour, in either case; at most NEAR_WORD_MAX letters are looked
 * at, and words that differ by more in length are that far apart. */
#define NEAR_WORD_MAX	32u
unsigned near_slips(const char *, const char *);

#endif
