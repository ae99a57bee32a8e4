#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <time.h>

#include "layout/mem.h"
#include "layout/store.h"
#include "layout/tag_history.h"
#include "mirror/children.h"
#include "tests/unit/scratch.h"

#define IMAGE	"application/vnd.oci.image.manifest.v1+json"
#define INDEX	"application/vnd.oci.image.index.v1+json"
#define CONFIG	"application/vnd.oci.image.config.v1+json"
#define LAYER	"application/vnd.oci.image.layer.v1.tar+gzip"
#define REPO	"repos/docker.io/library/x/"

struct fixture {
	struct scratch *dir;
	struct store *st;		/* a writer's, at work all the time */
	struct store *side;		/* STORE_STEP */
	struct digest config;
	struct manifest_id image[4];
	struct digest layer[4];
	struct err e;
};

static void
commit(struct fixture *f, struct staged *staged)
{
	struct err *result = &f->e;

	store_commit(f->st, &staged, 1, &result);
	if (f->e.code != ERR_NONE)
		fail_msg("%s", f->e.msg);
}

static struct digest
put_blob(struct fixture *f, const char *text)
{
	struct blob_writer *w;
	struct staged *staged = NULL;
	struct digest d;

	digest_of(DIGEST_SHA256, text, strlen(text), &d);
	if (blob_writer_open(f->st, &d, strlen(text), &w, &f->e) == -1 ||
	    blob_writer_add(w, text, strlen(text), &f->e) == -1 ||
	    blob_writer_finish(w, &staged, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	commit(f, staged);
	return d;
}

static struct manifest_id
put_manifest(struct fixture *f, const char *type, const char *text)
{
	struct staged *staged;
	struct manifest_id id;

	snprintf(id.media_type, sizeof(id.media_type), "%s", type);
	digest_of(DIGEST_SHA256, text, strlen(text), &id.digest);
	if (store_stage_manifest(f->st, &id, text, strlen(text), &staged,
	    &f->e) == -1)
		fail_msg("%s", f->e.msg);
	commit(f, staged);
	return id;
}

/* "{type, digest, size}" with ${more} at its end; free(3) it. */
static char *
descriptor(const char *type, const struct digest *d, size_t size,
    const char *more)
{
	char text[DIGEST_TEXT_MAX];

	return xasprintf("{\"mediaType\":\"%s\",\"digest\":\"%s\","
	    "\"size\":%zu%s}", type, digest_text(d, text), size, more);
}

/* An image whose layer is that text. */
static struct manifest_id
put_image(struct fixture *f, const char *layer, struct digest *ret)
{
	struct digest d = put_blob(f, layer);
	char *a = descriptor(CONFIG, &f->config, 2, "");
	char *b = descriptor(LAYER, &d, strlen(layer), "");
	char *text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" IMAGE
	    "\",\"config\":%s,\"layers\":[%s]}", a, b);
	struct manifest_id id = put_manifest(f, IMAGE, text);

	free(a);
	free(b);
	free(text);
	*ret = d;
	return id;
}

static void
publish(struct fixture *f, const char *tag, const struct manifest_id *all,
    size_t count)
{
	struct publication p = {
		.registry = "docker.io", .repository = "library/x",
		.tag = tag, .root = all[0], .manifests = all, .count = count,
	};

	if (store_publish(f->st, &p, 1, &f->e) == -1)
		fail_msg("%s", f->e.msg);
}

static int
setup(void **state)
{
	static const char *const layers[] = { "zero", "one", "two", "three" };
	struct fixture *f = calloc(1, sizeof(*f));
	void *dir;
	size_t i;

	if (scratch_setup(&dir) == -1)
		return -1;
	f->dir = dir;
	*state = f;
	if (store_open(f->dir->path, STORE_WRITE, &f->st, &f->e) == -1 ||
	    store_open(f->dir->path, STORE_STEP, &f->side, &f->e) == -1)
		return -1;
	f->config = put_blob(f, "{}");
	for (i = 0; i < 4; i++)
		f->image[i] = put_image(f, layers[i], &f->layer[i]);
	for (i = 0; i < 3; i++)
		publish(f, "1", &f->image[i], 1);
	return store_finish(f->st, &f->e);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	void *dir = f->dir;

	store_close(f->side);
	store_close(f->st);
	free(f);
	return scratch_teardown(&dir);
}

static int
back(struct fixture *f, unsigned steps, const struct digest *to)
{
	struct store_rollback r = {
		.registry = "docker.io", .repository = "library/x",
		.tag = "1", .back = steps, .to = to,
		.children = children_each,
	};

	f->e.code = ERR_NONE;
	return store_rollback(f->side, &r, &f->e);
}

static void
expect_tag(struct fixture *f, size_t i)
{
	struct manifest_id id;

	assert_int_equal(store_reference_get(f->side, "docker.io",
	    "library/x", "1", &id, &f->e), 1);
	assert_true(digest_equal(&id.digest, &f->image[i].digest));
}

static void
expect_held(struct fixture *f, size_t i)
{
	struct digest at;

	assert_int_equal(store_held_get(f->side, "docker.io", "library/x",
	    "1", &at, &f->e), 1);
	assert_true(digest_equal(&at, &f->image[i].digest));
}

static void
expect_last(struct fixture *f, size_t i, bool is_rollback, size_t count)
{
	struct tag_history h;

	assert_int_equal(store_history_read(f->side, "docker.io", "library/x",
	    "1", &h, &f->e), 1);
	assert_int_equal(h.count, count);
	assert_true(digest_equal(&h.lines[count - 1].digest,
	    &f->image[i].digest));
	assert_int_equal(h.lines[count - 1].is_rollback, is_rollback);
	tag_history_done(&h);
}

/* Refused for that reason, and nothing is as it was not before. */
static void
expect_refused(struct fixture *f, unsigned steps, const struct digest *to,
    enum err_code code, const char *what)
{
	char *before = scratch_get(f->dir, REPO "_history/1"), *after;
	uint64_t changes = store_generation(f->st);

	assert_int_equal(back(f, steps, to), -1);
	if (strstr(f->e.msg, what) == NULL || f->e.code != code)
		fail_msg("%d: %s", (int)f->e.code, f->e.msg);
	after = scratch_get(f->dir, REPO "_history/1");
	assert_string_equal(before, after);
	assert_int_equal(store_generation(f->st), changes);
	assert_false(scratch_has(f->dir, "_state/dirty"));
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
	free(before);
	free(after);
}

static void
remove_blob(struct fixture *f, const struct digest *d)
{
	char path[STORE_PATH_MAX];

	assert_int_equal(unlinkat(f->dir->dir, path_blob(d, path), 0), 0);
}

static int
release(struct fixture *f)
{
	return store_release(f->side, "docker.io", "library/x", "1", &f->e);
}

/* --- where to --- */

static void
test_steps(void **state)
{
	struct fixture *f = *state;
	uint64_t changes = store_generation(f->st);

	assert_int_equal(back(f, 1, NULL), 1);
	expect_tag(f, 1);
	expect_held(f, 1);
	expect_last(f, 1, true, 4);
	assert_true(store_generation(f->st) > changes);
	assert_int_equal(scratch_mode(f->dir, REPO "_held/1"), 0444);
	assert_int_equal(scratch_mode(f->dir, REPO "_held"), 0755);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
	assert_int_equal(back(f, 1, NULL), 1);
	expect_tag(f, 0);
	expect_held(f, 0);
	expect_last(f, 0, true, 5);
	assert_int_equal(back(f, 1, NULL), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(f->e.msg, "no other digest before"));
	expect_tag(f, 0);
}

static void
test_two_steps(void **state)
{
	struct fixture *f = *state;

	expect_refused(f, 3, NULL, ERR_NOT_FOUND, "by 2 step(s), not by 3");
	assert_int_equal(back(f, 2, NULL), 1);
	expect_tag(f, 0);
	expect_held(f, 0);
}

static void
test_digest(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(back(f, 0, &f->image[0].digest), 1);
	expect_tag(f, 0);
	/* Again, and nothing is done. */
	assert_int_equal(store_finish(f->st, &f->e), 0);
	assert_int_equal(back(f, 0, &f->image[0].digest), 0);
	expect_last(f, 0, true, 4);
	assert_false(scratch_has(f->dir, "_state/dirty"));
	/* Forth again. */
	assert_int_equal(back(f, 0, &f->image[2].digest), 1);
	expect_tag(f, 2);
	expect_held(f, 2);
	expect_last(f, 2, true, 5);
}

/* Held where it is: no other digest, so no line. */
static void
test_in_place(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(back(f, 0, &f->image[2].digest), 1);
	expect_tag(f, 2);
	expect_held(f, 2);
	expect_last(f, 2, false, 3);
	assert_int_equal(release(f), 1);
	assert_int_equal(back(f, 0, NULL), 1);
	expect_tag(f, 2);
	expect_held(f, 2);
	expect_last(f, 2, false, 3);
	assert_int_equal(back(f, 0, NULL), 0);
}

/* One of the repository that the tag never had. */
static void
test_of_another_tag(void **state)
{
	struct fixture *f = *state;

	expect_refused(f, 0, &f->image[3].digest, ERR_NOT_FOUND,
	    "the repository does not have sha256:");
	publish(f, "2", &f->image[3], 1);
	assert_int_equal(back(f, 0, &f->image[3].digest), 1);
	expect_tag(f, 3);
	expect_last(f, 3, true, 4);
}

static void
test_no_such_tag(void **state)
{
	struct fixture *f = *state;
	struct store_rollback r = { .registry = "docker.io",
	    .repository = "library/x", .tag = "9", .back = 1,
	    .children = children_each };

	assert_int_equal(store_rollback(f->side, &r, &f->e), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(f->e.msg, "no such tag"));
	r.repository = "library/y";
	assert_int_equal(store_rollback(f->side, &r, &f->e), -1);
	assert_false(scratch_has(f->dir, REPO "_held"));
	assert_false(scratch_has(f->dir, "repos/docker.io/library/y"));
}

/* --- what is not whole --- */

static void
test_layer_gone(void **state)
{
	struct fixture *f = *state;
	char text[DIGEST_TEXT_MAX];

	remove_blob(f, &f->layer[1]);
	expect_refused(f, 1, NULL, ERR_DATA, "is not whole here: sha256:");
	assert_non_null(strstr(f->e.msg, digest_text(&f->layer[1], text)));
	assert_non_null(strstr(f->e.msg, digest_text(&f->image[1].digest,
	    text)));
	assert_non_null(strstr(f->e.msg, "is not here"));
	assert_false(scratch_has(f->dir, REPO "_held"));
	/* The one before it is. */
	assert_int_equal(back(f, 2, NULL), 1);
	expect_tag(f, 0);
}

static void
test_config_gone(void **state)
{
	struct fixture *f = *state;

	remove_blob(f, &f->config);
	expect_refused(f, 1, NULL, ERR_DATA, "is not here");
}

static void
test_layer_cut(void **state)
{
	struct fixture *f = *state;
	char path[STORE_PATH_MAX];

	remove_blob(f, &f->layer[1]);
	scratch_put(f->dir, path_blob(&f->layer[1], path), "on");
	expect_refused(f, 1, NULL, ERR_DATA, "has another size here");
	/* A link to something as long is none. */
	remove_blob(f, &f->layer[1]);
	assert_int_equal(symlinkat("/etc/passwd", f->dir->dir, path), 0);
	expect_refused(f, 1, NULL, ERR_DATA, "is not here");
}

static void
test_manifest_odd(void **state)
{
	struct fixture *f = *state;
	char path[STORE_PATH_MAX];

	path_manifest(&f->image[1], path);
	assert_int_equal(unlinkat(f->dir->dir, path, 0), 0);
	expect_refused(f, 1, NULL, ERR_DATA, "is not here");
	scratch_put(f->dir, path, "{}");
	expect_refused(f, 1, NULL, ERR_DATA, "has other bytes here");
	assert_int_equal(unlinkat(f->dir->dir, path, 0), 0);
	assert_int_equal(mkfifoat(f->dir->dir, path, 0644), 0);
	expect_refused(f, 1, NULL, ERR_DATA, "not a regular file");
}

/* Its bytes are right, and are no image. */
static void
test_manifest_makes_no_sense(void **state)
{
	struct fixture *f = *state;
	struct manifest_id id = put_manifest(f, IMAGE, "[]");

	publish(f, "2", &id, 1);
	assert_int_equal(store_finish(f->st, &f->e), 0);
	expect_refused(f, 0, &id.digest, ERR_DATA, "is not whole here: ");
	/* What nobody can look into leads nowhere. */
	id = put_manifest(f, "application/vnd.example.thing", "[]");
	publish(f, "2", &id, 1);
	assert_int_equal(back(f, 0, &id.digest), 1);
}

/* --- an index --- */

/* Of the images 0 and 3, and of one that is not here. */
static struct manifest_id
put_index(struct fixture *f)
{
	struct digest absent;
	struct manifest_id id;
	char *a, *b, *c, *text;

	digest_of(DIGEST_SHA256, "absent", 6, &absent);
	a = descriptor(IMAGE, &f->image[0].digest, 300,
	    ",\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}");
	b = descriptor(IMAGE, &f->image[3].digest, 300,
	    ",\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\"}");
	c = descriptor(IMAGE, &absent, 300,
	    ",\"platform\":{\"architecture\":\"arm\",\"os\":\"linux\"}");
	text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" INDEX
	    "\",\"manifests\":[%s,%s,%s]}", a, b, c);
	id = put_manifest(f, INDEX, text);
	free(a);
	free(b);
	free(c);
	free(text);
	return id;
}

