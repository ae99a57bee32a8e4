#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "image/ref.h"
#include "layout/mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define HEX	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PIN	"@sha256:" HEX

static const struct {
	const char *text;
	const char *want;
} good[] = {
	{ "nginx", "docker.io/library/nginx:latest" },
	{ "nginx:1.27", "docker.io/library/nginx:1.27" },
	{ "nginx" PIN, "docker.io/library/nginx" PIN },
	{ "nginx:1.27" PIN, "docker.io/library/nginx:1.27" PIN },
	{ "library/nginx", "docker.io/library/nginx:latest" },
	{ "user/app", "docker.io/user/app:latest" },
	{ "user/app/part:x", "docker.io/user/app/part:x" },
	{ "docker.io/nginx", "docker.io/library/nginx:latest" },
	{ "docker.io/library/nginx:1", "docker.io/library/nginx:1" },
	{ "index.docker.io/nginx", "docker.io/library/nginx:latest" },
	{ "registry-1.docker.io/user/app", "docker.io/user/app:latest" },
	{ "ghcr.io/org/app:v1", "ghcr.io/org/app:v1" },
	{ "ghcr.io/app", "ghcr.io/app:latest" },
	{ "reg.example:5000/app", "reg.example:5000/app:latest" },
	{ "reg:5000/app:2" PIN, "reg:5000/app:2" PIN },
	{ "localhost/app", "localhost/app:latest" },
	{ "localhost:5000/app:1", "localhost:5000/app:1" },
	{ "localhost:5000", "docker.io/library/localhost:5000" },
	{ "localhosts/app", "docker.io/localhosts/app:latest" },
	{ "127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest" },
	{ "[::1]:5000/app", "[::1]:5000/app:latest" },
	{ "[fd00::1]/app:1", "[fd00::1]/app:1" },
	{ "a", "docker.io/library/a:latest" },
	{ "x/a.b__c---d_e", "docker.io/x/a.b__c---d_e:latest" },
	{ "x:_A.b-C", "docker.io/library/x:_A.b-C" },
	{ "default", "docker.io/library/default:latest" },
};

static void
test_good(void **state)
{
	struct image_ref ref, again;
	struct err e;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		if (image_ref_parse(good[i].text, &ref, &e) == -1)
			fail_msg("%s: %s", good[i].text, e.msg);
		text = image_ref_text(&ref);
		assert_string_equal(text, good[i].want);
		assert_int_equal(image_ref_parse(text, &again, &e), 0);
		assert_int_equal(image_ref_compare(&ref, &again), 0);
		free(text);
		image_ref_done(&ref);
		image_ref_done(&again);
	}
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text;
		const char *says;	/* part of the message */
	} cases[] = {
		{ "", "empty" },
		{ ":", "tag after" },
		{ ":1", "empty" },
		{ "@", "\"\"" },
		{ "/", "not a repository name" },
		{ "//", "not a repository name" },
		{ "docker.io/", "empty" },
		{ "ghcr.io/", "empty" },
		{ "ghcr.io//app", "\"/app\"" },
		{ "ghcr.io/app/", "\"app/\"" },
		{ "/nginx", "\"/nginx\"" },
		{ "nginx:", "tag after" },
		{ "nginx@", "not a digest" },
		{ "nginx:1:2", "\"1:2\" is not a tag" },
		{ "a/b:c/d", "\"c/d\" is not a tag" },
		{ "nginx:.x", "\".x\" is not a tag" },
		{ "nginx:-x", "\"-x\" is not a tag" },
		{ "nginx:a b", "not a tag" },
		{ "nginx:..", "not a tag" },
		{ "Nginx:1.27", "repository names are lower case" },
		{ "Foo/bar", "repository names are lower case" },
		{ "ghcr.io/Org/app", "repository names are lower case" },
		{ "GHCR.io/org/app", "registry names are lower case" },
		{ "http://ghcr.io/app", "remove \"http://\"" },
		{ "https://nginx", "remove \"https://\"" },
		{ "docker://nginx", "remove \"docker://\"" },
		{ "oci://x@y", "remove \"oci://\"" },
		{ "..", "not a repository name" },
		{ "../etc/passwd", "\"..\" is not a registry" },
		{ "ghcr.io/../app", "not a repository name" },
		{ "ghcr.io/a/../b", "not a repository name" },
		{ "ghcr.io/./b", "not a repository name" },
		{ "a..b/c", "\"a..b\" is not a registry" },
		{ "x/a..b", "not a repository name" },
		{ "x/a___b", "not a repository name" },
		{ "x/_a", "not a repository name" },
		{ "x/a_", "not a repository name" },
		{ "x/-a", "not a repository name" },
		{ "x/a-", "not a repository name" },
		{ "x/_manifests", "not a repository name" },
		{ "nginx ", "not a repository name" },
		{ " nginx", "not a repository name" },
		{ "ng\tinx", "not a repository name" },
		{ "n\xc3\xa4me", "not a repository name" },
		{ "\xef\xbb\xbfnginx", "not a repository name" },
		{ "nginx*", "not a repository name" },
		{ "nginx?x", "not a repository name" },
		{ "ngi%6ex", "not a repository name" },
		{ "user@host/app", "not a digest" },
		{ "reg.example:/app", "not a registry" },
		{ "reg.example:0/app", "not a registry" },
		{ "reg.example:65536/app", "not a registry" },
		{ "reg.example:50x/app", "not a registry" },
		{ "reg.example:5:6/app", "not a registry" },
		{ ".example/app", "not a registry" },
		{ "example./app", "not a registry" },
		{ "-a.example/app", "not a registry" },
		{ "a_b.example/app", "not a registry" },
		{ "[::1/app", "not a registry" },
		{ "[::g]/app", "not a registry" },
		{ "[::1]x:5/app", "not a registry" },
		{ "nginx@sha256:", "0 digits" },
		{ "nginx@sha256:abc", "3 digits" },
		{ "nginx@sha256:" HEX "00", "66 digits" },
		{ "nginx@SHA256:" HEX, "SHA256" },
		{ "nginx@md5:d41d8cd98f00b204e9800998ecf8427e", "md5" },
		{ "nginx" PIN PIN, "digits" },
		{ "nginx" PIN ":tag", "digits" },
		{ "nginx@" HEX, "no algorithm" },
		{ "nginx@latest", "no algorithm" },
	};
	struct image_ref ref = { .registry = NULL };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		e.code = ERR_NONE;
		if (image_ref_parse(cases[i].text, &ref, &e) != -1)
			fail_msg("\"%s\" passed", cases[i].text);
		if (strstr(e.msg, cases[i].says) == NULL)
			fail_msg("\"%s\": %s", cases[i].text, e.msg);
		assert_int_equal(e.code, ERR_INPUT);
		assert_null(ref.registry);
	}
}

