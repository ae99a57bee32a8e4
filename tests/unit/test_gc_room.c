#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/gc_tree.h"

/* Each image is two blobs of one block, and a manifest of one. */
#define BLOCK	4096u
#define EACH	(3 * BLOCK)

static void
verdict(struct tree *t, const char *prefix, enum gc_verdict_kind kind,
    int64_t unlisted_s, unsigned keep)
{
	size_t i = 0;

	while (t->verdicts[i].prefix != NULL)
		i++;
	t->verdicts[i].prefix = prefix;
	t->verdicts[i].verdict = (struct gc_verdict){ .kind = kind,
	    .unlisted_s = unlisted_s, .keep = keep };
}

/* One that is listed, with a history of two; one that is condemned; and two
 * that are not listed, the second one for longer. */
struct images {
	struct manifest_id before, old, listed, condemned, new, longest;
};

static struct images
make(struct tree *t)
{
	struct images m;

	m.condemned = tree_tag(t, "2", "condemned");
	verdict(t, "2", GC_GO, 0, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	m.before = tree_tag(t, "1", "before");
	m.old = tree_tag(t, "1", "old");
	m.listed = tree_tag(t, "1", "listed");
	m.new = tree_tag(t, "3", "new");
	m.longest = tree_tag(t, "4", "longest");
	verdict(t, "1", GC_KEEP, 0, 2);
	verdict(t, "3", GC_UNLISTED, 5, 1);
	verdict(t, "4", GC_UNLISTED, 50, 1);
	return m;
}

static void
expect(struct tree *t, const struct images *m, const char *letters)
{
	const struct {
		char letter;
		const char *name;
		const struct manifest_id *id;
	} all[] = {
		{ 'l', "listed", &m->listed }, { 'c', "condemned",
		    &m->condemned },
		{ 'o', "old", &m->old }, { 'b', "before", &m->before },
		{ 'n', "new", &m->new }, { 'u', "longest", &m->longest },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (tree_has(t, all[i].name, all[i].id) !=
		    (strchr(letters, all[i].letter) != NULL))
			fail_msg("%s: not %s", letters, all[i].name);
}

static void
test_order(void **state)
{
	static const struct {
		unsigned images;
		const char *stay;
		enum gc_end end;
	} cases[] = {
		{ 6, "lcobnu", GC_DONE },
		{ 5, "lcobn", GC_DONE },
		{ 4, "lcob", GC_DONE },
		{ 3, "lco", GC_DONE },
		{ 2, "lc", GC_DONE },
		{ 1, "l", GC_DONE },
		{ 0, "l", GC_NO_ROOM },
	};
	void *inner = NULL;
	struct images m;
	struct tree *t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(tree_setup(&inner), 0);
		t = inner;
		m = make(t);
		/* Histories of one second: as the lines stand. */
		t->options.max_size = cases[i].images * EACH + BLOCK;
		assert_int_equal(tree_gc(t, 0), cases[i].end);
		expect(t, &m, cases[i].stay);
		if (cases[i].end == GC_NO_ROOM)
			assert_int_equal(t->e.code, ERR_ROOM);
		assert_true(scratch_has(t->dir, REPO "_manifests/1"));
		assert_int_equal(scratch_has(t->dir, REPO "_manifests/4"),
		    strchr(cases[i].stay, 'u') != NULL);
		tree_teardown(&inner);
	}
}

/* What an image that goes shares with one that stays is not its own. */
static void
test_shared(void **state)
{
	struct tree *t = *state;
	struct images m = make(t);
	char text[400], one[DIGEST_TEXT_MAX], two[DIGEST_TEXT_MAX];
	struct digest shared, own;
	struct manifest_id id;

	digest_of(DIGEST_SHA256, "listed layer", 12, &shared);
	own = tree_blob(t, "its own");
	snprintf(text, sizeof(text), "config %s\nblob %s\n",
	    digest_text(&own, one), digest_text(&shared, two));
	id = tree_manifest(t, IMAGE, text);
	tree_publish(t, "5", &id, 1);
	verdict(t, "5", GC_UNLISTED, 500, 1);
	t->options.max_size = 6 * EACH + BLOCK;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(scratch_has(t->dir, REPO "_manifests/5"));
	assert_false(tree_has_blob(t, "its own"));
	expect(t, &m, "lcobnu");
	assert_non_null(strstr(t->told, "image room docker.io/library/x:5\n"));
}

static void
test_quarantine_first(void **state)
{
	struct tree *t = *state;
	struct images m = make(t);

	mkdirat(t->dir->dir, "_state/quarantine", 0700);
	scratch_put(t->dir, "_state/quarantine/x", "bad");
	t->options.max_size = 6 * EACH + BLOCK / 2;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(scratch_has(t->dir, "_state/quarantine/x"));
	expect(t, &m, "lcobnu");
}

/* More than the whole disk. */
static void
test_min_free(void **state)
{
	struct tree *t = *state;
	struct images m = make(t);

	t->options.min_free = UINT64_MAX / 2;
	assert_int_equal(tree_gc(t, 0), GC_NO_ROOM);
	assert_non_null(strstr(t->e.msg, "other files than those of this"));
	expect(t, &m, "l");
	t->options.min_free = 1;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	expect(t, &m, "l");
}

static void
test_max_delete(void **state)
{
	struct tree *t = *state;
	struct images m = make(t);

	t->options.max_size = 1;
	t->options.max_delete = 30;
	assert_int_equal(tree_gc(t, 0), GC_TOO_MANY);
	expect(t, &m, "lcobnu");
}

#define TREE(f)	cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		TREE(test_shared),
		TREE(test_quarantine_first),
		TREE(test_min_free),
		TREE(test_max_delete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
