#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "image/media.h"
#include "image/referrer.h"

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
	struct err e;
	char *fresh = NULL;

	strncat(entry, digest, 20);
	strncat(entry, "\"}", 3);
	assert_int_equal(referrer_merge(old, entry, &fresh, &e), want);
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
	struct err e;
	char *fresh;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(damaged); i++)
		assert_int_equal(referrer_merge(damaged[i],
		    "{\"digest\":\"a\"}", &fresh, &e), -1);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_damaged),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests_name("referrer", tests, NULL, NULL);
}
