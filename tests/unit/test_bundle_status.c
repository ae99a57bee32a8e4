/* status/bundles.json and what the metrics say of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/store.h"
#include "scratch.h"
#include "open_store.h"
#include "report/bundle_status.h"
#include "report/lifecycle.h"
#include "report/report.h"

/* 2026-11-20T00:00:00Z */
#define T0	1795132800

static struct bundle_status_run
bundle(uint64_t seq, int64_t now, enum bundle_result result)
{
	static const char *const ids[] = { "00", "11", "22", "33", "44", "55",
	    "66" };
	const struct bundle_status_run run = {
		.from = "centre",
		.to = "ship",
		.id = ids[seq],
		.seq = seq,
		.created = T0 - 1000 + (int64_t)seq,
		.now = now,
		.result = result,
		.images = 20,
	};

	return run;
}

static void
save(struct store *st, const struct bundle_status_run *run)
{
	struct err e;

	assert_int_equal(bundle_status_save(st, run, &e), 0);
}

static struct bundle_status
status_of(const struct store *st)
{
	struct bundle_status got;

	assert_true(bundle_status_read(st, &got));
	return got;
}

static char *
metrics(struct store *st)
{
	struct lifecycle l = { .unlisted = 0 };
	struct marks *marks = marks_new();
	struct err e;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(lifecycle_gather(st, marks, &l, &e), 0);
	marks_free(marks);
	lifecycle_print(&l, out);
	fclose(out);
	return text;
}

/* What waits has lines of its own until the rest has come. */
static void
on_the_way(void **state)
{
	static const char *const parts[] = { "a.cdr.001", "a.cdr.002",
	    "a.cdr.003", "a.cdr.004", "a.cdr.005" };
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct bundle_status_run run = bundle(2, T0, BUNDLE_STATUS_WAITING);
	struct bundle_status got;
	json_t *o, *row;
	char *text;

	run.missing_parts = run.part_name_count = 5;
	run.part_names = parts;
	run.missing_images = 7;
	save(st, &run);
	run.now = T0 + 60;
	run.missing_parts = run.part_name_count = 1;
	run.missing_images = 3;
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.count, 1);
	assert_string_equal(got.streams[0].from, "centre");
	assert_string_equal(got.streams[0].to, "ship");
	assert_int_equal(got.streams[0].seq, 0);
	assert_int_equal(got.streams[0].waiting, 1);
	assert_int_equal(got.streams[0].missing_parts, 1);
	assert_int_equal(got.streams[0].missing_images, 3);
	assert_int_equal(got.streams[0].since, T0);
	assert_int_equal(got.runs[BUNDLE_STATUS_WAITING], 2);
	text = scratch_get(s, "status/bundles.json");
	o = json_loads(text, 0, NULL);
	row = json_array_get(json_object_get(o, "waiting"), 0);
	assert_string_equal(json_string_value(json_array_get(
	    json_object_get(row, "parts"), 0)), "a.cdr.001");
	json_decref(o);
	free(text);
	text = metrics(st);
	assert_non_null(strstr(text, "\ncdr_bundle_seq{from=\"centre\","
	    "to=\"ship\"} 0\n"));
	assert_non_null(strstr(text, "\ncdr_bundle_missing_parts{"
	    "from=\"centre\",to=\"ship\"} 1\n"));
	assert_non_null(strstr(text, "\ncdr_bundle_waiting_since_timestamp_"
	    "seconds{from=\"centre\",to=\"ship\"} 1795132800\n"));
	free(text);

	run = bundle(2, T0 + 90, BUNDLE_STATUS_OK);
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.streams[0].seq, 2);
	assert_int_equal(got.streams[0].created, T0 - 998);
	assert_int_equal(got.streams[0].imported, T0 + 90);
	assert_int_equal(got.streams[0].waiting, 0);
	assert_int_equal(got.streams[0].missing_parts, 0);
	assert_int_equal(got.streams[0].since, 0);
	text = metrics(st);
	assert_non_null(strstr(text, "\ncdr_bundle_seq{from=\"centre\","
	    "to=\"ship\"} 2\n"));
	assert_non_null(strstr(text, "\ncdr_bundle_imports_total{"
	    "result=\"ok\"} 1\n"));
	free(text);
	store_close(st);
}

/* One that is later makes those before it needless; one that is older, or was
 * here before, is counted and changes nothing. */
static void
later_and_older(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct bundle_status_run run = bundle(2, T0, BUNDLE_STATUS_WAITING);
	struct bundle_status got;

	save(st, &run);
	run = bundle(5, T0 + 1, BUNDLE_STATUS_FAILED);
	save(st, &run);
	run = bundle(3, T0 + 2, BUNDLE_STATUS_OK);
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.streams[0].seq, 3);
	assert_int_equal(got.streams[0].waiting, 1);
	assert_int_equal(got.streams[0].since, T0 + 1);
	run = bundle(1, T0 + 3, BUNDLE_STATUS_OLDER);
	save(st, &run);
	run = bundle(3, T0 + 4, BUNDLE_STATUS_REPEATED);
	save(st, &run);
	run = bundle(6, T0 + 5, BUNDLE_STATUS_TOO_FAR);
	save(st, &run);
	/* With --allow-older it is whole, and yet not the last one. */
	run = bundle(2, T0 + 6, BUNDLE_STATUS_OK);
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.streams[0].seq, 3);
	assert_int_equal(got.streams[0].imported, T0 + 2);
	assert_int_equal(got.streams[0].waiting, 1);
	assert_int_equal(got.runs[BUNDLE_STATUS_OLDER], 1);
	assert_int_equal(got.runs[BUNDLE_STATUS_REPEATED], 1);
	assert_int_equal(got.runs[BUNDLE_STATUS_TOO_FAR], 1);
	run = bundle(5, T0 + 7, BUNDLE_STATUS_FORGOTTEN);
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.streams[0].seq, 3);
	assert_int_equal(got.streams[0].waiting, 0);
	/* Another site's is another row. */
	run = bundle(1, T0 + 8, BUNDLE_STATUS_OK);
	run.to = "*";
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.count, 2);
	assert_int_equal(got.streams[0].seq, 3);
	assert_int_equal(got.streams[1].seq, 1);
	store_close(st);
}

