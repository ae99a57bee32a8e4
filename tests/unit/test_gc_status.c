/* status/gc.json and status/verify.json. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/store.h"
#include "scratch.h"
#include "open_store.h"
#include "report/gc_status.h"
#include "report/report.h"
#include "report/verify_status.h"

/* 2026-11-20T00:00:00Z */
#define T0	1795132800

static json_t *
doc(const struct scratch *s, const char *path)
{
	char *text = scratch_get(s, path);
	json_t *o = json_loads(text, 0, NULL);

	assert_non_null(o);
	free(text);
	return o;
}

static json_int_t
number(const json_t *o, const char *key)
{
	const json_t *n = json_object_get(o, key);

	assert_true(json_is_integer(n));
	return json_integer_value(n);
}

static const struct gc_totals some = {
	.images = 10,
	.images_gone = 2,
	.manifests_gone = 3,
	.blobs_gone = 4,
	.others_gone = 5,
	.unlisted = 6,
	.condemned = 7,
	.condemned_bytes = 700,
	.reclaimable_bytes = 900,
	.bytes_gone = 1000,
	.free_before = 50,
	.free_after = 1050,
	.bytes = 5000,
};

static void
gc_run_of(struct store *st, int64_t when, int exit_code, enum gc_end end,
    const char *error, const struct gc_totals *totals)
{
	struct gc_status_run run = {
		.started = when - 5,
		.now = when,
		.exit_code = exit_code,
		.end = end,
		.error = error,
		.totals = totals,
	};
	struct err e;

	assert_int_equal(gc_status_save(st, &run, &e), 0);
}

static void
gc_counts_on(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct gc_status got;
	json_t *o;

	assert_false(gc_status_read(st, &got));
	assert_int_equal(got.finished, 0);
	gc_run_of(st, T0, 0, GC_DONE, NULL, &some);
	gc_run_of(st, T0 + 60, 1, GC_NO_ROOM, "no room", &some);
	o = doc(s, "status/gc.json");
	assert_string_equal(json_string_value(json_object_get(o, "result")),
	    "no_room");
	assert_string_equal(json_string_value(json_object_get(o, "error")),
	    "no room");
	assert_string_equal(json_string_value(json_object_get(o, "started")),
	    "2026-11-20T00:00:55Z");
	assert_int_equal(number(json_object_get(o, "removed"), "blobs"), 4);
	assert_int_equal(number(o, "free_after"), 1050);
	json_decref(o);
	assert_true(gc_status_read(st, &got));
	assert_int_equal(got.started, T0 + 55);
	assert_int_equal(got.finished, T0 + 60);
	assert_int_equal(got.last_success, T0);
	assert_int_equal(got.exit_code, 1);
	assert_int_equal(got.images, 8);
	assert_int_equal(got.unlisted, 6);
	assert_int_equal(got.condemned, 7);
	assert_int_equal(got.condemned_bytes, 700);
	assert_int_equal(got.reclaimable_bytes, 900);
	assert_int_equal(got.bytes, 5000);
	assert_int_equal(got.counters.runs[GC_DONE], 1);
	assert_int_equal(got.counters.runs[GC_NO_ROOM], 1);
	assert_int_equal(got.counters.images, 4);
	assert_int_equal(got.counters.manifests, 6);
	assert_int_equal(got.counters.blobs, 8);
	assert_int_equal(got.counters.others, 10);
	assert_int_equal(got.counters.bytes, 2000);
	store_close(st);
}

/* It has not seen all of the tree, but what it removed is gone. */
static void
gc_that_did_not_end(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct gc_totals part = { .images = 8, .blobs_gone = 1,
	    .bytes_gone = 10 };
	struct gc_status got;

	gc_run_of(st, T0, 0, GC_DONE, NULL, &some);
	gc_run_of(st, T0 + 60, 4, GC_STOPPED, NULL, &part);
	assert_true(gc_status_read(st, &got));
	assert_int_equal(got.exit_code, 4);
	assert_int_equal(got.images, 8);
	assert_int_equal(got.reclaimable_bytes, 900);
	assert_int_equal(got.counters.blobs, 5);
	assert_int_equal(got.counters.bytes, 1010);
	assert_int_equal(got.counters.runs[GC_STOPPED], 1);
	store_close(st);
}

