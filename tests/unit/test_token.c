#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/token.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* What token servers answer, and what is made of it. */
static void
test_parse(void **state)
{
	static const struct {
		const char *json;
		const char *value;	/* NULL: refused */
		int64_t lifetime_s;
	} cases[] = {
		{ "{\"token\":\"abc\",\"expires_in\":300}", "abc", 300 },
		{ "{\"access_token\":\"abc\",\"expires_in\":3600}", "abc",
		    3600 },
		{ "{\"token\":\"a\",\"access_token\":\"b\"}", "a", 60 },
		{ "{\"token\":\"\",\"access_token\":\"b\"}", "b", 60 },
		{ "{\"token\":null,\"access_token\":\"b\"}", "b", 60 },
		/* Short lives are not made longer. */
		{ "{\"token\":\"a\",\"expires_in\":59}", "a", 59 },
		{ "{\"token\":\"a\",\"expires_in\":1}", "a", 1 },
		{ "{\"token\":\"a\",\"expires_in\":0.001}", "a", 1 },
		{ "{\"token\":\"a\",\"expires_in\":0}", "a", 60 },
		{ "{\"token\":\"a\",\"expires_in\":-5}", "a", 60 },
		{ "{\"token\":\"a\",\"expires_in\":\"300\"}", "a", 60 },
		{ "{\"token\":\"a\",\"expires_in\":120.5}", "a", 120 },
		{ "{\"token\":\"a\",\"expires_in\":1e300}", "a", 86400 },
		{ "{\"token\":\"a\",\"issued_at\":\"1999-01-01T00:00:00Z\"}",
		    "a", 60 },
		{ "{\"refresh_token\":\"a\"}", NULL, 0 },
		{ "{\"token\":\"a b\"}", NULL, 0 },
		{ "{\"token\":\"a\\r\\nX-Evil: 1\"}", NULL, 0 },
		{ "{\"token\":17}", NULL, 0 },
		{ "{}", NULL, 0 },
		{ "[]", NULL, 0 },
		{ "", NULL, 0 },
		{ "<html>", NULL, 0 },
		{ "{\"token\":\"a\"", NULL, 0 },
	};
	struct err e;
	char *value;
	int64_t lifetime;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		rc = token_parse(cases[i].json, strlen(cases[i].json), &value,
		    &lifetime, &e);
		print_message("%s\n", cases[i].json);
		assert_int_equal(rc, cases[i].value == NULL ? -1 : 0);
		if (rc == -1) {
			assert_int_equal(e.code, ERR_NET);
			continue;
		}
		assert_string_equal(value, cases[i].value);
		assert_int_equal(lifetime, cases[i].lifetime_s);
		free(value);
	}
}

static void
test_secret_not_in_error(void **state)
{
	static const char body[] = "{\"token\":\"hush hush\"}";
	struct err e;
	char *value;
	int64_t lifetime;

	(void)state;
	assert_int_equal(token_parse(body, strlen(body), &value, &lifetime,
	    &e), -1);
	assert_null(strstr(e.msg, "hush"));
}

static void
test_url(void **state)
{
	static const struct {
		const char *realm, *service, *scope, *url;
	} cases[] = {
		{ "https://a.example/token", "registry.docker.io",
		    "repository:library/x:pull",
		    "https://a.example/token?service=registry.docker.io"
		    "&scope=repository%3Alibrary%2Fx%3Apull" },
		{ "https://a.example/token", NULL, "s",
		    "https://a.example/token?scope=s" },
		/* The realm has the scope (quirks.md#realms-with-a-query). */
		{ "https://a.example/t?scope=repository:n:pull", NULL, "s",
		    "https://a.example/t?scope=repository:n:pull" },
		{ "https://a.example/t?x=1", "a b", "s",
		    "https://a.example/t?x=1&service=a%20b&scope=s" },
		{ "https://a.example/t?microscope=1", NULL, "s",
		    "https://a.example/t?microscope=1&scope=s" },
	};
	struct challenge c = { .scheme = CHALLENGE_BEARER };
	char *url;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		c.realm = xstrdup(cases[i].realm);
		c.service = cases[i].service == NULL ? NULL :
		    xstrdup(cases[i].service);
		url = token_url(&c, cases[i].scope);
		assert_string_equal(url, cases[i].url);
		free(url);
		free(c.realm);
		free(c.service);
	}
}

