#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "mirror/keep.h"
#include "mirror/keep_book.h"
#include "report/report.h"
#include "report/status.h"
#include "scratch.h"

#define HUB	"docker.io/library/"
#define TYPE	"application/vnd.oci.image.manifest.v1+json"
#define DAY	86400
/* 2026-11-20T00:00:00Z */
#define T0	1795132800
#define A64	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct store *
open_store(const struct scratch *s, enum store_mode mode)
{
	struct store *st;
	struct err e;

	report_init(REPORT_TEXT, REPORT_ERROR);
	if (store_open(s->path, mode, &st, &e) == -1)
		fail_msg("%s", e.msg);
	return st;
}

/* One manifest below each of these names of docker.io/library/. */
static void
publish(const struct scratch *s, const char *names)
{
	struct store *st = open_store(s, STORE_WRITE);
	char *all = xstrdup(names), *rest = NULL, *word, *repository;
	struct manifest_id id = { .media_type = TYPE };
	struct publication p = { .registry = "docker.io", .manifests = &id,
	    .count = 1 };
	struct staged *staged;
	struct err e, *result = &e;

	digest_of(DIGEST_SHA256, "{}", 2, &id.digest);
	p.root = id;
	assert_int_equal(store_stage_manifest(st, &id, "{}", 2, &staged, &e),
	    0);
	store_commit(st, &staged, 1, &result);
	assert_int_equal(e.code, ERR_NONE);
	for (word = strtok_r(all, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest)) {
		repository = xasprintf("library/%.*s",
		    (int)strcspn(word, ":"), word);
		p.repository = repository;
		p.tag = strchr(word, ':') == NULL ? NULL :
		    strchr(word, ':') + 1;
		if (store_publish(st, &p, 1, &e) == -1)
			fail_msg("%s", e.msg);
		free(repository);
	}
	assert_int_equal(store_finish(st, &e), 0);
	store_close(st);
	free(all);
}

/* A run at that time with these in its list. */
static void
run(const struct scratch *s, int64_t when, const char *names, unsigned keep)
{
	struct store *st = open_store(s, STORE_WRITE);
	struct status *status = status_new(when);
	struct status_end end = { .now = when, .result = "ok" };
	char *all = xstrdup(names), *rest = NULL, *word, *image;
	struct status_record *r;
	struct err e;

	for (word = strtok_r(all, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest)) {
		image = xasprintf(HUB "%s", word);
		r = status_record_new(image);
		r->result = STATUS_FAILED;
		r->keep = keep;
		r->keep_for_s = keep == 1 ? 0 : keep * DAY;
		status_image(status, r);
		free(image);
	}
	assert_int_equal(status_save(status, st, &end, &e), 0);
	status_free(status);
	store_close(st);
	free(all);
}

struct verdicts {
	const struct gc_rules *rules;
	char text[4096];
	size_t used;
};

/* "a:1 keep, b:1 unlisted 3d, c:1 follow, d:1 go": names without what is the
 * same in all, days rounded down, history where it is not 1. */
static int
add_verdict(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	static const char *const kinds[] = {
		[GC_KEEP] = "keep", [GC_UNLISTED] = "unlisted",
		[GC_FOLLOW] = "follow", [GC_GO] = "go",
	};
	const struct gc_reference r = { registry, repository, reference, *id };
	struct verdicts *v = cookie;
	struct gc_verdict got;

	if (v->rules->judge(v->rules->cookie, &r, &got, e) == -1)
		return -1;
	v->used += (size_t)snprintf(v->text + v->used,
	    sizeof(v->text) - v->used, "%s%s:%.9s %s", v->used == 0 ? "" :
	    ", ", repository + strlen("library/"), reference, kinds[got.kind]);
	if (got.kind == GC_UNLISTED)
		v->used += (size_t)snprintf(v->text + v->used,
		    sizeof(v->text) - v->used, " %" PRId64 "d",
		    got.unlisted_s / DAY);
	if (got.kind != GC_FOLLOW && (got.keep != 1 || got.keep_for_s != 0))
		v->used += (size_t)snprintf(v->text + v->used,
		    sizeof(v->text) - v->used, got.keep > KEEP_MAX ?
		    " whole" : " %u/%" PRId64, got.keep,
		    got.keep_for_s / DAY);
	return 0;
}

