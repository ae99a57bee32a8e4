#include <assert.h>

#include "transfer/link/limit.h"

/* The burst is a tenth of a second's worth: one percent of what may come in ten
 * seconds. */
#define BURSTS_A_SECOND	10u
#define BURST_MIN	1024u
#define PORTIONS_A_BURST	4u

/* What a level counts in. */
static int64_t
thousandths(uint64_t bytes)
{
	return (int64_t)bytes * 1000;
}

void
limit_init(struct limit *l, uint64_t rate, int64_t now_ms)
{
	assert(rate <= LIMIT_RATE_MAX);
	l->rate = rate;
	l->burst = rate / BURSTS_A_SECOND;
	if (rate > 0 && l->burst < BURST_MIN)
		l->burst = BURST_MIN;
	l->level = 0;
	l->at_ms = now_ms;
}

/* A byte a second is a thousandth of a byte a millisecond: nothing is lost by
 * rounding, however often this is called. */
static void
fill(struct limit *l, int64_t now_ms)
{
	int64_t past_ms = now_ms - l->at_ms;
	int64_t full = thousandths(l->burst);

	if (past_ms <= 0)
		return;
	l->at_ms = now_ms;
	if (past_ms > (full - l->level) / (int64_t)l->rate)
		l->level = full;
	else
		l->level += past_ms * (int64_t)l->rate;
}

/* The level that is needed for so many bytes. */
static int64_t
level_for(const struct limit *l, uint64_t bytes)
{
	return thousandths(bytes < l->burst ? bytes : l->burst);
}

bool
limit_admits(struct limit *l, uint64_t bytes, int64_t now_ms)
{
	if (l->rate == 0)
		return true;
	fill(l, now_ms);
	return l->level >= level_for(l, bytes);
}

void
limit_take(struct limit *l, uint64_t bytes, int64_t now_ms)
{
	if (l->rate == 0)
		return;
	fill(l, now_ms);
	l->level -= thousandths(bytes);
}

void
limit_give(struct limit *l, uint64_t bytes)
{
	if (l->rate == 0)
		return;
	l->level += thousandths(bytes);
	if (l->level > thousandths(l->burst))
		l->level = thousandths(l->burst);
}

int64_t
limit_wait_ms(struct limit *l, uint64_t bytes, int64_t now_ms)
{
	int64_t lacking;

	if (limit_admits(l, bytes, now_ms))
		return 0;
	lacking = level_for(l, bytes) - l->level;
	return (lacking + (int64_t)l->rate - 1) / (int64_t)l->rate;
}

uint64_t
limit_portion(const struct limit *l)
{
	return l->burst / PORTIONS_A_BURST;
}

bool
limit_is_low(struct limit *l, int64_t now_ms)
{
	return !limit_admits(l, l->burst / 2, now_ms);
}
