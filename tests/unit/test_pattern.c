#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image/pattern.h"
#include "layout/limits.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define TAGS_MAX_HERE	16

#define HEX64	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Each line: a pattern; what it wants; behind "!" what it does not. */
static void
test_wants(void **state)
{
	static const char *const cases[][TAGS_MAX_HERE] = {
		{ "glob:*", "a", "1.2.3-alpine", "_", "!sha256-" HEX64 ".sig",
		  "!sha256-" HEX64, "!sha512-" HEX64, "sha256-" HEX64 ".txt" },
		{ "glob:v2.*", "v2.", "v2.1", "!v2", "!v20", "!av2.1",
		  "!V2.1" },
		{ "glob:1.?", "1.2", "!1.", "!1.27" },
		{ "glob:*-alpine", "1-alpine", "-alpine", "!1-alpine3",
		  "1-alpine-alpine" },
		{ "glob:*.*-*", "1.2-a", ".-", "!1.2", "!1-2.a" },
		{ "glob:a*b*c", "abc", "aXbXc", "abbcc", "!abcd", "!ab" },
		{ "glob:**", "a" },
		{ "glob:***a***", "a", "bab", "!b" },
		{ "glob:1.2[0-9]", "1.20", "1.29", "!1.2", "!1.2a", "!1.200" },
		{ "glob:[!a]*", "b", "!a", "!ab" },
		{ "glob:[^a]*", "b", "!a" },
		{ "glob:[]a]", "a", "!b" },
		{ "glob:[a-]", "a", "-", "!b" },
		{ "glob:[-a]", "a", "-", "!b" },
		{ "glob:[a-cx]1", "b1", "x1", "!d1", "!-1" },
		{ "glob:[z-a]", "!a", "!m", "!z", "!-" },
		{ "glob:latest", "latest", "!latest1", "!Latest" },
		{ "regex:1\\.[0-9]+", "1.2", "1.27", "!1.", "!1.2.3", "!a1.2",
		  "!1x2" },
		{ "regex:^1\\.2$", "1.2", "!1.2.3" },
		{ "regex:a|b", "a", "b", "!ab", "!ax", "!xb" },
		{ "regex:^a|b$", "a", "b", "!ax", "!xb" },
		{ "regex:(v?)([0-9]+)\\.([0-9]+)(-alpine)?", "v1.2",
		  "1.2-alpine", "!1.2-slim" },
		{ "regex:[[:digit:]]+", "12", "!1a" },
		{ "regex:[0-9]{4}-[0-9]{2}", "2024-01", "!2024-1" },
		{ "regex:a{2,}", "aa", "aaaaa", "!a" },
		{ "regex:a{,2}b", "b", "aab", "!aaab" },
		{ "regex:.*", "a", "!sha256-" HEX64 ".att",
		  "!sha256-" HEX64 ".sbom" },
		{ "regex:sha256-.*", "!sha256-" HEX64, "sha256-abc" },
		{ "regex:[]a]", "a", "!b" },
		{ "regex:[^]a]", "b", "!a" },
		{ "regex:a\\-b", "a-b" },
		{ "semver:>=1.4,<2", "1.4", "!2", "!latest" },
		{ "semver:*", "1", "!1-alpine", "!sha256-" HEX64 },
	};
	struct tag_matcher *m;
	struct tag_rule *rule;
	struct err e;
	size_t i, j;
	bool want;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (tag_rule_parse(cases[i][0], &rule, &e) == -1)
			fail_msg("%s", e.msg);
		m = tag_matcher_new(rule);
		for (j = 1; j < TAGS_MAX_HERE && cases[i][j] != NULL; j++) {
			want = cases[i][j][0] != '!';
			if (tag_matcher_wants(m, cases[i][j] + !want) != want)
				fail_msg("%s: %s", cases[i][0], cases[i][j]);
		}
		tag_matcher_free(m);
		free(rule);
	}
	tag_matcher_free(NULL);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} cases[] = {
		{ "", "is not a pattern" },
		{ "v1.*", "is not a pattern" },
		{ "Glob:*", "is not a pattern" },
		{ "globs:*", "is not a pattern" },
		{ "glob:", "empty" },
		{ "glob:a/b", "matches no tag" },
		{ "glob:{a,b}", "matches no tag" },
		{ "glob:a\\*", "matches no tag" },
		{ "glob:!a", "matches no tag" },
		{ "glob:a]", "matches no tag" },
		{ "glob:[", "without a \"" },
		{ "glob:[]", "without a \"" },
		{ "glob:[!", "without a \"" },
		{ "glob:[!]", "without a \"" },
		{ "glob:a[b", "without a \"" },
		{ "regex:", "empty" },
		{ "regex:(", "without a \"" },
		{ "regex:)", "without a \"" },
		{ "regex:a)|(b", "without a \"" },
		{ "regex:((a)", "without a \"" },
		{ "regex:[", "without a \"" },
		{ "regex:[]", "without a \"" },
		{ "regex:[^]", "without a \"" },
		{ "regex:[a", "without a \"" },
		{ "regex:[[:alpha:", "without a \"" },
		{ "regex:[[:alpha:]", "without a \"" },
		{ "regex:[[:nothing:]]", "" },
		{ "regex:[[.a.]]", "\"[.\" and" },
		{ "regex:[[=a=]]", "\"[.\" and" },
		{ "regex:[\\d]", "in brackets means" },
		{ "regex:[z-a]", "" },
		{ "regex:*", "" },
		{ "regex:a|*b", "" },
		{ "regex:a{", "without a \"" },
		{ "regex:a{2", "without a \"" },
		{ "regex:a{2,1}", "" },
		{ "regex:a{x}", "without a \"" },
		{ "regex:a{129}", "more characters than a tag" },
		{ "regex:a{0,99999999999999999999}",
		  "more characters than a tag" },
		{ "regex:a\\", "stand only before" },
		{ "regex:(a)\\1", "stand only before" },
		{ "regex:\\d+", "write [0-9]" },
		{ "regex:\\w\\<", "stand only before" },
		{ "regex:(?:a)", "" },
		{ "regex:((((a{9}){9}){9}){9}", "too large" },
		{ "regex:(a{128}){128}", "too large" },
		{ "regex:(a{30}){30}", "too large" },
		/* Without an end there is a copy more. */
		{ "regex:((a{5,}){5,}){5,}", "too large" },
		{ "regex:a{100}{100}", "repeat of a repeat" },
		{ "regex:a**", "repeat of a repeat" },
		{ "regex:a*?", "repeat of a repeat" },
		{ "regex:a++b", "repeat of a repeat" },
		{ "regex:((((a+)+)+)+)+", "repeats inside each other" },
		{ "regex:(b((((a?)*b)?c)*x)*d)*", "repeats inside each other" },
		{ "regex:((((((((((((((((((a))))))))))))))))))", "too many" },
		{ "semver:", "is not a range" },
		{ "semver:>=1.4,<", "is not a range" },
		{ "semver:latest", "is not a range" },
	};
	struct tag_rule *rule = NULL;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		e.code = ERR_NONE;
		if (tag_rule_parse(cases[i].text, &rule, &e) != -1)
			fail_msg("\"%s\" is a pattern", cases[i].text);
		assert_int_equal(e.code, ERR_INPUT);
		if (strstr(e.msg, cases[i].says) == NULL)
			fail_msg("\"%s\": %s", cases[i].text, e.msg);
		assert_null(rule);
	}
}

