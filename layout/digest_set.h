#ifndef CDR_DIGEST_SET_H
#define CDR_DIGEST_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "digest.h"

/*
 * A set of digests, each with a pointer of the caller's.  All zero is empty.
 * Digests that nobody has computed yet, but a stranger has written, are fine:
 * whoever chooses them such that they meet does not slow it down.
 */
struct digest_set {
	struct digest_slot *slots;
	size_t room, count;
	bool is_mixed;
};

/* digest_set_add(set, d, value): false if it is there already (and stays). */
bool digest_set_add(struct digest_set *, const struct digest *, void *);
bool digest_set_has(const struct digest_set *, const struct digest *);

/* digest_set_get(set, d): its pointer, or NULL. */
void *digest_set_get(const struct digest_set *, const struct digest *);

/* digest_set_remove(set, d): its pointer, or NULL. */
void *digest_set_remove(struct digest_set *, const struct digest *);

/* digest_set_next(set, at): go through all values; *at starts as 0.  Return
 * false at the end. */
bool digest_set_next(const struct digest_set *, size_t *, struct digest *,
    void **);
void digest_set_done(struct digest_set *);

#endif
