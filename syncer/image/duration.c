#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "image/duration.h"

static const struct {
	char letter;
	unsigned seconds;
} units[] = {
	{ 's', 1 },
	{ 'm', 60 },
	{ 'h', 3600 },
	{ 'd', 24 * 3600 },
	{ 'w', 7 * 24 * 3600 },
};

#define UNIT_COUNT	(sizeof(units) / sizeof(units[0]))
#define DAYS		3u

/* What ends the text; 0: it is no unit. */
static unsigned
unit_of(const char *text)
{
	size_t i;

	if (text[0] == '\0')
		return 1;
	for (i = 0; i < UNIT_COUNT; i++)
		if (text[0] == units[i].letter && text[1] == '\0')
			return units[i].seconds;
	return 0;
}

int
duration_parse(const char *text, unsigned max, unsigned *ret, struct err *e)
{
	char most[DURATION_TEXT_MAX];
	const char *at;
	uint64_t n = 0;
	unsigned unit;

	for (at = text; *at >= '0' && *at <= '9' && n <= max; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	unit = at == text ? 0 : unit_of(at);
	if (unit == 0 || n > max || n * unit > max)
		return err_set(e, ERR_INPUT, "it takes a time, such as 30, "
		    "10m, 2h or 30d, of at most %s, not \"%.80s\"",
		    duration_text(max, most), text);
	*ret = (unsigned)(n * unit);
	return 0;
}

/* People say 30 days, and not 4 weeks and 2 days. */
char *
duration_text(unsigned seconds, char buf[DURATION_TEXT_MAX])
{
	size_t i = DAYS;

	while (i > 0 && (seconds < units[i].seconds ||
	    seconds % units[i].seconds != 0))
		i--;
	snprintf(buf, DURATION_TEXT_MAX, "%u%c", seconds / units[i].seconds,
	    units[i].letter);
	return buf;
}
