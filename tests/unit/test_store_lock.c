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

static struct store *
open_store(const struct scratch *s)
{
	struct store *st;
	struct err e;

	if (store_open(s->path, STORE_WRITE, &st, &e) == -1)
		fail_msg("%s", e.msg);
	return st;
}

/* It is refused, and the sentence has ${what} in it. */
static void
expect_refused(const struct scratch *s, const char *what)
{
	struct store *st = NULL;
	struct err e = { .code = ERR_NONE };

	assert_int_equal(store_open(s->path, STORE_WRITE, &st, &e), -1);
	assert_null(st);
	assert_int_equal(e.code, ERR_STORE);
	if (strstr(e.msg, what) == NULL)
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

/* --- who holds it --- */

static void
test_one_writer(void **state)
{
	struct scratch *s = *state;
	struct store *writer = open_store(s), *reader;
	struct err e;
	char holder[200], host[65] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(holder, sizeof(holder), "another cdr is writing to this tree: "
	    "process %ld on %s since 20", (long)getpid(), host);
	expect_refused(s, holder);
	assert_int_equal(store_open(s->path, STORE_READ, &reader, &e), 0);
	store_close(reader);
	expect_refused(s, holder);
	store_close(writer);
	expect_text(s, "_state/lock", "");
	store_close(open_store(s));
}

/* What is in the file is for people, and may be anybody's. */
static void
test_odd_holders(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "", ": process unknown;" },
		{ "4711", ": process 4711;" },
		{ "4711\n", ": process 4711;" },
		{ "4711 pod-a 2026-11-20T10:53:07Z\n", ": process 4711 on "
		    "pod-a since 2026-11-20T10:53:07Z;" },
		{ "4711 \033[2J 2026-11-20T10:53:07Z\n", ": process 4711;" },
		{ "47\00711 pod", ": process unknown" },
		{ "x", ": process unknown;" },
		{ "4711 pod-a <script>", ": process 4711 on pod-a;" },
	};
	struct scratch *s = *state;
	char longer[400];
	size_t i;
	int fd;

	store_close(open_store(s));
	fd = openat(s->dir, "_state/lock", O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scratch_put(s, "_state/lock", cases[i].text);
		expect_refused(s, cases[i].said);
		expect_text(s, "_state/lock", cases[i].text);
	}
	memset(longer, '7', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	scratch_put(s, "_state/lock", longer);
	expect_refused(s, "process 777");
	close(fd);
}

/* All that stat(2) tells of what a refused writer might have touched. */
static void
look(const struct scratch *s, char *buf, size_t len)
{
	static const char *const paths[] = {
		".", "_state", "_state/lock", "_state/publish",
		"_state/keep.lock", "_state/unclean", "_state/tmp",
		"_state/partial", "_state/tmp/7", "blobs", "keep", "cdr-layout",
	};
	struct stat sb;
	size_t i, used = 0;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		memset(&sb, 0, sizeof(sb));
		(void)fstatat(s->dir, paths[i], &sb, AT_SYMLINK_NOFOLLOW);
		used += (size_t)snprintf(buf + used, len - used,
		    "%s %lo %ld %ld.%ld %ld.%ld\n", paths[i],
		    (unsigned long)sb.st_mode, (long)sb.st_size,
		    (long)sb.st_mtim.tv_sec, (long)sb.st_mtim.tv_nsec,
		    (long)sb.st_ctim.tv_sec, (long)sb.st_ctim.tv_nsec);
		assert_true(used < len);
	}
}

