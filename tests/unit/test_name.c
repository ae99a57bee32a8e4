#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/name.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

struct name_case {
	const char *text;
	bool good;
};

static void
check(const char *what, bool (*is)(const char *),
    const struct name_case *cases, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is(cases[i].text) != cases[i].good)
			fail_msg("%s \"%s\"", what, cases[i].text);
}

static void
test_repository(void **state)
{
	static const struct name_case cases[] = {
		{ "a", true }, { "a/b", true }, { "0", true },
		{ "library/nginx", true }, { "a.b", true }, { "a_b", true },
		{ "a__b", true }, { "a-b", true }, { "a-----b", true },
		{ "a/b/c/d/e/f/g", true }, { "a.b.c", true },
		{ "sha256", true }, { "manifests/blobs", true },
		{ "", false }, { "/", false }, { "/a", false }, { "a/", false },
		{ "a//b", false }, { ".", false }, { "..", false },
		{ "a/..", false }, { "../a", false }, { "a/../b", false },
		{ "a/./b", false }, { ".a", false }, { "a.", false },
		{ "_a", false }, { "a_", false }, { "-a", false },
		{ "a-", false }, { "a..b", false }, { "a___b", false },
		{ "a._b", false }, { "a-_b", false }, { "a.-b", false },
		{ "a_-b", false }, { "_manifests", false },
		{ "a/_tags", false },
		{ "A", false }, { "aB", false }, { "a b", false },
		{ "a\nb", false }, { "a:b", false }, { "a@b", false },
		{ "a%2fb", false }, { "a\\b", false }, { "a\x7f", false },
		{ "\xc3\xa4", false }, { "a\xff", false }, { "a+b", false },
	};

	(void)state;
	check("repository", name_is_repository, cases, COUNT(cases));
}

static void
test_tag(void **state)
{
	static const struct name_case cases[] = {
		{ "latest", true }, { "1.27", true }, { "v1.2.3-rc.1", true },
		{ "_", true }, { "_a", true }, { "A", true }, { "0", true },
		{ "a..b", true }, { "a.", true }, { "a-", true },
		{ "sha256-abc.sig", true }, { "__", true },
		{ "", false }, { ".", false }, { "..", false },
		{ ".a", false }, { "-a", false }, { "a/b", false },
		{ "../a", false }, { "a:b", false }, { "a@b", false },
		{ "a b", false }, { "a+b", false }, { "a\n", false },
		{ "a%2e", false }, { "\xc3\xa4", false }, { "a*", false },
	};

	(void)state;
	check("tag", name_is_tag, cases, COUNT(cases));
}

static void
test_registry(void **state)
{
	static const struct name_case cases[] = {
		{ "docker.io", true }, { "localhost", true },
		{ "reg.example:5000", true }, { "a:1", true },
		{ "a:65535", true }, { "127.0.0.1", true },
		{ "127.0.0.1:80", true }, { "a-b.c-d", true },
		{ "xn--bcher-kva.example", true }, { "[::1]", true },
		{ "[::1]:5000", true }, { "[fe80::a.b]", true },
		{ "a--b.c", true },
		{ "", false }, { ".", false }, { "..", false }, { ":", false },
		{ "a:", false }, { "a:0", false }, { "a:65536", false },
		{ "a:99999", false }, { "a:123456", false }, { "a:-1", false },
		{ "a:5x", false }, { "a: 5", false }, { "a:5:6", false },
		{ ":5000", false }, { "a..b", false }, { ".a", false },
		{ "a.", false }, { "-a", false }, { "a-", false },
		{ "a.-b", false }, { "a-.b", false }, { "a_b", false },
		{ "A.io", false }, { "a/b", false }, { "../a", false },
		{ "a b", false }, { "a\n", false }, { "user@a.io", false },
		{ "[]", false }, { "[:]", false }, { "[::1", false },
		{ "::1]", false }, { "[::1]x", false }, { "[::1]5000", false },
		{ "[::G]", false }, { "[../]", false }, { "[::1%25lo]", false },
		{ "_state", false }, { "\xc3\xa4.de", false },
	};

	(void)state;
	check("registry", name_is_registry, cases, COUNT(cases));
}

static void
test_media_type(void **state)
{
	static const struct name_case cases[] = {
		{ "a/b", true }, { "text/plain", true },
		{ "application/vnd.oci.image.index.v1+json", true },
		{ "application/x!#$&-^_.+1", true }, { "A/B", true },
		{ "", false }, { "/", false }, { "a", false }, { "a/", false },
		{ "/b", false }, { "a/b/c", false }, { "a//b", false },
		{ "../a", false }, { "a/..", false }, { "a/.b", false },
		{ ".a/b", false }, { "a/+b", false }, { "a/-b", false },
		{ "a/b;c=d", false }, { "a/b c", false }, { "a/b\n", false },
		{ "a/b\r\nX: y", false }, { "a/b\"", false }, { "a/b%", false },
		{ "a/b*", false }, { "*/*", false }, { "a/\xc3\xa4", false },
		{ "_a/b", false }, { "a/_b", false },
	};

	(void)state;
	check("media type", name_is_media_type, cases, COUNT(cases));
}

