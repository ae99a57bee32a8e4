/* dockerd's daemon.json, of which one member is ours (quirks.md#dockerd).  JSON
 * has no comments that could get lost, so it is parsed and written anew. */
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "node/daemon_json.h"

#define MIRRORS	"registry-mirrors"

/* With an empty file dockerd does not start, so that is an error as well. */
static int
load(const char *path, const char *text, json_t **ret, struct err *e)
{
	json_error_t wrong;
	json_t *all, *mirrors, *item;
	size_t i;

	/* Jansson's own depth cap is 2048. */
	all = json_loads(text, JSON_REJECT_DUPLICATES, &wrong);
	if (all == NULL)
		return err_set(e, ERR_INPUT, "/%s:%d: %.200s: mend it first, "
		    "or dockerd will not start", path, wrong.line, wrong.text);
	mirrors = json_object_get(all, MIRRORS);
	if (!json_is_object(all) || (mirrors != NULL &&
	    !json_is_array(mirrors))) {
		json_decref(all);
		return err_set(e, ERR_INPUT, "/%s: must be an object whose \""
		    MIRRORS "\" is a list: mend it first", path);
	}
	json_array_foreach(mirrors, i, item) {
		if (json_is_string(item))
			continue;
		json_decref(all);
		return err_set(e, ERR_INPUT, "/%s: \"" MIRRORS "\" has "
		    "something in it that is not a string: mend it first",
		    path);
	}
	*ret = all;
	return 0;
}

/* "http://m:5000" and "http://m:5000/" are one to dockerd. */
static bool
is_same(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	while (n > 0 && a[n - 1] == '/')
		n--;
	while (m > 0 && b[m - 1] == '/')
		m--;
	return n == m && memcmp(a, b, n) == 0;
}

/* Return the number of the first entry that is ${url}, or the count. */
static size_t
find(json_t *mirrors, const char *url)
{
	size_t i;

	for (i = 0; i < json_array_size(mirrors); i++)
		if (is_same(json_string_value(json_array_get(mirrors, i)),
		    url))
			break;
	return i;
}

/* In the order in which the members stood. */
static char *
dump(json_t *all)
{
	char *text = json_dumps(all, JSON_INDENT(4) | JSON_REAL_PRECISION(17));
	char *line = xasprintf("%s\n", text);

	free(text);
	return line;
}

/* In front: dockerd asks its mirrors in order. */
int
daemon_json_add(const char *path, const char *base, const char *url,
    char **ret, struct err *e)
{
	json_t *all, *mirrors;

	if (load(path, base != NULL ? base : "{}", &all, e) == -1)
		return -1;
	mirrors = json_object_get(all, MIRRORS);
	if (mirrors == NULL) {
		mirrors = json_array();
		json_object_set_new(all, MIRRORS, mirrors);
	}
	if (base != NULL && find(mirrors, url) < json_array_size(mirrors)) {
		*ret = xstrdup(base);
	} else {
		json_array_insert_new(mirrors, 0, json_string(url));
		*ret = dump(all);
	}
	json_decref(all);
	return 0;
}

/* An empty list would be left where there was none: it goes as well. */
int
daemon_json_drop(const char *path, const char *now, const char *url,
    char **ret, struct err *e)
{
	json_t *all, *mirrors;
	size_t at;

	if (load(path, now, &all, e) == -1)
		return -1;
	mirrors = json_object_get(all, MIRRORS);
	at = find(mirrors, url);
	if (at == json_array_size(mirrors)) {
		*ret = xstrdup(now);
	} else {
		json_array_remove(mirrors, at);
		if (json_array_size(mirrors) == 0)
			json_object_del(all, MIRRORS);
		*ret = dump(all);
	}
	json_decref(all);
	return 0;
}

int
daemon_json_mirrors(const char *path, const char *text,
    void (*fn)(void *, const char *), void *cookie, struct err *e)
{
	json_t *all, *item;
	size_t i;

	if (load(path, text, &all, e) == -1)
		return -1;
	json_array_foreach(json_object_get(all, MIRRORS), i, item) {
		fn(cookie, json_string_value(item));
	}
	json_decref(all);
	return 0;
}
