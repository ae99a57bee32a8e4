/* Which of the digests that a tag had are kept. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gc_history.h"
#include "mem.h"
#include "tag_history.h"

/* Nothing was mirrored before: such a time is a clock's that was not set. */
#define FIRST_TIME	1735689600	/* 2025-01-01 */

/* RFC 3339, in UTC.  0: it cannot be. */
static int64_t
read_time(const char *text, int64_t now)
{
	struct tm tm = { 0 };
	int64_t when;
	int end = 0;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &tm.tm_year,
	    &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
	    &end) != 6 || end != (int)strlen(text))
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	when = (int64_t)timegm(&tm);
	return when < FIRST_TIME || when > now ? 0 : when;
}

/* Its own line is the last one with that digest. */
static bool
is_later(const struct tag_history *h, size_t i)
{
	size_t j;

	for (j = i + 1; j < h->count; j++)
		if (digest_equal(&h->lines[j].digest, &h->lines[i].digest))
			return true;
	return false;
}

/* The line that says it need not be the last one of its digest. */
static unsigned
steps_back(const struct tag_history *h, const struct digest *d)
{
	unsigned back = 0;
	size_t i;

	for (i = 0; i < h->count; i++)
		if (h->lines[i].back > back &&
		    digest_equal(&h->lines[i].digest, d))
			back = h->lines[i].back;
	return back;
}

/* Where the tag is: what is behind it, and was not set back from, is what it
 * was about to be set to. */
static size_t
place_of(const struct tag_history *h, const struct digest *current)
{
	size_t i;

	for (i = h->count; i-- > 0;)
		if (digest_equal(&h->lines[i].digest, current))
			return i;
	return h->count;
}

void
gc_history_choose(const char *text, const struct digest *current,
    unsigned keep, int64_t keep_for_s, int64_t now, struct gc_past **ret,
    size_t *ret_count)
{
	const struct tag_history_line *line;
	int64_t since = now, time;
	struct tag_history h;
	struct gc_past *past;
	size_t i, place, chosen = 0;
	unsigned back;

	tag_history_parse(text, &h);
	tag_history_judge(&h, current);
	place = place_of(&h, current);
	past = xcalloc(h.count + 1, sizeof(*past));
	for (i = h.count; i-- > 0;) {
		line = &h.lines[i];
		time = read_time(line->time, now);
		if (time != 0)
			since = time;
		if (digest_equal(&line->digest, current) || is_later(&h, i))
			continue;
		back = steps_back(&h, &line->digest);
		if (keep != UINT_MAX && (back == 0 || back > keep) &&
		    (i < place || line->is_left) && now - since >= keep_for_s)
			continue;
		past[chosen].digest = line->digest;
		past[chosen++].since = since;
	}
	tag_history_done(&h);
	*ret = past;
	*ret_count = chosen;
}
