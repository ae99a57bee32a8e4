#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "layout/gc_condemned.h"
#include "tests/unit/gc_tree.h"

#define HEX	"777d7ad906695c46b836c1a22542b23b743b365b343e4ffc6ccc88e07c22f00b"

static void
test_lines(void **state)
{
	static const struct {
		const char *line;
		bool is_right;
		enum gc_class class;
		uint32_t age;
	} cases[] = {
		{ "0 blob sha256:" HEX, true, GC_CLASS_BLOB, 0 },
		{ "86400 manifest sha256:" HEX, true, GC_CLASS_MANIFEST,
		    86400 },
		{ "5 link docker.io/library/x@sha256:" HEX, true,
		    GC_CLASS_LINK, 5 },
		{ "5 unfinished sha256:" HEX, true, GC_CLASS_UNFINISHED, 5 },
		{ "5 partial sha256:" HEX "~1-2", true, GC_CLASS_PARTIAL, 5 },
		{ "5 quarantine a", true, GC_CLASS_QUARANTINE, 5 },
		{ "", false, 0, 0 },
		{ "5", false, 0, 0 },
		{ "-5 blob sha256:" HEX, false, 0, 0 },
		{ "+5 blob sha256:" HEX, false, 0, 0 },
		{ " 5 blob sha256:" HEX, false, 0, 0 },
		{ "5  blob sha256:" HEX, false, 0, 0 },
		{ "999999999 blob sha256:" HEX, false, 0, 0 },
		{ "18446744073709551616 blob sha256:" HEX, false, 0, 0 },
		{ "5 blob sha256:" HEX "0", false, 0, 0 },
		{ "5 blob sha256:" HEX " ", false, 0, 0 },
		{ "5 blob md5:" HEX, false, 0, 0 },
		{ "5 blobs sha256:" HEX, false, 0, 0 },
		{ "5 blo sha256:" HEX, false, 0, 0 },
		{ "5 link sha256:" HEX, false, 0, 0 },
		{ "5 link @sha256:" HEX, false, 0, 0 },
		{ "5 partial ../x", false, 0, 0 },
		{ "5 quarantine a/b", false, 0, 0 },
		{ "5 quarantine ", false, 0, 0 },
	};
	enum gc_class class;
	const char *name;
	uint32_t age;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (gc_condemned_line(cases[i].line, &age, &class, &name) !=
		    cases[i].is_right)
			fail_msg("%s", cases[i].line);
		if (!cases[i].is_right)
			continue;
		assert_int_equal(class, cases[i].class);
		assert_int_equal(age, cases[i].age);
	}
}

static void
test_head(void **state)
{
	static const char *const wrong[] = {
		"", "condemned", "condemned 1", "condemned 1 ",
		"condemned 2 5", "condemned 1 -5", "condemned 1 5 ",
		"condemned 1 999999999999999",
	};
	int64_t when;
	size_t i;

	(void)state;
	assert_true(gc_condemned_head("condemned 1 1795132800", &when));
	assert_int_equal(when, 1795132800);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (gc_condemned_head(wrong[i], &when))
			fail_msg("%s", wrong[i]);
}

static void
condemn(struct tree *t)
{
	tree_tag(t, "1", "one");
	t->verdicts[0].prefix = "1";
	t->verdicts[0].verdict.kind = GC_GO;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
}

/* Clocks of runs, one after the other, as seconds after the first; and in
 * which of them it goes, with a grace of a day: not in any, but the last. */
static void
test_clocks(void **state)
{
	static const struct {
		int64_t runs[6];
		bool goes;
	} cases[] = {
		{ { DAY / 2, DAY }, true },
		{ { DAY / 2, DAY - 1 }, false },
		/* A run after a year: half of it. */
		{ { 365 * DAY }, false },
		{ { 365 * DAY, 366 * DAY }, true },
		/* Ten years ahead, and back. */
		{ { 3650 * DAY, 60, 120, 180 }, false },
		/* Since 1970, and then right again. */
		{ { -NOW + 100, 60, 120 }, false },
		/* Each hour: 24 of them. */
		{ { 3600, 7200, 10800, 14400, 18000 }, false },
		/* Backwards, step by step. */
		{ { -DAY, -2 * DAY, -3 * DAY, -4 * DAY, -5 * DAY }, false },
		{ { 0 }, false },
	};
	void *inner = NULL;
	struct tree *t;
	size_t i, j, count;
	bool goes;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(tree_setup(&inner), 0);
		t = inner;
		condemn(t);
		for (count = 0; count < 6 && cases[i].runs[count] != 0;)
			count++;
		for (j = 0; j < count; j++) {
			t->options.now = NOW + cases[i].runs[j];
			assert_int_equal(tree_gc(t, 0), GC_DONE);
			goes = !tree_has_blob(t, "one layer");
			if (goes != (j + 1 == count && cases[i].goes))
				fail_msg("case %zu, run %zu: %d", i, j, goes);
		}
		tree_teardown(&inner);
	}
}

