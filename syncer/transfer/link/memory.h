#ifndef CDR_LINK_MEMORY_H
#define CDR_LINK_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Room for the answers that are kept in memory until they are whole: one budget
 * for all connections.  Large ones leave a part of it to the small ones, and
 * one that is largest always fits where no other large one is.  Pure: sizes are
 * bytes.
 */
#define MEMORY_BYTES_MAX	((uint64_t)32 << 20)
/* Of these for large answers; that is more than one of the largest. */
#define MEMORY_LARGE_MAX	((uint64_t)24 << 20)
#define MEMORY_SMALL		((uint64_t)256 << 10)

struct memory {
	uint64_t used;
	uint64_t large;			/* of it, by large answers */
};

/* memory_has_room(m, bytes): may an answer of so many begin? */
bool memory_has_room(const struct memory *, uint64_t);

/* memory_take(m, bytes), memory_give(m, bytes): it begins; it is gone. */
void memory_take(struct memory *, uint64_t);
void memory_give(struct memory *, uint64_t);

/* memory_grow(m, from, to): it turns out to be larger.  False: there is no room
 * for that, and nothing has changed. */
bool memory_grow(struct memory *, uint64_t, uint64_t);

#endif
