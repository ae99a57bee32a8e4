#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "layout/digest_set.h"
#include "layout/extents.h"
#include "layout/store.h"
#include "tests/unit/scratch.h"

#define TEXT	"the bytes of a blob"
#define SIZE	(sizeof(TEXT) - 1)

struct fixture {
	struct scratch *dir;
	struct store *st;
	struct digest id;
	char blob[STORE_PATH_MAX], partial[STORE_PATH_MAX];
	struct err e;
};

static void
reopen(struct fixture *f)
{
	store_close(f->st);
	if (store_open(f->dir->path, STORE_WRITE, &f->st, &f->e) == -1)
		fail_msg("%s", f->e.msg);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	void *dir;

	if (scratch_setup(&dir) == -1)
		return -1;
	f->dir = dir;
	digest_of(DIGEST_SHA256, TEXT, SIZE, &f->id);
	path_blob(&f->id, f->blob);
	path_partial(&f->id, f->partial);
	*state = f;
	return store_open(f->dir->path, STORE_WRITE, &f->st, &f->e);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	void *dir = f->dir;

	store_close(f->st);
	free(f);
	return scratch_teardown(&dir);
}

static struct blob_writer *
begin(struct fixture *f, uint64_t size)
{
	struct blob_writer *w = NULL;

	if (blob_writer_open(f->st, &f->id, size, &w, &f->e) == -1 ||
	    blob_writer_resume(w, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	return w;
}

static void
add(struct fixture *f, struct blob_writer *w, const char *text)
{
	if (blob_writer_add(w, text, strlen(text), &f->e) == -1)
		fail_msg("%s", f->e.msg);
}

static struct staged *
finish(struct fixture *f, struct blob_writer *w)
{
	struct staged *staged = NULL;

	if (blob_writer_finish(w, &staged, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	return staged;
}

static void
commit(struct fixture *f, struct staged *staged)
{
	struct err *result = &f->e;

	store_commit(f->st, &staged, 1, &result);
	if (f->e.code != ERR_NONE)
		fail_msg("%s", f->e.msg);
}

static void
expect_opened(struct fixture *f, const char *want)
{
	char buf[1000] = "";
	uint64_t size;
	int fd;

	assert_int_equal(store_blob_open(f->st, &f->id, &fd, &size, &f->e), 1);
	assert_int_equal(size, strlen(want));
	assert_int_equal(read(fd, buf, sizeof(buf) - 1), (ssize_t)size);
	assert_string_equal(buf, want);
	close(fd);
}

static void
expect_blob(struct fixture *f, const char *want)
{
	uint64_t size;
	size_t len;
	char *buf;

	assert_int_equal(store_blob_size(f->st, &f->id, &size, &f->e), 1);
	assert_int_equal(size, strlen(want));
	assert_int_equal(store_blob_read(f->st, &f->id, 1000, &buf, &len,
	    &f->e), 1);
	assert_string_equal(buf, want);
	free(buf);
	expect_opened(f, want);
	assert_int_equal(scratch_mode(f->dir, f->blob), 0444);
	assert_false(scratch_has(f->dir, f->partial));
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
}

static void
expect_no_blob(struct fixture *f)
{
	uint64_t size;
	int fd;

	assert_int_equal(store_blob_size(f->st, &f->id, &size, &f->e), 0);
	assert_int_equal(store_blob_open(f->st, &f->id, &fd, &size, &f->e), 0);
}

/* --- blobs --- */

static void
test_whole(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);
	struct staged *staged;

	add(f, w, "the bytes ");
	add(f, w, "");
	assert_int_equal(blob_writer_offset(w), 10);
	add(f, w, "of a blob");
	expect_no_blob(f);
	staged = finish(f, w);
	/* A name is given by the commit, and not before. */
	expect_no_blob(f);
	commit(f, staged);
	expect_blob(f, TEXT);
	reopen(f);
	expect_blob(f, TEXT);
}

static void
test_resume(void **state)
{
	struct fixture *f = *state;
	struct digest_set partials = { 0 };
	struct blob_writer *w = begin(f, SIZE);

	add(f, w, "the bytes ");
	blob_writer_close(w);
	reopen(f);
	assert_int_equal(store_each_partial(f->st, &partials, &f->e), 0);
	assert_true(digest_set_has(&partials, &f->id));
	digest_set_done(&partials);
	w = begin(f, SIZE);
	assert_int_equal(blob_writer_offset(w), 10);
	add(f, w, "of a blob");
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
}

/* All bytes came, and then the process died. */
static void
test_resume_whole(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);

	add(f, w, TEXT);
	staged_free(finish(f, w));
	expect_no_blob(f);
	reopen(f);
	w = begin(f, SIZE);
	assert_int_equal(blob_writer_offset(w), SIZE);
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
}

/* Of a writer that never looked at it, a part is worth as much as before. */
static void
test_close_unread(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);

	add(f, w, "the bytes ");
	blob_writer_close(w);
	assert_int_equal(blob_writer_open(f->st, &f->id, SIZE, &w, &f->e), 0);
	blob_writer_close(w);
	assert_true(scratch_has(f->dir, f->partial));
	w = begin(f, SIZE);
	assert_int_equal(blob_writer_offset(w), 10);
	blob_writer_close(w);
}

static void
test_nothing_came(void **state)
{
	struct fixture *f = *state;

	blob_writer_close(begin(f, SIZE));
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
	blob_writer_close(NULL);
	staged_free(NULL);
}

static void
test_too_long(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);

	add(f, w, TEXT);
	assert_int_equal(blob_writer_add(w, "x", 1, &f->e), -1);
	assert_int_equal(f->e.code, ERR_DATA);
	assert_int_equal(blob_writer_offset(w), SIZE);
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
}

