#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/mem.h"
#include "mirror/agenda.h"
#include "tests/unit/right_list.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define TAGS_MAX	8

/* The pattern on that line. */
static const struct list_entry *
line_of(const struct image_list *list, unsigned line)
{
	size_t i;

	for (i = 0; i < list_count(list); i++)
		if (list_at(list, i)->line == line)
			return list_at(list, i);
	fail_msg("no line %u", line);
	return NULL;
}

/* What a line has found: words; those behind a "-" it has left out. */
static size_t
answer(struct agenda *a, const struct image_list *list, unsigned line,
    const char *found)
{
	char *tags[TAGS_MAX], *text = xstrdup(found), *rest = text, *tag;
	size_t all = 0, count = TAGS_MAX, fresh;

	while ((tag = strsep(&rest, " ")) != NULL)
		if (strcmp(tag, "-") == 0)
			count = all;
		else if (*tag != '\0')
			tags[all++] = tag;
	fresh = agenda_expand(a, line_of(list, line), tags,
	    count < all ? count : all, all);
	free(text);
	return fresh;
}

/* "repository:tag" with "*" for a pattern, "@line", and "!line" of a rival; all
 * that agenda_next has. */
static void
drain(struct agenda *a, char *text, size_t room)
{
	struct agenda_item item;
	const struct image_ref *ref;
	size_t left = agenda_left(a), used = 0;

	text[0] = '\0';
	while (agenda_next(a, &item)) {
		ref = &item.entry->ref;
		used += (size_t)snprintf(text + used, room - used,
		    "%s%s:%s@%u", used > 0 ? " " : "", ref->repository +
		    strlen("library/"), ref->tag == NULL ? "*" : ref->tag,
		    item.line->line);
		if (item.rival != NULL)
			used += (size_t)snprintf(text + used, room - used,
			    "!%u", item.rival->line);
		assert_true(used < room);
		assert_true(left > 0);
		assert_int_equal(agenda_left(a), --left);
	}
	assert_int_equal(agenda_left(a), 0);
}

static void
expect_next(struct agenda *a, const char *want)
{
	char text[512];

	drain(a, text, sizeof(text));
	assert_string_equal(text, want);
}

/* Two patterns of one repository, what each finds, and what comes of it, in
 * which order they may answer. */
static const struct {
	const char *list, *first, *second, *want;
	size_t count;
} pairs[] = {
	/* Alike: each image once. */
	{ "x tags=glob:*\nx tags=glob:1*\n", "1 2", "1", "x:1@1 x:2@1", 2 },
	{ "x tags=glob:1*\nx tags=glob:*\n", "1", "1 2", "x:1@1 x:2@2", 2 },
	{ "x tags=glob:1*\nx tags=glob:2*\n", "", "2", "x:2@2", 1 },
	/* Not alike, and both have it. */
	{ "x tags=glob:*\nx tags=glob:1* signed=k\n", "1 2", "1",
	    "x:1@1!2 x:2@1", 2 },
	{ "x tags=glob:1* signed=k\nx tags=glob:*\n", "1", "1 2",
	    "x:1@1!2 x:2@2", 2 },
	{ "x tags=glob:*\nx tags=glob:1* platform=linux/amd64\n", "1", "1",
	    "x:1@1!2", 1 },
	{ "x tags=glob:*\nx tags=glob:1* referrers=yes\n", "1", "1",
	    "x:1@1!2", 1 },
	{ "x tags=glob:* signed=k\nx tags=glob:1* signed=l\n", "1", "1",
	    "x:1@1!2", 1 },
	/* The tag came between two answers, or one came not at all. */
	{ "x tags=glob:*\nx tags=glob:1* signed=k\n", "1 2", "",
	    "x:1@1!2 x:2@1", 2 },
	{ "x tags=glob:*\nx tags=glob:1* signed=k\n", "", "1", "x:1@2!1", 1 },
	{ "x tags=glob:*\nx tags=glob:1* newest=1 signed=k\n", "1 2", "",
	    "x:1@1!2 x:2@1", 2 },
	{ "x tags=glob:*\nx tags=glob:1* newest=1 signed=k\n", "10 11 12",
	    "11 - 10", "x:10@1 x:11@1!2 x:12@1!2", 3 },
	{ "x tags=glob:*\nx tags=glob:1*\n", "1 2", "", "x:1@1 x:2@1", 2 },
	{ "x tags=glob:*\nx tags=glob:1*\n", "", "", "", 0 },
	/* Of newest= only those it has taken. */
	{ "x tags=glob:*\nx tags=glob:1* newest=1 signed=k\n", "10 11",
	    "11 - 10", "x:10@1 x:11@1!2", 2 },
	{ "x tags=glob:* newest=2\nx tags=glob:1* newest=1\n",
	    "2 12 - 11 1", "12 - 11 1", "x:2@1 x:12@1", 2 },
	{ "x tags=glob:1* newest=1 signed=k\nx tags=glob:* newest=1\n",
	    "12 - 11", "2 - 12 11", "x:12@1 x:2@2", 2 },
	/* The higher priority counts. */
	{ "x tags=glob:*\nx tags=glob:1* priority=3\n", "2 1", "1",
	    "x:1@1 x:2@1", 2 },
	{ "x tags=glob:* priority=3\nx tags=glob:1*\n", "2", "1",
	    "x:2@1 x:1@2", 2 },
	/* A line of its own goes before both. */
	{ "x tags=glob:*\nx tags=glob:1* signed=k\nx:1 signed=l\n", "1 2",
	    "1", "x:2@1", 1 },
};

