#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layout/limits.h"
#include "layout/store.h"
#include "scratch.h"
#include "open_store.h"
#include "report/metrics.h"
#include "report/history.h"
#include "report/status.h"
#include "report/status_view.h"

#define APP	"docker.io/library/app:1"
#define OLD	"docker.io/library/old:1"
#define DAY	86400
/* 2026-11-20T00:00:00Z */
#define T0	1795132800

static struct status_record *
record(const char *image, enum status_result result, int64_t when)
{
	struct status_record *r = status_record_new(image);

	r->result = result;
	r->bytes = 10;
	r->objects = 3;
	if (result == STATUS_UPDATED || result == STATUS_UNCHANGED) {
		r->last_success = when;
		r->size = 1000;
		r->has_digest = true;
		digest_of(DIGEST_SHA256, image, strlen(image), &r->digest);
	} else if (result == STATUS_FAILED) {
		r->reason = ERR_NOT_FOUND;
		status_record_set_error(r, "tag: 404 \"x\"\n\xff");
	}
	return r;
}

/* One run with these records, NULL last; what status.json says then. */
static json_t *
run_of(const struct scratch *scratch, int64_t when, int exit_code,
    const char *result, struct status_record *a, struct status_record *b,
    bool is_only)
{
	struct status *s = status_new(when - 5);
	struct status_end end = { .now = when, .exit_code = exit_code,
	    .result = result };
	struct store *st = open_store(scratch);
	struct err e;
	json_t *root;
	char *text;

	end.totals.bytes = 100;
	end.totals.duration_ms = 5250;
	end.totals.images = (size_t)(a != NULL) + (b != NULL);
	status_list(s, "1");
	if (is_only)
		status_only(s);
	if (a != NULL)
		status_image(s, a);
	if (b != NULL)
		status_image(s, b);
	assert_int_equal(status_save(s, st, &end, &e), 0);
	status_free(s);
	store_close(st);
	text = scratch_get(scratch, "status/status.json");
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

static json_t *
run(const struct scratch *scratch, int64_t when, int exit_code,
    const char *result, struct status_record *a, struct status_record *b)
{
	return run_of(scratch, when, exit_code, result, a, b, false);
}

static const char *
string(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static long long
number(const json_t *o, const char *object, const char *key)
{
	json_t *value = json_object_get(json_object_get(o, object), key);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

static const json_t *
image(const json_t *root, const char *name)
{
	size_t i;
	json_t *o;

	json_array_foreach(json_object_get(root, "images"), i, o)
		if (strcmp(string(o, "image"), name) == 0)
			return o;
	return NULL;
}

static void
test_first_run(void **state)
{
	json_t *root = run(*state, T0, 0, "ok",
	    record(OLD, STATUS_UNCHANGED, T0 - 1),
	    record(APP, STATUS_UPDATED, T0 - 2));
	const json_t *app = image(root, APP);
	char *lock = scratch_get(*state, "_state/lock");

	/* All names are durable, or the process id would still be there. */
	assert_string_equal(lock, "");
	free(lock);
	assert_int_equal(scratch_mode(*state, "status/status.json"), 0444);
	assert_int_equal(scratch_mode(*state, "status/metrics"), 0444);
	assert_int_equal(scratch_count(*state, "_state/tmp"), 0);
	assert_string_equal(string(root, "started"), "2026-11-19T23:59:55Z");
	assert_string_equal(string(root, "finished"), "2026-11-20T00:00:00Z");
	assert_string_equal(string(root, "last_success"),
	    "2026-11-20T00:00:00Z");
	assert_string_equal(string(root, "result"), "ok");
	assert_int_equal(number(root, "totals", "duration_ms"), 5250);
	assert_int_equal(number(root, "store", "images"), 2);
	assert_int_equal(number(root, "store", "image_bytes"), 2000);
	/* In order, whatever they came in. */
	assert_ptr_equal(json_array_get(json_object_get(root, "images"), 0),
	    app);
	assert_string_equal(string(app, "registry"), "docker.io");
	assert_string_equal(string(app, "result"), "updated");
	assert_string_equal(string(app, "last_success"),
	    "2026-11-19T23:59:58Z");
	assert_string_equal(string(app, "last_listed"),
	    "2026-11-20T00:00:00Z");
	assert_null(string(app, "error"));
	json_decref(root);
}

/* A failure keeps what is served; what is not listed any more stays. */
static void
test_merge(void **state)
{
	json_t *first = run(*state, T0, 0, "ok",
	    record(APP, STATUS_UPDATED, T0), record(OLD, STATUS_UPDATED, T0));
	json_t *root = run(*state, T0 + DAY, 1, "failed",
	    record(APP, STATUS_FAILED, 0),
	    record("docker.io/library/new:1", STATUS_NOT_REACHED, 0));
	const json_t *app = image(root, APP), *new;

	assert_int_equal(json_array_size(json_object_get(root, "images")), 3);
	assert_string_equal(string(root, "last_success"),
	    "2026-11-20T00:00:00Z");
	assert_string_equal(string(app, "result"), "failed");
	assert_string_equal(string(app, "reason"), "not_found");
	assert_string_equal(string(app, "error"), "tag: 404 \"x\"??");
	assert_string_equal(string(app, "last_success"),
	    "2026-11-20T00:00:00Z");
	assert_string_equal(string(app, "last_listed"),
	    "2026-11-21T00:00:00Z");
	assert_string_equal(string(app, "digest"),
	    string(image(first, APP), "digest"));
	assert_int_equal(json_integer_value(json_object_get(app, "size")),
	    1000);
	assert_true(json_equal((json_t *)(uintptr_t)image(root, OLD),
	    (json_t *)(uintptr_t)image(first, OLD)));
	new = image(root, "docker.io/library/new:1");
	assert_null(string(new, "last_success"));
	assert_string_equal(string(new, "result"), "not_reached");
	assert_int_equal(number(root, "store", "images"), 2);
	json_decref(first);

	/* One that was not reached keeps what is known as well. */
	first = run(*state, T0 + DAY, 4, "interrupted",
	    record(OLD, STATUS_NOT_REACHED, 0), NULL);
	assert_string_equal(string(image(first, OLD), "result"),
	    "not_reached");
	assert_string_equal(string(image(first, OLD), "last_success"),
	    "2026-11-20T00:00:00Z");
	json_decref(first);

	/* What failed keeps its reason when the next run has not got it. */
	first = run(*state, T0 + 2 * DAY, 0, "ok", NULL, NULL);
	assert_true(json_equal((json_t *)(uintptr_t)image(root, APP),
	    (json_t *)(uintptr_t)image(first, APP)));
	json_decref(first);
	json_decref(root);
}

/* What the list says of history is remembered, also where nothing else is new,
 * and by a failure; what is not listed keeps what was said last. */
static void
test_keep(void **state)
{
	struct status_record *app = record(APP, STATUS_UPDATED, T0);
	json_t *root;

	app->keep = 3;
	app->keep_for_s = 30 * DAY;
	root = run(*state, T0, 0, "ok", app, record(OLD, STATUS_UPDATED, T0));
	assert_int_equal(json_integer_value(json_object_get(image(root, APP),
	    "keep")), 3);
	assert_int_equal(json_integer_value(json_object_get(image(root, APP),
	    "keep_for_s")), 30 * DAY);
	assert_null(json_object_get(image(root, OLD), "keep"));
	assert_null(json_object_get(image(root, OLD), "keep_for_s"));
	json_decref(root);

	app = record(APP, STATUS_UNCHANGED, T0);
	app->keep = 0;
	root = run(*state, T0 + DAY, 0, "ok", app, NULL);
	assert_true(json_is_integer(json_object_get(image(root, APP),
	    "keep")));
	assert_int_equal(json_integer_value(json_object_get(image(root, APP),
	    "keep")), 0);
	assert_null(json_object_get(image(root, APP), "keep_for_s"));
	json_decref(root);

	root = run(*state, T0 + 2 * DAY, 0, "ok", NULL,
	    record(OLD, STATUS_UNCHANGED, T0));
	assert_true(json_is_integer(json_object_get(image(root, APP),
	    "keep")));
	json_decref(root);
}

static void
test_counters(void **state)
{
	json_t *root;
	int i;

	for (i = 0; i < 3; i++)
		json_decref(run(*state, T0 + i, 1, "failed",
		    record(APP, STATUS_FAILED, 0),
		    record(OLD, STATUS_UPDATED, T0)));
	root = run(*state, T0 + 9, 4, "interrupted", NULL, NULL);
	assert_int_equal(number(root, "counters", "bytes"), 400);
	assert_int_equal(number(root, "counters", "updates"), 3);
	assert_int_equal(number(json_object_get(root, "counters"), "runs",
	    "failed"), 3);
	assert_int_equal(number(json_object_get(root, "counters"), "runs",
	    "interrupted"), 1);
	assert_int_equal(number(json_object_get(root, "counters"), "failures",
	    "not_found"), 3);
	assert_null(string(root, "last_success"));
	json_decref(root);
}

/* The same image twice is there once; a failed pattern lasts one run. */
static void
test_twice(void **state)
{
	json_t *root = run(*state, T0, 0, "ok",
	    record(APP, STATUS_UPDATED, T0), record(APP, STATUS_UPDATED, T0));

	assert_int_equal(json_array_size(json_object_get(root, "images")), 1);
	json_decref(root);
	root = run(*state, T0, 1, "failed",
	    record("reg.example:5000/app", STATUS_FAILED, 0), NULL);
	assert_non_null(image(root, "reg.example:5000/app"));
	json_decref(root);
	root = run(*state, T0, 0, "ok", NULL, NULL);
	assert_null(image(root, "reg.example:5000/app"));
	assert_non_null(image(root, APP));
	json_decref(root);
}

/* What can still be read of a damaged file counts; nothing hurts. */
static void
test_damaged(void **state)
{
	static const struct {
		const char *text;
		long long bytes;	/* the counter, after a run of 100 */
		bool has_old;
	} cases[] = {
		{ "", 100, false },
		{ "{", 100, false },
		{ "[]\n", 100, false },
		{ "{\"counters\":{\"bytes\":7},\"images\":[\n]}\n", 107,
		    false },
		{ "{\"counters\":{\"bytes\":7},\"images\":[\n", 107, false },
		{ "{\"counters\":{\"bytes\":-7},\"images\":[\n]}\n", 100,
		    false },
		{ "{\"counters\":{\"bytes\":9223372036854775807},"
		    "\"images\":[\n]}\n", 100, false },
		{ "{\"counters\":[],\"images\":[\n7,\n{\"image\":7},\n{,\n"
		    "{\"image\":\"" OLD "\",\"result\":\"?\"},\n\n"
		    "{\"image\":\"" OLD "\",\"result\":\"updated\","
		    "\"digest\":\"x\",\"last_success\":\"yesterday\"},\n", 100,
		    true },
		{ "{\"images\":[\n{\"image\":\"" OLD "\",\"result\":"
		    "\"failed\",\"reason\":\"?\",\"error\":[],"
		    "\"last_success\":\"2026-11-20T00:00:00Zx\"}\n]}\n", 100,
		    true },
	};
	const struct scratch *s = *state;
	json_t *root = run(s, T0, 0, "ok", NULL, NULL);
	char path[128];
	size_t i;

	json_decref(root);
	snprintf(path, sizeof(path), "%s/status/status.json", s->path);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(unlink(path), 0);
		scratch_put(s, "status/status.json", cases[i].text);
		root = run(s, T0, 0, "ok", record(APP, STATUS_UPDATED, T0),
		    NULL);
		assert_int_equal(number(root, "counters", "bytes"),
		    cases[i].bytes);
		assert_int_equal(image(root, OLD) != NULL, cases[i].has_old);
		if (cases[i].has_old)
			assert_null(string(image(root, OLD), "last_success"));
		assert_non_null(image(root, APP));
		json_decref(root);
	}
}

/* A line that is too long ends what is read, and nothing else. */
static void
test_long_line(void **state)
{
	const struct scratch *s = *state;
	char *text = calloc(1, 20000);
	json_t *root = run(s, T0, 0, "ok", NULL, NULL);
	char path[128];

	json_decref(root);
	snprintf(path, sizeof(path), "%s/status/status.json", s->path);
	assert_int_equal(unlink(path), 0);
	memcpy(text, "{\"images\":[\n", strlen("{\"images\":[\n"));
	memset(text + strlen(text), 'x', 19000);
	scratch_put(s, "status/status.json", text);
	free(text);
	root = run(s, T0, 0, "ok", record(APP, STATUS_UPDATED, T0), NULL);
	assert_int_equal(json_array_size(json_object_get(root, "images")), 1);
	json_decref(root);
}

/* Where the files cannot be written this is an error, and the old ones stay. */
static void
test_cannot_write(void **state)
{
	const struct scratch *s = *state;
	struct status *status = status_new(T0);
	struct status_end end = { .now = T0, .result = "ok" };
	struct store *st = open_store(s);
	struct err e;

	assert_int_equal(mkdirat(s->dir, "status/metrics", 0755), 0);
	assert_int_equal(status_save(status, st, &end, &e), -1);
	assert_non_null(strstr(e.msg, "status/metrics"));
	assert_true(scratch_has(s, "status/status.json"));
	assert_int_equal(scratch_count(s, "_state/tmp"), 0);
	status_free(status);
	store_close(st);
}

/* --- summary ------------------------------------------------------------- */

static json_t *
summary(const struct scratch *s)
{
	char *text = scratch_get(s, "status/summary.json");
	json_t *root = json_loads(text, 0, NULL);

	assert_non_null(root);
	free(text);
	return root;
}

/* The failures of this run, with what is known of them, and no others. */
static void
test_summary(void **state)
{
	const json_t *list;
	json_t *root;

	json_decref(run(*state, T0, 0, "ok", record(APP, STATUS_UPDATED, T0),
	    record(OLD, STATUS_FAILED, 0)));
	/* In the same second. */
	json_decref(run(*state, T0, 1, "failed",
	    record(APP, STATUS_FAILED, 0), NULL));
	root = summary(*state);
	list = json_object_get(root, "failures");
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(string(json_array_get(list, 0), "image"), APP);
	assert_string_equal(string(json_array_get(list, 0), "reason"),
	    "not_found");
	assert_string_equal(string(json_array_get(list, 0), "last_success"),
	    "2026-11-20T00:00:00Z");
	assert_null(json_object_get(root, "images"));
	assert_string_equal(string(root, "result"), "failed");
	json_decref(root);
}

static size_t
failures(const struct scratch *scratch)
{
	json_t *root = summary(scratch);
	size_t ret = json_array_size(json_object_get(root, "failures"));

	json_decref(root);
	return ret;
}

/* A run that looked at some of the list: the whole one stays, also where clocks
 * were set back, and what failed in it fails until it has been looked at. */
static void
test_only(void **state)
{
	static const int64_t at[] = { T0 + 20 * DAY, T0 - 1 };
	json_t *first, *root;
	const json_t *latest;
	char *text;
	size_t i;

	for (i = 0; i < 2; i++) {
		first = run(*state, T0, 1, "failed",
		    record(APP, STATUS_FAILED, 0),
		    record("docker.io/library/pattern", STATUS_FAILED, 0));
		assert_null(json_object_get(first, "latest"));
		root = run_of(*state, at[i], 1, "failed",
		    record(OLD, STATUS_FAILED, 0), NULL, true);
		assert_int_equal(failures(*state), 3);
		json_decref(root);
		root = run_of(*state, at[i], 0, "ok",
		    record(OLD, STATUS_UPDATED, at[i]), NULL, true);
		assert_int_equal(failures(*state), 2);
		assert_string_equal(string(root, "finished"),
		    string(first, "finished"));
		assert_string_equal(string(root, "result"), "failed");
		assert_string_equal(string(root, "last_listed"),
		    string(first, "last_listed"));
		assert_true(json_equal(json_object_get(root, "lists"),
		    json_object_get(first, "lists")));
		assert_true(json_equal(json_object_get(root, "totals"),
		    json_object_get(first, "totals")));
		assert_null(string(root, "last_success"));
		assert_int_equal(number(root, "totals", "images"), 2);
		latest = json_object_get(root, "latest");
		assert_string_equal(string(latest, "result"), "ok");
		assert_int_equal(number(root, "latest", "only"), 1);
		json_decref(root);
		/* The same again of a list that has changed nothing. */
		root = run_of(*state, at[i], 0, "ok",
		    record(APP, STATUS_UPDATED, at[i]), NULL, true);
		assert_int_equal(failures(*state), 1);
		json_decref(root);
		json_decref(first);
		text = scratch_get(*state, "status/metrics");
		assert_non_null(strstr(text, "\ncdr_sync_last_images"
		    "{result=\"updated\"} 0\n"));
		assert_non_null(strstr(text, "\ncdr_sync_last_exit_code 1\n"));
		assert_non_null(strstr(text,
		    "\ncdr_sync_only_last_exit_code 0\n"));
		assert_non_null(strstr(text,
		    "\ncdr_sync_only_last_images 1\n"));
		free(text);
	}
	json_decref(run(*state, T0 + DAY, 0, "ok",
	    record(APP, STATUS_UPDATED, T0 + DAY), NULL));
	assert_int_equal(failures(*state), 0);
	text = scratch_get(*state, "status/metrics");
	assert_null(strstr(text, "cdr_sync_only_last_images"));
	assert_non_null(strstr(text,
	    "\ncdr_sync_only_runs_total{result=\"ok\"} 4\n"));
	assert_non_null(strstr(text,
	    "\ncdr_sync_only_runs_total{result=\"failed\"} 2\n"));
	free(text);
}

static void
test_summary_of_many(void **state)
{
	struct status *s = status_new(T0);
	struct status_end end = { .now = T0, .result = "failed" };
	struct store *st = open_store(*state);
	struct err e;
	char name[64];
	json_t *root;
	unsigned i;

	for (i = 0; i < SUMMARY_FAILURES_MAX + 7; i++) {
		snprintf(name, sizeof(name), "docker.io/library/app:%u", i);
		status_image(s, record(name, STATUS_FAILED, 0));
	}
	assert_int_equal(status_save(s, st, &end, &e), 0);
	status_free(s);
	store_close(st);
	root = summary(*state);
	assert_int_equal(json_array_size(json_object_get(root, "failures")),
	    SUMMARY_FAILURES_MAX);
	assert_int_equal(json_integer_value(json_object_get(root,
	    "failures_left_out")), 7);
	json_decref(root);
}

/* Where two accounts have some, the smaller number; none that is not known. */
static void
test_pulls(void **state)
{
	static const struct status_pulls said[] = {
		{ .registry = "docker.io", .left = 50, .limit = 100,
		    .window_s = 21600, .more_at = T0 },
		{ .registry = "docker.io", .left = 70, .limit = 200 },
		{ .registry = "docker.io", .left = 20, .limit = 40 },
		{ .registry = "other.example", .left = -1 },
		{ .registry = "zero.example", .left = 0 },
	};
	struct status *s = status_new(T0);
	struct status_end end = { .now = T0, .result = "ok" };
	struct store *st = open_store(*state);
	struct err e;
	json_t *root;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		status_pulls(s, &said[i]);
	for (i = 0; i < 2 * SUMMARY_REGISTRIES_MAX; i++) {
		text = calloc(1, 32);
		snprintf(text, 32, "r%zu.example", i);
		status_pulls(s, &(struct status_pulls){ .registry = text });
		free(text);
	}
	assert_int_equal(status_save(s, st, &end, &e), 0);
	status_free(s);
	store_close(st);
	root = summary(*state);
	assert_int_equal(json_array_size(json_object_get(root, "pulls_left")),
	    SUMMARY_REGISTRIES_MAX);
	text = json_dumps(json_array_get(json_object_get(root, "pulls_left"),
	    0), JSON_COMPACT);
	assert_string_equal(text,
	    "{\"registry\":\"docker.io\",\"left\":20,\"limit\":40}");
	free(text);
	text = json_dumps(json_array_get(json_object_get(root, "pulls_left"),
	    1), JSON_COMPACT);
	assert_string_equal(text, "{\"registry\":\"zero.example\",\"left\":0}");
	free(text);
	json_decref(root);
}

/* What many registries with long names say makes the first line long: counters
 * go on all the same. */
static void
test_long_head(void **state)
{
	char name[REGISTRY_NAME_MAX + 1];
	struct status_pulls p = { .registry = name, .left = INT32_MAX,
	    .limit = INT32_MAX, .window_s = 21600, .more_at = T0 };
	struct status *s = status_new(T0);
	struct status_end end = { .now = T0, .result = "ok" };
	struct store *st = open_store(*state);
	struct err e;
	json_t *root;
	int i;

	for (i = 0; i < (int)SUMMARY_REGISTRIES_MAX; i++) {
		memset(name, 'r', sizeof(name) - 1);
		snprintf(name + REGISTRY_NAME_MAX - 10, 11, "%010u",
		    (unsigned)i % 1000u);
		status_pulls(s, &p);
	}
	assert_int_equal(status_save(s, st, &end, &e), 0);
	status_free(s);
	store_close(st);
	root = run(*state, T0 + 60, 0, "ok", NULL, NULL);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(
	    json_object_get(root, "counters"), "runs"), "ok")), 2);
	json_decref(root);
}

