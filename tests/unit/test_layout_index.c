#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/layout_index.h"
#include "layout/mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Digests that differ in their last digit. */
#define ID(n)	"sha256:" \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85" #n
#define ENTRY(n, notes)	"{\"mediaType\":" \
    "\"application/vnd.oci.image.manifest.v1+json\",\"size\":5," \
    "\"digest\":\"" ID(n) "\",\"annotations\":{" notes "}}"
#define NAME(name)	"\"io.containerd.image.name\":\"" name "\""
#define REF(name)	"\"org.opencontainers.image.ref.name\":\"" name "\""
#define INDEX(entries)	"{\"schemaVersion\":2,\"manifests\":[" entries "]}"

/* docker.io/library/app:TAG, or what ${want} says. */
struct query {
	const char *text;
	const char *registry, *repository, *tag;
	bool is_own;
	int rc;
	const char *want;		/* the last digit */
};

#define APP	"docker.io", "library/app"
static const struct query queries[] = {
	{ INDEX(""), APP, "1", true, 0, "" },
	/* Names in full, short or long. */
	{ INDEX(ENTRY(1, REF("docker.io/library/app:1"))), APP, "1", false,
	  1, "1" },
	{ INDEX(ENTRY(1, REF("app:1"))), APP, "1", false, 1, "1" },
	{ INDEX(ENTRY(1, REF("index.docker.io/library/app:1"))), APP, "1",
	  false, 1, "1" },
	{ INDEX(ENTRY(1, NAME("docker.io/library/app:1"))), APP, "1", false,
	  1, "1" },
	{ INDEX(ENTRY(1, NAME("app"))), APP, "latest", false, 1, "1" },
	{ INDEX(ENTRY(1, REF("docker.io/library/app:1"))), APP, "2", true,
	  0, "" },
	{ INDEX(ENTRY(1, REF("docker.io/library/app:1"))), "docker.io",
	  "library/ap", "1", true, 0, "" },
	{ INDEX(ENTRY(1, REF("docker.io/library/app:1"))), "ghcr.io",
	  "library/app", "1", true, 0, "" },
	{ INDEX(ENTRY(1, REF("reg.example:5000/app:1"))),
	  "reg.example:5000", "app", "1", false, 1, "1" },
	/* containerd's name goes before the other one, which is a tag. */
	{ INDEX(ENTRY(1, NAME("docker.io/library/app:1") "," REF("2"))), APP,
	  "1", false, 1, "1" },
	{ INDEX(ENTRY(1, NAME("docker.io/library/app:1") "," REF("2"))), APP,
	  "2", true, 0, "" },
	{ INDEX(ENTRY(1, NAME("NO NAME") "," REF("2"))), APP, "2", true, 1,
	  "1" },
	/* Bare tags are somebody's only if told. */
	{ INDEX(ENTRY(1, REF("1"))), APP, "1", true, 1, "1" },
	{ INDEX(ENTRY(1, REF("1"))), APP, "1", false, 0, "" },
	{ INDEX(ENTRY(1, REF("app"))), APP, "latest", true, 0, "" },
	{ INDEX(ENTRY(1, REF("app"))), APP, "app", true, 1, "1" },
	{ INDEX(ENTRY(1, REF("1")) "," ENTRY(2, REF("app:1"))), APP, "1",
	  true, 1, "2" },
	/* No name, and nonsense as one. */
	{ INDEX(ENTRY(1, "")), APP, "1", true, 0, "" },
	{ INDEX(ENTRY(1, REF("../../etc:1"))), APP, "1", true, 0, "" },
	{ INDEX(ENTRY(1, REF(""))), APP, "", true, 0, "" },
	{ INDEX(ENTRY(1, "\"org.opencontainers.image.ref.name\":7")), APP,
	  "7", true, 0, "" },
	/* The same image twice is one, two images are none. */
	{ INDEX(ENTRY(1, REF("1")) "," ENTRY(1, REF("1"))), APP, "1", true,
	  1, "1" },
	{ INDEX(ENTRY(1, REF("1")) "," ENTRY(2, REF("1"))), APP, "1", true,
	  -1, "" },
	{ INDEX(ENTRY(1, REF("app:1")) "," ENTRY(2, REF("app:1"))), APP, "1",
	  true, -1, "" },
	{ INDEX(ENTRY(1, REF("1")) "," ENTRY(2, REF("1")) ","
	  ENTRY(3, REF("app:1"))), APP, "1", true, 1, "3" },
};