static void
expect_rules(const struct scratch *s, const struct keep_options *o,
    bool is_dry, const char *want)
{
	struct store *st = open_store(s, is_dry ? STORE_READ : STORE_WRITE);
	struct verdicts v = { .used = 0 };
	struct keep *k;
	struct err e;

	if (keep_new(st, o, &k, &e) == -1)
		fail_msg("%s", e.msg);
	v.rules = keep_rules(k);
	if (store_each_reference(st, add_verdict, &v, &e) == -1)
		fail_msg("%s", e.msg);
	assert_string_equal(v.text, want);
	/* A second mark comes to the same. */
	v = (struct verdicts){ .rules = v.rules };
	assert_int_equal(store_each_reference(st, add_verdict, &v, &e), 0);
	assert_string_equal(v.text, want);
	if (!is_dry && keep_save(k, st, &e) == -1)
		fail_msg("%s", e.msg);
	keep_free(k);
	store_close(st);
}

/* With the options that matter here; the run is at ${days} after T0. */
static void
expect(const struct scratch *s, int days, int64_t unlisted_s, const char *want)
{
	struct keep_options o = { .now = T0 + (int64_t)days * DAY,
	    .unlisted_s = unlisted_s };

	expect_rules(s, &o, false, want);
}

static void
complain(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	fail_msg("%s: %s", where, what);
}

static void
expect_list(const struct scratch *s, const char *lines, int64_t unlisted_s,
    const char *want)
{
	struct image_list *list = list_new(complain, NULL);
	struct keep_options o = { .now = T0 + 40 * DAY, .list = list,
	    .unlisted_s = unlisted_s };

	list_read(list, "list", lines, strlen(lines));
	assert_int_equal(list_end(list), 0);
	expect_rules(s, &o, true, want);
	list_free(list);
}

/* Two lists in turn: neither unlists the other's; then one image leaves. */
static void
test_terms(void **state)
{
	publish(*state, "a:1 b:1 c:1");
	run(*state, T0, "a:1 c:1", 1);
	run(*state, T0 + DAY, "b:1", 1);
	expect(*state, 1, KEEP_FOREVER, "a:1 keep, b:1 keep, c:1 keep");
	expect(*state, 1, 2 * DAY, "a:1 keep, b:1 keep, c:1 keep");
	expect(*state, 1, DAY, "a:1 go, b:1 keep, c:1 go");
	run(*state, T0 + 30 * DAY, "a:1", 1);
	run(*state, T0 + 31 * DAY, "b:1", 1);
	expect(*state, 31, KEEP_FOREVER, "a:1 keep, b:1 keep, c:1 unlisted "
	    "31d");
	expect(*state, 31, 32 * DAY, "a:1 keep, b:1 keep, c:1 unlisted 31d");
	expect(*state, 31, 31 * DAY, "a:1 keep, b:1 keep, c:1 go");
	/* Runs that had nothing in their lists make nothing older. */
	run(*state, T0 + 90 * DAY, "", 1);
	expect(*state, 91, 31 * DAY + 1, "a:1 keep, b:1 keep, c:1 unlisted "
	    "31d");
}

/* What no run has seen grows no older: nothing was unlisted meanwhile.  Nor
 * does a clock that is wrong end anything. */
static void
test_clocks(void **state)
{
	publish(*state, "a:1 b:1");
	run(*state, T0, "a:1", 1);
	run(*state, T0 + 10 * DAY, "b:1", 1);
	expect(*state, 3000, 30 * DAY, "a:1 unlisted 10d, b:1 keep");
	/* In 1970, and before the run before: what is to come is not known. */
	expect(*state, -20000, 30 * DAY, "a:1 keep whole, b:1 keep");
	expect(*state, 5, 30 * DAY, "a:1 keep, b:1 keep");
	/* A run in 1970 lists b anew, and says nothing of a's age. */
	run(*state, 1000, "b:1", 1);
	expect(*state, 3000, 30 * DAY, "a:1 keep, b:1 keep");
	/* One of far ahead. */
	run(*state, T0 + 9000 * (int64_t)DAY, "b:1", 1);
	expect(*state, 11, 30 * DAY, "a:1 unlisted 11d, b:1 keep");
}

