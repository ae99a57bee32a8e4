#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "image/version.h"
#include "image/version_range.h"
#include "layout/limits.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		unsigned parts;		/* 0: no version */
		unsigned number[3];
		const char *suffix;
		bool is_plain;
	} cases[] = {
		{ "1.27.3", 3, { 1, 27, 3 }, "", true },
		{ "v1.27.3", 3, { 1, 27, 3 }, "", true },
		{ "V2", 1, { 2, 0, 0 }, "", true },
		{ "1.27", 2, { 1, 27, 0 }, "", true },
		{ "16", 1, { 16, 0, 0 }, "", true },
		{ "0", 1, { 0, 0, 0 }, "", true },
		{ "22.04", 2, { 22, 4, 0 }, "", true },
		{ "2024.01.15", 3, { 2024, 1, 15 }, "", true },
		{ "1.27.3-alpine", 3, { 1, 27, 3 }, "alpine", false },
		{ "3.12-slim-bookworm", 2, { 3, 12, 0 }, "slim-bookworm",
		  false },
		{ "16-alpine3.20", 1, { 16, 0, 0 }, "alpine3.20", false },
		{ "1.2.3-rc.1", 3, { 1, 2, 3 }, "rc.1", false },
		{ "1.2.3--x", 3, { 1, 2, 3 }, "-x", false },
		{ "1.22rc1", 2, { 1, 22, 0 }, "rc1", false },
		{ "3.14.0a1-slim", 3, { 3, 14, 0 }, "a1-slim", false },
		{ "17beta1", 1, { 17, 0, 0 }, "beta1", false },
		{ "21.0.2_13-jdk", 3, { 21, 0, 2 }, "", false },
		{ "1.2.3-rc.1_build.5", 3, { 1, 2, 3 }, "rc.1", false },
		{ "1.2_a_b", 2, { 1, 2, 0 }, "", false },
		{ "2024-01-15", 1, { 2024, 0, 0 }, "01-15", false },
		{ "99999", 1, { 99999, 0, 0 }, "", true },
		{ "999999999.999999999.999999999", 3, { 999999999, 999999999,
		  999999999 }, "", true },
		{ "", 0, { 0 }, NULL, false },
		{ "v", 0, { 0 }, NULL, false },
		{ "vv1", 0, { 0 }, NULL, false },
		{ "latest", 0, { 0 }, NULL, false },
		{ "alpine", 0, { 0 }, NULL, false },
		{ "stable-1.2", 0, { 0 }, NULL, false },
		{ "1.", 0, { 0 }, NULL, false },
		{ "1..2", 0, { 0 }, NULL, false },
		{ ".1", 0, { 0 }, NULL, false },
		{ "1.2.", 0, { 0 }, NULL, false },
		{ "1.2.3.4", 0, { 0 }, NULL, false },
		{ "1.2.x", 0, { 0 }, NULL, false },
		{ "1.2.3-", 0, { 0 }, NULL, false },
		{ "1.2.3-a..b", 0, { 0 }, NULL, false },
		{ "1.2.3-a.", 0, { 0 }, NULL, false },
		{ "1.2.3-.a", 0, { 0 }, NULL, false },
		{ "1.2.3_", 0, { 0 }, NULL, false },
		{ "1.2.3-a_", 0, { 0 }, NULL, false },
		{ "1.2.3+b", 0, { 0 }, NULL, false },
		{ "1.2.3 ", 0, { 0 }, NULL, false },
		{ "-1", 0, { 0 }, NULL, false },
		{ "+1", 0, { 0 }, NULL, false },
		{ "1.2.3-\xc3\xa4", 0, { 0 }, NULL, false },
		/* More than nine digits, and what would overflow. */
		{ "1234567890.1", 0, { 0 }, NULL, false },
		{ "1.18446744073709551617", 0, { 0 }, NULL, false },
		/* Dates and hashes. */
		{ "100000", 0, { 0 }, NULL, false },
		{ "20240115", 0, { 0 }, NULL, false },
		{ "v20240115-abcdef0", 0, { 0 }, NULL, false },
		{ "1a2b3c4", 0, { 0 }, NULL, false },
		{ "7e3f2a1-dirty", 0, { 0 }, NULL, false },
		{ "12345678", 0, { 0 }, NULL, false },
	};
	struct version v;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&v, 0, sizeof(v));
		rc = version_parse(cases[i].text, &v);
		if (rc != (cases[i].parts > 0))
			fail_msg("\"%s\" gave %d", cases[i].text, rc);
		if (rc == 0)
			continue;
		if (v.parts != cases[i].parts ||
		    v.is_plain != cases[i].is_plain ||
		    memcmp(v.number, cases[i].number, sizeof(v.number)) != 0 ||
		    v.suffix_len != strlen(cases[i].suffix) ||
		    strncmp(v.suffix_len > 0 ? v.suffix : "", cases[i].suffix,
		    v.suffix_len) != 0)
			fail_msg("\"%s\": %u: %u %u %u", cases[i].text,
			    v.parts, v.number[0], v.number[1], v.number[2]);
	}
}

