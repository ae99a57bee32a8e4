#ifndef CDR_REGISTRY_TAGS_SCAN_H
#define CDR_REGISTRY_TAGS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"
#include "layout/limits.h"

/* A tag that a page has; it meets name_is_tag. */
typedef void tags_found(void *cookie, const char *tag);

/*
 * One page of tags/list (distribution-spec, "Listing Tags") as its bytes come
 * in: {"name": ..., "tags": [...]}.  A page may have a million tags, for which
 * a tree of JSON values would need hundreds of megabytes; this needs none.  It
 * makes sure of all brackets, quotes, colons and commas, so that half a page or
 * something else than JSON is never taken for a page.
 */
struct tags_scan {
	tags_found *call;
	void *cookie;
	size_t found;
	size_t skipped;		/* null, digests: quirks.md#what-is-no-tag */
	uint64_t hash;		/* of all that was found, in order */

	size_t bytes;
	int state;		/* what has to come next */
	int mode;		/* within a string, a number or between them */
	unsigned depth;
	uint64_t arrays;	/* a bit for each level: [ and not { */
	bool has_tags;		/* the key has been there */
	bool is_tags;		/* the value that follows is the key's */
	bool in_tags;		/* within that array */
	unsigned escape_left;	/* digits of \uXXXX to come */
	unsigned escape;
	char text[TAG_MAX + 2];	/* of a string or a word, cut */
	size_t len;
};

void tags_scan_init(struct tags_scan *, tags_found *, void *cookie);

/* tags_scan_feed(scan, buf, len, e): the next bytes.  Return 0, or -1 with
 * ${e} set (ERR_DATA or ERR_LIMIT). */
int tags_scan_feed(struct tags_scan *, const char *, size_t, struct err *);

/* tags_scan_end(scan, e): there are no more.  Return 0 if that was a page, or
 * -1 with ${e} set (ERR_DATA). */
int tags_scan_end(const struct tags_scan *, struct err *);

#endif
