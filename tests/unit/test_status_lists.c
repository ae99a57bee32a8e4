#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "report/status_lists.h"
#include "report/status_record.h"
#include "report/unlisted.h"

#define NOW	((int64_t)1800000000)

static void
read_text(const char *text, struct status_lists *ret)
{
	json_t *head = json_loads(text, 0, NULL);

	assert_non_null(head);
	status_lists_read(head, ret);
	json_decref(head);
}

static void
test_nothing_known(void **state)
{
	struct status_lists l = { .count = 0 };

	(void)state;
	status_lists_read(NULL, &l);
	assert_int_equal(l.count, 0);
	assert_true(status_lists_have(&l, NOW));
}

static void
test_last_run_of_each(void **state)
{
	struct status_lists l = { .count = 0 };

	(void)state;
	status_lists_put(&l, "a1", NOW);
	status_lists_put(&l, "b2", NOW + 10);
	assert_true(status_lists_have(&l, NOW));
	assert_true(status_lists_have(&l, NOW + 10));
	status_lists_put(&l, "a1", NOW + 20);
	assert_int_equal(l.count, 2);
	assert_false(status_lists_have(&l, NOW));
	assert_true(status_lists_have(&l, NOW + 10));
	assert_true(status_lists_have(&l, NOW + 20));
}

/* What another list lists again is no less on the first one. */
static void
test_of_two_lists(void **state)
{
	struct status_lists l = { .count = 0 };

	(void)state;
	status_lists_put(&l, "b2", NOW);
	status_lists_put(&l, "a1", NOW + 10);
	status_lists_put(&l, "a1", NOW + 20);
	assert_true(status_lists_have(&l, NOW + 10));
	status_lists_put(&l, "b2", NOW + 30);
	assert_false(status_lists_have(&l, NOW + 10));
}

static void
test_old_ones_go(void **state)
{
	struct status_lists l = { .count = 0 };
	char name[STATUS_LIST_NAME_MAX];
	unsigned i;

	(void)state;
	status_lists_put(&l, "a1", NOW);
	status_lists_put(&l, "b2", NOW + UNLISTED_AFTER_S);
	assert_int_equal(l.count, 2);
	status_lists_put(&l, "b2", NOW + UNLISTED_AFTER_S + 1);
	assert_int_equal(l.count, 1);
	/* Very many: the oldest make room. */
	for (i = 0; i < 2 * STATUS_LISTS_MAX; i++) {
		snprintf(name, sizeof(name), "%x", 0x1000 + i);
		status_lists_put(&l, name, NOW + UNLISTED_AFTER_S + 2 +
		    (int64_t)i);
	}
	assert_int_equal(l.count, STATUS_LISTS_MAX);
	assert_false(status_lists_have(&l, NOW + UNLISTED_AFTER_S + 1));
	assert_true(status_lists_have(&l, NOW + UNLISTED_AFTER_S + 1 +
	    2 * (int64_t)STATUS_LISTS_MAX));
	assert_false(status_lists_have(&l, NOW + UNLISTED_AFTER_S + 1 +
	    (int64_t)STATUS_LISTS_MAX));
}

static void
test_there_and_back(void **state)
{
	struct status_lists l = { .count = 0 }, again;
	json_t *head = json_object();

	(void)state;
	status_lists_put(&l, "0123456789abcdef", NOW);
	status_lists_put(&l, "-1800000005", NOW + 5);
	json_object_set_new(head, "lists", status_lists_json(&l));
	status_lists_read(head, &again);
	json_decref(head);
	assert_int_equal(again.count, 2);
	assert_string_equal(again.each[0].name, "0123456789abcdef");
	assert_int_equal(again.each[0].last_listed, NOW);
	assert_string_equal(again.each[1].name, "-1800000005");
	assert_int_equal(again.each[1].last_listed, NOW + 5);
}

/* What somebody has made of it is left out. */
static void
test_odd(void **state)
{
	static const char *const odd[] = {
		"{\"lists\":7}", "{\"lists\":[7,null,[]]}",
		"{\"lists\":[{\"list\":\"a1\"}]}",
		"{\"lists\":[{\"last_listed\":\"2026-11-20T10:00:00Z\"}]}",
		"{\"lists\":[{\"list\":\"\",\"last_listed\":"
		    "\"2026-11-20T10:00:00Z\"}]}",
		"{\"lists\":[{\"list\":\"/etc\",\"last_listed\":"
		    "\"2026-11-20T10:00:00Z\"}]}",
		"{\"lists\":[{\"list\":\"01234567890123456789\","
		    "\"last_listed\":\"2026-11-20T10:00:00Z\"}]}",
	};
	struct status_lists l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		read_text(odd[i], &l);
		assert_int_equal(l.count, 0);
	}
	read_text("{\"lists\":[{\"list\":\"a1\",\"last_listed\":"
	    "\"2026-11-20T10:00:00Z\"},{\"list\":\"a1\",\"last_listed\":"
	    "\"2026-11-20T11:00:00Z\"}]}", &l);
	assert_int_equal(l.count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_last_run_of_each),
		cmocka_unit_test(test_of_two_lists),
		cmocka_unit_test(test_old_ones_go),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
