#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mirror/window.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define AT(h, m)	((h) * 60 + (m))

static const struct {
	const char *text;
	int from, to;
} good[] = {
	{ "22:00-06:00", AT(22, 0), AT(6, 0) },
	{ "00:00-24:00", 0, AT(24, 0) },
	{ "00:00-00:01", 0, 1 },
	{ "23:59-00:00", AT(23, 59), 0 },
	{ "12:30-24:00", AT(12, 30), AT(24, 0) },
};

static const char *const bad[] = {
	"", "-", "22-6", "22:00", "22:00-", "-06:00", "22:00-6:00",
	"22:00-06:00 ", " 22:00-06:00", "22:00 06:00", "24:00-06:00",
	"22:60-06:00", "25:00-06:00", "22:00-24:01", "22.00-06.00", "now-06:00",
	"22:00-22:00", "00:00-00:00", "22:00-0a:00", "+2:00-06:00",
	"22:00-06:00,07:00-08:00",
};

static const struct {
	const char *text;
	int minute;
	bool has;
} hours[] = {
	{ "22:00-06:00", AT(21, 59), false },
	{ "22:00-06:00", AT(22, 0), true },
	{ "22:00-06:00", AT(23, 59), true },
	{ "22:00-06:00", AT(0, 0), true },
	{ "22:00-06:00", AT(5, 59), true },
	{ "22:00-06:00", AT(6, 0), false },
	{ "22:00-06:00", AT(12, 0), false },
	{ "06:00-22:00", AT(5, 59), false },
	{ "06:00-22:00", AT(6, 0), true },
	{ "06:00-22:00", AT(21, 59), true },
	{ "06:00-22:00", AT(22, 0), false },
	{ "06:00-22:00", AT(0, 0), false },
	{ "18:00-24:00", AT(23, 59), true },
	{ "18:00-24:00", AT(0, 0), false },
	{ "18:00-00:00", AT(23, 59), true },
	{ "18:00-00:00", AT(0, 0), false },
	{ "00:00-24:00", AT(0, 0), true },
	{ "00:00-24:00", AT(23, 59), true },
};

static void
test_parse(void **state)
{
	char text[WINDOW_TEXT_MAX];
	struct window w = { 47, 11 };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (window_parse(bad[i], &w, &e) == 0)
			fail_msg("\"%s\" is no window", bad[i]);
		assert_int_equal(e.code, ERR_INPUT);
		assert_true(w.from == 47 && w.to == 11);
	}
	for (i = 0; i < COUNT(good); i++) {
		assert_int_equal(window_parse(good[i].text, &w, &e), 0);
		assert_int_equal(w.from, good[i].from);
		assert_int_equal(w.to, good[i].to);
		assert_string_equal(window_text(&w, text), good[i].text);
	}
}

static void
test_has(void **state)
{
	struct window w;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(hours); i++) {
		assert_int_equal(window_parse(hours[i].text, &w, &e), 0);
		if (window_has(&w, hours[i].minute) != hours[i].has)
			fail_msg("%s: minute %d", hours[i].text,
			    hours[i].minute);
	}
}

/* Central Europe, 2026: 29 March has no 02:30, 25 October has it twice. */
#define MARCH_0100	((time_t)1774742400)	/* 00:00 UTC */
#define OCTOBER_0200	((time_t)1792886400)	/* 00:00 UTC, summer time */
#define MINUTES(n)	((time_t)(n) * 60)

static void
test_summer_time(void **state)
{
	struct window w;
	struct err e;
	time_t t;

	(void)state;
	assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
	assert_int_equal(window_parse("02:30-04:00", &w, &e), 0);
	t = MARCH_0100;
	assert_false(window_is_open(&w, t + MINUTES(59)));
	assert_true(window_is_open(&w, t + MINUTES(60)));	/* 03:00 */
	assert_true(window_is_open(&w, t + MINUTES(119)));
	assert_false(window_is_open(&w, t + MINUTES(120)));	/* 04:00 */
	assert_int_equal(window_parse("02:00-03:00", &w, &e), 0);
	for (t = MARCH_0100; t < MARCH_0100 + MINUTES(600); t += 60)
		assert_false(window_is_open(&w, t));
	assert_int_equal(window_parse("02:30-02:45", &w, &e), 0);
	t = OCTOBER_0200;
	assert_false(window_is_open(&w, t + MINUTES(29)));
	assert_true(window_is_open(&w, t + MINUTES(30)));
	assert_false(window_is_open(&w, t + MINUTES(45)));
	assert_true(window_is_open(&w, t + MINUTES(90)));
	assert_false(window_is_open(&w, t + MINUTES(105)));
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	assert_false(window_is_open(&w, t + MINUTES(30)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_summer_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
