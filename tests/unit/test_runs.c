/* status/runs.json: the last runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "report/runs.h"
#include "report/status_record.h"
#include "scratch.h"
#include "open_store.h"

#define T0	1795132800	/* 2026-11-20T00:00:00Z */

static void
save(struct store *st, int64_t now, bool is_only, const char *error)
{
	struct status_end end = { .now = now, .result = "ok" };
	struct err e;

	end.totals.images = is_only ? 0 : 3;
	end.totals.updated = 2;
	end.totals.failed = 1;
	end.totals.cancelled = 7;
	end.totals.bytes = 100;
	end.totals.pulls = 4;
	end.totals.duration_ms = 5250;
	if (error != NULL) {
		end.result = "store";
		end.exit_code = 3;
		end.error = error;
	}
	assert_int_equal(runs_save(st, now - 65, &end, is_only, &e), 0);
}

static json_t *
runs_of(const struct scratch *s)
{
	char *text = scratch_get(s, "status/runs.json");
	json_t *doc = text == NULL ? NULL : json_loads(text, 0, NULL);
	json_t *runs = json_incref(json_object_get(doc, "runs"));

	assert_true(json_is_array(runs));
	json_decref(doc);
	free(text);
	return runs;
}

static int64_t
ended(const json_t *runs, size_t i)
{
	return status_get_time(json_array_get(runs, i), "finished") - T0;
}

static void
test_one(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);
	json_t *runs;
	char *text;

	save(st, T0, false, NULL);
	save(st, T0 + 100, true, NULL);
	runs = runs_of(s);
	assert_int_equal(json_array_size(runs), 2);
	text = json_dumps(json_array_get(runs, 0), JSON_COMPACT);
	assert_string_equal(text, "{\"started\":\"2026-11-19T23:58:55Z\","
	    "\"finished\":\"2026-11-20T00:00:00Z\",\"seconds\":65,"
	    "\"result\":\"ok\",\"exit_code\":0,\"images\":3,\"unchanged\":0,"
	    "\"updated\":2,\"held\":0,\"failed\":1,\"not_reached\":7,"
	    "\"objects\":0,\"bytes\":100,\"requests\":0,\"pulls\":4}");
	free(text);
	/* It has looked for one that is not there any more. */
	assert_int_equal(status_get_count(json_array_get(runs, 1), "only"), 1);
	json_decref(runs);
	store_close(st);
}

/* The oldest go, and hints do not push out what tells of the whole list. */
static void
test_many(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);
	json_t *runs;
	size_t i, only = 0;

	for (i = 0; i < 70; i++)
		save(st, T0 + (int64_t)i, false, NULL);
	runs = runs_of(s);
	assert_int_equal(json_array_size(runs), RUNS_MAX);
	assert_int_equal(ended(runs, 0), 20);
	assert_int_equal(ended(runs, RUNS_MAX - 1), 69);
	json_decref(runs);
	for (i = 0; i < 200; i++)
		save(st, T0 + 100 + (int64_t)i, true, NULL);
	runs = runs_of(s);
	assert_int_equal(json_array_size(runs), RUNS_MAX);
	for (i = 0; i < RUNS_MAX; i++)
		only += status_get_count(json_array_get(runs, i), "only") > 0;
	assert_int_equal(only, RUNS_MAX / 2);
	assert_int_equal(ended(runs, 0), 45);
	assert_int_equal(ended(runs, RUNS_MAX - 1), 299);
	json_decref(runs);
	store_close(st);
}

/* Long errors of 50 runs are read again by the next one. */
static void
test_errors(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);
	char error[2000];
	const char *said;
	json_t *runs;
	size_t i;

	for (i = 0; i + 2 < sizeof(error); i += 2)
		memcpy(error + i, "\302\261", 3);
	for (i = 0; i < 60; i++)
		save(st, T0 + (int64_t)i, false, error);
	runs = runs_of(s);
	assert_int_equal(json_array_size(runs), RUNS_MAX);
	assert_int_equal(ended(runs, 0), 10);
	said = json_string_value(json_object_get(json_array_get(runs, 0),
	    "error"));
	assert_int_equal(strlen(said), RUN_ERROR_MAX);
	json_decref(runs);
	store_close(st);
}

static void
test_damaged(void **state)
{
	static const char *const texts[] = {
		"", "{\"runs\":[", "{\"runs\":7}", "[]", "{\"runs\":[7,{},"
		    "{\"finished\":\"x\",\"result\":\"ok\"},"
		    "{\"finished\":\"2026-11-19T00:00:00Z\",\"result\":\"x\"},"
		    "{\"finished\":\"2999-11-19T00:00:00Z\",\"result\":\"ok\"},"
		    "{\"result\":\"ok\"}]}",
	};
	struct scratch *s = *state;
	struct store *st = open_store(s);
	json_t *runs;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		scratch_put(s, "status/runs.json", texts[i]);
		save(st, T0, false, NULL);
		runs = runs_of(s);
		assert_int_equal(json_array_size(runs), 1);
		json_decref(runs);
	}
	/* What stays is made anew: nothing else is carried along. */
	scratch_put(s, "status/runs.json", "{\"runs\":[{\"finished\":"
	    "\"2026-11-19T00:00:00Z\",\"result\":\"ok\",\"bytes\":-7,"
	    "\"pulls\":\"many\",\"exit_code\":999999,\"x\":\"y\"}]}");
	save(st, T0, false, NULL);
	runs = runs_of(s);
	assert_int_equal(json_array_size(runs), 2);
	assert_null(json_object_get(json_array_get(runs, 0), "x"));
	assert_int_equal(status_get_count(json_array_get(runs, 0), "bytes"),
	    0);
	assert_int_equal(status_get_count(json_array_get(runs, 0),
	    "exit_code"), UINT8_MAX);
	json_decref(runs);
	store_close(st);
}

/* A clock that was ahead for one run; one that is behind now. */
static void
test_clock(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);
	json_t *runs;

	save(st, T0, false, NULL);
	save(st, T0 + 1000000, false, NULL);
	save(st, T0 + 10, false, NULL);
	runs = runs_of(s);
	assert_int_equal(json_array_size(runs), 2);
	assert_int_equal(ended(runs, 1), 10);
	json_decref(runs);
	save(st, T0 - 1000000, false, NULL);
	runs = runs_of(s);
	assert_int_equal(json_array_size(runs), 3);
	json_decref(runs);
	store_close(st);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, scratch_setup, \
		    scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_one),
		TEST(test_many),
		TEST(test_errors),
		TEST(test_damaged),
		TEST(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
