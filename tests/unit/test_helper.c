#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "layout/clock.h"
#include "layout/fsutil.h"
#include "layout/mem.h"
#include "registry/helper.h"
#include "report/outside.h"
#include "scratch.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define SECRET_JSON	"{\"ServerURL\":\"x\",\"Username\":\"u\"," \
			"\"Secret\":\"SECRET\"}"

static const char *dir;

/* A helper named ${suffix} that runs these lines of shell. */
static void
make_helper(const char *suffix, const char *lines)
{
	char *path = xasprintf("%s/docker-credential-%s", dir, suffix);
	char *text = xasprintf("#!/bin/sh\n%s\n", lines);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_true(fd != -1);
	assert_int_equal(fs_write(fd, text, strlen(text), 0), 0);
	close(fd);
	free(text);
	free(path);
}

static int
setup(void **state)
{
	char *path;

	if (scratch_setup(state) == -1)
		return -1;
	dir = ((const struct scratch *)*state)->path;
	path = xasprintf("%s:%s", dir, getenv("PATH"));
	setenv("PATH", path, 1);
	free(path);
	return 0;
}

static enum helper_end
get(const char *lines, int timeout_ms, struct credential *ret,
    struct err *e)
{
	*ret = (struct credential){ 0 };
	e->code = ERR_NONE;
	e->msg[0] = '\0';
	make_helper("test", lines);
	return helper_get("test", "reg.example:5000", timeout_ms, NULL, ret,
	    e);
}

static void
test_answers(void **state)
{
	struct credential c;
	struct err e;

	(void)state;
	assert_int_equal(get("echo '" SECRET_JSON "'", 5000, &c, &e),
	    HELPER_ANSWERED);
	assert_string_equal(c.username, "u");
	assert_string_equal(c.password, "SECRET");
	credential_done(&c);
	assert_int_equal(get("echo '{\"Username\":\"<token>\",\"Secret\":"
	    "\"T\"}'; echo note >&2", 5000, &c, &e), HELPER_ANSWERED);
	assert_null(c.username);
	assert_string_equal(c.identity_token, "T");
	credential_done(&c);
	/* in pieces, and slowly */
	assert_int_equal(get("printf '{\"Username\":'; sleep 0.2; "
	    "printf '\"u\",\"Secret\":'; sleep 0.2; echo '\"s\"}'", 5000, &c,
	    &e), HELPER_ANSWERED);
	assert_string_equal(c.password, "s");
	credential_done(&c);
}

/* What it is run with: one argument, the server, our environment. */
static void
test_surroundings(void **state)
{
	struct credential c;
	struct err e;
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_true(fd > 2);	/* one that it must not get */
	setenv("HELPER_TEST", "from us", 1);
	assert_int_equal(get("read -r server || :\n"
	    "fds=$(cd /proc/self/fd && echo *)\n"
	    "for fd in $fds; do [ \"$fd\" -gt 2 ] || continue; "
	    "case $(readlink /proc/$$/fd/$fd) in "
	    "*/null) leak=yes;; esac; done\n"
	    "printf '{\"Username\":\"%s\",\"Secret\":\"%s,%s,%s,%s\"}' "
	    "\"$server\" \"$*\" $# \"$HELPER_TEST\" \"${leak-no}\"",
	    5000, &c, &e), HELPER_ANSWERED);
	assert_string_equal(c.username, "reg.example:5000");
	assert_string_equal(c.password, "get,1,from us,no");
	credential_done(&c);
	close(fd);
	/* it need not read its input */
	assert_int_equal(get("exec <&-; echo '" SECRET_JSON "'", 5000, &c,
	    &e), HELPER_ANSWERED);
	credential_done(&c);
}

static void
test_none(void **state)
{
	struct credential c;
	struct err e;

	(void)state;
	assert_int_equal(get("echo 'credentials not found in native "
	    "keychain'; exit 1", 5000, &c, &e), HELPER_NONE);
	assert_int_equal(get("echo 'error: credentials not found' >&2; "
	    "exit 1", 5000, &c, &e), HELPER_NONE);
	assert_null(c.password);
}