/* --- metrics ------------------------------------------------------------- */

static char *
metrics(const struct scratch *s, struct status_record *a,
    struct status_record *b)
{
	json_decref(run(s, T0, 1, "failed", a, b));
	return scratch_get(s, "status/metrics");
}

static void
test_metrics(void **state)
{
	static const char *const lines[] = {
		"\ncdr_sync_last_start_timestamp_seconds 1795132795\n",
		"\ncdr_sync_last_end_timestamp_seconds 1795132800\n",
		"\ncdr_sync_last_success_timestamp_seconds 0\n",
		"\ncdr_sync_last_duration_seconds 5.250\n",
		"\ncdr_sync_last_exit_code 1\n",
		"\n# TYPE cdr_sync_runs_total counter\n",
		"\ncdr_sync_runs_total{result=\"failed\"} 1\n",
		"\ncdr_sync_runs_total{result=\"ok\"} 0\n",
		"\ncdr_sync_received_bytes_total 100\n",
		"\ncdr_sync_image_failures_total{reason=\"not_found\"} 1\n",
		"\ncdr_sync_image_failures_total{reason=\"network\"} 0\n",
		"\ncdr_store_images 1\n",
		"\ncdr_store_image_size_bytes 1000\n",
		"\n# TYPE cdr_store_filesystem_avail_bytes gauge\n",
		"\ncdr_image_last_success_timestamp_seconds{image=\"" APP
		    "\"} 1795132800\n",
		"\ncdr_image_last_success_timestamp_seconds{image=\"" OLD
		    "\"} 0\n",
		"\ncdr_image_sync_success{image=\"" APP "\"} 1\n",
		"\ncdr_image_sync_success{image=\"" OLD "\"} 0\n",
		"\ncdr_image_size_bytes{image=\"" APP "\"} 1000\n",
	};
	char *text = metrics(*state, record(APP, STATUS_UPDATED, T0),
	    record(OLD, STATUS_FAILED, 0));
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strstr(text, lines[i]) == NULL)
			fail_msg("not there: %s", lines[i]);
	assert_int_equal(text[strlen(text) - 1], '\n');
	free(text);
}

