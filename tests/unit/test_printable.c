/* What may reach a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "report/printable.h"

static const struct {
	const char *text, *want;
} cases[] = {
	{ "", "" },
	{ "plain ~", "plain ~" },
	{ "\033[2J\033]0;title\007", "?[2J?]0;title?" },
	{ "a\r\nb\tc\bd\177", "a??b?c?d?" },
	{ "gr\303\274n \342\202\254", "gr\303\274n \342\202\254" },
	{ "\360\237\220\263", "\360\237\220\263" },
	/* C1: a terminal may take U+009B for ESC [. */
	{ "\302\2332J", "??2J" },
	{ "\302\200\302\237\302\240", "????\302\240" },
	{ "\233", "?" },
	/* Cut in the middle. */
	{ "x\303", "x?" },
	{ "x\342\202", "x??" },
	{ "x\360\237\220", "x???" },
	{ "\342\202z", "??z" },
	/* Longer than needed, surrogates, beyond the end. */
	{ "\300\233", "??" },
	{ "\301\277", "??" },
	{ "\340\200\233", "???" },
	{ "\340\237\277", "???" },
	{ "\360\200\200\233", "????" },
	{ "\355\240\200", "???" },
	{ "\364\220\200\200", "????" },
	{ "\365\200\200\200", "????" },
	{ "\377\376", "??" },
	{ "\356\200\200\364\217\277\277", "\356\200\200\364\217\277\277" },
};

static void
test_cases(void **state)
{
	char buf[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(buf, sizeof(buf), "%s", cases[i].text);
		printable(buf);
		assert_string_equal(buf, cases[i].want);
		/* What is left is left alone. */
		printable(buf);
		assert_string_equal(buf, cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
