#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "layout/store.h"
#include "tests/unit/scratch.h"

#define TYPE	"application/vnd.oci.image.manifest.v1+json"

static struct store *
open_as(const struct scratch *s, enum store_mode mode)
{
	struct store *st;
	struct err e;

	if (store_open(s->path, mode, &st, &e) == -1)
		fail_msg("%s", e.msg);
	return st;
}

static void
expect_refused(const char *path, const char *what)
{
	struct store *st = NULL;
	struct err e = { .code = ERR_NONE };

	assert_int_equal(store_open(path, STORE_STEP, &st, &e), -1);
	assert_null(st);
	assert_int_equal(e.code, ERR_STORE);
	if (strstr(e.msg, what) == NULL)
		fail_msg("it says: %s", e.msg);
}

static void
print_text(FILE *out, void *cookie)
{
	fputs(cookie, out);
}

/* A step that writes status/NAME. */
static void
write_in_step(struct store *st, const char *name)
{
	char text[] = "x\n";
	struct err e;

	assert_int_equal(store_step_begin(st, &e), 0);
	assert_int_equal(store_write_status(st, name, print_text, text, &e),
	    0);
	assert_int_equal(store_step_end(st, &e), 0);
}

/* --- opening --- */

static void
test_makes_no_tree(void **state)
{
	struct scratch *s = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/absent", s->path);
	expect_refused(path, "there is no such folder");
	assert_false(scratch_has(s, "absent"));
	expect_refused(s->path, "not a CDR tree");
	assert_int_equal(scratch_count(s, "."), 0);
	scratch_put(s, "thesis.tex", "precious");
	expect_refused(s->path, "not a CDR tree");
	assert_int_equal(scratch_count(s, "."), 1);
}

static void
test_versions(void **state)
{
	struct scratch *s = *state;
	char *text;

	store_close(open_as(s, STORE_WRITE));
	assert_int_equal(unlinkat(s->dir, "_state/publish", 0), 0);
	assert_int_equal(unlinkat(s->dir, "cdr-layout", 0), 0);
	scratch_put(s, "cdr-layout", "1\n");
	expect_refused(s->path, "layout version 1");
	scratch_put(s, "cdr-layout", "3\n");
	expect_refused(s->path, "use a newer cdr");
	assert_false(scratch_has(s, "_state/publish"));
	text = scratch_get(s, "cdr-layout");
	assert_string_equal(text, "3\n");
	free(text);
}

/* Who copies a tree may leave out _state. */
static void
test_copy(void **state)
{
	struct scratch *s = *state;
	struct store *st;

	store_close(open_as(s, STORE_WRITE));
	scratch_remove(s->dir, "_state");
	st = open_as(s, STORE_STEP);
	write_in_step(st, "note");
	store_close(st);
	assert_int_equal(scratch_mode(s, "_state"), 0700);
	assert_int_equal(scratch_mode(s, "_state/publish"), 0600);
	assert_int_equal(scratch_mode(s, "status/note"), 0444);
	assert_int_equal(scratch_count(s, "_state/tmp"), 0);
	/* No writer has been here, and none has died. */
	assert_false(scratch_has(s, "_state/lock"));
	assert_false(scratch_has(s, "_state/unclean"));
	scratch_remove(s->dir, "_state");
	assert_int_equal(chmod(s->path, 0775), 0);
	store_close(open_as(s, STORE_STEP));
	assert_int_equal(scratch_mode(s, "_state"), 0770);
	assert_int_equal(scratch_mode(s, "_state/publish"), 0660);
}

static void
test_who_may_not(void **state)
{
	struct scratch *s = *state;

	bool is_root = geteuid() == 0;

	store_close(open_as(s, STORE_WRITE));
	assert_int_equal(chmod(s->path, 0755), 0);
	assert_int_equal(fchmodat(s->dir, "repos", 0555, 0), 0);
	if (is_root)
		assert_int_equal(seteuid(65534), 0);
	expect_refused(s->path, "belongs to user");
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(fchmodat(s->dir, "repos", 0755, 0), 0);
}

static void
test_odd_lock(void **state)
{
	struct scratch *s = *state;

	store_close(open_as(s, STORE_WRITE));
	assert_int_equal(unlinkat(s->dir, "_state/publish", 0), 0);
	assert_int_equal(symlinkat("../cdr-layout", s->dir, "_state/publish"),
	    0);
	expect_refused(s->path, "_state/publish");
}

/* --- beside a writer --- */

