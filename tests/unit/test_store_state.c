#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "layout/store.h"
#include "scratch.h"

#define MAX	64

static struct store *
open_store(const struct scratch *s)
{
	struct store *st = NULL;
	struct err e;

	if (store_open(s->path, STORE_WRITE, &st, &e) == -1)
		fail_msg("%s", e.msg);
	return st;
}

static void
expect(const struct store *st, const char *want)
{
	struct err e;
	char *text;
	size_t len;

	assert_int_equal(store_read_state(st, "note", MAX, &text, &len, &e), 1);
	assert_int_equal(len, strlen(want));
	assert_string_equal(text, want);
	free(text);
}

static void
test_write(void **state)
{
	static const mode_t masks[] = { 022, 0277, 0 };
	struct scratch *s = *state;
	struct store *st = open_store(s);
	struct err e;
	char *text;
	size_t len, i;
	mode_t before;

	assert_int_equal(store_read_state(st, "note", MAX, &text, &len, &e), 0);
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		before = umask(masks[i]);
		assert_int_equal(store_write_state(st, "note", "first", 5, &e),
		    0);
		umask(before);
		assert_int_equal(scratch_mode(s, "_state/note"), 0600);
		expect(st, "first");
	}
	assert_int_equal(store_write_state(st, "note", "2", 1, &e), 0);
	expect(st, "2");
	assert_int_equal(store_write_state(st, "note", "", 0, &e), 0);
	expect(st, "");
	assert_int_equal(scratch_count(s, "_state/tmp"), 0);
	store_close(st);
}

static void
test_not_readable(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);
	struct err e;
	char *text = NULL, more[MAX + 2];
	size_t len;

	memset(more, 'x', sizeof(more));
	more[MAX + 1] = '\0';
	scratch_put(s, "_state/note", more);
	assert_int_equal(store_read_state(st, "note", MAX, &text, &len, &e),
	    -1);
	assert_non_null(strstr(e.msg, "_state/note"));
	assert_int_equal(unlinkat(s->dir, "_state/note", 0), 0);
	/* Would wait for somebody to write. */
	assert_int_equal(mkfifoat(s->dir, "_state/note", 0600), 0);
	assert_int_equal(store_read_state(st, "note", MAX, &text, &len, &e),
	    -1);
	assert_int_equal(unlinkat(s->dir, "_state/note", 0), 0);
	assert_int_equal(symlinkat("../cdr-layout", s->dir, "_state/note"), 0);
	assert_int_equal(store_read_state(st, "note", MAX, &text, &len, &e),
	    -1);
	assert_null(text);
	/* A link is replaced, and not followed. */
	assert_int_equal(store_write_state(st, "note", "own", 3, &e), 0);
	expect(st, "own");
	text = scratch_get(s, "cdr-layout");
	assert_string_equal(text, "2\n");
	free(text);
	/* What cannot be replaced stays, and nothing is left behind. */
	assert_int_equal(mkdirat(s->dir, "_state/folder", 0700), 0);
	assert_int_equal(store_write_state(st, "folder", "x", 1, &e), -1);
	assert_non_null(strstr(e.msg, "_state/folder"));
	assert_int_equal(scratch_count(s, "_state/tmp"), 0);
	store_close(st);
}

static void
test_append(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);
	struct err e;

	assert_int_equal(store_append_state(st, "note", "x", 1, &e), -1);
	assert_false(scratch_has(s, "_state/note"));
	assert_int_equal(store_write_state(st, "note", "first", 5, &e), 0);
	assert_int_equal(store_append_state(st, "note", "\n2", 2, &e), 0);
	assert_int_equal(store_append_state(st, "note", "3", 1, &e), 0);
	expect(st, "first\n23");
	assert_int_equal(unlinkat(s->dir, "_state/note", 0), 0);
	assert_int_equal(symlinkat("../elsewhere", s->dir, "_state/note"), 0);
	scratch_put(s, "elsewhere", "");
	assert_int_equal(store_append_state(st, "note", "x", 1, &e), -1);
	assert_non_null(strstr(e.msg, "_state/note"));
	store_close(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_append, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_not_readable,
		    scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
