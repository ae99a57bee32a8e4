#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "layout/extents.h"

#define BYTES	64

/* What they say, as text: "0-5 7-9 ". */
static void
expect(const struct extents *x, const char *want)
{
	char have[256] = "";
	size_t i, len = 0;

	for (i = 0; i < x->count; i++)
		len += (size_t)snprintf(have + len, sizeof(have) - len,
		    "%u-%u ", (unsigned)x->items[i].start,
		    (unsigned)x->items[i].end);
	assert_string_equal(have, want);
}

static void
test_add(void **state)
{
	struct extents x = { 0 };

	(void)state;
	expect(&x, "");
	extents_add(&x, 5, 5);
	extents_add(&x, 6, 5);
	expect(&x, "");
	extents_add(&x, 10, 20);
	extents_add(&x, 30, 40);
	extents_add(&x, 50, 60);
	expect(&x, "10-20 30-40 50-60 ");
	/* Within, neighbours on both sides, and over the ends. */
	extents_add(&x, 12, 18);
	expect(&x, "10-20 30-40 50-60 ");
	extents_add(&x, 20, 22);
	extents_add(&x, 28, 30);
	expect(&x, "10-22 28-40 50-60 ");
	extents_add(&x, 21, 29);
	expect(&x, "10-40 50-60 ");
	extents_add(&x, 0, 3);
	extents_add(&x, 70, 80);
	expect(&x, "0-3 10-40 50-60 70-80 ");
	extents_add(&x, 2, 75);
	expect(&x, "0-80 ");
	extents_clear(&x);
	expect(&x, "");
	extents_done(&x);
	assert_null(x.items);
}

static void
test_largest(void **state)
{
	struct extents x = { 0 };

	(void)state;
	extents_add(&x, UINT64_MAX - 1, UINT64_MAX);
	extents_add(&x, 0, UINT64_MAX - 1);
	assert_int_equal(x.count, 1);
	assert_true(extents_total(&x) == UINT64_MAX);
	assert_true(extents_prefix(&x) == UINT64_MAX);
	extents_done(&x);
}

/* --- against one flag for each byte --- */

static void
compare(const struct extents *x, const char *flags)
{
	uint64_t total = 0, prefix = 0, from;
	struct extent gap;
	size_t i;

	for (i = 0; i < BYTES; i++)
		total += flags[i] != 0;
	while (prefix < BYTES && flags[prefix])
		prefix++;
	assert_true(extents_total(x) == total);
	assert_true(extents_prefix(x) == prefix);
	for (i = 0; i < x->count; i++) {
		assert_true(x->items[i].start < x->items[i].end);
		assert_true(i == 0 || x->items[i - 1].end < x->items[i].start);
	}
	for (from = 0; from <= BYTES; from++) {
		for (i = from; i < BYTES && flags[i]; i++)
			continue;
		assert_int_equal(extents_gap(x, from, BYTES, &gap), i < BYTES);
		if (i == BYTES)
			continue;
		assert_true(gap.start == i);
		for (; i < BYTES && !flags[i]; i++)
			continue;
		assert_true(gap.end == i);
	}
}

static void
test_model(void **state)
{
	struct extents x = { 0 };
	char flags[BYTES];
	unsigned round, step;
	uint64_t a, b;

	(void)state;
	srand(85);
	for (round = 0; round < 200; round++) {
		memset(flags, 0, sizeof(flags));
		extents_clear(&x);
		for (step = 0; step < 30; step++) {
			a = (uint64_t)rand() % BYTES;
			b = a + (uint64_t)rand() % 9;
			if (b > BYTES)
				b = BYTES;
			extents_add(&x, a, b);
			for (; a < b; a++)
				flags[a] = 1;
			compare(&x, flags);
		}
	}
	extents_done(&x);
}

/* A gap ends with the blob, whatever is behind. */
static void
test_gap_of_size(void **state)
{
	struct extents x = { 0 };
	struct extent gap = { 7, 7 };

	(void)state;
	assert_false(extents_gap(&x, 0, 0, &gap));
	assert_true(gap.start == 7);
	extents_add(&x, 10, 20);
	assert_true(extents_gap(&x, 0, 5, &gap));
	assert_true(gap.start == 0 && gap.end == 5);
	assert_false(extents_gap(&x, 12, 20, &gap));
	assert_false(extents_gap(&x, 30, 20, &gap));
	extents_done(&x);
}

/* --- the text --- */

static void
test_print(void **state)
{
	struct extents x = { 0 }, again = { 0 };
	char *text;
	size_t len;

	(void)state;
	text = extents_print(&x, &len);
	assert_string_equal(text, "");
	assert_int_equal(len, 0);
	free(text);
	extents_add(&x, 0, 4096);
	extents_add(&x, 1000000, 9999999999999999u);
	text = extents_print(&x, &len);
	assert_string_equal(text, "0 4096\n1000000 9999999999999999\n");
	assert_int_equal(len, strlen(text));
	assert_int_equal(extents_parse(text, 9999999999999999u, &again), 1);
	assert_int_equal(again.count, 2);
	assert_true(extents_total(&again) == extents_total(&x));
	free(text);
	extents_done(&x);
	extents_done(&again);
	/* The longest that there can be has room. */
	extents_add(&x, UINT64_MAX - 1, UINT64_MAX);
	text = extents_print(&x, &len);
	assert_string_equal(text, "18446744073709551614 "
	    "18446744073709551615\n");
	free(text);
	extents_done(&x);
}

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *want;
	} cases[] = {
		{ "", 1, "" },
		{ "0 5\n", 1, "0-5 " },
		{ "7 9\n0 5\n", 1, "0-5 7-9 " },
		{ "0 5\n3 9\n", 1, "0-9 " },
		{ "000 005\n", 1, "0-5 " },
		{ "90 100\n", 1, "90-100 " },
		{ "90 101\n", 0, NULL },
		{ "5 5\n", 0, NULL },
		{ "5 4\n", 0, NULL },
		{ "0 5", 0, NULL },
		{ "0 5\n\n", 0, NULL },
		{ "0 5\r\n", 0, NULL },
		{ "0  5\n", 0, NULL },
		{ " 0 5\n", 0, NULL },
		{ "-1 5\n", 0, NULL },
		{ "+0 5\n", 0, NULL },
		{ "0 5 6\n", 0, NULL },
		{ "0x0 5\n", 0, NULL },
		{ "0 18446744073709551621\n", 0, NULL },
		{ "18446744073709551616 5\n", 0, NULL },
		{ "nonsense", 0, NULL },
	};
	struct extents x = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		extents_clear(&x);
		assert_int_equal(extents_parse(cases[i].text, 100, &x),
		    cases[i].rc);
		if (cases[i].rc == 1)
			expect(&x, cases[i].want);
	}
	extents_done(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_gap_of_size),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
