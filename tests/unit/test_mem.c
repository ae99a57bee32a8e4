#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "layout/mem.h"

static void
test_grows(void **state)
{
	char *p = xreallocarray(NULL, 3, 2);

	(void)state;
	memcpy(p, "hello", 6);
	p = xreallocarray(p, 1000, 100);
	assert_string_equal(p, "hello");
	free(p);
	p = xreallocarray(NULL, 0, 8);
	assert_non_null(p);
	free(p);
	p = xreallocarray(NULL, 8, 0);
	assert_non_null(p);
	free(p);
}

static void
test_list(void **state)
{
	size_t i, moved = 0, *list = NULL, *before;

	(void)state;
	for (i = 0; i < 1000; i++) {
		before = list;
		list = xgrow(list, i, sizeof(*list));
		if ((i & (i - 1)) == 0)
			moved++;
		else
			assert_ptr_equal(list, before);
		list[i] = i;
	}
	for (i = 0; i < 1000; i++)
		assert_int_equal(list[i], i);
	assert_int_equal(moved, 11);
	/* What has become shorter meanwhile may grow again. */
	for (i = 3; i < 600; i++) {
		list = xgrow(list, i, sizeof(*list));
		list[i] = i + 1;
	}
	assert_int_equal(list[599], 600);
	free(list);
}

/* In a process of its own: the signal that ends it. */
static int
signal_of(size_t count, size_t len)
{
	static const struct rlimit none = { 0, 0 };
	int status, null;
	pid_t pid = fork();

	if (pid == 0) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		setrlimit(RLIMIT_CORE, &none);
		/* cmocka would take it for a failed test. */
		signal(SIGABRT, SIG_DFL);
		free(xreallocarray(NULL, count, len));
		_exit(0);
	}
	assert_int_not_equal(pid, -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* A product that overflows to a few bytes is no small allocation. */
static void
test_overflow(void **state)
{
	(void)state;
	assert_int_equal(signal_of(SIZE_MAX / 4 + 2, 4), SIGABRT);
	assert_int_equal(signal_of(4, SIZE_MAX / 4 + 2), SIGABRT);
	assert_int_equal(signal_of(4, 4), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
