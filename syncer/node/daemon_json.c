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

/* Since 23.0 dockerd takes an empty file for {}, and skips a BOM; what we write
 * has neither. */
static const char *
skip_front(const char *text)
{
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	return text[strspn(text, " \t\r\n")] == '\0' ? "{}" : text;
}

/* Go takes the last of two members, and so does Jansson without the flag. */
static int
parse(const char *path, const char *text, size_t flags, json_t **ret,
    struct err *e)
{
	json_error_t wrong, other;
	json_t *all, *last;

	/* Jansson's own depth cap is 2048. */
	text = skip_front(text);
	all = json_loads(text, flags, &wrong);
	if (all == NULL) {
		last = json_loads(text, 0, &other);
		if (last == NULL)
			return err_set(e, ERR_INPUT, "/%s:%d: %.200s: mend it "
			    "first, or dockerd will not start", path,
			    wrong.line, wrong.text);
		json_decref(last);
		return err_set(e, ERR_INPUT, "/%s:%d: %.200s: dockerd goes by "
		    "the last one alone: take the other out first", path,
		    wrong.line, wrong.text);
	}
	*ret = all;
	return 0;
}

/* A list that is null is none. */
static int
load(const char *path, const char *text, size_t flags, json_t **ret,
    struct err *e)
{
	json_t *all, *mirrors, *item;
	size_t i;

	if (parse(path, text, flags, &all, e) == -1)
		return -1;
	mirrors = json_object_get(all, MIRRORS);
	if (!json_is_object(all) || (mirrors != NULL &&
	    !json_is_null(mirrors) && !json_is_array(mirrors))) {
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

	if (load(path, base != NULL ? base : "{}", JSON_REJECT_DUPLICATES,
	    &all, e) == -1)
		return -1;
	mirrors = json_object_get(all, MIRRORS);
	if (!json_is_array(mirrors)) {
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

	if (load(path, now, JSON_REJECT_DUPLICATES, &all, e) == -1)
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

	if (load(path, text, 0, &all, e) == -1)
		return -1;
	json_array_foreach(json_object_get(all, MIRRORS), i, item) {
		fn(cookie, json_string_value(item));
	}
	json_decref(all);
	return 0;
}

/* What stands there as null conflicts with an option all the same. */
bool
daemon_json_has_mirrors(const char *text)
{
	json_t *all = json_loads(skip_front(text), 0, NULL);
	bool has = json_object_get(all, MIRRORS) != NULL;

	json_decref(all);
	return has;
}

enum daemon_json_oddity
daemon_json_oddity(const char *text)
{
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		return DAEMON_JSON_BOM;
	return text[strspn(text, " \t\r\n")] == '\0' ? DAEMON_JSON_EMPTY :
	    DAEMON_JSON_FINE;
}