/* Who syncs with a clock that begins in 1970 each time, and two lists, loses
 * nothing: that an image was listed again shows, whenever that was. */
static void
test_clock_never_set(void **state)
{
	int day;

	publish(*state, "a:1 b:1 c:1");
	run(*state, 50, "c:1", 1);
	for (day = 0; day < 60; day += 10) {
		run(*state, 100 + day, "a:1", 1);
		run(*state, 1000 - day, "b:1", 1);
		expect(*state, day, 30 * DAY, day < 10 ? "a:1 keep whole, "
		    "b:1 keep, c:1 keep whole" : day < 30 ? day == 10 ?
		    "a:1 keep whole, b:1 keep, c:1 unlisted 10d whole" :
		    "a:1 keep whole, b:1 keep, c:1 unlisted 20d whole" :
		    "a:1 keep whole, b:1 keep, c:1 go whole");
	}
}

/* Without a record the term starts now, and goes on from run to run by no more
 * than half of it. */
static void
test_unknown(void **state)
{
	struct keep_options dry = { .now = T0 + 90 * DAY,
	    .unlisted_s = 30 * DAY };
	char *text;

	publish(*state, "a:1 b:1");
	run(*state, T0, "a:1", 1);
	expect(*state, 0, 30 * DAY, "a:1 keep, b:1 keep whole");
	text = scratch_get(*state, "_state/unlisted");
	assert_string_equal(text, "1795132800\n0 0 docker.io/library/b:1\n");
	free(text);
	expect(*state, 10, 30 * DAY, "a:1 keep, b:1 unlisted 10d whole");
	/* A dry run changes nothing. */
	expect_rules(*state, &dry, true, "a:1 keep, b:1 unlisted 25d whole");
	/* Back, and in 1970: none of that is time that has passed. */
	expect(*state, 5, 30 * DAY, "a:1 keep, b:1 unlisted 10d whole");
	expect(*state, -20000, 30 * DAY, "a:1 keep, b:1 unlisted 10d whole");
	expect(*state, 6, 30 * DAY, "a:1 keep, b:1 unlisted 11d whole");
	expect(*state, 9000, 30 * DAY, "a:1 keep, b:1 unlisted 26d whole");
	expect(*state, 9004, 30 * DAY, "a:1 keep, b:1 go whole");
	/* A list that has it ends all that. */
	run(*state, T0 + 9004 * (int64_t)DAY, "b:1", 1);
	expect(*state, 9004, KEEP_FOREVER, "a:1 unlisted 9004d, b:1 keep");
	text = scratch_get(*state, "_state/unlisted");
	assert_string_equal(text, "2573078400\n");
	free(text);
}

/* A state that is damaged begins anew; so does all where the status is lost. */
static void
test_damaged(void **state)
{
	static const char *const files[] = {
		"", "x", "-1\n5000000 0 " HUB "a:1\n",
		"99999999999999999999\n5000000 0 " HUB "a:1\n",
		"1795132800 5000000 0 " HUB "a:1\n",
		"1795132800\n5000000 " HUB "a:1\n",
		"1795132800\n5000000 7 " HUB "a:1\n",
		"1795132800\nx 0 " HUB "a:1\n",
		"1795132800\n-5000000 0 " HUB "a:1\n",
		"1795132800\n5000000 0 " HUB "a:1",
		"1795132800\n999999999999 0 " HUB "a:1\n",
		"1795132800\n5000000  0 " HUB "a:1\n",
		"1795132800\n5000000 0 " HUB "a:1\n\n",
		"1795132800\n5000000 0 " HUB "a:1\n5000000 0 ",
	};
	size_t i;

	publish(*state, "a:1");
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		scratch_put(*state, "_state/unlisted", files[i]);
		expect(*state, 0, 30 * DAY, "a:1 keep whole");
	}
	scratch_put(*state, "_state/unlisted", "1795132800\n5000000 0 " HUB
	    "a:1\n");
	expect(*state, 0, 30 * DAY, "a:1 go whole");
	run(*state, T0, "a:1", 1);
	expect(*state, 40, 30 * DAY, "a:1 keep");
	scratch_put(*state, "status/status.json", "{\"fini");
	expect(*state, 40, 30 * DAY, "a:1 keep whole");
}