static void
test_too_short(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);
	struct staged *staged = NULL;

	add(f, w, "the bytes");
	assert_int_equal(blob_writer_finish(w, &staged, &f->e), -1);
	assert_int_equal(f->e.code, ERR_DATA);
	assert_non_null(strstr(f->e.msg, "9 bytes instead of 19"));
	assert_null(staged);
	assert_int_equal(blob_writer_offset(w), 0);
	add(f, w, TEXT);
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
}

static void
test_wrong_bytes(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);
	struct staged *staged = NULL;

	add(f, w, "THE bytes of a blob");
	assert_int_equal(blob_writer_finish(w, &staged, &f->e), -1);
	assert_int_equal(f->e.code, ERR_DIGEST);
	assert_non_null(strstr(f->e.msg, "digest sha256:"));
	assert_int_equal(blob_writer_offset(w), 0);
	expect_no_blob(f);
	/* They are forgotten: a later run does not start with them. */
	blob_writer_close(w);
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
}

/* What another run left may be anything; only its hash counts. */
static void
test_resume_wrong_bytes(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w;
	struct staged *staged = NULL;

	scratch_put(f->dir, f->partial, "THE bytes ");
	w = begin(f, SIZE);
	assert_int_equal(blob_writer_offset(w), 10);
	add(f, w, "of a blob");
	assert_int_equal(blob_writer_finish(w, &staged, &f->e), -1);
	assert_int_equal(f->e.code, ERR_DIGEST);
	add(f, w, TEXT);
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
}

static void
note_path(const struct fixture *f, char buf[STORE_PATH_MAX])
{
	int len = snprintf(buf, STORE_PATH_MAX, "%s.ranges", f->partial);

	assert_true(len > 0 && (size_t)len < STORE_PATH_MAX);
}

static void
test_resume_too_long(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w;

	char note[STORE_PATH_MAX];
	char *left;

	/* Begun for who was told another size: it is left alone... */
	note_path(f, note);
	scratch_put(f->dir, f->partial, TEXT " and more");
	scratch_put(f->dir, note, "0 4\n");
	w = begin(f, SIZE);
	assert_int_equal(blob_writer_offset(w), 0);
	add(f, w, "the bytes");
	left = scratch_get(f->dir, f->partial);
	assert_string_equal(left, TEXT " and more");
	free(left);
	add(f, w, " of a blob");
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
	/* ... until the blob is whole. */
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
}

/* Two at once: each has a file of its own, and none has the other's bytes. */
static void
test_two_writers(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *one = begin(f, SIZE), *two = begin(f, SIZE);
	struct staged *staged = NULL;

	add(f, one, "THE bytes ");
	add(f, two, TEXT);
	add(f, one, "of a blob");
	assert_int_equal(blob_writer_finish(one, &staged, &f->e), -1);
	assert_int_equal(f->e.code, ERR_DIGEST);
	staged = finish(f, two);
	add(f, one, "the by");
	/* One that is staged is nobody else's as well. */
	two = begin(f, SIZE);
	add(f, two, "THE");
	commit(f, staged);
	blob_writer_drop(one);
	blob_writer_drop(two);
	expect_blob(f, TEXT);
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
}

