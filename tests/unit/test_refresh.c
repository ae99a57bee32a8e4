/* What status/ says when a command other than sync has changed the tree:
 * status_refresh, unlisted.json, held.json. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "scratch.h"
#include "open_store.h"
#include "report/gc_status.h"
#include "report/name_set.h"
#include "report/report.h"
#include "report/status.h"

#define APP	"docker.io/library/app:1"
#define OLD	"docker.io/library/old:1"
#define NEVER	"docker.io/library/never:1"
#define PATTERN	"reg.example:5000/some/pattern"
#define TYPE	"application/vnd.oci.image.manifest.v1+json"
#define DAY	86400
/* 2026-11-20T00:00:00Z */
#define T0	1795132800
/* So many that their lines stand in status-earlier.json. */
#define MANY	3000

static struct status_record *
record(const char *image, enum status_result result)
{
	struct status_record *r = status_record_new(image);

	r->result = result;
	r->size = 1000;
	if (result == STATUS_FAILED) {
		r->reason = ERR_NOT_FOUND;
		status_record_set_error(r, "404");
	} else {
		r->last_success = T0;
		r->has_digest = true;
		digest_of(DIGEST_SHA256, image, strlen(image), &r->digest);
	}
	return r;
}

static json_t *
doc(const struct scratch *s, const char *path)
{
	char *text = scratch_get(s, path);
	json_t *o = text == NULL ? NULL : json_loads(text, 0, NULL);

	assert_non_null(o);
	free(text);
	return o;
}

static void
save(struct store *st, struct status *s, int64_t when)
{
	struct status_end end = { .now = when, .exit_code = 1,
	    .result = "failed", .error = "so it was" };
	struct err e;

	end.totals.failed = 2;
	end.totals.bytes = 100;
	end.totals.duration_ms = 5250;
	assert_int_equal(status_save(s, st, &end, &e), 0);
	status_free(s);
}

static void
sync_four(struct store *st, int64_t when)
{
	const struct status_pulls pulls = { .registry = "docker.io",
	    .left = 7, .limit = 100, .window_s = 60, .more_at = T0 };
	struct status *s = status_new(when - 5);

	status_image(s, record(APP, STATUS_UPDATED));
	status_image(s, record(OLD, STATUS_UPDATED));
	status_image(s, record(NEVER, STATUS_FAILED));
	status_image(s, record(PATTERN, STATUS_FAILED));
	status_pulls(s, &pulls);
	save(st, s, when);
}

static void
refresh(struct store *st, const struct name_set *gone)
{
	struct err e;

	if (status_refresh(st, gone, NULL, NULL, &e) == -1)
		fail_msg("%s", e.msg);
}

/* All tags of the repository library/NAME, at one manifest. */
static void
publish(struct store *st, const char *name, const char *tag)
{
	struct staged *staged = NULL;
	struct err e, *result = &e;
	struct publication p = { .registry = "docker.io", .tag = tag,
	    .count = 1 };
	char repository[64], text[] = "{\"n\":1}";

	snprintf(repository, sizeof(repository), "library/%s", name);
	p.repository = repository;
	snprintf(p.root.media_type, sizeof(p.root.media_type), "%s", TYPE);
	digest_of(DIGEST_SHA256, text, strlen(text), &p.root.digest);
	p.manifests = &p.root;
	assert_int_equal(store_stage_manifest(st, &p.root, text, strlen(text),
	    &staged, &e), 0);
	store_commit(st, &staged, 1, &result);
	assert_int_equal(e.code, ERR_NONE);
	assert_int_equal(store_publish(st, &p, 1, &e), 0);
}

static size_t
count(const json_t *o, const char *key)
{
	return json_array_size(json_object_get(o, key));
}

static const char *
name_at(const json_t *o, size_t i)
{
	const json_t *images = json_object_get(o, "images");

	return json_string_value(json_object_get(json_array_get(images, i),
	    "image"));
}

/* Without what the disk says. */
static void
assert_same(json_t *a, json_t *b)
{
	json_object_del(json_object_get(a, "store"), "filesystem");
	json_object_del(json_object_get(b, "store"), "filesystem");
	assert_true(json_equal(a, b));
}

