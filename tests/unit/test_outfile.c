#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/syscall.h>

#include "bundle/outfile.h"
#include "scratch.h"

/* A file system without nameless files, such as that of a stick. */
static bool is_fat;

/* In the place of libc's, also for the files under test. */
int
openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (is_fat && (flags & __O_TMPFILE) == __O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

static struct outfile *
begin(const struct scratch *s, const char *name)
{
	struct outfile *o;
	char path[128];
	struct err e;

	snprintf(path, sizeof(path), "%s/%s", s->path, name);
	if (outfile_open(path, 3, &o, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(write(outfile_fd(o), "new", 3), 3);
	return o;
}

static void
expect(const struct scratch *s, const char *want, int count)
{
	char *text = scratch_get(s, "x.tar");

	if (want == NULL)
		assert_null(text);
	else
		assert_string_equal(text, want);
	free(text);
	assert_int_equal(scratch_count(s, "."), count);
}

/* It has its name when it is whole, and not before. */
static void
play(struct scratch *s, int while_written)
{
	struct outfile *o = begin(s, "x.tar");
	struct err e;

	expect(s, NULL, while_written);
	outfile_drop(o);
	expect(s, NULL, 0);
	o = begin(s, "x.tar");
	assert_int_equal(outfile_finish(o, &e), 0);
	expect(s, "new", 1);
	assert_int_equal(scratch_mode(s, "x.tar"), 0644);
	scratch_put(s, "x.tar", "old");
	o = begin(s, "x.tar");
	expect(s, "old", 1 + while_written);
	outfile_drop(o);
	expect(s, "old", 1);
	o = begin(s, "x.tar");
	assert_int_equal(outfile_finish(o, &e), 0);
	expect(s, "new", 1);
}

static void
test_nameless(void **state)
{
	is_fat = false;
	umask(022);
	play(*state, 0);
	outfile_drop(NULL);
}

static void
test_fat(void **state)
{
	is_fat = true;
	umask(022);
	play(*state, 1);
	is_fat = false;
}

/* By a rename a device, a pipe, a folder would be gone. */
static void
test_no_file(void **state)
{
	struct scratch *s = *state;
	static const char *const names[] = {
		"folder", "folder/", ".", "", "pipe", "link"
	};
	struct outfile *o;
	char path[128];
	struct err e;
	size_t i;

	assert_int_equal(mkdirat(s->dir, "folder", 0755), 0);
	assert_int_equal(mkfifoat(s->dir, "pipe", 0600), 0);
	assert_int_equal(symlinkat("pipe", s->dir, "link"), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->path, names[i]);
		e.code = ERR_NONE;
		assert_int_equal(outfile_open(path, 0, &o, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
	}
	/* One that comes later is found, too. */
	o = begin(s, "late");
	assert_int_equal(mkfifoat(s->dir, "late", 0600), 0);
	assert_int_equal(outfile_finish(o, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(scratch_count(s, "."), 4);
	snprintf(path, sizeof(path), "%s/none/x", s->path);
	assert_int_equal(outfile_open(path, 0, &o, &e), -1);
	assert_int_equal(e.code, ERR_SYS);
}

static void
test_no_room(void **state)
{
	struct scratch *s = *state;
	struct outfile *o;
	char path[128];
	struct err e;

	snprintf(path, sizeof(path), "%s/x.tar", s->path);
	assert_int_equal(outfile_open(path, UINT64_MAX, &o, &e), -1);
	assert_int_equal(e.code, ERR_ROOM);
	assert_non_null(strstr(e.msg, "18446744073709551615 bytes"));
	assert_int_equal(scratch_count(s, "."), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nameless, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_fat, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_no_file, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_no_room, scratch_setup,
		    scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
