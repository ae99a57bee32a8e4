/*
 * Pages of tags: what pages.c does for any list, and the caps for tags.  A
 * registry that sends the same page again, or empty ones without end, is
 * found out here.
 */
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/tags.h"

int
tag_pages_init(struct tag_pages *p, const char *url, struct err *e)
{
	memset(p, 0, sizeof(*p));
	if (pages_init(&p->at, url, "tags", e) == -1)
		return -1;
	/* Old registries refuse "n" where it is large. */
	p->at.fallback = p->at.url;
	p->at.url = xasprintf("%s?n=%u", p->at.list, TAG_PAGE_ENTRIES);
	return 0;
}

void
tag_pages_done(struct tag_pages *p)
{
	pages_done(&p->at);
	memset(p, 0, sizeof(*p));
}

int
tag_pages_refused(struct tag_pages *p, long status)
{
	return pages_refused(&p->at, status);
}

/* Registries that leave out what one may not see have empty pages. */
static int
count_page(struct tag_pages *p, const struct tags_scan *scan, struct err *e)
{
	size_t entries = scan->found + scan->skipped;

	if (scan->found > 0 && p->at.read > 0 && scan->hash == p->hash)
		return err_set(e, ERR_NET, "the registry sends the same page "
		    "of tags again");
	p->entries += entries;
	p->empty = entries == 0 ? p->empty + 1 : 0;
	if (scan->found > 0)
		p->hash = scan->hash;
	if (p->entries > TAGS_MAX)
		return err_set(e, ERR_LIMIT, "more than %u tags", TAGS_MAX);
	return 0;
}

int
tag_pages_next(struct tag_pages *p, const struct tags_scan *scan,
    const char *const *links, size_t count, struct err *e)
{
	int rc;

	if (count_page(p, scan, e) == -1)
		return -1;
	rc = pages_next(&p->at, links, count, TAG_PAGES_MAX, e);
	if (rc == 1 && p->empty > TAG_PAGES_EMPTY_MAX)
		return err_set(e, ERR_NET,
		    "%u pages of tags without a tag, and still no end",
		    p->empty);
	return rc;
}