static void
test_index(void **state)
{
	struct fixture *f = *state;
	struct manifest_id id = put_index(f), all[] = { id, f->image[0],
	    f->image[3] };
	char path[STORE_PATH_MAX], inner[200], text[DIGEST_TEXT_MAX];

	publish(f, "2", all, 3);
	assert_int_equal(store_finish(f->st, &f->e), 0);
	/* A layer of any child that was asked for is missed. */
	remove_blob(f, &f->layer[3]);
	expect_refused(f, 0, &id.digest, ERR_DATA, "is not here");
	f->layer[3] = put_blob(f, "three");
	assert_int_equal(back(f, 0, &id.digest), 1);
	assert_int_equal(back(f, 0, &f->image[2].digest), 1);
	assert_int_equal(store_finish(f->st, &f->e), 0);
	/* What no link leads to was not asked for; but one has to be. */
	snprintf(inner, sizeof(inner), "_manifests/%s",
	    digest_text(&f->image[3].digest, text));
	path_repository("docker.io", "library/x", inner, path);
	assert_int_equal(unlinkat(f->dir->dir, path, 0), 0);
	assert_int_equal(back(f, 0, &id.digest), 1);
	assert_int_equal(back(f, 0, &f->image[2].digest), 1);
	assert_int_equal(store_finish(f->st, &f->e), 0);
	snprintf(inner, sizeof(inner), "_manifests/%s",
	    digest_text(&f->image[0].digest, text));
	path_repository("docker.io", "library/x", inner, path);
	assert_int_equal(unlinkat(f->dir->dir, path, 0), 0);
	expect_refused(f, 0, &id.digest, ERR_DATA,
	    "lists no image that is here");
}

