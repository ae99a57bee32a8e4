#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cmd/size.h"

/* More than anybody means, and far from what 64 bits hold, with six digits
 * behind the point as well. */
#define WHOLE_MAX	((uint64_t)1 << 53)
#define FRACTION_DIGITS	6u
#define UNIT_MAX	((uint64_t)1 << 40)

/* Digits up to the first other character, -1 for none or too many of them. */
static int
parse_digits(const char **at, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (**at < '0' || **at > '9')
		return -1;
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		n = n * 10 + (uint64_t)(**at - '0');
		if (n > max)
			return -1;
	}
	*ret = n;
	return 0;
}

/* The unit that ends the text; 0: it is none. */
static uint64_t
parse_unit(const char *text)
{
	static const char units[] = "kKmMgGtT";
	const char *unit;

	if (text[0] == '\0')
		return 1;
	unit = strchr(units, text[0]);
	if (text[1] != '\0' || unit == NULL)
		return 0;
	return (uint64_t)1 << 10 * ((unit - units) / 2 + 1);
}

static int
parse(const char *text, uint64_t *ret)
{
	uint64_t whole, fraction = 0, scale = 1, unit;
	const char *at = text, *point;

	if (parse_digits(&at, WHOLE_MAX, &whole) == -1)
		return -1;
	if (*at == '.') {
		point = ++at;
		if (parse_digits(&at, WHOLE_MAX, &fraction) == -1 ||
		    at - point > (ptrdiff_t)FRACTION_DIGITS || *at == '\0')
			return -1;
		for (; point < at; point++)
			scale *= 10;
	}
	unit = parse_unit(at);
	if (unit == 0 || whole > WHOLE_MAX / unit)
		return -1;
	*ret = whole * unit + fraction * unit / scale;
	return 0;
}

/* The largest unit in which it is a whole number. */
static const char *
show(uint64_t n, char *buf, size_t size)
{
	static const char units[] = "KMGT";
	uint64_t unit = UNIT_MAX;
	int i = 3;

	while (i >= 0 && (n < unit || n % unit != 0)) {
		unit >>= 10;
		i--;
	}
	snprintf(buf, size, "%llu%.1s", (unsigned long long)(n / unit),
	    i < 0 ? "" : units + i);
	return buf;
}

int
size_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret,
    struct err *e)
{
	char least[32], most[32];
	uint64_t n;

	if (parse(text, &n) == -1)
		return err_set(e, ERR_INPUT, "it takes a number of bytes, such "
		    "as 800000, 500K, 1.5M or 2G, not \"%.80s\"", text);
	if (n < min || n > max)
		return err_set(e, ERR_INPUT, "it takes %s to %s, not %s",
		    show(min, least, sizeof(least)),
		    show(max, most, sizeof(most)), text);
	*ret = n;
	return 0;
}

bool
size_is_bare(const char *text)
{
	size_t len = strlen(text);

	return len < 4 && strspn(text, "0123456789") == len &&
	    strspn(text, "0") < len;
}

int
count_parse(const char *text, unsigned min, unsigned max, unsigned *ret,
    struct err *e)
{
	const char *at = text;
	uint64_t n;

	if (parse_digits(&at, max, &n) == -1 || *at != '\0' || n < min)
		return err_set(e, ERR_INPUT, "it takes a number from %u to %u, "
		    "not \"%.80s\"", min, max, text);
	*ret = (unsigned)n;
	return 0;
}
