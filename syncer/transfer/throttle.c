/*
 * Good manners on the link: how fast bytes may come, and how many.  A stream
 * that may not have more yet is paused and stands in line; each in turn gets a
 * little, so that a huge blob leaves their share to the small ones.
 */
#include "layout/clock.h"
#include "transfer/dispatch_internal.h"

/* What a stream gets when its turn comes: not less than it has waited for. */
#define TURN_BYTES_MAX	((uint64_t)128 << 10)
/* A stream that becomes short while the poll waits stands in line by then, and
 * the bucket is not full before. */
#define LOOK_MS		20
/* A connection that is slower than this may look dead to the server. */
#define STREAM_RATE_MIN	((uint64_t)16 << 10)

bool
dispatch_is_spent(const struct dispatch *d)
{
	return d->config.max_bytes > 0 &&
	    d->stats.bytes >= d->config.max_bytes;
}

size_t
throttle_budget(const struct dispatch *d, size_t len)
{
	uint64_t left;

	if (d->config.max_bytes == 0)
		return len;
	if (dispatch_is_spent(d))
		return 0;
	left = d->config.max_bytes - d->stats.bytes;
	return left < len ? (size_t)left : len;
}

bool
throttle_admits(struct fetch *p, size_t len)
{
	struct dispatch *d = p->d;

	if (d->limit.rate == 0 || p->grant >= len)
		return true;
	/* Nobody gets past those who wait. */
	if (d->throttled.first == NULL &&
	    limit_admits(&d->limit, len - p->grant, clock_ms()))
		return true;
	if (!p->is_throttled) {
		p->is_throttled = true;
		p->short_of = len - p->grant;
		queue_push(&d->throttled, p);
	}
	return false;
}

void
throttle_took(struct fetch *f, size_t len)
{
	uint64_t granted = f->grant < len ? f->grant : len;

	f->grant -= granted;
	limit_take(&f->d->limit, len - granted, clock_ms());
	f->d->stats.bytes += len;
}

void
throttle_leave(struct fetch *f)
{
	limit_give(&f->d->limit, f->grant);
	f->grant = 0;
	if (f->is_throttled)
		queue_remove(&f->d->throttled, f);
	f->is_throttled = false;
}

/* Not so much that those who have it, and get nothing from their servers, could
 * break the limit together when they do. */
static uint64_t
turn_bytes(const struct dispatch *d, const struct fetch *p)
{
	uint64_t most = d->limit.burst / 2 / (d->stats.running + 1);

	if (most > TURN_BYTES_MAX)
		most = TURN_BYTES_MAX;
	return most > p->short_of ? most : p->short_of;
}

void
throttle_resume(struct dispatch *d)
{
	int64_t now = clock_ms();
	struct fetch *p;
	uint64_t turn;

	while ((p = d->throttled.first) != NULL) {
		turn = turn_bytes(d, p);
		if (!limit_admits(&d->limit, turn, now))
			return;
		queue_remove(&d->throttled, p);
		p->is_throttled = false;
		limit_take(&d->limit, turn, now);
		p->grant += turn;
		fetch_resume(p);
	}
}

bool
throttle_in_debt(struct dispatch *d)
{
	return d->limit.rate != 0 && !limit_admits(&d->limit, 0, clock_ms());
}

int
throttle_timeout_ms(struct dispatch *d, int most_ms)
{
	const struct fetch *p = d->throttled.first;
	int64_t wait;

	if (d->limit.rate == 0 || (p == NULL && d->stats.running == 0 &&
	    !throttle_in_debt(d)))
		return most_ms;
	wait = LOOK_MS;
	if (p != NULL)
		wait = limit_wait_ms(&d->limit, turn_bytes(d, p), clock_ms());
	return wait < most_ms ? (int)wait : most_ms;
}

bool
throttle_has_room(const struct dispatch *d)
{
	const struct source *source;
	uint64_t most = d->limit.rate / STREAM_RATE_MIN, streams = 0;

	if (d->limit.rate == 0)
		return true;
	for (source = d->sources; source != NULL; source = source->next)
		streams += source->blobs_running;
	return streams < (most < 2 ? 2 : most);
}

bool
throttle_is_short(struct dispatch *d)
{
	return d->limit.rate != 0 && (d->throttled.first != NULL ||
	    limit_is_low(&d->limit, clock_ms()));
}