static void
test_history(void **state)
{
	publish(*state, "a:1 b:1 c:1");
	run(*state, T0, "a:1", 3);
	run(*state, T0, "b:1", 0);
	expect(*state, 0, KEEP_FOREVER, "a:1 keep 3/3, b:1 keep 0/0, c:1 keep "
	    "whole");
	/* A list at hand has the last word. */
	expect_list(*state, "a:1 keep=5 keep-for=2d\nb:1\n", 0,
	    "a:1 keep 5/2, b:1 keep, c:1 go whole");
}

/* With a list that is the truth. */
static void
test_list(void **state)
{
	publish(*state, "a:1 a:2 b a/c:1 a-b:1");
	run(*state, T0, "a:1 a:2 a/c:1", 1);
	expect_list(*state, "a:2\n", 0, "a:1 go, a:2 keep, a/c:1 go, a-b:1 go "
	    "whole, b:sha256:44 go whole");
	expect_list(*state, "a:2\n", KEEP_FOREVER, "a:1 unlisted 0d, a:2 "
	    "keep, a/c:1 unlisted 0d, a-b:1 unlisted 0d whole, b:sha256:44 "
	    "unlisted 0d whole");
	/* A digest with a tag is the tag; without, the digest. */
	expect_list(*state, "a:1@sha256:" A64 "\nb@sha256:44136fa355b3678a1146"
	    "ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\na-b tags=glob:*\n",
	    0, "a:1 keep, a:2 go, a/c:1 go, a-b:1 keep, b:sha256:44 keep");
}

static void
test_patterns(void **state)
{
	publish(*state, "a:1 a:2 a:3 a:4 a:x b:1 c:1");
	run(*state, T0, "a:1 a:2", 1);
	run(*state, T0 + DAY, "a:2 a:3", 1);
	expect_list(*state, "a tags=semver:*\nb tags=glob:2\n", 0, "a:1 keep, "
	    "a:2 keep, a:3 keep, a:4 keep, a:x go whole, b:1 go whole, c:1 "
	    "go whole");
	/* The last run's two, and what was never listed. */
	expect_list(*state, "a tags=semver:* newest=2\n", 0, "a:1 go, a:2 "
	    "keep, a:3 keep, a:4 keep, a:x go whole, b:1 go whole, c:1 go "
	    "whole");
	/* Somebody has mirrored one by itself: it takes no other one's
	 * place. */
	run(*state, T0 + 2 * DAY, "a:1", 1);
	expect_list(*state, "a tags=semver:* newest=2\nc:1\n", 0, "a:1 keep, "
	    "a:2 keep, a:3 keep, a:4 keep, a:x go whole, b:1 go whole, c:1 "
	    "keep");
	/* Nor do as many as the newest are, whether by name or by another
	 * list's pattern. */
	run(*state, T0 + 3 * DAY, "a:2", 1);
	expect_list(*state, "a tags=semver:<4 newest=2\n", 0, "a:1 keep, a:2 "
	    "keep, a:3 keep, a:4 go whole, a:x go whole, b:1 go whole, c:1 go "
	    "whole");
	expect_list(*state, "a tags=semver:<4 newest=1\n", 0, "a:1 go, a:2 "
	    "keep, a:3 keep, a:4 go whole, a:x go whole, b:1 go whole, c:1 go "
	    "whole");
	/* Fewer than it asks for: all of them. */
	expect_list(*state, "a tags=semver:* newest=9\n", 0, "a:1 keep, "
	    "a:2 keep, a:3 keep, a:4 keep, a:x go whole, b:1 go whole, c:1 "
	    "go whole");
}

