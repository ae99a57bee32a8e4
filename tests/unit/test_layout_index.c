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
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