/* Of two accounts the smaller number counts; one without a limit has none. */
static void
test_metrics_pulls(void **state)
{
	static const struct status_pulls pulls[] = {
		{ .registry = "docker.io", .left = 80, .limit = 200 },
		{ .registry = "docker.io", .left = 7, .limit = 100 },
		{ .registry = "r.example", .left = 3 },
		{ .registry = "silent.example", .left = -1 },
	};
	struct status *s = status_new(T0 - 5);
	struct store *store = open_store(*state);
	struct status_end end = { .now = T0, .result = "ok" };
	struct err e;
	size_t i;
	char *text;

	for (i = 0; i < sizeof(pulls) / sizeof(pulls[0]); i++)
		status_pulls(s, &pulls[i]);
	assert_int_equal(status_save(s, store, &end, &e), 0);
	status_free(s);
	store_close(store);
	text = scratch_get(*state, "status/metrics");
	assert_non_null(strstr(text, "\n# TYPE cdr_registry_pulls_left gauge\n"
	    "cdr_registry_pulls_left{registry=\"docker.io\"} 7\n"
	    "cdr_registry_pulls_left{registry=\"r.example\"} 3\n#"));
	assert_non_null(strstr(text,
	    "\ncdr_registry_pulls_limit{registry=\"docker.io\"} 100\n#"));
	free(text);
}

