/* Link headers (RFC 8288), of which one relation matters. */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/link.h"

/* RFC 9110 section 5.6.2. */
static size_t
token_length(const char *s)
{
	size_t len = 0;

	while (ascii_is_alnum(s[len]) ||
	    (s[len] != '\0' && strchr("!#$%&'*+-.^_`|~", s[len]) != NULL))
		len++;
	return len;
}

static bool
skip_char(const char **at, char c)
{
	*at += strspn(*at, " \t");
	if (**at != c)
		return false;
	++*at;
	*at += strspn(*at, " \t");
	return true;
}

static bool
is_next(const char *s, size_t len)
{
	return len == 4 && ascii_starts(s, "next", 4);
}

/* "prev next": a relation is a list of words. */
static bool
words_have_next(const char *s, size_t len)
{
	size_t i, from = 0;

	for (i = 0; i <= len; i++) {
		if (i < len && s[i] != ' ' && s[i] != '\t')
			continue;
		if (is_next(s + from, i - from))
			return true;
		from = i + 1;
	}
	return false;
}

/* A token or a quoted string; ${ret} and ${ret_len} are what is in it.  The
 * value's escapes stay: no relation has any. */
static bool
take_value(const char **at, const char **ret, size_t *ret_len)
{
	const char *s = *at;

	if (*s != '"') {
		*ret = s;
		*ret_len = token_length(s);
		*at += *ret_len;
		return *ret_len > 0;
	}
	*ret = ++s;
	for (; *s != '"'; s++) {
		if (*s == '\\')
			s++;
		if (*s == '\0')
			return false;
	}
	*ret_len = (size_t)(s - *ret);
	*at = s + 1;
	return true;
}

/* ;name=value ;name ... behind the target.  False where it makes no sense. */
static bool
take_parameters(const char **at, bool *ret_next)
{
	const char *name, *value;
	size_t name_len, value_len;

	while (skip_char(at, ';')) {
		name = *at;
		name_len = token_length(name);
		*at += name_len;
		/* Registries have been seen to end with a ";". */
		if (name_len == 0 || !skip_char(at, '='))
			continue;
		if (!take_value(at, &value, &value_len))
			return false;
		if (name_len == 3 && ascii_starts(name, "rel", 3) &&
		    words_have_next(value, value_len))
			*ret_next = true;
	}
	return true;
}

/* One link, with the comma behind it. */
static bool
take_link(const char **at, const char **ret, size_t *ret_len, bool *ret_next)
{
	const char *end;

	if (!skip_char(at, '<'))
		return false;
	end = strchr(*at, '>');
	if (end == NULL)
		return false;
	*ret = *at;
	*ret_len = (size_t)(end - *at);
	*at = end + 1;
	return take_parameters(at, ret_next) &&
	    (skip_char(at, ',') || **at == '\0');
}

/* A header that we cannot read may be about anything; but one that speaks of
 * a next page is not to be ignored, or tags would be missed in silence. */
static bool
speaks_of_next(const char *s)
{
	for (; *s != '\0'; s++)
		if (ascii_starts(s, "next", 4))
			return true;
	return false;
}

/* The first "next" counts; empty members between commas are allowed (RFC 9110
 * section 5.6.1). */
int
link_next(const char *header, char **ret)
{
	const char *at = header, *target;
	size_t len;
	bool next = false;

	while (skip_char(&at, ','))
		;
	while (*at != '\0') {
		if (!take_link(&at, &target, &len, &next))
			return speaks_of_next(header) ? -1 : 0;
		if (next) {
			*ret = xstrndup(target, len);
			return 1;
		}
		while (skip_char(&at, ','))
			;
	}
	return 0;
}