/* {N} behind a character repeats it. */
static void
unfold(const char *from, char *to)
{
	char *end;
	long n;

	for (; *from != '\0'; from++) {
		if (*from != '{') {
			*to++ = *from;
			continue;
		}
		n = strtol(from + 1, &end, 10);
		assert_true(n > 1 && n <= 200 && *end == '}');
		memset(to, to[-1], (size_t)n - 1);
		to += n - 1;
		from = end;
	}
	*to = '\0';
}

/* The list that nginx is held to as well. */
static void
test_manifest_type(void **state)
{
	char line[256], type[512];
	bool any, kept;
	size_t seen = 0;
	FILE *f = fopen("tests/media-types.txt", "re");

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		kept = strncmp(line, "yes ", 4) == 0;
		any = kept || strncmp(line, "no ", 3) == 0;
		assert_true(any || strncmp(line, "bad ", 4) == 0);
		unfold(strchr(line, ' ') + 1, type);
		if (name_is_manifest_type(type) != kept ||
		    name_is_media_type(type) != any)
			fail_msg("%s", line);
		seen++;
	}
	fclose(f);
	assert_true(seen > 80);
}

/* At the cap and one over it. */
static void
test_lengths(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[REPOSITORY_NAME_MAX] = '\0';
	assert_true(name_is_repository(text));
	assert_true(name_is_registry(text));
	assert_false(name_is_tag(text));
	text[REPOSITORY_NAME_MAX] = 'a';
	text[REPOSITORY_NAME_MAX + 1] = '\0';
	assert_false(name_is_repository(text));
	assert_false(name_is_registry(text));
	text[TAG_MAX + 1] = '\0';
	assert_false(name_is_tag(text));
	text[TAG_MAX] = '\0';
	assert_true(name_is_tag(text));
	memset(text, 'a', sizeof(text));
	text[127] = '/';
	text[127 + 1 + 127] = '\0';
	assert_true(name_is_media_type(text));
	text[127 + 1 + 127] = 'a';
	text[127 + 1 + 128] = '\0';
	assert_false(name_is_media_type(text));
}

/* No byte other than those of the grammar passes in any of them. */
static void
test_every_byte(void **state)
{
	char text[8];
	int c;
	bool low, alnum;

	(void)state;
	for (c = 1; c < 256; c++) {
		low = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		alnum = low || (c >= 'A' && c <= 'Z');
		memcpy(text, "x?x", 4);
		text[1] = (char)c;
		assert_int_equal(name_is_repository(text),
		    low || strchr("._-/", c) != NULL);
		assert_int_equal(name_is_tag(text),
		    alnum || strchr("._-", c) != NULL);
		assert_int_equal(name_is_registry(text),
		    low || strchr(".-", c) != NULL);
		memcpy(text, "x/x?", 5);
		text[3] = (char)c;
		assert_int_equal(name_is_media_type(text),
		    alnum || strchr("!#$&-^_.+", c) != NULL);
	}
}

static void
test_split(void **state)
{
	static const struct {
		const char *image, *registry, *repository, *reference;
	} good[] = {
		{ "docker.io/library/app:1", "docker.io", "library/app", "1" },
		{ "reg.example:5000/app:v1.2", "reg.example:5000", "app",
		    "v1.2" },
		{ "[::1]:5000/a/b/c:x", "[::1]:5000", "a/b/c", "x" },
		{ "localhost/app@sha256:0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0123456789abcdef", "localhost", "app",
		    "sha256:0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0123456789abcdef" },
	};
	static const char *const bad[] = { "", "app", "app:1", ":", "/", "/:",
		"docker.io", "docker.io/", "docker.io/:1", "docker.io/app",
		"docker.io/app:", "docker.io/../app:1", "docker.io//app:1",
		"docker.io/app:1/..", "docker.io/app:..", "docker.io/App:1",
		"docker.io/app@1", "docker.io/app@sha256:0", "reg:5000/app",
		"docker.io/app:1:2", "../x:1", "docker.io/app:sha256:0",
		"docker.io/_manifests/app:1" };
	char registry[REGISTRY_NAME_MAX + 1];
	char repository[REPOSITORY_NAME_MAX + 1], image[1024];
	const char *reference;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(name_split(good[i].image, registry, repository,
		    &reference));
		assert_string_equal(registry, good[i].registry);
		assert_string_equal(repository, good[i].repository);
		assert_string_equal(reference, good[i].reference);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (name_split(bad[i], registry, repository, &reference))
			fail_msg("taken: %s", bad[i]);
	memset(image, 'a', sizeof(image));
	memcpy(image + sizeof(image) - 5, "/b:1", 5);
	assert_false(name_split(image, registry, repository, &reference));
	memcpy(image, "r/", 2);
	memcpy(image + sizeof(image) - 5, "aa:1", 5);
	assert_false(name_split(image, registry, repository, &reference));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repository),
		cmocka_unit_test(test_tag),
		cmocka_unit_test(test_registry),
		cmocka_unit_test(test_media_type),
		cmocka_unit_test(test_manifest_type),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
