#ifndef CDR_MIRROR_KEEP_USE_H
#define CDR_MIRROR_KEEP_USE_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/digest_set.h"
#include "layout/err.h"
#include "mirror/name_table.h"

/*
 * What is in use somewhere, as --in-use tells: digests of manifests or of
 * configurations ("image IDs"), and references.  All zero is empty.
 */
struct keep_use {
	struct digest_set digests;
	struct name_table names;	/* full references with a tag */
	size_t words;			/* that have been read */
};

void keep_use_done(struct keep_use *);

/*
 * keep_use_read(use, name, buf, len, e): add what a file says, which has a NUL
 * behind: lines of words, with # comments; or one JSON object, as kubectl
 * prints pods and what makes pods.  What cannot be understood, and a file that
 * names nothing, is an error: what is missing here might be deleted.  Return 0,
 * or -1 with ${e} set (ERR_INPUT), which begins with ${name}.
 */
int keep_use_read(struct keep_use *, const char *, const char *, size_t,
    struct err *);

/*
 * keep_use_add(use, word, e): one of nginx:1.27, nginx@sha256:..,
 * docker-pullable://.., sha256:.., or 64 hexadecimal digits.  A reference that
 * is spelt for a mirror means what it stands for as well.
 */
int keep_use_add(struct keep_use *, const char *, struct err *);

#endif
