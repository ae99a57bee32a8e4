#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "layout/err.h"

static void
test_set(void **state)
{
	struct err e = { ERR_NET, "of before" };

	(void)state;
	assert_int_equal(err_set(&e, ERR_DATA, "%d of %s", 3, "them"), -1);
	assert_int_equal(e.code, ERR_DATA);
	assert_string_equal(e.msg, "3 of them");
}

/* What speaks of the whole file system ends the run, the rest one image. */
static void
test_sys(void **state)
{
	static const struct {
		int num;
		enum err_code code;
	} cases[] = {
		{ ENOSPC, ERR_STORE }, { EDQUOT, ERR_STORE },
		{ EROFS, ERR_STORE }, { ENOENT, ERR_SYS }, { EIO, ERR_SYS },
		{ EACCES, ERR_SYS },
	};
	char want[256];
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		errno = cases[i].num;
		assert_int_equal(err_sys(&e, "%s: no", "a/b"), -1);
		assert_int_equal(errno, cases[i].num);
		assert_int_equal(e.code, cases[i].code);
		snprintf(want, sizeof(want), "a/b: no: %s",
		    strerror(cases[i].num));
		assert_string_equal(e.msg, want);
	}
}

static void
test_wrap(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, ERR_LIMIT, "too much");
	assert_int_equal(err_wrap(&e, "image %s", "x"), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_string_equal(e.msg, "image x: too much");
	err_wrap(&e, "list");
	assert_string_equal(e.msg, "list: image x: too much");
}

/* Too long is cut, and stays a string. */
static void
test_long(void **state)
{
	char text[2 * ERR_MSG_MAX];
	struct err e;
	int i;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	err_set(&e, ERR_DATA, "%s", text);
	assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
	err_wrap(&e, "%s", text);
	assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
	errno = EIO;
	err_sys(&e, "%s", text);
	assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
	err_set(&e, ERR_DATA, "end");
	for (i = 0; i < 2 * ERR_MSG_MAX; i++)
		err_wrap(&e, "y");
	assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
	assert_memory_equal(e.msg, "y: y: y: ", 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_sys),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