/* --- holds --- */

static void
test_release(void **state)
{
	struct fixture *f = *state;
	uint64_t changes;

	assert_int_equal(release(f), 0);
	assert_int_equal(back(f, 1, NULL), 1);
	publish(f, "1", &f->image[3], 1);
	expect_tag(f, 1);
	changes = store_generation(f->st);
	assert_int_equal(release(f), 1);
	assert_int_equal(store_generation(f->st), changes + 1);
	assert_false(scratch_has(f->dir, REPO "_held/1"));
	expect_tag(f, 1);
	expect_last(f, 1, true, 4);
	assert_int_equal(release(f), 0);
	publish(f, "1", &f->image[3], 1);
	expect_tag(f, 3);
	expect_last(f, 3, false, 5);
	/* The one that was left is not gone back to. */
	assert_int_equal(back(f, 1, NULL), 1);
	expect_tag(f, 1);
}

/* One that nobody can read: it can be written anew, and taken away. */
static void
test_odd_hold(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdirat(f->dir->dir, REPO "_held", 0755), 0);
	scratch_put(f->dir, REPO "_held/1", "of late\n");
	assert_int_equal(back(f, 1, NULL), 1);
	expect_held(f, 1);
	assert_int_equal(unlinkat(f->dir->dir, REPO "_held/1", 0), 0);
	scratch_put(f->dir, REPO "_held/1", "of late\n");
	assert_int_equal(release(f), 1);
	assert_int_equal(mkdirat(f->dir->dir, REPO "_held/1", 0755), 0);
	scratch_put(f->dir, REPO "_held/1/x", "");
	assert_int_equal(release(f), 1);
	assert_int_equal(symlinkat("../../../../../../cdr-layout",
	    f->dir->dir, REPO "_held/1"), 0);
	assert_int_equal(release(f), 1);
	assert_true(scratch_has(f->dir, "cdr-layout"));
	expect_tag(f, 1);
}

