#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "registry/retry.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define OK		TRANSPORT_OK
#define NEVER		RETRY_NEVER
#define AFTER		RETRY_AFTER
#define REGISTRY	RETRY_REGISTRY
#define TOP		UINT32_MAX

static const struct retry_policy policy = { 5, 1000, 60000, 300000 };

static const struct {
	enum transport how;
	long status;
	int64_t retry_after_ms;
	unsigned tries;
	bool progress;
	uint32_t random;
	enum retry_what what;
	int64_t delay_ms;
} judged[] = {
	/* below HTTP */
	{ TRANSPORT_CONNECT, 0, -1, 1, false, TOP, AFTER, 1000 },
	{ TRANSPORT_BROKEN, 0, -1, 1, false, TOP, AFTER, 1000 },
	{ TRANSPORT_BROKEN, 206, -1, 1, false, TOP, AFTER, 1000 },
	{ TRANSPORT_BROKEN, 404, -1, 1, false, TOP, AFTER, 1000 },
	{ TRANSPORT_FATAL, 0, -1, 1, false, TOP, NEVER, 0 },
	{ TRANSPORT_FATAL, 503, -1, 1, true, TOP, NEVER, 0 },
	/* what a broken answer said of waiting is not to be relied on */
	{ TRANSPORT_BROKEN, 429, 400000, 1, false, TOP, AFTER, 1000 },
	{ TRANSPORT_CONNECT, 503, 30000, 1, false, TOP, AFTER, 1000 },
	/* each status */
	{ OK, 408, -1, 1, false, TOP, AFTER, 1000 },
	{ OK, 425, -1, 1, false, TOP, AFTER, 1000 },
	{ OK, 429, -1, 1, false, TOP, REGISTRY, 1000 },
	{ OK, 500, -1, 1, false, TOP, AFTER, 1000 },
	{ OK, 502, -1, 1, false, TOP, AFTER, 1000 },
	{ OK, 503, -1, 1, false, TOP, AFTER, 1000 },
	{ OK, 504, -1, 1, false, TOP, AFTER, 1000 },
	{ OK, 0, -1, 1, false, TOP, NEVER, 0 },
	{ OK, 200, -1, 1, false, TOP, NEVER, 0 },
	{ OK, 206, -1, 1, true, TOP, NEVER, 0 },
	{ OK, 307, -1, 1, false, TOP, NEVER, 0 },
	{ OK, 400, -1, 1, false, TOP, NEVER, 0 },
	{ OK, 401, -1, 1, false, TOP, NEVER, 0 },
	{ OK, 403, 1000, 1, false, TOP, NEVER, 0 },
	{ OK, 404, -1, 1, false, TOP, NEVER, 0 },
	{ OK, 416, -1, 1, false, TOP, NEVER, 0 },
	{ OK, 501, -1, 1, false, TOP, NEVER, 0 },
	{ OK, 505, -1, 1, false, TOP, NEVER, 0 },
	{ OK, -1, -1, 1, false, TOP, NEVER, 0 },
	/* Retry-After */
	{ OK, 429, 30000, 1, false, TOP, REGISTRY, 30000 },
	{ OK, 503, 30000, 1, false, 0, REGISTRY, 30000 },
	{ OK, 503, 0, 1, false, TOP, REGISTRY, 1000 },
	{ OK, 429, 0, 1, false, 0, REGISTRY, 500 },
	{ OK, 429, 1500, 4, false, TOP, REGISTRY, 8000 },
	{ OK, 500, 30000, 1, false, TOP, AFTER, 30000 },
	{ OK, 429, 300000, 1, false, TOP, REGISTRY, 300000 },
	{ OK, 429, 300001, 1, false, TOP, NEVER, 0 },
	{ OK, 503, 300001, 1, true, TOP, NEVER, 0 },
	{ OK, 429, INT64_MAX, 1, false, TOP, NEVER, 0 },
	/* doubling, and the upper half */
	{ OK, 500, -1, 2, false, TOP, AFTER, 2000 },
	{ OK, 500, -1, 3, false, TOP, AFTER, 4000 },
	{ OK, 500, -1, 4, false, TOP, AFTER, 8000 },
	{ OK, 500, -1, 4, false, 0, AFTER, 4000 },
	{ OK, 500, -1, 4, false, TOP / 2, AFTER, 5999 },
	/* tries */
	{ OK, 500, -1, 5, false, TOP, NEVER, 0 },
	{ OK, 500, -1, 6, false, TOP, NEVER, 0 },
	{ OK, 500, -1, UINT32_MAX, false, TOP, NEVER, 0 },
	{ OK, 429, 1000, 5, false, TOP, NEVER, 0 },
	{ TRANSPORT_CONNECT, 0, -1, 5, false, TOP, NEVER, 0 },
	/* progress */
	{ TRANSPORT_BROKEN, 206, -1, 5, true, TOP, AFTER, 1000 },
	{ TRANSPORT_BROKEN, 200, -1, 900, true, 0, AFTER, 500 },
	{ OK, 503, 2000, 900, true, TOP, REGISTRY, 2000 },
};

