#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transfer/link/pace.h"

#define WINDOW_MS	30000
#define MIN_RATE	512
#define MANY_S		(100 * 3600)

/* One blob on a line: so much a second it brings itself, so much all bring. */
struct line {
	uint64_t size, rate, run_rate, limit_rate;
	unsigned streams;
	uint64_t best_rate;
};

/* When it is first called slow, and when it loses its place; MANY_S: never. */
static void
look(const struct line *l, unsigned *slow_s, unsigned *late_s)
{
	struct pace_view view = {
		.size = l->size,
		.streams = l->streams,
		.min_rate = MIN_RATE,
		.limit_rate = l->limit_rate,
		.best_rate = l->best_rate,
		.window_ms = WINDOW_MS,
		.is_asking = true,
	};
	struct pace p;
	enum pace_verdict verdict;
	unsigned s;

	memset(&p, 0, sizeof(p));
	*slow_s = *late_s = MANY_S;
	for (s = 0; s < MANY_S && view.bytes < l->size; s++) {
		view.now_ms = 1000 + (int64_t)s * 1000;
		verdict = pace_look(&p, &view);
		if (verdict != PACE_FINE && *slow_s == MANY_S)
			*slow_s = s;
		if (verdict == PACE_LATE) {
			*late_s = s;
			return;
		}
		view.bytes += l->rate;
		view.run_bytes += l->run_rate;
	}
}

static void
test_lines(void **state)
{
	enum { MB = 1000000 };
	static const struct {
		const char *what;
		struct line line;
		unsigned slow_s, late_s;
	} cases[] = {
		{ "it trickles, alone", { 100 * MB, 40, 40, 0, 1, 0 }, 30,
		  120 },
		{ "it trickles beside good ones",
		  { 100 * MB, 40, 10 * MB, 0, 9, 0 }, 30, 120 },
		{ "eight that trickle together",
		  { 100 * MB, 40, 320, 0, 8, 0 }, 30, 120 },
		{ "nothing comes", { 100 * MB, 0, 5 * MB, 0, 3, 0 }, 30, 120 },
		{ "six that trickle, and nothing else",
		  { 100 * MB, 200, 1200, 0, 6, 0 }, 30, 480 },
		{ "the same on a line that has done better",
		  { 100 * MB, 200, 1200, 0, 6, 2048 }, 30, 120 },
		{ "it would take hours", { 100 * MB, 2000, MB, 0, 3, 0 }, 30,
		  MANY_S },
		{ "it takes half a minute", { 60000, 2000, MB, 0, 3, 0 },
		  MANY_S, MANY_S },
		{ "a large one, quick enough",
		  { 3000 * (uint64_t)MB, MB, MB, 0, 1, 0 }, MANY_S, MANY_S },
		/* Others may ask elsewhere, but none loses its place. */
		{ "64 kbit/s, alone", { 20 * MB, 8000, 8000, 0, 1, 8000 }, 30,
		  MANY_S },
		{ "64 kbit/s, shared by eight",
		  { 20 * MB, 1000, 8000, 0, 8, 1000 }, 30, MANY_S },
		{ "19 kbit/s, shared by eight",
		  { 5 * MB, 300, 2400, 0, 8, 300 }, 30, MANY_S },
		{ "51 kbit/s, shared by 16",
		  { 2 * MB, 400, 6400, 0, 16, 400 }, 30, MANY_S },
		{ "we take no more", { 10 * MB, 100, 400, 400, 4, 0 }, MANY_S,
		  MANY_S },
		{ "we take no more, and it trickles",
		  { 10 * MB, 10, 4000, 4000, 4, 0 }, 30, 120 },
		{ "just enough, alone", { 10 * MB, 512, 512, 0, 1, 0 }, 30,
		  MANY_S },
	};
	unsigned slow_s, late_s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		look(&cases[i].line, &slow_s, &late_s);
		if (slow_s != cases[i].slow_s || late_s != cases[i].late_s)
			fail_msg("%s: slow after %u s, late after %u s",
			    cases[i].what, slow_s, late_s);
	}
}

/* What is never slow for a whole window still ends some time. */
static void
test_deadline(void **state)
{
	struct pace_view view = {
		.size = 51200,		/* 100 s, and four windows */
		.streams = 1,
		.min_rate = MIN_RATE,
		.window_ms = WINDOW_MS,
		.is_asking = true,
	};
	struct pace p;
	unsigned s;

	(void)state;
	memset(&p, 0, sizeof(p));
	for (s = 0; s < 1000; s++) {
		view.now_ms = 1000 + (int64_t)s * 1000;
		if (pace_look(&p, &view) == PACE_LATE)
			break;
		/* A burst in each window, of bytes that it has sent before. */
		view.bytes += s % 30 == 29 ? 30 * MIN_RATE : 0;
		view.run_bytes = view.bytes;
	}
	assert_in_range(s, 215, 225);
}

/* Of several that are far too slow one loses its place; then it shows whether
 * the others have more without it. */
static void
test_one_at_a_time(void **state)
{
	struct pace_view view = {
		.size = 100000000,
		.streams = 6,
		.min_rate = MIN_RATE,
		.window_ms = WINDOW_MS,
		.is_asking = true,
	};
	struct pace p;
	unsigned s;

	(void)state;
	memset(&p, 0, sizeof(p));
	for (s = 0; s < 2000; s++) {
		view.now_ms = 1000 + (int64_t)s * 1000;
		if (s == 450)
			view.lost_ms = view.now_ms;
		if (pace_look(&p, &view) == PACE_LATE)
			break;
		view.bytes += 200;
		view.run_bytes += 1200;
	}
	assert_in_range(s, 900, 960);
}

/* Time in which it waits for us is not its own. */
static void
test_waiting(void **state)
{
	struct pace_view view = {
		.size = 1000,
		.streams = 1,
		.min_rate = MIN_RATE,
		.window_ms = WINDOW_MS,
	};
	struct pace p;
	unsigned s;

	(void)state;
	memset(&p, 0, sizeof(p));
	for (s = 0; s < 10000; s++) {
		view.now_ms = 1000 + (int64_t)s * 1000;
		assert_int_equal(pace_look(&p, &view), PACE_FINE);
	}
	view.is_asking = true;
	for (s = 0; s < 29; s++) {
		view.now_ms += 1000;
		assert_int_equal(pace_look(&p, &view), PACE_FINE);
	}
	view.now_ms += 1000;
	assert_int_equal(pace_look(&p, &view), PACE_SLOW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