/* A pattern that could not be asked has the name of its repository, and stands
 * before another one whose name goes on. */
static void
test_metrics_repository_once(void **state)
{
	static const char line[] =
	    "\ncdr_repository_images_failed{repository=\"r.example/app\"} ";
	struct status_record *failed = record("r.example/app", STATUS_FAILED,
	    0);
	const char *at;
	char *text;

	json_decref(run(*state, T0, 0, "ok", record("r.example/app-x:1",
	    STATUS_UPDATED, T0), record("r.example/app:1", STATUS_UPDATED,
	    T0)));
	text = metrics(*state, failed, NULL);
	at = strstr(text, line);
	assert_non_null(at);
	assert_int_equal(at[strlen(line)], '1');
	assert_null(strstr(at + 1, line));
	assert_non_null(strstr(text, "\ncdr_repository_images_failed"
	    "{repository=\"r.example/app-x\"} 0\n"));
	free(text);
}

static void
test_metrics_escaped(void **state)
{
	char *text = metrics(*state,
	    record("r/a\\b\"c\nd{}:1", STATUS_UPDATED, T0), NULL);

	assert_non_null(strstr(text,
	    "\ncdr_image_size_bytes{image=\"r/a\\\\b\\\"c\\nd{}:1\"} 1000\n"));
	free(text);
}