static void
rm_is_no_run(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct gc_totals one = { .images_gone = 1, .bytes_gone = 10 };
	struct gc_status got;
	struct err e;
	json_t *o;

	/* Before any run, too. */
	assert_int_equal(gc_status_add(st, &one, &e), 0);
	assert_true(gc_status_read(st, &got));
	assert_int_equal(got.finished, 0);
	assert_int_equal(got.images, 0);
	assert_int_equal(got.counters.images, 1);
	gc_run_of(st, T0, 0, GC_DONE, NULL, &some);
	assert_int_equal(gc_status_add(st, &one, &e), 0);
	assert_true(gc_status_read(st, &got));
	assert_int_equal(got.finished, T0);
	assert_int_equal(got.images, 7);
	assert_int_equal(got.counters.images, 4);
	assert_int_equal(got.counters.bytes, 1020);
	o = doc(s, "status/gc.json");
	assert_int_equal(number(json_object_get(o, "removed"), "images"), 2);
	json_decref(o);
	store_close(st);
}

static struct verify_status_run
verified(int64_t when, enum verify_result result)
{
	return (struct verify_status_run){
		.started = when - 7,
		.now = when,
		.exit_code = result == VERIFY_STATUS_OK ? 0 : 1,
		.result = result,
		.bad = result == VERIFY_STATUS_OK ? 0 : 2,
		.mended = 1,
		.files = 100,
		.bytes = 10000,
		.pass = 3,
		.pass_started = T0 - 100,
		.pass_files = 300,
		.pass_bytes = 30000,
		.oldest = T0 - 200,
	};
}

static void
verify_counts_on(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct verify_status_run run = verified(T0, VERIFY_STATUS_OK);
	struct verify_status got;
	struct err e;
	json_t *o;

	assert_false(verify_status_read(st, &got));
	assert_int_equal(verify_status_save(st, &run, &e), 0);
	run = verified(T0 + 60, VERIFY_STATUS_BAD);
	run.withdrawn = 1;
	run.is_pass_whole = true;
	assert_int_equal(verify_status_save(st, &run, &e), 0);
	/* One that looks at the structure alone says nothing of bytes. */
	run = verified(T0 + 120, VERIFY_STATUS_BAD);
	run.is_quick = true;
	run.structure_bad = 9;
	run.pass = 99;
	run.error = "\033[1m";
	assert_int_equal(verify_status_save(st, &run, &e), 0);
	assert_true(verify_status_read(st, &got));
	assert_int_equal(got.started, T0 + 113);
	assert_int_equal(got.finished, T0 + 120);
	assert_int_equal(got.last_success, T0);
	assert_int_equal(got.exit_code, 1);
	assert_int_equal(got.structure_bad, 9);
	assert_int_equal(got.pass, 3);
	assert_int_equal(got.pass_started, T0 - 100);
	assert_int_equal(got.pass_files, 300);
	assert_int_equal(got.pass_bytes, 30000);
	assert_true(got.is_pass_whole);
	assert_int_equal(got.oldest, T0 - 200);
	assert_int_equal(got.counters.files, 200);
	assert_int_equal(got.counters.bytes, 20000);
	assert_int_equal(got.counters.bad, 4);
	assert_int_equal(got.counters.mended, 3);
	assert_int_equal(got.counters.withdrawn, 1);
	assert_int_equal(got.counters.runs[VERIFY_STATUS_OK], 1);
	assert_int_equal(got.counters.runs[VERIFY_STATUS_BAD], 2);
	o = doc(s, "status/verify.json");
	assert_true(json_is_true(json_object_get(o, "quick")));
	assert_int_equal(number(o, "files"), 0);
	assert_string_equal(json_string_value(json_object_get(o, "error")),
	    "?[1m");
	json_decref(o);
	/* Nor does one that looks at a part say that the rest is right. */
	run.is_partial = true;
	run.structure_bad = 0;
	assert_int_equal(verify_status_save(st, &run, &e), 0);
	assert_true(verify_status_read(st, &got));
	assert_int_equal(got.structure_bad, 9);
	run.structure_bad = 12;
	assert_int_equal(verify_status_save(st, &run, &e), 0);
	run.is_partial = false;
	run.structure_bad = 1;
	assert_true(verify_status_read(st, &got));
	assert_int_equal(got.structure_bad, 12);
	assert_int_equal(verify_status_save(st, &run, &e), 0);
	assert_true(verify_status_read(st, &got));
	assert_int_equal(got.structure_bad, 1);
	store_close(st);
}

