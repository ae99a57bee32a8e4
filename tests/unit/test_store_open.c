#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <time.h>

#include "layout/store.h"
#include "tests/unit/scratch.h"

static struct store *
open_store(const struct scratch *s)
{
	struct store *st;
	struct err e;

	if (store_open(s->path, STORE_WRITE, &st, &e) == -1)
		fail_msg("%s", e.msg);
	return st;
}

/* It is refused, the sentence names the folder and has ${what} in it. */
static void
expect_refused(const char *path, enum store_mode mode, const char *what)
{
	struct store *st = NULL;
	struct err e = { .code = ERR_NONE };

	assert_int_equal(store_open(path, mode, &st, &e), -1);
	assert_null(st);
	assert_int_equal(e.code, ERR_STORE);
	if (strncmp(e.msg, path, strlen(path)) != 0 ||
	    strstr(e.msg, what) == NULL)
		fail_msg("it says: %s", e.msg);
}

static void
expect_text(const struct scratch *s, const char *path, const char *want)
{
	char *text = scratch_get(s, path);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

/* --- a new tree --- */

static void
test_new(void **state)
{
	static const char *const dirs[] = {
		".", "blobs", "blobs/sha256", "blobs/sha512", "manifests",
		"repos", "status", "keep",
	};
	static const char *const files[] = {
		"oci-layout", "index.json", "catalog.json", "cdr-layout",
	};
	static const mode_t masks[] = { 022, 077, 0, 0277 };
	struct scratch *s = *state;
	char path[128];
	struct scratch below;
	size_t i, m;
	mode_t before;

	for (m = 0; m < sizeof(masks) / sizeof(masks[0]); m++) {
		snprintf(path, sizeof(path), "%.60s/new%zu", s->path, m);
		memset(&below, 0, sizeof(below));
		snprintf(below.path, sizeof(below.path), "%.40s/new%zu",
		    s->path, m);
		/* Only root gets by with a mask that takes his "w". */
		before = umask(geteuid() == 0 ? masks[m] : masks[m] & 077);
		store_close(open_store(&below));
		umask(before);
		below.dir = open(path, O_RDONLY | O_DIRECTORY);
		for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
			assert_int_equal(scratch_mode(&below, dirs[i]), 0755);
		for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
			assert_int_equal(scratch_mode(&below, files[i]), 0444);
		assert_int_equal(scratch_mode(&below, "_state"), 0700);
		assert_int_equal(scratch_count(&below, "_state/tmp"), 0);
		expect_text(&below, "cdr-layout", "2\n");
		expect_text(&below, "oci-layout",
		    "{\"imageLayoutVersion\":\"1.0.0\"}");
		expect_text(&below, "catalog.json",
		    "{\"repositories\":[]}\n");
		close(below.dir);
	}
}

/* ROOT's own mode says whether the next writer may be another user of its
 * group. */
static void
test_group(void **state)
{
	static const struct {
		mode_t root;
		mode_t becomes, folders, private, files;
	} cases[] = {
		{ 0755, 0755, 0755, 0700, 0600 },
		{ 0700, 0755, 0755, 0700, 0600 },
		{ 0775, 0775, 0775, 0770, 0660 },
		{ 02775, 02775, 02775, 02770, 0660 },
		{ 02770, 02775, 02775, 02770, 0660 },
		/* All may write there: nobody has thought of a group. */
		{ 0777, 0755, 0755, 0700, 0600 },
		/* But here somebody has. */
		{ 02777, 02775, 02775, 02770, 0660 },
	};
	static const char *const dirs[] = { "blobs/sha256", "repos", "keep" };
	static const char *const files[] = { "_state/lock", "_state/publish",
	    "_state/keep.lock", "_state/clean", "_state/note" };
	struct scratch *s = *state;
	struct scratch below;
	struct store *st;
	struct err e;
	size_t i, j;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&below, 0, sizeof(below));
		snprintf(below.path, sizeof(below.path), "%.40s/group%zu",
		    s->path, i);
		assert_int_equal(mkdir(below.path, 0700), 0);
		assert_int_equal(chmod(below.path, cases[i].root), 0);
		st = open_store(&below);
		assert_int_equal(store_write_state(st, "note", "x", 1, &e), 0);
		store_close(st);
		below.dir = open(below.path, O_RDONLY | O_DIRECTORY);
		assert_int_equal(scratch_mode(&below, "."), cases[i].becomes);
		for (j = 0; j < sizeof(dirs) / sizeof(dirs[0]); j++)
			assert_int_equal(scratch_mode(&below, dirs[j]),
			    cases[i].folders);
		assert_int_equal(scratch_mode(&below, "_state/tmp"),
		    cases[i].private);
		assert_int_equal(scratch_mode(&below, "_state"),
		    cases[i].private);
		for (j = 0; j < sizeof(files) / sizeof(files[0]); j++)
			assert_int_equal(scratch_mode(&below, files[j]),
			    cases[i].files);
		assert_int_equal(scratch_mode(&below, "index.json"), 0444);
		close(below.dir);
	}
}