/* Of two that were left, the next process goes on with the longer one. */
static void
test_join(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *one = begin(f, SIZE), *two = begin(f, SIZE);

	add(f, two, "the bytes");
	blob_writer_close(two);
	blob_writer_close(one);
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 1);
	reopen(f);
	one = begin(f, SIZE);
	assert_int_equal(blob_writer_offset(one), 9);
	add(f, one, " of a blob");
	commit(f, finish(f, one));
	expect_blob(f, TEXT);
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
}

/* The buffer that reads is smaller than this. */
static void
test_resume_large(void **state)
{
	enum { LARGE = 1000003 };
	struct fixture *f = *state;
	char *bytes = malloc(LARGE);
	struct blob_writer *w;
	size_t i;
	uint64_t size;

	for (i = 0; i < LARGE; i++)
		bytes[i] = (char)(i % 251);
	digest_of(DIGEST_SHA256, bytes, LARGE, &f->id);
	w = begin(f, LARGE);
	assert_int_equal(blob_writer_add(w, bytes, 700001, &f->e), 0);
	blob_writer_close(w);
	w = begin(f, LARGE);
	assert_int_equal(blob_writer_offset(w), 700001);
	assert_int_equal(blob_writer_add(w, bytes + 700001, LARGE - 700001,
	    &f->e), 0);
	commit(f, finish(f, w));
	assert_int_equal(store_blob_size(f->st, &f->id, &size, &f->e), 1);
	assert_int_equal(size, LARGE);
	free(bytes);
}

static void
test_restart(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);

	add(f, w, "wrong and lo");
	assert_int_equal(blob_writer_restart(w, &f->e), 0);
	assert_int_equal(blob_writer_offset(w), 0);
	add(f, w, TEXT);
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
}

/* --- bytes in any order --- */

static void
put(struct fixture *f, struct blob_writer *w, uint64_t at, const char *text)
{
	if (blob_writer_put(w, at, text, strlen(text), &f->e) == -1)
		fail_msg("%s", f->e.msg);
}

static void
expect_note(struct fixture *f, const char *want)
{
	char path[STORE_PATH_MAX];
	char *text;

	note_path(f, path);
	text = scratch_get(f->dir, path);
	if (want == NULL)
		assert_null(text);
	else
		assert_string_equal(text, want);
	free(text);
}

static void
test_any_order(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);

	put(f, w, 13, "a blob");
	expect_note(f, "");
	assert_int_equal(blob_writer_offset(w), 0);
	put(f, w, 4, "bytes ");
	put(f, w, 0, "the ");
	assert_int_equal(blob_writer_offset(w), 10);
	assert_int_equal(blob_writer_extents(w)->count, 2);
	put(f, w, 10, "of ");
	assert_int_equal(blob_writer_offset(w), SIZE);
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
	expect_note(f, NULL);
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
}

/* In order there is no gap, and no note. */
static void
test_no_note(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);

	put(f, w, 0, "the ");
	put(f, w, 4, "bytes ");
	put(f, w, 2, "e bytes of");
	expect_note(f, NULL);
	blob_writer_close(w);
	expect_note(f, NULL);
}

/* What was hashed stays: the file has the bytes that have the digest. */
static void
test_overlaps(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);

	put(f, w, 0, "the bytes");
	put(f, w, 0, "THE");
	put(f, w, 4, "BYTES of");
	put(f, w, 8, "S");
	put(f, w, 15, "BLOB");
	put(f, w, 13, "a blob");
	put(f, w, 12, " ");
	put(f, w, 0, "WHATEVER COMES LATE");
	put(f, w, 5, "");
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
}

static void
test_put_too_far(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);

	assert_int_equal(blob_writer_put(w, SIZE - 1, "xy", 2, &f->e), -1);
	assert_int_equal(f->e.code, ERR_DATA);
	assert_int_equal(blob_writer_put(w, UINT64_MAX, "xy", 2, &f->e), -1);
	assert_int_equal(f->e.code, ERR_DATA);
	blob_writer_close(w);
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
}

