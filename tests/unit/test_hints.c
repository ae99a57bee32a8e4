#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "watch/hints.h"
#include "tests/unit/right_list.h"

#define HEX	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FIRST	1000
#define SETTLE	5000
#define MOST	60000

static struct hints *
hints_of(const char *text)
{
	return hints_new(list_of(text), SETTLE, SETTLE, MOST);
}

static size_t
put(struct hints *h, const char *repository, const char *tag, int64_t now)
{
	struct hook_event e = { "docker.io", repository, tag, NULL };

	return hints_put(h, &e, now);
}

static int
compare(const void *a, const void *b)
{
	const struct hint *x = a, *y = b;

	return strcmp(x->ref, y->ref);
}

/* What is due, sorted, with blanks between; without "docker.io/library/". */
static void
expect_due(struct hints *h, int64_t now, const char *want)
{
	static const char prefix[] = "docker.io/library/";
	struct hint *hints;
	char text[4096] = "", *at;
	size_t i, count = hints_take(h, now, &hints), used = 0;

	assert_true(count <= HINTS_RUN_MAX);
	if (count > 1)
		qsort(hints, count, sizeof(*hints), compare);
	for (i = 0; i < count; i++) {
		at = hints[i].ref;
		if (strncmp(at, prefix, strlen(prefix)) == 0)
			at += strlen(prefix);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%s", i > 0 ? " " : "", at);
		assert_true(used < sizeof(text));
	}
	hints_done(hints, count);
	assert_string_equal(text, want);
}

/* Who hears of it, and what is looked at then. */
static void
test_lines(void **state)
{
	static const struct {
		const char *list, *registry, *repository, *tag, *want;
		size_t lines;
	} cases[] = {
		{ "a:1\na:2\n", "docker.io", "library/a", "1", "a:1", 1 },
		{ "a:1\na:2\n", "docker.io", "a", "2", "a:2", 1 },
		{ "a:1\n", "index.docker.io", "a", "1", "a:1", 1 },
		{ "a:1\n", "registry-1.docker.io", "library/a", "1", "a:1",
		    1 },
		{ "a:1\n", "ghcr.io", "library/a", "1", "", 0 },
		{ "a:1\n", "docker.io", "library/a", "3", "", 0 },
		{ "a:1\n", "docker.io", "library/b", "1", "", 0 },
		{ "ghcr.io/a:1\na:1\n", "ghcr.io", "a", "1", "ghcr.io/a:1",
		    1 },
		{ "a:1\na:2\nb:1\n", "docker.io", "a", NULL, "a", 2 },
		{ "a:1\na tags=glob:1*\na tags=glob:2*\n", "docker.io", "a",
		    "1", "a:1", 2 },
		{ "a tags=glob:*\n", "docker.io", "a",
		    "sha256-" HEX ".sig", "a", 1 },
		{ "a:1@sha256:" HEX "\n", "docker.io", "a", "1", "a:1", 1 },
		{ "a:3\na:1\nb:2\na tags=glob:[12]\na:2\n", "docker.io", "a",
		    "2", "a:2", 2 },
		{ "a:3\na:1\nb:2\na tags=glob:[12]\na:2\n", "docker.io", "a",
		    "3", "a:3", 1 },
		{ "a:3\na:1\nb:2\na tags=glob:[12]\na:2\n", "docker.io", "a",
		    "4", "", 0 },
		{ "a@sha256:" HEX "\na:1\n", "docker.io", "a", "1", "a:1", 1 },
		{ "", "docker.io", "a", "1", "", 0 },
	};
	struct hook_event e = { .digest = NULL };
	struct hints *h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		h = hints_of(cases[i].list);
		e.registry = cases[i].registry;
		e.repository = cases[i].repository;
		e.tag = cases[i].tag;
		assert_int_equal(hints_put(h, &e, 0), cases[i].lines);
		assert_int_equal(hints_count(h), cases[i].lines > 0);
		expect_due(h, SETTLE, cases[i].want);
		assert_int_equal(hints_count(h), 0);
		assert_true(hints_due(h) == INT64_MAX);
		hints_free(h);
	}
}

