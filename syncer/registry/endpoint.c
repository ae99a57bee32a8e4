#include <stdlib.h>
#include <string.h>

#include "image/slips.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "registry/ascii.h"
#include "registry/endpoint.h"

/* The component "v2" of a URL's path, or NULL. */
static const char *
find_api(const char *url)
{
	const char *s = strstr(url, "://") + 3;
	size_t len;

	for (s += strcspn(s, "/"); *s == '/'; s += len) {
		s++;
		len = strcspn(s, "/");
		if (len == 2 && strncmp(s, "v2", 2) == 0)
			return s;
	}
	return NULL;
}

/* What stands behind "v2/" goes before names of repositories, and so has to
 * meet their grammar. */
static int
take_below(const char *api, char **ret, struct err *e)
{
	char *below = NULL;
	size_t len;

	api += strlen("v2");
	api += strspn(api, "/");
	len = strlen(api);
	while (len > 0 && api[len - 1] == '/')
		len--;
	if (len == 0)
		return 0;
	below = xstrndup(api, len);
	if (!name_is_repository(below)) {
		free(below);
		return err_set(e, ERR_INPUT, "what stands behind v2/ has to be "
		    "the beginning of a repository's name, in lower case, such "
		    "as dockerhub-proxy");
	}
	*ret = below;
	return 0;
}

/* Up to ${len}, with a "/" at its end. */
static int
take_url(const char *text, size_t len, struct url *ret, struct err *e)
{
	const char *slash = len > 0 && text[len - 1] == '/' ? "" : "/";
	char *whole = xasprintf("%.*s%s", (int)len, text, slash);
	int rc = url_parse(whole, ret, e);

	free(whole);
	return rc;
}

/*
 * An endpoint has a place for "v2/…" behind it, hence the "/" at its end and
 * no query.  The text is not quoted before url_parse has seen it: people write
 * passwords into URLs.
 */
int
endpoint_parse(const char *text, struct endpoint *ret, struct err *e)
{
	struct endpoint x = { .below = NULL };
	struct url u = { .text = NULL };
	const char *api;
	int rc = -1;

	if (strpbrk(text, "?#") != NULL) {
		err_set(e, ERR_INPUT,
		    "must be a URL without query and fragment");
		goto out;
	}
	if (slips_scheme(text, e) == -1 || url_parse(text, &u, e) == -1)
		goto out;
	api = find_api(u.text);
	if (api != NULL && take_below(api, &x.below, e) == -1)
		goto out;
	rc = take_url(u.text, api != NULL ? (size_t)(api - u.text) :
	    strlen(u.text), &x.url, e);
	if (rc == 0) {
		*ret = x;
		x = (struct endpoint){ .below = NULL };
	}
out:
	if (rc == -1)
		e->code = ERR_INPUT;
	url_done(&u);
	endpoint_done(&x);
	return rc;
}

/* The name is parsed as a URL before it is judged: 0x7f.1 is loopback,
 * 127.0.0.1.nip.io is not. */
int
endpoint_standard(const char *name, struct endpoint *ret, struct err *e)
{
	struct endpoint x = { .below = NULL };
	char *text = NULL;
	int rc = -1;

	text = strcmp(name, "docker.io") == 0 ?
	    xstrdup("https://registry-1.docker.io/") :
	    xasprintf("https://%s/", name);
	if (endpoint_parse(text, &x, e) == -1)
		goto out;
	if (!url_is_loopback(&x.url)) {
		*ret = x;
		x = (struct endpoint){ .below = NULL };
		rc = 0;
		goto out;
	}
	free(text);
	text = xasprintf("http://%s/", name);
	rc = endpoint_parse(text, ret, e);
out:
	endpoint_done(&x);
	free(text);
	return rc;
}

int
endpoint_mirror(const char *mirror, const char *name, struct endpoint *ret,
    struct err *e)
{
	struct endpoint x = { .below = NULL };
	size_t len = strlen(mirror);
	char *below;
	int rc;

	while (len > 0 && mirror[len - 1] == '/')
		len--;
	below = xasprintf("%.*s/%s/", (int)len, mirror, name);
	rc = url_parse(below, &x.url, e);
	free(below);
	if (rc == 0)
		*ret = x;
	return rc;
}

void
endpoint_done(struct endpoint *x)
{
	url_done(&x->url);
	free(x->below);
	x->below = NULL;
}

char *
endpoint_place(const char *url)
{
	const char *scheme_end = strstr(url, "://");
	const char *at = scheme_end == NULL ? url : scheme_end + 3;
	char *name = xstrndup(at, strcspn(at, "/?#")), *p;

	for (p = name; *p != '\0'; p++)
		*p = ascii_lower(*p);
	return name;
}
