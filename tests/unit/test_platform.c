#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/platform.h"
#include "layout/limits.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define LONG31	"abcdefghijklmnopqrstuvwxyz01234"

static struct platform
parsed(const char *text)
{
	struct platform p;
	struct err e;

	if (platform_parse(text, &p, &e) == -1)
		fail_msg("%s", e.msg);
	return p;
}

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		const char *want;	/* NULL: refused */
	} cases[] = {
		{ "linux/amd64", "linux/amd64" },
		{ "Linux/AMD64", "linux/amd64" },
		{ "linux/x86_64", "linux/amd64" },
		{ "linux/x86-64/v3", "linux/amd64/v3" },
		{ "linux/amd64/v1", "linux/amd64" },
		{ "linux/amd64/V2", "linux/amd64/v2" },
		{ "linux/aarch64", "linux/arm64" },
		{ "linux/arm64/v8", "linux/arm64" },
		{ "linux/arm64/8", "linux/arm64" },
		{ "linux/arm64/v8.0", "linux/arm64" },
		{ "linux/arm64/9", "linux/arm64/v9" },
		{ "linux/arm64/v9.0", "linux/arm64/v9" },
		{ "linux/arm64/v8.2", "linux/arm64/v8.2" },
		{ "linux/i386", "linux/386" },
		{ "linux/i386/v7", "linux/386" },
		{ "linux/armhf", "linux/arm/v7" },
		{ "linux/armel", "linux/arm/v6" },
		{ "linux/armel/v7", "linux/arm/v6" },
		{ "linux/arm", "linux/arm/v7" },
		{ "linux/arm/5", "linux/arm/v5" },
		{ "linux/arm/8", "linux/arm/v8" },
		{ "linux/s390x", "linux/s390x" },
		{ "macos/arm64", "darwin/arm64" },
		{ "windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64" },
		{ "windows/amd64:10.0.17763", "windows(10.0.17763)/amd64" },
		{ "Windows/x86_64:10.0.17763.6893",
		  "windows(10.0.17763.6893)/amd64" },
		{ "windows/arm64/v8:10.0.26100",
		  "windows(10.0.26100)/arm64" },
		{ "linux/arm/v7:12", "linux(12)/arm/v7" },
		{ "unknown/unknown", "unknown/unknown" },
		{ LONG31 "/" LONG31 "/" LONG31, LONG31 "/" LONG31 "/" LONG31 },
		{ "", NULL },
		{ "linux", NULL },
		{ "all", NULL },
		{ "/", NULL },
		{ "linux/", NULL },
		{ "/amd64", NULL },
		{ "linux//amd64", NULL },
		{ "linux/amd64/", NULL },
		{ "linux/amd64/v1/x", NULL },
		{ "linux/amd64 ", NULL },
		{ " linux/amd64", NULL },
		{ "linux/amd 64", NULL },
		{ "linux/amd64\n", NULL },
		{ "linux/\x1b[31m", NULL },
		{ "linux/\xc3\xa4", NULL },
		{ "linux/*", NULL },
		{ "linux/amd64,linux/arm64", NULL },
		{ "windows()/amd64", NULL },
		{ "windows/amd64:", NULL },
		{ "windows/amd64:10:11", NULL },
		{ "windows/amd64:10/v8", NULL },
		{ "windows:10/amd64", NULL },
		{ "windows(10)/amd64:10", NULL },
		{ "windows/:10", NULL },
		{ "windows/amd64/:10", NULL },
		{ "windows(10/amd64", NULL },
		{ "windows(10)x/amd64", NULL },
		{ "windows(10)(11)/amd64", NULL },
		{ "(10)/amd64", NULL },
		{ "windows(1/0)/amd64", NULL },
		{ LONG31 "5/amd64", NULL },
		{ "linux/" LONG31 "5", NULL },
		{ "linux/amd64/" LONG31 "5", NULL },
	};
	struct platform p;
	struct err e;
	char text[PLATFORM_TEXT_MAX];
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		e.code = ERR_NONE;
		rc = platform_parse(cases[i].text, &p, &e);
		if (rc != (cases[i].want != NULL ? 0 : -1))
			fail_msg("\"%s\" gave %d", cases[i].text, rc);
		if (rc == -1)
			assert_int_equal(e.code, ERR_INPUT);
		else
			assert_string_equal(platform_text(&p, text),
			    cases[i].want);
	}
}