/* Five seconds after the last event, and a minute after the first one. */
static void
test_settle(void **state)
{
	struct hints *h = hints_of("a:1\nb:1\n");
	int64_t t;

	(void)state;
	assert_true(hints_due(h) == INT64_MAX);
	put(h, "a", "1", 1000);
	assert_int_equal(hints_due(h), 6000);
	expect_due(h, 5999, "");
	put(h, "a", "1", 5999);
	put(h, "b", "1", 3000);
	expect_due(h, 6000, "");
	assert_int_equal(hints_due(h), 8000);
	expect_due(h, 8000, "b:1");
	expect_due(h, 10998, "");
	expect_due(h, 10999, "a:1");
	assert_true(hints_due(h) == INT64_MAX);

	/* A sender that never ends. */
	for (t = 20000; t < 20000 + MOST; t += 1000) {
		expect_due(h, t, "");
		put(h, "a", "1", t);
	}
	expect_due(h, 20000 + MOST, "a:1");
	hints_free(h);
	hints_free(NULL);
}

/* A repository that was quiet is looked at a second after the first event, and
 * once more when it has settled: that may have been too early. */
static void
test_first(void **state)
{
	struct hints *h = hints_new(list_of("a:1\na:2\na:3\nb:1\n"), FIRST,
	    SETTLE, MOST);

	(void)state;
	put(h, "a", "1", 1000);
	assert_int_equal(hints_due(h), 2000);
	expect_due(h, 1999, "");
	/* Another tag of the same push. */
	put(h, "a", "2", 1500);
	expect_due(h, 2000, "a:1 a:2");
	assert_int_equal(hints_count(h), 2);
	assert_int_equal(hints_due(h), 6000);
	/* One that comes later only settles, as all do while it goes on. */
	put(h, "a", "3", 2500);
	put(h, "a", "1", 4000);
	put(h, "b", "1", 4000);
	expect_due(h, 5000, "b:1");
	expect_due(h, 6500, "a:2");
	expect_due(h, 7500, "a:3");
	expect_due(h, 9000, "a:1 b:1");
	assert_int_equal(hints_count(h), 0);
	assert_true(hints_due(h) == INT64_MAX);
	/* It has been quiet since. */
	put(h, "a", "1", 9001);
	expect_due(h, 10001, "a:1");
	expect_due(h, 14001, "a:1");
	hints_free(h);
}

/* A run of the whole list takes it, too; another list, and a run that failed,
 * leave it as it is. */
static void
test_first_kept(void **state)
{
	struct hints *h = hints_new(list_of("a:1\nb:1\n"), FIRST, SETTLE, MOST);
	const struct hint failed = { (char[]){ "docker.io/library/a:1" }, 1 };
	struct hint *hints;
	size_t count;

	(void)state;
	put(h, "a", "1", 0);
	hints_list(h, list_of("a:1\n"));
	assert_int_equal(hints_due(h), 1000);
	count = hints_take_all(h, 1000, &hints);
	assert_int_equal(count, 1);
	hints_done(hints, count);
	assert_int_equal(hints_due(h), 5000);
	hints_again(h, &failed, 31000);
	expect_due(h, 4999, "");
	expect_due(h, 5000, "a:1");
	assert_int_equal(hints_count(h), 0);
	hints_free(h);
}

static bool
is_that(void *cookie, const char *registry)
{
	return strcmp(registry, cookie) == 0;
}

/* What has to be signed is not looked at before the signature is there. */
static void
test_first_signed(void **state)
{
	struct hook_event e = { "ghcr.io", "c", "1", NULL };
	char registry[] = "docker.io";
	struct hints *h = hints_new(list_of("a:1\na:2 signed=/k\n"
	    "b:1 signed=no\n"), FIRST, SETTLE, MOST);

	(void)state;
	put(h, "a", "1", 0);
	put(h, "b", "1", 0);
	expect_due(h, 4999, "b:1");
	expect_due(h, 5000, "a:1 b:1");
	hints_free(h);

	/* Who runs it may want that, whatever the list says. */
	h = hints_new(list_of("b:1 signed=no\nghcr.io/c:1\n"), FIRST, SETTLE,
	    MOST);
	hints_signed(h, is_that, registry);
	put(h, "b", "1", 0);
	e.registry = "ghcr.io";
	assert_int_equal(hints_put(h, &e, 0), 1);
	expect_due(h, 4999, "ghcr.io/c:1");
	expect_due(h, 5000, "b:1 ghcr.io/c:1");
	/* Also with another list. */
	hints_list(h, list_of("b:1\nb:2\nghcr.io/c:1\n"));
	put(h, "b", "2", 20000);
	assert_int_equal(hints_put(h, &e, 20000), 1);
	expect_due(h, 24999, "ghcr.io/c:1");
	snprintf(registry, sizeof(registry), "ghcr.io");
	hints_list(h, list_of("b:1\nb:2\nghcr.io/c:1\n"));
	expect_due(h, 25000, "b:2 ghcr.io/c:1");
	put(h, "b", "2", 40000);
	assert_int_equal(hints_put(h, &e, 40000), 1);
	expect_due(h, 44999, "b:2");
	hints_free(h);
}

