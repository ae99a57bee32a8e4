/* RFC 3986 section 2.1, RFC 8259 section 7, and the references of HTML that
 * programs write. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "report/unescape.h"

#define ROUNDS	3

/* A reading being written. */
struct writer {
	struct reading *r;
	const struct reading *source;
};

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Exactly ${count} digits; -1: there are not so many. */
static long
hex_number(const char *s, size_t left, size_t count)
{
	long n = 0;
	size_t i;

	if (left < count)
		return -1;
	for (i = 0; i < count; i++) {
		if (hex_digit(s[i]) == -1)
			return -1;
		n = n * 16 + hex_digit(s[i]);
	}
	return n;
}

/* A byte that stands for [at, at + taken) of the source. */
static void
put(struct writer *w, int byte, size_t at, size_t taken)
{
	struct reading *r = w->r;

	r->text[r->len] = (char)byte;
	r->from[r->len] = w->source->from[at];
	r->to[r->len] = w->source->to[at + taken - 1];
	r->len++;
}

/* UTF-8 of up to three bytes, which no escape is shorter than. */
static size_t
put_code(struct writer *w, long code, size_t at, size_t taken)
{
	if (code < 0x80) {
		put(w, (int)code, at, taken);
	} else if (code < 0x800) {
		put(w, (int)(0xc0 | code >> 6), at, taken);
		put(w, (int)(0x80 | (code & 0x3f)), at, taken);
	} else {
		put(w, (int)(0xe0 | (code >> 12 & 0xf)), at, taken);
		put(w, (int)(0x80 | (code >> 6 & 0x3f)), at, taken);
		put(w, (int)(0x80 | (code & 0x3f)), at, taken);
	}
	return taken;
}

static size_t
take_backslash(struct writer *w, const char *s, size_t left, size_t at)
{
	static const char names[] = "\"\\/bfnrt'";
	static const char bytes[] = "\"\\/\b\f\n\r\t'";
	const char *name;
	long code;

	if (left < 2 || s[1] == '\0')
		return 0;
	name = strchr(names, s[1]);
	if (name != NULL)
		return put_code(w, bytes[name - names], at, 2);
	code = s[1] == 'u' ? hex_number(s + 2, left - 2, 4) : -1;
	if (code >= 0)
		return put_code(w, code, at, 6);
	code = s[1] == 'x' ? hex_number(s + 2, left - 2, 2) : -1;
	return code >= 0 ? put_code(w, code, at, 4) : 0;
}

/* &#43; &#x2b; with up to seven digits. */
static size_t
take_number(struct writer *w, const char *s, size_t left, size_t at)
{
	bool is_hex = left > 2 && (s[2] == 'x' || s[2] == 'X');
	size_t i = is_hex ? 3 : 2, first = i;
	long code = 0;
	int digit;

	for (; i < left && i - first < 7; i++) {
		digit = hex_digit(s[i]);
		if (digit == -1 || (!is_hex && digit > 9))
			break;
		code = code * (is_hex ? 16 : 10) + digit;
	}
	if (i == first || i == left || s[i] != ';' || code > 0xffff)
		return 0;
	return put_code(w, code, at, i + 1);
}

static size_t
take_reference(struct writer *w, const char *s, size_t left, size_t at)
{
	static const struct {
		const char *name;
		char byte;
	} names[] = {
		{ "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
		{ "&quot;", '"' }, { "&apos;", '\'' }, { "&plus;", '+' },
		{ "&sol;", '/' }, { "&equals;", '=' },
	};
	size_t i, len;

	if (left > 3 && s[1] == '#')
		return take_number(w, s, left, at);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len = strlen(names[i].name);
		if (left >= len && memcmp(s, names[i].name, len) == 0)
			return put_code(w, names[i].byte, at, len);
	}
	return 0;
}

/* Return how many bytes were an escape; 0: none is here. */
static size_t
take_escape(struct writer *w, const char *s, size_t left, size_t at)
{
	long code;

	switch (*s) {
	case '%':
		code = hex_number(s + 1, left - 1, 2);
		if (code < 0)
			return 0;
		put(w, (int)code, at, 3);
		return 3;
	case '\\':
		return take_backslash(w, s, left, at);
	case '&':
		return take_reference(w, s, left, at);
	default:
		return 0;
	}
}

static void
reading_init(struct reading *r, size_t len)
{
	r->len = 0;
	r->text = xmalloc(len + 1);
	r->from = xcalloc(len + 1, sizeof(*r->from));
	r->to = xcalloc(len + 1, sizeof(*r->to));
}

static void
copy_plain(struct reading *r, const char *text, size_t len)
{
	size_t i;

	memcpy(r->text, text, len);
	r->len = len;
	for (i = 0; i < len; i++) {
		r->from[i] = i;
		r->to[i] = i + 1;
	}
}

/* Return whether there was anything to undo. */
static bool
decode(struct reading *r)
{
	struct reading out;
	struct writer w = { .r = &out, .source = r };
	size_t i, taken;
	bool found = false;

	reading_init(&out, r->len);
	for (i = 0; i < r->len; i += taken) {
		taken = take_escape(&w, r->text + i, r->len - i, i);
		found = found || taken > 0;
		if (taken == 0) {
			put(&w, r->text[i], i, 1);
			taken = 1;
		}
	}
	reading_done(r);
	*r = out;
	return found;
}

static void
join(struct reading *r)
{
	size_t i, used = 0;

	for (i = 0; i < r->len; i++) {
		if ((unsigned char)r->text[i] <= ' ' || r->text[i] == 127)
			continue;
		r->text[used] = r->text[i];
		r->from[used] = r->from[i];
		r->to[used++] = r->to[i];
	}
	r->len = used;
}

void
reading_make(struct reading *r, const char *text, size_t len,
    enum reading_kind kind)
{
	unsigned rounds = kind == READING_PLAIN ? 0 : ROUNDS;

	reading_init(r, len);
	copy_plain(r, text, len);
	while (rounds-- > 0 && decode(r))
		continue;
	if (kind == READING_JOINED)
		join(r);
}

void
reading_done(struct reading *r)
{
	explicit_bzero(r->text, r->len);
	free(r->text);
	free(r->from);
	free(r->to);
}
