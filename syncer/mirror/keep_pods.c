/*
 * All pods of a large cluster are hundreds of megabytes of JSON, so each object
 * of a list is parsed by itself; what is left when these are taken out has to
 * be JSON as well, so that nothing that was cut short is taken for a whole
 * list.  Where a kind of object has its pod nobody need know: the names of the
 * members are the same in all of them.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "image/readjson.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "mirror/keep_pods.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static int walk(struct keep_use *, const json_t *, struct err *);

/* --- one object -------------------------------------------------------- */

/* Empty while a container has not been started. */
static int
add_image(struct keep_use *use, const json_t *object, const char *key,
    struct err *e)
{
	const char *image;
	int rc = readjson_string(object, key, &image, e);

	if (rc != 1 || image[0] == '\0')
		return rc == -1 ? -1 : 0;
	return keep_use_add(use, image, e) == -1 ? err_wrap(e, "%s", key) : 0;
}

static int
add_volume(struct keep_use *use, const json_t *volume, struct err *e)
{
	const json_t *image = readjson_member(volume, "image");

	return json_is_object(image) ? add_image(use, image, "reference", e) :
	    0;
}

static int
add_each(struct keep_use *use, const char *key, const json_t *list,
    struct err *e)
{
	bool is_volumes = strcmp(key, "volumes") == 0;
	const json_t *item;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < json_array_size(list); i++) {
		item = json_array_get(list, i);
		if (!json_is_object(item))
			return err_set(e, ERR_INPUT, "%s is no list of "
			    "objects", key);
		if (is_volumes)
			rc = add_volume(use, item, e);
		else if (add_image(use, item, "image", e) == -1 ||
		    add_image(use, item, "imageID", e) == -1)
			rc = -1;
	}
	return rc;
}

