#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bundle/ledger.h"
#include "layout/store.h"
#include "tests/unit/scratch.h"

#define ID(n)	"0000000000000000000000000000000" #n
#define NOON	1764417600	/* 2025-11-29T12:00:00Z */

static struct ledger_bundle
bundle(const char *to, uint64_t seq, const char *id, int64_t created)
{
	struct ledger_bundle b = { .seq = seq, .created = created };

	snprintf(b.from, sizeof(b.from), "centre");
	snprintf(b.to, sizeof(b.to), "%s", to);
	snprintf(b.id, sizeof(b.id), "%s", id);
	return b;
}

static void
expect(const struct ledger *l, struct ledger_bundle b,
    enum ledger_verdict want)
{
	const struct ledger_bundle *other;

	assert_int_equal(ledger_judge(l, &b, LEDGER_JUMP, &other), want);
	assert_true(want == LEDGER_NEW || other != NULL);
}

/* First contact has no bound; from then on seq only grows. */
static void
test_stream(void **state)
{
	struct ledger_bundle five = bundle("site", 5, ID(5), NOON);
	struct ledger_bundle far = bundle("site", 5 + LEDGER_JUMP, ID(6), NOON);
	struct ledger l = { .last_count = 0 };

	(void)state;
	expect(&l, bundle("site", 1u << 30, ID(1), NOON), LEDGER_NEW);
	assert_true(ledger_begin(&l, &five));
	assert_false(ledger_begin(&l, &five));
	expect(&l, five, LEDGER_NEW);
	expect(&l, bundle("site", 5, ID(6), NOON), LEDGER_OLDER);
	expect(&l, bundle("site", 4, ID(4), NOON + 1), LEDGER_OLDER);
	expect(&l, far, LEDGER_NEW);
	far.seq++;
	expect(&l, far, LEDGER_TOO_FAR);
	ledger_finish(&l, &five, NOON + 60);
	ledger_finish(&l, &five, NOON + 61);
	assert_int_equal(l.done_count, 1);
	expect(&l, five, LEDGER_SEEN);
	expect(&l, bundle("site", 6, ID(5), NOON), LEDGER_NEW);
	assert_false(ledger_begin(&l,
	    &(struct ledger_bundle){ .from = "centre", .to = "site" }));
	assert_int_equal(ledger_last(&l, "centre", "site")->seq, 5);
	assert_null(ledger_last(&l, "centre", "*"));
	ledger_free(&l);
}

/* What goes to all has numbers of its own: there the time counts. */
static void
test_two_streams(void **state)
{
	struct ledger_bundle mine = bundle("site", 5, ID(5), NOON);
	struct ledger l = { .last_count = 0 };

	(void)state;
	expect(&l, bundle("*", 1, ID(1), NOON - 1), LEDGER_NEW);
	ledger_begin(&l, &mine);
	expect(&l, bundle("*", 1, ID(1), NOON - 1), LEDGER_OLDER);
	expect(&l, mine, LEDGER_NEW);
	ledger_finish(&l, &mine, NOON);
	expect(&l, bundle("*", 900, ID(1), NOON - 1), LEDGER_OLDER);
	expect(&l, bundle("*", 1, ID(1), NOON), LEDGER_NEW);
	ledger_free(&l);
}

static void
test_forget(void **state)
{
	struct ledger_bundle five = bundle("site", 5, ID(5), NOON);
	struct ledger_bundle six = bundle("site", 6, ID(6), NOON);
	struct ledger l = { .last_count = 0 };

	(void)state;
	ledger_begin(&l, &five);
	assert_false(ledger_forget(&l, ID(6)));
	assert_true(ledger_forget(&l, ID(5)));
	assert_int_equal(l.last_count, 0);
	ledger_begin(&l, &five);
	ledger_finish(&l, &five, NOON);
	assert_false(ledger_forget(&l, ID(5)));
	ledger_begin(&l, &six);
	expect(&l, bundle("site", 6, ID(7), NOON), LEDGER_OLDER);
	assert_true(ledger_forget(&l, ID(6)));
	assert_int_equal(ledger_last(&l, "centre", "site")->seq, 5);
	expect(&l, bundle("site", 6, ID(7), NOON), LEDGER_NEW);
	ledger_free(&l);
}