/* Files of the tree are read-only: another one takes the place. */
static void
replace_file(const struct scratch *s, const char *path, const char *text)
{
	(void)unlinkat(s->dir, path, 0);
	scratch_put(s, path, text);
}

static json_t *
json_load_file_at(const struct scratch *s, const char *path)
{
	char *text = scratch_get(s, path);
	json_t *root = json_loads(text, 0, NULL);

	assert_non_null(root);
	free(text);
	return root;
}

static int
save_history(const struct scratch *s, int64_t now)
{
	const struct holding_totals totals = { .images = 7 };
	struct store *store = open_store(s);
	struct err e;
	int rc = history_save(store, now, &totals, &e);

	store_close(store);
	return rc;
}

static json_t *
history_points(const struct scratch *s)
{
	json_t *root = json_load_file_at(s, "status/history.json"), *points;

	points = json_incref(json_object_get(root, "points"));
	json_decref(root);
	return points;
}

/* A point without a time is none, and of too many none is read. */
static void
test_history_file(void **state)
{
	char *text = calloc(1, 200000), *s = text;
	struct tm tm;
	time_t t;
	json_t *points, *o;
	size_t i;

	assert_int_equal(save_history(*state, T0), 0);
	s += snprintf(s, 99, "{\"version\":1,\"points\":[{\"images\":1},"
	    "{\"time\":\"nonsense\",\"images\":2}");
	for (i = 0; i < 1500; i++) {
		t = (time_t)(T0 - 100000 + (int64_t)i);
		gmtime_r(&t, &tm);
		s += strftime(s, 60, ",{\"time\":\"%Y-%m-%dT%H:%M:%SZ\",",
		    &tm);
		s += snprintf(s, 30, "\"images\":%zu}", i + 10);
	}
	snprintf(s, 3, "]}");
	replace_file(*state, "status/history.json", text);
	free(text);
	assert_int_equal(save_history(*state, T0), 0);
	points = history_points(*state);
	assert_true(json_array_size(points) > 2);
	assert_true(json_array_size(points) <= 500);
	json_array_foreach(points, i, o) {
		assert_true(json_integer_value(json_object_get(o,
		    "images")) >= 7);
		assert_non_null(json_object_get(o, "time"));
	}
	json_decref(points);
}