static void
test_pairs(void **state)
{
	struct image_list *list;
	struct agenda *a;
	char all[512];
	size_t i, count;
	int turned;

	(void)state;
	for (i = 0; i < 2 * COUNT(pairs); i++) {
		turned = (int)(i % 2);
		list = list_of(pairs[i / 2].list);
		a = agenda_new(list, NULL);
		drain(a, all, sizeof(all));
		count = answer(a, list, turned ? 2 : 1,
		    turned ? pairs[i / 2].second : pairs[i / 2].first);
		/* Nothing begins before the other one is known. */
		assert_int_equal(count, 0);
		expect_next(a, "");
		count = answer(a, list, turned ? 1 : 2,
		    turned ? pairs[i / 2].first : pairs[i / 2].second);
		drain(a, all, sizeof(all));
		if (strcmp(all, pairs[i / 2].want) != 0)
			fail_msg("%s: %s", pairs[i / 2].list, all);
		assert_int_equal(count, pairs[i / 2].count);
		assert_int_equal(agenda_close(a), 0);
		agenda_free(a);
		list_free(list);
	}
}

/* The first who disagrees is named, whoever comes last. */
static void
test_three(void **state)
{
	static const unsigned orders[][3] = {
		{ 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 },
		{ 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 },
	};
	struct image_list *list = list_of("x tags=glob:*\n"
	    "x tags=glob:1* signed=k\nx tags=glob:?1 signed=l\n");
	struct agenda *a;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(orders); i++) {
		a = agenda_new(list, NULL);
		expect_next(a, "x:*@1 x:*@2 x:*@3");
		answer(a, list, orders[i][0], "11");
		answer(a, list, orders[i][1], "11");
		expect_next(a, "");
		assert_int_equal(answer(a, list, orders[i][2], "11"), 1);
		expect_next(a, "x:11@1!2");
		agenda_free(a);
	}
	list_free(list);
}

static void
test_dispute(void **state)
{
	struct image_list *list = list_of("x tags=glob:*\n"
	    "x tags=glob:1* signed=k\n");
	struct err e;

	(void)state;
	assert_int_equal(list_dispute(list_at(list, 0), list_at(list, 1), &e),
	    -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.msg, "list:1 (tags=glob:*) and list:2 "
	    "(tags=glob:1*)"));
	assert_non_null(strstr(e.msg, "signed="));
	list_free(list);
	/* What is remembered of an image is one thing. */
	list = list_of("x tags=glob:* keep=2\nx tags=glob:1*\n"
	    "x tags=glob:2* keep=2 keep-for=1d\n");
	assert_string_equal(list_difference(list_at(list, 0),
	    list_at(list, 1)), "keep=");
	assert_string_equal(list_difference(list_at(list, 0),
	    list_at(list, 2)), "keep-for=");
	list_free(list);
}

/* Lines and what patterns have found, all by priority; of equal ones what was
 * found last comes first, and lines last. */