/* By age, with a clock that was ahead, or in 1970, and is not any more. */
static void
test_newest_clocks(void **state)
{
	publish(*state, "a:p a:q a:r");
	run(*state, T0 + 9000 * (int64_t)DAY, "a:p", 1);
	run(*state, T0, "a:q", 1);
	run(*state, T0 + DAY, "a:r", 1);
	expect_list(*state, "a tags=glob:* newest=1\n", 0, "a:p keep, a:q go, "
	    "a:r keep");
	run(*state, 1000, "a:p", 1);
	run(*state, T0 + 2 * DAY, "b:1", 1);
	expect_list(*state, "a tags=glob:* newest=1\n", 0, "a:p keep, a:q go, "
	    "a:r keep");
	run(*state, T0 + 3 * DAY, "a:q", 1);
	run(*state, 1000, "a:p", 1);
	expect_list(*state, "a tags=glob:* newest=1\n", 0, "a:p keep, a:q "
	    "keep, a:r keep");
}

/* Signature tags go with what they are about, unless they are listed. */
static void
test_companions(void **state)
{
	publish(*state, "a:1 a:sha256-" A64 " a:sha256-" A64 ".sig a:sha256-"
	    A64 ".x b:sha512-" A64 ".att b:sha256-" A64 "a c:sha256-" A64);
	run(*state, T0, "a:1 c:sha256-" A64, 1);
	expect(*state, 0, KEEP_FOREVER, "a:1 keep, a:sha256-aa follow, a:sha"
	    "256-aa follow, a:sha256-aa follow, b:sha256-aa keep whole, b:sha5"
	    "12-aa follow, c:sha256-aa keep");
	expect_list(*state, "a:sha256-" A64 "\na tags=glob:*\n", 0, "a:1 keep,"
	    " a:sha256-aa keep, a:sha256-aa follow, a:sha256-aa keep, b:sha256"
	    "-aa go whole, b:sha512-aa follow, c:sha256-aa go");
}

/* In use by name, or by a digest. */
static void
test_use(void **state)
{
	struct keep_use use = { .words = 0 };
	struct keep_options o = { .now = T0 + 40 * DAY, .unlisted_s = DAY,
	    .use = &use };
	struct store *st;
	struct digest d;
	struct keep *k;
	struct err e;

	publish(*state, "a:1 b:1");
	run(*state, T0, "a:1 b:1", 1);
	run(*state, T0 + 40 * DAY, "x:1", 1);
	expect_rules(*state, &o, true, "a:1 go, b:1 go");
	assert_int_equal(keep_use_add(&use, "mirror:5000/library/b:1", &e),
	    0);
	expect_rules(*state, &o, true, "a:1 go, b:1 keep");
	st = open_store(*state, STORE_READ);
	assert_int_equal(keep_new(st, &o, &k, &e), 0);
	assert_null(keep_rules(k)->in_use);
	keep_free(k);
	assert_int_equal(keep_use_add(&use, A64, &e), 0);
	assert_int_equal(keep_new(st, &o, &k, &e), 0);
	assert_int_equal(digest_parse("sha256:" A64, &d, &e), 0);
	assert_true(keep_rules(k)->in_use(k, &d));
	d.bytes[31] ^= 1;
	assert_false(keep_rules(k)->in_use(k, &d));
	keep_free(k);
	store_close(st);
	keep_use_done(&use);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, scratch_setup, \
			    scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_terms),
		TEST(test_clocks),
		TEST(test_clock_never_set),
		TEST(test_unknown),
		TEST(test_damaged),
		TEST(test_history),
		TEST(test_list),
		TEST(test_patterns),
		TEST(test_newest_clocks),
		TEST(test_companions),
		TEST(test_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
