/*
 * Tags as versions: SemVer 2.0.0, and what people make of it: a "v" in front,
 * one or two numbers, a suffix behind a letter or "_".  Whatever might be
 * something else, such as a commit's hash or a date, is no version: newest=
 * would choose it for ever.
 */
#include <string.h>

#include "image/version.h"

/* Nine digits, and one more for "the next", fit in 32 bits. */
#define DIGITS_MAX	9
#define ALONE_MAX	99999u

#define DIGITS		"0123456789"
#define HEX_LETTERS	"abcdefABCDEF"
#define LETTERS		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD		DIGITS LETTERS

/* One of the words between the dots of a pre-release. */
struct identifier {
	const char *text;
	size_t len;
	bool is_number;
};

bool
version_take_number(const char **at, unsigned *ret)
{
	size_t i, len = strspn(*at, DIGITS);
	unsigned number = 0;

	if (len == 0 || len > DIGITS_MAX)
		return false;
	for (i = 0; i < len; i++)
		number = number * 10 + (unsigned)((*at)[i] - '0');
	*at += len;
	*ret = number;
	return true;
}

/* SemVer section 9, but that numbers may begin with zeros, as dates do. */
bool
version_is_suffix(const char *s, size_t len)
{
	size_t i;
	bool is_empty = true;

	for (i = 0; i < len; i++) {
		if (s[i] == '\0')
			return false;
		if (s[i] == '.' && is_empty)
			return false;
		if (s[i] != '.' && strchr(WORD "-", s[i]) == NULL)
			return false;
		is_empty = s[i] == '.';
	}
	return !is_empty;
}

/* "1a2b3c4" is no pre-release of version 1; 1.2a1 has a dot, 17rc1 an r. */
static bool
looks_like_hash(const struct version *v, const char *suffix)
{
	size_t len = strspn(suffix, WORD);

	return v->parts == 1 && strspn(suffix, DIGITS HEX_LETTERS) >= len;
}

/* All that is left behind the numbers. */
static bool
take_suffix(const char *s, struct version *v)
{
	v->is_plain = *s == '\0';
	if (*s != '\0' && *s != '_') {
		if (*s != '-' && (strspn(s, LETTERS) == 0 ||
		    looks_like_hash(v, s)))
			return false;
		if (*s == '-')
			s++;
		v->suffix = s;
		v->suffix_len = strcspn(s, "_");
		if (!version_is_suffix(s, v->suffix_len))
			return false;
		s += v->suffix_len;
	}
	/* Any tag's characters will do: nobody compares them. */
	if (*s == '_')
		s += 1 + strspn(s + 1, WORD "._-");
	return *s == '\0' && s[-1] != '_';
}

/* A number alone has at most five digits: 20240131 is a date. */
int
version_parse(const char *text, struct version *ret)
{
	struct version v = { .parts = 0 };
	const char *s = text;

	if (*s == 'v' || *s == 'V')
		s++;
	do {
		if (v.parts > 0)
			s++;
		if (!version_take_number(&s, &v.number[v.parts++]))
			return 0;
	} while (v.parts < 3 && *s == '.');
	if (v.parts == 1 && v.number[0] > ALONE_MAX)
		return 0;
	if (!take_suffix(s, &v))
		return 0;
	*ret = v;
	return 1;
}

/* The identifier at ${*at}, and ${*at} moved to the next or to ${end}.  Zeros
 * in front make no other number. */
static struct identifier
next_identifier(const char **at, const char *end)
{
	struct identifier id = { .text = *at, .is_number = true };

	for (; *at < end && **at != '.'; ++*at) {
		id.is_number = id.is_number && strchr(DIGITS, **at) != NULL;
		id.len++;
	}
	if (*at < end)
		++*at;
	while (id.is_number && id.len > 1 && id.text[0] == '0') {
		id.text++;
		id.len--;
	}
	return id;
}

/* Numbers have any length: without zeros in front the longer is the larger. */
static int
compare_identifiers(const struct identifier *a, const struct identifier *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = 0;

	if (a->is_number != b->is_number)
		return a->is_number ? -1 : 1;
	if (!a->is_number || a->len == b->len)
		order = memcmp(a->text, b->text, len);
	if (order != 0)
		return order < 0 ? -1 : 1;
	return a->len < b->len ? -1 : a->len > b->len;
}

/* Section 11.4; a version without a pre-release is above all with one. */
static int
compare_suffixes(const struct version *a, const struct version *b)
{
	const char *x = a->suffix, *y = b->suffix, *x_end, *y_end;
	struct identifier i, j;
	int order;

	if (a->suffix_len == 0 || b->suffix_len == 0)
		return (a->suffix_len == 0) - (b->suffix_len == 0);
	x_end = x + a->suffix_len;
	y_end = y + b->suffix_len;
	while (x < x_end && y < y_end) {
		i = next_identifier(&x, x_end);
		j = next_identifier(&y, y_end);
		order = compare_identifiers(&i, &j);
		if (order != 0)
			return order;
	}
	return (x < x_end) - (y < y_end);
}

/* SemVer section 11. */
int
version_compare(const struct version *a, const struct version *b)
{
	size_t i;

	for (i = 0; i < 3; i++)
		if (a->number[i] != b->number[i])
			return a->number[i] < b->number[i] ? -1 : 1;
	return compare_suffixes(a, b);
}
