#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "layout/fsutil.h"
#include "layout/store.h"
#include "tests/unit/scratch.h"

static struct store *
open_store(const struct scratch *s)
{
	struct store *store;
	struct err e;

	if (store_open(s->path, STORE_WRITE, &store, &e) == -1)
		fail_msg("%s", e.msg);
	return store;
}

static int
add_id(void *cookie, const char *id, struct err *e)
{
	char *all = cookie;

	(void)e;
	strncat(all, id, 20);
	strncat(all, " ", 2);
	return 0;
}

static void
test_files(void **state)
{
	struct scratch *s = *state;
	struct store *store = open_store(s);
	char **names, *text, ids[100] = "";
	struct err e;
	size_t len, count;

	assert_int_equal(store_import_each(store, add_id, ids, &e), 0);
	assert_int_equal(store_import_read(store, "a1", "statement", 9, &text,
	    &len, &e), 0);
	assert_int_equal(store_import_drop(store, "a1", NULL, &e), 0);
	assert_int_equal(store_import_write(store, "a1", "statement", "one", 3,
	    &e), 0);
	assert_int_equal(store_import_write(store, "a1", "statement", "more",
	    4, &e), 0);
	assert_int_equal(store_import_write(store, "a1", "table-1", "t", 1,
	    &e), 0);
	assert_int_equal(store_import_write(store, "b2", "moved", "m", 1, &e),
	    0);
	assert_int_equal(scratch_mode(s, "_state/import"), 0700);
	assert_int_equal(scratch_mode(s, "_state/import/a1"), 0700);
	assert_int_equal(scratch_mode(s, "_state/import/a1/table-1"), 0600);
	assert_int_equal(store_import_read(store, "a1", "statement", 9, &text,
	    &len, &e), 1);
	assert_string_equal(text, "more");
	free(text);
	assert_int_equal(store_import_read(store, "a1", "statement", 3, &text,
	    &len, &e), -1);
	scratch_put(s, "_state/import/a1/.hidden", "");
	assert_int_equal(store_import_files(store, "a1", &names, &count, &e),
	    1);
	assert_int_equal(count, 2);
	assert_string_equal(names[0], "statement");
	fs_list_free(names, count);
	assert_int_equal(store_import_each(store, add_id, ids, &e), 0);
	assert_string_equal(ids, "a1 b2 ");
	assert_int_equal(store_import_drop(store, "a1", "table-1", &e), 0);
	assert_int_equal(scratch_count(s, "_state/import/a1"), 1);
	assert_int_equal(store_import_drop(store, "a1", NULL, &e), 0);
	assert_false(scratch_has(s, "_state/import/a1"));
	assert_true(scratch_has(s, "_state/import/b2/moved"));
	store_close(store);
}

/* Who has to go on with it finds whose it was. */
static void
test_drop_fails(void **state)
{
	struct scratch *s = *state;
	struct store *store = open_store(s);
	char path[256] = "_state/import/a1/table-1";
	struct err e;
	int i;

	assert_int_equal(store_import_write(store, "a1", "statement", "one", 3,
	    &e), 0);
	assert_int_equal(mkdirat(s->dir, path, 0700), 0);
	/* Deeper than anything is removed. */
	for (i = 0; i < 40; i++) {
		memcpy(path + strlen(path), "/d", 3);
		assert_int_equal(mkdirat(s->dir, path, 0700), 0);
	}
	assert_int_equal(store_import_drop(store, "a1", NULL, &e), -1);
	assert_true(scratch_has(s, "_state/import/a1/statement"));
	for (; i > 0; i--) {
		assert_int_equal(unlinkat(s->dir, path, AT_REMOVEDIR), 0);
		path[strlen(path) - 2] = '\0';
	}
	assert_int_equal(store_import_drop(store, "a1", NULL, &e), 0);
	assert_false(scratch_has(s, "_state/import/a1"));
	store_close(store);
}

/* By the note where there are gaps, else by the length. */
static void
test_partial(void **state)
{
	struct scratch *s = *state;
	struct store *store = open_store(s);
	struct blob_writer *w;
	struct digest d;
	struct err e;

	digest_of(DIGEST_SHA256, "0123456789", 10, &d);
	assert_false(store_partial_has(store, &d, 0, 1));
	assert_int_equal(blob_writer_open(store, &d, 10, &w, &e), 0);
	assert_int_equal(blob_writer_resume(w, &e), 0);
	assert_int_equal(blob_writer_put(w, 0, "012", 3, &e), 0);
	blob_writer_close(w);
	assert_true(store_partial_has(store, &d, 0, 3));
	assert_true(store_partial_has(store, &d, 1, 2));
	assert_false(store_partial_has(store, &d, 0, 4));
	assert_int_equal(blob_writer_open(store, &d, 10, &w, &e), 0);
	assert_int_equal(blob_writer_resume(w, &e), 0);
	assert_int_equal(blob_writer_put(w, 6, "678", 3, &e), 0);
	blob_writer_close(w);
	assert_true(store_partial_has(store, &d, 6, 9));
	assert_true(store_partial_has(store, &d, 0, 3));
	assert_false(store_partial_has(store, &d, 0, 9));
	assert_false(store_partial_has(store, &d, 3, 4));
	assert_false(store_partial_has(store, &d, 6, 10));
	store_partial_drop(store, &d);
	assert_false(store_partial_has(store, &d, 6, 9));
	assert_int_equal(scratch_count(s, "_state/partial"), 0);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_drop_fails, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_partial, scratch_setup,
		    scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