static void
test_judge(void **state)
{
	struct verdict v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(judged); i++) {
		v = retry_judge(&policy, judged[i].how, judged[i].status,
		    judged[i].retry_after_ms, judged[i].tries,
		    judged[i].progress, judged[i].random);
		if (v.what != judged[i].what ||
		    v.delay_ms != judged[i].delay_ms)
			fail_msg("case %zu: %d after %lld", i, v.what,
			    (long long)v.delay_ms);
	}
}

/* A policy of one try means it, whatever else there is to say. */
static void
test_once(void **state)
{
	const struct retry_policy once = { 1, 1000, 60000, 300000 };

	(void)state;
	assert_int_equal(retry_judge(&once, OK, 503, 10, 1, true, 1).what,
	    RETRY_NEVER);
	assert_int_equal(retry_judge(&once, TRANSPORT_BROKEN, 0, -1, 1, true,
	    1).what, RETRY_NEVER);
}

static int64_t
delay(int64_t base, int64_t cap, unsigned tries, uint32_t random)
{
	const struct retry_policy p = { UINT32_MAX, base, cap, 0 };

	return retry_judge(&p, OK, 500, -1, tries, false, random).delay_ms;
}

/* Odd policies: no overflow, no loop, never over the cap. */
static void
test_delay(void **state)
{
	unsigned tries;

	(void)state;
	for (tries = 1; tries < 200; tries++) {
		assert_in_range(delay(1000, 60000, tries, 0), 500, 30000);
		assert_in_range(delay(1000, 60000, tries, TOP), 1000, 60000);
	}
	assert_true(delay(1000, 60000, 4000000000u, TOP) == 60000);
	assert_true(delay(0, 60000, 4000000000u, TOP) == 0);
	assert_true(delay(1000, 0, 3, TOP) == 0);
	assert_true(delay(5000, 700, 1, TOP) == 700);
	assert_true(delay(1, 1, 9, 0) == 0);
	assert_true(delay(3, 3, 9, TOP) == 3);
	assert_true(delay(INT64_MAX, INT64_MAX, 9, TOP) == INT64_MAX);
	assert_true(delay(1, INT64_MAX, 4000000000u, TOP) == INT64_MAX);
	assert_true(delay(INT64_MAX, INT64_MAX, 9, 0) == INT64_MAX / 2);
}

/* 1994-11-06 08:49:37 GMT is RFC 9110's example. */
#define EXAMPLE		INT64_C(784111777)
#define NOW		INT64_C(1790000000)	/* 2026-09-21 14:13:20 */
#define LONGEST		((int64_t)RETRY_AFTER_MAX_S * 1000)

