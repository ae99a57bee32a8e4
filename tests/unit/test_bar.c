/* The line at the bottom of a terminal, and when there are colours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/list.h"
#include "layout/mem.h"
#include "mirror/active.h"
#include "report/bar.h"
#include "report/colour.h"

#define MIB	((uint64_t)1 << 20)

static const struct report_totals busy = {
	.images = 40, .unchanged = 10, .updated = 2, .active = 4,
	.running = 6, .bytes = 310 * MIB, .wanted = 12,
	.wanted_bytes = 656 * MIB, .names = "nginx:1.27, redis:7 and 2 more",
};

static const struct report_totals waiting = {
	.images = 40, .unchanged = 10, .active = 4, .wanted = 3,
	.wanted_bytes = 5 * MIB, .names = "nginx:1.27",
	.waits = "waits for docker.io: 12 s",
};

static char *
run_text(const struct report_totals *t, uint64_t rate, unsigned width,
    char buf[BAR_MAX])
{
	struct report_work w;

	bar_of_run(t, &w);
	return bar_text(&w, rate, width, buf);
}

static void
test_widths(void **state)
{
	static const struct {
		unsigned width;
		const char *busy, *waiting;
	} table[] = {
		{ 120,
		  "[#########---------------------]   33%  12/40 images  "
		  "310 MiB  8.20 MiB/s  1:20 left  nginx:1.27, redis:7 and 2 "
		  "more",
		  "[#######-----------------------]   25%  10/40 images  "
		  "5.00 MiB left  waits for docker.io: 12 s" },
		{ 80,
		  "[###-------]   33%  12/40 images  8.20 MiB/s  1:20 left  "
		  "nginx:1.27, redis:7 ..",
		  "[###------------]   25%  10/40 images  5.00 MiB left  "
		  "waits for docker.io: 12 s" },
		{ 40, " 33%  12/40  8.20 MiB/s  1:20 left",
		  " 25%  10/40  waits for docker.io: 12 s" },
		{ 20, " 33%  12/40", " 25%  10/40" },
		{ 8, "12/40", "10/40" },
		{ 5, " 33%", " 25%" },
		{ 1, "", "" },
		{ 0, "", "" },
	};
	char buf[BAR_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_string_equal(run_text(&busy, 8598323, table[i].width,
		    buf), table[i].busy);
		assert_string_equal(run_text(&waiting, 0, table[i].width,
		    buf), table[i].waiting);
	}
}

static void
check_width(const struct report_work *w, uint64_t rate, unsigned width)
{
	char buf[BAR_MAX];
	size_t len = strlen(bar_text(w, rate, width, buf)), i;

	assert_true(len < (width == 0 ? 1 : width));
	for (i = 0; i < len; i++)
		assert_true(buf[i] >= ' ' && buf[i] <= '~');
}

/* Whatever the numbers are, it never fills the last column. */
static void
test_bounds(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 999, 1000, 1024, MIB,
	    (uint64_t)1 << 40, UINT64_MAX / 2, UINT64_MAX };
	size_t i, count = sizeof(numbers) / sizeof(numbers[0]);
	struct report_totals t;
	struct report_work w;
	char names[200];
	unsigned width;

	(void)state;
	memset(names, 'n', sizeof(names) - 1);
	names[sizeof(names) - 1] = '\0';
	for (i = 0; i < count * count * 4; i++) {
		t = (struct report_totals){
			.images = (size_t)numbers[i % count],
			.failed = (size_t)numbers[i / count % count],
			.active = 3, .bytes = numbers[i / count % count],
			.wanted = 1,
			.wanted_bytes = numbers[(i + 3) % count],
			.names = i % 2 == 0 ? names : NULL,
			.waits = i % 4 < 2 ? NULL : names,
		};
		bar_of_run(&t, &w);
		w.permille = i % 3 == 0 ? REPORT_VAGUE : w.permille;
		w.most_s = numbers[(i + 1) % count];
		for (width = 0; width < 300; width += 7)
			check_width(&w, numbers[(i + 5) % count], width);
	}
}

