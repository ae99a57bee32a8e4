/*
 * A page of tags, byte by byte: a machine of what may come next (RFC 8259), and
 * a bit for each level that is open.  It keeps the string that is being read,
 * and nothing else.
 */
#include <assert.h>
#include <string.h>

#include "layout/name.h"
#include "registry/ascii.h"
#include "registry/tags_scan.h"

/* FNV-1a, 64 bits. */
#define HASH_START	14695981039346656037u
#define HASH_PRIME	1099511628211u

enum state {
	WANT_ROOT,
	WANT_VALUE,
	WANT_VALUE_OR_END,	/* behind "[" */
	WANT_KEY,
	WANT_KEY_OR_END,	/* behind "{" */
	WANT_COLON,
	WANT_COMMA_OR_END,
	WANT_NOTHING
};

enum mode {
	BETWEEN,
	IN_STRING,
	IN_ESCAPE,		/* behind a "\" */
	IN_UNICODE,		/* within \uXXXX */
	IN_WORD			/* a number, true, false, null */
};

static const char odd[] = "not valid JSON";

void
tags_scan_init(struct tags_scan *s, tags_found *call, void *cookie)
{
	memset(s, 0, sizeof(*s));
	s->call = call;
	s->cookie = cookie;
	s->hash = HASH_START;
	s->state = WANT_ROOT;
	s->mode = BETWEEN;
}

/* What is cut is longer than any tag, and so it is none. */
static void
add_char(struct tags_scan *s, char c)
{
	if (s->len < sizeof(s->text) - 1)
		s->text[s->len++] = c;
}

static bool
in_array(const struct tags_scan *s)
{
	assert(s->depth > 0);
	return (s->arrays & (uint64_t)1 << (s->depth - 1)) != 0;
}

/* The ending NUL is part of it: "a","b" is not "ab". */
static void
take_tag(struct tags_scan *s)
{
	size_t i;

	for (i = 0; i <= s->len; i++)
		s->hash = (s->hash ^ (unsigned char)s->text[i]) * HASH_PRIME;
	s->found++;
	s->call(s->cookie, s->text);
}

/* A value has ended.  ${is_string}: it is in text. */
static const char *
end_value(struct tags_scan *s, bool is_string)
{
	s->state = s->depth == 0 ? WANT_NOTHING : WANT_COMMA_OR_END;
	if (!s->in_tags || s->depth != 2)
		return NULL;
	if (s->found + s->skipped == TAGS_MAX)
		return "more tags than cdr lists";
	/* A NUL within would end the string early. */
	if (is_string && strlen(s->text) == s->len && name_is_tag(s->text))
		take_tag(s);
	else
		s->skipped++;
	return NULL;
}

/* Only of the outermost object: {"x":{"tags":[]}} has none. */
static const char *
end_key(struct tags_scan *s)
{
	s->state = WANT_COLON;
	s->is_tags = s->depth == 1 && s->len == strlen("tags") &&
	    memcmp(s->text, "tags", s->len) == 0;
	if (s->is_tags && s->has_tags)
		return "\"tags\" is there twice";
	s->has_tags = s->has_tags || s->is_tags;
	return NULL;
}

static const char *
end_string(struct tags_scan *s)
{
	s->mode = BETWEEN;
	s->text[s->len] = '\0';
	return s->state == WANT_KEY ? end_key(s) : end_value(s, true);
}

/* Numbers are not looked at closely: none is of use. */
static const char *
end_word(struct tags_scan *s)
{
	bool is_null;

	s->mode = BETWEEN;
	s->text[s->len] = '\0';
	is_null = strcmp(s->text, "null") == 0;
	if (!is_null && strcmp(s->text, "true") != 0 &&
	    strcmp(s->text, "false") != 0 &&
	    strspn(s->text, "0123456789+-.eE") != s->len)
		return odd;
	if (s->is_tags && !is_null)
		return "\"tags\" is not an array";
	s->is_tags = false;
	return end_value(s, false);
}

static const char *
open_level(struct tags_scan *s, char c)
{
	bool is_array = c == '[';
	uint64_t bit;

	if (s->state == WANT_ROOT && is_array)
		return "JSON, but not an object";
	if (s->depth == JSON_DEPTH_MAX)
		return "JSON nested too deep";
	if (s->is_tags && !is_array)
		return "\"tags\" is not an array";
	s->in_tags = s->in_tags || s->is_tags;
	s->is_tags = false;
	bit = (uint64_t)1 << s->depth++;
	s->arrays = is_array ? s->arrays | bit : s->arrays & ~bit;
	s->state = is_array ? WANT_VALUE_OR_END : WANT_KEY_OR_END;
	return NULL;
}

static const char *
close_level(struct tags_scan *s, char c)
{
	if (s->depth == 0 || in_array(s) != (c == ']'))
		return odd;
	if (s->state != WANT_COMMA_OR_END &&
	    s->state != (c == ']' ? WANT_VALUE_OR_END : WANT_KEY_OR_END))
		return odd;
	s->depth--;
	if (s->depth == 1)
		s->in_tags = false;
	return end_value(s, false);
}