static void
test_beside_writer(void **state)
{
	struct scratch *s = *state;
	struct store *writer = open_as(s, STORE_WRITE);
	struct store *st = open_as(s, STORE_STEP);
	char *lock = scratch_get(s, "_state/lock"), *after;
	struct err e;
	int fd = openat(s->dir, "_state/publish", O_RDWR);

	write_in_step(st, "one");
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(flock(fd, LOCK_UN), 0);
	assert_int_equal(store_step_begin(st, &e), 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(store_step_end(st, &e), 0);
	/* The writer makes some as well. */
	write_in_step(writer, "two");
	store_close(st);
	/* It has taken nothing from the writer. */
	after = scratch_get(s, "_state/lock");
	assert_string_equal(lock, after);
	free(lock);
	free(after);
	assert_true(scratch_has(s, "_state/unclean"));
	store_close(writer);
	assert_false(scratch_has(s, "_state/unclean"));
	close(fd);
}

/* In the middle of a file: say so, and wait. */
static void
print_slowly(FILE *out, void *cookie)
{
	const int *ready = cookie;
	struct timespec ms = { 0, 300 * 1000 * 1000 };

	fputs("whole\n", out);
	if (write(*ready, "x", 1) != 1)
		_exit(1);
	nanosleep(&ms, NULL);
}

static void
print_and_die(FILE *out, void *cookie)
{
	fputs("half", out);
	fflush(out);
	(void)cookie;
	kill(getpid(), SIGKILL);
}

/* A child that writes status/note in a step. */
static pid_t
start_step(const struct scratch *s, store_print_fn *print, int ready)
{
	struct store *st;
	struct err e;
	pid_t pid = fork();

	if (pid == 0) {
		if (store_open(s->path, STORE_STEP, &st, &e) == -1 ||
		    store_step_begin(st, &e) == -1 ||
		    store_write_status(st, "note", print, &ready, &e) == -1 ||
		    store_step_end(st, &e) == -1)
			_exit(1);
		store_close(st);
		_exit(0);
	}
	return pid;
}

/* A writer that begins does not take away what a step has begun. */
static void
test_living_file(void **state)
{
	struct scratch *s = *state;
	int status, ready[2];
	char byte, *text;
	pid_t pid;

	store_close(open_as(s, STORE_WRITE));
	assert_int_equal(pipe(ready), 0);
	pid = start_step(s, print_slowly, ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(scratch_count(s, "_state/tmp"), 1);
	store_close(open_as(s, STORE_WRITE));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	text = scratch_get(s, "status/note");
	assert_non_null(text);
	assert_string_equal(text, "whole\n");
	free(text);
	close(ready[0]);
	close(ready[1]);
}

static void
test_dead_step(void **state)
{
	struct scratch *s = *state;
	struct store *st;
	int status;
	pid_t pid;

	store_close(open_as(s, STORE_WRITE));
	pid = start_step(s, print_and_die, -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_false(scratch_has(s, "status/note"));
	assert_int_equal(scratch_count(s, "_state/tmp"), 1);
	/* It keeps nobody from working, and the next writer clears it away. */
	st = open_as(s, STORE_STEP);
	write_in_step(st, "other");
	store_close(st);
	store_close(open_as(s, STORE_WRITE));
	assert_int_equal(scratch_count(s, "_state/tmp"), 0);
}

/* Lists that a step has left behind are written by the writer at its end. */
static void
test_lists_behind(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_as(s, STORE_WRITE);
	struct stat before, after;
	struct err e;

	assert_int_equal(fstatat(s->dir, "index.json", &before, 0), 0);
	assert_int_equal(store_finish(st, &e), 0);
	assert_int_equal(fstatat(s->dir, "index.json", &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	scratch_put(s, "_state/dirty", "");
	assert_int_equal(store_finish(st, &e), 0);
	assert_int_equal(fstatat(s->dir, "index.json", &after, 0), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	assert_false(scratch_has(s, "_state/dirty"));
	store_close(st);
}

/* --- the number of changes --- */

static void
publish(struct store *st, const char *tag)
{
	static const char text[] = "{\"n\":1}";
	struct publication p = { .registry = "docker.io",
	    .repository = "library/x", .tag = tag, .count = 1 };
	struct staged *staged = NULL;
	struct manifest_id id;
	struct err e, *result = &e;

	snprintf(id.media_type, sizeof(id.media_type), "%s", TYPE);
	digest_of(DIGEST_SHA256, text, strlen(text), &id.digest);
	p.root = id;
	p.manifests = &id;
	assert_int_equal(store_stage_manifest(st, &id, text, strlen(text),
	    &staged, &e), 0);
	store_commit(st, &staged, 1, &result);
	assert_int_equal(e.code, ERR_NONE);
	if (store_publish(st, &p, 1, &e) == -1)
		fail_msg("%s", e.msg);
}

static void
test_generation(void **state)
{
	struct scratch *s = *state;
	struct store *writer = open_as(s, STORE_WRITE), *st, *reader;
	uint64_t first = store_generation(writer);
	struct stat sb;

	/* A full disk does not keep anybody from counting on. */
	assert_int_equal(fstatat(s->dir, "_state/publish", &sb, 0), 0);
	assert_int_equal(sb.st_size, 8);
	st = open_as(s, STORE_STEP);
	reader = open_as(s, STORE_READ);
	assert_int_equal(store_generation(st), first);
	write_in_step(st, "note");
	assert_int_equal(store_generation(writer), first);
	publish(writer, "1");
	assert_int_equal(store_generation(writer), first + 1);
	publish(writer, "2");
	assert_int_equal(store_generation(writer), first + 2);
	assert_int_equal(store_generation(st), first + 2);
	assert_int_equal(store_generation(reader), 0);
	store_close(reader);
	store_close(st);
	store_close(writer);
	/* What is no number begins anew. */
	scratch_put(s, "_state/publish", "\377\377\377");
	writer = open_as(s, STORE_WRITE);
	assert_int_equal(store_generation(writer), 0);
	store_close(writer);
}

/* It goes on where it was. */
static void
test_generation_carries(void **state)
{
	struct scratch *s = *state;
	struct store *st;
	int fd;

	store_close(open_as(s, STORE_WRITE));
	fd = openat(s->dir, "_state/publish", O_WRONLY);
	assert_int_equal(pwrite(fd, "\377\377\0\0\0\0\0\1", 8, 0), 8);
	close(fd);
	st = open_as(s, STORE_WRITE);
	assert_int_equal(store_generation(st), 0x010000000000ffffu);
	publish(st, "1");
	assert_int_equal(store_generation(st), 0x0100000000010000u);
	store_close(st);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, \
			    scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_makes_no_tree),
		TEST(test_versions),
		TEST(test_copy),
		TEST(test_who_may_not),
		TEST(test_odd_lock),
		TEST(test_beside_writer),
		TEST(test_living_file),
		TEST(test_dead_step),
		TEST(test_lists_behind),
		TEST(test_generation),
		TEST(test_generation_carries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