/* All that is due at one moment is taken at once, no more than a run takes; and
 * a whole run has them all. */
static void
test_many(void **state)
{
	struct hints *h;
	struct hint *hints;
	char text[32 * (HINTS_RUN_MAX + 500)] = "", tag[16];
	size_t i, used = 0, count, round;

	(void)state;
	for (i = 0; i < HINTS_RUN_MAX + 500; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "a:%zu\n", i);
	h = hints_of(text);
	for (i = 0; i < HINTS_RUN_MAX + 500; i++) {
		snprintf(tag, sizeof(tag), "%zu", i);
		assert_int_equal(put(h, "a", tag, 1), 1);
	}
	assert_int_equal(hints_count(h), HINTS_RUN_MAX + 500);
	for (round = 0; round < 2; round++) {
		assert_true(hints_due(h) <= SETTLE + 1);
		count = hints_take(h, SETTLE + 1, &hints);
		assert_int_equal(count, round == 0 ? HINTS_RUN_MAX : 500);
		hints_done(hints, count);
	}
	assert_int_equal(hints_count(h), 0);
	for (i = 0; i < HINTS_RUN_MAX + 500; i++) {
		snprintf(tag, sizeof(tag), "%zu", i);
		put(h, "a", tag, i == 3 ? 2 : 1);
	}
	/* But for what has not settled: it may not be there yet. */
	count = hints_take_all(h, SETTLE + 1, &hints);
	assert_int_equal(count, HINTS_RUN_MAX + 499);
	hints_done(hints, count);
	assert_int_equal(hints_count(h), 1);
	assert_int_equal(hints_due(h), SETTLE + 2);
	expect_due(h, SETTLE + 2, "a:3");
	assert_true(hints_due(h) == INT64_MAX);
	assert_int_equal(hints_take_all(h, INT64_MAX, &hints), 0);
	hints_free(h);
}

/* Those who come again and again leave the others their turn. */
static void
test_turns(void **state)
{
	struct hints *h;
	struct hint *hints;
	char *text, name[16];
	size_t i, len, count, round;
	bool is_taken = false;
	FILE *to = xtext_open(&text, &len);

	(void)state;
	for (i = 0; i < HINTS_RUN_MAX + 1; i++)
		fprintf(to, "r%zu:1\n", i);
	xtext_close(to);
	h = hints_of(text);
	free(text);
	put(h, "r0", "1", 0);
	for (round = 0; round < 2; round++) {
		for (i = 1; i < HINTS_RUN_MAX + 1; i++) {
			snprintf(name, sizeof(name), "r%zu", i);
			put(h, name, "1", 0);
		}
		count = hints_take(h, SETTLE, &hints);
		assert_int_equal(count, HINTS_RUN_MAX);
		for (i = 0; i < count; i++)
			is_taken |= strcmp(hints[i].ref,
			    "docker.io/library/r0:1") == 0;
		hints_done(hints, count);
	}
	assert_true(is_taken);
	hints_free(h);
}

/* Somebody who makes up tags that a pattern matches fills no memory. */
static void
test_bounded(void **state)
{
	struct hints *h = hints_of("a tags=glob:*\na:x\nb tags=glob:*\n");
	char tag[16];
	size_t i;

	(void)state;
	put(h, "b", "1", 0);
	for (i = 0; i < HINT_TAGS_MAX + 1; i++) {
		snprintf(tag, sizeof(tag), "%zu", i);
		put(h, "a", tag, (int64_t)i);
		assert_int_equal(hints_count(h), i + 2);
	}
	for (i = 0; i < 1000; i++) {
		snprintf(tag, sizeof(tag), "n%zu", i);
		put(h, "a", tag, 100);
		assert_int_equal(hints_count(h), 2);
	}
	expect_due(h, 5000, "b:1");
	expect_due(h, 5099, "");
	expect_due(h, 5100, "a");
	/* The first of them is remembered for the other bound. */
	for (i = 0; i < HINT_TAGS_MAX + 2; i++) {
		snprintf(tag, sizeof(tag), "%zu", i);
		put(h, "a", tag, (int64_t)i * 1000);
	}
	for (i = 34; i < 60; i++)
		put(h, "a", "1", (int64_t)i * 1000);
	expect_due(h, MOST - 1, "");
	expect_due(h, MOST, "a");
	hints_free(h);
}