/* The widest platform there can be fits the buffer. */
static void
test_text_room(void **state)
{
	struct platform p;
	char text[PLATFORM_TEXT_MAX];

	(void)state;
	memset(&p, 'x', sizeof(p));
	p.os[31] = p.architecture[31] = p.variant[31] = '\0';
	p.os_version[63] = '\0';
	platform_text(&p, text);
	assert_int_equal(strlen(text), 31 + 1 + 63 + 1 + 1 + 31 + 1 + 31);
}

static void
test_normalise_twice(void **state)
{
	static const char *const texts[] = {
		"linux/armhf", "linux/armel", "linux/arm", "linux/i386",
		"linux/aarch64/v8", "linux/x86_64/v1", "macos/arm64/9",
	};
	struct platform p, again;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		p = again = parsed(texts[i]);
		platform_normalise(&again);
		assert_true(platform_equal(&p, &again));
	}
}

/* Each line: a node, and what serves it, best first; "!" before what does not.
 */
static void
test_rank_order(void **state)
{
	static const char *const cases[][12] = {
		{ "linux/amd64", "linux/amd64", "linux/386", "!linux/amd64/v2",
		  "!linux/arm64", "!windows/amd64", "!linux/x86" },
		{ "linux/amd64/v3", "linux/amd64/v3", "linux/amd64/v2",
		  "linux/amd64", "linux/386", "!linux/amd64/v4" },
		{ "linux/amd64/odd", "linux/amd64/odd", "linux/386",
		  "!linux/amd64" },
		{ "linux/386", "linux/386", "!linux/amd64" },
		{ "linux/arm/v7", "linux/arm/v7", "linux/arm/v6",
		  "linux/arm/v5", "!linux/arm/v8", "!linux/arm/v4",
		  "!linux/arm64" },
		{ "linux/arm/v6", "linux/arm/v6", "linux/arm/v5",
		  "!linux/arm" },
		{ "linux/arm64", "linux/arm64/v8", "linux/arm/v8",
		  "linux/arm/v7", "linux/arm/v6", "linux/arm/v5",
		  "!linux/arm64/v9", "!linux/arm64/v8.1", "!linux/amd64" },
		{ "linux/arm64/v8.2", "linux/arm64/v8.2", "linux/arm64/v8.1",
		  "linux/arm64", "linux/arm/v8", "!linux/arm64/v8.3",
		  "!linux/arm64/v9" },
		{ "linux/arm64/v9", "linux/arm64/v9", "linux/arm64/v8.5",
		  "linux/arm64/v8.1", "linux/arm64", "linux/arm/v8",
		  "!linux/arm64/v8.6", "!linux/arm64/v9.1" },
		{ "linux/arm64/v9.2", "linux/arm64/v9.2", "linux/arm64/v9.1",
		  "linux/arm64/v9", "linux/arm64/v8.7", "linux/arm64/v8.6",
		  "linux/arm64", "linux/arm/v7", "!linux/arm64/v8.8" },
		{ "linux/arm64/v99.99", "linux/arm64/v99.99", "!linux/arm64" },
		{ "linux/arm64/v999", "!linux/arm64", "!linux/arm64/v99" },
		{ "linux/riscv64", "linux/riscv64", "!linux/riscv64/x" },
		{ "linux/s390x", "linux/s390x", "!linux/s390", "!linux/386" },
	};
	struct platform want, have;
	size_t i, j;
	int rank, before;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		want = parsed(cases[i][0]);
		before = INT32_MAX;
		for (j = 1; j < COUNT(cases[i]) && cases[i][j] != NULL; j++) {
			have = parsed(cases[i][j] + (cases[i][j][0] == '!'));
			rank = platform_rank(&want, &have);
			if (cases[i][j][0] == '!' ? rank != 0 :
			    rank <= 0 || rank >= before)
				fail_msg("%s %s: %d after %d", cases[i][0],
				    cases[i][j], rank, before);
			if (rank > 0)
				before = rank;
		}
	}
}

