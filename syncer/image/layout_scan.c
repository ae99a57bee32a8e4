/* Brackets and strings are all that has to be understood to find where an
 * element ends. */
#include <stdlib.h>
#include <string.h>

#include "image/layout_scan.h"
#include "layout/limits.h"
#include "layout/mem.h"

void
layout_scan_init(struct layout_scan *s, layout_element *call, void *cookie)
{
	memset(s, 0, sizeof(*s));
	s->call = call;
	s->cookie = cookie;
	s->element.max = REFERRER_BYTES_MAX;
	s->rest.max = CONFIG_BYTES_MAX;
}

void
layout_scan_done(struct layout_scan *s)
{
	free(s->element.bytes);
	free(s->rest.bytes);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int
add(struct layout_text *t, char c, struct err *e)
{
	if (t->len == t->max)
		return err_set(e, ERR_LIMIT, "%s of more than %zu bytes",
		    t->max == REFERRER_BYTES_MAX ? "an entry" :
		    "members beside manifests", t->max);
	if (t->len == t->room) {
		t->room = t->room == 0 ? 512 : 2 * t->room;
		t->bytes = xreallocarray(t->bytes, t->room, 1);
	}
	t->bytes[t->len++] = c;
	return 0;
}

/* The opening quote is at ${s->string}, the closing one was just added. */
static bool
last_string_is(const struct layout_scan *s, const char *quoted)
{
	size_t len = s->rest.len - s->string;

	return len == strlen(quoted) &&
	    memcmp(s->rest.bytes + s->string, quoted, len) == 0;
}

static void
in_string(struct layout_scan *s, char c)
{
	if (s->in_escape) {
		s->in_escape = false;
	} else if (c == '\\') {
		s->in_escape = true;
	} else if (c == '"') {
		s->in_string = false;
		s->is_key = !s->in_list && s->depth == 1 &&
		    last_string_is(s, "\"manifests\"");
	}
}

/* A comma or the bracket at the end, between elements. */
static int
end_element(struct layout_scan *s, char c, struct err *e)
{
	int rc = 0;

	if (s->element.len > 0)
		rc = s->call(s->cookie, s->element.bytes, s->element.len, e);
	else if (c == ',' || s->has_comma)
		rc = err_set(e, ERR_DATA, "not valid JSON: an empty entry");
	s->element.len = 0;
	s->has_comma = c == ',';
	if (rc == -1 || c == ',')
		return rc;
	s->in_list = false;
	s->depth--;
	return add(&s->rest, c, e);
}

/* Where the array begins: behind its key and a colon. */
static void
note(struct layout_scan *s, char c)
{
	if (is_blank(c))
		return;
	if (c == '[' && s->depth == 2 && s->is_list) {
		s->in_list = true;
		s->has_comma = false;
	}
	s->is_list = c == ':' && s->is_key;
	s->is_key = false;
}

static int
take(struct layout_scan *s, char c, struct err *e)
{
	if (s->in_list && s->depth == 2 && (c == ',' || c == ']'))
		return end_element(s, c, e);
	if (s->in_list && s->depth == 2 && is_blank(c) && s->element.len == 0)
		return 0;
	if (add(s->in_list ? &s->element : &s->rest, c, e) == -1)
		return -1;
	if (c == '[' || c == '{')
		s->depth++;
	else if ((c == ']' || c == '}') && s->depth > (s->in_list ? 2u : 0u))
		s->depth--;
	if (s->depth > JSON_DEPTH_MAX)
		return err_set(e, ERR_LIMIT, "JSON deeper than %u levels",
		    JSON_DEPTH_MAX);
	if (c == '"') {
		s->in_string = true;
		s->string = s->rest.len - 1;
	}
	if (!s->in_list)
		note(s, c);
	return 0;
}

int
layout_scan_feed(struct layout_scan *s, const char *buf, size_t len,
    struct err *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < len && rc == 0; i++) {
		if (!s->in_string) {
			rc = take(s, buf[i], e);
			continue;
		}
		rc = add(s->in_list ? &s->element : &s->rest, buf[i], e);
		if (rc == 0)
			in_string(s, buf[i]);
	}
	return rc;
}
