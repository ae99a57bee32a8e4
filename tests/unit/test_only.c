#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/only.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "tests/unit/right_list.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define HEX	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST	"sha256:" HEX

/* REFs, words; of each line of the list "-", "all" or its tags; then the REFs
 * that are on no line. */
static const struct {
	const char *list, *refs, *want;
} cases[] = {
	{ "x:1\nx:2\ny:1\n", "x:1", "all - -" },
	{ "x:1\nx:2\ny:1\n",
	    "docker.io/library/x:1 index.docker.io/library/y:1",
	    "all - all" },
	{ "x\nx:2\ny:1\n", "x:latest", "all - -" },
	{ "ghcr.io/a/x:1\nx:1\n", "ghcr.io/a/x:1", "all -" },
	/* No tag is written: the whole repository. */
	{ "x:1\nx:2\nx tags=glob:3*\nxy:1\n", "x", "all all all -" },
	{ "x:1\nx@" DIGEST "\nx tags=glob:3*\n", "x@" DIGEST, "all all all" },
	/* The tag counts, whatever digest is there. */
	{ "x:1\nx:2\n", "x:1@" DIGEST, "all -" },
	{ "x:1@" DIGEST "\nx@" DIGEST "\n", "x:1", "all -" },
	/* Patterns. */
	{ "x tags=glob:1*\nx tags=glob:2*\n", "x:10", "10 -" },
	{ "x tags=glob:1*\nx tags=regex:[0-9]+\n", "x:2 x:10 x:11 x:10",
	    "10,11 10,11,2" },
	{ "x tags=glob:1* newest=2\nx tags=semver:>=1\n", "x:1.2", "all 1.2" },
	{ "x tags=glob:1*\n", "x:10 x", "all" },
	{ "x tags=glob:1*\nx:10\n", "x:10", "10 all" },
	{ "x tags=glob:1*\n", "x:2 y:1 x:1", "1 !x:2 !y:1" },
	/* Signatures have no line. */
	{ "x:1\nx tags=glob:*\n", "x:sha256-" HEX ".sig", "all all" },
	{ "x:1\n", "x:sha256-" HEX, "all" },
	{ "x:1\n", "x:sha256-" HEX ".other", "- !x:sha256-" HEX ".other" },
	{ "", "x", "!x" },
};

static void
put(char *text, size_t room, const char *before, const char *word)
{
	size_t used = strlen(text);

	snprintf(text + used, room - used, "%s%s%s", used > 0 &&
	    before[0] != ',' ? " " : "", before, word);
}

static void
tell_part(struct only *o, const struct list_entry *entry, char *text,
    size_t room)
{
	char **tags = NULL;
	size_t i, count = 0;

	switch (only_part(o, entry, &tags, &count)) {
	case ONLY_NOTHING:
		put(text, room, "", "-");
		break;
	case ONLY_ALL:
		put(text, room, "", "all");
		break;
	case ONLY_TAGS:
		assert_true(count > 0);
		for (i = 0; i < count; i++)
			put(text, room, i > 0 ? "," : "", tags[i]);
		free(tags);
		break;
	}
}

static void
test_parts(void **state)
{
	char text[512], *words, *rest, *word;
	struct image_list *list;
	struct only *o;
	struct err e;
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		list = list_of(cases[i].list);
		o = only_new();
		words = rest = xstrdup(cases[i].refs);
		while ((word = strsep(&rest, " ")) != NULL)
			assert_int_equal(only_add(o, word, &e), 0);
		text[0] = '\0';
		for (j = 0; j < list_count(list); j++)
			tell_part(o, list_at(list, j), text, sizeof(text));
		for (j = 0; j < only_count(o); j++)
			if (only_missed(o, j) != NULL)
				put(text, sizeof(text), "!", only_missed(o,
				    j));
		assert_string_equal(text, cases[i].want);
		free(words);
		only_free(o);
		list_free(list);
	}
}

static void
test_refused(void **state)
{
	struct only *o = only_new();
	struct err e;
	char name[32];
	size_t i;

	(void)state;
	assert_int_equal(only_add(o, "X:1", &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(only_count(o), 0);
	for (i = 0; i < HINTS_RUN_MAX; i++) {
		snprintf(name, sizeof(name), "x:%zu", i);
		assert_int_equal(only_add(o, name, &e), 0);
	}
	assert_int_equal(only_add(o, "x:1", &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	only_free(o);
	only_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
