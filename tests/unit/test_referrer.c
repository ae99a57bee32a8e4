#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "image/media.h"
#include "image/referrer.h"
#include "layout/mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define ID	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
test_describe(void **state)
{
	static const struct {
		const char *manifest;
		const char *rest;	/* behind the size; NULL: refused */
	} cases[] = {
		{ "{\"artifactType\":\"a/b\"}", ",\"artifactType\":\"a/b\"}" },
		/* An image's is the type of its configuration. */
		{ "{\"config\":{\"mediaType\":\"c/d\"}}",
		    ",\"artifactType\":\"c/d\"}" },
		{ "{\"artifactType\":\"a/b\",\"config\":{\"mediaType\":"
		    "\"c/d\"}}", ",\"artifactType\":\"a/b\"}" },
		{ "{\"artifactType\":\"\",\"config\":{\"mediaType\":\"c/d\"}}",
		    ",\"artifactType\":\"c/d\"}" },
		{ "{}", "}" },
		{ "{\"annotations\":{\"k\":\"v\\u00e9\"}}",
		    ",\"annotations\":{\"k\":\"v\xc3\xa9\"}}" },
		{ "{\"annotations\":[1]}", "}" },
		{ "{\"annotations\":{\"k\":\"v\",\"d\":[[[]]],\"n\":1}}",
		    ",\"annotations\":{\"k\":\"v\"}}" },
		{ "{\"artifactType\":7}", "}" },
		{ "[]", NULL },
		{ "{", NULL },
	};
	struct manifest_id id = { .media_type = MEDIA_OCI_MANIFEST };
	struct err e;
	char *text;
	size_t i;
	int rc;

	(void)state;
	assert_int_equal(digest_parse(ID, &id.digest, &e), 0);
	for (i = 0; i < COUNT(cases); i++) {
		rc = referrer_describe(cases[i].manifest,
		    strlen(cases[i].manifest), &id, &text, &e);
		assert_int_equal(rc, cases[i].rest == NULL ? -1 : 0);
		if (rc == -1)
			continue;
		assert_non_null(strstr(text, "\"digest\":\"" ID "\""));
		assert_non_null(strstr(text, MEDIA_OCI_MANIFEST));
		assert_string_equal(text + strlen(text) -
		    strlen(cases[i].rest), cases[i].rest);
		free(text);
	}
}

static char *
merge(char *old, const char *digest, int want)
{
	char entry[64] = "{\"digest\":\"";
	const char *one = entry;
	struct err e;
	char *fresh = NULL;

	strncat(entry, digest, 20);
	strncat(entry, "\"}", 3);
	assert_int_equal(referrer_merge(old, &one, 1, &fresh, &e), want);
	if (want != 1)
		return old;
	free(old);
	return fresh;
}

/* Any order leads to one list, and twice is once. */
static void
test_merge(void **state)
{
	static const char *const orders[][3] = {
		{ "a", "b", "c" }, { "c", "b", "a" }, { "b", "c", "a" },
	};
	char *list;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(orders); i++) {
		list = merge(NULL, orders[i][0], 1);
		list = merge(list, orders[i][1], 1);
		list = merge(list, orders[i][1], 0);
		list = merge(list, orders[i][2], 1);
		assert_string_equal(list, "{\"schemaVersion\":2,"
		    "\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":["
		    "{\"digest\":\"a\"},{\"digest\":\"b\"},"
		    "{\"digest\":\"c\"}]}");
		free(list);
	}
}

static void
test_merge_damaged(void **state)
{
	static const char *const damaged[] = {
		"", "{", "{}", "[]", "{\"manifests\":{}}",
	};
	static const char *const one = "{\"digest\":\"a\"}";
	struct err e;
	char *fresh;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(damaged); i++)
		assert_int_equal(referrer_merge(damaged[i], &one, 1, &fresh,
		    &e), -1);
}