/* One of more bytes than it can have is not read: it begins anew. */
static void
test_history_too_large(void **state)
{
	char *text = malloc(HISTORY_FILE_MAX + 200);
	json_t *points;

	assert_int_equal(save_history(*state, T0), 0);
	snprintf(text, 200, "{\"version\":1,\"points\":["
	    "{\"time\":\"2026-01-01T00:00:00Z\",\"images\":7}]");
	memset(text + strlen(text), ' ', HISTORY_FILE_MAX);
	snprintf(text + HISTORY_FILE_MAX, 3, "}");
	replace_file(*state, "status/history.json", text);
	free(text);
	assert_int_equal(save_history(*state, T0), 0);
	points = history_points(*state);
	assert_int_equal(json_array_size(points), 1);
	json_decref(points);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, scratch_setup, \
		    scratch_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_history_file),
		TEST(test_history_too_large),
		TEST(test_first_run),
		TEST(test_merge),
		TEST(test_keep),
		TEST(test_counters),
		TEST(test_twice),
		TEST(test_damaged),
		TEST(test_long_line),
		TEST(test_cannot_write),
		TEST(test_summary),
		TEST(test_only),
		TEST(test_summary_of_many),
		TEST(test_pulls),
		TEST(test_long_head),
		TEST(test_metrics),
		TEST(test_metrics_pulls),
		TEST(test_metrics_repository_once),
		TEST(test_metrics_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
