#ifndef CDR_REGISTRY_PAGES_H
#define CDR_REGISTRY_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/*
 * The pages of a list, one after the other (quirks.md#pages).  Only a Link with
 * rel="next" tells that there is one more; a short page does not tell that
 * there is none.  No request is made here.
 */
struct pages {
	const char *what;	/* is listed: for errors */
	char *list;		/* the URL without a query */
	char *url;		/* to be asked now */
	char *fallback;		/* in its place if it is refused; or NULL */
	char *before;		/* one of those asked, to find circles by */
	bool is_lost;		/* the links of this registry have a wrong
				 * path: no use in trying each */
	unsigned read;		/* pages that have been */
};

/*
 * pages_init(p, url, what, e): ${url} is that of the list, without a query;
 * ${what}, a constant, is what it lists: "tags".  Ask for p->url then.  Return
 * 0, or -1 with ${e} set.
 */
int pages_init(struct pages *, const char *, const char *, struct err *);
void pages_done(struct pages *);

/*
 * pages_refused(p, status): p->url was answered with that.  Return 1 if p->url
 * is now another one to be asked in its place: of a later page, the path of the
 * first and the query of the Link, since some registries lose part of the path
 * (quirks.md#wrong-links; 400, 404); of the first, whatever is p->fallback
 * (400).  Else return 0.
 */
int pages_refused(struct pages *, long);

/*
 * pages_next(p, links, count, max, e): the page at p->url has been read, and
 * the answer had those ${count} Link headers (RFC 8288).  Return 1 with the
 * next page in p->url; 0: that was the last; -1 with ${e} set: the Link leads
 * to another host, in a circle or nowhere (ERR_NET), or there are more than
 * ${max} pages (ERR_LIMIT).  A Link to the host of the list is followed with
 * the scheme and the port of the list: proxies that end TLS get them wrong.
 */
int pages_next(struct pages *, const char *const *, size_t, unsigned,
    struct err *);

#endif
