/* What stands behind "=" in TOML. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "node/toml_internal.h"
#include "registry/ascii.h"

/* --- strings -------------------------------------------------------------- */

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, ascii_lower(c));

	return at == NULL ? -1 : (int)(at - digits);
}

/* As UTF-8. */
static void
put_code(FILE *out, unsigned long c)
{
	if (c < 0x80) {
		fputc((int)c, out);
		return;
	}
	if (c < 0x800) {
		fputc((int)(0xc0 | c >> 6), out);
	} else {
		if (c < 0x10000) {
			fputc((int)(0xe0 | c >> 12), out);
		} else {
			fputc((int)(0xf0 | c >> 18), out);
			fputc((int)(0x80 | (c >> 12 & 0x3f)), out);
		}
		fputc((int)(0x80 | (c >> 6 & 0x3f)), out);
	}
	fputc((int)(0x80 | (c & 0x3f)), out);
}

/* \u and \U: a character that is one, and not NUL. */
static int
take_code(struct toml_in *in, FILE *out, unsigned digits)
{
	unsigned long c = 0;
	int digit;

	for (in->p++; digits > 0; digits--, in->p++) {
		digit = hex_digit(*in->p);
		if (digit == -1)
			return toml_bad(in, "\\u without its digits");
		c = c << 4 | (unsigned long)digit;
	}
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return toml_bad(in, "\\u of no character");
	put_code(out, c);
	return 0;
}

/* in->p is behind the backslash. */
static int
take_escape(struct toml_in *in, FILE *out, bool is_long)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	const char *at, *p;

	if (*in->p == 'u' || *in->p == 'U')
		return take_code(in, out, *in->p == 'u' ? 4 : 8);
	at = *in->p == '\0' ? NULL : strchr(from, *in->p);
	if (at != NULL) {
		fputc(to[at - from], out);
		in->p++;
		return 0;
	}
	/* The end of a line, and all that is blank behind it. */
	p = in->p + strspn(in->p, " \t\r");
	if (!is_long || *p != '\n')
		return toml_bad(in, "a backslash before what it is not for");
	in->p = p + strspn(p, " \t\r\n");
	return 0;
}

static bool
is_three(const char *p, char quote)
{
	return p[0] == quote && p[1] == quote && p[2] == quote;
}

/* Up to two quotes may stand right before the closing three. */
static bool
ends_here(struct toml_in *in, FILE *out, char quote, bool is_long)
{
	unsigned i;

	if (!is_long) {
		if (*in->p != quote)
			return false;
		in->p++;
		return true;
	}
	if (!is_three(in->p, quote))
		return false;
	for (i = 0; i < 2 && is_three(in->p + 1, quote); i++, in->p++)
		fputc(quote, out);
	in->p += 3;
	return true;
}

/* One character. */
static int
take_char(struct toml_in *in, FILE *out, char quote, bool is_long)
{
	bool is_end = *in->p == '\n' || (in->p[0] == '\r' && in->p[1] == '\n');

	if (*in->p == '\0' || (is_end && !is_long))
		return toml_bad(in, "a string without an end");
	if (quote == '"' && *in->p == '\\') {
		in->p++;
		return take_escape(in, out, is_long);
	}
	if (ascii_is_control(*in->p) && *in->p != '\t' && !is_end)
		return toml_bad(in, "a control character in a string");
	fputc(*in->p++, out);
	return 0;
}

int
toml_quoted(struct toml_in *in, char **ret, bool may_be_long)
{
	char quote = *in->p, *text = NULL;
	bool is_long = may_be_long && is_three(in->p, quote);
	size_t len = 0;
	FILE *out = xtext_open(&text, &len);
	int rc = 0;

	in->p += is_long ? 3 : 1;
	if (is_long && in->p[0] == '\r' && in->p[1] == '\n')
		in->p++;
	if (is_long && *in->p == '\n')
		in->p++;
	while (rc == 0 && !ends_here(in, out, quote, is_long))
		rc = take_char(in, out, quote, is_long);
	xtext_close(out);
	if (rc == 0)
		*ret = text;
	else
		free(text);
	return rc;
}

/* --- numbers, dates, true and false --------------------------------------- */

/* Digits with single "_" between them. */
static size_t
digits(const char *p, const char *which)
{
	size_t n = 0;

	while (p[n] != '\0' && (strchr(which, p[n]) != NULL ||
	    (p[n] == '_' && n > 0 && p[n - 1] != '_' && p[n + 1] != '\0' &&
	    strchr(which, p[n + 1]) != NULL)))
		n++;
	return n;
}

/* 0x, 0o, 0b. */
static bool
is_other_base(const char *p)
{
	const char *which = p[0] != '0' ? NULL :
	    p[1] == 'x' ? "0123456789abcdefABCDEF" :
	    p[1] == 'o' ? "01234567" : p[1] == 'b' ? "01" : NULL;
	size_t n = which == NULL ? 0 : digits(p + 2, which);

	return n > 0 && p[2 + n] == '\0';
}

