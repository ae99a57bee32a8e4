#include "transfer/link/pace.h"

/* So many slow windows in a row are no accident. */
#define WINDOWS_LATE	4u
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

/* By itself, and by far the slowest; or all that comes together is too slow. */
static bool
is_slow(const struct pace *p, const struct pace_view *v)
{
	uint64_t passed_ms = (uint64_t)(v->now_ms - p->window_ms);
	uint64_t rate = (v->bytes - p->window_bytes) * 1000 / passed_ms;
	uint64_t run_rate = (v->run_bytes - p->window_run_bytes) * 1000 /
	    passed_ms;
	uint64_t least = floor_of(v);

	return rate < least && (v->streams < 2 || run_rate < least ||
	    rate * FAR_SLOWER < run_rate / v->streams);
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
		return p->slow_windows > 0 ? PACE_SLOW : PACE_FINE;
	}
	overdue = is_overdue(p, v);
	p->seen_ms = v->now_ms;
	if (overdue)
		return PACE_LATE;
	if (v->now_ms - p->window_ms >= v->window_ms) {
		p->slow_windows = is_slow(p, v) ? p->slow_windows + 1 : 0;
		begin_window(p, v);
	}
	if (p->slow_windows >= WINDOWS_LATE)
		return PACE_LATE;
	return p->slow_windows > 0 ? PACE_SLOW : PACE_FINE;
}