/* Rising; those with "=" in front are equal to the one before. */
static void
test_order(void **state)
{
	static const char *const tags[] = {
		"0", "=0.0", "=v0.0.0", "0.0.1",
		/* SemVer section 11's own example. */
		"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
		"1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
		"=1.0-rc.1", "1.0.0", "=1", "=1.0.0_5", "=1.0.0_a_b",
		"1.0.1-0", "=1.0.1-00", "1.0.1-1", "=1.0.1-01", "1.0.1-2",
		"1.0.1-10", "1.0.1-18446744073709551616",
		"1.0.1-99999999999999999999", "1.0.1-100000000000000000000",
		"1.0.1--", "1.0.1-1a", "1.0.1-A", "1.0.1-B", "1.0.1-a",
		"1.0.1-a-b", "1.0.1-aa", "1.0.1-aa.0",
		"1.0.1", "1.2.9", "1.2.10-alpine", "1.2.10", "1.10",
		"2-alpine", "2", "9.9.9", "10", "22.04", "=22.4",
		"999999999.0.0",
	};
	const char *a, *b;
	struct version v, w;
	size_t i, j, equals;
	int want;

	(void)state;
	for (i = 0; i < COUNT(tags); i++) {
		a = tags[i] + (tags[i][0] == '=');
		for (j = i, equals = 1; j < COUNT(tags); j++) {
			b = tags[j] + (tags[j][0] == '=');
			if (j > i && tags[j][0] != '=')
				equals = 0;
			want = equals ? 0 : -1;
			assert_int_equal(version_parse(a, &v), 1);
			assert_int_equal(version_parse(b, &w), 1);
			if (version_compare(&v, &w) != want ||
			    version_compare(&w, &v) != -want)
				fail_msg("%s %s: %d", a, b,
				    version_compare(&v, &w));
		}
	}
}

#define TAGS_MAX_HERE	24