/* A folder of the repository that is a link to another one. */
static void
plant(struct fixture *f, const char *name)
{
	char path[200], aside[128], target[200];

	snprintf(path, sizeof(path), REPO "%s", name);
	snprintf(aside, sizeof(aside), "outside-%s", name);
	snprintf(target, sizeof(target), "../../../../%s", aside);
	if (renameat(f->dir->dir, path, f->dir->dir, aside) == -1)
		assert_int_equal(mkdirat(f->dir->dir, aside, 0755), 0);
	assert_int_equal(symlinkat(target, f->dir->dir, path), 0);
}

static void
test_planted(void **state)
{
	static const char *const names[] = { "_history", "_manifests" };
	struct fixture *f = *state;
	char path[200], aside[200], before[300], after[300], *text, *again;
	ssize_t len;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(aside, sizeof(aside), "outside-%s/1", names[i]);
		plant(f, names[i]);
		text = scratch_get(f->dir, aside);
		len = readlinkat(f->dir->dir, "outside-_manifests/1", before,
		    sizeof(before));
		assert_int_equal(back(f, 0, &f->image[1].digest), -1);
		if (strstr(f->e.msg, "not a directory") == NULL &&
		    strstr(f->e.msg, "symbolic link") == NULL)
			fail_msg("%s", f->e.msg);
		assert_int_equal(readlinkat(f->dir->dir,
		    "outside-_manifests/1", after, sizeof(after)), len);
		assert_true(len <= 0 || memcmp(before, after,
		    (size_t)len) == 0);
		again = scratch_get(f->dir, aside);
		assert_int_equal(strcmp(text == NULL ? "" : text,
		    again == NULL ? "" : again), 0);
		free(again);
		free(text);
		snprintf(path, sizeof(path), REPO "%s", names[i]);
		snprintf(aside, sizeof(aside), "outside-%s", names[i]);
		assert_int_equal(unlinkat(f->dir->dir, path, 0), 0);
		assert_int_equal(renameat(f->dir->dir, aside, f->dir->dir,
		    path), 0);
	}
	assert_false(scratch_has(f->dir, REPO "_held"));
	expect_tag(f, 2);
	/* Nothing is removed, and nothing is written, by way of a link. */
	plant(f, "_held");
	scratch_put(f->dir, "outside-_held/1", "precious");
	assert_int_equal(release(f), -1);
	assert_int_equal(back(f, 1, NULL), -1);
	text = scratch_get(f->dir, "outside-_held/1");
	assert_string_equal(text, "precious");
	free(text);
	assert_int_equal(scratch_count(f->dir, "outside-_held"), 1);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
	expect_tag(f, 2);
}

