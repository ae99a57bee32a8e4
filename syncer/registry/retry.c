/* Whether and when to try again: numbers in, a verdict out.  The clock, the
 * dice and the request are the caller's, so that tables can test it. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "layout/limits.h"
#include "registry/answer.h"
#include "registry/ascii.h"
#include "registry/retry.h"

/* 1e9 seconds are 31 years as a delay, and September 2001 as a time. */
#define FIRST_ABSOLUTE_S	1000000000

/* An HTTP date as it is written; all of it is UTC. */
struct date {
	int year, month, day;		/* month 0 to 11 */
	int hour, minute, second;
	bool short_year;		/* 0 to 99 */
};

/* One HTTP date being read. */
struct reader {
	const char *s;
	struct date date;
};

static const char *const months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

static const char *const days[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
	"Saturday",
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * base, 2 base, 4 base … up to the cap, of which the upper half is
 * random.  Chance spreads those that failed together, so that they do not
 * come back together.
 */
static int64_t
own_delay(const struct retry_policy *p, unsigned tries, uint32_t random)
{
	int64_t delay = p->base_ms < p->cap_ms ? p->base_ms : p->cap_ms;
	uint64_t spread;

	for (; tries > 1 && delay > 0 && delay < p->cap_ms; tries--)
		delay = delay > p->cap_ms / 2 ? p->cap_ms : 2 * delay;
	/* In two steps: spread times random may not fit. */
	spread = (uint64_t)delay - (uint64_t)delay / 2;
	delay = delay / 2 + (int64_t)(spread / UINT32_MAX * random +
	    spread % UINT32_MAX * random / UINT32_MAX);
	assert(delay >= 0 && delay <= p->cap_ms);
	return delay;
}

/* What the registry asks for (quirks.md#retry-after) is a minimum; and a pause
 * is for all requests to it where it says that there are too many. */
struct verdict
retry_judge(const struct retry_policy *policy, enum transport how, long status,
    int64_t retry_after_ms, unsigned tries, bool progress, uint32_t random)
{
	const struct verdict never = { RETRY_NEVER, 0 };
	struct verdict v = { RETRY_AFTER, 0 };

	assert(tries > 0 && policy->base_ms >= 0 && policy->cap_ms >= 0);
	if (progress)
		tries = 1;
	if (how == TRANSPORT_FATAL || tries >= policy->max_tries)
		return never;
	v.delay_ms = own_delay(policy, tries, random);
	if (how != TRANSPORT_OK)
		return v;
	if (!answer_is_later(status) || retry_after_ms > policy->wait_max_ms)
		return never;
	if (status == 429 || (status == 503 && retry_after_ms >= 0))
		v.what = RETRY_REGISTRY;
	/* "Retry-After: 0" is no leave to hammer. */
	if (retry_after_ms > v.delay_ms)
		v.delay_ms = retry_after_ms;
	return v;
}

/* The readers below move r->s behind what they took; after a failure it is
 * of no use any more, and the next form begins anew. */
static bool
digits_take(struct reader *r, int count, int *ret)
{
	int n = 0;

	for (; count > 0; count--) {
		if (!ascii_is_digit(*r->s))
			return false;
		n = n * 10 + (*r->s++ - '0');
	}
	*ret = n;
	return true;
}

static bool
word_take(struct reader *r, const char *word, size_t len)
{
	if (strncmp(r->s, word, len) != 0)
		return false;
	r->s += len;
	return true;
}

/* The weekday says nothing that the date does not: it has to be one, but a
 * server that got it wrong is still understood. */
static bool
weekday_take(struct reader *r, bool whole)
{
	size_t i;

	for (i = 0; i < COUNT(days); i++)
		if (word_take(r, days[i], whole ? strlen(days[i]) : 3))
			return true;
	return false;
}

static bool
month_take(struct reader *r)
{
	size_t i;

	for (i = 0; i < COUNT(months); i++)
		if (word_take(r, months[i], 3)) {
			r->date.month = (int)i;
			return true;
		}
	return false;
}

/* What one letter of a form stands for; other characters are themselves. */
static bool
field_take(struct reader *r, char form)
{
	switch (form) {
	case 'a':
		return weekday_take(r, false);
	case 'A':
		return weekday_take(r, true);
	case 'b':
		return month_take(r);
	case 'e':
		/* asctime(3): one digit stands behind a space of its own */
		return word_take(r, " ", 1) ?
		    digits_take(r, 1, &r->date.day) :
		    digits_take(r, 2, &r->date.day);
	case 'd':
		return digits_take(r, 2, &r->date.day);
	case 'y':
		r->date.short_year = true;
		return digits_take(r, 2, &r->date.year);
	case 'Y':
		return digits_take(r, 4, &r->date.year);
	case 't':
		return digits_take(r, 2, &r->date.hour) &&
		    word_take(r, ":", 1) &&
		    digits_take(r, 2, &r->date.minute) &&
		    word_take(r, ":", 1) &&
		    digits_take(r, 2, &r->date.second);
	case 'z':
		return word_take(r, "GMT", 3);
	default:
		return word_take(r, &form, 1);
	}
}

/* RFC 9110 section 5.6.7; case counts there. */
static bool
date_read(const char *s, struct date *ret)
{
	static const char *const forms[] = {
		"a, d b Y t z",		/* Sun, 06 Nov 1994 08:49:37 GMT */
		"A, d-b-y t z",		/* Sunday, 06-Nov-94 08:49:37 GMT */
		"a b e t Y",		/* Sun Nov  6 08:49:37 1994 */
	};
	const char *f;
	size_t i;

	for (i = 0; i < COUNT(forms); i++) {
		struct reader r = { .s = s };

		for (f = forms[i]; *f != '\0' && field_take(&r, *f); f++)
			continue;
		if (*f == '\0' && r.s[strspn(r.s, " \t")] == '\0') {
			*ret = r.date;
			return true;
		}
	}
	return false;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Whether there is such a day and time; a leap second is one.  "30 Feb" would
 * be a time otherwise, and not the one that was meant. */
static bool
date_exists(const struct date *d)
{
	static const int lengths[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	int length = lengths[d->month];

	if (d->month == 1 && is_leap(d->year))
		length = 29;
	return d->day >= 1 && d->day <= length && d->hour < 24 &&
	    d->minute < 60 && d->second <= 60;
}

/* Days from 0000-03-01: years that begin in March end with their leap day. */
static int64_t
day_number(int year, int month, int day)
{
	int64_t y = month < 2 ? year - 1 : year;
	int64_t m = (month + 10) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 +
	    day - 1;
}

static int64_t
date_seconds(const struct date *d)
{
	int64_t day = day_number(d->year, d->month, d->day) -
	    day_number(1970, 0, 1);

	return ((day * 24 + d->hour) * 60 + d->minute) * 60 + d->second;
}

/* The century that RFC 9110 section 5.6.7 means: what seems more than 50 years
 * ahead is the latest such year in the past. */
static void
year_complete(struct date *d, int64_t now_s)
{
	int now = (int)(1970 + now_s / 31556952);

	d->year += now / 100 * 100;
	if (d->year > now + 50)
		d->year -= 100;
	else if (d->year <= now - 50)
		d->year += 100;
}

/* The cap comes before the multiplication, which could overflow. */
static int64_t
delay_until(int64_t then_s, int64_t now_s)
{
	if (then_s <= now_s)
		return 0;
	if (then_s - now_s > RETRY_AFTER_MAX_S)
		return (int64_t)RETRY_AFTER_MAX_S * 1000;
	return (then_s - now_s) * 1000;
}

/* Only digits: seconds from now, or since 1970. */
static int64_t
number_delay(const char *s, int64_t now_s)
{
	int64_t n = 0;

	/* Far too large is as good as larger still. */
	for (; ascii_is_digit(*s); s++)
		if (n < INT64_MAX / 100)
			n = n * 10 + (*s - '0');
	if (s[strspn(s, " \t")] != '\0')
		return -1;
	return delay_until(n, n >= FIRST_ABSOLUTE_S ? now_s : 0);
}

int64_t
retry_after_parse(const char *s, int64_t now_s)
{
	struct date d;

	assert(now_s >= 0);
	s += strspn(s, " \t");
	if (ascii_is_digit(*s))
		return number_delay(s, now_s);
	if (!date_read(s, &d))
		return -1;
	if (d.short_year)
		year_complete(&d, now_s);
	return date_exists(&d) ? delay_until(date_seconds(&d), now_s) : -1;
}