/* Nothing has gone: it says what it said, the failures too. */
static void
nothing_changes(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	json_t *status, *summary, *again;
	char *metrics, *metrics_again, *at, *again_at;

	sync_four(st, T0);
	status = doc(s, "status/status.json");
	summary = doc(s, "status/summary.json");
	metrics = scratch_get(s, "status/metrics");
	assert_int_equal(count(status, "images"), 4);
	assert_int_equal(count(summary, "failures"), 2);
	refresh(st, NULL);
	again = doc(s, "status/status.json");
	assert_same(status, again);
	json_decref(again);
	again = doc(s, "status/summary.json");
	assert_same(summary, again);
	json_decref(again);
	metrics_again = scratch_get(s, "status/metrics");
	at = strstr(metrics, "# HELP cdr_store_filesystem");
	again_at = strstr(metrics_again, "# HELP cdr_store_filesystem");
	assert_non_null(at);
	assert_non_null(again_at);
	assert_memory_equal(metrics, metrics_again, at - metrics);
	assert_string_equal(strstr(at, "# HELP cdr_registry"),
	    strstr(again_at, "# HELP cdr_registry"));
	free(metrics);
	free(metrics_again);
	json_decref(status);
	json_decref(summary);
	store_close(st);
}

/* Only what has gone and is not here; and the counters are the run's. */
static void
some_have_gone(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct name_set gone = { { NULL, 0, 0 } };
	json_t *o;
	char *metrics;

	publish(st, "old", "1");
	sync_four(st, T0);
	name_set_add(&gone, APP);
	name_set_add(&gone, OLD);
	refresh(st, &gone);
	o = doc(s, "status/status.json");
	assert_int_equal(count(o, "images"), 3);
	assert_string_equal(name_at(o, 0), NEVER);
	assert_string_equal(name_at(o, 1), OLD);
	assert_string_equal(name_at(o, 2), PATTERN);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o,
	    "store"), "images")), 1);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(
	    json_object_get(o, "counters"), "runs"), "failed")), 1);
	json_decref(o);
	metrics = scratch_get(s, "status/metrics");
	assert_null(strstr(metrics, APP));
	assert_non_null(strstr(metrics, OLD));
	assert_non_null(strstr(metrics, "\ncdr_sync_last_end_timestamp_seconds"
	    " 1795132800\n"));
	free(metrics);
	name_set_done(&gone);
	store_close(st);
}

/* Whoever removed it died before it could say so, or did it by hand.  One that
 * is still listed has to come again, so it stays. */
static void
some_have_gone_unsaid(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct status *one;
	json_t *o;

	publish(st, "old", "1");
	sync_four(st, T0);
	one = status_new(T0 + 8 * DAY);
	status_image(one, record(PATTERN, STATUS_FAILED));
	save(st, one, T0 + 8 * DAY);
	o = doc(s, "status/status.json");
	assert_int_equal(count(o, "images"), 4);
	json_decref(o);
	one = status_new(T0 + 8 * DAY + 1);
	status_image(one, record(PATTERN, STATUS_FAILED));
	save(st, one, T0 + 8 * DAY + 1);
	o = doc(s, "status/status.json");
	assert_int_equal(count(o, "images"), 3);
	assert_string_equal(name_at(o, 0), NEVER);
	assert_string_equal(name_at(o, 1), OLD);
	json_decref(o);
	store_close(st);
}

static char *
service(unsigned i)
{
	return xasprintf("reg.example/team/service-%05u:1.2.3", i);
}

static void
sync_many(struct store *st, int64_t when)
{
	struct status *s = status_new(when - 5);
	struct status_record *r;
	char *image;
	unsigned i;

	for (i = 0; i < MANY; i++) {
		image = service(i);
		r = record(image, i == 7 ? STATUS_FAILED : STATUS_UNCHANGED);
		r->last_success = i == 7 ? 0 : when;
		status_image(s, r);
		free(image);
	}
	save(st, s, when);
}

static void
run_of_many_changes_little(const struct scratch *s, struct store *st,
    const struct name_set *gone)
{
	struct stat before, after;
	json_t *o;
	char *metrics;

	assert_int_equal(fstatat(s->dir, "status/status-earlier.json", &before,
	    0), 0);
	refresh(st, gone);
	assert_int_equal(fstatat(s->dir, "status/status-earlier.json", &after,
	    0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	o = doc(s, "status/status.json");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o,
	    "store"), "images")), MANY - 6);
	json_decref(o);
	o = doc(s, "status/summary.json");
	assert_int_equal(count(o, "failures"), 1);
	json_decref(o);
	metrics = scratch_get(s, "status/metrics");
	assert_non_null(strstr(metrics, "\ncdr_repository_images"
	    "{repository=\"reg.example/team/service-00100\"} 1\n"));
	assert_null(strstr(metrics, "service-00010"));
	free(metrics);
}

