#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image/newest.h"
#include "layout/mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define TAGS_MAX_HERE	12

static size_t
fill(const struct newest_tag from[TAGS_MAX_HERE],
    struct newest_tag to[TAGS_MAX_HERE])
{
	size_t count = 0;

	while (count < TAGS_MAX_HERE && from[count].name != NULL) {
		to[count] = from[count];
		count++;
	}
	return count;
}

static void
test_choose(void **state)
{
	static const struct {
		struct newest_tag tags[TAGS_MAX_HERE];
		size_t n;
		const char *want;	/* with a blank behind each */
		const char *undated;	/* a "1" for each that is asked for */
	} cases[] = {
		{ { { NULL, 0 } }, 5, "", "" },
		{ { { "1", -1 } }, 5, "1 ", "0" },
		{ { { "1.9", -1 }, { "1.10", -1 }, { "1.2", -1 } }, 2,
		  "1.10 1.9 ", "000" },
		{ { { "1.10-alpine", -1 }, { "1.10", -1 }, { "1.9", -1 } }, 2,
		  "1.10 1.10-alpine ", "000" },
		/* Versions come first, whatever the times. */
		{ { { "edge", 99 }, { "1.0", 1 }, { "nightly", 98 } }, 2,
		  "1.0 edge ", "000" },
		/* Times are needed only where they decide. */
		{ { { "edge", -1 }, { "1.0", -1 }, { "2.0", -1 } }, 2,
		  "2.0 1.0 ", "000" },
		{ { { "edge", -1 }, { "1.0", -1 }, { "nightly", -1 } }, 3,
		  "1.0 edge nightly ", "000" },
		{ { { "edge", -1 }, { "1.0", -1 }, { "nightly", -1 } }, 2,
		  "1.0 edge ", "101" },
		{ { { "b", -1 }, { "a", 5 }, { "c", 6 } }, 1, "c ", "100" },
		{ { { "b", 0 }, { "a", 5 }, { "c", 6 } }, 2, "c a ", "000" },
		/* Unknown times are last; all ties are by name. */
		{ { { "b", -1 }, { "c", 0 }, { "a", -1 }, { "d", 0 } }, 4,
		  "c d a b ", "0000" },
		{ { { "v1.0.0", -1 }, { "1.0", -1 }, { "1", -1 },
		  { "1.0.0_5", -1 } }, 3, "1 1.0 1.0.0_5 ", "0000" },
		/* Dates and hashes are no versions. */
		{ { { "20240115", 20 }, { "3.20", -1 }, { "20240301", 30 },
		  { "1a2b3c4", 40 } }, 3, "3.20 1a2b3c4 20240301 ", "0000" },
		{ { { "x", -1 } }, 0, "", "0" },
	};
	struct newest_tag tags[TAGS_MAX_HERE];
	bool undated[TAGS_MAX_HERE];
	char got[256];
	size_t i, j, count, asked, chosen, used;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		count = fill(cases[i].tags, tags);
		asked = newest_undated(tags, count, cases[i].n, undated);
		for (j = 0; j < count; j++) {
			if (undated[j] != (cases[i].undated[j] == '1'))
				fail_msg("case %zu: %s", i, tags[j].name);
			asked -= undated[j];
		}
		assert_int_equal(asked, 0);
		chosen = newest_choose(tags, count, cases[i].n);
		got[used = 0] = '\0';
		for (j = 0; j < chosen; j++)
			used += (size_t)snprintf(got + used, sizeof(got) - used,
			    "%s ", tags[j].name);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("case %zu: %s", i, got);
	}
}

/* Whatever order the registry has them in. */
static void
test_any_order(void **state)
{
	static const struct newest_tag all[] = {
		{ "1.0", -1 }, { "v1.0", -1 }, { "1.0-rc.1", -1 }, { "a", 7 },
		{ "b", 7 }, { "c", -1 }, { "d", -1 },
	};
	struct newest_tag tags[COUNT(all)];
	size_t shift, step, i;

	(void)state;
	for (shift = 0; shift < COUNT(all); shift++)
		for (step = 1; step < COUNT(all); step++) {
			for (i = 0; i < COUNT(all); i++)
				tags[i] = all[(shift + i * step) % COUNT(all)];
			assert_int_equal(newest_choose(tags, COUNT(all), 9),
			    COUNT(all));
			for (i = 0; i < COUNT(all); i++)
				assert_string_equal(tags[i].name, all[i].name);
		}
}

static void
test_many(void **state)
{
	const size_t count = 1000000;
	struct newest_tag *tags = xcalloc(count, sizeof(tags[0]));
	char *names = xmalloc(count * 16);
	struct timespec from, to;
	double seconds;
	size_t i;

	(void)state;
	for (i = 0; i < count; i++) {
		snprintf(names + i * 16, 16, "1.%zu.%zu", i * 7919 % 1000,
		    i / 1000);
		tags[i] = (struct newest_tag){ names + i * 16, -1 };
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	assert_int_equal(newest_choose(tags, count, 2), 2);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	print_message("%.2f s\n", seconds);
	assert_string_equal(tags[0].name, "1.999.999");
	assert_string_equal(tags[1].name, "1.999.998");
	assert_true(seconds < 60);
	free(names);
	free(tags);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
