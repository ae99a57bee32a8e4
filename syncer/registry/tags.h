#ifndef CDR_REGISTRY_TAGS_H
#define CDR_REGISTRY_TAGS_H

#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"
#include "registry/pages.h"
#include "registry/tags_scan.h"

/* The pages of tags/list, one after the other. */
struct tag_pages {
	struct pages at;	/* ask for at.url */
	uint64_t hash;		/* of the last page that had tags */
	size_t entries;
	unsigned empty;		/* the last pages that had no entry */
};

/*
 * tag_pages_init(p, url, e): ${url} is that of tags/list, without a query.  Ask
 * for p->at.url then.  Return 0, or -1 with ${e} set.
 */
int tag_pages_init(struct tag_pages *, const char *, struct err *);
void tag_pages_done(struct tag_pages *);

/*
 * tag_pages_refused(p, status): as pages_refused; the first page is asked for
 * without "n" in its place, which old registries refuse where it is large
 * (quirks.md#page-size).
 */
int tag_pages_refused(struct tag_pages *, long);

/*
 * tag_pages_next(p, scan, links, count, e): as pages_next, of a page that has
 * been read by ${scan}; too many tags are ERR_LIMIT as well, and pages that are
 * the same or stay empty ERR_NET.
 */
int tag_pages_next(struct tag_pages *, const struct tags_scan *,
    const char *const *, size_t, struct err *);

#endif
