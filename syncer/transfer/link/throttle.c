#include <assert.h>

#include "transfer/link/throttle.h"

/* What a stream gets when its turn comes: not less than it has waited for. */
#define TURN_BYTES_MAX	((uint64_t)128 << 10)
/* A stream that becomes short while the poll waits stands in line by then, and
 * the bucket is not full before. */
#define LOOK_MS		20
/* A connection that is slower than this may look dead to the server. */
#define STREAM_RATE_MIN	((uint64_t)16 << 10)

void
throttle_init(struct throttle *t, uint64_t rate, uint64_t max_bytes,
    int64_t now_ms)
{
	limit_init(&t->limit, rate, now_ms);
	t->max_bytes = max_bytes;
	t->bytes = 0;
	t->first = t->last = NULL;
}

/* --- the line ---------------------------------------------------------- */

static void
line_join(struct throttle *t, struct throttle_stream *s)
{
	assert(!s->waits);
	s->waits = true;
	s->next = NULL;
	s->prev = t->last;
	if (t->last != NULL)
		t->last->next = s;
	else
		t->first = s;
	t->last = s;
}

static void
line_leave(struct throttle *t, struct throttle_stream *s)
{
	assert(s->waits && (s->prev != NULL || t->first == s));
	s->waits = false;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		t->first = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	else
		t->last = s->prev;
	s->next = s->prev = NULL;
}

/* --- the budget -------------------------------------------------------- */

bool
throttle_is_spent(const struct throttle *t)
{
	return t->max_bytes > 0 && t->bytes >= t->max_bytes;
}

size_t
throttle_budget(const struct throttle *t, size_t len)
{
	uint64_t left;

	if (t->max_bytes == 0)
		return len;
	if (throttle_is_spent(t))
		return 0;
	left = t->max_bytes - t->bytes;
	return left < len ? (size_t)left : len;
}

/* --- the rate ---------------------------------------------------------- */

bool
throttle_admits(struct throttle *t, struct throttle_stream *s, size_t len,
    int64_t now_ms)
{
	if (t->limit.rate == 0 || s->grant >= len)
		return true;
	/* Nobody gets past those who wait. */
	if (t->first == NULL &&
	    limit_admits(&t->limit, len - s->grant, now_ms))
		return true;
	if (!s->waits) {
		s->short_of = len - s->grant;
		line_join(t, s);
	}
	return false;
}

void
throttle_took(struct throttle *t, struct throttle_stream *s, size_t len,
    int64_t now_ms)
{
	uint64_t granted = 0;

	if (s != NULL) {
		granted = s->grant < len ? s->grant : len;
		s->grant -= granted;
	}
	limit_take(&t->limit, len - granted, now_ms);
	t->bytes += len;
}

void
throttle_leave(struct throttle *t, struct throttle_stream *s)
{
	limit_give(&t->limit, s->grant);
	s->grant = 0;
	if (s->waits)
		line_leave(t, s);
}

/* Not so much that those who have it, and get nothing from their servers, could
 * break the limit together when they do. */
static uint64_t
turn_bytes(const struct throttle *t, const struct throttle_stream *s,
    unsigned running)
{
	uint64_t most = t->limit.burst / 2 / (running + 1);

	if (most > TURN_BYTES_MAX)
		most = TURN_BYTES_MAX;
	return most > s->short_of ? most : s->short_of;
}

struct throttle_stream *
throttle_next(struct throttle *t, unsigned running, int64_t now_ms)
{
	struct throttle_stream *s = t->first;
	uint64_t turn;

	if (s == NULL)
		return NULL;
	turn = turn_bytes(t, s, running);
	if (!limit_admits(&t->limit, turn, now_ms))
		return NULL;
	line_leave(t, s);
	limit_take(&t->limit, turn, now_ms);
	s->grant += turn;
	return s;
}

bool
throttle_in_debt(struct throttle *t, int64_t now_ms)
{
	return t->limit.rate != 0 && !limit_admits(&t->limit, 0, now_ms);
}

int
throttle_wait_ms(struct throttle *t, unsigned running, int most_ms,
    int64_t now_ms)
{
	const struct throttle_stream *s = t->first;
	int64_t wait_ms = LOOK_MS;

	if (t->limit.rate == 0 || (s == NULL && running == 0 &&
	    !throttle_in_debt(t, now_ms)))
		return most_ms;
	if (s != NULL)
		wait_ms = limit_wait_ms(&t->limit, turn_bytes(t, s, running),
		    now_ms);
	return wait_ms < most_ms ? (int)wait_ms : most_ms;
}

bool
throttle_has_room(const struct throttle *t, unsigned streams)
{
	uint64_t most = t->limit.rate / STREAM_RATE_MIN;

	return t->limit.rate == 0 || streams < (most < 2 ? 2 : most);
}

bool
throttle_is_short(struct throttle *t, int64_t now_ms)
{
	return t->limit.rate != 0 && (t->first != NULL ||
	    limit_is_low(&t->limit, now_ms));
}

size_t
throttle_portion(const struct throttle *t)
{
	return (size_t)limit_portion(&t->limit);
}
