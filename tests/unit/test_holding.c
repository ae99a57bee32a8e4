#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "report/blob_count.h"
#include "report/holding.h"

#define A64	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LINE(more) "{\"image\":\"r.example/x:1\"," \
	"\"digest\":\"sha256:" A64 "\"" more "}"

/* In the order in which store_each_reference goes. */
static void
test_order(void **state)
{
	static const char *const names[] = {
		"docker.io/a:1",
		"docker.io/a:10",
		"docker.io/a:2",
		"docker.io/a:Z",
		"docker.io/a:a",
		"docker.io/a/b:1",
		("docker.io/a/b@sha256:" A64),
		"docker.io/a/b/c:1",
		"docker.io/a/bb:0",
		"docker.io/a-b:0",
		"docker.io/a-b/c:0",
		"docker.io/a.b:0",
		"docker.io/aa:0",
		"localhost/x:1",
		"reg.example/a:1",
		"reg.example:5000/a:1",
		"reg.example:5000/a/b:1",
	};
	size_t i, j, n = sizeof(names) / sizeof(names[0]);
	int order;

	(void)state;
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++) {
			order = name_order(names[i], names[j]);
			if ((order < 0) != (i < j) || (order > 0) != (i > j))
				fail_msg("%s, %s: %d", names[i], names[j],
				    order);
		}
}

/* What makes no sense has an order as well, and nothing is read beyond it. */
static void
test_order_of_noise(void **state)
{
	static const char *const names[] = {
		"", "/", ":", "a", "a/", "/:", "@@", "a:b/c", "//:",
	};
	size_t i, j, n = sizeof(names) / sizeof(names[0]);

	(void)state;
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			assert_true((name_order(names[i], names[j]) < 0) ==
			    (name_order(names[j], names[i]) > 0));
}

static void
test_line(void **state)
{
	static const char line[] = LINE(",\"published\":"
	    "\"2026-11-20T00:00:00Z\",\"platforms\":[\"linux/amd64\"],"
	    "\"kind\":\"application/x\","
	    "\"size\":12,\"referrers\":2,\"signed\":true,"
	    "\"blobs\":[[\"fedcba9876543210\",5],[\"0000000000000000\",7]],"
	    "\"links\":\"1-2-3.4\"");
	struct holding h;
	char *with, *text;

	(void)state;
	with = xasprintf("%s,\n", line);
	assert_true(holding_read(with, &h));
	free(with);
	assert_string_equal(h.image, "r.example/x:1");
	assert_int_equal(h.blob_count, 2);
	assert_true(h.blobs[0].key == 0xfedcba9876543210u);
	assert_int_equal(h.blobs[1].size, 7);
	text = holding_blobs_text(&h);
	assert_string_equal(text, line);
	free(text);
	text = holding_image_text(line, 7, ",\"held\":true");
	assert_string_equal(text, LINE(",\"published\":"
	    "\"2026-11-20T00:00:00Z\",\"platforms\":[\"linux/amd64\"],"
	    "\"kind\":\"application/x\","
	    "\"size\":12,\"referrers\":2,\"signed\":true,\"own\":7,"
	    "\"held\":true"));
	free(text);
	holding_done(&h);
}

/* A stranger's word: cut, and fit to be printed. */
static void
test_kind(void **state)
{
	struct holding h = { .image = NULL };
	char type[400];

	(void)state;
	memset(type, 'a', sizeof(type));
	memcpy(type + 250, "<\033\"\303\251", 5);
	type[sizeof(type) - 1] = '\0';
	holding_set_kind(&h, type);
	assert_int_equal(strlen(h.kind), HOLDING_KIND_MAX);
	assert_string_equal(h.kind + 250, "<?\"\303\251");
	type[249] = 'b';
	memcpy(type + 249, "bbbbb\303\251", 7);
	holding_set_kind(&h, type);
	assert_string_equal(h.kind + 249, "bbbbb?");
	holding_done(&h);
}

static void
test_bad_lines(void **state)
{
	static const char *const lines[] = {
		"", "]}", "[]", "{}", "7", "{\"image\":\"x\"}",
		LINE(""), LINE(",\"blobs\":{}"), LINE(",\"blobs\":[7]"),
		LINE(",\"blobs\":[[]]"), LINE(",\"blobs\":[[\"ab\",1]]"),
		LINE(",\"blobs\":[[\"zzzzzzzzzzzzzzzz\",1]]"),
		LINE(",\"blobs\":[[\"0123456789abcdef\",-1]]"),
		"{\"image\":7,\"digest\":\"sha256:" A64 "\",\"blobs\":[]}",
		"{\"image\":\"x\",\"digest\":\"sha256:aa\",\"blobs\":[]}",
		LINE(",\"blobs\":[]") "x",
	};
	struct holding h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (holding_read(lines[i], &h))
			fail_msg("it is read: %s", lines[i]);
	assert_true(holding_read(LINE(",\"blobs\":[],\"platforms\":7,"
	    "\"size\":-4,\"published\":\"" A64 "\""), &h));
	assert_int_equal(h.size, 0);
	assert_true(strlen(h.published) < STORE_TIME_MAX);
	holding_done(&h);
}

