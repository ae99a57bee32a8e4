#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "layout/tag_history.h"

#define HEX62	"00000000000000000000000000000000000000000000000000000000000000"
#define AT	"2026-11-20T10:53:07Z "
#define LINE(x)	AT "sha256:" HEX62 x "\n"
#define BACK(x)	AT "sha256:" HEX62 x " rollback\n"

static struct digest
digest(const char *two)
{
	char text[DIGEST_TEXT_MAX];
	struct digest d;
	struct err e;

	snprintf(text, sizeof(text), "sha256:" HEX62 "%s", two);
	assert_int_equal(digest_parse(text, &d, &e), 0);
	return d;
}

static void
test_parse(void **state)
{
	struct tag_history h;
	struct digest want = digest("0b");

	(void)state;
	tag_history_parse("", &h);
	assert_int_equal(h.count, 0);
	tag_history_done(&h);
	tag_history_parse(LINE("0a") BACK("0b") AT "sha256:" HEX62
	    "0c from 7\n" AT "sha256:" HEX62 "0d", &h);
	assert_int_equal(h.count, 4);
	assert_string_equal(h.lines[0].time, "2026-11-20T10:53:07Z");
	assert_false(h.lines[0].is_rollback);
	assert_true(h.lines[1].is_rollback);
	assert_true(digest_equal(&h.lines[1].digest, &want));
	assert_false(h.lines[2].is_rollback);
	assert_false(h.lines[3].is_rollback);
	tag_history_done(&h);
	assert_null(h.lines);
	tag_history_done(&h);
}

/* What makes no sense is no line, and takes none with it. */
static void
test_odd(void **state)
{
	static const char *const odd[] = {
		"\n", " \n", "x\n", AT "\n", " " AT "sha256:" HEX62 "0a\n",
		AT "sha256:" HEX62 "0\n", AT "sha256:" HEX62 "0a0\n",
		AT "sha256:" HEX62 "0A\n", AT "md5:" HEX62 "0a\n",
		AT " sha256:" HEX62 "0a\n", "sha256:" HEX62 "0a\n",
		"2026-11-20T10:53:07Z-and-much-more-than-that sha256:" HEX62
		    "0a\n",
	};
	struct tag_history h;
	char text[1000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		snprintf(text, sizeof(text), LINE("01") "%s" LINE("02"),
		    odd[i]);
		tag_history_parse(text, &h);
		if (h.count != 2)
			fail_msg("%s", odd[i]);
		tag_history_done(&h);
	}
	/* Another word is not this one. */
	tag_history_parse(AT "sha256:" HEX62 "01 rollbacks\n"
	    AT "sha256:" HEX62 "01 roll\n" AT "sha256:" HEX62
	    "01 rollback 7\n", &h);
	assert_int_equal(h.count, 3);
	assert_false(h.lines[0].is_rollback);
	assert_false(h.lines[1].is_rollback);
	assert_true(h.lines[2].is_rollback);
	tag_history_done(&h);
}

/* The digest that is so many steps back from ${current}; "" for none. */
static void
expect_back(const char *text, const char *current, unsigned back,
    const char *want)
{
	struct digest is = digest(current), d;
	const char *got = "";
	struct tag_history h;
	char hex[DIGEST_HEX_MAX];
	size_t i, found = 0;

	tag_history_parse(text, &h);
	tag_history_judge(&h, &is);
	for (i = 0; i < h.count; i++) {
		if (h.lines[i].back != back)
			continue;
		d = h.lines[i].digest;
		got = digest_hex(&d, hex) + strlen(HEX62);
		found++;
	}
	if (strcmp(got, want) != 0 || found != (want[0] != '\0'))
		fail_msg("%u back from %s is \"%s\", not \"%s\", of\n%s",
		    back, current, got, want, text);
	tag_history_done(&h);
}

static void
test_steps(void **state)
{
	static const char three[] = LINE("0a") LINE("0b") LINE("0c");

	(void)state;
	expect_back("", "0a", 1, "");
	expect_back(LINE("0a"), "0a", 1, "");
	expect_back(three, "0c", 1, "0b");
	expect_back(three, "0c", 2, "0a");
	expect_back(three, "0c", 3, "");
	expect_back(three, "0b", 1, "0a");
	/* Of what the history does not know, all of it is the past. */
	expect_back(three, "0d", 1, "0c");
	/* It was there before, and is now: what counts is the last time. */
	expect_back(LINE("0a") LINE("0b") LINE("0a") LINE("0c"), "0c", 1,
	    "0a");
	expect_back(LINE("0a") LINE("0b") LINE("0a") LINE("0c"), "0c", 2,
	    "0b");
	expect_back(LINE("0a") LINE("0b") LINE("0a"), "0a", 1, "0b");
}

static void
test_left(void **state)
{
	static const char two[] = LINE("0a") LINE("0b") BACK("0a");
	static const char three[] = LINE("0a") LINE("0b") LINE("0c") BACK("0b");

	(void)state;
	/* Where it was set back to, it is not in front of what it left. */
	expect_back(two, "0a", 1, "");
	expect_back(three, "0b", 1, "0a");
	/* What was left is not gone back to, though it comes again. */
	expect_back(LINE("0a") LINE("0b") BACK("0a") LINE("0c"), "0c", 1,
	    "0a");
	expect_back(LINE("0a") LINE("0b") BACK("0a") LINE("0b") LINE("0c"),
	    "0c", 1, "0a");
	expect_back(LINE("0a") LINE("0b") BACK("0a") LINE("0b") LINE("0c"),
	    "0c", 2, "");
	/* By two steps at once: what is between was not tried. */
	expect_back(LINE("0a") LINE("0b") LINE("0c") BACK("0a"), "0a", 1, "");
	expect_back(LINE("0a") LINE("0b") LINE("0c") BACK("0a") LINE("0d"),
	    "0d", 1, "0b");
	expect_back(LINE("0a") LINE("0b") LINE("0c") BACK("0a") LINE("0d"),
	    "0d", 2, "0a");
	/* By two steps, one after the other. */
	expect_back(LINE("0a") LINE("0b") LINE("0c") BACK("0b") BACK("0a")
	    LINE("0d"), "0d", 1, "0a");
	/* Set forth again: neither was meant to be left. */
	expect_back(LINE("0a") LINE("0b") BACK("0a") BACK("0b") LINE("0c"),
	    "0c", 1, "0b");
	expect_back(LINE("0a") LINE("0b") BACK("0a") BACK("0b") LINE("0c"),
	    "0c", 2, "0a");
	/* To what it never had by itself. */
	expect_back(LINE("0a") LINE("0b") BACK("0f"), "0f", 1, "0a");
	expect_back(LINE("0a") LINE("0b") BACK("0f") LINE("0c"), "0c", 1,
	    "0f");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