/* Each line: a range; what is in it; behind "!" what is not. */
static void
test_ranges(void **state)
{
	static const char *const cases[][TAGS_MAX_HERE] = {
		{ ">=1.4,<2", "1.4", "1.4.0", "v1.9.99", "1.27.3", "!1.3.9",
		  "!2", "!2.0.0", "!1.27.3-alpine", "!1.5.0-rc.1", "!1.5_3",
		  "!latest", "!", "!20240115", "!1.2.3.4" },
		{ ">=1.4 <2", "1.4", "!2" },
		{ " >= 1.4 , < 2 ", "1.4", "!2" },
		{ "^1.2", "1.2.0", "1.99", "!1.1.9", "!2", "!1.3-alpine" },
		{ "^1.2.3", "1.2.3", "1.3", "!1.2.2", "!1.2", "!2.0" },
		{ "^0.2.3", "0.2.3", "0.2.9", "!0.3.0", "!0.2.2", "!1" },
		{ "^0.2", "0.2.0", "0.2.9", "!0.3.0" },
		{ "^0.0.3", "0.0.3", "!0.0.4", "!0.0.2" },
		{ "^0.0", "0.0.0", "0.0.9", "!0.1.0" },
		{ "^0", "0.0.0", "0.9.9", "!1.0.0" },
		{ "^0.0.0", "0.0.0", "!0.0.1" },
		{ "^1.x", "1.0.0", "1.9", "!2", "!0.9" },
		{ "~1.2", "1.2.0", "1.2.9", "!1.3.0", "!1.1.9" },
		{ "~1.2.3", "1.2.3", "1.2.9", "!1.2.2", "!1.3.0" },
		{ "~1", "1.0.0", "1.9.9", "!2.0.0" },
		{ "1.x", "1", "1.0", "1.9.9", "!2", "!0.9", "!1.9-alpine" },
		{ "1.2.x", "1.2", "1.2.9", "!1.3", "!1.2.0-rc.1" },
		{ "1.2.*", "1.2", "1.2.9", "!1.3" },
		{ "1.X.x", "1.2", "!2" },
		{ "1.2", "1.2", "1.2.9", "!1.3" },
		{ "=1.2", "1.2", "1.2.9", "!1.3" },
		{ "1.2.3", "1.2.3", "v1.2.3", "!1.2.4", "!1.2.3-a",
		  "!1.2.3_a" },
		{ "=1.2.0", "1.2.0", "1.2", "!1.2.1" },
		{ "v1.2.3", "1.2.3" },
		{ "*", "0", "999999999.1", "!1-alpine", "!latest" },
		{ "x", "0", "!edge" },
		{ "!=1.2", "1.1.9", "1.3", "!1.2", "!1.2.9" },
		{ "!=1.2.3", "1.2.2", "!1.2.3", "!1.2.4-rc.1" },
		{ ">=1,!=1.5.x,<2", "1.4.9", "1.6", "!1.5.0", "!1.5.9" },
		{ ">1.2", "1.3.0", "2", "!1.2", "!1.2.9" },
		{ ">1.2.3", "1.2.4", "!1.2.3" },
		{ ">1", "2", "!1.9.9" },
		{ "<=1.2", "1.2.9", "0", "!1.3.0" },
		{ "<=1.2.3", "1.2.3", "!1.2.4" },
		{ "<1.2", "1.1.9", "!1.2.0" },
		{ "1.x || 3.x", "1.5", "3.5", "!2.5", "!4" },
		{ "1.x||3.x||5", "1.5", "3.5", "5.5", "!2.5" },
		{ "<1 || >=2,<3", "0.9", "2.5", "!1.5", "!3" },
		{ ">999999999", "!999999999", "!999999999.1" },
		/* With a suffix: by the order, but not those of the bound. */
		{ ">=1.4-0,<2", "1.4", "1.4-alpine", "1.4.0-0", "1.9.9-rc.1",
		  "1.5_3", "!2.0.0-rc.1", "!2-alpine", "!2", "!1.3.9-alpine" },
		{ "<2,>=1.4-0", "1.4-alpine", "!2.0.0-rc.1" },
		{ ">=1.4-0 || 3.x", "1.5-alpine", "3.1", "3.1-alpine" },
		{ "1.x || 3.x-0", "1.5", "!1.5-alpine", "3.1-alpine",
		  "3.0.0-rc.1" },
		{ "*-0", "0", "0-alpine", "1-rc.1", "!latest" },
		{ "^1.2-0", "1.2.0-rc.1", "1.9-alpine", "!2.0.0-rc.1" },
		{ "^1.2.3-beta.2", "1.2.3-beta.2", "1.2.3-beta.11", "1.2.3",
		  "1.9.9", "!1.2.3-beta.1", "!2.0.0-alpha" },
		{ "~1.2-0", "1.2.0-0", "1.2.9-z", "!1.3.0-0" },
		{ "=1.2.3-alpine", "1.2.3-alpine", "!1.2.3", "!1.2.3-alpine3" },
		{ "1.2.3-alpine", "1.2.3-alpine", "!1.2.3" },
		{ "1.2.x-0", "1.2.0-rc.1", "1.2.9-alpine", "!1.3.0-0" },
		{ ">1.2.3-rc.1", "1.2.3-rc.2", "1.2.3", "!1.2.3-rc.1" },
		{ ">1.2-0", "1.2.0-1", "1.2", "!1.2.0-0" },
		{ "<1.2.3-rc.2", "1.2.3-rc.1", "!1.2.3-rc.2", "!1.2.3" },
		{ "<=1.2.3-rc.2", "1.2.3-rc.2", "!1.2.3" },
		{ ">=1-0,!=1.2", "1.1-alpine", "1.3-alpine", "!1.2-alpine",
		  "!1.2.9-alpine", "!1.2" },
		{ ">=1-0,!=1.2.3", "1.2.3-alpine", "!1.2.3", "!1.2.3_7" },
		{ ">=17-0,<18", "17.0.10_7-jdk", "17-jre", "!18-jre" },
	};
	struct version_range *range;
	struct err e;
	const char *tag;
	size_t i, j;
	bool want;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (version_range_parse(cases[i][0], &range, &e) == -1)
			fail_msg("%s", e.msg);
		for (j = 1; j < TAGS_MAX_HERE && cases[i][j] != NULL; j++) {
			want = cases[i][j][0] != '!';
			tag = cases[i][j] + !want;
			if (version_range_matches(range, tag) != want)
				fail_msg("%s: %s", cases[i][0], cases[i][j]);
		}
		version_range_free(range);
	}
	version_range_free(NULL);
}