/* Also where modes are odd, folders are missing, and the version is old. */
static void
test_refused_touches_nothing(void **state)
{
	struct scratch *s = *state;
	char before[4096], after[4096], *lock;
	struct store *writer = open_store(s);

	assert_int_equal(unlinkat(s->dir, "keep", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(s->dir, "_state/publish", 0), 0);
	assert_int_equal(unlinkat(s->dir, "_state/keep.lock", 0), 0);
	assert_int_equal(fchmodat(s->dir, "_state", 0755, 0), 0);
	assert_int_equal(unlinkat(s->dir, "cdr-layout", 0), 0);
	scratch_put(s, "cdr-layout", "1\n");
	scratch_put(s, "_state/tmp/7", "the writer's");
	lock = scratch_get(s, "_state/lock");
	look(s, before, sizeof(before));
	expect_refused(s, "another cdr");
	look(s, after, sizeof(after));
	assert_string_equal(before, after);
	expect_text(s, "_state/lock", lock);
	free(lock);
	store_close(writer);
}

/* --- waiting --- */

static void
test_wait(void **state)
{
	struct scratch *s = *state;
	struct store_patience p = { .seconds = 20, .stop_fd = -1 };
	struct store *st = NULL;
	struct err e = { .code = ERR_NONE };
	struct timespec ms = { 0, 300 * 1000 * 1000 };
	int status, ready[2];
	char byte;
	pid_t pid;

	store_close(open_store(s));
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (store_open(s->path, STORE_WRITE, &st, &e) == -1 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		nanosleep(&ms, NULL);
		store_close(st);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(store_open_patient(s->path, &p, &st, &e), 0);
	store_close(st);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
}

/* Who takes moments is waited for by who has no patience. */
static void
test_brief(void **state)
{
	struct scratch *s = *state;
	struct store_patience p = { .stop_fd = -1, .is_brief = true };
	struct store *st = NULL;
	struct err e = { .code = ERR_NONE };
	struct timespec ms = { 0, 600 * 1000 * 1000 };
	int status, ready[2], stop[2];
	char byte;
	pid_t pid;

	store_close(open_store(s));
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (store_open_patient(s->path, &p, &st, &e) != 0 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		nanosleep(&ms, NULL);
		store_close(st);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	/* But not by who is told to stop. */
	assert_int_equal(pipe(stop), 0);
	assert_int_equal(write(stop[1], "x", 1), 1);
	p.stop_fd = stop[0];
	assert_int_equal(store_open_patient(s->path, &p, &st, &e), 1);
	assert_non_null(strstr(e.msg, "another cdr"));
	store_close(open_store(s));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
	close(stop[0]);
	close(stop[1]);
}

static void
test_wait_in_vain(void **state)
{
	struct scratch *s = *state;
	struct store *writer = open_store(s), *st = NULL;
	struct store_patience p = { .seconds = 1, .stop_fd = -1 };
	struct err e = { .code = ERR_NONE };
	time_t from = time(NULL);
	int stop[2];

	assert_int_equal(store_open_patient(s->path, &p, &st, &e), 1);
	assert_null(st);
	assert_int_equal(e.code, ERR_STORE);
	assert_non_null(strstr(e.msg, "another cdr"));
	/* Told to stop, it does not wait on. */
	assert_int_equal(pipe(stop), 0);
	assert_int_equal(write(stop[1], "x", 1), 1);
	p.seconds = 1000;
	p.stop_fd = stop[0];
	assert_int_equal(store_open_patient(s->path, &p, &st, &e), 1);
	assert_true(time(NULL) - from < 30);
	close(stop[0]);
	close(stop[1]);
	store_close(writer);
}

/* Whoever removes what is not needed has them exclusively; a writer relies on
 * it that nobody does. */
static void
test_keep_lock(void **state)
{
	struct scratch *s = *state;
	struct store *writer = open_store(s);
	int fd = openat(s->dir, "_state/keep.lock", O_RDWR);

	assert_int_not_equal(fd, -1);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(flock(fd, LOCK_SH | LOCK_NB), 0);
	store_close(writer);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	expect_refused(s, "is being removed from this tree");
	close(fd);
	store_close(open_store(s));
}

/* So does a reader that says so, whatever it may change. */
static void
test_keep(void **state)
{
	static const enum store_mode modes[] = { STORE_READ, STORE_STEP };
	static const struct store_patience none = { .stop_fd = -1 };
	struct scratch *s = *state;
	struct store *st;
	struct err e;
	size_t i;
	int fd;

	store_close(open_store(s));
	fd = openat(s->dir, "_state/keep.lock", O_RDWR);
	for (i = 0; i < 2; i++) {
		assert_int_equal(store_open(s->path, modes[i], &st, &e), 0);
		assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
		assert_int_equal(store_keep(st, &none, &e), 1);
		assert_non_null(strstr(e.msg, "is being removed"));
		store_close(st);
		assert_int_equal(flock(fd, LOCK_UN), 0);
		assert_int_equal(store_open(s->path, modes[i], &st, &e), 0);
		assert_int_equal(store_keep(st, &none, &e), 0);
		assert_int_equal(store_keep(st, &none, &e), 0);
		assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
		store_close(st);
		assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
		assert_int_equal(flock(fd, LOCK_UN), 0);
	}
	close(fd);
	/* Without the file a reader makes none. */
	assert_int_equal(unlinkat(s->dir, "_state/keep.lock", 0), 0);
	assert_int_equal(store_open(s->path, STORE_READ, &st, &e), 0);
	assert_int_equal(store_keep(st, &none, &e), 0);
	store_close(st);
	assert_false(scratch_has(s, "_state/keep.lock"));
}

/* --- a writer that died --- */

/* A child that has opened the tree, and dies. */
static pid_t
die_in(const struct scratch *s)
{
	struct store *st;
	struct err e;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (store_open(s->path, STORE_WRITE, &st, &e) == -1)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return pid;
}

static void
test_mark(void **state)
{
	struct scratch *s = *state;
	char *text;
	pid_t pid = die_in(s);

	assert_true(scratch_has(s, "_state/unclean"));
	assert_int_equal(scratch_mode(s, "_state/unclean"), 0600);
	text = scratch_get(s, "_state/lock");
	assert_int_equal(strtol(text, NULL, 10), pid);
	free(text);
	store_close(open_store(s));
	assert_false(scratch_has(s, "_state/unclean"));
}

/* Who finds the mark and dies, too, leaves it. */
static void
test_mark_stays(void **state)
{
	struct scratch *s = *state;

	die_in(s);
	die_in(s);
	assert_true(scratch_has(s, "_state/unclean"));
	store_close(open_store(s));
	assert_false(scratch_has(s, "_state/unclean"));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, \
			    scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_writer),
		TEST(test_odd_holders),
		TEST(test_refused_touches_nothing),
		TEST(test_wait),
		TEST(test_brief),
		TEST(test_wait_in_vain),
		TEST(test_keep_lock),
		TEST(test_keep),
		TEST(test_mark),
		TEST(test_mark_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
