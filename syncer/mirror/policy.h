#ifndef CDR_MIRROR_POLICY_H
#define CDR_MIRROR_POLICY_H

#include "image/list.h"
#include "image/pubkey.h"
#include "registry/registries.h"

/*
 * Which images have to be signed, and by whom (cdr(1), "SIGNATURES"): all keys
 * of a run, read before it begins.
 */
struct policy;

/* A key, the file it is from, and a word that no other key has; key NULL: none
 * is required.  Borrowed. */
struct policy_key {
	const struct pubkey *key;
	const char *path, *id;
};

/*
 * policy_new(list, registries, path, ret, e): ${path} is the key for all images
 * of which nothing else is said, or NULL.  What is given is borrowed.  Return
 * 0, or -1 with ${e} set (ERR_INPUT): a file that cannot be read or is no
 * public key, and who names it.  policy_free accepts NULL.
 */
int policy_new(const struct image_list *, const struct registries *,
    const char *, struct policy **, struct err *);
void policy_free(struct policy *);

/*
 * policy_key(p, entry): the key of the entry's line, else of its registry, else
 * the one for all.  A line without a key takes nothing away but the list's own
 * default.
 */
struct policy_key policy_key(const struct policy *, const struct list_entry *);

#endif