static void
test_form(void **state)
{
	char realm[] = "https://a.example/token", service[] = "s";
	char refresh[] = "r+t/=";
	struct challenge c = { .realm = realm, .service = service };
	struct credential credential = { .identity_token = refresh };
	char *form;

	(void)state;
	form = token_form(&c, "repository:x:pull", &credential);
	assert_string_equal(form, "grant_type=refresh_token&service=s"
	    "&client_id=cdr&scope=repository%3Ax%3Apull"
	    "&refresh_token=r%2Bt%2F%3D");
	free(form);
}

static void
test_cache(void **state)
{
	char realm[] = "https://a.example/token";
	const struct challenge from = { .realm = realm };
	struct token_cache cache = { NULL, 0, 0 };
	struct token *a, *b;
	unsigned long first;

	(void)state;
	a = token_get(&cache, &from, "a");
	assert_false(token_usable(a, 0));
	token_set(&cache, a, xstrdup("one"), 60, 1000);
	first = a->serial;
	assert_true(token_usable(a, 1000));
	assert_true(token_usable(a, 1000 + 54999));
	/* Renewed a little before it runs out. */
	assert_false(token_usable(a, 1000 + 55000));
	b = token_get(&cache, &from, "b");
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(token_get(&cache, &from, "a"), a);
	token_set(&cache, a, xstrdup("two"), 60, 1000);
	assert_int_not_equal(a->serial, first);
	assert_ptr_equal(token_of(&cache, a->serial), a);
	assert_null(token_of(&cache, first));
	token_drop(a);
	assert_null(token_of(&cache, a->serial));
	assert_false(token_usable(a, 1000));
	/* A quarter before the end of a short life. */
	token_set(&cache, a, xstrdup("three"), 1, 1000);
	assert_true(token_usable(a, 1000));
	assert_true(token_usable(a, 1000 + 749));
	assert_false(token_usable(a, 1000 + 750));
	token_cache_done(&cache);
}

/* One scope at two servers, and at two services of one, is not one token. */
static void
test_servers(void **state)
{
	char one[] = "https://a.example/token", two[] = "https://b.example/t";
	char service[] = "s";
	const struct challenge a = { .realm = one }, b = { .realm = two };
	const struct challenge c = { .realm = one, .service = service };
	const struct challenge none = { .scheme = CHALLENGE_BASIC };
	struct token_cache cache = { NULL, 0, 0 };
	struct token *t;

	(void)state;
	t = token_get(&cache, &a, "x");
	assert_ptr_not_equal(token_get(&cache, &b, "x"), t);
	assert_ptr_not_equal(token_get(&cache, &c, "x"), t);
	assert_ptr_equal(token_get(&cache, &a, "x"), t);
	assert_int_equal(cache.count, 3);
	assert_true(token_is_from(t, &a));
	assert_false(token_is_from(t, &b));
	assert_false(token_is_from(t, &c));
	assert_false(token_is_from(t, &none));
	token_cache_done(&cache);
}

/* The cache is bounded, and never drops what is being fetched. */
static void
test_cache_is_bounded(void **state)
{
	char realm[] = "https://a.example/token";
	const struct challenge from = { .realm = realm };
	struct token_cache cache = { NULL, 0, 0 };
	struct token *kept;
	char scope[32];
	int i;

	(void)state;
	kept = token_get(&cache, &from, "kept");
	kept->fetch = &cache;
	for (i = 0; i < 1000; i++) {
		snprintf(scope, sizeof(scope), "scope-%d", i);
		token_get(&cache, &from, scope);
	}
	assert_in_range(cache.count, 1, 257);
	assert_ptr_equal(token_get(&cache, &from, "kept"), kept);
	token_cache_done(&cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_secret_not_in_error),
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_cache_is_bounded),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