static void
test_many_blobs(void **state)
{
	struct holding h = { 0 };
	size_t i;
	char *text;

	(void)state;
	h.image = xstrdup("r.example/x:1");
	for (i = 0; i < HOLDING_BLOBS_MAX + 10; i++)
		holding_add_blob(&h, ~(uint64_t)i, (uint64_t)1 << 40);
	assert_int_equal(h.blob_count, HOLDING_BLOBS_MAX);
	text = holding_blobs_text(&h);
	assert_true(strlen(text) + 64 * 1024 < HOLDING_LINE_MAX);
	free(text);
	holding_done(&h);
}

struct seen {
	size_t count;
	uint64_t key, size;		/* the sums */
};

static void
note_blob(void *cookie, uint64_t key, uint64_t size)
{
	struct seen *seen = cookie;

	seen->count++;
	seen->key += key;
	seen->size += size;
}

/* What is taken from a line by sight is what reading it gives; a line that is
 * cut anywhere is no trouble. */
static void
test_each_blob(void **state)
{
	static const char line[] = LINE(",\"platforms\":[\"a,\\\"blobs"
	    "\\\":[\\\"\"],\"blobs\":[[\"00000000000000aa\",5],"
	    "[\"0000000000000001\",7]]");
	static const char *const none[] = {
		"", "{}", LINE(",\"blobs\":[]"), LINE(",\"blobs\":{}"),
		LINE(",\"blobs\":[7]"), LINE(",\"blobs\":[["),
		LINE(",\"blobs\":[[\"aa\"]]"),
	};
	struct seen seen = { 0 };
	char *cut;
	size_t i;

	(void)state;
	holding_each_blob(line, note_blob, &seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.key, 0xab);
	assert_int_equal(seen.size, 12);
	for (i = 0; i < sizeof(line); i++) {
		cut = xstrndup(line, i);
		seen.count = 0;
		holding_each_blob(cut, note_blob, &seen);
		assert_true(seen.count <= 2);
		free(cut);
	}
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		seen.count = 0;
		holding_each_blob(none[i], note_blob, &seen);
		assert_int_equal(seen.count, 0);
	}
	assert_true(holding_line_is_broken(LINE(",\"broken\":true")));
	assert_false(holding_line_is_broken(LINE("")));
}

static json_t *
head(const char *text)
{
	char *whole = xasprintf("%s]}", text);
	json_t *o = json_loads(whole, 0, NULL);

	free(whole);
	return o;
}

static void
test_head(void **state)
{
	struct holding_totals t = { .images = 1, .repositories = 2,
	    .blobs = 3, .bytes = 4 }, got = { 0 };
	struct holding_head said = { .index = "a-b-c", .marks = "0f",
	    .now = 1795132800, .totals = &t, .earlier = "before" }, is;
	char *text = NULL;
	/* The third is of a program that did not tell kinds. */
	static const char *const bad[] = {
		"{\"version\":2,\"form\":2,\"index\":\"a\",\"images\":[",
		"{\"version\":1,\"form\":2,\"index\":7,\"images\":[",
		"{\"version\":1,\"index\":\"a\",\"images\":[", "{\"a\":[",
	};
	size_t i, len;
	FILE *out = open_memstream(&text, &len);
	json_t *o;

	(void)state;
	holding_head_print(out, &said);
	fclose(out);
	assert_non_null(strstr(text, "\"written\":\"2026-11-20T00:00:00Z\""));
	assert_non_null(strstr(text, "\"earlier\":\"before\""));
	o = head(text);
	assert_true(holding_head_read(o, &is, &got));
	json_decref(o);
	assert_string_equal(is.index, "a-b-c");
	assert_string_equal(is.marks, "0f");
	assert_memory_equal(&t, &got, sizeof(t));
	free(text);
	assert_false(holding_head_read(NULL, &is, &got));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		o = head(bad[i]);
		assert_non_null(o);
		assert_false(holding_head_read(o, &is, &got));
		json_decref(o);
	}
}

static void
test_key(void **state)
{
	struct digest d;
	struct err e;

	(void)state;
	assert_int_equal(digest_parse("sha256:0123456789abcdef"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &d, &e), 0);
	assert_true(holding_key(&d) == 0x0123456789abcdefu);
}

static void
test_blob_count(void **state)
{
	struct blob_count c = { 0 };
	uint64_t i;

	(void)state;
	assert_false(blob_count_shared(&c, 4));
	for (i = 0; i < 20000; i++)
		assert_true(blob_count_add(&c, i * 0x9e3779b97f4a7c15u & ~1u));
	assert_int_equal(c.count, 20000);
	for (i = 0; i < 20000; i += 3)
		assert_false(blob_count_add(&c,
		    i * 0x9e3779b97f4a7c15u & ~1u));
	for (i = 0; i < 20000; i++)
		assert_int_equal(blob_count_shared(&c,
		    i * 0x9e3779b97f4a7c15u & ~1u), i % 3 == 0);
	assert_false(blob_count_shared(&c, 0xffffffffffffffffu));
	blob_count_done(&c);
	assert_false(blob_count_shared(&c, 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_order_of_noise),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_many_blobs),
		cmocka_unit_test(test_each_blob),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_blob_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
