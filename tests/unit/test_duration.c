#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "image/duration.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		unsigned max, seconds;
	} times[] = {
		{ "0", 7200, 0 }, { "7", 7200, 7 }, { "30s", 7200, 30 },
		{ "10m", 7200, 600 }, { "2h", 7200, 7200 },
		{ "7200", 7200, 7200 }, { "120m", 7200, 7200 },
		{ "0d", 7200, 0 }, { "30d", UINT32_MAX, 2592000 },
		{ "4w", UINT32_MAX, 2419200 },
		{ "4294967295", UINT32_MAX, UINT32_MAX },
		{ "49710d", UINT32_MAX, 4294944000 },
	};
	static const char *const none[] = {
		"", "s", "-1", "1.5m", "1d", "1w", "1 m", "1ms", "1mm", "7201",
		"121m", "3h", "99999999999999999999h", "18446744073709551616",
		"213503982334602d", "1D", "1y", "30 d", "d30", "forever",
	};
	struct err e;
	unsigned n;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(times); i++) {
		assert_int_equal(duration_parse(times[i].text, times[i].max,
		    &n, &e), 0);
		assert_int_equal(n, times[i].seconds);
	}
	for (i = 0; i < COUNT(none); i++) {
		n = 4711;
		if (duration_parse(none[i], 7200, &n, &e) == 0)
			fail_msg("\"%s\" is no time", none[i]);
		assert_int_equal(n, 4711);
		assert_int_equal(e.code, ERR_INPUT);
	}
	assert_string_equal(e.msg, "it takes a time, such as 30, 10m, 2h or "
	    "30d, of at most 2h, not \"forever\"");
}

static void
test_text(void **state)
{
	char buf[DURATION_TEXT_MAX];

	(void)state;
	assert_string_equal(duration_text(0, buf), "0s");
	assert_string_equal(duration_text(90, buf), "90s");
	assert_string_equal(duration_text(5400, buf), "90m");
	assert_string_equal(duration_text(36 * 3600, buf), "36h");
	assert_string_equal(duration_text(604800, buf), "7d");
	assert_string_equal(duration_text(UINT32_MAX, buf), "4294967295s");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