/* What is no object, too long, a pipe or a folder is as if it were not there;
 * numbers and times that make no sense are 0. */
static void
odd_files(void **state)
{
	static const char *const odd[] = { "", "{", "[]", "7", "null",
	    "{\"counters\":[],\"pass\":7,\"exit_code\":-1,\"images\":-3,"
	    "\"finished\":\"yesterday\",\"started\":8,\"oldest\":{},"
	    "\"condemned\":1e300,\"bytes\":\"x\",\"last_success\":null}" };
	static const char many[] = "{\"exit_code\":99999999999}";
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct verify_status_run run = verified(T0, VERIFY_STATUS_OK);
	struct gc_status gc, no_gc = { 0 };
	struct verify_status verify, no_verify = { 0 };
	struct err e;
	char *large;
	size_t i;

	(void)mkdirat(s->dir, "status", 0755);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		scratch_put(s, "status/gc.json", odd[i]);
		scratch_put(s, "status/verify.json", odd[i]);
		assert_int_equal(gc_status_read(st, &gc), odd[i][0] == '{' &&
		    odd[i][1] != '\0');
		assert_memory_equal(&gc, &no_gc, sizeof(gc));
		verify_status_read(st, &verify);
		assert_memory_equal(&verify, &no_verify, sizeof(verify));
	}
	scratch_put(s, "status/gc.json", many);
	assert_true(gc_status_read(st, &gc));
	assert_int_equal(gc.exit_code, 255);
	large = malloc(STATUS_HEAD_MAX + 2);
	memset(large, ' ', STATUS_HEAD_MAX + 1);
	memcpy(large, "{}", 2);
	large[STATUS_HEAD_MAX] = '\0';
	scratch_put(s, "status/gc.json", large);
	assert_true(gc_status_read(st, &gc));
	large[STATUS_HEAD_MAX] = ' ';
	large[STATUS_HEAD_MAX + 1] = '\0';
	scratch_put(s, "status/gc.json", large);
	assert_false(gc_status_read(st, &gc));
	free(large);
	unlinkat(s->dir, "status/verify.json", 0);
	assert_int_equal(mkfifoat(s->dir, "status/verify.json", 0600), 0);
	assert_false(verify_status_read(st, &verify));
	/* And the next run replaces it. */
	gc_run_of(st, T0, 0, GC_DONE, NULL, &some);
	assert_int_equal(verify_status_save(st, &run, &e), 0);
	assert_true(gc_status_read(st, &gc));
	assert_int_equal(gc.counters.images, 2);
	assert_true(verify_status_read(st, &verify));
	assert_int_equal(verify.counters.files, 100);
	store_close(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, \
			    scratch_teardown)
		TEST(gc_counts_on),
		TEST(gc_that_did_not_end),
		TEST(rm_is_no_run),
		TEST(verify_counts_on),
		TEST(odd_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
