#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "registry/ascii.h"
#include "registry/range.h"

/*
 * A decimal number, which need not be small: 1 and ${s} moved behind it, or 0.
 * Signs and spaces, which strtoll(3) would take, are no part of a range.
 */
static int
number_take(const char **s, int64_t *ret)
{
	const char *p = *s;
	int64_t n = 0;

	if (!ascii_is_digit(*p))
		return 0;
	for (; ascii_is_digit(*p); p++) {
		if (n > (INT64_MAX - (*p - '0')) / 10)
			return 0;
		n = n * 10 + (*p - '0');
	}
	*s = p;
	*ret = n;
	return 1;
}

/* A number or a star, which is -1. */
static int
number_or_star(const char **s, int64_t *ret)
{
	if (**s != '*')
		return number_take(s, ret);
	*ret = -1;
	(*s)++;
	return 1;
}

static bool
char_take(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* "5-9" or "*" */
static int
span_take(const char **s, int64_t *first, int64_t *last)
{
	*first = *last = -1;
	if (char_take(s, '*'))
		return 1;
	return number_take(s, first) && char_take(s, '-') &&
	    number_take(s, last) && *first <= *last;
}

int
range_parse(const char *s, int64_t *ret_first, int64_t *ret_last,
    int64_t *ret_total)
{
	int64_t first, last, total;

	/* Section 14.1: the name of a unit is in any case. */
	s += strspn(s, " \t");
	if (!ascii_starts(s, "bytes", 5) || (s[5] != ' ' && s[5] != '\t'))
		return 0;
	s += 5 + strspn(s + 5, " \t");
	if (!span_take(&s, &first, &last) || !char_take(&s, '/') ||
	    !number_or_star(&s, &total) || s[strspn(s, " \t")] != '\0')
		return 0;
	/* Unknown on both sides says nothing; an end behind the end lies. */
	if ((first == -1 && total == -1) || (total != -1 && last >= total))
		return 0;
	assert(first == -1 || first <= last);
	*ret_first = first;
	*ret_last = last;
	*ret_total = total;
	return 1;
}
