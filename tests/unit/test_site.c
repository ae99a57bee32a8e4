#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/site.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define BEARER		CHALLENGE_BEARER
#define BASIC		CHALLENGE_BASIC
#define NONE		CHALLENGE_NONE

static char text_a[] = "https://a.example/token";
static char text_b[] = "https://b.example/token";
static char text_q[] = "https://q.example/t?scope=repository:q/one:pull";
static char service[] = "s", aws[] = "aws", own[] = "repository:b/y:pull";

static const struct challenge a = { .scheme = BEARER, .realm = text_a };
static const struct challenge b = { .scheme = BEARER, .realm = text_b,
	.service = service };
static const struct challenge query = { .scheme = BEARER, .realm = text_q };
static const struct challenge common = { .scheme = BEARER, .realm = text_a,
	.scope = aws };
static const struct challenge named = { .scheme = BEARER, .realm = text_b,
	.service = service, .scope = own };
static const struct challenge basic = { .scheme = BASIC };
static const struct challenge none = { .scheme = NONE };

static void
begin(struct site *s)
{
	struct url origin;
	struct err e;

	assert_int_equal(url_parse("https://reg.example/", &origin, &e), 0);
	site_init(s, &origin, "reg.example");
	url_done(&origin);
}

static void
expect(const struct site *s, const char *repository,
    const struct challenge *want)
{
	const struct access *have = site_access(s, repository);

	print_message("%s\n", repository);
	if (want == NULL) {
		assert_null(have);
		return;
	}
	assert_non_null(have);
	assert_int_equal(have->want.scheme, want->scheme);
	if (want->realm != NULL)
		assert_string_equal(have->want.realm, want->realm);
}

/* The nearest one tells of others; each tells of itself. */
static void
test_nearest(void **state)
{
	struct site s;

	(void)state;
	begin(&s);
	assert_false(site_is_known(&s));
	expect(&s, "a/x", NULL);
	site_learn(&s, "a/x", &a);
	assert_true(site_is_known(&s));
	expect(&s, "a/x", &a);
	expect(&s, "b/y", &a);
	site_learn(&s, "b/y", &b);
	expect(&s, "a/x", &a);
	expect(&s, "b/y", &b);
	expect(&s, "b/z", &b);
	expect(&s, "a/z/deep", &a);
	expect(&s, "bb/z", &b);		/* more letters */
	expect(&s, "zz/z", &a);		/* near to none: the first */
	site_learn(&s, "open/p", &none);
	expect(&s, "open/q", &none);
	site_learn(&s, "basic/p", &basic);
	expect(&s, "basic/q", &basic);
	expect(&s, "open/p", &none);
	/* It has changed its mind. */
	site_learn(&s, "a/x", &b);
	expect(&s, "a/x", &b);
	site_done(&s);
}

/* Ten thousand of one kind are one; of ten thousand kinds some are known. */
static void
test_bounds(void **state)
{
	char name[32], realm[64];
	struct challenge c = a;
	struct site s;
	int i;

	(void)state;
	begin(&s);
	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "a/n%d", i);
		site_learn(&s, name, &a);
	}
	assert_int_equal(s.count, 1);
	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "q/n%d", i);
		snprintf(realm, sizeof(realm), "https://q.example/t?scope=%d",
		    i);
		c.realm = realm;
		site_learn(&s, name, &c);
	}
	assert_in_range(s.count, 2, 256);
	expect(&s, "q/n9999", &c);
	site_done(&s);
}

/* A realm with the scope in it is for one repository. */
static void
test_scope_in_realm(void **state)
{
	struct site s;

	(void)state;
	begin(&s);
	site_learn(&s, "q/one", &query);
	expect(&s, "q/one", &query);
	expect(&s, "q/two", NULL);
	assert_true(site_is_known(&s));
	site_learn(&s, "a/x", &a);
	expect(&s, "q/two", &a);
	expect(&s, "q/one", &query);
	site_done(&s);
}

static void
test_scope(void **state)
{
	const struct access *x;
	struct site s;

	(void)state;
	begin(&s);
	site_learn(&s, "a/x", &common);
	x = site_access(&s, "c/z");
	assert_string_equal(access_scope(x, "standard"), "aws");
	assert_false(access_is_of(x, "c/z"));
	assert_true(access_is_of(x, "a/x"));
	site_learn(&s, "b/y", &named);
	x = site_access(&s, "b/y");
	assert_string_equal(access_scope(x, "standard"), "standard");
	site_done(&s);
}

static void
test_may_show(void **state)
{
	static const struct {
		const char *url;
		int may;
	} cases[] = {
		{ "https://x.example/", 1 },
		{ "http://x.example/", 0 },
		{ "http://localhost.example/", 0 },
		{ "http://127.0.0.1:5000/", 1 },
		{ "http://localhost/", 1 },
		{ "http://[::1]/", 1 },
		{ "http://10.0.0.1/", 0 },
	};
	struct url origin;
	struct site s;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(url_parse(cases[i].url, &origin, &e), 0);
		site_init(&s, &origin, "x");
		print_message("%s\n", cases[i].url);
		assert_int_equal(site_may_show(&s), cases[i].may);
		site_done(&s);
		url_done(&origin);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_scope_in_realm),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_may_show),
	};

	return cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