/* A key and a value begin alike; what may come tells which it is. */
static const char *
start_string(struct tags_scan *s)
{
	bool is_key = s->state == WANT_KEY || s->state == WANT_KEY_OR_END;

	if (!is_key && s->state != WANT_VALUE && s->state != WANT_VALUE_OR_END)
		return odd;
	if (s->is_tags)
		return "\"tags\" is not an array";
	s->state = is_key ? WANT_KEY : WANT_VALUE;
	s->mode = IN_STRING;
	s->len = 0;
	return NULL;
}

static const char *
start_value(struct tags_scan *s, char c)
{
	bool may = s->state == WANT_VALUE || s->state == WANT_VALUE_OR_END;

	if (c == '{' || c == '[')
		return may || s->state == WANT_ROOT ? open_level(s, c) : odd;
	if (!may || (!ascii_is_alnum(c) && c != '-'))
		return odd;
	s->mode = IN_WORD;
	s->len = 0;
	add_char(s, c);
	return NULL;
}

static const char *
read_between(struct tags_scan *s, char c)
{
	switch (c) {
	case ' ':
	case '\t':
	case '\n':
	case '\r':
		return NULL;
	case '"':
		return start_string(s);
	case ']':
	case '}':
		return close_level(s, c);
	case ':':
		if (s->state != WANT_COLON)
			return odd;
		s->state = WANT_VALUE;
		return NULL;
	case ',':
		if (s->state != WANT_COMMA_OR_END)
			return odd;
		s->state = in_array(s) ? WANT_VALUE : WANT_KEY;
		return NULL;
	default:
		return start_value(s, c);
	}
}

/* RFC 8259 section 7. */
static const char *
read_escape(struct tags_scan *s, char c)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *at = c == '\0' ? NULL : strchr(from, c);

	s->mode = IN_STRING;
	if (c == 'u') {
		s->mode = IN_UNICODE;
		s->escape = 0;
		s->escape_left = 4;
	} else if (at != NULL) {
		add_char(s, to[at - from]);
	} else {
		return odd;
	}
	return NULL;
}

static const char *
read_unicode(struct tags_scan *s, char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, ascii_lower(c));

	if (at == NULL)
		return odd;
	assert(s->escape_left > 0);
	s->escape = s->escape << 4 | (unsigned)(at - digits);
	if (--s->escape_left > 0)
		return NULL;
	s->mode = IN_STRING;
	/* No tag has anything but ASCII: one byte that no tag has will do. */
	add_char(s, s->escape < 0x80 ? (char)s->escape : '?');
	return NULL;
}

static const char *
read_string(struct tags_scan *s, char c)
{
	if (c == '"')
		return end_string(s);
	if (c == '\\')
		s->mode = IN_ESCAPE;
	else
		add_char(s, c);
	return NULL;
}

/* A word has no end of its own: what follows it ends it. */
static const char *
read_word(struct tags_scan *s, char c)
{
	const char *why;

	if (ascii_is_alnum(c) || c == '-' || c == '+' || c == '.') {
		add_char(s, c);
		return NULL;
	}
	why = end_word(s);
	return why != NULL ? why : read_between(s, c);
}

static const char *
read_char(struct tags_scan *s, char c)
{
	switch ((enum mode)s->mode) {
	case BETWEEN:
		return read_between(s, c);
	case IN_STRING:
		return read_string(s, c);
	case IN_ESCAPE:
		return read_escape(s, c);
	case IN_UNICODE:
		return read_unicode(s, c);
	case IN_WORD:
		return read_word(s, c);
	}
	return odd;
}

/* Pieces may end anywhere, in the middle of an escape as well. */
int
tags_scan_feed(struct tags_scan *s, const char *buf, size_t len,
    struct err *e)
{
	const char *why = NULL;
	size_t i;

	assert(s->bytes <= TAGS_PAGE_BYTES_MAX);
	if (len > TAGS_PAGE_BYTES_MAX - s->bytes)
		return err_set(e, ERR_LIMIT, "a page of tags of more than %u "
		    "bytes", TAGS_PAGE_BYTES_MAX);
	for (i = 0; i < len && why == NULL; i++)
		why = read_char(s, buf[i]);
	s->bytes += i;
	if (why == NULL)
		return 0;
	return err_set(e, s->found + s->skipped == TAGS_MAX ? ERR_LIMIT :
	    ERR_DATA, "a page of tags, byte %zu: %s", s->bytes, why);
}

/* "tags" may be absent: some registries leave out what is empty. */
int
tags_scan_end(const struct tags_scan *s, struct err *e)
{
	if (s->state == WANT_NOTHING)
		return 0;
	return err_set(e, ERR_DATA, "a page of tags is cut off after %zu "
	    "bytes", s->bytes);
}
