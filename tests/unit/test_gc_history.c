#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "layout/gc_history.h"

/* 2026-11-29T00:00:00Z */
#define NOW	1795910400
#define DAY	(24 * 3600)

static void
make(char letter, struct digest *ret)
{
	digest_of(DIGEST_SHA256, &letter, 1, ret);
}

/* "20 a|21 b|22 a rollback": days of November, and names of digests. */
static char *
history_of(const char *words)
{
	char *text = calloc(1, 4096), digest[DIGEST_TEXT_MAX], letter;
	char time[32], *end = text;
	struct digest d;
	int used;

	while (sscanf(words, "%31s %c%n", time, &letter, &used) == 2) {
		words += used;
		make(letter, &d);
		end += snprintf(end, 512, strlen(time) == 2 ?
		    "2026-11-%sT00:00:00Z %s" : "%s %s", time,
		    digest_text(&d, digest));
		used = (int)strcspn(words, "|");
		end += snprintf(end, 512, "%.*s\n", used, words);
		words += used + (words[used] == '|');
	}
	return text;
}

static void
test_choose(void **state)
{
	static const struct {
		const char *history;
		char current;
		unsigned keep;
		int64_t keep_for_s;
		const char *chosen;
	} cases[] = {
		{ "20 a", 'a', 1, 0, "" },
		{ "20 a|21 b", 'b', 1, 0, "a" },
		{ "20 a|21 b", 'b', 0, 0, "" },
		{ "20 a|21 b|22 c", 'c', 1, 0, "b" },
		{ "20 a|21 b|22 c", 'c', 2, 0, "ba" },
		{ "20 a|21 b|22 a", 'a', 2, 0, "b" },
		{ "20 a|21 b|22 a|23 c", 'c', 1, 0, "a" },
		/* What was set back from does not count. */
		{ "20 a|21 b|22 c|22 b rollback", 'b', 1, 0, "a" },
		{ "20 a|21 b|22 a rollback|23 c", 'c', 1, 0, "a" },
		{ "20 a|21 b|22 a rollback|23 c", 'c', 2, 0, "a" },
		/* Unless it was set to again. */
		{ "20 a|21 b|22 a rollback|23 b|24 c", 'c', 1, 0, "a" },
		{ "20 a|21 b|22 a rollback|23 b rollback|24 c", 'c', 1, 0,
		    "b" },
		/* Younger than that. */
		{ "20 a|21 b|22 c|23 d", 'd', 0, 8 * DAY + 1, "cb" },
		{ "20 a|21 b|22 c|23 d", 'd', 0, 7 * DAY, "" },
		{ "20 a|21 b|22 a rollback", 'a', 0, 30 * DAY, "b" },
		/* A clock that was not set, or that was ahead: as the line
		 * behind it, or as now. */
		{ "1970-01-01T00:00:07Z a|22 c|23 d", 'd', 0, 8 * DAY, "ca" },
		{ "1970-01-01T00:00:07Z a|10 c|23 d", 'd', 0, 8 * DAY, "" },
		{ "2036-01-01T00:00:00Z a|1970-01-01T00:00:00Z b", 'b', 0, 1,
		    "a" },
		/* It died between the history and the tag. */
		{ "20 a|21 b", 'a', 0, 0, "b" },
		{ "20 a|21 b", 'x', 1, 0, "b" },
		/* All of it. */
		{ "01 a|02 b|03 a rollback|04 c", 'c', UINT_MAX, 0, "ab" },
		{ "", 'c', 5, 5, "" },
	};
	size_t i, j, count;
	struct digest d;
	struct gc_past *past;
	char *text;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = history_of(cases[i].history);
		make(cases[i].current, &d);
		gc_history_choose(text, &d, cases[i].keep,
		    cases[i].keep_for_s, NOW, &past, &count);
		if (count != strlen(cases[i].chosen))
			fail_msg("%s: %zu", cases[i].history, count);
		for (j = 0; j < count; j++) {
			make(cases[i].chosen[j], &d);
			if (!digest_equal(&d, &past[j].digest))
				fail_msg("%s: %zu", cases[i].history, j);
		}
		free(past);
		free(text);
	}
}

/* Nothing of what makes no sense is kept, or hurts. */
static void
test_nonsense(void **state)
{
	static const char *const texts[] = {
		"", "\n\n", "sha256:", "2026-11-20T00:00:00Z", "a b c\n",
		"2026-11-20T00:00:00Z sha256:12\n", " \n \n", "x sha512:\n",
	};
	struct gc_past *past;
	struct digest d;
	size_t i, count;

	(void)state;
	make('a', &d);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		gc_history_choose(texts[i], &d, 5, DAY, NOW, &past, &count);
		assert_int_equal(count, 0);
		free(past);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