static void
test_again(void **state)
{
	struct scratch *s = *state;
	struct store *st;
	struct err e;
	struct stat before, after;

	store_close(open_store(s));
	assert_int_equal(fstatat(s->dir, "index.json", &before, 0), 0);
	store_close(open_store(s));
	assert_int_equal(fstatat(s->dir, "index.json", &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(store_open(s->path, STORE_READ, &st, &e), 0);
	store_close(st);
	store_close(NULL);
}

static void
test_reader_makes_nothing(void **state)
{
	struct scratch *s = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/absent", s->path);
	expect_refused(path, STORE_READ, "there is no such folder");
	expect_refused(path, STORE_READ, "\"cdr sync\" makes one");
	assert_false(scratch_has(s, "absent"));
	expect_refused(s->path, STORE_READ, "not a CDR tree");
	assert_int_equal(scratch_count(s, "."), 0);
}

/* --- what is not ours --- */

static void
test_foreign(void **state)
{
	struct scratch *s = *state;
	char path[128];

	scratch_put(s, "thesis.tex", "precious");
	expect_refused(s->path, STORE_WRITE, "thesis.tex");
	assert_int_equal(scratch_count(s, "."), 1);
	expect_text(s, "thesis.tex", "precious");
	snprintf(path, sizeof(path), "%s/thesis.tex", s->path);
	expect_refused(path, STORE_WRITE, "Not a directory");
	snprintf(path, sizeof(path), "%s/no/such", s->path);
	expect_refused(path, STORE_WRITE, "would be made in is not there");
}

/* Somebody's own "_state" with something in it is somebody's data. */
static void
test_foreign_state(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(mkdirat(s->dir, "_state", 0755), 0);
	scratch_put(s, "_state/theirs", "precious");
	expect_refused(s->path, STORE_WRITE, "_state");
	assert_int_equal(scratch_mode(s, "_state"), 0755);
	expect_text(s, "_state/theirs", "precious");
}

static void
test_volume(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(mkdirat(s->dir, "lost+found", 0700), 0);
	store_close(open_store(s));
	assert_int_equal(scratch_mode(s, "lost+found"), 0700);
	assert_true(scratch_has(s, "cdr-layout"));
}

static void
test_version(void **state)
{
	struct scratch *s = *state;

	store_close(open_store(s));
	assert_int_equal(unlinkat(s->dir, "cdr-layout", 0), 0);
	scratch_put(s, "cdr-layout", "9\n");
	expect_refused(s->path, STORE_WRITE, "layout version 9,");
	expect_refused(s->path, STORE_READ, "layout version 9,");
	scratch_put(s, "cdr-layout", "");
	expect_refused(s->path, STORE_WRITE, "layout version");
	scratch_put(s, "cdr-layout", "1");
	expect_refused(s->path, STORE_WRITE, "layout version");
	scratch_put(s, "cdr-layout", "2\n\n");
	expect_refused(s->path, STORE_WRITE, "layout version");
	scratch_put(s, "cdr-layout", "2\n");
	store_close(open_store(s));
}

/* A reader takes version 1 as it is, the first writer makes it version 2. */
static void
test_take_over(void **state)
{
	struct scratch *s = *state;
	struct store *reader;
	struct err e;

	store_close(open_store(s));
	assert_int_equal(unlinkat(s->dir, "cdr-layout", 0), 0);
	assert_int_equal(unlinkat(s->dir, "keep", AT_REMOVEDIR), 0);
	scratch_put(s, "cdr-layout", "1\n");
	assert_int_equal(store_open(s->path, STORE_READ, &reader, &e), 0);
	store_close(reader);
	expect_text(s, "cdr-layout", "1\n");
	assert_false(scratch_has(s, "keep"));
	store_close(open_store(s));
	expect_text(s, "cdr-layout", "2\n");
	assert_int_equal(scratch_mode(s, "cdr-layout"), 0444);
	assert_int_equal(scratch_mode(s, "keep"), 0755);
}

/* --- what a process that died leaves --- */

/* The making of a tree was cut short, after each of its steps. */
static void
test_half_made(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(mkdirat(s->dir, "_state", 0700), 0);
	store_close(open_store(s));
	assert_true(scratch_has(s, "cdr-layout"));
	assert_int_equal(unlinkat(s->dir, "cdr-layout", 0), 0);
	assert_int_equal(unlinkat(s->dir, "catalog.json", 0), 0);
	assert_int_equal(unlinkat(s->dir, "blobs/sha512", AT_REMOVEDIR), 0);
	store_close(open_store(s));
	assert_true(scratch_has(s, "cdr-layout"));
	assert_true(scratch_has(s, "catalog.json"));
	assert_true(scratch_has(s, "blobs/sha512"));
}

static void
set_time(const struct scratch *s, const char *path, time_t when)
{
	struct timespec times[2] = {
		{ .tv_sec = when }, { .tv_sec = when }
	};

	assert_int_equal(utimensat(s->dir, path, times, AT_SYMLINK_NOFOLLOW),
	    0);
}

static time_t
time_of(const struct scratch *s, const char *path)
{
	struct stat sb;

	assert_int_equal(fstatat(s->dir, path, &sb, AT_SYMLINK_NOFOLLOW), 0);
	return sb.st_mtim.tv_sec;
}

/* Whatever the clock said when it was written, and whatever it says now. */
static void
test_sweep_tmp(void **state)
{
	struct scratch *s = *state;
	time_t now = time(NULL);

	store_close(open_store(s));
	scratch_put(s, "_state/tmp/0", "of the past");
	set_time(s, "_state/tmp/0", now - 100000);
	scratch_put(s, "_state/tmp/1", "of now");
	scratch_put(s, "_state/tmp/2", "of the future");
	set_time(s, "_state/tmp/2", now + 100000);
	assert_int_equal(symlinkat("nowhere", s->dir, "_state/tmp/3"), 0);
	store_close(open_store(s));
	assert_int_equal(scratch_count(s, "_state/tmp"), 0);
}

#define PARTIAL		"_state/partial/sha256:"
#define PARTIAL_A	PARTIAL "ba7816bf8f01cfea414140de5dae2223" \
			"b00361a396177a9cb410ff61f20015ad"
#define PARTIAL_B	PARTIAL "e3b0c44298fc1c149afbf4c8996fb924" \
			"27ae41e4649b934ca495991b7852b855"

#define DAY		(24 * 3600)

/* A part of a blob is kept until nobody can still want it. */
static void
test_sweep_partial(void **state)
{
	struct scratch *s = *state;
	time_t now = time(NULL);

	store_close(open_store(s));
	scratch_put(s, "status/status.json", "{}");
	scratch_put(s, PARTIAL_A, "part");
	set_time(s, PARTIAL_A, now - 13 * DAY);
	scratch_put(s, PARTIAL_B, "part");
	set_time(s, PARTIAL_B, now - 15 * DAY);
	store_close(open_store(s));
	assert_true(scratch_has(s, PARTIAL_A));
	assert_false(scratch_has(s, PARTIAL_B));
}

/* What a bundle has brought waits for its other parts. */
static void
test_sweep_partial_import(void **state)
{
	struct scratch *s = *state;
	const char *hex = strrchr(PARTIAL_A, ':') + 1;
	time_t now = time(NULL);
	char line[200];

	store_close(open_store(s));
	scratch_put(s, "status/status.json", "{}");
	assert_int_equal(mkdirat(s->dir, "_state/import", 0700), 0);
	assert_int_equal(mkdirat(s->dir, "_state/import/77", 0700), 0);
	snprintf(line, sizeof(line), "cdr-table 1\nblob sha256:%s 9 0 4\n",
	    hex);
	scratch_put(s, "_state/import/77/table-1", line);
	scratch_put(s, PARTIAL_A, "part");
	scratch_put(s, PARTIAL_A ".ranges", "0 4\n");
	scratch_put(s, PARTIAL_B, "part");
	set_time(s, PARTIAL_A, now - 80 * DAY);
	set_time(s, PARTIAL_A ".ranges", now - 80 * DAY);
	set_time(s, PARTIAL_B, now - 80 * DAY);
	store_close(open_store(s));
	assert_true(scratch_has(s, PARTIAL_A));
	assert_true(scratch_has(s, PARTIAL_A ".ranges"));
	assert_false(scratch_has(s, PARTIAL_B));
	/* Nobody knows whether it does. */
	set_time(s, PARTIAL_A, now - 80 * DAY);
	assert_int_equal(unlinkat(s->dir, "_state/import/77/table-1", 0), 0);
	assert_int_equal(mkdirat(s->dir, "_state/import/77/table-1", 0700), 0);
	store_close(open_store(s));
	assert_true(scratch_has(s, PARTIAL_A));
	assert_int_equal(unlinkat(s->dir, "_state/import/77/table-1",
	    AT_REMOVEDIR), 0);
	store_close(open_store(s));
	assert_false(scratch_has(s, PARTIAL_A));
}

/* A clock that is wrong, now or when it was written, sweeps nothing: the last
 * run ended by another one. */
static void
test_sweep_partial_clocks(void **state)
{
	struct scratch *s = *state;
	time_t now = time(NULL);

	store_close(open_store(s));
	/* No run has ended so far. */
	scratch_put(s, PARTIAL_A, "part");
	set_time(s, PARTIAL_A, now - 15 * DAY);
	store_close(open_store(s));
	assert_true(scratch_has(s, PARTIAL_A));
	/* Today is years ahead of it. */
	scratch_put(s, "status/status.json", "{}");
	set_time(s, "status/status.json", now - 15 * DAY);
	set_time(s, PARTIAL_A, now - 16 * DAY);
	store_close(open_store(s));
	assert_true(scratch_has(s, PARTIAL_A));
	/* Written in 1970, or in the future: its term begins now. */
	set_time(s, "status/status.json", now);
	set_time(s, PARTIAL_A, 100);
	scratch_put(s, PARTIAL_B, "part");
	set_time(s, PARTIAL_B, now + 3650 * DAY);
	store_close(open_store(s));
	assert_true(scratch_has(s, PARTIAL_A));
	assert_true(time_of(s, PARTIAL_A) >= now);
	assert_true(time_of(s, PARTIAL_B) < now + DAY);
}

/* Copied by something that leaves out empty folders and what is private. */
static void
test_sparse_copy(void **state)
{
	struct scratch *s = *state;

	store_close(open_store(s));
	assert_int_equal(unlinkat(s->dir, "blobs/sha512", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(s->dir, "_state/lock", 0), 0);
	assert_int_equal(unlinkat(s->dir, "_state/clean", 0), 0);
	assert_int_equal(unlinkat(s->dir, "_state/publish", 0), 0);
	assert_int_equal(unlinkat(s->dir, "_state/keep.lock", 0), 0);
	(void)unlinkat(s->dir, "_state/reserve", 0);
	assert_int_equal(unlinkat(s->dir, "_state/tmp", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(s->dir, "_state/partial", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(s->dir, "_state", AT_REMOVEDIR), 0);
	store_close(open_store(s));
	assert_int_equal(scratch_mode(s, "blobs/sha512"), 0755);
	assert_int_equal(scratch_mode(s, "_state"), 0700);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, \
			    scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new),
		TEST(test_group),
		TEST(test_again),
		TEST(test_reader_makes_nothing),
		TEST(test_foreign),
		TEST(test_foreign_state),
		TEST(test_volume),
		TEST(test_version),
		TEST(test_take_over),
		TEST(test_half_made),
		TEST(test_sweep_tmp),
		TEST(test_sweep_partial),
		TEST(test_sweep_partial_import),
		TEST(test_sweep_partial_clocks),
		TEST(test_sparse_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