/* Where lines stand in the earlier file, nothing but names is written; the
 * groups go on, and the next run goes on from there. */
static void
of_very_many(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct name_set gone = { { NULL, 0, 0 } };
	struct status *one;
	json_t *o;
	char *image;
	unsigned i;

	sync_many(st, T0);
	for (i = 10; i < 15; i++) {
		image = service(i);
		name_set_add(&gone, image);
		free(image);
	}
	run_of_many_changes_little(s, st, &gone);
	run_of_many_changes_little(s, st, &gone);
	run_of_many_changes_little(s, st, NULL);
	name_set_done(&gone);
	one = status_new(T0 + 55);
	image = service(12);
	status_image(one, record(image, STATUS_UPDATED));
	free(image);
	save(st, one, T0 + 60);
	o = doc(s, "status/status.json");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o,
	    "store"), "images")), MANY - 5);
	json_decref(o);
	store_close(st);
}

/* No run has ended, or what it wrote makes no sense: what gc and verify do is
 * told nevertheless, and nothing is made up. */
static void
without_a_run(void **state)
{
	static const char *const odd[] = { NULL, "", "{", "[]\n",
	    "{\"images\":[\n]}\n", "{\"finished\":\"2026-11-20T00:00:00Z\","
	    "\"result\":\"?\",\"images\":[\n]}\n" };
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	const struct gc_totals totals = { .images = 3, .bytes_gone = 77 };
	const struct gc_status_run run = { .started = T0 - 7, .now = T0,
	    .totals = &totals };
	struct err e;
	char *text;
	size_t i;

	assert_int_equal(gc_status_save(st, &run, &e), 0);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		(void)unlinkat(s->dir, "status/status.json", 0);
		if (odd[i] != NULL)
			scratch_put(s, "status/status.json", odd[i]);
		refresh(st, NULL);
		assert_false(scratch_has(s, "status/summary.json"));
		assert_int_equal(scratch_has(s, "status/status.json"),
		    odd[i] != NULL);
		text = scratch_get(s, "status/metrics");
		assert_non_null(strstr(text, "\ncdr_gc_removed_bytes_total "
		    "77\n"));
		assert_non_null(strstr(text, "\ncdr_gc_last_duration_seconds "
		    "7\n"));
		assert_null(strstr(text, "cdr_sync_last"));
		free(text);
	}
	store_close(st);
}

/* What registries said, as the file has it by now. */
static void
odd_pulls(void **state)
{
	static const char text[] = "{\"finished\":\"2026-11-20T00:00:00Z\","
	    "\"result\":\"ok\",\"exit_code\":7777,\"totals\":7,"
	    "\"pulls_left\":[7,{},{\"registry\":7},{\"registry\":\"a\","
	    "\"left\":\"x\",\"limit\":-1,\"more_at\":\"never\"}],"
	    "\"images\":[\n]}\n";
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	char *metrics;

	scratch_put(s, "status/status.json", text);
	refresh(st, NULL);
	metrics = scratch_get(s, "status/metrics");
	assert_non_null(strstr(metrics, "\ncdr_sync_last_exit_code 255\n"));
	assert_non_null(strstr(metrics, "# TYPE cdr_registry_pulls_left gauge\n"
	    "cdr_registry_pulls_left{registry=\"a\"} 0\n#"));
	free(metrics);
	store_close(st);
}

/* --- unlisted ---------------------------------------------------------- */

static void
write_images_json(const struct scratch *s)
{
	static const char hex[] = "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef";
	char *text = xasprintf("{\"version\":1,\"images\":[\n"
	    "{\"image\":\"docker.io/library/app:1\"},\n"
	    "{\"image\":\"docker.io/library/app:here\"},\n"
	    "{\"image\":\"docker.io/library/app:gone\"},\n"
	    "{\"image\":\"docker.io/library/app:sha256-%s\"},\n"
	    "{\"image\":\"docker.io/library/app:sha256-%s.sig\"},\n"
	    "{\"image\":\"docker.io/library/old:1\"}\n"
	    "]}\n", hex, hex);

	scratch_put(s, "status/images.json", text);
	free(text);
}

