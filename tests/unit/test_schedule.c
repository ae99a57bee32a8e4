#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/schedule.h"

/* At once, then by the clock, later by no more than the jitter. */
static void
test_clock(void **state)
{
	struct schedule s;
	int64_t now = 1000, due, least = INT64_MAX, most = 0;
	uint64_t i, random = 88172645463325252u;

	(void)state;
	schedule_init(&s, 60000, 6000, now);
	assert_int_equal(schedule_due(&s), 1000);
	for (i = 0; i < 1000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		schedule_begin(&s, now, random);
		due = schedule_due(&s);
		least = due - now < least ? due - now : least;
		most = due - now > most ? due - now : most;
		now = due;
	}
	assert_in_range(least, 60000, 60100);
	assert_in_range(most, 65900, 66000);
	schedule_init(&s, 60000, 0, 0);
	schedule_begin(&s, 0, UINT64_MAX);
	assert_int_equal(schedule_due(&s), 60000);
	schedule_init(&s, 0, 6000, 0);
	schedule_begin(&s, 0, 1);
	assert_true(schedule_due(&s) == INT64_MAX);
}

/* For another reason, the first of them; a whole run answers them all, and the
 * clock begins anew. */
static void
test_soon(void **state)
{
	struct schedule s;

	(void)state;
	schedule_init(&s, 60000, 0, 0);
	schedule_begin(&s, 0, 0);
	schedule_soon(&s, 30000);
	schedule_soon(&s, 20000);
	schedule_soon(&s, 40000);
	assert_int_equal(schedule_due(&s), 20000);
	schedule_begin(&s, 25000, 0);
	assert_int_equal(schedule_due(&s), 85000);
	schedule_soon(&s, 90000);
	assert_int_equal(schedule_due(&s), 85000);
}

/* Drawn once for each run: what comes meanwhile is looked at with the rest. */
static void
test_hint_jitter(void **state)
{
	struct schedule s;
	uint64_t i;
	int64_t at, most = 0;

	(void)state;
	schedule_init(&s, 0, 0, 0);
	assert_int_equal(schedule_hints(&s, 500), 500);
	assert_int_equal(schedule_hints(&s, INT64_MAX), INT64_MAX);
	schedule_hinted(&s, 12345);
	assert_int_equal(schedule_hints(&s, 500), 500);
	schedule_hint_jitter(&s, 2000, 2000);
	assert_int_equal(schedule_hints(&s, 500), 2500);
	assert_int_equal(schedule_hints(&s, 700), 2700);
	assert_int_equal(schedule_hints(&s, INT64_MAX), INT64_MAX);
	for (i = 0; i < 5000; i++) {
		schedule_hinted(&s, i * 7919);
		at = schedule_hints(&s, 500);
		assert_in_range(at, 500, 2500);
		most = at > most ? at : most;
	}
	assert_int_equal(most, 2500);
	assert_int_equal(schedule_due(&s), 0);
}

/* What was pushed and has failed: three more times, each later. */
static void
test_retry(void **state)
{
	(void)state;
	assert_int_equal(schedule_retry(1), 60000);
	assert_int_equal(schedule_retry(2), 120000);
	assert_int_equal(schedule_retry(3), 240000);
	assert_int_equal(schedule_retry(4), -1);
	assert_int_equal(schedule_retry(0), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hint_jitter),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_soon),
		cmocka_unit_test(test_retry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
