#include "transfer/link/pace.h"

/* So many slow windows in a row are no accident. */
#define WINDOWS_LATE	4u
/* Nobody is to blame, but others may have more of the line without it. */
#define WINDOWS_LOW	16u
/* A rival for what is faster would cost more than it saves. */
#define SLOW_RATE	((uint64_t)64 << 10)
/* Slower than this part of what each would have, if all had the same. */
#define FAR_SLOWER	4u

static void
begin_window(struct pace *p, const struct pace_view *v)
{
	p->window_ms = v->now_ms;
	p->window_bytes = v->bytes;
	p->window_run_bytes = v->run_bytes;
}

/* What we do not take, it need not bring. */
static uint64_t
floor_of(const struct pace_view *v)
{
	uint64_t share = v->limit_rate / (2 * (uint64_t)v->streams);

	return v->limit_rate > 0 && share < v->min_rate ? share : v->min_rate;
}

struct rates {
	uint64_t own, run, least;
};

static void
rates_of(const struct pace *p, const struct pace_view *v, struct rates *ret)
{
	uint64_t passed_ms = (uint64_t)(v->now_ms - p->window_ms);

	ret->own = (v->bytes - p->window_bytes) * 1000 / passed_ms;
	ret->run = (v->run_bytes - p->window_run_bytes) * 1000 / passed_ms;
	ret->least = floor_of(v);
}

/* By itself, or by far the slowest; or all that comes together is too slow; or
 * this line has shown that it can do better. */
static bool
is_to_blame(const struct rates *r, const struct pace_view *v)
{
	return r->own < r->least && (v->streams < 2 || r->run < r->least ||
	    r->own * FAR_SLOWER < r->run / v->streams ||
	    v->best_rate >= r->least * FAR_SLOWER);
}

/* Who knows another source need not wait for it: that costs a rival. */
static bool
may_be_asked_elsewhere(const struct rates *r, const struct pace_view *v)
{
	uint64_t left = v->size > v->bytes ? v->size - v->bytes : 0;
	uint64_t enough = left * 1000 / (2 * (uint64_t)v->window_ms);

	return r->own < r->least ||
	    (v->limit_rate == 0 && r->own < SLOW_RATE && r->own < enough);
}

static void
judge_window(struct pace *p, const struct pace_view *v)
{
	struct rates r;

	rates_of(p, v, &r);
	p->is_slow = may_be_asked_elsewhere(&r, v);
	p->slow_windows = is_to_blame(&r, v) ? p->slow_windows + 1 : 0;
	if (2 * r.own >= r.least || v->lost_ms > p->low_ms) {
		p->low_windows = 0;
		p->low_ms = v->now_ms;
	} else {
		p->low_windows++;
	}
}

/* Time on a line that it shares with so many counts for so much less: nothing
 * misses its deadline because of its neighbours. */
static bool
is_overdue(struct pace *p, const struct pace_view *v)
{
	double allowed_ms = (double)WINDOWS_LATE * (double)v->window_ms +
	    (double)v->size * 1000 / (double)(floor_of(v) + 1);

	p->used_ms += (double)(v->now_ms - p->seen_ms) / (double)v->streams;
	return p->used_ms > allowed_ms;
}

enum pace_verdict
pace_look(struct pace *p, const struct pace_view *v)
{
	bool overdue;

	if (p->seen_ms == 0 || !v->is_asking) {
		p->seen_ms = v->now_ms;
		begin_window(p, v);
		return p->is_slow ? PACE_SLOW : PACE_FINE;
	}
	overdue = is_overdue(p, v);
	p->seen_ms = v->now_ms;
	if (overdue)
		return PACE_LATE;
	if (v->now_ms - p->window_ms >= v->window_ms) {
		judge_window(p, v);
		begin_window(p, v);
	}
	if (p->slow_windows >= WINDOWS_LATE || p->low_windows >= WINDOWS_LOW)
		return PACE_LATE;
	return p->is_slow ? PACE_SLOW : PACE_FINE;
}