/* Somebody died between the hold and the tag. */
static void
test_half_way(void **state)
{
	struct fixture *f = *state;
	char line[200], text[DIGEST_TEXT_MAX];

	snprintf(line, sizeof(line), "2026-11-20T10:53:07Z %s\n",
	    digest_text(&f->image[0].digest, text));
	assert_int_equal(mkdirat(f->dir->dir, REPO "_held", 0755), 0);
	scratch_put(f->dir, REPO "_held/1", line);
	/* The same again ends it. */
	assert_int_equal(back(f, 0, &f->image[0].digest), 1);
	expect_tag(f, 0);
	expect_held(f, 0);
	expect_last(f, 0, true, 4);
	/* So does a run. */
	assert_int_equal(unlinkat(f->dir->dir, REPO "_held/1", 0), 0);
	snprintf(line, sizeof(line), "2026-11-20T10:53:07Z %s\n",
	    digest_text(&f->image[1].digest, text));
	scratch_put(f->dir, REPO "_held/1", line);
	publish(f, "1", &f->image[1], 1);
	expect_tag(f, 1);
	/* Or it is let go, and the history says where the tag is. */
	assert_int_equal(unlinkat(f->dir->dir, REPO "_history/1", 0), 0);
	scratch_put(f->dir, REPO "_history/1", line);
	assert_int_equal(back(f, 0, &f->image[2].digest), 1);
	assert_int_equal(unlinkat(f->dir->dir, REPO "_history/1", 0), 0);
	scratch_put(f->dir, REPO "_history/1", line);
	assert_int_equal(release(f), 1);
	expect_tag(f, 2);
	expect_last(f, 2, false, 2);
}