/* Many at once lead to the same as one after the other. */
static void
test_merge_many(void **state)
{
	static const char *const some[] = {
		"{\"digest\":\"c\"}", "{\"digest\":\"a\"}",
		"{\"digest\":\"c\"}",
	};
	struct err e;
	char *list, *fresh;

	(void)state;
	list = merge(NULL, "b", 1);
	assert_int_equal(referrer_merge(list, some, COUNT(some), &fresh, &e),
	    1);
	free(list);
	assert_string_equal(fresh, "{\"schemaVersion\":2,"
	    "\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":["
	    "{\"digest\":\"a\"},{\"digest\":\"b\"},{\"digest\":\"c\"}]}");
	assert_int_equal(referrer_merge(fresh, some, COUNT(some), &list, &e),
	    0);
	free(fresh);
}

/* --- what a stranger may write --- */

/* A manifest with ${count} annotations of ${size} bytes each. */
static char *
annotated(size_t count, size_t size)
{
	char *value = xcalloc(size + 1, 1), *text;
	size_t i, len;
	FILE *f = open_memstream(&text, &len);

	memset(value, 'x', size);
	fputs("{\"annotations\":{", f);
	for (i = 0; i < count; i++)
		fprintf(f, "%s\"%zx\":\"%s\"", i > 0 ? "," : "", i, value);
	fputs("}}", f);
	fclose(f);
	free(value);
	return text;
}

static char *
describe(const char *manifest, unsigned number)
{
	struct manifest_id id = { .media_type = MEDIA_OCI_MANIFEST };
	struct err e;
	char *text;

	digest_of(DIGEST_SHA256, &number, sizeof(number), &id.digest);
	if (referrer_describe(manifest, strlen(manifest), &id, &text,
	    &e) == -1)
		fail_msg("%s", e.msg);
	return text;
}

static void
test_describe_large(void **state)
{
	char *manifest, *text;

	(void)state;
	manifest = annotated(1, 60000);
	text = describe(manifest, 1);
	assert_non_null(strstr(text, "annotations"));
	free(manifest);
	free(text);
	manifest = annotated(1, 2400000);
	text = describe(manifest, 1);
	assert_null(strstr(text, "annotations"));
	assert_non_null(strstr(text, MEDIA_OCI_MANIFEST));
	assert_true(strlen(text) < 300);
	free(manifest);
	free(text);
}

/* Does a reader see that many? */
static void
expect_readable(const char *list, size_t count)
{
	struct manifest m;
	struct err e;

	assert_true(strlen(list) <= REFERRERS_BYTES_MAX);
	if (manifest_parse(list, strlen(list), MEDIA_OCI_INDEX, &m, &e) == -1)
		fail_msg("%zu: %s", count, e.msg);
	assert_int_equal(m.count, count);
	manifest_done(&m);
}

/* ${half} more descriptors in ${old}, which is freed. */
static char *
merge_half(char *old, const char *manifest, unsigned from, unsigned half)
{
	char **all = xcalloc(half, sizeof(*all)), *fresh;
	struct err e;
	unsigned i;

	for (i = 0; i < half; i++) {
		all[i] = describe(manifest, from + i);
		assert_non_null(strstr(all[i], "annotations"));
	}
	if (referrer_merge(old, (const char *const *)all, half, &fresh,
	    &e) != 1)
		fail_msg("%s", e.msg);
	expect_readable(fresh, from + half);
	for (i = 0; i < half; i++)
		free(all[i]);
	free(all);
	free(old);
	return fresh;
}

/* However much is written to one image's referrers, their list can be read. */
static void
test_merge_large(void **state)
{
	static const struct {
		size_t annotations, size;
		unsigned half;		/* of as many as are too large */
	} cases[] = {
		{ 1, 65000, 35 },	/* bytes */
		{ 6000, 0, 15 },	/* values */
	};
	char *manifest, *list;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		manifest = annotated(cases[i].annotations, cases[i].size);
		list = merge_half(NULL, manifest, 0, cases[i].half);
		assert_non_null(strstr(list, "annotations"));
		list = merge_half(list, manifest, cases[i].half,
		    cases[i].half);
		assert_null(strstr(list, "annotations"));
		free(list);
		free(manifest);
	}
}

