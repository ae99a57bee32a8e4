#ifndef CDR_EXTENTS_H
#define CDR_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which bytes of a blob are there: ranges [start, end), sorted, with a gap
 * between any two.  All zero is none.
 */
struct extent {
	uint64_t start, end;
};

struct extents {
	struct extent *items;
	size_t count, room;
};

/* extents_add(x, start, end): overlaps and neighbours become one. */
void extents_add(struct extents *, uint64_t, uint64_t);

/* extents_prefix(x): how many bytes are there from the beginning on. */
uint64_t extents_prefix(const struct extents *);

/*
 * extents_gap(x, from, size, ret): the first gap at or behind ${from} in a blob
 * of ${size} bytes.  Return false if there is none.
 */
bool extents_gap(const struct extents *, uint64_t, uint64_t, struct extent *);

/* extents_total(x): how many bytes are there. */
uint64_t extents_total(const struct extents *);
void extents_clear(struct extents *);
void extents_done(struct extents *);

/*
 * extents_print(x, ret_len): one line a range, "start end"; free(3) it.
 * extents_parse(text, size, x): add what such a text says; 1, or 0 where it is
 * none or goes beyond ${size}.
 */
char *extents_print(const struct extents *, size_t *);
int extents_parse(const char *, uint64_t, struct extents *);

#endif
