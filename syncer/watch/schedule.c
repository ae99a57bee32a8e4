#include "watch/schedule.h"

void
schedule_init(struct schedule *s, int64_t every, int64_t jitter, int64_t now)
{
	*s = (struct schedule){ every, jitter, INT64_MAX, now };
}

void
schedule_soon(struct schedule *s, int64_t when)
{
	if (when < s->other)
		s->other = when;
}

int64_t
schedule_due(const struct schedule *s)
{
	return s->clock < s->other ? s->clock : s->other;
}

void
schedule_begin(struct schedule *s, int64_t now, uint64_t random)
{
	s->other = INT64_MAX;
	if (s->every == 0)
		return;
	s->clock = now + s->every;
	if (s->jitter > 0)
		s->clock += (int64_t)(random % ((uint64_t)s->jitter + 1));
}
