#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>

#include "layout/fsutil.h"
#include "tests/unit/scratch.h"

static void
test_read(void **state)
{
	static const size_t sizes[] = { 0, 1, 4094, 4095, 4096, 4097, 20000 };
	struct scratch *s = *state;
	char text[20001], *buf;
	struct err e;
	size_t i, len;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		text[sizes[i]] = '\0';
		scratch_put(s, "f", text);
		text[sizes[i]] = 'x';
		assert_int_equal(fs_read_file(s->dir, "f", sizes[i], &buf,
		    &len, &e), 1);
		assert_int_equal(len, sizes[i]);
		assert_memory_equal(buf, text, len);
		assert_int_equal(buf[len], 0);
		free(buf);
	}
}

static void
test_read_limit(void **state)
{
	struct scratch *s = *state;
	struct err e;
	char *buf = NULL;
	size_t len = 77;

	scratch_put(s, "f", "12345");
	assert_int_equal(fs_read_file(s->dir, "f", 4, &buf, &len, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_string_equal(e.msg, "f: is larger than 4 bytes");
	assert_int_equal(fs_read_file(s->dir, "g", 4, &buf, &len, &e), 0);
	assert_int_equal(fs_read_file(s->dir, ".", 4, &buf, &len, &e), -1);
	assert_null(buf);
	assert_int_equal(len, 77);
}

static void
test_write(void **state)
{
	struct scratch *s = *state;
	int fd = openat(s->dir, "f", O_RDWR | O_CREAT, 0644);
	char *text;

	assert_int_equal(fs_write(fd, "world", 5, 6), 0);
	assert_int_equal(fs_write(fd, "hello ", 6, 0), 0);
	assert_int_equal(fs_write(fd, "", 0, 100), 0);
	text = scratch_get(s, "f");
	assert_string_equal(text, "hello world");
	free(text);
	close(fd);
	fd = openat(s->dir, "f", O_RDONLY);
	assert_int_equal(fs_write(fd, "x", 1, 0), -1);
	assert_int_equal(errno, EBADF);
	close(fd);
}

/* Half of it fits: the rest is an error, and not forgotten. */
static void
test_write_full(void **state)
{
	static char block[8192];
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	if (fd == -1)
		skip();
	assert_int_equal(fs_write(fd, block, sizeof(block), 0), -1);
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void
test_list(void **state)
{
	static const char *const want[] = {
		".hidden", "1.10", "1.9", "A", "a", "a-b", "a.b", "a_b",
		"sha256:x",
	};
	struct scratch *s = *state;
	struct err e;
	char **names;
	size_t i, count;

	assert_int_equal(fs_list(s->dir, ".", &names, &count, &e), 1);
	assert_int_equal(count, 0);
	fs_list_free(names, count);
	for (i = sizeof(want) / sizeof(want[0]); i-- > 0;)
		scratch_put(s, want[i], "");
	assert_int_equal(fs_list(s->dir, ".", &names, &count, &e), 1);
	assert_int_equal(count, sizeof(want) / sizeof(want[0]));
	for (i = 0; i < count; i++)
		assert_string_equal(names[i], want[i]);
	fs_list_free(names, count);
	assert_int_equal(fs_list(s->dir, "absent", &names, &count, &e), 0);
	assert_int_equal(fs_list(s->dir, "a", &names, &count, &e), 0);
}

static void
test_readlink(void **state)
{
	struct scratch *s = *state;
	struct err e;
	char buf[8];

	scratch_put(s, "file", "");
	assert_int_equal(symlinkat("1234567", s->dir, "fits"), 0);
	assert_int_equal(symlinkat("12345678", s->dir, "long"), 0);
	assert_int_equal(fs_readlink(s->dir, "fits", buf, sizeof(buf), &e), 1);
	assert_string_equal(buf, "1234567");
	assert_int_equal(fs_readlink(s->dir, "long", buf, sizeof(buf), &e), 0);
	assert_int_equal(fs_readlink(s->dir, "file", buf, sizeof(buf), &e), 0);
	assert_int_equal(fs_readlink(s->dir, "none", buf, sizeof(buf), &e), 0);
	assert_int_equal(fs_readlink(s->dir, "file/x", buf, sizeof(buf), &e),
	    0);
	assert_int_equal(fs_readlink(s->dir, ".", buf, sizeof(buf), &e), 0);
}

static void
test_sync_dir(void **state)
{
	struct scratch *s = *state;
	struct err e;

	assert_int_equal(fs_sync_dir(s->dir, ".", &e), 0);
	assert_int_equal(fs_sync_dir(s->dir, "absent", &e), -1);
	assert_int_equal(e.code, ERR_SYS);
	assert_int_equal(strncmp(e.msg, "absent: ", 8), 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, \
			    scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read),
		TEST(test_read_limit),
		TEST(test_write),
		TEST(test_write_full),
		TEST(test_list),
		TEST(test_readlink),
		TEST(test_sync_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
