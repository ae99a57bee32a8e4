/* What images.json says of images beside what is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/digest.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/marks.h"
#include "report/status.h"
#include "report/status_record.h"
#include "scratch.h"
#include "open_store.h"

#define T0	1795132800	/* 2026-11-20T00:00:00Z */
#define APP	"docker.io/library/app:1"
#define ONE	"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TWO	"sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void
expect(struct marks *m, const char *image, const char *digest, const char *want)
{
	char *text = marks_text(m, image, digest, strlen(digest));

	assert_string_equal(text, want);
	free(text);
}

static void
verify(struct marks *m, const char *image, const char *digest, const char *key)
{
	marks_verified(m, image, digest, strlen(digest), key, strlen(key));
}

static void
test_text(void **state)
{
	struct marks *m = marks_new();
	char longest[VERIFIED_NAME_MAX + 2], stamp[MARKS_STAMP_MAX];

	(void)state;
	expect(m, APP, ONE, "");
	assert_string_equal(marks_stamp(m, stamp), "0000000000000000");
	verify(m, APP, ONE, "a.pub");
	expect(m, APP, ONE, ",\"verified\":\"a.pub\"");
	expect(m, APP, TWO, "");
	expect(m, APP "x", ONE, "");
	marks_held(m, APP, T0);
	expect(m, APP, TWO, ",\"held\":\"2026-11-20T00:00:00Z\"");
	marks_held(m, "r.example/x:1", 0);
	expect(m, "r.example/x:1", ONE, ",\"held\":true");
	/* No list asks for a key any more. */
	marks_unlisted(m, APP, T0 + 1);
	expect(m, APP, ONE, ",\"held\":\"2026-11-20T00:00:00Z\","
	    "\"last_listed\":\"2026-11-20T00:00:01Z\"");
	memset(longest, 'k', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	verify(m, "r.example/y:1", ONE, longest);
	verify(m, "r.example/y:2", ONE, "");
	expect(m, "r.example/y:1", ONE, "");
	expect(m, "r.example/y:2", ONE, "");
	marks_free(m);
}

static uint64_t
sum(int order, const char *digest, const char *key, int64_t held)
{
	struct marks *m = marks_new();
	char stamp[MARKS_STAMP_MAX];

	if (order == 0)
		verify(m, APP, digest, key);
	marks_held(m, APP, held);
	marks_held(m, "r.example/x:1", T0);
	if (order == 1)
		verify(m, APP, digest, key);
	marks_stamp(m, stamp);
	marks_free(m);
	return strtoull(stamp, NULL, 16);
}

static void
test_stamp(void **state)
{
	uint64_t is = sum(0, ONE, "a.pub", T0);

	(void)state;
	assert_true(is == sum(1, ONE, "a.pub", T0));
	assert_true(is != sum(2, ONE, "a.pub", T0));
	assert_true(is != sum(0, TWO, "a.pub", T0));
	assert_true(is != sum(0, ONE, "b.pub", T0));
	assert_true(is != sum(0, ONE, "a.pub", T0 + 1));
}

static void
test_many(void **state)
{
	struct marks *m = marks_new();
	char image[64], key[16], want[64];
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		snprintf(image, sizeof(image), "r.example/x:%d", i);
		snprintf(key, sizeof(key), "%d.pub", i % 900);
		verify(m, image, i % 2 == 0 ? ONE : TWO, key);
	}
	for (i = 0; i < 100000; i++) {
		snprintf(image, sizeof(image), "r.example/x:%d", i);
		snprintf(want, sizeof(want), ",\"verified\":\"%d.pub\"",
		    i % 900);
		expect(m, image, i % 2 == 0 ? ONE : TWO, want);
	}
	marks_free(m);
}

/* --- what runs leave of it --------------------------------------------- */

struct told {
	const char *image;
	char *text;			/* of marks_text, at ONE */
	int calls;
};

static int
hear(void *cookie, struct marks *m, struct err *e)
{
	struct told *told = cookie;

	(void)e;
	free(told->text);
	told->text = marks_text(m, told->image, ONE, strlen(ONE));
	told->calls++;
	return 0;
}

struct try {
	enum status_result result;
	const char *digest, *key;
	bool is_verified;
	enum err_code reason;
};

static struct status_record *
record_of(const char *image, const struct try *t)
{
	struct status_record *r = status_record_new(image);
	struct err e;

	r->result = t->result;
	r->reason = t->reason;
	if (t->digest != NULL) {
		assert_int_equal(digest_parse(t->digest, &r->digest, &e), 0);
		r->has_digest = t->result != STATUS_FAILED;
		r->is_refuted = t->reason == ERR_SIGNATURE;
	}
	/* Files of one name in two folders: not the same key. */
	status_record_set_key(r, t->key, t->key != NULL &&
	    strncmp(t->key, "/o/", 3) == 0 ? "0123" : "4567");
	r->is_verified = t->is_verified;
	return r;
}