static void
test_resume_gaps(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);

	put(f, w, 0, "the ");
	put(f, w, 10, "of a");
	blob_writer_close(w);
	expect_note(f, "0 4\n10 14\n");
	reopen(f);
	w = begin(f, SIZE);
	assert_int_equal(blob_writer_offset(w), 4);
	assert_int_equal(blob_writer_extents(w)->count, 2);
	assert_int_equal(blob_writer_extents(w)->items[1].start, 10);
	put(f, w, 4, "bytes ");
	assert_int_equal(blob_writer_offset(w), 14);
	/* Without gaps it has to be right as well. */
	blob_writer_close(w);
	expect_note(f, "0 14\n");
	w = begin(f, SIZE);
	put(f, w, 14, " blob");
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
}

/* resumed(f, file, note, offset): what a writer makes of these two. */
static void
resumed(struct fixture *f, const char *file, const char *note, uint64_t offset)
{
	char path[STORE_PATH_MAX];
	struct blob_writer *w;
	struct staged *staged = NULL;

	note_path(f, path);
	scratch_put(f->dir, f->partial, file);
	scratch_put(f->dir, path, note);
	w = begin(f, SIZE);
	assert_int_equal(blob_writer_offset(w), offset);
	put(f, w, offset, &TEXT[offset]);
	if (blob_writer_finish(w, &staged, &f->e) == -1) {
		/* The note lied: it is gone with the bytes. */
		assert_int_equal(f->e.code, ERR_DIGEST);
		expect_note(f, NULL);
		put(f, w, 0, TEXT);
		staged = finish(f, w);
	}
	expect_note(f, NULL);
	commit(f, staged);
	expect_blob(f, TEXT);
	assert_int_equal(unlinkat(f->dir->dir, f->blob, 0), 0);
}

static void
test_odd_notes(void **state)
{
	struct fixture *f = *state;
	char *large = malloc(70000);

	resumed(f, "the bytes ", "0 4\n", 4);
	resumed(f, "the bytes ", "", 0);
	resumed(f, "the bytes ", "garbage", 0);
	resumed(f, "the bytes ", "0 4\ngarbage", 0);
	resumed(f, "the bytes ", "0 11\n", 0);
	resumed(f, "", "0 5\n", 0);
	/* It says more than is true. */
	resumed(f, "the ?????? of", "0 13\n", 13);
	memset(large, '1', 69999);
	large[69999] = '\0';
	resumed(f, "the bytes ", large, 0);
	free(large);
}

static void
test_restart_gaps(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);

	put(f, w, 10, "of a");
	expect_note(f, "");
	assert_int_equal(blob_writer_restart(w, &f->e), 0);
	expect_note(f, NULL);
	assert_int_equal(blob_writer_extents(w)->count, 0);
	put(f, w, 10, "of a blob");
	put(f, w, 0, "the bytes ");
	commit(f, finish(f, w));
	expect_blob(f, TEXT);
}

static void
test_finish_with_gap(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, SIZE);
	struct staged *staged = NULL;

	put(f, w, 10, "of a blob");
	assert_int_equal(blob_writer_finish(w, &staged, &f->e), -1);
	assert_int_equal(f->e.code, ERR_DATA);
	assert_null(staged);
	expect_note(f, NULL);
	blob_writer_close(w);
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
}

/* More is to be read back than one put does; notes are made on the way. */
static void
test_large_backwards(void **state)
{
	enum { LARGE = 20000003, PART = 131072 };
	struct fixture *f = *state;
	char *bytes = malloc(LARGE);
	struct blob_writer *w;
	uint64_t size;
	int at;

	for (at = 0; at < LARGE; at++)
		bytes[at] = (char)(at % 253);
	digest_of(DIGEST_SHA256, bytes, LARGE, &f->id);
	path_partial(&f->id, f->partial);
	w = begin(f, LARGE);
	for (at = LARGE / PART * PART; at >= 0; at -= PART)
		assert_int_equal(blob_writer_put(w, (uint64_t)at, bytes + at,
		    at + PART > LARGE ? LARGE - (size_t)at : PART, &f->e), 0);
	assert_int_equal(blob_writer_offset(w), LARGE);
	expect_note(f, "3145728 20000003\n");
	commit(f, finish(f, w));
	assert_int_equal(store_blob_size(f->st, &f->id, &size, &f->e), 1);
	assert_int_equal(size, LARGE);
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
	free(bytes);
}