static void
test_times(void **state)
{
	static const struct {
		uint64_t left, rate;
		const char *text;
	} table[] = {
		{ 5, 1, "  0:05 left" },
		{ 65, 1, "  1:05 left" },
		{ 3599, 1, "  59:59 left" },
		{ 3600, 1, "  1:00:00 left" },
		{ 359999, 1, "  99:59:59 left" },
		{ 360000, 1, "  4 d 04 h left" },
		{ 2048, 0, "  2.00 KiB left" },
	};
	struct report_totals t = { .images = 2 };
	char buf[BAR_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		t.wanted_bytes = table[i].left;
		if (strstr(run_text(&t, table[i].rate, 80, buf),
		    table[i].text) == NULL)
			fail_msg("\"%s\" is not in \"%s\"",
			    table[i].text, buf);
	}
	assert_null(strstr(run_text(&t, 999, 80, buf), "(limit)"));
	t.limit_rate = 1000;
	assert_non_null(strstr(run_text(&t, 999, 80, buf), "999 B/s (limit)"));
	assert_null(strstr(run_text(&t, 700, 80, buf), "(limit)"));
}

/* What is no run: nothing is claimed that is not known. */
static void
test_works(void **state)
{
	static const struct {
		struct report_work work;
		uint64_t rate;
		unsigned width;
		const char *text;
	} table[] = {
		{ { .what = "blob", .done = 3, .all = 12, .permille = 250,
		    .bytes = 5 * MIB, .left_bytes = 15 * MIB,
		    .names = "sha256:0123456789ab" }, MIB, 100,
		  "[######-------------------]   25%  3/12 blobs  5.00 MiB"
		  "  1.00 MiB/s  0:15 left  sha256:0123456789ab" },
		/* It ends before it is done, */
		{ { .what = "blob", .done = 3, .all = 12, .permille = 250,
		    .bytes = MIB, .left_bytes = 900 * MIB, .most_s = 65 },
		  MIB, 60, "[####------------]   25%  3/12 blobs  1.00 MiB/s  "
		  "1:05 left" },
		/* whatever is left, */
		{ { .what = "blob", .all = 1, .permille = 0, .most_s = 65 },
		  0, 80, "[------------------------------]    0%  0/1 blob  "
		  "1:05 left" },
		{ { .what = "link", .done = 1, .permille = REPORT_VAGUE,
		    .names = "nginx" }, 0, 80, "1 link  nginx" },
		{ { .what = "link", .done = 7000, .permille = REPORT_VAGUE,
		    .names = "nginx" }, 0, 40, "7000  nginx" },
		{ { .what = "file", .permille = REPORT_VAGUE }, 0, 80,
		  "0 files" },
	};
	char buf[BAR_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(bar_text(&table[i].work, table[i].rate,
		    table[i].width, buf), table[i].text);
	assert_int_equal(report_permille(0, 0), REPORT_VAGUE);
	assert_int_equal(report_permille(1, 0), REPORT_VAGUE);
	assert_int_equal(report_permille(0, 7), 0);
	assert_int_equal(report_permille(1, 3), 333);
	assert_int_equal(report_permille(3, 3), 1000);
	assert_int_equal(report_permille(4, 3), 1000);
	assert_int_equal(report_permille(UINT64_MAX - 1, UINT64_MAX), 1000);
	assert_int_equal(report_permille(1, UINT64_MAX), 0);
}

static void
test_permille(void **state)
{
	struct report_totals t = { .images = 0 };

	(void)state;
	assert_int_equal(bar_permille(&t), 0);
	t.images = 4;
	assert_int_equal(bar_permille(&t), 0);
	t.unchanged = 1;
	t.failed = 1;
	assert_int_equal(bar_permille(&t), 500);
	t.active = 2;
	t.wanted = 1;
	t.bytes = 100;
	t.wanted_bytes = 100;
	assert_int_equal(bar_permille(&t), 750);
	/* The size of what is wanted is not known: as it was before. */
	t.wanted_bytes = 0;
	assert_int_equal(bar_permille(&t), 500);
	t.part_permille = 500;
	assert_int_equal(bar_permille(&t), 750);
	/* Nothing is wanted: being published, or only asking. */
	t.wanted = 0;
	assert_int_equal(bar_permille(&t), 750);
	t.running = 2;
	assert_int_equal(bar_permille(&t), 500);
	t.active = 0;
	t.updated = 2;
	assert_int_equal(bar_permille(&t), 1000);
}

static void
test_colours(void **state)
{
	static const struct {
		struct colour_env env;
		bool on_terminal, elsewhere;
	} table[] = {
		{ { NULL, NULL, NULL, "xterm" }, true, false },
		{ { NULL, NULL, NULL, NULL }, false, false },
		{ { NULL, NULL, NULL, "" }, false, false },
		{ { NULL, NULL, NULL, "dumb" }, false, false },
		{ { "1", NULL, NULL, "xterm" }, false, false },
		{ { "0", NULL, NULL, "xterm" }, false, false },
		{ { "", NULL, NULL, "xterm" }, true, false },
		{ { NULL, "1", NULL, "xterm" }, true, true },
		{ { NULL, "1", NULL, "dumb" }, true, true },
		{ { NULL, "1", "0", NULL }, true, true },
		{ { NULL, "0", NULL, "xterm" }, true, false },
		{ { NULL, "", NULL, "xterm" }, true, false },
		{ { "1", "1", NULL, "xterm" }, false, false },
		{ { NULL, NULL, "0", "xterm" }, false, false },
		{ { NULL, NULL, "1", "xterm" }, true, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(colour_judge(&table[i].env, true),
		    table[i].on_terminal);
		assert_int_equal(colour_judge(&table[i].env, false),
		    table[i].elsewhere);
	}
}

static void
test_names(void **state)
{
	struct image_list *list = list_new(NULL, NULL);
	struct active a = { NULL, 0, 0 };
	struct names names;
	const struct list_entry *e[5];
	size_t i;

	(void)state;
	list_add(list, "nginx:1.27");
	list_add(list, "ghcr.io/org/app:2");
	list_add(list, "me/tool:3");
	list_add(list, "reg.example:5000/x:4");
	list_add(list, "busybox@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_int_equal(list_end(list), 0);
	assert_null(active_names(&a, &names));
	for (i = 0; i < 5; i++) {
		e[i] = list_at(list, i);
		active_add(&a, e[i]);
	}
	assert_string_equal(active_names(&a, &names), "nginx:1.27, "
	    "ghcr.io/org/app:2, me/tool:3 and 2 more");
	active_remove(&a, e[1]);
	active_remove(&a, e[1]);
	active_remove(&a, e[0]);
	assert_string_equal(active_names(&a, &names), "me/tool:3, "
	    "reg.example:5000/x:4, busybox");
	for (i = 2; i < 5; i++)
		active_remove(&a, e[i]);
	assert_null(active_names(&a, &names));
	active_done(&a);
	list_free(list);
}

/* However long they are. */
static void
test_long_names(void **state)
{
	struct names names = { .count = 0 };
	char name[2000];
	size_t i;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_null(names_end(&names, 0));
	for (i = 0; i < 9; i++)
		names_add(&names, name);
	assert_non_null(strstr(names_end(&names, SIZE_MAX), "x and "));
	assert_true(strlen(names.text) < NAMES_TEXT_MAX);
}

/* Also where there turns out to be more than was known. */
static void
test_more(void **state)
{
	struct report_work w = { .what = "object", .left_bytes = 100 };

	(void)state;
	report_more(&w, 30);
	assert_true(w.bytes == 30 && w.left_bytes == 70 && w.permille == 300);
	report_more(&w, 90);
	assert_true(w.bytes == 120 && w.left_bytes == 0 && w.permille == 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_works),
		cmocka_unit_test(test_permille),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