static void
who_is_unlisted(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	struct status *one;
	struct stat before, after;
	json_t *o;
	char *metrics;

	publish(st, "app", "1");
	publish(st, "app", "here");
	publish(st, "old", "1");
	write_images_json(s);
	sync_four(st, T0);
	o = doc(s, "status/unlisted.json");
	assert_int_equal(count(o, "images"), 1);
	assert_string_equal(name_at(o, 0), "docker.io/library/app:here");
	assert_null(json_object_get(json_array_get(json_object_get(o,
	    "images"), 0), "since"));
	json_decref(o);
	/* Nor by runs that never came to their list, for however long. */
	save(st, status_new(T0 + 99 * DAY), T0 + 99 * DAY);
	refresh(st, NULL);
	o = doc(s, "status/unlisted.json");
	assert_int_equal(count(o, "images"), 1);
	json_decref(o);
	/* Not what was listed a week ago, by a list of once a week. */
	one = status_new(T0 + 7 * DAY);
	status_image(one, record(APP, STATUS_UNCHANGED));
	save(st, one, T0 + 7 * DAY);
	assert_int_equal(fstatat(s->dir, "status/unlisted.json", &before, 0),
	    0);
	one = status_new(T0 + 8 * DAY);
	status_image(one, record(APP, STATUS_UNCHANGED));
	save(st, one, T0 + 8 * DAY);
	assert_int_equal(fstatat(s->dir, "status/unlisted.json", &after, 0),
	    0);
	assert_int_equal(before.st_ino, after.st_ino);
	one = status_new(T0 + 8 * DAY + 1);
	status_image(one, record(APP, STATUS_UNCHANGED));
	save(st, one, T0 + 8 * DAY + 1);
	o = doc(s, "status/unlisted.json");
	assert_int_equal(count(o, "images"), 2);
	assert_string_equal(name_at(o, 0), OLD);
	assert_string_equal(json_string_value(json_object_get(json_array_get(
	    json_object_get(o, "images"), 0), "since")),
	    "2026-11-20T00:00:00Z");
	json_decref(o);
	metrics = scratch_get(s, "status/metrics");
	assert_non_null(strstr(metrics, "\ncdr_unlisted_images 2\n"));
	free(metrics);
	store_close(st);
}

/* Where status.json cannot be written not all of it may have been read: nothing
 * is said of what no list has. */
static void
unlisted_of_nothing(void **state)
{
	const struct scratch *s = *state;
	struct status_end end = { .now = T0 + DAY, .result = "ok" };
	struct status *one = status_new(T0 + DAY);
	struct store *st = open_store(s);
	struct stat before, after;
	struct err e;

	publish(st, "app", "1");
	write_images_json(s);
	sync_four(st, T0);
	assert_int_equal(fstatat(s->dir, "status/unlisted.json", &before, 0),
	    0);
	assert_int_equal(unlinkat(s->dir, "status/status.json", 0), 0);
	assert_int_equal(mkdirat(s->dir, "status/status.json", 0755), 0);
	report_init(REPORT_TEXT, REPORT_ERROR);
	assert_int_equal(status_save(one, st, &end, &e), -1);
	status_free(one);
	assert_int_equal(fstatat(s->dir, "status/unlisted.json", &after, 0),
	    0);
	assert_int_equal(before.st_ino, after.st_ino);
	store_close(st);
}

/* --- held -------------------------------------------------------------- */

static void
hold(const struct scratch *s, const char *name, const char *line)
{
	char path[128];

	(void)mkdirat(s->dir, "repos/docker.io/library/app/_held", 0755);
	snprintf(path, sizeof(path), "repos/docker.io/library/app/_held/%s",
	    name);
	scratch_put(s, path, line);
}

#define DIGITS(x)	x x x x x x x x x x x x x x x x \
			x x x x x x x x x x x x x x x x \
			x x x x x x x x x x x x x x x x \
			x x x x x x x x x x x x x x x x
#define HISTORY(n, x)	"2026-11-20T00:00:0" n "Z sha256:" DIGITS(x) "\n"
#define AT		"sha256:0123456789abcdef0123456789abcdef" \
			"0123456789abcdef0123456789abcdef"

