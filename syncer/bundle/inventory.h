#ifndef CDR_BUNDLE_INVENTORY_H
#define CDR_BUNDLE_INVENTORY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bundle/bundle_name.h"
#include "layout/digest_set.h"
#include "layout/err.h"
#include "layout/store.h"

/*
 * What a site has, for who makes its next bundle.
 *
 *	cdr-inventory 1
 *	site NAME
 *	written TIME
 *	free BYTES		of its file system
 *	bundle FROM TO SEQ ID	the last one of each sender
 *	image REF DIGEST	where a tag leads
 *	linked DIGEST		a manifest of some repository: an index is
 *				sparse, so its children have lines of their
 *				own.  What a linked manifest leads to is
 *				there
 *	bad DIGEST		but for what is bad, or is not there
 *	end
 *
 * A signature may follow, as text: it is over all that stands before it.
 */
struct inventory_bundle {
	char from[BUNDLE_SITE_MAX + 1], to[BUNDLE_SITE_MAX + 1];
	uint64_t seq;
	char id[BUNDLE_ID_MAX + 1];
};

struct inventory {
	char site[BUNDLE_SITE_MAX + 1];
	int64_t written;		/* seconds since 1970 */
	uint64_t free_bytes;
	struct inventory_bundle *bundles;
	size_t bundle_count;
	size_t image_count;		/* they are not kept */
	struct digest_set linked, bad;
	size_t text_len;		/* what a signature is over */
};

/* inventory_parse(buf, len, ret, e): strictly.  inventory_done releases. */
int inventory_parse(const char *, size_t, struct inventory *, struct err *);
void inventory_done(struct inventory *);

/* inventory_write(store, site, bundles, count, out, e): that of a tree.  Return
 * 0 or -1. */
int inventory_write(const struct store *, const char *,
    const struct inventory_bundle *, size_t, FILE *, struct err *);

#endif