/* Another list: what waits stays where it has a line. */
static void
test_list(void **state)
{
	struct hints *h = hints_of("a:1\na:2\nb:1\nc tags=glob:*\n");

	(void)state;
	put(h, "a", "1", 0);
	put(h, "a", "2", 1000);
	put(h, "b", "1", 0);
	put(h, "c", "1", 0);
	put(h, "c", "2", 0);
	hints_list(h, list_of("d:1\na tags=glob:2\nc:1\n"));
	assert_int_equal(hints_count(h), 2);
	expect_due(h, 5000, "c:1");
	expect_due(h, 6000, "a:2");
	put(h, "d", NULL, 0);
	hints_list(h, list_of("d:1\nd:2\n"));
	expect_due(h, 5000, "d");
	put(h, "d", "1", 0);
	hints_list(h, list_of(""));
	assert_int_equal(hints_count(h), 0);
	assert_true(hints_due(h) == INT64_MAX);
	hints_free(h);
}

static void
again(struct hints *h, const char *ref, unsigned failed, int64_t when)
{
	char *text = xstrdup(ref);
	const struct hint hint = { text, failed };

	hints_again(h, &hint, when);
	free(text);
}

/* A run that could not begin: later, or when there is one more event. */
static void
test_again(void **state)
{
	struct hints *h = hints_of("a:1\nb:1\n");
	char tag[16];
	size_t i;

	(void)state;
	again(h, "docker.io/library/a:1", 0, 70000);
	again(h, "docker.io/library/b", 0, 70000);
	again(h, "docker.io/library/c:1", 0, 70000);
	assert_int_equal(hints_count(h), 2);
	expect_due(h, 69999, "");
	expect_due(h, 70000, "a:1 b");
	again(h, "docker.io/library/a:1", 0, 170000);
	put(h, "a", "1", 100000);
	expect_due(h, 104999, "");
	expect_due(h, 105000, "a:1");
	/* The event came first, while the run was at work. */
	put(h, "a", "1", 200000);
	again(h, "docker.io/library/a:1", 0, 261000);
	expect_due(h, 204999, "");
	expect_due(h, 205000, "a:1");
	hints_free(h);

	/* One tag of many that is due again delays no other. */
	h = hints_of("p tags=glob:*\n");
	for (i = 0; i < HINT_TAGS_MAX; i++) {
		snprintf(tag, sizeof(tag), "%zu", i);
		put(h, "p", tag, 1000);
	}
	again(h, "docker.io/library/p:x", 0, 60000);
	assert_int_equal(hints_count(h), 1);
	expect_due(h, 6000, "p");
	hints_free(h);
}

/* How often that was is kept until there is an event. */
static void
test_failed(void **state)
{
	struct hints *h = hints_of("a:1\nb:1\n");
	struct hint *hints;
	int64_t now = 0;
	unsigned failed;
	size_t count;

	(void)state;
	put(h, "a", "1", now);
	for (failed = 0; failed < 3; failed++) {
		now = hints_due(h);
		count = failed == 1 ? hints_take_all(h, now - 10, &hints) :
		    hints_take(h, now, &hints);
		assert_int_equal(count, 1);
		assert_int_equal(hints[0].failed, failed);
		hints[0].failed++;
		hints_again(h, &hints[0], now + 60000);
		hints_done(hints, count);
		hints_list(h, list_of("a:1\n"));
	}
	put(h, "a", "1", now);
	count = hints_take(h, now + SETTLE, &hints);
	assert_int_equal(count, 1);
	assert_int_equal(hints[0].failed, 0);
	hints_done(hints, count);
	hints_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_first_kept),
		cmocka_unit_test(test_first_signed),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