/* What nobody waits for any more is not on the way, however that came. */
static void
no_more_waiting(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct bundle_status_run run = bundle(2, T0, BUNDLE_STATUS_WAITING);
	struct bundle_status got;

	/* By a later one for all. */
	save(st, &run);
	run = bundle(1, T0 + 1, BUNDLE_STATUS_OK);
	run.to = "*";
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.count, 2);
	assert_int_equal(got.streams[1].waiting, 1);
	run = bundle(3, T0 + 2, BUNDLE_STATUS_OK);
	run.to = "*";
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.streams[0].seq, 3);
	/* Others may send later, too. */
	run = bundle(4, T0 + 3, BUNDLE_STATUS_WAITING);
	save(st, &run);
	run = bundle(5, T0 + 4, BUNDLE_STATUS_OK);
	run.from = "another";
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.streams[2].waiting, 1);
	/* It has come to be older, as it came again. */
	run = bundle(4, T0 + 5, BUNDLE_STATUS_OLDER);
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.count, 2);
	/* It was whole, and its run was killed before it said so. */
	run = bundle(6, T0 + 6, BUNDLE_STATUS_WAITING);
	save(st, &run);
	run = bundle(6, T0 + 7, BUNDLE_STATUS_REPEATED);
	save(st, &run);
	got = status_of(st);
	assert_int_equal(got.count, 3);
	assert_string_equal(got.streams[2].to, "ship");
	assert_int_equal(got.streams[2].seq, 6);
	assert_int_equal(got.streams[2].imported, T0 + 7);
	assert_int_equal(got.streams[2].waiting, 0);
	store_close(st);
}

/* As many as there may be, with the longest names: the next run reads them. */
static void
very_many(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct bundle_status_run run;
	struct bundle_status got;
	char from[BUNDLE_STATUS_NAME_MAX], to[BUNDLE_STATUS_NAME_MAX];
	char id[BUNDLE_STATUS_ID_MAX], long_name[256], error[1000];
	const char *const names[] = { long_name, long_name, long_name,
	    long_name, long_name };
	unsigned i;

	memset(long_name, 'n', 255);
	long_name[255] = '\0';
	memset(to, 't', sizeof(to) - 1);
	to[sizeof(to) - 1] = '\0';
	memset(error, 'e', sizeof(error) - 1);
	error[sizeof(error) - 1] = '\0';
	for (i = 0; i < 200; i++) {
		snprintf(from, sizeof(from), "f%062u", i % 100);
		snprintf(id, sizeof(id), "%032u", i);
		run = bundle(1, T0 + i, i < 100 ? BUNDLE_STATUS_OK :
		    BUNDLE_STATUS_WAITING);
		run.from = from;
		run.to = to;
		run.id = id;
		run.seq = ((uint64_t)1 << 53) - 1;
		run.images = run.missing_images = run.missing_parts = 999999;
		run.part_names = run.image_names = names;
		run.part_name_count = run.image_name_count = 5;
		run.error = error;
		save(st, &run);
	}
	got = status_of(st);
	assert_int_equal(got.runs[BUNDLE_STATUS_OK], 100);
	assert_int_equal(got.runs[BUNDLE_STATUS_WAITING], 100);
	assert_int_equal(got.count, BUNDLE_STATUS_STREAMS);
	assert_int_equal(got.streams[BUNDLE_STATUS_STREAMS - 1].waiting, 1);
	assert_int_equal(got.streams[0].waiting, 0);
	store_close(st);
}

static void
odd_files(void **state)
{
	static const char *const odd[] = { "", "{", "[]", "{}",
	    "{\"bundles\":7,\"waiting\":{},\"counters\":[]}",
	    "{\"bundles\":[7,{},{\"from\":7,\"to\":\"a\"},"
	    "{\"from\":\"a\"},{\"from\":\"\",\"to\":\"a\"},"
	    "{\"from\":\"0123456789012345678901234567890123456789"
	    "012345678901234567890123\",\"to\":\"a\"}],"
	    "\"waiting\":[null,[],{\"since\":3}]}" };
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct bundle_status_run run = bundle(1, T0, BUNDLE_STATUS_OK);
	struct bundle_status got, none;
	size_t i;

	memset(&none, 0, sizeof(none));
	assert_false(bundle_status_read(st, &got));
	assert_memory_equal(&got, &none, sizeof(got));
	(void)mkdirat(s->dir, "status", 0755);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		scratch_put(s, "status/bundles.json", odd[i]);
		bundle_status_read(st, &got);
		assert_memory_equal(&got, &none, sizeof(got));
		save(st, &run);
		got = status_of(st);
		assert_int_equal(got.count, 1);
		assert_int_equal(got.streams[0].seq, 1);
	}
	store_close(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, \
			    scratch_teardown)
		TEST(on_the_way),
		TEST(later_and_older),
		TEST(no_more_waiting),
		TEST(very_many),
		TEST(odd_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
