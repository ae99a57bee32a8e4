#ifndef CDR_REPORT_BLOB_COUNT_H
#define CDR_REPORT_BLOB_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which blobs more than one image has.  A blob is known by the first 64 bits of
 * its digest, the last of which is forgotten: eight bytes for each of a million
 * of them, for numbers that people look at and nothing else.  All zero is
 * empty.
 */
struct blob_count {
	uint64_t *slots;
	size_t room, count;	/* slots; those in use: distinct blobs */
};

/* blob_count_add(c, key): an image has it.  Call it once an image and blob.
 * Return true if no other one has had it before. */
bool blob_count_add(struct blob_count *, uint64_t);

/* blob_count_has(c, key): has any image had it? */
bool blob_count_has(const struct blob_count *, uint64_t);

/* blob_count_shared(c, key): has more than one image had it? */
bool blob_count_shared(const struct blob_count *, uint64_t);
void blob_count_done(struct blob_count *);

#endif