static void
test_length(void **state)
{
	char text[TAG_PATTERN_MAX + 2];
	struct tag_rule *rule;
	struct err e;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "glob:", 5);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(tag_rule_parse(text, &rule, &e), -1);
	text[sizeof(text) - 2] = '\0';
	assert_int_equal(tag_rule_parse(text, &rule, &e), 0);
	free(rule);
}

static void
test_signature(void **state)
{
	static const struct {
		const char *tag;
		bool is_signature;
	} cases[] = {
		{ "sha256-" HEX64, true },
		{ "sha256-" HEX64 ".sig", true },
		{ "sha256-" HEX64 ".att", true },
		{ "sha256-" HEX64 ".sbom", true },
		{ "sha512-" HEX64, true },
		{ "sha512-" HEX64 ".sig", true },
		{ "blake3-" HEX64, true },
		{ "sha256-" HEX64 ".SIG", false },
		{ "sha256-" HEX64 ".sigs", false },
		{ "sha256-" HEX64 "-sig", false },
		{ "sha256-" HEX64 "0", false },
		{ "sha256-" HEX64 ".", false },
		{ "sha256-abc", false },
		{ "sha256-", false },
		{ "sha256", false },
		{ "sha256_" HEX64, false },
		{ "main-" HEX64, false },
		{ "SHA256-" HEX64, false },
		{ "1.2.3", false },
		{ "", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (tag_is_signature(cases[i].tag) != cases[i].is_signature)
			fail_msg("%s", cases[i].tag);
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t
heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* The longest tags there are, of two letters and no order. */
static void
make_tag(char tag[TAG_MAX + 1], uint32_t *seed)
{
	size_t i;

	for (i = 0; i < TAG_MAX; i++) {
		*seed = *seed * 1664525 + 1013904223;
		tag[i] = *seed >> 31 ? 'a' : 'b';
	}
	tag[TAG_MAX] = '\0';
}

/* Expressions made to cost time or memory: neither is large. */
static void
test_hostile(void **state)
{
	static const char *const texts[] = {
		"regex:(a|b)*a(a|b){12}",
		"regex:(a|b)*a(a|b){80}",
		"regex:(a?){64}a{64}",
		"regex:(a?){128}",
		"regex:((a|b)?){60}",
		"regex:((((a+)+)+)+)x",
		"regex:((((a|b)*)*)*)*x",
		("regex:(a?b?a?b?a?b?a?b?a?b?a?b?a?b?a?b?a?b?a?b?a?b?)*"
		"(((a*b*a*b*a*b*a*b*a*b*a*b*a*b*a*b*)*)*)*x"),
		"regex:(((a?){4}){4}){4}b*a*b*a*b*a*b*a*b*a*x",
		"regex:((a|ab|b|ba)*){30}x",
		"regex:(.*a){40}",
		"regex:((.*){7}){7}x",
		"regex:(.?.?.?.?.?.?.?.?){16}",
		"regex:(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x",
		"glob:*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*x",
		"glob:*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*x",
		"semver:>=1-0||>=1-0||>=1-0||>=1-0||>=1-0||>=1-0||>=1-0",
	};
	struct tag_matcher *m;
	struct tag_rule *rule;
	struct err e;
	char tag[TAG_MAX + 1];
	size_t i, j, before, most, heap;
	double start;
	uint32_t seed = 1;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		before = heap_bytes();
		start = seconds();
		if (tag_rule_parse(texts[i], &rule, &e) == -1)
			fail_msg("%s", e.msg);
		m = tag_matcher_new(rule);
		for (j = 0, most = 0; j < 300; j++) {
			make_tag(tag, &seed);
			(void)tag_matcher_wants(m, tag);
			heap = heap_bytes() - before;
			most = heap > most ? heap : most;
		}
		print_message("%s: %.3f s, %zu KiB\n", texts[i],
		    seconds() - start, most / 1024);
		assert_true(seconds() - start < 10);
		assert_true(most < 12u << 20);
		tag_matcher_free(m);
		free(rule);
	}
}

/* What a large repository costs with an ordinary expression. */
static void
test_many(void **state)
{
	static const char *const texts[] = {
		"glob:1.*-alpine", "regex:1\\.[0-9]+(\\.[0-9]+)?-alpine",
		"semver:>=1.4-0,<2"
	};
	struct tag_matcher *m;
	struct tag_rule *rule;
	struct err e;
	size_t i, j, wanted;
	double start;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		assert_int_equal(tag_rule_parse(texts[i], &rule, &e), 0);
		m = tag_matcher_new(rule);
		start = seconds();
		for (j = 0, wanted = 0; j < 100000; j++)
			wanted += tag_matcher_wants(m, j % 2 == 0 ?
			    "1.27.3-alpine" : "latest");
		print_message("%s: %.3f s\n", texts[i], seconds() - start);
		assert_int_equal(wanted, 50000);
		assert_true(seconds() - start < 20);
		tag_matcher_free(m);
		free(rule);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wants),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