static void
test_priority(void **state)
{
	struct image_list *list = list_of("a:1\nhi tags=glob:* priority=10\n"
	    "lo tags=glob:* priority=-10\nb:1 priority=5\nc:1 priority=-20\n"
	    "d tags=glob:*\n");
	struct agenda_item item;
	struct agenda *a = agenda_new(list, NULL);
	unsigned i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_true(agenda_next(a, &item));
	assert_int_equal(item.entry->line, 3);
	assert_int_equal(answer(a, list, 3, "1 2 3"), 3);
	assert_int_equal(answer(a, list, 6, "1"), 1);
	assert_true(agenda_next(a, &item));
	assert_string_equal(item.entry->ref.repository, "library/d");
	assert_true(agenda_next(a, &item));
	assert_string_equal(item.entry->ref.repository, "library/lo");
	assert_int_equal(answer(a, list, 2, "1 2"), 2);
	expect_next(a, "hi:1@2 hi:2@2 lo:2@3 lo:3@3 c:1@5");
	agenda_free(a);
	list_free(list);
}

/* A pattern for which those of a higher priority wait is as urgent. */
static void
test_urgent(void **state)
{
	struct image_list *list = list_of("a:1\nx tags=glob:* priority=-10\n"
	    "x tags=glob:1* priority=10\n");
	struct agenda_item item;
	struct agenda *a = agenda_new(list, NULL);
	unsigned line;

	(void)state;
	for (line = 2; line <= 3; line++) {
		assert_true(agenda_next(a, &item));
		assert_int_equal(item.entry->line, line);
		assert_int_equal(item.priority, 10);
	}
	answer(a, list, 2, "1 2");
	answer(a, list, 3, "1");
	expect_next(a, "x:1@2 a:1@1 x:2@2");
	agenda_free(a);
	list_free(list);
}

/* The run ends before all is known. */
static void
test_close(void **state)
{
	struct image_list *list = list_of("x tags=glob:*\nx tags=glob:1*\n"
	    "y tags=glob:*\n");
	struct agenda_item item;
	struct agenda *a = agenda_new(list, NULL);

	(void)state;
	assert_true(agenda_next(a, &item));
	assert_int_equal(answer(a, list, 1, "1 2"), 0);
	assert_int_equal(agenda_left(a), 2);
	assert_int_equal(agenda_close(a), 2);
	expect_next(a, "x:1@1 x:2@1 x:*@2 y:*@3");
	agenda_free(a);
	list_free(list);
	agenda_free(NULL);
}

/* Some of a list; of what that line finds, what no other line wants in another
 * way. */
static const struct {
	const char *list, *refs, *lines, *found, *want;
	unsigned line;
} parts[] = {
	{ "a:1\nb:1\n", "b", "b:1@2", NULL, NULL, 0 },
	{ "a:1\nb:1\n", "c", "", NULL, NULL, 0 },
	{ "a:1\nb:1 priority=5\nc:1\n", "a b", "b:1@2 a:1@1", NULL, NULL,
	    0 },
	{ "x tags=glob:1*\nx:11\ny tags=glob:*\n", "x:12", "x:*@1", "12",
	    "x:12@1", 1 },
	/* Those that are not looked up have their say. */
	{ "x tags=glob:* newest=3\nx tags=glob:1* signed=k\nx:11\n", "x:2",
	    "x:*@1", "2 11 12", "x:2@1 x:12@1!2", 1 },
	{ "x tags=glob:2*\nx tags=glob:1* newest=1 signed=k\n", "x:2",
	    "x:*@1", "2", "x:2@1", 1 },
	/* What newest= leaves out is not wanted, so that must be known. */
	{ "x tags=glob:* newest=3\nx tags=glob:1* newest=1 signed=k\n"
	    "y tags=glob:* newest=1\n", "x:2", "x:*@1 x:*@2", NULL, NULL, 0 },
};

static void
test_only(void **state)
{
	char text[512], *words, *rest, *word;
	struct image_list *list;
	struct agenda *a;
	struct only *o;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(parts); i++) {
		list = list_of(parts[i].list);
		o = only_new();
		words = rest = xstrdup(parts[i].refs);
		while ((word = strsep(&rest, " ")) != NULL)
			assert_int_equal(only_add(o, word, &e), 0);
		a = agenda_new(list, o);
		drain(a, text, sizeof(text));
		assert_string_equal(text, parts[i].lines);
		if (parts[i].found != NULL) {
			answer(a, list, parts[i].line, parts[i].found);
			expect_next(a, parts[i].want);
		}
		free(words);
		agenda_free(a);
		only_free(o);
		list_free(list);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_three),
		cmocka_unit_test(test_dispute),
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_urgent),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