/* A file that makes no sense: all ages begin anew. */
static void
test_damaged(void **state)
{
	static const char *const texts[] = {
		"", "\n", "condemned 1 5", "condemned 1 x\n",
		("condemned 1 5\n86400000 blob sha256:" HEX "\n"
		    "86400000 blob sha256:\n"),
		("condemned 1 5\n8640000 blob sha256:" HEX),
	};
	struct tree *t = *state;
	size_t i;

	condemn(t);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		unlinkat(t->dir->dir, "_state/condemned", 0);
		scratch_put(t->dir, "_state/condemned", texts[i]);
		assert_int_equal(tree_gc(t, 100 * DAY), GC_DONE);
		assert_true(tree_has_blob(t, "one layer"));
		assert_int_equal(t->totals.condemned, 3);
	}
	unlinkat(t->dir->dir, "_state/condemned", 0);
	assert_int_equal(symlinkat("/etc/passwd", t->dir->dir,
	    "_state/condemned"), 0);
	assert_int_equal(tree_gc(t, 100 * DAY), GC_DONE);
	assert_true(tree_has_blob(t, "one layer"));
	assert_int_equal(tree_gc(t, 100 * DAY), GC_DONE);
	assert_int_equal(tree_gc(t, 100 * DAY), GC_DONE);
	assert_false(tree_has_blob(t, "one layer"));
}

/* What has been reached again in between begins anew. */
static void
test_comes_back(void **state)
{
	struct tree *t = *state;

	condemn(t);
	assert_int_equal(tree_gc(t, DAY / 2), GC_DONE);
	t->verdicts[0].verdict.kind = GC_KEEP;
	tree_tag(t, "1", "one");
	assert_int_equal(tree_gc(t, DAY / 2), GC_DONE);
	assert_int_equal(t->totals.condemned, 0);
	t->verdicts[0].verdict.kind = GC_GO;
	assert_int_equal(tree_gc(t, DAY / 2), GC_DONE);
	assert_int_equal(tree_gc(t, DAY / 2), GC_DONE);
	assert_true(tree_has_blob(t, "one layer"));
	assert_int_equal(tree_gc(t, DAY / 2), GC_DONE);
	assert_false(tree_has_blob(t, "one layer"));
}

/* 14 days, unless somebody has gone on with it. */
static void
test_state_files(void **state)
{
	struct tree *t = *state;
	unsigned i;

	mkdirat(t->dir->dir, "_state/quarantine", 0700);
	scratch_put(t->dir, "_state/quarantine/sha256:" HEX ".7", "bad");
	scratch_put(t->dir, "_state/partial/sha256:" HEX, "begun");
	scratch_put(t->dir, "_state/partial/sha256:" HEX ".ranges", "0 5\n");
	scratch_put(t->dir, "_state/partial/sha512:x", "on its way");
	for (i = 0; i < 14; i++) {
		assert_int_equal(tree_gc(t, DAY), GC_DONE);
		assert_true(scratch_has(t->dir, "_state/partial/sha256:" HEX));
		assert_true(scratch_has(t->dir, "_state/quarantine/sha256:"
		    HEX ".7"));
	}
	scratch_put(t->dir, "_state/partial/sha512:x", "on its way and on");
	assert_int_equal(tree_gc(t, DAY), GC_DONE);
	assert_false(scratch_has(t->dir, "_state/partial/sha256:" HEX));
	assert_false(scratch_has(t->dir, "_state/partial/sha256:" HEX
	    ".ranges"));
	assert_false(scratch_has(t->dir, "_state/quarantine/sha256:" HEX
	    ".7"));
	assert_true(scratch_has(t->dir, "_state/partial/sha512:x"));
	assert_int_equal(t->totals.others_gone, 2);
	assert_non_null(strstr(t->told, "quarantine term _state/quarantine/"));
}

/* A site may wait for weeks until the next stick comes: 90 days. */
static void
test_import(void **state)
{
	static const char folder[] =
	    "_state/import/00112233445566778899aabbccddeeff";
	struct tree *t = *state;
	struct digest d;
	char text[DIGEST_TEXT_MAX], line[300], path[100];
	unsigned i;

	condemn(t);
	digest_of(DIGEST_SHA256, "one layer", strlen("one layer"), &d);
	snprintf(line, sizeof(line), "blob %s 9 0 9\n"
	    "blob sha256:" HEX " 10 0 5\n", digest_text(&d, text));
	mkdirat(t->dir->dir, "_state/import", 0700);
	mkdirat(t->dir->dir, folder, 0700);
	snprintf(path, sizeof(path), "%s/table-1", folder);
	scratch_put(t->dir, path, line);
	scratch_put(t->dir, "_state/partial/sha256:" HEX, "begun");
	scratch_put(t->dir, "_state/partial/sha256:" HEX ".ranges", "0 5\n");
	for (i = 0; i < 89; i++)
		assert_int_equal(tree_gc(t, DAY), GC_DONE);
	assert_true(tree_has_blob(t, "one layer"));
	assert_true(scratch_has(t->dir, path));
	assert_true(scratch_has(t->dir, "_state/partial/sha256:" HEX));
	assert_true(scratch_has(t->dir, "_state/partial/sha256:" HEX
	    ".ranges"));
	for (i = 0; i < 17; i++)
		assert_int_equal(tree_gc(t, DAY), GC_DONE);
	assert_false(scratch_has(t->dir, path));
	assert_false(tree_has_blob(t, "one layer"));
	assert_false(scratch_has(t->dir, "_state/partial/sha256:" HEX));
}

#define TREE(f)	cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_clocks),
		TREE(test_damaged),
		TREE(test_comes_back),
		TREE(test_state_files),
		TREE(test_import),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