static void
run(struct store *st, struct told *told, const struct try *t, int64_t now)
{
	struct status_end end = { .now = now, .result = "ok" };
	struct status *s = status_new(now - 5);
	struct err e;

	status_image(s, record_of(APP, t));
	status_holdings(s, hear, told);
	assert_int_equal(status_save(s, st, &end, &e), 0);
	status_free(s);
}

/* What is left of "verified" after another run. */
static void
test_runs(void **state)
{
	static const struct try good = { STATUS_UPDATED, ONE, "/k/a.pub", true,
	    ERR_NONE };
	static const struct {
		struct try next;
		bool is_left;
	} each[] = {
		{ { STATUS_UNCHANGED, ONE, "/k/a.pub", true, 0 }, true },
		{ { STATUS_UNCHANGED, ONE, NULL, false, 0 }, false },
		{ { STATUS_UPDATED, TWO, "/k/a.pub", true, 0 }, false },
		{ { STATUS_FAILED, NULL, "/k/a.pub", false, ERR_NET }, true },
		{ { STATUS_FAILED, NULL, NULL, false, ERR_NET }, false },
		{ { STATUS_FAILED, NULL, "/k/b.pub", false, ERR_NET }, false },
		{ { STATUS_FAILED, TWO, "/k/a.pub", false, ERR_SIGNATURE },
		    true },
		{ { STATUS_FAILED, ONE, "/k/a.pub", false, ERR_SIGNATURE },
		    false },
		{ { STATUS_UNCHANGED, ONE, "/o/a.pub", true, 0 }, true },
		{ { STATUS_FAILED, NULL, "/o/a.pub", false, ERR_NET }, false },
		{ { STATUS_FAILED, TWO, "/o/a.pub", false, ERR_SIGNATURE },
		    false },
		{ { STATUS_HELD, ONE, "/o/a.pub", false, 0 }, false },
		{ { STATUS_NOT_REACHED, NULL, NULL, false, 0 }, true },
		{ { STATUS_HELD, ONE, "/k/a.pub", false, 0 }, true },
		{ { STATUS_HELD, ONE, NULL, false, 0 }, false },
		{ { STATUS_HELD, TWO, "/k/a.pub", false, 0 }, false },
	};
	struct scratch *s = *state;
	struct told told = { .image = APP };
	struct store *st = open_store(s);
	size_t i;

	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		run(st, &told, &good, T0);
		assert_string_equal(told.text, ",\"verified\":\"a.pub\"");
		run(st, &told, &each[i].next, T0 + 100);
		if ((told.text[0] != '\0') != each[i].is_left)
			fail_msg("%zu: \"%s\"", i, told.text);
	}
	assert_int_equal(told.calls, 2 * i);
	free(told.text);
	store_close(st);
}

/* The file is edited, and keys have odd names. */
static void
test_names(void **state)
{
	struct try odd = { STATUS_UPDATED, ONE, "/k/a\"<\\\303\251\n.pub", true,
	    ERR_NONE };
	struct scratch *s = *state;
	struct told told = { .image = APP };
	struct store *st = open_store(s);
	char name[300];

	run(st, &told, &odd, T0);
	assert_string_equal(told.text, ",\"verified\":\"a?<????.pub\"");
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	odd.key = name;
	run(st, &told, &odd, T0 + 1);
	assert_int_equal(strlen(told.text), VERIFIED_NAME_MAX +
	    strlen(",\"verified\":\"\""));
	free(told.text);
	store_close(st);
}

/* Of very many, which are told of in groups. */
static void
test_groups(void **state)
{
	static const bool keys[] = { true, true, true, false, true };
	struct try t = { STATUS_UPDATED, ONE, NULL, false, ERR_NONE };
	struct scratch *s = *state;
	struct told told = { .image = "r.example/x:77" };
	struct store *st = open_store(s);
	struct status_end end = { .result = "ok" };
	struct status *status;
	char image[64];
	struct err e;
	size_t i;
	int k;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		t.key = keys[i] ? "a.pub" : NULL;
		t.is_verified = keys[i];
		end.now = T0 + 100 * (int64_t)i;
		status = status_new(end.now - 5);
		for (k = 0; k < 4000; k++) {
			snprintf(image, sizeof(image), "r.example/x:%d", k);
			status_image(status, record_of(image, &t));
		}
		status_holdings(status, hear, &told);
		assert_int_equal(status_save(status, st, &end, &e), 0);
		status_free(status);
		assert_string_equal(told.text, keys[i] ?
		    ",\"verified\":\"a.pub\"" : "");
		t.result = STATUS_UNCHANGED;
	}
	assert_int_equal(status_refresh(st, NULL, hear, &told, &e), 0);
	assert_string_equal(told.text, ",\"verified\":\"a.pub\"");
	assert_int_equal(told.calls, i + 1);
	free(told.text);
	store_close(st);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, scratch_setup, \
		    scratch_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_stamp),
		cmocka_unit_test(test_many),
		TEST(test_runs),
		TEST(test_names),
		TEST(test_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