static void
test_zero_length(void **state)
{
	struct fixture *f = *state;

	digest_of(DIGEST_SHA512, "", 0, &f->id);
	path_blob(&f->id, f->blob);
	path_partial(&f->id, f->partial);
	commit(f, finish(f, begin(f, 0)));
	expect_blob(f, "");
}

/* Another digest than that of nothing cannot be had for nothing. */
static void
test_zero_length_wrong(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w = begin(f, 0);
	struct staged *staged = NULL;

	assert_int_equal(blob_writer_finish(w, &staged, &f->e), -1);
	assert_int_equal(f->e.code, ERR_DIGEST);
	blob_writer_close(w);
	expect_no_blob(f);
}

/* A link in the place of a part would write to wherever it points. */
static void
test_partial_is_a_link(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *w;
	char *text;

	scratch_put(f->dir, "catalog.txt", "precious");
	assert_int_equal(symlinkat("../../catalog.txt", f->dir->dir,
	    f->partial), 0);
	assert_int_equal(blob_writer_open(f->st, &f->id, SIZE, &w, &f->e), -1);
	text = scratch_get(f->dir, "catalog.txt");
	assert_string_equal(text, "precious");
	free(text);
}

/* --- commit --- */

static struct staged *
stage(struct fixture *f, const char *type, const char *text,
    struct manifest_id *id)
{
	struct staged *staged = NULL;

	memset(id, 0, sizeof(*id));
	snprintf(id->media_type, sizeof(id->media_type), "%s", type);
	digest_of(DIGEST_SHA256, text, strlen(text), &id->digest);
	if (store_stage_manifest(f->st, id, text, strlen(text), &staged,
	    &f->e) == -1)
		fail_msg("%s", f->e.msg);
	return staged;
}

static void
test_manifest(void **state)
{
	struct fixture *f = *state;
	struct manifest_id id, found;
	struct staged *staged = stage(f, "application/x", "{}", &id);
	char path[STORE_PATH_MAX], target[STORE_PATH_MAX];
	uint64_t size;
	int fd;
	size_t len;
	char *buf;

	assert_int_equal(store_manifest_find(f->st, &id.digest, &found, &f->e),
	    0);
	assert_int_equal(store_manifest_read(f->st, &id, &buf, &len, &f->e),
	    0);
	commit(f, staged);
	assert_int_equal(store_manifest_find(f->st, &id.digest, &found, &f->e),
	    1);
	assert_string_equal(found.media_type, "application/x");
	assert_true(digest_equal(&found.digest, &id.digest));
	assert_int_equal(store_manifest_read(f->st, &id, &buf, &len, &f->e),
	    1);
	assert_int_equal(len, 2);
	assert_string_equal(buf, "{}");
	free(buf);
	/* Among the blobs it is a link, and so no blob. */
	memset(target, 0, sizeof(target));
	assert_true(readlinkat(f->dir->dir, path_blob(&id.digest, path),
	    target, sizeof(target)) > 0);
	assert_int_equal(strncmp(target,
	    "../../manifests/application/x/sha256/", 37), 0);
	assert_int_equal(scratch_mode(f->dir, path), 0444);
	assert_int_equal(store_blob_size(f->st, &id.digest, &size, &f->e), 0);
	assert_int_equal(store_blob_open(f->st, &id.digest, &fd, &size, &f->e),
	    -1);
	assert_int_equal(f->e.code, ERR_DATA);
	assert_int_equal(scratch_mode(f->dir, "manifests/application/x"), 0755);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
}

/* Whatever the callers look at, here no other type gets a name. */
static void
test_manifest_wrong_type(void **state)
{
	static const char *const types[] = {
		"text/html", "image/svg+xml", "application/X", "Application/x",
		"application/", "application/../x", "",
	};
	struct fixture *f = *state;
	struct manifest_id id;
	struct staged *staged = NULL;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(id.media_type, sizeof(id.media_type), "%s", types[i]);
		digest_of(DIGEST_SHA256, "{}", 2, &id.digest);
		assert_int_equal(store_stage_manifest(f->st, &id, "{}", 2,
		    &staged, &f->e), -1);
		assert_int_equal(f->e.code, ERR_DATA);
		assert_non_null(strstr(f->e.msg, types[i]));
		assert_null(staged);
		assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
	}
}