/* The running writer's lists tell of it, though it has published nothing. */
static void
test_lists(void **state)
{
	struct fixture *f = *state;
	char *index, text[DIGEST_TEXT_MAX];

	assert_int_equal(back(f, 1, NULL), 1);
	assert_true(scratch_has(f->dir, "_state/dirty"));
	index = scratch_get(f->dir, "index.json");
	assert_non_null(strstr(index, digest_text(&f->image[2].digest, text)));
	free(index);
	assert_int_equal(store_finish(f->st, &f->e), 0);
	index = scratch_get(f->dir, "index.json");
	assert_non_null(strstr(index, digest_text(&f->image[1].digest, text)));
	assert_null(strstr(index, digest_text(&f->image[2].digest, text)));
	free(index);
	assert_false(scratch_has(f->dir, "_state/dirty"));
}

/* --- what is behind --- */

static void
expect_mark(struct fixture *f, const char *want)
{
	char *text = scratch_get(f->dir, "_state/dirty");

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

static void
test_mark(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(back(f, 1, NULL), 1);
	expect_mark(f, "docker.io/library/x\n");
	assert_int_equal(back(f, 1, NULL), 1);
	expect_mark(f, "docker.io/library/x\n");
	/* What a writer changes may be anything. */
	publish(f, "2", &f->image[0], 1);
	expect_mark(f, "*\ndocker.io/library/x\n");
	assert_int_equal(store_finish(f->st, &f->e), 0);
	assert_false(scratch_has(f->dir, "_state/dirty"));
	publish(f, "3", &f->image[0], 1);
	expect_mark(f, "");
	assert_int_equal(back(f, 0, &f->image[2].digest), 1);
	expect_mark(f, "*\ndocker.io/library/x\n");
	publish(f, "4", &f->image[0], 1);
	expect_mark(f, "*\ndocker.io/library/x\n");
	/* Nobody knows how often it is asked for. */
	assert_int_equal(store_finish(f->st, &f->e), 0);
	assert_int_equal(back(f, 0, &f->image[1].digest), 1);
	expect_mark(f, "docker.io/library/x\n");
}

/* index.json says this of the repository: true if it has been read anew. */
static bool
is_read_anew(struct fixture *f, const char *mark)
{
	char *index = scratch_get(f->dir, "index.json"), *at;
	struct timespec times[2];
	bool found;

	store_close(f->st);
	/* A line of it is another one, and it is newer than all links. */
	at = strstr(index, ":1\"");
	assert_non_null(at);
	at[1] = '7';
	assert_int_equal(unlinkat(f->dir->dir, "index.json", 0), 0);
	scratch_put(f->dir, "index.json", index);
	free(index);
	times[0].tv_nsec = times[1].tv_nsec = UTIME_NOW;
	assert_int_equal(utimensat(f->dir->dir, "index.json", times, 0), 0);
	times[0].tv_sec = times[1].tv_sec = time(NULL) + 2;
	times[0].tv_nsec = times[1].tv_nsec = 0;
	assert_int_equal(utimensat(f->dir->dir, "index.json", times, 0), 0);
	scratch_put(f->dir, "_state/dirty", mark);
	assert_int_equal(store_open(f->dir->path, STORE_WRITE, &f->st, &f->e),
	    0);
	assert_int_equal(store_finish(f->st, &f->e), 0);
	index = scratch_get(f->dir, "index.json");
	found = strstr(index, ":7\"") == NULL;
	free(index);
	assert_false(scratch_has(f->dir, "_state/dirty"));
	return found;
}

static void
test_what_is_behind(void **state)
{
	struct timespec second = { 1, 200 * 1000 * 1000 };
	struct fixture *f = *state;

	nanosleep(&second, NULL);
	/* By its times alone nothing has changed. */
	assert_false(is_read_anew(f, "docker.io/library/y\n"));
	assert_true(is_read_anew(f, "docker.io/library/x\n"));
	assert_false(is_read_anew(f, "docker.io/library/y\n"));
	assert_true(is_read_anew(f, "docker.io/library/y\n"
	    "docker.io/library/x\n"));
	assert_true(is_read_anew(f, ""));
	assert_true(is_read_anew(f, "*\n"));
	assert_true(is_read_anew(f, "*\ndocker.io/library/y\n"));
	assert_true(is_read_anew(f, "docker.io/library/y\n../..\n"));
	assert_true(is_read_anew(f, "docker.io/library/y\n\n"));
	assert_true(is_read_anew(f, "of late\n"));
}

/* A step that was cut short between a tag and the list of tags. */
static void
test_tags_behind(void **state)
{
	struct fixture *f = *state;
	char *text;

	publish(f, "2", &f->image[0], 1);
	assert_int_equal(store_finish(f->st, &f->e), 0);
	assert_int_equal(unlinkat(f->dir->dir, REPO "_manifests/2", 0), 0);
	scratch_put(f->dir, "_state/dirty", "docker.io/library/x\n");
	assert_int_equal(store_finish(f->st, &f->e), 0);
	text = scratch_get(f->dir, REPO "_tags/list");
	assert_string_equal(text,
	    "{\"name\":\"library/x\",\"tags\":[\"1\"]}\n");
	free(text);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_steps),
		TEST(test_two_steps),
		TEST(test_digest),
		TEST(test_in_place),
		TEST(test_of_another_tag),
		TEST(test_no_such_tag),
		TEST(test_layer_gone),
		TEST(test_config_gone),
		TEST(test_layer_cut),
		TEST(test_manifest_odd),
		TEST(test_manifest_makes_no_sense),
		TEST(test_index),
		TEST(test_release),
		TEST(test_odd_hold),
		TEST(test_planted),
		TEST(test_half_way),
		TEST(test_lists),
		TEST(test_mark),
		TEST(test_what_is_behind),
		TEST(test_tags_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