static const struct {
	const char *value;
	int64_t now_s, want;
} after[] = {
	/* delta-seconds */
	{ "0", NOW, 0 },
	{ "1", NOW, 1000 },
	{ "120", NOW, 120000 },
	{ "00120", NOW, 120000 },
	{ " 120\t", NOW, 120000 },
	{ "604800", NOW, LONGEST },
	{ "604801", NOW, LONGEST },
	{ "604799", NOW, LONGEST - 1000 },
	{ "999999999", NOW, LONGEST },
	/* seconds since 1970 */
	{ "1000000000", NOW, 0 },
	{ "1789999999", NOW, 0 },
	{ "1790000000", NOW, 0 },
	{ "1790000060", NOW, 60000 },
	{ "1790604800", NOW, LONGEST },
	{ "1790604801", NOW, LONGEST },
	{ "1790000060000", NOW, LONGEST },	/* milliseconds: who knows */
	{ "9223372036854775807", NOW, LONGEST },
	{ "9223372036854775808", NOW, LONGEST },
	{ "18446744073709551617", NOW, LONGEST },
	{ "99999999999999999999999999999999999999999", NOW, LONGEST },
	/* the three forms of a date, one time */
	{ "Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE - 10, 10000 },
	{ "Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE - 10, 10000 },
	{ "Sun Nov  6 08:49:37 1994", EXAMPLE - 10, 10000 },
	{ "Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE, 0 },
	{ "Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE + 1, 0 },
	{ "Sun, 06 Nov 1994 08:49:37 GMT", 0, LONGEST },
	{ "  Sun, 06 Nov 1994 08:49:37 GMT ", EXAMPLE - 1, 1000 },
	{ "Mon Sep 21 14:13:21 2026", NOW, 1000 },
	{ "Mon, 21 Sep 2026 14:14:20 GMT", NOW, 60000 },
	{ "Monday, 21-Sep-26 14:14:20 GMT", NOW, 60000 },
	{ "Mon, 28 Sep 2026 14:13:20 GMT", NOW, LONGEST },
	{ "Mon, 28 Sep 2026 14:13:21 GMT", NOW, LONGEST },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", NOW, LONGEST },
	{ "Thu, 01 Jan 1970 00:00:00 GMT", NOW, 0 },
	{ "Thu, 01 Jan 1970 00:00:05 GMT", 0, 5000 },
	{ "Sat, 01 Jan 0000 00:00:00 GMT", NOW, 0 },
	/* a weekday that is not that day's */
	{ "Tue, 21 Sep 2026 14:14:20 GMT", NOW, 60000 },
	/* leap days, leap seconds, the ends of months */
	{ "Tue, 29 Feb 2028 00:00:00 GMT", 1835395190, 10000 },
	{ "Tue, 29 Feb 2000 00:00:10 GMT", 951782400, 10000 },
	{ "Wed, 01 Mar 2000 00:00:00 GMT", 951868790, 10000 },
	{ "Sat, 31 Dec 2016 23:59:60 GMT", 1483228795, 5000 },
	{ "Sun, 01 Jan 2017 00:00:00 GMT", 1483228795, 5000 },
	{ "Thu, 01 Mar 1900 00:00:00 GMT", 0, 0 },
	/* two digits: no more than 50 years ahead */
	{ "Monday, 21-Sep-76 14:13:20 GMT", NOW, LONGEST },
	{ "Monday, 21-Sep-77 14:13:20 GMT", NOW, 0 },
	{ "Monday, 21-Sep-00 14:13:20 GMT", NOW, 0 },
	{ "Monday, 01-Jan-00 00:00:05 GMT", 4102444800, 5000 },
	{ "Monday, 01-Jan-00 00:00:05 GMT", 4102444795, 10000 },
};

static const char *const none[] = {
	"", " ", "\t", "-1", "+1", "-", "1.5", "1e3", "0x10", "12 13", "120s",
	"120, 120", "120;", "1,000", "\xff", "never", "soon", "GMT", "Sun",
	"Sun,", "1\xc2\xa0", "\xd9\xa1",
	"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
	"Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 06 Nov 1994 08:49:37 GMT+1",
	"Sun, 06 Nov 1994 08:49:37 gmt", "sun, 06 nov 1994 08:49:37 GMT",
	"SUN, 06 NOV 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
	"Sun, 6 Nov 1994 08:49:37 GMT", "Sun 06 Nov 1994 08:49:37 GMT",
	"Sun,06 Nov 1994 08:49:37 GMT", "Sun,  06 Nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 19944 08:49:37 GMT",
	"Sun, 06 Nov -994 08:49:37 GMT", "Sun, 06 November 1994 08:49:37 GMT",
	"Sun, 06 Xxx 1994 08:49:37 GMT", "Xxx, 06 Nov 1994 08:49:37 GMT",
	"Sunday, 06 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
	"Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06-Nov-9x 08:49:37 GMT",
	"Sun Nov 6 08:49:37 1994", "Sun Nov   6 08:49:37 1994",
	"Sun Nov  6 08:49:37 1994 GMT", "Sun Nov  6 08:49:37 94",
	"Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
	"Sun, 32 Dec 1994 08:49:37 GMT", "Sun, 29 Feb 2027 08:49:37 GMT",
	"Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 30 Feb 2028 08:49:37 GMT",
	"Sunday, 29-Feb-27 08:49:37 GMT", "Sun Feb 29 08:49:37 2027",
	"Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
	"Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
	"Sun, 06 Nov 1994 -8:49:37 GMT", "Sun, 06 Nov 1994 08.49.37 GMT",
	"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
	"1994-11-06T08:49:37Z", "06 Nov 1994 08:49:37 GMT",
};

static void
test_retry_after(void **state)
{
	size_t i;
	int64_t got;

	(void)state;
	for (i = 0; i < COUNT(after); i++) {
		got = retry_after_parse(after[i].value, after[i].now_s);
		if (got != after[i].want)
			fail_msg("\"%s\": %lld", after[i].value,
			    (long long)got);
	}
	for (i = 0; i < COUNT(none); i++)
		if (retry_after_parse(none[i], NOW) != -1)
			fail_msg("\"%s\" was taken", none[i]);
}

/* Every prefix of a date is none: nothing is read behind the end. */
static void
test_cut(void **state)
{
	static const char *const dates[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
	};
	char buf[40];
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(dates); i++)
		for (len = 0; len < strlen(dates[i]); len++) {
			memcpy(buf, dates[i], len);
			buf[len] = '\0';
			assert_true(retry_after_parse(buf, 0) == -1);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
