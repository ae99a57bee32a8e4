#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/gc_tree.h"

static void
go(struct tree *t, const char *prefix, enum gc_verdict_kind kind,
    unsigned keep)
{
	size_t i = 0;

	while (t->verdicts[i].prefix != NULL)
		i++;
	t->verdicts[i].prefix = prefix;
	t->verdicts[i].verdict = (struct gc_verdict){ .kind = kind,
	    .keep = keep };
}

static void
test_nothing_goes(void **state)
{
	struct tree *t = *state;
	struct manifest_id id = tree_tag(t, "1", "one");

	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_true(tree_has(t, "one", &id));
	assert_int_equal(t->totals.images, 1);
	assert_int_equal(t->totals.images_gone, 0);
	assert_int_equal(t->totals.condemned, 0);
	assert_string_equal(t->told, "");
}

/* Its tag goes at once; what it reaches only after the grace. */
static void
test_unlisted_goes(void **state)
{
	struct tree *t = *state;
	struct manifest_id one = tree_tag(t, "1", "one");
	struct manifest_id two = tree_tag(t, "2", "two");
	char *list;

	go(t, "2", GC_GO, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_string_equal(t->told,
	    "image term docker.io/library/x:2\n");
	assert_false(scratch_has(t->dir, REPO "_manifests/2"));
	assert_false(scratch_has(t->dir, REPO "_history/2"));
	list = scratch_get(t->dir, REPO "_tags/list");
	assert_string_equal(list,
	    "{\"name\":\"library/x\",\"tags\":[\"1\"]}\n");
	free(list);
	assert_true(tree_has(t, "two", &two));
	assert_true(tree_has_link(t, &two.digest));
	assert_int_equal(t->totals.condemned, 3);
	assert_int_equal(tree_gc(t, 7 * DAY), GC_DONE);
	assert_true(tree_has(t, "two", &two));
	assert_int_equal(tree_gc(t, 7 * DAY), GC_DONE);
	assert_false(tree_has(t, "two", &two));
	assert_false(tree_has_link(t, &two.digest));
	assert_int_equal(t->totals.manifests_gone, 1);
	assert_int_equal(t->totals.blobs_gone, 2);
	assert_true(tree_has(t, "one", &one));
	assert_int_equal(tree_gc(t, DAY), GC_DONE);
	assert_string_equal(t->told, "");
}

static void
test_no_grace(void **state)
{
	struct tree *t = *state;
	struct manifest_id two = tree_tag(t, "2", "two");

	go(t, "2", GC_GO, 0);
	t->options.grace_s = 0;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(tree_has(t, "two", &two));
	/* The last one of the repository. */
	assert_false(scratch_has(t->dir, "repos/docker.io"));
	assert_int_equal(store_finish(t->st, &t->e), 0);
}

/* Images that share what they have. */
static void
test_shared(void **state)
{
	struct tree *t = *state;
	struct manifest_id one = tree_tag(t, "1", "one");

	tree_publish(t, "same", &one, 1);
	go(t, "same", GC_GO, 0);
	t->options.grace_s = 0;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(scratch_has(t->dir, REPO "_manifests/same"));
	assert_true(tree_has(t, "one", &one));
	assert_true(tree_has_link(t, &one.digest));
}

/* An index keeps the children that its repository has, and a layer of the same
 * bytes as an entry that it does not have. */
static void
test_children(void **state)
{
	struct tree *t = *state;
	struct manifest_id child = tree_image(t, "child");
	struct digest blob = tree_blob(t, "an entry that is a blob");
	struct manifest_id ids[2];
	char one[DIGEST_TEXT_MAX], two[DIGEST_TEXT_MAX], text[512];

	snprintf(text, sizeof(text), "entry %s\nentry %s\n",
	    digest_text(&child.digest, one), digest_text(&blob, two));
	ids[0] = tree_manifest(t, INDEX, text);
	ids[1] = child;
	tree_publish(t, "1", ids, 2);
	t->options.grace_s = 0;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_true(tree_has(t, "child", &child));
	assert_true(tree_has_blob(t, "an entry that is a blob"));
	assert_string_equal(t->told, "");
	go(t, "1", GC_GO, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(tree_has(t, "child", &child));
	assert_false(tree_has_blob(t, "an entry that is a blob"));
}

/* The last one of its history stays, and not the one before. */
static void
test_history(void **state)
{
	struct tree *t = *state;
	struct manifest_id a = tree_tag(t, "1", "a");
	struct manifest_id b = tree_tag(t, "1", "b");
	struct manifest_id c = tree_tag(t, "1", "c");

	t->options.grace_s = 0;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(tree_has(t, "a", &a));
	assert_true(tree_has(t, "b", &b));
	assert_true(tree_has_link(t, &b.digest));
	assert_true(tree_has(t, "c", &c));
	go(t, "1", GC_KEEP, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(tree_has(t, "b", &b));
}

static void
put_referrers(struct tree *t, const struct digest *subject,
    const struct digest *referrer)
{
	char path[STORE_PATH_MAX], text[DIGEST_TEXT_MAX], list[256];

	mkdirat(t->dir->dir, REPO "_referrers", 0755);
	snprintf(path, sizeof(path), REPO "_referrers/%s",
	    digest_text(subject, text));
	snprintf(list, sizeof(list), "entry %s\n",
	    digest_text(referrer, text));
	scratch_put(t->dir, path, list);
}

/* A referrer, and what refers to that, live as long as the subject. */
static void
test_referrers(void **state)
{
	struct tree *t = *state;
	struct manifest_id ids[3];

	ids[0] = tree_image(t, "subject");
	ids[1] = tree_image(t, "signature");
	ids[2] = tree_image(t, "note");
	tree_publish(t, "1", ids, 3);
	put_referrers(t, &ids[0].digest, &ids[1].digest);
	put_referrers(t, &ids[1].digest, &ids[2].digest);
	t->options.grace_s = 0;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_true(tree_has(t, "note", &ids[2]));
	go(t, "1", GC_GO, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(tree_has(t, "signature", &ids[1]));
	assert_false(tree_has(t, "note", &ids[2]));
	assert_false(scratch_has(t->dir, REPO));
}

/* A signature's tag, and one of that signature. */
static void
test_follow(void **state)
{
	struct tree *t = *state;
	struct manifest_id one = tree_tag(t, "1", "one"), sig, more;
	char hex[DIGEST_HEX_MAX], tag[128];

	snprintf(tag, sizeof(tag), "sha256-%s.sig",
	    digest_hex(&one.digest, hex));
	sig = tree_tag(t, tag, "sig");
	snprintf(tag, sizeof(tag), "sha256-%s",
	    digest_hex(&sig.digest, hex));
	more = tree_tag(t, tag, "more");
	go(t, "sha256-", GC_FOLLOW, 0);
	t->options.grace_s = 0;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_string_equal(t->told, "");
	assert_true(tree_has(t, "more", &more));
	/* Once they had lines of their own, and these have gone. */
	t->verdicts[0].verdict.kind = GC_GO;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_string_equal(t->told, "");
	t->verdicts[0].verdict.kind = GC_UNLISTED;
	t->options.min_free = UINT64_MAX / 2;
	assert_int_equal(tree_gc(t, 0), GC_NO_ROOM);
	assert_string_equal(t->told, "");
	t->options.min_free = 0;
	assert_true(tree_has(t, "sig", &sig));
	assert_true(tree_has(t, "more", &more));
	t->verdicts[0].verdict.kind = GC_FOLLOW;
	go(t, "1", GC_GO, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_int_equal(t->totals.images_gone, 3);
	assert_non_null(strstr(t->told, "image subject docker.io/library/x:"
	    "sha256-"));
	assert_false(tree_has(t, "sig", &sig));
	assert_false(tree_has(t, "more", &more));
}

static void
test_held_and_pinned(void **state)
{
	struct tree *t = *state;
	struct manifest_id a = tree_tag(t, "1", "a");
	struct manifest_id b = tree_tag(t, "1", "b");
	struct manifest_id c = tree_tag(t, "1", "c");
	char text[256], digest[DIGEST_TEXT_MAX];

	mkdirat(t->dir->dir, REPO "_held", 0755);
	snprintf(text, sizeof(text), "2026-11-20T10:53:07Z %s\n",
	    digest_text(&a.digest, digest));
	scratch_put(t->dir, REPO "_held/1", text);
	t->rules.pinned = tree_pinned;
	t->pin = b.digest;
	t->options.grace_s = 0;
	go(t, "1", GC_GO, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_true(tree_has(t, "a", &a));
	assert_true(tree_has(t, "b", &b));
	assert_true(tree_has(t, "c", &c));
	assert_true(scratch_has(t->dir, REPO "_manifests/1"));
}

/* A tag that verify has withdrawn comes back to where it is held, with all that
 * it was; of one that is not held that is remembered for the grace. */
static void
test_withdrawn(void **state)
{
	struct tree *t = *state;
	struct manifest_id a = tree_tag(t, "1", "a");
	struct manifest_id b = tree_tag(t, "1", "b");
	char text[256], digest[DIGEST_TEXT_MAX];

	mkdirat(t->dir->dir, REPO "_held", 0755);
	snprintf(text, sizeof(text), "2026-11-20T10:53:07Z %s\n",
	    digest_text(&a.digest, digest));
	scratch_put(t->dir, REPO "_held/1", text);
	unlinkat(t->dir->dir, REPO "_manifests/1", 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_int_equal(tree_gc(t, DAY), GC_DONE);
	assert_int_equal(tree_gc(t, DAY), GC_DONE);
	assert_true(scratch_has(t->dir, REPO "_held/1"));
	assert_true(scratch_has(t->dir, REPO "_history/1"));
	assert_true(tree_has(t, "a", &a));
	assert_false(tree_has(t, "b", &b));
	unlinkat(t->dir->dir, REPO "_held/1", 0);
	tree_tag(t, "2", "c");
	tree_tag(t, "1", "b");
	unlinkat(t->dir->dir, REPO "_manifests/1", 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_true(scratch_has(t->dir, REPO "_history/1"));
	assert_int_equal(tree_gc(t, DAY), GC_DONE);
	assert_int_equal(tree_gc(t, DAY), GC_DONE);
	assert_false(scratch_has(t->dir, REPO "_history/1"));
	assert_false(tree_has(t, "b", &b));
}

/* By the digest of its configuration, an image that only the history has; by
 * that of a child, the tag of an index. */
static void
test_in_use(void **state)
{
	struct tree *t = *state;
	struct manifest_id a = tree_tag(t, "1", "a"), ids[2];
	struct manifest_id b = tree_tag(t, "1", "b");
	char text[256], digest[DIGEST_TEXT_MAX];

	ids[1] = tree_image(t, "child");
	snprintf(text, sizeof(text), "entry %s\n",
	    digest_text(&ids[1].digest, digest));
	ids[0] = tree_manifest(t, INDEX, text);
	tree_publish(t, "2", ids, 2);
	t->rules.in_use = tree_in_use;
	digest_of(DIGEST_SHA256, "a config", 8, &t->used);
	t->options.grace_s = 0;
	go(t, "1", GC_KEEP, 0);
	go(t, "2", GC_GO, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_true(tree_has(t, "a", &a));
	assert_true(tree_has(t, "b", &b));
	assert_false(tree_has(t, "child", &ids[1]));
	ids[1] = tree_image(t, "child");
	ids[0] = tree_manifest(t, INDEX, text);
	tree_publish(t, "2", ids, 2);
	digest_of(DIGEST_SHA256, "child config", 12, &t->used);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_true(tree_has(t, "child", &ids[1]));
	assert_true(scratch_has(t->dir, REPO "_manifests/2"));
}

static void
spoil(const struct tree *t, const struct manifest_id *id)
{
	char path[STORE_PATH_MAX];

	path_manifest(id, path);
	assert_int_equal(fchmodat(t->dir->dir, path, 0644, 0), 0);
	scratch_put(t->dir, path, "blob something else\n");
}

static void
test_unreadable(void **state)
{
	struct tree *t = *state;
	struct manifest_id one = tree_tag(t, "1", "one"), opaque;
	struct manifest_id two = tree_tag(t, "2", "two");

	opaque = tree_manifest(t, OPAQUE, "whatever");
	tree_publish(t, "3", &opaque, 1);
	spoil(t, &one);
	spoil(t, &opaque);
	go(t, "2", GC_GO, 0);
	t->options.grace_s = 0;
	assert_int_equal(tree_gc(t, 0), GC_UNREADABLE);
	assert_non_null(strstr(t->e.msg, "docker.io/library/x@sha256:"));
	assert_true(tree_has(t, "two", &two));
	assert_true(scratch_has(t->dir, REPO "_manifests/2"));
	assert_string_equal(t->told, "");
	/* What no root reaches need not parse. */
	go(t, "1", GC_GO, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(tree_has(t, "two", &two));
	assert_true(scratch_has(t->dir, REPO "_manifests/3"));
}

/* An index is in quarantine: what it led to is not given up with it, whatever
 * the grace, while it may be mended. */
static void
test_lacking(void **state)
{
	struct tree *t = *state;
	char text[256], digest[DIGEST_TEXT_MAX], path[STORE_PATH_MAX];
	struct manifest_id ids[2], other = tree_tag(t, "2", "other");
	unsigned i;

	ids[1] = tree_image(t, "child");
	snprintf(text, sizeof(text), "entry %s\n",
	    digest_text(&ids[1].digest, digest));
	ids[0] = tree_manifest(t, INDEX, text);
	tree_publish(t, "1", ids, 2);
	unlinkat(t->dir->dir, path_manifest(&ids[0], path), 0);
	t->options.grace_s = 0;
	t->options.max_delete = 100;
	t->options.min_free = UINT64_MAX / 2;
	go(t, "2", GC_GO, 0);
	assert_int_equal(tree_gc(t, 0), GC_NO_ROOM);
	assert_int_equal(t->totals.lacking, 1);
	assert_false(scratch_has(t->dir, REPO "_manifests/2"));
	assert_true(tree_has(t, "other", &other));
	t->options.min_free = 0;
	for (i = 0; i < 27; i++) {
		assert_int_equal(tree_gc(t, i == 0 ? 400 * DAY : DAY / 2),
		    GC_DONE);
		assert_true(tree_has(t, "child", &ids[1]));
	}
	assert_int_equal(tree_gc(t, DAY / 2), GC_DONE);
	assert_false(tree_has(t, "child", &ids[1]));
	assert_true(scratch_has(t->dir, REPO "_manifests/1"));
}

/* What is missing is no matter of gc's. */
static void
test_missing(void **state)
{
	struct tree *t = *state;
	struct manifest_id one = tree_tag(t, "1", "one");
	char path[STORE_PATH_MAX];

	unlinkat(t->dir->dir, path_manifest(&one, path), 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_true(scratch_has(t->dir, REPO "_manifests/1"));
}

/* What a run has fetched that did not come to its end: 14 days. */
static void
test_unfinished(void **state)
{
	struct tree *t = *state;
	struct manifest_id id = tree_image(t, "begun");
	char path[STORE_PATH_MAX];
	unsigned i;

	spoil(t, &id);
	assert_int_equal(fchmodat(t->dir->dir, path_manifest(&id, path), 0644,
	    0), 0);
	t->options.grace_s = 0;
	unlinkat(t->dir->dir, path, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(tree_has_blob(t, "begun layer"));
	id = tree_image(t, "begun");
	for (i = 0; i < 14; i++) {
		assert_int_equal(tree_gc(t, DAY), GC_DONE);
		assert_true(tree_has(t, "begun", &id));
	}
	assert_int_equal(tree_gc(t, DAY), GC_DONE);
	assert_false(scratch_has(t->dir, path_manifest(&id, path)));
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(tree_has(t, "begun", &id));
}

static void
test_max_delete(void **state)
{
	struct tree *t = *state;

	tree_tag(t, "1", "one");
	tree_tag(t, "2", "two");
	tree_tag(t, "3", "three");
	go(t, "2", GC_GO, 0);
	t->options.max_delete = 33;
	assert_int_equal(tree_gc(t, 0), GC_TOO_MANY);
	assert_int_equal(t->totals.images_gone, 1);
	assert_int_equal(t->totals.images, 3);
	assert_true(scratch_has(t->dir, REPO "_manifests/2"));
	t->options.max_delete = 34;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(scratch_has(t->dir, REPO "_manifests/2"));
}

/* A dry run tells the same, and changes nothing. */
static void
test_dry_run(void **state)
{
	struct tree *t = *state;
	struct manifest_id two = tree_tag(t, "2", "two");
	char told[sizeof(t->told)];

	go(t, "2", GC_GO, 0);
	t->options.grace_s = 0;
	t->options.dry_run = true;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_true(tree_has(t, "two", &two));
	assert_true(scratch_has(t->dir, REPO "_manifests/2"));
	assert_false(scratch_has(t->dir, "_state/condemned"));
	snprintf(told, sizeof(told), "%s", t->told);
	t->options.dry_run = false;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_string_equal(t->told, told);
	assert_false(tree_has(t, "two", &two));
}

/* One image and its history at once; what others have stays, and so does what
 * is condemned. */
static void
test_only(void **state)
{
	struct tree *t = *state;
	struct gc_reference only = { .registry = "docker.io",
	    .repository = "library/x", .reference = "1" };
	struct manifest_id old = tree_tag(t, "1", "old");
	struct manifest_id one = tree_tag(t, "1", "one");
	struct manifest_id two = tree_tag(t, "2", "two");
	struct manifest_id three = tree_tag(t, "3", "three"), four;

	tree_publish(t, "1", &two, 1);
	go(t, "3", GC_GO, 0);
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	four = tree_tag(t, "4", "four");
	go(t, "4", GC_GO, 0);
	t->options.only = &only;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(tree_has(t, "old", &old));
	assert_false(tree_has(t, "one", &one));
	assert_false(scratch_has(t->dir, REPO "_manifests/1"));
	assert_true(tree_has(t, "two", &two));
	assert_true(tree_has(t, "three", &three));
	assert_true(tree_has(t, "four", &four));
	assert_non_null(strstr(t->told, "image asked docker.io/library/x:1\n"));
	assert_int_equal(t->totals.images_gone, 1);
}

static void
test_stopped(void **state)
{
	struct tree *t = *state;
	struct manifest_id one = tree_tag(t, "1", "one");

	go(t, "1", GC_GO, 0);
	t->options.grace_s = 0;
	t->stop = true;
	assert_int_equal(tree_gc(t, 0), GC_STOPPED);
	t->stop = false;
	assert_int_equal(tree_gc(t, 0), GC_DONE);
	assert_false(tree_has(t, "one", &one));
}

struct meddler {
	struct tree *t;
	const struct digest *to;
	unsigned calls, at;
};

/* These manifests do not say how large anything is. */
static int
no_children(void *cookie, const struct manifest_id *id, const char *buf,
    size_t len, child_fn *fn, void *fn_cookie, struct err *e)
{
	(void)cookie;
	(void)id;
	(void)buf;
	(void)len;
	(void)fn;
	(void)fn_cookie;
	(void)e;
	return 0;
}

/* Another process sets the tag back while gc finds out what goes. */
static int
meddle(void *cookie, const struct gc_reference *r, struct gc_verdict *ret,
    struct err *e)
{
	struct meddler *m = cookie;
	struct store_rollback back = {
		.registry = "docker.io", .repository = "library/x", .tag = "1",
		.to = m->to, .children = no_children,
	};
	struct store *st;

	if (m->calls++ == m->at) {
		assert_int_equal(store_open(m->t->dir->path, STORE_STEP, &st,
		    e), 0);
		if (store_rollback(st, &back, e) != 1)
			fail_msg("%s", e->msg);
		store_close(st);
	}
	return tree_judge(m->t, r, ret, e);
}

static void
test_set_back_meanwhile(void **state)
{
	struct tree *t = *state;
	struct manifest_id a, b, other;
	struct meddler m = { .t = t };

	for (m.at = 0; m.at < 4; m.at++) {
		a = tree_tag(t, "1", "a");
		b = tree_tag(t, "1", "b");
		other = tree_tag(t, "2", "other");
		m.to = &a.digest;
		m.calls = 0;
		t->verdicts[0].prefix = "1";
		t->verdicts[0].verdict.kind = GC_KEEP;
		t->options.grace_s = 0;
		t->rules.judge = meddle;
		t->rules.cookie = &m;
		t->rules.tell = NULL;
		t->rules.is_stopped = NULL;
		assert_int_equal(tree_gc(t, 0), GC_DONE);
		assert_true(tree_has(t, "a", &a));
		assert_true(tree_has_link(t, &a.digest));
		assert_true(tree_has(t, "other", &other));
		assert_int_equal(store_release(t->st, "docker.io",
		    "library/x", "1", &t->e), 1);
		(void)b;
	}
}

#define TREE(f)	cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TREE(test_nothing_goes),
		TREE(test_unlisted_goes),
		TREE(test_no_grace),
		TREE(test_shared),
		TREE(test_children),
		TREE(test_history),
		TREE(test_referrers),
		TREE(test_follow),
		TREE(test_held_and_pinned),
		TREE(test_withdrawn),
		TREE(test_in_use),
		TREE(test_unreadable),
		TREE(test_missing),
		TREE(test_lacking),
		TREE(test_unfinished),
		TREE(test_max_delete),
		TREE(test_dry_run),
		TREE(test_only),
		TREE(test_stopped),
		TREE(test_set_back_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
