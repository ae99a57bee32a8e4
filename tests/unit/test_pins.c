#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "layout/pins.h"
#include "layout/store.h"
#include "tests/unit/scratch.h"

#define HEX64	"00000000000000000000000000000000" \
		"000000000000000000000000000000ff"
#define ONE	"docker.io/library/nginx:1.27"
#define TWO	"reg.example:5000/a/b@sha256:" HEX64

static struct pins
parse(const char *text)
{
	struct pins p;
	struct err e;

	if (pins_parse(text, strlen(text), &p, &e) == -1)
		fail_msg("%s", e.msg);
	return p;
}

static void
expect_text(const struct pins *p, const char *want)
{
	size_t len;
	char *text = pins_text(p, &len);

	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
}

static void
test_names(void **state)
{
	static const char *const odd[] = {
		"nginx", "nginx:1.27", "library/nginx:1.27", "docker.io/",
		"docker.io/library/nginx", "docker.io/library/nginx:",
		"docker.io/library/nginx@", "docker.io/library/nginx@sha256:x",
		"docker.io/library/nginx:1@sha256:" HEX64,
		"docker.io/library/Nginx:1", "docker.io/../nginx:1",
		"docker.io/_x/nginx:1", "Docker.io/library/nginx:1",
		"docker.io//nginx:1", "/library/nginx:1", ONE " ", " " ONE,
		ONE "\r", ONE " # why", "docker.io/x:a/b", "docker.io:1", "x",
	};
	char text[1000];
	struct pins p = { NULL, 0, 0, NULL };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		snprintf(text, sizeof(text), "# mine\n\n%s\n" ONE "\n",
		    odd[i]);
		e.code = ERR_NONE;
		if (pins_parse(text, strlen(text), &p, &e) != -1)
			fail_msg("\"%s\" is taken", odd[i]);
		assert_int_equal(e.code, ERR_DATA);
		assert_non_null(strstr(e.msg, "line 3 is no full name"));
		assert_null(p.lines);
	}
	/* Not by its first part alone. */
	assert_int_equal(pins_parse(ONE "\0" TWO "\n", sizeof(ONE "\0" TWO),
	    &p, &e), -1);
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "docker.io/", 10);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(pins_parse(text, strlen(text), &p, &e), -1);
}

static void
test_changes(void **state)
{
	struct pins p = parse("");
	size_t at = 0;

	(void)state;
	assert_false(pins_have(&p, ONE));
	assert_null(pins_next(&p, &at));
	assert_false(pins_remove(&p, ONE));
	assert_true(pins_add(&p, TWO));
	assert_true(pins_add(&p, ONE));
	assert_false(pins_add(&p, ONE));
	assert_true(pins_have(&p, ONE));
	assert_true(pins_have(&p, TWO));
	assert_false(pins_have(&p, "docker.io/library/nginx:1.2"));
	expect_text(&p, TWO "\n" ONE "\n");
	assert_true(pins_remove(&p, TWO));
	assert_false(pins_have(&p, TWO));
	assert_true(pins_have(&p, ONE));
	expect_text(&p, ONE "\n");
	pins_done(&p);
}

/* What people remark, and the order in which they have it, is theirs. */
static void
test_remarks(void **state)
{
	struct pins p = parse("# for the auditors\n" TWO "\n\n" ONE "\n"
	    TWO);
	size_t at = 0;

	(void)state;
	assert_string_equal(pins_next(&p, &at), TWO);
	assert_string_equal(pins_next(&p, &at), ONE);
	assert_string_equal(pins_next(&p, &at), TWO);
	assert_null(pins_next(&p, &at));
	assert_true(pins_have(&p, TWO));
	assert_true(pins_remove(&p, TWO));
	expect_text(&p, "# for the auditors\n\n" ONE "\n");
	pins_done(&p);
}

static void
test_full_name(void **state)
{
	char buf[FULL_NAME_MAX];

	(void)state;
	assert_string_equal(full_name("docker.io", "library/nginx", "1.27",
	    buf), ONE);
	assert_string_equal(full_name("reg.example:5000", "a/b",
	    "sha256:" HEX64, buf), TWO);
}

/* --- in the tree --- */

static void
test_file(void **state)
{
	struct scratch *s = *state;
	struct store *st;
	struct pins p;
	struct err e;
	uint64_t before;
	char *text;

	assert_int_equal(store_open(s->path, STORE_WRITE, &st, &e), 0);
	store_close(st);
	assert_int_equal(store_open(s->path, STORE_STEP, &st, &e), 0);
	assert_int_equal(store_pins_read(st, &p, &e), 0);
	assert_int_equal(p.count, 0);
	before = store_generation(st);
	assert_int_equal(unlinkat(s->dir, "keep", AT_REMOVEDIR), 0);
	assert_int_equal(store_step_begin(st, &e), 0);
	assert_true(pins_add(&p, ONE));
	assert_int_equal(store_pins_write(st, &p, &e), 0);
	assert_int_equal(store_step_end(st, &e), 0);
	pins_done(&p);
	assert_int_equal(store_generation(st), before + 1);
	text = scratch_get(s, "keep/pins");
	assert_string_equal(text, ONE "\n");
	free(text);
	assert_int_equal(scratch_mode(s, "keep/pins"), 0444);
	assert_int_equal(store_pins_read(st, &p, &e), 0);
	assert_true(pins_have(&p, ONE));
	pins_done(&p);
	/* What nobody understands keeps nothing, and is not taken for that. */
	assert_int_equal(unlinkat(s->dir, "keep/pins", 0), 0);
	scratch_put(s, "keep/pins", "nginx\n");
	assert_int_equal(store_pins_read(st, &p, &e), -1);
	assert_non_null(strstr(e.msg, "keep/pins: line 1 is no full name"));
	assert_int_equal(unlinkat(s->dir, "keep/pins", 0), 0);
	assert_int_equal(symlinkat("../cdr-layout", s->dir, "keep/pins"), 0);
	assert_int_equal(store_pins_read(st, &p, &e), -1);
	store_close(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_remarks),
		cmocka_unit_test(test_full_name),
		cmocka_unit_test_setup_teardown(test_file, scratch_setup,
		    scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