static void
test_merge_too_many(void **state)
{
	char **all = xcalloc(MANIFEST_CHILDREN_MAX + 1, sizeof(*all));
	struct err e;
	char *list = NULL;
	unsigned i;

	(void)state;
	for (i = 0; i <= MANIFEST_CHILDREN_MAX; i++)
		all[i] = describe("{}", i);
	assert_int_equal(referrer_merge(NULL, (const char *const *)all,
	    MANIFEST_CHILDREN_MAX, &list, &e), 1);
	expect_readable(list, MANIFEST_CHILDREN_MAX);
	assert_int_equal(referrer_merge(list, (const char *const *)all +
	    MANIFEST_CHILDREN_MAX, 1, &list, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	free(list);
	for (i = 0; i <= MANIFEST_CHILDREN_MAX; i++)
		free(all[i]);
	free(all);
}

static void
test_count(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		bool is_signed;
	} cases[] = {
		{ "{\"manifests\":[]}", 0, false },
		{ "{\"manifests\":[{\"artifactType\":\"a/b\"},{},7]}", 3,
		    false },
		{ "{\"manifests\":[{\"artifactType\":"
		    "\"application/vnd.dev.cosign.artifact.sig.v1+json\"}]}",
		    1, true },
		{ "{\"manifests\":[{},{\"artifactType\":"
		    "\"application/vnd.dev.sigstore.bundle.v0.3+json\"}]}", 2,
		    true },
		{ "{\"manifests\":[{\"artifactType\":"
		    "\"application/vnd.cncf.notary.signature\"}]}", 1, true },
		{ "{\"manifests\":[{\"artifactType\":7}]}", 1, false },
		{ "{\"manifests\":{}}", 0, false },
		{ "[]", 0, false }, { "", 0, false }, { "{", 0, false },
	};
	bool is_signed;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		is_signed = !cases[i].is_signed;
		assert_int_equal(referrer_count(cases[i].text,
		    strlen(cases[i].text), &is_signed), cases[i].count);
		assert_int_equal(is_signed, cases[i].is_signed);
	}
}

/* Digests that begin with one of these letters stay. */
static bool
keep_some(void *cookie, const struct digest *d)
{
	char hex[DIGEST_HEX_MAX];

	return strchr(cookie, digest_hex(d, hex)[0]) != NULL;
}

#define FIELD(c)	c c c c c c c c
#define ENTRY(c)	"{\"digest\":\"sha256:" FIELD(FIELD(c)) \
	"\",\"annotations\":{\"x\":\"y\"}}"
#define LIST_HEAD	"{\"schemaVersion\":2,\"manifests\":["

static void
test_filter(void **state)
{
	static const struct {
		const char *list, *keep;
		int rc;
		const char *want;
	} cases[] = {
		{ LIST_HEAD ENTRY("a") "," ENTRY("b") "]}", "ab", 0, NULL },
		{ LIST_HEAD ENTRY("a") "," ENTRY("b") "]}", "a", 1,
		  LIST_HEAD ENTRY("a") "]}" },
		{ LIST_HEAD ENTRY("a") "," ENTRY("b") "," ENTRY("c") "]}", "c",
		  1, LIST_HEAD ENTRY("c") "]}" },
		{ LIST_HEAD ENTRY("a") "]}", "b", 2, NULL },
		{ LIST_HEAD "]}", "b", 2, NULL },
		{ LIST_HEAD "7,{}," ENTRY("a") ",{\"digest\":\"a\"}]}", "a", 1,
		  LIST_HEAD ENTRY("a") "]}" },
		{ "{\"manifests\":{}}", "a", -1, NULL },
		{ "{}", "a", -1, NULL },
		{ "{", "a", -1, NULL },
	};
	struct err e;
	char *got, letters[8];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = NULL;
		snprintf(letters, sizeof(letters), "%s", cases[i].keep);
		assert_int_equal(referrer_filter(cases[i].list, keep_some,
		    letters, &got, &e), cases[i].rc);
		if (cases[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, cases[i].want);
		free(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_damaged),
		cmocka_unit_test(test_merge_many),
		cmocka_unit_test(test_describe_large),
		cmocka_unit_test(test_merge_large),
		cmocka_unit_test(test_merge_too_many),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests_name("referrer", tests, NULL, NULL);
}
