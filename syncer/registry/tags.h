#ifndef CDR_REGISTRY_TAGS_H
#define CDR_REGISTRY_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"
#include "registry/tags_scan.h"

/*
 * The pages of tags/list, one after the other (registry-facts A6).  Only a Link
 * with rel="next" tells that there is one more; a short page does not tell that
 * there is none.  No request is made here.
 */
struct tag_pages {
	char *list;		/* the URL without a query */
	char *url;		/* to be asked now */
	char *fallback;		/* in its place if it is refused; or NULL */
	char *before;		/* one of those asked, to find circles by */
	bool is_lost;		/* the links of this registry have a wrong
				 * path: no use in trying each */
	uint64_t hash;		/* of the last page that had tags */
	size_t entries;
	unsigned pages;		/* that have been read */
	unsigned empty;		/* of these the last ones without an entry */
};

/*
 * tag_pages_init(p, url, e): ${url} is that of tags/list, without a query.  Ask
 * for p->url then.  Return 0, or -1 with ${e} set.
 */
int tag_pages_init(struct tag_pages *, const char *, struct err *);
void tag_pages_done(struct tag_pages *);

/*
 * tag_pages_refused(p, status): p->url was answered with that.  Return 1 if
 * p->url is now another one to be asked in its place: the first page without
 * "n", which old registries refuse where it is large (400); a later one with
 * the path of the first and the query of the Link, since some registries lose
 * part of the path (400, 404).  Else return 0.
 */
int tag_pages_refused(struct tag_pages *, long);

/*
 * tag_pages_next(p, scan, links, count, e): the page at p->url has been read by
 * ${scan}, and the answer had those ${count} Link headers (RFC 8288).  Return 1
 * with the next page in p->url; 0: that was the last; -1 with ${e} set: the
 * Link leads to another host, in a circle or nowhere, or there are too many
 * pages or tags (ERR_NET, ERR_LIMIT).  A Link to the host of the list is
 * followed with the scheme and the port of the list: proxies that end TLS get
 * them wrong.
 */
int tag_pages_next(struct tag_pages *, const struct tags_scan *,
    const char *const *, size_t, struct err *);

#endif
