#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transfer/queue.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static void
expect(struct queue *q, struct queued *items, const char *order)
{
	struct queued *f, *last = NULL;
	size_t i = 0;

	for (f = q->first; f != NULL; f = f->next) {
		assert_true(f == &items[order[i] - 'a']);
		assert_true(f->in == q && f->prev == last);
		last = f;
		i++;
	}
	assert_true(q->last == last);
	assert_int_equal(i, strlen(order));
}

/* Higher ones first, and those of one priority as they came. */
static void
test_order(void **state)
{
	static const int priorities[] = { 0, 5, 0, 10, 5, -3, 10 };
	struct queued items[COUNT(priorities)];
	struct queue q = { NULL, NULL };
	size_t i;

	(void)state;
	memset(items, 0, sizeof(items));
	for (i = 0; i < COUNT(priorities); i++) {
		items[i].priority = priorities[i];
		queue_push_ordered(&q, &items[i]);
	}
	expect(&q, items, "dgbeacf");
	queue_leave(&items[4]);
	queue_leave(&items[3]);
	queue_leave(&items[5]);
	expect(&q, items, "gbac");
	queue_push_front(&q, &items[5]);
	queue_push(&q, &items[3]);
	expect(&q, items, "fgbacd");
	assert_true(queue_pop(&q) == &items[5]);
	assert_null(items[5].in);
	expect(&q, items, "gbacd");
}

static void
test_move(void **state)
{
	struct queued items[3];
	struct queue from = { NULL, NULL }, to = { NULL, NULL };
	size_t i;

	(void)state;
	memset(items, 0, sizeof(items));
	for (i = 0; i < COUNT(items); i++)
		queue_push(&from, &items[i]);
	queue_move(&from, &to);
	expect(&to, items, "abc");
	expect(&from, items, "");
	assert_null(queue_pop(&from));
	while (queue_pop(&to) != NULL)
		continue;
	expect(&to, items, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
