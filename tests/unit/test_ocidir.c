#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/ocidir.h"
#include "scratch.h"

#define ABSENT	"sha256:" \
    "0000000000000000000000000000000000000000000000000000000000000000"

static struct ocidir *
open_layout(const struct scratch *s)
{
	struct ocidir *d;
	struct err e;
	char path[64];

	scratch_put(s, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	scratch_put(s, "index.json", "{\"manifests\":[]}");
	assert_int_equal(mkdirat(s->dir, "blobs", 0755), 0);
	assert_int_equal(mkdirat(s->dir, "blobs/sha256", 0755), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->dir);
	if (ocidir_open(path, &d, &e) == -1)
		fail_msg("%s", e.msg);
	return d;
}

/* A file that is not there, and one that cannot be opened for another reason,
 * are no files: each is told as what it is. */
static void
test_cannot_open(void **state)
{
	const struct ocidir_question q = { "r.example", "app", "blobs",
	    ABSENT };
	struct ocidir *d = open_layout(*state);
	struct ocidir_answer a = { .fd = -1 };
	struct rlimit old, none;
	struct err e = { .code = ERR_NONE };

	assert_int_equal(ocidir_ask(d, &q, &a, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	ocidir_answer_done(&a);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	e.code = ERR_NONE;
	assert_int_equal(ocidir_ask(d, &q, &a, &e), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(e.code, ERR_SYS);
	assert_int_equal(a.fd, -1);
	ocidir_answer_done(&a);
	ocidir_close(d);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cannot_open,
		    scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
