#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/link.h"
#include "registry/tags.h"
#include "registry/url.h"

int
tag_pages_init(struct tag_pages *p, const char *url, struct err *e)
{
	struct url u;

	memset(p, 0, sizeof(*p));
	if (url_parse(url, &u, e) == -1)
		return -1;
	assert(strchr(u.text, '?') == NULL);
	p->list = xstrdup(u.text);
	p->url = xasprintf("%s?n=%u", p->list, TAG_PAGE_ENTRIES);
	p->fallback = xstrdup(p->list);
	url_done(&u);
	return 0;
}

void
tag_pages_done(struct tag_pages *p)
{
	free(p->list);
	free(p->url);
	free(p->fallback);
	free(p->before);
	memset(p, 0, sizeof(*p));
}

/* Takes both. */
static void
set_url(struct tag_pages *p, char *url, char *fallback)
{
	free(p->url);
	free(p->fallback);
	p->url = url;
	p->fallback = fallback;
}

int
tag_pages_refused(struct tag_pages *p, long status)
{
	char *url = p->fallback;

	if (url == NULL || (status != 400 && (status != 404 || p->pages == 0)))
		return 0;
	p->fallback = NULL;
	set_url(p, url, NULL);
	p->is_lost = p->pages > 0;
	return 1;
}

/* 1 and the target of the one that is about the next page; 0; or -1. */
static int
find_link(const char *const *links, size_t count, char **ret, struct err *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < count && rc == 0; i++)
		rc = link_next(links[i], ret);
	if (rc == -1)
		return err_set(e, ERR_NET, "the link to the next page of tags "
		    "cannot be read");
	return rc;
}

/* What stands behind the host: url.h promises a text with a path. */
static const char *
path_of(const char *url)
{
	const char *s = strstr(url, "://");

	return s + 3 + strcspn(s + 3, "/?");
}

/*
 * Where to ask for the next page.  The request goes to the place where the list
 * is, whatever scheme and port the link has, so that credentials do.
 */
static int
resolve(const struct tag_pages *p, const char *target, char **ret_url,
    char **ret_fallback, struct err *e)
{
	struct url base = { .text = NULL }, to = { .text = NULL };
	const char *query;
	int rc = -1;

	if (url_parse(p->url, &base, e) == -1 ||
	    url_resolve(&base, target, &to, e) == -1)
		goto out;
	if (strcmp(base.host, to.host) != 0) {
		err_set(e, ERR_NET, "%s has the next page of tags at another "
		    "host, %s: refused", base.host, to.host);
		goto out;
	}
	*ret_url = xasprintf("%.*s%s", (int)(path_of(base.text) - base.text),
	    base.text, path_of(to.text));
	query = strchr(to.text, '?');
	*ret_fallback = query == NULL ? NULL :
	    xasprintf("%s%s", p->list, query);
	rc = 0;
out:
	url_done(&base);
	url_done(&to);
	return rc;
}

/*
 * Brent's way to find a circle of any length: compare with one of those
 * before, which is replaced each time that the number of pages has doubled.
 */
static bool
is_circle(struct tag_pages *p, const char *url)
{
	if (strcmp(url, p->url) == 0 ||
	    (p->before != NULL && strcmp(url, p->before) == 0))
		return true;
	if ((p->pages & (p->pages - 1)) == 0) {
		free(p->before);
		p->before = xstrdup(url);
	}
	return false;
}

/* Registries that leave out what one may not see have empty pages. */
static int
count_page(struct tag_pages *p, const struct tags_scan *scan, struct err *e)
{
	size_t entries = scan->found + scan->skipped;

	if (scan->found > 0 && p->pages > 0 && scan->hash == p->hash)
		return err_set(e, ERR_NET, "the registry sends the same page "
		    "of tags again");
	p->pages++;
	p->entries += entries;
	p->empty = entries == 0 ? p->empty + 1 : 0;
	if (scan->found > 0)
		p->hash = scan->hash;
	if (p->entries > TAGS_MAX)
		return err_set(e, ERR_LIMIT, "more than %u tags", TAGS_MAX);
	return 0;
}

static int
check_page_count(const struct tag_pages *p, struct err *e)
{
	if (p->pages >= TAG_PAGES_MAX)
		return err_set(e, ERR_LIMIT, "more than %u pages of tags",
		    TAG_PAGES_MAX);
	if (p->empty > TAG_PAGES_EMPTY_MAX)
		return err_set(e, ERR_NET, "%u pages of tags without a tag, "
		    "and no end", p->empty);
	return 0;
}

int
tag_pages_next(struct tag_pages *p, const struct tags_scan *scan,
    const char *const *links, size_t count, struct err *e)
{
	char *target = NULL, *url = NULL, *fallback = NULL;
	int rc = -1;

	if (count_page(p, scan, e) == -1)
		goto out;
	rc = find_link(links, count, &target, e);
	if (rc != 1)
		goto out;
	rc = -1;
	if (check_page_count(p, e) == -1 ||
	    resolve(p, target, &url, &fallback, e) == -1)
		goto out;
	if (fallback != NULL &&
	    (p->is_lost || strcmp(url, fallback) == 0)) {
		free(url);
		url = fallback;
		fallback = NULL;
	}
	if (is_circle(p, url)) {
		err_set(e, ERR_NET, "the links between the pages of tags lead "
		    "in a circle");
		goto out;
	}
	set_url(p, url, fallback);
	url = fallback = NULL;
	rc = 1;
out:
	free(target);
	free(url);
	free(fallback);
	return rc;
}
