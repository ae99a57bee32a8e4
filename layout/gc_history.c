/* Which of the digests that a tag had are kept.  The lines are in the tree for
 * anybody to see and, who writes to the tree, to write. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gc_history.h"
#include "mem.h"

/* Of real files; what is more is not looked at. */
#define LINES_MAX	4096u

/* Nothing was mirrored before: such a time is a clock's that was not set. */
#define FIRST_TIME	1735689600	/* 2025-01-01 */

struct line {
	struct digest digest;
	int64_t time;			/* 0: none that can be */
	bool is_rollback;
	bool was_left;			/* by the line behind it */
};

/* RFC 3339, in UTC. */
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

/* "TIME DIGEST", or with a word behind it. */
static bool
read_line(char *text, int64_t now, struct line *ret)
{
	char *digest = strchr(text, ' '), *word;
	struct err ignored;

	if (digest == NULL)
		return false;
	*digest++ = '\0';
	word = strchr(digest, ' ');
	if (word != NULL)
		*word++ = '\0';
	if (digest_parse(digest, &ret->digest, &ignored) == -1)
		return false;
	ret->time = read_time(text, now);
	ret->is_rollback = word != NULL && strcmp(word, "rollback") == 0;
	ret->was_left = false;
	return true;
}

static size_t
read_lines(const char *text, int64_t now, struct line **ret)
{
	char *copy = xstrdup(text), *at = copy, *end;
	struct line *lines = NULL;
	size_t count = 0, room = 0;

	for (; *at != '\0' && count < LINES_MAX; at = end) {
		end = at + strcspn(at, "\n");
		if (*end != '\0')
			*end++ = '\0';
		if (count == room) {
			room = room == 0 ? 8 : 2 * room;
			lines = xreallocarray(lines, room, sizeof(*lines));
		}
		if (!read_line(at, now, &lines[count]))
			continue;
		if (count > 0 && lines[count].is_rollback)
			lines[count - 1].was_left = true;
		count++;
	}
	free(copy);
	*ret = lines;
	return count;
}

static bool
is_later(const struct line *lines, size_t i, size_t count,
    const struct digest *current)
{
	size_t j;

	if (digest_equal(&lines[i].digest, current))
		return true;
	for (j = i + 1; j < count; j++)
		if (digest_equal(&lines[j].digest, &lines[i].digest))
			return true;
	return false;
}

void
gc_history_choose(const char *text, const struct digest *current,
    unsigned keep, int64_t keep_for_s, int64_t now, struct gc_past **ret,
    size_t *ret_count)
{
	struct line *lines;
	size_t i, count = read_lines(text, now, &lines), chosen = 0;
	struct gc_past *past = xcalloc(count + 1, sizeof(*past));
	int64_t since = now;
	unsigned kept = 0;
	bool counts;

	for (i = count; i-- > 0;) {
		counts = !lines[i].was_left && kept < keep;
		if (lines[i].time != 0)
			since = lines[i].time;
		if ((!counts && now - since >= keep_for_s) ||
		    is_later(lines, i, count, current))
			continue;
		kept += counts;
		past[chosen].digest = lines[i].digest;
		past[chosen++].since = since;
	}
	free(lines);
	*ret = past;
	*ret_count = chosen;
}
