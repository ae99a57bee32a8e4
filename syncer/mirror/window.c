#include <stdio.h>
#include <string.h>

#include "mirror/window.h"

#define DAY_MINUTES	(24 * 60)

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HH:MM", up to 24:00; -1 if it is something else. */
static int
parse_minute(const char *text)
{
	int hour, minute;

	if (!is_digit(text[0]) || !is_digit(text[1]) || text[2] != ':' ||
	    !is_digit(text[3]) || !is_digit(text[4]))
		return -1;
	hour = (text[0] - '0') * 10 + text[1] - '0';
	minute = (text[3] - '0') * 10 + text[4] - '0';
	if (minute > 59 || hour * 60 + minute > DAY_MINUTES)
		return -1;
	return hour * 60 + minute;
}

int
window_parse(const char *text, struct window *ret, struct err *e)
{
	int from = -1, to = -1;

	if (strlen(text) == 11 && text[5] == '-') {
		from = parse_minute(text);
		to = parse_minute(text + 6);
	}
	if (from == -1 || to == -1 || from == DAY_MINUTES)
		return err_set(e, ERR_INPUT, "it takes two times of the day, "
		    "such as 22:00-06:00, not \"%.80s\"", text);
	if (from == to % DAY_MINUTES && to != DAY_MINUTES)
		return err_set(e, ERR_INPUT, "%s begins when it ends; "
		    "00:00-24:00 is the whole day", text);
	ret->from = from;
	ret->to = to;
	return 0;
}

char *
window_text(const struct window *w, char buf[WINDOW_TEXT_MAX])
{
	unsigned from = (unsigned)w->from, to = (unsigned)w->to;

	snprintf(buf, WINDOW_TEXT_MAX, "%02u:%02u-%02u:%02u",
	    from / 60 % 100, from % 60, to / 60 % 100, to % 60);
	return buf;
}

bool
window_has(const struct window *w, int minute)
{
	if (w->from < w->to)
		return minute >= w->from && minute < w->to;
	return minute >= w->from || minute < w->to;
}

bool
window_is_open(const struct window *w, time_t now)
{
	struct tm tm;

	tzset();
	/* A year that does not fit: there is no time of the day to go by. */
	if (localtime_r(&now, &tm) == NULL)
		return false;
	return window_has(w, tm.tm_hour * 60 + tm.tm_min);
}
