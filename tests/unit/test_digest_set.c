#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "layout/digest_set.h"

static struct digest
numbered(unsigned long number)
{
	struct digest d;

	digest_of(DIGEST_SHA256, &number, sizeof(number), &d);
	return d;
}

static void
test_empty(void **state)
{
	struct digest_set set = { 0 };
	struct digest d = numbered(1);
	size_t at = 0;
	void *value;

	(void)state;
	assert_false(digest_set_has(&set, &d));
	assert_null(digest_set_get(&set, &d));
	assert_null(digest_set_remove(&set, &d));
	assert_false(digest_set_next(&set, &at, &d, &value));
	digest_set_done(&set);
}

static void
test_many(void **state)
{
	static char values[5000];
	struct digest_set set = { 0 };
	struct digest d;
	size_t i, at = 0, seen = 0;
	void *value;

	(void)state;
	for (i = 0; i < sizeof(values); i++) {
		d = numbered(i);
		assert_true(digest_set_add(&set, &d, &values[i]));
		assert_false(digest_set_add(&set, &d, NULL));
	}
	for (i = 0; i < sizeof(values); i++) {
		d = numbered(i);
		assert_true(digest_set_has(&set, &d));
		assert_ptr_equal(digest_set_get(&set, &d), &values[i]);
	}
	d = numbered(sizeof(values));
	assert_false(digest_set_has(&set, &d));
	while (digest_set_next(&set, &at, &d, &value)) {
		assert_ptr_equal(digest_set_get(&set, &d), value);
		seen++;
	}
	assert_int_equal(seen, sizeof(values));
	digest_set_done(&set);
	assert_false(digest_set_has(&set, &d));
}

/* Same number in both algorithms: two digests. */
static void
test_algorithms(void **state)
{
	struct digest_set set = { 0 };
	struct digest a = { .alg = DIGEST_SHA256 };
	struct digest b = { .alg = DIGEST_SHA512 };

	(void)state;
	assert_true(digest_set_add(&set, &a, NULL));
	assert_false(digest_set_has(&set, &b));
	assert_true(digest_set_add(&set, &b, NULL));
	digest_set_done(&set);
}

/* Many digests with one hash key are slow, not wrong. */
static void
test_collisions(void **state)
{
	static char values[200];
	struct digest_set set = { 0 };
	struct digest d = { .alg = DIGEST_SHA256 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values); i++) {
		d.bytes[31] = (uint8_t)i;
		assert_true(digest_set_add(&set, &d, &values[i]));
	}
	for (i = 0; i < sizeof(values); i += 2) {
		d.bytes[31] = (uint8_t)i;
		assert_ptr_equal(digest_set_remove(&set, &d), &values[i]);
	}
	for (i = 0; i < sizeof(values); i++) {
		d.bytes[31] = (uint8_t)i;
		assert_ptr_equal(digest_set_get(&set, &d),
		    i % 2 == 0 ? NULL : &values[i]);
	}
	digest_set_done(&set);
}

static void
test_remove(void **state)
{
	struct digest_set set = { 0 };
	struct digest d = numbered(7);
	char one, two;

	(void)state;
	assert_true(digest_set_add(&set, &d, &one));
	assert_ptr_equal(digest_set_remove(&set, &d), &one);
	assert_false(digest_set_has(&set, &d));
	assert_null(digest_set_remove(&set, &d));
	assert_true(digest_set_add(&set, &d, &two));
	assert_ptr_equal(digest_set_get(&set, &d), &two);
	digest_set_done(&set);
}

/* Things that come and go take the room of those that are there at once. */
static void
test_room(void **state)
{
	struct digest_set set = { 0 };
	struct digest d;
	unsigned long i;
	int here;

	(void)state;
	for (i = 0; i < 100000; i++) {
		d = numbered(i);
		assert_true(digest_set_add(&set, &d, &here));
		if (i >= 64) {
			d = numbered(i - 64);
			assert_ptr_equal(digest_set_remove(&set, &d), &here);
		}
	}
	assert_in_range(set.room, 64, 1024);
	for (i = 100000 - 64; i < 100000; i++) {
		d = numbered(i);
		assert_true(digest_set_has(&set, &d));
	}
	digest_set_done(&set);
}

/* A stranger may write digests that all begin alike: in a table that takes them
 * as they are the last one is as far from its place as there are others. */
static void
test_planted(void **state)
{
	struct digest_set set = { 0 };
	struct digest d = { .alg = DIGEST_SHA256 };
	clock_t begin = clock();
	uint32_t i, count = 200000;

	(void)state;
	for (i = 0; i < count; i++) {
		memcpy(d.bytes + 20, &i, sizeof(i));
		assert_true(digest_set_add(&set, &d, &set));
		assert_false(digest_set_add(&set, &d, NULL));
	}
	assert_int_equal(set.count, count);
	for (i = 0; i < count; i++) {
		memcpy(d.bytes + 20, &i, sizeof(i));
		assert_ptr_equal(digest_set_remove(&set, &d), &set);
		assert_false(digest_set_has(&set, &d));
	}
	digest_set_done(&set);
	assert_true((clock() - begin) / CLOCKS_PER_SEC < 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_collisions),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_planted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
