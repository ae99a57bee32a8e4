#ifndef CDR_CHILDREN_H
#define CDR_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "err.h"
#include "path.h"

/*
 * What a manifest leads to.  Manifests are JSON, which this library does not
 * read, so whoever walks through the tree brings a function that does.
 */
struct child {
	struct digest digest;
	uint64_t size;			/* as the manifest says */
	bool is_entry;			/* of an index: most probably a
					 * manifest; else a blob */
	bool is_config;
	bool has_urls;			/* a layer that may be elsewhere */
};

/* Returns 0 to go on; -1 with ${e} set ends it. */
typedef int child_fn(void *cookie, const struct child *, struct err *);

/*
 * children_fn(cookie, id, buf, len, fn, fn_cookie, e): call ${fn} for all that
 * these bytes, which are stored as ${id}, lead to; children of an unknown
 * digest algorithm are left out.  Return 1; 0 if the type is not known, so that
 * it leads nowhere; -1 with ${e} set: what ${fn} said, or it is of a known type
 * and makes no sense (ERR_DATA, ERR_LIMIT), before ${fn} is called at all.
 */
typedef int children_fn(void *cookie, const struct manifest_id *,
    const char *buf, size_t len, child_fn *, void *fn_cookie, struct err *);

#endif
