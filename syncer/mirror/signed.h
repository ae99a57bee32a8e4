#ifndef CDR_MIRROR_SIGNED_H
#define CDR_MIRROR_SIGNED_H

#include <stddef.h>

#include "layout/store.h"
#include "mirror/policy.h"

/* What to verify, and with what. */
struct signed_from {
	const struct store *store;
	const char *registry, *repository;
	struct digest image;			/* what has to be signed */
	const struct policy_key *key;
	const struct manifest_id *manifests;	/* in the store, whose layers
						 * may be signatures; NULL:
						 * look in the repository */
	size_t count;
	const struct err *flaw;			/* of one that could not be
						 * had, or NULL */
};

/*
 * signed_check(from, e): is there a signature of the image by the key?  With
 * nothing but the store; one good one is enough, whatever the others are.
 * Return 1; 0 with ${e} set (ERR_SIGNATURE), which says what is wrong and what
 * to do; -1 with ${e} set where the store fails.
 */
int signed_check(const struct signed_from *, struct err *);

#endif
