/*
 * Where the pages of a list are (quirks.md#pages, quirks.md#wrong-links).
 * A registry leads, and may lead astray: to another host, in a circle,
 * without end.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/link.h"
#include "registry/pages.h"
#include "registry/url.h"
#include "report/outside.h"

int
pages_init(struct pages *p, const char *url, const char *what, struct err *e)
{
	struct url u;

	memset(p, 0, sizeof(*p));
	if (url_parse(url, &u, e) == -1)
		return -1;
	assert(strchr(u.text, '?') == NULL);
	p->what = what;
	p->list = xstrdup(u.text);
	p->url = xstrdup(u.text);
	url_done(&u);
	return 0;
}

void
pages_done(struct pages *p)
{
	free(p->list);
	free(p->url);
	free(p->fallback);
	free(p->before);
	memset(p, 0, sizeof(*p));
}

/* Takes both. */
static void
set_url(struct pages *p, char *url, char *fallback)
{
	assert(url != NULL);
	free(p->url);
	free(p->fallback);
	p->url = url;
	p->fallback = fallback;
}

/* 404 of the first page is about the list, not about the link to it. */
int
pages_refused(struct pages *p, long status)
{
	char *url = p->fallback;

	if (url == NULL || (status != 400 && (status != 404 || p->read == 0)))
		return 0;
	p->fallback = NULL;
	set_url(p, url, NULL);
	p->is_lost = p->read > 0;
	return 1;
}

/* 1 and the target of the one that is about the next page; 0; or -1. */
static int
find_link(const struct pages *p, const char *const *links, size_t count,
    char **ret, struct err *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < count && rc == 0; i++)
		rc = link_next(links[i], ret);
	if (rc == -1)
		return err_set(e, ERR_NET, "the link to the next page of %s "
		    "cannot be read", p->what);
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
resolve(const struct pages *p, const char *target, char **ret_url,
    char **ret_fallback, struct err *e)
{
	struct url base = { .text = NULL }, to = { .text = NULL };
	const char *query;
	char shown[OUTSIDE_WORDS_MAX];
	int rc = -1;

	if (url_parse(p->url, &base, e) == -1 ||
	    url_resolve(&base, target, &to, e) == -1)
		goto out;
	if (strcmp(base.host, to.host) != 0) {
		err_set(e, ERR_NET, "%s has the next page of %s at another "
		    "host, %s: refused", base.host, p->what,
		    outside_quote(shown, sizeof(shown), to.host,
		    strlen(to.host)));
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
is_circle(struct pages *p, const char *url)
{
	if (strcmp(url, p->url) == 0 ||
	    (p->before != NULL && strcmp(url, p->before) == 0))
		return true;
	if ((p->read & (p->read - 1)) == 0) {
		free(p->before);
		p->before = xstrdup(url);
	}
	return false;
}

/* A Link that cannot be followed is an error, and never the end: tags that are
 * missed in silence would look deleted. */
int
pages_next(struct pages *p, const char *const *links, size_t count,
    unsigned max, struct err *e)
{
	char *target = NULL, *url = NULL, *fallback = NULL;
	int rc;

	p->read++;
	rc = find_link(p, links, count, &target, e);
	if (rc != 1)
		return rc;
	rc = -1;
	if (p->read >= max) {
		err_set(e, ERR_LIMIT, "more than %u pages of %s", max,
		    p->what);
		goto out;
	}
	if (resolve(p, target, &url, &fallback, e) == -1)
		goto out;
	if (fallback != NULL &&
	    (p->is_lost || strcmp(url, fallback) == 0)) {
		free(url);
		url = fallback;
		fallback = NULL;
	}
	if (is_circle(p, url)) {
		err_set(e, ERR_NET, "the pages of %s link in a circle",
		    p->what);
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