static bool
is_number(const char *p, enum toml_kind *kind)
{
	static const char ten[] = "0123456789";
	size_t n;

	*kind = TOML_INTEGER;
	if (is_other_base(p))
		return true;
	p += *p == '+' || *p == '-';
	if (strcmp(p, "inf") == 0 || strcmp(p, "nan") == 0) {
		*kind = TOML_FLOAT;
		return true;
	}
	n = digits(p, ten);
	if (n == 0 || (n > 1 && *p == '0'))
		return false;
	p += n;
	if (*p == '.') {
		*kind = TOML_FLOAT;
		n = digits(p + 1, ten);
		p += 1 + n;
	}
	if (n > 0 && (*p == 'e' || *p == 'E')) {
		*kind = TOML_FLOAT;
		p += 1 + (p[1] == '+' || p[1] == '-');
		n = digits(p, ten);
		p += n;
	}
	return n > 0 && *p == '\0';
}

/* Like that pattern, in which "0" is any digit? */
static bool
is_like(const char *p, const char *pattern)
{
	for (; *pattern != '\0'; p++, pattern++)
		if (*pattern == '0' ? !ascii_is_digit(*p) : *p != *pattern)
			return false;
	return true;
}

/* Enough to know it from a number: nobody here asks what day it was. */
static bool
is_date(const char *p)
{
	return is_like(p, "0000-00-00") || is_like(p, "00:00");
}

static struct toml *
take_word(struct toml_in *in, struct toml *parent, char *key)
{
	const char *from = in->p;
	size_t len = strcspn(from, " \t\r\n,]}#=\"'[{");
	enum toml_kind kind = TOML_BOOLEAN;
	struct toml *t;
	char *word;

	/* Between a date and a time there may be a blank. */
	if (is_like(from, "0000-00-00 00:") && len == 10)
		len += 1 + strcspn(from + 11, " \t\r\n,]}#=\"'[{");
	word = xstrndup(from, len);
	if (strcmp(word, "true") != 0 && strcmp(word, "false") != 0 &&
	    !is_number(word, &kind)) {
		kind = TOML_DATE;
		if (!is_date(word)) {
			toml_bad(in, len == 0 ? "no value behind \"=\" or "
			    "\",\"" : "a value without quotes that is no "
			    "number, date, true or false");
			free(word);
			free(key);
			return NULL;
		}
	}
	t = toml_new(in, parent, key, kind);
	in->p += len;
	if (t != NULL) {
		free(t->text);
		t->text = word;
	} else {
		free(word);
	}
	return t;
}

/* --- arrays and inline tables --------------------------------------------- */

/* Return 1 for one more, 0 at the end, -1. */
static int
next_item(struct toml_in *in, char end, bool is_first, const char *endless)
{
	if (toml_space(in) == -1)
		return -1;
	if (!is_first && *in->p == ',') {
		in->p++;
		if (toml_space(in) == -1)
			return -1;
		is_first = true;
	}
	if (*in->p == end) {
		in->p++;
		return 0;
	}
	return is_first && *in->p != '\0' && *in->p != ',' ? 1 :
	    toml_bad(in, endless);
}

static int
take_array(struct toml_in *in, struct toml *array)
{
	int more;

	for (in->p++; (more = next_item(in, ']', array->child == NULL,
	    "an array without an end, or without a \",\"")) == 1;)
		if (toml_value(in, array, xstrdup("")) == NULL)
			return -1;
	return more;
}

static int
take_inline(struct toml_in *in, struct toml *table)
{
	int more;

	for (in->p++; (more = next_item(in, '}', table->child == NULL,
	    "an inline table without an end, or without a \",\"")) == 1;)
		if (toml_keys(in, table) == -1)
			return -1;
	return more;
}

static struct toml *
take_many(struct toml_in *in, struct toml *parent, char *key)
{
	bool is_array = *in->p == '[';
	struct toml *t;
	int rc;

	t = toml_new(in, parent, key, is_array ? TOML_ARRAY : TOML_TABLE);
	if (t == NULL)
		return NULL;
	t->form = TOML_INLINE;
	if (in->depth == NODE_TOML_DEPTH_MAX) {
		toml_bad(in, "deeper than cdr reads");
		return NULL;
	}
	in->depth++;
	rc = is_array ? take_array(in, t) : take_inline(in, t);
	in->depth--;
	return rc == 0 ? t : NULL;
}

static struct toml *
take_string(struct toml_in *in, struct toml *parent, char *key)
{
	struct toml *t = toml_new(in, parent, key, TOML_STRING);
	char *text;

	if (t == NULL || toml_quoted(in, &text, true) == -1)
		return NULL;
	free(t->text);
	t->text = text;
	return t;
}

/* What has been made stays in the tree, whatever comes: the root frees it. */
struct toml *
toml_value(struct toml_in *in, struct toml *parent, char *key)
{
	struct toml *t;

	if (*in->p == '"' || *in->p == '\'')
		t = take_string(in, parent, key);
	else if (*in->p == '[' || *in->p == '{')
		t = take_many(in, parent, key);
	else
		t = take_word(in, parent, key);
	if (t != NULL)
		t->to = (size_t)(in->p - in->text);
	return t;
}