static char *
repeated(const char *before, size_t count, const char *after)
{
	char *run = xmalloc(count + 1), *text;

	memset(run, 'a', count);
	run[count] = '\0';
	text = xasprintf("%s%s%s", before, run, after);
	free(run);
	return text;
}

static void
test_lengths(void **state)
{
	static const struct {
		const char *before;
		size_t count;
		const char *after;
		int rc;
	} cases[] = {
		{ "x.y/", 255, "", 0 },
		{ "x.y/", 256, "", -1 },
		{ "", 247, "", 0 },		/* and "library/" is 255 */
		{ "", 248, "", -1 },
		{ "x:", 128, "", 0 },
		{ "x:", 129, "", -1 },
		{ "x.", 253, "/app", 0 },
		{ "x.", 254, "/app", -1 },
		{ "x@", 100000, "", -1 },
		{ "x@sha256:", 100000, "", -1 },
		{ "", 100000, "://x", -1 },
	};
	struct image_ref ref;
	struct err e;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text = repeated(cases[i].before, cases[i].count,
		    cases[i].after);
		if (image_ref_parse(text, &ref, &e) != cases[i].rc)
			fail_msg("%s %zu", cases[i].before, cases[i].count);
		if (cases[i].rc == 0)
			image_ref_done(&ref);
		free(text);
	}
}

/* Rising order, each differing from the next in one part. */
static void
test_compare(void **state)
{
	static const char *const rising[] = {
		"docker.io/a" PIN, "docker.io/a:1", "docker.io/a:1" PIN,
		"docker.io/a:2", "docker.io/b:1", "ghcr.io/a" PIN,
		"ghcr.io/a:1",
	};
	struct image_ref a, b;
	struct err e;
	size_t i, j;
	int order;

	(void)state;
	for (i = 0; i < COUNT(rising); i++)
		for (j = 0; j < COUNT(rising); j++) {
			image_ref_parse(rising[i], &a, &e);
			image_ref_parse(rising[j], &b, &e);
			order = image_ref_compare(&a, &b);
			if ((order > 0) - (order < 0) != (i > j) - (i < j))
				fail_msg("%s %s", rising[i], rising[j]);
			image_ref_done(&a);
			image_ref_done(&b);
		}
}

static void
test_done_twice(void **state)
{
	struct image_ref ref;
	struct err e;

	(void)state;
	assert_int_equal(image_ref_parse("a:1", &ref, &e), 0);
	image_ref_done(&ref);
	image_ref_done(&ref);
	assert_null(ref.tag);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_done_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