static bool
has_images(const char *key)
{
	static const char *const keys[] = {
		"containers", "initContainers", "ephemeralContainers",
		"containerStatuses", "initContainerStatuses",
		"ephemeralContainerStatuses", "volumes",
	};
	size_t i;

	for (i = 0; i < COUNT(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static int
walk_object(struct keep_use *use, const json_t *object, struct err *e)
{
	json_t *it = (json_t *)(uintptr_t)object;
	const char *key;
	json_t *value;

	json_object_foreach(it, key, value) {
		if (json_is_array(value) && has_images(key) &&
		    add_each(use, key, value, e) == -1)
			return -1;
		if (walk(use, value, e) == -1)
			return -1;
	}
	return 0;
}

static int
walk(struct keep_use *use, const json_t *value, struct err *e)
{
	size_t i;

	if (json_is_object(value))
		return walk_object(use, value, e);
	for (i = 0; i < json_array_size(value); i++)
		if (walk(use, json_array_get(value, i), e) == -1)
			return -1;
	return 0;
}

/* The one kind that is known for sure: a pod without containers is none. */
static int
check_pod(const json_t *object, struct err *e)
{
	const json_t *list = json_object_get(json_object_get(object, "spec"),
	    "containers");
	const char *kind = json_string_value(json_object_get(object, "kind")),
	    *image;
	size_t i;

	if (kind == NULL || strcmp(kind, "Pod") != 0)
		return 0;
	if (json_array_size(list) == 0)
		return err_set(e, ERR_INPUT, "a pod without containers");
	for (i = 0; i < json_array_size(list); i++)
		if (readjson_need(json_array_get(list, i), "image", &image,
		    e) == -1)
			return err_wrap(e, "a container of a pod");
	return 0;
}

static int
read_object(struct keep_use *use, const char *buf, size_t len, struct err *e)
{
	json_t *object;
	int rc;

	if (len > USE_OBJECT_MAX)
		return err_set(e, ERR_INPUT, "an object of more than %u bytes",
		    USE_OBJECT_MAX);
	if (readjson_load(buf, len, 0, &object, e) == -1)
		return -1;
	rc = check_pod(object, e);
	if (rc == 0)
		rc = walk(use, object, e);
	json_decref(object);
	return rc;
}

/* --- a list of them ---------------------------------------------------- */

struct scan {
	const char *buf, *end, *at;
	unsigned depth;
	FILE *rest;			/* all but the objects of "items" */
};

static const char *
skip_back(const struct scan *s, const char *at)
{
	while (at > s->buf && strchr(" \t\r\n", at[-1]) != NULL)
		at--;
	return at;
}

/* Does "items": stand before this "["? */
static bool
is_items(const struct scan *s)
{
	static const char word[] = "\"items\"";
	const size_t len = sizeof(word) - 1;
	const char *at = skip_back(s, s->at);

	if (s->depth != 1 || at == s->buf || at[-1] != ':')
		return false;
	at = skip_back(s, at - 1);
	return (size_t)(at - s->buf) >= len && memcmp(at - len, word, len) == 0;
}

/* Over one string, from its quotation mark on. */
static void
skip_string(struct scan *s)
{
	for (s->at++; s->at < s->end && *s->at != '"'; s->at++)
		if (*s->at == '\\')
			s->at++;
	s->at = s->at < s->end ? s->at + 1 : s->end;
}

/* From an opening bracket to behind its end, or to the end of the text. */
static void
skip_value(struct scan *s)
{
	unsigned depth = 0;

	while (s->at < s->end) {
		if (*s->at == '"') {
			skip_string(s);
			continue;
		}
		if (*s->at == '{' || *s->at == '[')
			depth++;
		else if ((*s->at == '}' || *s->at == ']') && --depth == 0) {
			s->at++;
			return;
		}
		s->at++;
	}
}

/* Behind the "[" of "items", up to its "]": of each object the braces stay. */
static int
read_items(struct keep_use *use, struct scan *s, struct err *e)
{
	const char *begin;

	while (s->at < s->end && *s->at != ']') {
		begin = s->at;
		if (*s->at == '{') {
			skip_value(s);
			if (read_object(use, begin, (size_t)(s->at - begin),
			    e) == -1)
				return -1;
			fputs("{}", s->rest);
			continue;
		}
		if (*s->at == '"')
			skip_string(s);
		else
			s->at++;
		fwrite(begin, 1, (size_t)(s->at - begin), s->rest);
	}
	return 0;
}

static int
read_all(struct keep_use *use, struct scan *s, struct err *e)
{
	const char *begin;
	bool items;

	while (s->at < s->end) {
		begin = s->at;
		items = *s->at == '[' && is_items(s);
		if (*s->at == '"') {
			skip_string(s);
		} else {
			if (*s->at == '{' || *s->at == '[')
				s->depth++;
			else if ((*s->at == '}' || *s->at == ']') &&
			    s->depth > 0)
				s->depth--;
			s->at++;
		}
		fwrite(begin, 1, (size_t)(s->at - begin), s->rest);
		if (items && read_items(use, s, e) == -1)
			return -1;
	}
	return 0;
}

/* A list spelt otherwise than read_all knows it would hide its objects. */
static int
check_rest(struct keep_use *use, const char *buf, size_t len, struct err *e)
{
	const json_t *items, *kind;
	json_t *rest;
	size_t i;
	int rc = 0;

	if (readjson_load(buf, len, JSON_REJECT_DUPLICATES, &rest, e) == -1)
		return -1;
	items = readjson_member(rest, "items");
	kind = readjson_member(rest, "kind");
	if (!json_is_string(kind) ||
	    !json_is_string(readjson_member(rest, "apiVersion")))
		rc = err_set(e, ERR_INPUT, "JSON, but not as \"kubectl get "
		    "pods -A -o json\" prints it");
	for (i = 0; rc == 0 && i < json_array_size(items); i++)
		if (!json_is_object(json_array_get(items, i)) ||
		    json_object_size(json_array_get(items, i)) > 0)
			rc = err_set(e, ERR_INPUT, "items is no list of "
			    "objects");
	if (rc == 0)
		rc = check_pod(rest, e);
	if (rc == 0)
		rc = walk(use, rest, e);
	json_decref(rest);
	return rc;
}

int
keep_pods_read(struct keep_use *use, const char *buf, size_t len,
    struct err *e)
{
	struct scan s = { .buf = buf, .at = buf, .end = buf + len };
	char *rest;
	size_t rest_len;
	int rc;

	s.rest = xtext_open(&rest, &rest_len);
	rc = read_all(use, &s, e);
	xtext_close(s.rest);
	if (rc == 0)
		rc = check_rest(use, rest, rest_len, e);
	free(rest);
	return rc;
}