static void
test_find(void **state)
{
	const struct layout_entry *n;
	struct layout_index x;
	char text[DIGEST_TEXT_MAX];
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(queries); i++) {
		const struct query *q = &queries[i];

		if (layout_index_parse(q->text, strlen(q->text), &x,
		    &e) == -1)
			fail_msg("case %zu: %s", i, e.msg);
		n = NULL;
		if (layout_index_find(&x, q->registry, q->repository, q->tag,
		    q->is_own, &n, &e) != q->rc)
			fail_msg("case %zu", i);
		if (q->rc == 1) {
			digest_text(&n->digest, text);
			if (strcmp(text + strlen(text) - 1, q->want) != 0)
				fail_msg("case %zu: %s", i, text);
		}
		layout_index_done(&x);
	}
}

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		int rc;
		size_t count;
		const char *message;
	} cases[] = {
		{ INDEX(ENTRY(1, "") "," ENTRY(2, "")), 0, 2, "" },
		{ "{\"manifests\":[]}", 0, 0, "" },
		{ INDEX("{\"mediaType\":\"a/b\",\"size\":1,"
		  "\"digest\":\"blake3:00\"}"), 0, 0, "" },
		{ "", -1, 0, "not valid JSON" },
		{ "[]", -1, 0, "not an object" },
		{ "{}", -1, 0, "manifests is missing" },
		{ "{\"manifests\":null}", -1, 0, "manifests is missing" },
		{ "{\"manifests\":{}}", -1, 0, "manifests is not an array" },
		{ INDEX("7"), -1, 0, "manifests[0]" },
		{ INDEX(ENTRY(1, "") ",{}"), -1, 0, "manifests[1]" },
		{ "{\"manifests\":[],\"manifests\":[]}", -1, 0, "duplicate" },
		/* The array is found by its key, whatever stands around it. */
		{ " {\"a\":{\"manifests\":[7]},\"b\":\"manifests\","
		  "\"manifests\"\n:\t[ " ENTRY(1, "") " , " ENTRY(2, "") " ] ,"
		  "\"c\":[[]]} ",
		  0, 2, "" },
		{ "{\"manif\\u0065sts\":[" ENTRY(1, "") "]}", 0, 1, "" },
		{ "{\"x\\\"manifests\":[7],\"manifests\":[]}", 0, 0, "" },
		{ "{\"manifests\",[" ENTRY(1, "") "]}", -1, 0,
		  "not valid JSON" },
		{ "{\"manifests\":\"manifests\":[7]}", -1, 0,
		  "not valid JSON" },
		{ "[\"manifests\":[7]]", -1, 0, "not valid JSON" },
		{ INDEX(ENTRY(1, "") ","), -1, 0, "an empty entry" },
		{ INDEX("," ENTRY(1, "")), -1, 0, "an empty entry" },
		{ INDEX(","), -1, 0, "an empty entry" },
		{ INDEX(ENTRY(1, "") "}"), -1, 0, "not valid JSON" },
		{ INDEX(ENTRY(1, "") " 7"), -1, 0, "not valid JSON" },
		{ INDEX("[}"), -1, 0, "not valid JSON" },
		{ "{\"manifests\":[" ENTRY(1, ""), -1, 0, "not valid JSON" },
		{ "{\"manifests\":[" ENTRY(1, "") "]", -1, 0,
		  "not valid JSON" },
		{ INDEX(ENTRY(1, "")) "}", -1, 0, "not valid JSON" },
	};
	struct layout_index x;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (layout_index_parse(cases[i].text, strlen(cases[i].text),
		    &x, &e) != cases[i].rc)
			fail_msg("case %zu", i);
		if (cases[i].rc == 0) {
			assert_int_equal(x.count, cases[i].count);
			layout_index_done(&x);
		} else if (strstr(e.msg, cases[i].message) == NULL) {
			fail_msg("case %zu: %s", i, e.msg);
		}
	}
}