static void
test_manifest_wrong_bytes(void **state)
{
	struct fixture *f = *state;
	struct manifest_id id = { .media_type = "application/x" };
	struct staged *staged = NULL;

	digest_of(DIGEST_SHA256, "{}", 2, &id.digest);
	assert_int_equal(store_stage_manifest(f->st, &id, "[]", 2, &staged,
	    &f->e), -1);
	assert_int_equal(f->e.code, ERR_DIGEST);
	assert_null(staged);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
}

static void
test_not_committed(void **state)
{
	struct fixture *f = *state;
	struct manifest_id id, found;

	staged_free(stage(f, "application/x", "{}", &id));
	assert_int_equal(store_manifest_find(f->st, &id.digest, &found, &f->e),
	    0);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
}

static void
test_commit_twice(void **state)
{
	struct fixture *f = *state;
	struct manifest_id id, found;
	struct staged *both[2];
	struct err first, second;
	struct err *results[2] = { &first, &second };

	both[0] = stage(f, "application/x", "{}", &id);
	both[1] = stage(f, "application/x", "{}", &id);
	store_commit(f->st, both, 2, results);
	assert_int_equal(first.code, ERR_NONE);
	assert_int_equal(second.code, ERR_NONE);
	commit(f, stage(f, "application/x", "{}", &id));
	assert_int_equal(store_manifest_find(f->st, &id.digest, &found, &f->e),
	    1);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
	store_commit(f->st, both, 0, results);
}

/* An artifact may have another image's manifest as a layer. */
static void
expect_both(struct fixture *f, const struct manifest_id *id)
{
	struct manifest_id found = { .media_type = "" };

	expect_blob(f, TEXT);
	assert_int_equal(store_manifest_find(f->st, &id->digest, &found,
	    &f->e), 1);
	assert_true(digest_equal(&found.digest, &id->digest));
	assert_string_equal(found.media_type, "application/x");
}

static void
test_manifest_and_blob(void **state)
{
	struct fixture *f = *state;
	struct manifest_id id, found;
	struct blob_writer *w;
	uint64_t size;

	commit(f, stage(f, "application/x", TEXT, &id));
	assert_int_equal(store_blob_size(f->st, &f->id, &size, &f->e), 0);
	w = begin(f, SIZE);
	add(f, w, TEXT);
	commit(f, finish(f, w));
	expect_both(f, &id);
	/* And the other way round. */
	commit(f, stage(f, "application/x", TEXT, &id));
	expect_both(f, &id);
	/* What is a blob alone is no manifest. */
	assert_int_equal(unlinkat(f->dir->dir, path_manifest(&id, f->partial),
	    0), 0);
	assert_int_equal(store_manifest_find(f->st, &f->id, &found, &f->e),
	    0);
}

/* One cannot get its name: nothing of it stays behind, and the other one has
 * its own. */
static void
test_commit_fails(void **state)
{
	struct fixture *f = *state;
	struct manifest_id id;
	struct blob_writer *w = begin(f, SIZE);
	struct staged *both[2];
	struct err first, second;
	struct err *results[2] = { &first, &second };

	add(f, w, TEXT);
	scratch_put(f->dir, "manifests/application", "in the way");
	both[0] = stage(f, "application/x", "{}", &id);
	both[1] = finish(f, w);
	store_commit(f->st, both, 2, results);
	assert_int_equal(first.code, ERR_DATA);
	assert_int_equal(second.code, ERR_NONE);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
	expect_blob(f, TEXT);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole),
		TEST(test_resume),
		TEST(test_resume_whole),
		TEST(test_close_unread),
		TEST(test_nothing_came),
		TEST(test_too_long),
		TEST(test_too_short),
		TEST(test_wrong_bytes),
		TEST(test_resume_wrong_bytes),
		TEST(test_resume_too_long),
		TEST(test_two_writers),
		TEST(test_join),
		TEST(test_resume_large),
		TEST(test_restart),
		TEST(test_any_order),
		TEST(test_no_note),
		TEST(test_overlaps),
		TEST(test_put_too_far),
		TEST(test_resume_gaps),
		TEST(test_odd_notes),
		TEST(test_restart_gaps),
		TEST(test_finish_with_gap),
		TEST(test_large_backwards),
		TEST(test_zero_length),
		TEST(test_zero_length_wrong),
		TEST(test_partial_is_a_link),
		TEST(test_manifest),
		TEST(test_manifest_wrong_type),
		TEST(test_manifest_wrong_bytes),
		TEST(test_not_committed),
		TEST(test_commit_twice),
		TEST(test_manifest_and_blob),
		TEST(test_commit_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
