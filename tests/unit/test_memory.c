#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "transfer/link/memory.h"

#define SMALL	((uint64_t)64 << 10)
#define LARGE	((uint64_t)MANIFEST_BYTES_MAX)

/* Takes as many of a size as there is room for. */
static unsigned
fill(struct memory *m, uint64_t bytes)
{
	unsigned count = 0;

	while (memory_has_room(m, bytes)) {
		memory_take(m, bytes);
		count++;
	}
	return count;
}

static void
test_large_leave_room(void **state)
{
	struct memory m = { 0, 0 };

	(void)state;
	assert_int_equal(fill(&m, LARGE), MEMORY_LARGE_MAX / LARGE);
	assert_true(m.used <= MEMORY_LARGE_MAX);
	assert_int_equal(fill(&m, SMALL),
	    (MEMORY_BYTES_MAX - MEMORY_LARGE_MAX) / SMALL);
	assert_true(m.used <= MEMORY_BYTES_MAX);
	memory_give(&m, LARGE);
	assert_true(memory_has_room(&m, LARGE));
}

/* However many small ones there are, some end, and then a large one fits. */
static void
test_small_first(void **state)
{
	struct memory m = { 0, 0 };
	unsigned count = fill(&m, SMALL), i;

	(void)state;
	assert_int_equal(count, MEMORY_BYTES_MAX / SMALL);
	assert_false(memory_has_room(&m, LARGE));
	for (i = 0; i < LARGE / SMALL; i++)
		memory_give(&m, SMALL);
	assert_true(memory_has_room(&m, LARGE));
	assert_false(memory_has_room(&m, LARGE + 1));
}

static void
test_grow(void **state)
{
	struct memory m = { 0, 0 };

	(void)state;
	memory_take(&m, SMALL);
	assert_true(memory_grow(&m, SMALL, LARGE));
	assert_int_equal(m.used, LARGE);
	assert_int_equal(m.large, LARGE);
	(void)fill(&m, LARGE);
	memory_take(&m, SMALL);
	assert_false(memory_grow(&m, SMALL, MEMORY_SMALL + 1));
	assert_true(memory_grow(&m, SMALL, MEMORY_SMALL));
	memory_give(&m, MEMORY_SMALL);
	while (m.used > 0)
		memory_give(&m, LARGE);
	assert_int_equal(m.large, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large_leave_room),
		cmocka_unit_test(test_small_first),
		cmocka_unit_test(test_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
