/* For syncfs. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layout/fsutil.h"
#include "layout/store.h"
#include "tests/unit/scratch.h"

#define TYPE	"application/vnd.oci.image.manifest.v1+json"

/* --- a disk that fails --- */

/* The program's own calls come here: what is synced and what gets its name, in
 * order; and whose path ends with ${broken} cannot be synced. */
static char seen[1 << 16];
static const char *broken;
static bool syncfs_broken;
static int syncfs_calls;

static void
note(char what, const char *path)
{
	size_t used = strlen(seen);

	snprintf(seen + used, sizeof(seen) - used, "%c %s\n", what, path);
}

static bool
ends_with(const char *path, const char *end)
{
	size_t a = strlen(path), b = strlen(end);

	return a >= b && strcmp(path + a - b, end) == 0;
}

int
fsync(int fd)
{
	char name[64], path[1024];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	if (broken != NULL && ends_with(path, broken)) {
		errno = EIO;
		return -1;
	}
	note('S', path);
	return (int)syscall(SYS_fsync, fd);
}

int
syncfs(int fd)
{
	syncfs_calls++;
	if (syncfs_broken) {
		errno = EIO;
		return -1;
	}
	note('A', "");
	return (int)syscall(SYS_syncfs, fd);
}

int
renameat(int from, const char *old, int to, const char *new)
{
	note('R', new);
	return (int)syscall(SYS_renameat2, from, old, to, new, 0);
}

/* Where in ${seen} that is done to what ends so; fails where it is not. */
static size_t
when(char what, const char *end)
{
	char line[1100], *at = seen, *next;

	for (; *at != '\0'; at = next + 1) {
		next = strchr(at, '\n');
		snprintf(line, sizeof(line), "%.*s", (int)(next - at), at);
		if (line[0] == what && ends_with(line, end))
			return (size_t)(at - seen);
	}
	fail_msg("no %c of %s in:\n%s", what, end, seen);
	return 0;
}

struct fixture {
	struct scratch *dir;
	struct store *st;
	struct manifest_id one;
	struct err e;
};

static void
put(struct fixture *f, const char *text, struct staged **ret)
{
	struct manifest_id id;

	snprintf(id.media_type, sizeof(id.media_type), "%s", TYPE);
	digest_of(DIGEST_SHA256, text, strlen(text), &id.digest);
	if (store_stage_manifest(f->st, &id, text, strlen(text), ret,
	    &f->e) == -1)
		fail_msg("%s", f->e.msg);
	f->one = id;
}

