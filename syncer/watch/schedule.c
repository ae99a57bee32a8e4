#include "watch/schedule.h"

/* A registry that has hiccups, or shows a tag later than it tells of it. */
int64_t
schedule_retry(unsigned failed)
{
	static const int64_t after[] = { 60000, 120000, 240000 };

	return failed == 0 || failed > sizeof(after) / sizeof(after[0]) ? -1 :
	    after[failed - 1];
}

void
schedule_init(struct schedule *s, int64_t every, int64_t jitter, int64_t now)
{
	*s = (struct schedule){
		.every = every, .jitter = jitter, .clock = INT64_MAX,
		.other = now,
	};
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

void
schedule_hinted(struct schedule *s, uint64_t random)
{
	s->hint_wait = (int64_t)(random % ((uint64_t)s->hint_jitter + 1));
}

void
schedule_hint_jitter(struct schedule *s, int64_t jitter, uint64_t random)
{
	s->hint_jitter = jitter;
	schedule_hinted(s, random);
}

int64_t
schedule_hints(const struct schedule *s, int64_t due)
{
	return due > INT64_MAX - s->hint_wait ? INT64_MAX : due + s->hint_wait;
}