static void
test_rank_os_version(void **state)
{
	static const struct {
		const char *want, *have;
		bool serves;
	} cases[] = {
		{ "windows/amd64", "windows(10.0.17763.1)/amd64", true },
		{ "windows/amd64", "windows/amd64", true },
		{ "windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64",
		  true },
		{ "windows(10.0.17763)/amd64", "windows(10.0.17763.5)/amd64",
		  true },
		{ "windows(10.0.17763)/amd64", "windows(10.0.177630)/amd64",
		  false },
		{ "windows(10.0.17763)/amd64", "windows(10.0.1776)/amd64",
		  false },
		{ "windows(10.0.17763)/amd64", "windows/amd64", false },
		{ "windows(10.0.17763)/amd64", "linux(10.0.17763)/amd64",
		  false },
	};
	struct platform want, have;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		want = parsed(cases[i].want);
		have = parsed(cases[i].have);
		if ((platform_rank(&want, &have) > 0) != cases[i].serves)
			fail_msg("%s %s", cases[i].want, cases[i].have);
	}
}

static void
test_set(void **state)
{
	static const struct {
		const char *text;
		const char *want;	/* items with blanks; NULL: refused */
	} cases[] = {
		{ "all", "" },
		{ "linux/amd64", "linux/amd64 " },
		{ "linux/arm64,linux/amd64", "linux/amd64 linux/arm64 " },
		{ "linux/amd64,linux/x86_64,linux/amd64/v1", "linux/amd64 " },
		{ "linux/arm,linux/armhf,linux/armel",
		  "linux/arm/v6 linux/arm/v7 " },
		{ "", NULL },
		{ ",", NULL },
		{ "linux/amd64,", NULL },
		{ ",linux/amd64", NULL },
		{ "linux/amd64,,linux/arm64", NULL },
		{ "linux/amd64, linux/arm64", NULL },
		{ "linux/amd64;linux/arm64", NULL },
		{ "all,linux/amd64", NULL },
		{ "ALL", NULL },
		{ "none", NULL },
	};
	struct platform_set set;
	struct err e;
	char got[256], text[PLATFORM_TEXT_MAX];
	size_t i, j, used;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		rc = platform_set_parse(cases[i].text, &set, &e);
		if (rc != (cases[i].want != NULL ? 0 : -1))
			fail_msg("\"%s\" gave %d", cases[i].text, rc);
		if (rc == -1)
			continue;
		got[used = 0] = '\0';
		for (j = 0; j < set.count; j++)
			used += (size_t)snprintf(got + used, sizeof(got) - used,
			    "%s ", platform_text(&set.items[j], text));
		assert_string_equal(got, cases[i].want);
		assert_int_equal(set.all, strcmp(cases[i].text, "all") == 0);
		platform_set_done(&set);
	}
}

static void
test_set_size(void **state)
{
	char text[64 * 16 + 32] = "";
	struct platform_set set;
	struct err e;
	size_t i, used = 0;

	(void)state;
	for (i = 0; i < PLATFORMS_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%slinux/a%zu", i > 0 ? "," : "", i);
	assert_int_equal(platform_set_parse(text, &set, &e), 0);
	assert_int_equal(set.count, PLATFORMS_MAX);
	platform_set_done(&set);
	snprintf(text + used, sizeof(text) - used, ",linux/b");
	assert_int_equal(platform_set_parse(text, &set, &e), -1);
	assert_non_null(strstr(e.msg, "64"));
}

static void
test_set_equal(void **state)
{
	static const char *const texts[] = {
		"all", "linux/amd64", "linux/arm64", "linux/amd64,linux/arm64",
		"windows(10)/amd64", "windows/amd64",
	};
	struct platform_set a, b;
	struct err e;
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(texts); i++)
		for (j = 0; j < COUNT(texts); j++) {
			platform_set_parse(texts[i], &a, &e);
			platform_set_parse(texts[j], &b, &e);
			assert_int_equal(platform_set_equal(&a, &b), i == j);
			assert_true((platform_set_compare(&a, &b) < 0) ==
			    (platform_set_compare(&b, &a) > 0));
			platform_set_done(&a);
			platform_set_done(&b);
		}
	platform_set_parse("linux/arm64,linux/amd64", &a, &e);
	platform_set_parse("linux/x86_64,linux/aarch64", &b, &e);
	assert_true(platform_set_equal(&a, &b));
	platform_set_done(&a);
	platform_set_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_text_room),
		cmocka_unit_test(test_normalise_twice),
		cmocka_unit_test(test_rank_order),
		cmocka_unit_test(test_rank_os_version),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_set_size),
		cmocka_unit_test(test_set_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