static struct staged *
put_blob(struct fixture *f, const char *text, char path[STORE_PATH_MAX])
{
	struct blob_writer *w;
	struct staged *staged = NULL;
	struct digest id;

	digest_of(DIGEST_SHA256, text, strlen(text), &id);
	path_blob(&id, path);
	if (blob_writer_open(f->st, &id, strlen(text), &w, &f->e) == -1 ||
	    blob_writer_add(w, text, strlen(text), &f->e) == -1 ||
	    blob_writer_finish(w, &staged, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	return staged;
}

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
	struct err *result = &f->e;
	struct staged *staged;
	void *dir;

	broken = NULL;
	syncfs_broken = false;
	if (scratch_setup(&dir) == -1)
		return -1;
	f->dir = dir;
	*state = f;
	if (store_open(f->dir->path, STORE_WRITE, &f->st, &f->e) == -1)
		return -1;
	put(f, "{}", &staged);
	store_commit(f->st, &staged, 1, &result);
	seen[0] = '\0';
	syncfs_calls = 0;
	return f->e.code == ERR_NONE ? 0 : -1;
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

static int
publish(struct fixture *f, const char *repository)
{
	struct publication p = {
		.registry = "docker.io",
		.repository = repository,
		.tag = "1",
		.root = f->one,
		.manifests = &f->one,
		.count = 1,
	};

	return store_publish(f->st, &p, 1, &f->e);
}

/* --- what has to be synced is only shortened by success --- */

static void
test_folder_is_not_forgotten(void **state)
{
	struct fixture *f = *state;

	broken = "/x/_manifests";
	assert_int_equal(publish(f, "x"), -1);
	assert_non_null(strstr(f->e.msg, "x/_manifests: cannot sync"));
	assert_false(scratch_has(f->dir, "repos/docker.io/x/_manifests/1"));
	/* Nothing else is published, as long as that is so. */
	assert_int_equal(publish(f, "y"), -1);
	assert_false(scratch_has(f->dir, "repos/docker.io/y/_manifests/1"));
	broken = NULL;
	seen[0] = '\0';
	assert_int_equal(publish(f, "y"), 0);
	assert_true(when('S', "/x/_manifests") <
	    when('R', "/y/_manifests/1"));
}

/* The folder of a name that an object has got: the image that needs it finds it
 * here, and waits all the same. */
static void
test_folder_of_an_object(void **state)
{
	struct fixture *f = *state;
	struct err *result = &f->e;
	char path[STORE_PATH_MAX];
	struct staged *staged = put_blob(f, "x", path);

	broken = "/blobs/sha256";
	store_commit(f->st, &staged, 1, &result);
	assert_int_equal(f->e.code, ERR_SYS);
	assert_true(scratch_has(f->dir, path));
	assert_int_equal(publish(f, "x"), -1);
	assert_false(scratch_has(f->dir, "repos/docker.io/x/_manifests/1"));
	broken = NULL;
	seen[0] = '\0';
	assert_int_equal(publish(f, "x"), 0);
	assert_true(when('S', "/blobs/sha256") <
	    when('R', "/x/_manifests/1"));
}

/* One of two: the other one gets its name, and the one that the disk did not
 * take has no bytes any more that anybody could find right. */
static void
test_one_object(void **state)
{
	struct fixture *f = *state;
	char one[STORE_PATH_MAX], two[STORE_PATH_MAX];
	struct staged *both[2];
	struct err first, second;
	struct err *results[2] = { &first, &second };

	both[0] = put_blob(f, "one", one);
	both[1] = put_blob(f, "two", two);
	broken = strrchr(one, '/') + 1;
	store_commit(f->st, both, 2, results);
	assert_int_equal(first.code, ERR_SYS);
	assert_non_null(strstr(first.msg, "cannot sync"));
	assert_int_equal(second.code, ERR_NONE);
	assert_false(scratch_has(f->dir, one));
	assert_true(scratch_has(f->dir, two));
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
}

#define MANY	20

/* All that one call stood for; and it is not asked again, since it would not
 * tell a second time of bytes that are lost. */
static void
test_all_of_a_round(void **state)
{
	struct fixture *f = *state;
	char paths[MANY][STORE_PATH_MAX], text[16];
	struct staged *all[MANY];
	struct err errs[MANY], *results[MANY];
	int i;

	if (!fs_can_sync_all(f->dir->dir))
		skip();
	for (i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d", i);
		all[i] = put_blob(f, text, paths[i]);
		results[i] = &errs[i];
	}
	syncfs_broken = true;
	store_commit(f->st, all, MANY, results);
	assert_int_equal(syncfs_calls, 1);
	for (i = 0; i < MANY; i++) {
		assert_int_equal(errs[i].code, ERR_SYS);
		assert_false(scratch_has(f->dir, paths[i]));
	}
	assert_int_equal(scratch_count(f->dir, "_state/partial"), 0);
	for (i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d", i);
		all[i] = put_blob(f, text, paths[i]);
	}
	syncfs_broken = false;
	store_commit(f->st, all, MANY, results);
	assert_int_equal(syncfs_calls, 1);
	for (i = 0; i < MANY; i++) {
		assert_int_equal(errs[i].code, ERR_NONE);
		when('S', strrchr(paths[i], '/') + 1);
	}
}

/* A part of a blob that was in memory when the disk failed. */
static void
test_lost_parts(void **state)
{
	struct fixture *f = *state;
	char path[STORE_PATH_MAX], text[16];
	struct blob_writer *w[2];
	struct digest id[2];
	struct staged *staged[8];
	struct err errs[8], *results[8];
	int i;

	if (!fs_can_sync_all(f->dir->dir))
		skip();
	for (i = 0; i < 2; i++) {
		digest_of(DIGEST_SHA256, i == 0 ? "a" : "b", 1, &id[i]);
		assert_int_equal(blob_writer_open(f->st, &id[i], 100, &w[i],
		    &f->e), 0);
		assert_int_equal(blob_writer_add(w[i], "part", 4, &f->e), 0);
	}
	blob_writer_close(w[0]);
	assert_true(scratch_has(f->dir, path_partial(&id[0], path)));
	for (i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "%d", i);
		staged[i] = put_blob(f, text, path);
		results[i] = &errs[i];
	}
	syncfs_broken = true;
	store_commit(f->st, staged, 8, results);
	broken = strrchr(path_partial(&id[1], path), '/') + 1;
	blob_writer_close(w[1]);
	assert_false(scratch_has(f->dir, path_partial(&id[1], path)));
	assert_true(scratch_has(f->dir, path_partial(&id[0], path)));
}

/* --- the mark --- */

static void
test_mark_is_first(void **state)
{
	struct fixture *f = *state;

	store_close(f->st);
	f->st = NULL;
	assert_false(scratch_has(f->dir, "_state/unclean"));
	seen[0] = '\0';
	reopen(f);
	assert_true(scratch_has(f->dir, "_state/unclean"));
	assert_int_equal(when('R', "_state/unclean"), 0);
	assert_int_equal(publish(f, "x"), 0);
	assert_true(scratch_has(f->dir, "_state/unclean"));
	assert_true(when('S', "/_state/unclean") < when('S', "/_state"));
	assert_true(when('S', "/_state") < when('R', "_state/dirty"));
	assert_int_equal(store_finish(f->st, &f->e), 0);
	store_close(f->st);
	f->st = NULL;
	assert_false(scratch_has(f->dir, "_state/unclean"));
}

/* It cannot be made durable: nothing is changed. */
static void
test_no_mark_no_change(void **state)
{
	static const char *const paths[] = { "/_state/unclean", "/_state" };
	struct fixture *f = *state;
	size_t i;

	store_close(f->st);
	f->st = NULL;
	assert_int_equal(unlinkat(f->dir->dir, "keep", AT_REMOVEDIR), 0);
	for (i = 0; i < 2; i++) {
		broken = paths[i];
		assert_int_equal(store_open(f->dir->path, STORE_WRITE, &f->st,
		    &f->e), -1);
		assert_false(scratch_has(f->dir, "keep"));
		assert_false(scratch_has(f->dir, "_state/unclean"));
	}
	broken = NULL;
	reopen(f);
}

static void
test_mark_stays(void **state)
{
	struct fixture *f = *state;

	broken = "/x/_manifests";
	assert_int_equal(publish(f, "x"), -1);
	store_close(f->st);
	f->st = NULL;
	assert_true(scratch_has(f->dir, "_state/unclean"));
	broken = NULL;
	reopen(f);
	store_close(f->st);
	f->st = NULL;
	assert_false(scratch_has(f->dir, "_state/unclean"));
}

/* Before anything else is done, and nothing is done where that fails. */
static void
expect_recovery(struct fixture *f)
{
	bool can = fs_can_sync_all(f->dir->dir);

	store_close(f->st);
	f->st = NULL;
	scratch_put(f->dir, "_state/unclean", "");
	syncfs_broken = true;
	assert_int_equal(store_open(f->dir->path, STORE_WRITE, &f->st, &f->e),
	    -1);
	assert_non_null(strstr(f->e.msg, "the last writer died"));
	assert_true(scratch_has(f->dir, "_state/unclean"));
	syncfs_broken = false;
	seen[0] = '\0';
	reopen(f);
	when('A', "");
	if (!can)
		when('S', "/blobs/sha256");
	store_close(f->st);
	f->st = NULL;
	assert_false(scratch_has(f->dir, "_state/unclean"));
}

static void
test_recover(void **state)
{
	expect_recovery(*state);
}

/* A tree of version 1 whose writer died: its number is in the lock. */
static void
test_recover_old(void **state)
{
	struct fixture *f = *state;
	char *text;

	store_close(f->st);
	f->st = NULL;
	assert_int_equal(unlinkat(f->dir->dir, "cdr-layout", 0), 0);
	scratch_put(f->dir, "cdr-layout", "1\n");
	scratch_put(f->dir, "_state/lock", "4711");
	syncfs_broken = true;
	assert_int_equal(store_open(f->dir->path, STORE_WRITE, &f->st, &f->e),
	    -1);
	assert_true(scratch_has(f->dir, "_state/unclean"));
	syncfs_broken = false;
	seen[0] = '\0';
	reopen(f);
	assert_true(when('A', "") < when('R', "cdr-layout"));
	text = scratch_get(f->dir, "cdr-layout");
	assert_string_equal(text, "2\n");
	free(text);
	/* In version 2 the lock says nothing of this. */
	store_close(f->st);
	f->st = NULL;
	scratch_put(f->dir, "_state/lock", "4711");
	seen[0] = '\0';
	reopen(f);
	assert_null(strstr(seen, "A "));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_folder_is_not_forgotten),
		TEST(test_folder_of_an_object),
		TEST(test_one_object),
		TEST(test_all_of_a_round),
		TEST(test_lost_parts),
		TEST(test_mark_is_first),
		TEST(test_no_mark_no_change),
		TEST(test_mark_stays),
		TEST(test_recover),
		TEST(test_recover_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
