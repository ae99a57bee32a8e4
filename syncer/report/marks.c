#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/marks.h"
#include "report/name_set.h"

enum mark_kind {
	MARK_VERIFIED,
	MARK_HELD,
	MARK_UNLISTED
};

struct mark {
	uint64_t image, digest;		/* name_set_key of these */
	int64_t when;
	unsigned key;			/* of the keys */
	enum mark_kind kind;
};

struct marks {
	struct mark *each;
	size_t count, room;
	bool is_sorted;
	char **keys;
	unsigned key_count;
	uint64_t sum;			/* of all, whatever their order */
};

struct marks *
marks_new(void)
{
	return xcalloc(1, sizeof(struct marks));
}

void
marks_free(struct marks *m)
{
	unsigned i;

	if (m == NULL)
		return;
	for (i = 0; i < m->key_count; i++)
		free(m->keys[i]);
	free(m->keys);
	free(m->each);
	free(m);
}

static uint64_t
key_of(const char *text, size_t len)
{
	char copy[VERIFIED_TEXT_MAX];

	snprintf(copy, sizeof(copy), "%.*s", (int)(len < sizeof(copy) ? len :
	    sizeof(copy) - 1), text);
	return name_set_key(copy);
}

/* Lists have a few; one more than can be told apart is not told of. */
static bool
find_key(struct marks *m, const char *name, size_t len, unsigned *ret)
{
	unsigned i;

	for (i = 0; i < m->key_count; i++)
		if (strncmp(m->keys[i], name, len) == 0 &&
		    m->keys[i][len] == '\0')
			break;
	if (i == m->key_count) {
		if (m->key_count == PUBKEYS_MAX)
			return false;
		m->keys = xreallocarray(m->keys, m->key_count + 1,
		    sizeof(*m->keys));
		m->keys[m->key_count++] = xstrndup(name, len);
	}
	*ret = i;
	return true;
}

/* Half as much again each time. */
static void
add(struct marks *m, const struct mark *mark, uint64_t said)
{
	uint64_t h;

	if (m->count == m->room) {
		m->room = m->room == 0 ? 64 : m->room + m->room / 2;
		m->each = xreallocarray(m->each, m->room, sizeof(*m->each));
	}
	m->each[m->count++] = *mark;
	m->is_sorted = false;
	h = (mark->image * 31 + mark->digest) * 31 + (uint64_t)mark->when;
	h = (h ^ said ^ (uint64_t)mark->kind << 60) * 0xd6e8feb86659fd93u;
	m->sum += h ^ h >> 32;
}

void
marks_verified(struct marks *m, const char *image, const char *digest,
    size_t digest_len, const char *key, size_t len)
{
	struct mark mark = {
		.image = name_set_key(image),
		.digest = key_of(digest, digest_len),
		.kind = MARK_VERIFIED,
	};

	if (len > 0 && len <= VERIFIED_NAME_MAX &&
	    find_key(m, key, len, &mark.key))
		add(m, &mark, key_of(key, len));
}

void
marks_held(struct marks *m, const char *image, int64_t since)
{
	struct mark mark = {
		.image = name_set_key(image), .when = since, .kind = MARK_HELD
	};

	add(m, &mark, 0);
}

void
marks_unlisted(struct marks *m, const char *image, int64_t last_listed)
{
	struct mark mark = {
		.image = name_set_key(image),
		.when = last_listed,
		.kind = MARK_UNLISTED,
	};

	add(m, &mark, 0);
}

char *
marks_stamp(const struct marks *m, char buf[MARKS_STAMP_MAX])
{
	snprintf(buf, MARKS_STAMP_MAX, "%016" PRIx64, m->sum);
	return buf;
}

/* --- looking up -------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->image != y->image)
		return x->image < y->image ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

static const struct mark *
find_first(struct marks *m, uint64_t image)
{
	size_t low = 0, high = m->count, middle;

	if (!m->is_sorted && m->count > 1)
		qsort(m->each, m->count, sizeof(*m->each), compare);
	m->is_sorted = true;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (m->each[middle].image < image)
			low = middle + 1;
		else
			high = middle;
	}
	return m->each + low;
}

/* true: it is so, and since when nobody knows. */
static char *
put_time(char *text, const char *key, int64_t when)
{
	char said[32] = "true", *longer;
	time_t t = (time_t)when;
	struct tm tm;

	if (when != 0 && gmtime_r(&t, &tm) != NULL)
		strftime(said, sizeof(said), "\"%Y-%m-%dT%H:%M:%SZ\"", &tm);
	longer = xasprintf("%s,\"%s\":%s", text, key, said);
	free(text);
	return longer;
}

char *
marks_text(struct marks *m, const char *image, const char *digest, size_t len)
{
	const struct mark *end, *at, *of[MARK_UNLISTED + 1] = { NULL };
	uint64_t key = name_set_key(image);
	char *text;

	if (m->count == 0)
		return xstrdup("");
	at = find_first(m, key);
	for (end = m->each + m->count; at < end && at->image == key; at++)
		if (at->kind != MARK_VERIFIED ||
		    at->digest == key_of(digest, len))
			of[at->kind] = at;
	if (of[MARK_VERIFIED] != NULL && of[MARK_UNLISTED] == NULL)
		text = xasprintf(",\"verified\":\"%s\"",
		    m->keys[of[MARK_VERIFIED]->key]);
	else
		text = xstrdup("");
	if (of[MARK_HELD] != NULL)
		text = put_time(text, "held", of[MARK_HELD]->when);
	if (of[MARK_UNLISTED] != NULL)
		text = put_time(text, "last_listed", of[MARK_UNLISTED]->when);
	return text;
}