static void
who_is_held(void **state)
{
	static const char at[] = AT;
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	char *line = xasprintf("2026-11-20T00:00:01Z %s\n", at), *metrics;
	json_t *o;

	publish(st, "app", "1");
	refresh(st, NULL);
	o = doc(s, "status/held.json");
	assert_int_equal(count(o, "images"), 0);
	json_decref(o);
	hold(s, "2", line);
	scratch_put(s, "repos/docker.io/library/app/_history/2",
	    HISTORY("1", "x") HISTORY("2", "b") HISTORY("3", "a")
	    "2026-11-20T00:00:04Z " AT "\n");
	scratch_put(s, "keep/pins", APP "\n# why\n" OLD "\n");
	hold(s, "1", "2026-11-21T00:00:01Z nonsense\n");
	hold(s, "3", "");
	hold(s, "..x..", line);
	hold(s, "-no-tag", line);
	assert_int_equal(mkfifoat(s->dir,
	    "repos/docker.io/library/app/_held/4", 0600), 0);
	refresh(st, NULL);
	o = doc(s, "status/held.json");
	assert_int_equal(json_integer_value(json_object_get(o, "count")), 4);
	assert_string_equal(name_at(o, 0), "docker.io/library/app:1");
	assert_string_equal(name_at(o, 1), "docker.io/library/app:2");
	assert_string_equal(json_string_value(json_object_get(json_array_get(
	    json_object_get(o, "images"), 1), "digest")), at);
	assert_string_equal(json_string_value(json_object_get(json_array_get(
	    json_object_get(o, "images"), 1), "since")),
	    "2026-11-20T00:00:01Z");
	assert_string_equal(json_string_value(json_object_get(json_array_get(
	    json_object_get(o, "images"), 1), "before")),
	    "sha256:" DIGITS("a"));
	assert_null(json_object_get(json_array_get(json_object_get(o,
	    "images"), 0), "digest"));
	json_decref(o);
	metrics = scratch_get(s, "status/metrics");
	assert_non_null(strstr(metrics, "\ncdr_held_tags 4\n"));
	assert_non_null(strstr(metrics, "\ncdr_pinned_images 2\n"));
	assert_non_null(strstr(metrics, "\ncdr_held_oldest_timestamp_seconds "
	    "1795132801\n"));
	free(metrics);
	free(line);
	store_close(st);
}

/* One file that cannot be written, or read, takes nothing else with it. */
static void
one_file_fails(void **state)
{
	static const char *const files[] = { "status/unlisted.json",
	    "status/held.json", "keep/pins" };
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	const struct gc_totals totals = { .images = 3, .bytes_gone = 77 };
	const struct gc_status_run run = { .started = T0 - 7, .now = T0,
	    .totals = &totals };
	struct err e;
	char *metrics;
	size_t i;

	assert_int_equal(gc_status_save(st, &run, &e), 0);
	sync_four(st, T0);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)unlinkat(s->dir, files[i], 0);
		assert_int_equal(mkdirat(s->dir, files[i], 0755), 0);
		refresh(st, NULL);
		metrics = scratch_get(s, "status/metrics");
		assert_non_null(strstr(metrics, "\ncdr_gc_removed_bytes_total "
		    "77\n"));
		assert_non_null(strstr(metrics, "\ncdr_store_images 2\n"));
		free(metrics);
		assert_int_equal(unlinkat(s->dir, files[i], AT_REMOVEDIR), 0);
	}
	store_close(st);
}

/* --- bad --------------------------------------------------------------- */

static void
what_is_bad(void **state)
{
	static const char hex[] = DIGITS("0");
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	char *line, *metrics;

	refresh(st, NULL);
	metrics = scratch_get(s, "status/metrics");
	assert_non_null(strstr(metrics, "\ncdr_bad_objects 0\n"));
	assert_non_null(strstr(metrics, "\ncdr_quarantined_files 0\n"));
	free(metrics);
	line = xasprintf("2026-11-20T00:00:00Z sha256:%s bytes "
	    "blobs/sha256/%s\nnonsense\n", hex, hex);
	scratch_put(s, "status/bad", line);
	free(line);
	(void)mkdirat(s->dir, "_state/quarantine", 0700);
	line = xasprintf("_state/quarantine/sha256:%s.2026-11-20T00:00:00Z",
	    hex);
	scratch_put(s, line, "bad bytes");
	free(line);
	(void)mkdirat(s->dir, "_state/quarantine/folder", 0700);
	assert_int_equal(symlinkat("../../status/metrics", s->dir,
	    "_state/quarantine/link"), 0);
	refresh(st, NULL);
	metrics = scratch_get(s, "status/metrics");
	assert_non_null(strstr(metrics, "\ncdr_bad_objects 1\n"));
	assert_non_null(strstr(metrics, "\ncdr_quarantined_files 1\n"));
	assert_null(strstr(metrics, "\ncdr_quarantined_bytes 0\n"));
	free(metrics);
	store_close(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, \
			    scratch_teardown)
		TEST(nothing_changes),
		TEST(some_have_gone),
		TEST(some_have_gone_unsaid),
		TEST(of_very_many),
		TEST(without_a_run),
		TEST(odd_pulls),
		TEST(who_is_unlisted),
		TEST(unlisted_of_nothing),
		TEST(who_is_held),
		TEST(one_file_fails),
		TEST(what_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