/* What it does, and what the message says then. */
static const struct {
	const char *lines, *says;
} bad[] = {
	{ "exit 1", "ended with 1" },
	{ "echo SECRET; exit 3", "ended with 3" },
	{ "printf '\\n  no\\033[31m key\\tring \\r\\nSECRET\\n' >&2; exit 2",
	    "ended with 2: no [31m key ring" },
	{ "printf 'caf\\303\\251' >&2; exit 2", "ended with 2: caf" },
	{ "kill -KILL $$", "ended by signal 9" },
	{ "echo '" SECRET_JSON "'; exit 1", "ended with 1" },
	{ "", "JSON" },
	{ "echo SECRET", "JSON" },
	{ "echo '[\"SECRET\"]'", "object" },
	{ "echo '{\"Username\":\"SECRET\"}'", "missing" },
	{ "printf '\\000\\377SECRET'", "JSON" },
	{ "echo 'not found'; exit 1", "ended with 1" },
	/* a lot, and for ever */
	{ "head -c 65537 /dev/zero; sleep 60", "more than 65536 bytes" },
	{ "while :; do echo SECRETSECRETSECRETSECRETSECRETSECRET; done",
	    "more than 65536 bytes" },
	{ "trap '' TERM; while :; do echo SECRET >&2; done",
	    "not answered in 700 ms" },
	{ "exec >&- 2>&-; exec sleep 60", "not answered in 700 ms" },
	{ "sleep 60 & wait", "not answered in 700 ms" },
};

static void
test_bad(void **state)
{
	struct credential c;
	struct err e;
	int64_t from_ms;
	size_t i;

	(void)state;
	/* Short ones of the cases before have helpers' words left out. */
	outside_forget();
	for (i = 0; i < COUNT(bad); i++) {
		from_ms = clock_ms();
		if (get(bad[i].lines, 700, &c, &e) != HELPER_FAILED)
			fail_msg("[%s] has not failed", bad[i].lines);
		if (strstr(e.msg, bad[i].says) == NULL)
			fail_msg("[%s]: \"%s\"", bad[i].lines, e.msg);
		assert_non_null(strstr(e.msg, "docker-credential-test get "
		    "reg.example:5000: "));
		assert_null(strstr(e.msg, "SECRET"));
		assert_null(strchr(e.msg, '\033'));
		assert_int_not_equal(e.msg[strlen(e.msg) - 1], ' ');
		assert_null(c.password);
		assert_true(clock_ms() - from_ms < 5000);
	}
}

/* 65536 bytes are not too much. */
static void
test_largest(void **state)
{
	struct credential c;
	struct err e;

	(void)state;
	assert_int_equal(get("printf '{\"Username\":\"u\",\"Secret\":\"s\"}'; "
	    "head -c 65507 /dev/zero | tr '\\0' ' '", 5000, &c, &e),
	    HELPER_ANSWERED);
	credential_done(&c);
	/* and a long complaint is cut */
	assert_int_equal(get("head -c 100000 /dev/zero | tr '\\0' 'x' >&2; "
	    "exit 1", 5000, &c, &e), HELPER_FAILED);
	assert_true(strlen(e.msg) < 300);
}

static void
test_absent(void **state)
{
	struct credential c = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(helper_get("absent", "reg.example", 5000, NULL, &c,
	    &e), HELPER_FAILED);
	assert_non_null(strstr(e.msg, "docker-credential-absent"));
	assert_non_null(strstr(e.msg, "PATH"));
}

/* What it started is killed with it. */
static void
test_family(void **state)
{
	struct credential c;
	struct err e;
	char *lines = xasprintf("(sleep 1; touch %s/survived) & wait", dir);
	char *path = xasprintf("%s/survived", dir);

	(void)state;
	assert_int_equal(get(lines, 200, &c, &e), HELPER_FAILED);
	sleep(2);
	assert_int_equal(access(path, F_OK), -1);
	free(path);
	free(lines);
}

/* An agent that keeps its output open is not waited for. */
static void
test_agent(void **state)
{
	struct credential c;
	struct err e;
	int64_t from_ms = clock_ms();

	(void)state;
	assert_int_equal(get("sleep 3 &\necho '" SECRET_JSON "'", 5000, &c,
	    &e), HELPER_ANSWERED);
	assert_true(clock_ms() - from_ms < 2000);
	assert_string_equal(c.password, "SECRET");
	credential_done(&c);
}

static void *
stop_soon(void *cookie)
{
	atomic_bool *stop = cookie;

	usleep(200 * 1000);
	atomic_store(stop, true);
	return NULL;
}

static void
test_stop(void **state)
{
	atomic_bool stop = false;
	struct credential c = { 0 };
	struct err e;
	pthread_t thread;
	int64_t from_ms = clock_ms();

	(void)state;
	make_helper("test", "sleep 60");
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
	assert_int_equal(helper_get("test", "r.example", 30000, &stop, &c,
	    &e), HELPER_FAILED);
	assert_int_equal(e.code, ERR_CANCELLED);
	assert_true(clock_ms() - from_ms < 3000);
	pthread_join(thread, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_surroundings),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_stop),
	};

	signal(SIGPIPE, SIG_IGN);	/* as in the program */
	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