/* Old ones are dropped, but not what a stream would go back to. */
static void
test_bounded(void **state)
{
	struct ledger_bundle keep = bundle("*", 1, ID(1), NOON), b;
	struct ledger l = { .last_count = 0 };
	char id[BUNDLE_ID_MAX + 1];
	unsigned i;

	(void)state;
	ledger_begin(&l, &keep);
	ledger_finish(&l, &keep, NOON);
	for (i = 1; i <= LEDGER_DONE_MAX + 9; i++) {
		snprintf(id, sizeof(id), "%032x", i);
		b = bundle("site", i, id, NOON);
		ledger_begin(&l, &b);
		ledger_finish(&l, &b, NOON);
	}
	assert_int_equal(l.done_count, LEDGER_DONE_MAX);
	expect(&l, keep, LEDGER_SEEN);
	expect(&l, b, LEDGER_SEEN);
	b = bundle("site", 2, "00000000000000000000000000000002", NOON);
	expect(&l, b, LEDGER_OLDER);
	ledger_free(&l);
}

static void
test_file(void **state)
{
	struct scratch *s = *state;
	struct ledger_bundle five = bundle("site", 5, ID(5), NOON);
	struct ledger l = { .last_count = 0 };
	struct store *store;
	struct err e;
	char *text;

	if (store_open(s->path, STORE_WRITE, &store, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(ledger_read(store, &l, &e), 0);
	assert_int_equal(l.last_count + l.done_count, 0);
	ledger_begin(&l, &five);
	ledger_finish(&l, &five, NOON + 60);
	assert_int_equal(ledger_write(store, &l, &e), 0);
	ledger_free(&l);
	text = scratch_get(s, "_state/bundles");
	assert_string_equal(text, "cdr-bundles 1\n"
	    "last centre site 5 " ID(5) " 2025-11-29T12:00:00Z\n"
	    "done centre site 5 " ID(5) " 2025-11-29T12:00:00Z "
	    "2025-11-29T12:01:00Z\nend\n");
	free(text);
	assert_int_equal(ledger_read(store, &l, &e), 0);
	expect(&l, five, LEDGER_SEEN);
	ledger_free(&l);
	scratch_put(s, "_state/bundles", "cdr-bundles 1\nlast\nend\n");
	assert_int_equal(ledger_read(store, &l, &e), -1);
	assert_string_equal(e.msg,
	    "_state/bundles: line 2 makes no sense");
	store_close(store);
}

/* What a statement says of its time, and any clock here: it is read again. */
static void
test_odd_clocks(void **state)
{
	static const int64_t times[] = { 1, INT64_C(4102444800),
	    INT64_C(253402300799) };
	static const int64_t clocks[] = { INT64_MIN, -1, 0, 1,
	    INT64_C(4102444800), INT64_C(253402300800), INT64_MAX };
	const struct scratch *s = *state;
	struct ledger l = { .last_count = 0 };
	struct ledger_bundle b;
	struct store *store;
	struct err e;
	size_t i, j;

	assert_int_equal(store_open(s->path, STORE_WRITE, &store, &e), 0);
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		for (j = 0; j < sizeof(clocks) / sizeof(clocks[0]); j++) {
			b = bundle("site", 10 * i + j + 1, ID(1),
			    times[i]);
			assert_true(ledger_begin(&l, &b));
			ledger_finish(&l, &b, clocks[j]);
			assert_int_equal(ledger_write(store, &l, &e), 0);
			ledger_free(&l);
			assert_int_equal(ledger_read(store, &l, &e),
			    0);
			expect(&l, b, LEDGER_SEEN);
		}
	ledger_free(&l);
	store_close(store);
}

/* One that is cut loses what it has seen. */
static void
test_wrong(void **state)
{
	static const char *const wrong[] = {
		"", "end\n", "cdr-bundles 2\nend\n", "cdr-bundles 1\n",
		"cdr-bundles 1\nend", "cdr-bundles 1\nend\nend\n",
		"cdr-bundles 1\nlast a b 1 " ID(1) " yesterday\nend\n",
		"cdr-bundles 1\nlast a b 1 01 2025-11-29T12:00:00Z\nend\n",
		"cdr-bundles 1\nlast a b 1 " ID(1)
		    " 2025-11-29T12:00:00Z 2025-11-29T12:00:00Z\nend\n",
		"cdr-bundles 1\ndone a b 1 " ID(1)
		    " 2025-11-29T12:00:00Z\nend\n",
		"cdr-bundles 1\nfirst a b 1 " ID(1)
		    " 2025-11-29T12:00:00Z 2025-11-29T12:00:00Z\nend\n",
	};
	struct ledger l;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (ledger_parse(wrong[i], strlen(wrong[i]), &l, &e) == 0)
			fail_msg("taken: %s", wrong[i]);
	assert_int_equal(ledger_parse("cdr-bundles 1\nend\n", 18, &l, &e), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_two_streams),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test_setup_teardown(test_file, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_odd_clocks, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
