#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transfer/link/limit.h"

#define KIB	((uint64_t)1 << 10)
#define MIB	((uint64_t)1 << 20)
#define SECONDS	((int64_t)1000)

static void
test_no_limit(void **state)
{
	struct limit l;

	(void)state;
	limit_init(&l, 0, 5);
	assert_true(limit_admits(&l, UINT64_MAX, 5));
	limit_take(&l, MIB, 5);
	limit_give(&l, MIB);
	assert_true(limit_admits(&l, MIB, 0));
	assert_int_equal(limit_wait_ms(&l, UINT64_MAX, 5), 0);
	assert_int_equal(l.burst, 0);
}

/* Begins empty, fills with time, never above the burst. */
static void
test_fills(void **state)
{
	struct limit l;

	(void)state;
	limit_init(&l, 100000, 1000);
	assert_int_equal(l.burst, 10000);
	assert_true(limit_admits(&l, 0, 1000));
	assert_false(limit_admits(&l, 1, 1000));
	assert_int_equal(limit_wait_ms(&l, 1, 1000), 1);
	assert_int_equal(limit_wait_ms(&l, 101, 1000), 2);
	assert_false(limit_admits(&l, 101, 1001));
	assert_true(limit_admits(&l, 100, 1001));
	assert_int_equal(limit_wait_ms(&l, 10000, 1001), 99);
	assert_false(limit_admits(&l, 10000, 1099));
	assert_true(limit_admits(&l, 10000, 1100));
	limit_take(&l, 10000, 900 * SECONDS);
	assert_false(limit_admits(&l, 1, 900 * SECONDS));
}

/* What is larger than the burst comes when the bucket is full, and is paid for
 * afterwards. */
static void
test_debt(void **state)
{
	struct limit l;

	(void)state;
	limit_init(&l, 100000, 0);
	assert_false(limit_admits(&l, 50000, 99));
	assert_true(limit_admits(&l, 50000, 100));
	limit_take(&l, 50000, 100);
	assert_int_equal(limit_wait_ms(&l, 0, 100), 400);
	assert_false(limit_admits(&l, 0, 499));
	assert_true(limit_admits(&l, 0, 500));
	assert_int_equal(limit_wait_ms(&l, 50000, 500), 100);
}

static void
test_give(void **state)
{
	struct limit l;

	(void)state;
	limit_init(&l, 100000, 0);
	limit_take(&l, 4000, 100);
	assert_false(limit_admits(&l, 10000, 100));
	limit_give(&l, 4000);
	assert_true(limit_admits(&l, 10000, 100));
	limit_give(&l, 4000);
	limit_take(&l, 10000, 100);
	assert_false(limit_admits(&l, 1, 100));
}

/* Who comes 20 ms late each time gets in ten seconds what may come all the same
 * within 3 %. */
static void
test_late(void **state)
{
	const uint64_t rates[] = { LIMIT_RATE_MIN, 500 * KIB, 5 * MIB };
	struct limit l;
	uint64_t portion, bytes;
	int64_t now;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		limit_init(&l, rates[i], 0);
		portion = limit_portion(&l);
		assert_true(portion > 0);
		bytes = 0;
		for (now = 0; now < 10 * SECONDS;
		    now += limit_wait_ms(&l, portion, now) + 20) {
			while (limit_admits(&l, portion, now)) {
				limit_take(&l, portion, now);
				bytes += portion;
			}
		}
		assert_in_range(bytes, rates[i] * 97 / 10, rates[i] * 103 / 10);
	}
}

static void
test_low(void **state)
{
	struct limit l;

	(void)state;
	limit_init(&l, 100000, 0);
	assert_true(limit_is_low(&l, 49));
	assert_false(limit_is_low(&l, 50));
}

/* The clock stands still, goes back, leaps. */
static void
test_clock(void **state)
{
	struct limit l;

	(void)state;
	limit_init(&l, 100000, 5000);
	assert_false(limit_admits(&l, 1, 4000));
	assert_false(limit_admits(&l, 1, INT64_MIN / 2));
	assert_true(limit_admits(&l, 10000, 10000));
	limit_take(&l, 20000, 10000);
	assert_false(limit_admits(&l, 10000, 9000));
	/* The second that it went back does not count twice. */
	assert_int_equal(limit_wait_ms(&l, 0, 10000), 100);
	assert_true(limit_admits(&l, 10000, INT64_MAX / 2));
	limit_take(&l, 10000, INT64_MAX / 2);
	assert_false(limit_admits(&l, 1, INT64_MAX / 2));
}

/* The largest rate there is, and the smallest: no number runs over. */
static void
test_extremes(void **state)
{
	struct limit l;

	(void)state;
	limit_init(&l, LIMIT_RATE_MAX, 0);
	assert_true(limit_admits(&l, UINT64_MAX, INT64_MAX));
	limit_take(&l, (uint64_t)1 << 40, INT64_MAX);
	assert_int_equal(limit_wait_ms(&l, 0, INT64_MAX), 901);
	limit_init(&l, 1, 0);
	assert_int_equal(l.burst, KIB);
	assert_int_equal(limit_wait_ms(&l, MIB, 0), 1024 * SECONDS);
}

/* A reader that takes pieces of this size as soon as it may, but looks only
 * every so often: what it gets in ten seconds, wherever they begin. */
static uint64_t
most_in_ten_seconds(uint64_t rate, uint64_t piece, int64_t every_ms,
    int64_t idle_until_ms, uint64_t *ret_least)
{
	static uint64_t by_ms[40 * 1000 + 1];
	struct limit l;
	uint64_t sum = 0, most = 0, ten;
	int64_t now;

	limit_init(&l, rate, 0);
	*ret_least = UINT64_MAX;
	for (now = 0; now <= 40 * SECONDS; now++) {
		while (now >= idle_until_ms && now % every_ms == 0 &&
		    limit_admits(&l, piece, now)) {
			limit_take(&l, piece, now);
			sum += piece;
		}
		by_ms[now] = sum;
		if (now < 10 * SECONDS)
			continue;
		ten = sum - by_ms[now - 10 * SECONDS];
		if (ten > most)
			most = ten;
		if (now >= idle_until_ms + 11 * SECONDS && ten < *ret_least)
			*ret_least = ten;
	}
	return most;
}

static const struct {
	uint64_t rate, piece;
	int64_t every_ms;
} readers[] = {
	{ 10 * KIB, 1000, 1 },
	{ 10 * KIB, 1024, 50 },
	{ 500 * KIB, 1448, 1 },
	{ 500 * KIB, 16 * KIB, 7 },
	{ 500 * KIB, 50 * KIB, 20 },
	{ MIB, 16 * KIB, 1 },
	{ 2 * MIB, 128 * KIB, 20 },
	{ 333333, 7777, 13 },
	{ 1024 * MIB, 128 * KIB, 50 },
};

static void
test_ten_seconds(void **state)
{
	uint64_t most, least;
	size_t i;
	int idle;

	(void)state;
	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		for (idle = 0; idle <= 1; idle++) {
			most = most_in_ten_seconds(readers[i].rate,
			    readers[i].piece, readers[i].every_ms,
			    idle * 15 * SECONDS, &least);
			assert_true(most <= readers[i].rate * 1030 / 100);
			assert_true(least >= readers[i].rate * 970 / 100);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_fills),
		cmocka_unit_test(test_debt),
		cmocka_unit_test(test_give),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_low),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_ten_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