/* A hundred thousand names: each is found, and the list of a repository is its
 * own; read in odd pieces. */
#define MANY	100000u
static void
test_many(void **state)
{
	struct layout_reader *r = layout_index_new();
	const struct layout_entry *const *all, *n;
	struct layout_index x;
	char text[512], tag[32];
	size_t i, len, count;
	struct err e;

	(void)state;
	assert_int_equal(layout_index_feed(r, "{\"manifests\":[", 14, &e), 0);
	for (i = MANY; i > 0; i--) {
		len = (size_t)snprintf(text, sizeof(text), "%s{\"mediaType\":"
		    "\"a/b\",\"size\":5,\"digest\":\"sha256:%064zu\","
		    "\"annotations\":{\"io.containerd.image.name\":"
		    "\"reg.example/r%zu:t%zu\"}}", i < MANY ? "," : "", i,
		    i % 10, i);
		assert_int_equal(layout_index_feed(r, text, len / 2, &e), 0);
		assert_int_equal(layout_index_feed(r, text + len / 2,
		    len - len / 2, &e), 0);
	}
	assert_int_equal(layout_index_feed(r, "]}", 2, &e), 0);
	assert_int_equal(layout_index_end(r, &x, &e), 0);
	layout_index_free(r);
	assert_int_equal(x.count, MANY);
	for (i = 1; i <= MANY; i++) {
		snprintf(tag, sizeof(tag), "t%zu", i);
		snprintf(text, sizeof(text), "r%zu", i % 10);
		assert_int_equal(layout_index_find(&x, "reg.example", text,
		    tag, false, &n, &e), 1);
		assert_string_equal(n->tag, tag);
	}
	all = layout_index_tags(&x, "reg.example", "r7", &count);
	assert_int_equal(count, MANY / 10);
	for (i = 1; i < count; i++)
		assert_true(strcmp(all[i - 1]->tag, all[i]->tag) < 0);
	layout_index_tags(&x, "reg.example", "r", &count);
	assert_int_equal(count, 0);
	layout_index_tags(&x, NULL, NULL, &count);
	assert_int_equal(count, 0);
	layout_index_done(&x);
}

/* One entry, what stands beside the entries, and how many there are. */
static void
test_bounds(void **state)
{
	static const char one[] = ENTRY(1, "");
	struct layout_reader *r = layout_index_new();
	struct err e;
	size_t i;
	int rc;

	(void)state;
	rc = layout_index_feed(r, "{\"manifests\":[\"", 15, &e);
	for (i = 0; i < (64u << 10) && rc == 0; i++)
		rc = layout_index_feed(r, "x", 1, &e);
	assert_int_equal(rc, -1);
	assert_int_equal(e.code, ERR_LIMIT);
	layout_index_free(r);
	r = layout_index_new();
	rc = layout_index_feed(r, "{\"x\":\"", 6, &e);
	for (i = 0; i < (1u << 20) && rc == 0; i++)
		rc = layout_index_feed(r, "x", 1, &e);
	assert_int_equal(rc, -1);
	assert_int_equal(e.code, ERR_LIMIT);
	layout_index_free(r);
	r = layout_index_new();
	rc = layout_index_feed(r, "{\"manifests\":[", 14, &e);
	for (i = 0; rc == 0; i++) {
		rc = layout_index_feed(r, one, strlen(one), &e);
		if (rc == 0)
			rc = layout_index_feed(r, ",", 1, &e);
	}
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(i, 200001);
	layout_index_free(r);
}

static void
test_version(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{ "{\"imageLayoutVersion\":\"1.0.0\"}", 0 },
		{ " {\"imageLayoutVersion\": \"1.0.0\", \"x\": []}\n", 0 },
		{ "{\"imageLayoutVersion\":\"1.0.1\"}", -1 },
		{ "{\"imageLayoutVersion\":1}", -1 },
		{ "{}", -1 }, { "", -1 }, { "1.0.0", -1 },
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(layout_version(cases[i].text,
		    strlen(cases[i].text), &e), cases[i].rc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