static void
test_bad_ranges(void **state)
{
	static const char *const texts[] = {
		"", " ", ",", "||", "1,", ",1", "1,,2", "1, ,2", "1||", "||1",
		"1|| ||2", "1|2", "1 |", "1||,2", "=", ">", ">=", "^", "~", "!",
		"!1", "==1", "=>1", "=<1", "><1", "^^1", "^>1", ">=1<2",
		"1.2.3.4", "1.", "1..2", ".1", "a", "latest", "1.x.2", "x.1",
		"1-", "1.2.3-", "1.2.3-a..b", "1.2.3-a_b", "1.2.3_5", "1.2.3+5",
		"1 - 2", "1.2 -3", "1.2.3rc1", "1234567890", ">*", "<*", "!=*",
		">x.x", "1.2.3-\xc3\xa4", "v", "v v", "1\t2", "1\n2",
	};
	struct version_range *range = NULL;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		e.code = ERR_NONE;
		if (version_range_parse(texts[i], &range, &e) != -1)
			fail_msg("\"%s\" is a range", texts[i]);
		assert_int_equal(e.code, ERR_INPUT);
		assert_null(range);
	}
}

static void
test_range_caps(void **state)
{
	char text[TAG_PATTERN_MAX + 2] = "";
	struct version_range *range;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < VERSION_TERMS_MAX; i++)
		memcpy(text + 2 * i, "1,", 2);
	text[2 * i - 1] = '\0';
	assert_int_equal(version_range_parse(text, &range, &e), 0);
	assert_true(version_range_matches(range, "1.2"));
	version_range_free(range);
	memcpy(text + 2 * i - 1, ",1", 3);
	assert_int_equal(version_range_parse(text, &range, &e), -1);
	assert_non_null(strstr(e.msg, "too many"));
	memset(text, ' ', sizeof(text) - 1);
	text[0] = '1';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(version_range_parse(text, &range, &e), -1);
	text[sizeof(text) - 2] = '\0';
	assert_int_equal(version_range_parse(text, &range, &e), 0);
	version_range_free(range);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_bad_ranges),
		cmocka_unit_test(test_range_caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
