#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "layout/store.h"
#include "tests/unit/scratch.h"

#define TYPE	"application/vnd.oci.image.manifest.v1+json"
#define REPO	"repos/docker.io/library/x/"

struct fixture {
	struct scratch *dir;
	struct store *st;
	struct manifest_id one, two;
	char one_text[DIGEST_TEXT_MAX], two_text[DIGEST_TEXT_MAX];
	struct err e;
};

static void
make_manifest(struct fixture *f, const char *text, struct manifest_id *id,
    char *id_text)
{
	struct staged *staged = NULL;
	struct err *result = &f->e;

	snprintf(id->media_type, sizeof(id->media_type), "%s", TYPE);
	digest_of(DIGEST_SHA256, text, strlen(text), &id->digest);
	digest_text(&id->digest, id_text);
	if (store_stage_manifest(f->st, id, text, strlen(text), &staged,
	    &f->e) == -1)
		fail_msg("%s", f->e.msg);
	store_commit(f->st, &staged, 1, &result);
	if (f->e.code != ERR_NONE)
		fail_msg("%s", f->e.msg);
}

static void
reopen(struct fixture *f)
{
	store_close(f->st);
	if (store_open(f->dir->path, STORE_WRITE, &f->st, &f->e) == -1)
		fail_msg("%s", f->e.msg);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	void *dir;

	if (scratch_setup(&dir) == -1)
		return -1;
	f->dir = dir;
	*state = f;
	if (store_open(f->dir->path, STORE_WRITE, &f->st, &f->e) == -1)
		return -1;
	make_manifest(f, "{\"n\":1}", &f->one, f->one_text);
	make_manifest(f, "{\"n\":2}", &f->two, f->two_text);
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	void *dir = f->dir;

	store_close(f->st);
	free(f);
	return scratch_teardown(&dir);
}

static struct publication
image(const char *repository, const char *tag, const struct manifest_id *root)
{
	struct publication p = {
		.registry = "docker.io",
		.repository = repository,
		.tag = tag,
		.root = *root,
		.manifests = root,
		.count = 1,
	};

	return p;
}

static void
publish(struct fixture *f, const char *repository, const char *tag,
    const struct manifest_id *root)
{
	struct publication p = image(repository, tag, root);

	if (store_publish(f->st, &p, 1, &f->e) == -1)
		fail_msg("%s", f->e.msg);
}

static void
finish(struct fixture *f)
{
	if (store_finish(f->st, &f->e) == -1)
		fail_msg("%s", f->e.msg);
}

static void
expect_text(struct fixture *f, const char *path, const char *want)
{
	char *text = scratch_get(f->dir, path);

	if (text == NULL)
		fail_msg("there is no %s", path);
	assert_string_equal(text, want);
	free(text);
}

static void
expect_in(struct fixture *f, const char *path, const char *want, bool there)
{
	char *text = scratch_get(f->dir, path);

	assert_non_null(text);
	if ((strstr(text, want) != NULL) != there)
		fail_msg("%s: %s", path, text);
	free(text);
}

static void
expect_reference(struct fixture *f, const char *repository,
    const char *reference, const struct manifest_id *want)
{
	struct manifest_id id;

	assert_int_equal(store_reference_get(f->st, "docker.io", repository,
	    reference, &id, &f->e), 1);
	assert_true(digest_equal(&id.digest, &want->digest));
	assert_string_equal(id.media_type, want->media_type);
}

/* --- links --- */

static void
test_links(void **state)
{
	static const char prefix[] =
	    "../../../../../manifests/" TYPE "/sha256/";
	struct fixture *f = *state;
	char path[STORE_PATH_MAX], target[STORE_PATH_MAX];
	const char *names[2] = { "1.0", f->one_text };
	ssize_t n;
	size_t i;

	publish(f, "library/x", "1.0", &f->one);
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), REPO "_manifests/%s", names[i]);
		n = readlinkat(f->dir->dir, path, target, sizeof(target) - 1);
		assert_true(n > 0);
		target[n] = '\0';
		assert_int_equal(strncmp(target, prefix, strlen(prefix)), 0);
		assert_string_equal(target + strlen(prefix), f->one_text + 7);
		expect_text(f, path, "{\"n\":1}");
		expect_reference(f, "library/x", names[i], &f->one);
	}
	assert_int_equal(scratch_mode(f->dir, REPO "_manifests"), 0755);
	assert_int_equal(scratch_mode(f->dir, REPO "_tags"), 0755);
	assert_int_equal(scratch_mode(f->dir, REPO "_tags/list"), 0444);
	assert_int_equal(scratch_mode(f->dir, REPO "_history/1.0"), 0444);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
}

static void
test_move(void **state)
{
	struct fixture *f = *state;

	publish(f, "library/x", "1.0", &f->one);
	publish(f, "library/x", "1.0", &f->two);
	expect_reference(f, "library/x", "1.0", &f->two);
	/* The old one can still be had by its digest. */
	expect_reference(f, "library/x", f->one_text, &f->one);
	assert_int_equal(scratch_count(f->dir, REPO "_manifests"), 3);
}

static void
test_absent(void **state)
{
	struct fixture *f = *state;
	struct manifest_id id;

	assert_int_equal(store_reference_get(f->st, "docker.io", "library/x",
	    "1.0", &id, &f->e), 0);
	publish(f, "library/x", "1.0", &f->one);
	assert_int_equal(store_reference_get(f->st, "docker.io", "library/x",
	    "1.1", &id, &f->e), 0);
	/* In the store, and not of this repository. */
	assert_int_equal(store_reference_get(f->st, "docker.io", "library/x",
	    f->two_text, &id, &f->e), 0);
}

/* What stands in for an index stays where it is while tags come and go. */
static void
test_default(void **state)
{
	struct fixture *f = *state;
	struct publication p = image("library/x", "1.0", &f->one);
	const struct manifest_id both[] = { f->one, f->two };
	char path[STORE_PATH_MAX], target[STORE_PATH_MAX];
	ssize_t n;

	publish(f, "library/x", "1.0", &f->one);
	assert_false(scratch_has(f->dir, REPO "_default"));
	p.manifests = both;
	p.count = 2;
	p.default_manifest = &both[1];
	assert_int_equal(store_publish(f->st, &p, 1, &f->e), 0);
	publish(f, "library/x", "1.0", &f->two);
	assert_int_equal(scratch_count(f->dir, REPO "_default"), 1);
	snprintf(path, sizeof(path), REPO "_default/%s", f->one_text);
	n = readlinkat(f->dir->dir, path, target, sizeof(target) - 1);
	assert_true(n > 0);
	target[n] = '\0';
	assert_string_equal(strrchr(target, '/') + 1, f->two_text + 7);
	expect_text(f, path, "{\"n\":2}");
	assert_int_equal(scratch_mode(f->dir, REPO "_default"), 0755);
}

/* It is there before the tag, or the tag is not. */
static void
test_default_fails(void **state)
{
	struct fixture *f = *state;
	struct publication p = image("library/x", "1.0", &f->one);

	publish(f, "library/x", "1.0", &f->two);
	scratch_put(f->dir, REPO "_default", "in the way");
	p.default_manifest = &f->one;
	assert_int_equal(store_publish(f->st, &p, 1, &f->e), -1);
	expect_reference(f, "library/x", "1.0", &f->two);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
}

/* --- history --- */

static int
count_lines(struct fixture *f, const char *path)
{
	char *text = scratch_get(f->dir, path), *s;
	int lines = 0;

	assert_non_null(text);
	for (s = text; *s != '\0'; s++)
		lines += *s == '\n';
	free(text);
	return lines;
}

static void
test_history(void **state)
{
	struct fixture *f = *state;
	char when[STORE_TIME_MAX], *text;

	assert_int_equal(store_published_at(f->st, "docker.io", "library/x",
	    "1.0", when, &f->e), 0);
	publish(f, "library/x", "1.0", &f->one);
	publish(f, "library/x", "1.0", &f->one);
	assert_int_equal(count_lines(f, REPO "_history/1.0"), 1);
	publish(f, "library/x", "1.0", &f->two);
	publish(f, "library/x", "1.0", &f->one);
	assert_int_equal(count_lines(f, REPO "_history/1.0"), 3);
	text = scratch_get(f->dir, REPO "_history/1.0");
	assert_int_equal(text[4], '-');
	assert_int_equal(text[10], 'T');
	assert_int_equal(text[19], 'Z');
	assert_int_equal(text[20], ' ');
	assert_int_equal(strncmp(text + 21, f->one_text,
	    strlen(f->one_text)), 0);
	assert_int_equal(store_published_at(f->st, "docker.io", "library/x",
	    "1.0", when, &f->e), 1);
	assert_int_equal(strlen(when), 20);
	assert_string_equal(strrchr(text, '\n') - strlen(f->one_text),
	    strstr(text + 120, f->one_text));
	free(text);
	/* Whatever is in it: the last line counts, with its end or without. */
	assert_int_equal(unlinkat(f->dir->dir, REPO "_history/1.0", 0), 0);
	scratch_put(f->dir, REPO "_history/1.0", "");
	assert_int_equal(store_published_at(f->st, "docker.io", "library/x",
	    "1.0", when, &f->e), 0);
	scratch_put(f->dir, REPO "_history/1.0", "2026-01-01T00:00:00Z ");
	assert_int_equal(store_published_at(f->st, "docker.io", "library/x",
	    "1.0", when, &f->e), 1);
	assert_string_equal(when, "2026-01-01T00:00:00Z");
}

static void
test_history_is_bounded(void **state)
{
	struct fixture *f = *state;
	char *long_text = calloc(1, 65536);
	int i;

	publish(f, "library/x", "1.0", &f->one);
	for (i = 0; i < 500; i++)
		snprintf(long_text + strlen(long_text), 200,
		    "2020-01-01T00:00:%02dZ %s\n", i % 60, f->one_text);
	assert_int_equal(unlinkat(f->dir->dir, REPO "_history/1.0", 0), 0);
	scratch_put(f->dir, REPO "_history/1.0", long_text);
	publish(f, "library/x", "1.0", &f->two);
	assert_int_equal(count_lines(f, REPO "_history/1.0"), 200);
	free(long_text);
	long_text = scratch_get(f->dir, REPO "_history/1.0");
	assert_non_null(strstr(strrchr(long_text, 'Z'), f->two_text));
	free(long_text);
}

/* --- lists --- */

static void
test_tag_list(void **state)
{
	static const char *const tags[] = { "b", "1.9", "latest", "1.10",
	    "B", "_x" };
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		publish(f, "library/x", tags[i], &f->one);
	expect_text(f, REPO "_tags/list", "{\"name\":\"library/x\",\"tags\":["
	    "\"1.10\",\"1.9\",\"B\",\"_x\",\"b\",\"latest\"]}\n");
}

static void
test_by_digest_alone(void **state)
{
	struct fixture *f = *state;
	char path[STORE_PATH_MAX], name[200];

	publish(f, "library/x", NULL, &f->one);
	finish(f);
	expect_reference(f, "library/x", f->one_text, &f->one);
	expect_text(f, REPO "_tags/list",
	    "{\"name\":\"library/x\",\"tags\":[]}\n");
	snprintf(path, sizeof(path), REPO "_history/%s", f->one_text);
	assert_int_equal(count_lines(f, path), 1);
	snprintf(name, sizeof(name), "\"docker.io/library/x@%s\"",
	    f->one_text);
	expect_in(f, "index.json", name, true);
}

/*
 * What is asked for by digest shows last: were its link there and its history
 * not, no later run would see that something is missing.
 */
static void
test_by_digest_is_whole(void **state)
{
	struct fixture *f = *state;
	struct publication p = image("library/x", NULL, &f->one);
	struct manifest_id id;

	publish(f, "library/x", "old", &f->two);
	assert_int_equal(unlinkat(f->dir->dir, REPO "_history/old", 0), 0);
	assert_int_equal(unlinkat(f->dir->dir, REPO "_history",
	    AT_REMOVEDIR), 0);
	scratch_put(f->dir, REPO "_history", "in the way");
	assert_int_equal(store_publish(f->st, &p, 1, &f->e), -1);
	assert_int_equal(store_reference_get(f->st, "docker.io", "library/x",
	    f->one_text, &id, &f->e), 0);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
}

static void
test_index(void **state)
{
	struct fixture *f = *state;
	char want[2000];

	expect_text(f, "catalog.json", "{\"repositories\":[]}\n");
	publish(f, "library/x", "1.0", &f->one);
	assert_true(scratch_has(f->dir, "_state/dirty"));
	finish(f);
	assert_false(scratch_has(f->dir, "_state/dirty"));
	snprintf(want, sizeof(want), "{\"schemaVersion\":2,\"mediaType\":"
	    "\"application/vnd.oci.image.index.v1+json\",\"manifests\":[\n"
	    "{\"mediaType\":\"" TYPE "\",\"digest\":\"%s\",\"size\":7,"
	    "\"annotations\":{"
	    "\"io.containerd.image.name\":\"docker.io/library/x:1.0\","
	    "\"org.opencontainers.image.ref.name\":"
	    "\"docker.io/library/x:1.0\"}}]}\n", f->one_text);
	expect_text(f, "index.json", want);
	expect_text(f, "catalog.json",
	    "{\"repositories\":[\"docker.io/library/x\"]}\n");
}

/* Nothing was published: nothing is written. */
static void
test_finish_idle(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;

	publish(f, "library/x", "1.0", &f->one);
	finish(f);
	assert_int_equal(fstatat(f->dir->dir, "index.json", &before, 0), 0);
	finish(f);
	reopen(f);
	finish(f);
	assert_int_equal(fstatat(f->dir->dir, "index.json", &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

/* --- after a process that died --- */

/* Between the tag and store_finish: the next run writes all lists anew. */
static void
test_dirty(void **state)
{
	struct fixture *f = *state;

	publish(f, "library/x", "1.0", &f->one);
	finish(f);
	publish(f, "library/x", "2.0", &f->one);
	assert_int_equal(unlinkat(f->dir->dir, REPO "_tags/list", 0), 0);
	scratch_put(f->dir, REPO "_tags/list", "of before");
	reopen(f);
	expect_in(f, "index.json", "x:2.0", false);
	finish(f);
	expect_in(f, "index.json", "x:2.0", true);
	expect_in(f, REPO "_tags/list", "[\"1.0\",\"2.0\"]", true);
	assert_false(scratch_has(f->dir, "_state/dirty"));
}

/* Its folders were half made, and nobody asks for that image any more. */
static void
test_half_a_repository(void **state)
{
	struct fixture *f = *state;

	publish(f, "library/x", "1.0", &f->one);
	assert_int_equal(mkdirat(f->dir->dir, "repos/docker.io/y", 0755), 0);
	assert_int_equal(mkdirat(f->dir->dir, "repos/docker.io/y/_manifests",
	    0755), 0);
	reopen(f);
	finish(f);
	expect_in(f, "index.json", "x:1.0", true);
	assert_false(scratch_has(f->dir, "_state/dirty"));
}

/* One of two cannot be published: the lists tell of the other one. */
static void
test_publish_fails(void **state)
{
	struct fixture *f = *state;
	struct publication both[2];

	publish(f, "library/x", "1.0", &f->one);
	publish(f, "library/y", "1.0", &f->one);
	finish(f);
	assert_int_equal(mkdirat(f->dir->dir,
	    "repos/docker.io/library/y/_manifests/2.0", 0755), 0);
	both[0] = image("library/x", "2.0", &f->two);
	both[1] = image("library/y", "2.0", &f->two);
	assert_int_equal(store_publish(f->st, both, 2, &f->e), -1);
	assert_int_equal(scratch_count(f->dir, "_state/tmp"), 0);
	expect_reference(f, "library/y", "1.0", &f->one);
	assert_int_equal(unlinkat(f->dir->dir,
	    "repos/docker.io/library/y/_manifests/2.0", AT_REMOVEDIR), 0);
	finish(f);
	expect_reference(f, "library/x", "2.0", &f->two);
	expect_in(f, "index.json", "x:2.0", true);
	expect_in(f, REPO "_tags/list", "[\"1.0\",\"2.0\"]", true);
}

/* A link that leads nowhere is not told of. */
static void
test_dangling(void **state)
{
	struct fixture *f = *state;
	char path[STORE_PATH_MAX];

	publish(f, "library/x", "1.0", &f->one);
	publish(f, "library/x", "2.0", &f->two);
	assert_int_equal(unlinkat(f->dir->dir, path_manifest(&f->two, path),
	    0), 0);
	finish(f);
	expect_in(f, "index.json", "x:1.0", true);
	expect_in(f, "index.json", "x:2.0", false);
}

/* --- going through all --- */

struct seen {
	char text[4096];
	int stop_after;
};

static int
note(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct seen *seen = cookie;
	size_t used = strlen(seen->text);

	(void)id;
	snprintf(seen->text + used, sizeof(seen->text) - used, "%s %s %.7s\n",
	    registry, repository, reference);
	if (seen->stop_after > 0 && --seen->stop_after == 0)
		return err_set(e, ERR_LIMIT, "enough");
	return 0;
}

static void
publish_at(struct fixture *f, const char *registry, const char *repository,
    const char *tag)
{
	struct publication p = image(repository, tag, &f->one);

	p.registry = registry;
	if (store_publish(f->st, &p, 1, &f->e) == -1)
		fail_msg("%s", f->e.msg);
}

static void
test_each_reference(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { "", 0 };

	publish_at(f, "reg.example:5000", "a", "t");
	publish_at(f, "docker.io", "a/b", "2");
	publish_at(f, "docker.io", "a", "z");
	publish_at(f, "docker.io", "a", NULL);
	publish_at(f, "docker.io", "a", "10");
	publish_at(f, "docker.io", "b", "9");
	/* Not ours, and none of our names. */
	assert_int_equal(mkdirat(f->dir->dir, "repos/.Trash", 0755), 0);
	assert_int_equal(mkdirat(f->dir->dir, "repos/docker.io/UPPER", 0755),
	    0);
	scratch_put(f->dir, "repos/README", "hello");
	assert_int_equal(store_each_reference(f->st, note, &seen, &f->e), 0);
	assert_string_equal(seen.text,
	    "docker.io a 10\n"
	    "docker.io a sha256:\n"
	    "docker.io a z\n"
	    "docker.io a/b 2\n"
	    "docker.io b 9\n"
	    "reg.example:5000 a t\n");
}

static void
test_each_reference_stops(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { "", 2 };

	publish_at(f, "docker.io", "a", "1");
	publish_at(f, "docker.io", "a", "2");
	publish_at(f, "docker.io", "a/b", "3");
	assert_int_equal(store_each_reference(f->st, note, &seen, &f->e), -1);
	assert_string_equal(f->e.msg, "enough");
	assert_string_equal(seen.text, "docker.io a 1\ndocker.io a 2\n");
}

/* One list for each repository, whatever stands between two of its tags, and
 * whichever registry has another one of that name. */
static void
test_lists_of_a_batch(void **state)
{
	struct fixture *f = *state;
	struct publication p[] = {
		image("a", "1", &f->one), image("a", "1", &f->one),
		image("b", "1", &f->one), image("a", "2", &f->one),
	};

	p[0].registry = "docker.io";
	p[1].registry = "reg.example";
	p[2].registry = "docker.io";
	p[3].registry = "docker.io";
	assert_int_equal(store_publish(f->st, p, 4, &f->e), 0);
	expect_text(f, "repos/docker.io/a/_tags/list",
	    "{\"name\":\"a\",\"tags\":[\"1\",\"2\"]}\n");
	expect_text(f, "repos/reg.example/a/_tags/list",
	    "{\"name\":\"a\",\"tags\":[\"1\"]}\n");
	expect_text(f, "repos/docker.io/b/_tags/list",
	    "{\"name\":\"b\",\"tags\":[\"1\"]}\n");
}

/* Whoever pages through the catalog compares whole names. */
static void
test_catalog_order(void **state)
{
	struct fixture *f = *state;

	publish_at(f, "docker.io", "a/b", "1");
	publish_at(f, "docker.io", "a", "1");
	publish_at(f, "docker.io", "a-b/c", "1");
	publish_at(f, "docker.io", "a.b", "1");
	publish_at(f, "docker.io", "a0", "1");
	publish_at(f, "docker.io.example", "a", "1");
	finish(f);
	expect_text(f, "catalog.json", "{\"repositories\":["
	    "\"docker.io.example/a\",\"docker.io/a\",\"docker.io/a-b/c\","
	    "\"docker.io/a.b\",\"docker.io/a/b\",\"docker.io/a0\"]}\n");
}

/* --- lists of referrers --- */

static unsigned merges;

/* A line for each of them. */
static int
merge(const char *old, const char *const *descriptors, size_t count,
    char **ret, struct err *e)
{
	char text[256] = "";
	size_t i;

	(void)e;
	merges++;
	snprintf(text, sizeof(text), "%s", old == NULL ? "" : old);
	for (i = 0; i < count; i++) {
		strncat(text, descriptors[i], 8);
		strncat(text, "\n", 2);
	}
	*ret = strdup(text);
	return 1;
}

/* Each list is read and written once, however many are added to it. */
static void
test_referrals(void **state)
{
	struct fixture *f = *state;
	char a[] = "a", b[] = "b", c[] = "c", path[STORE_PATH_MAX];
	struct referral referrals[] = {
		{ f->one.digest, a }, { f->two.digest, b },
		{ f->one.digest, c },
	};
	struct publication p = image("library/x", "1.0", &f->one);

	p.referrals = referrals;
	p.referral_count = 3;
	p.merge = merge;
	merges = 0;
	if (store_publish(f->st, &p, 1, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	assert_int_equal(merges, 2);
	snprintf(path, sizeof(path), REPO "_referrers/%s", f->two_text);
	expect_text(f, path, "b\n");
	snprintf(path, sizeof(path), REPO "_referrers/%s", f->one_text);
	expect_in(f, path, "a\n", true);
	expect_in(f, path, "c\n", true);
	assert_int_equal(scratch_mode(f->dir, path), 0444);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_links),
		TEST(test_move),
		TEST(test_absent),
		TEST(test_default),
		TEST(test_default_fails),
		TEST(test_history),
		TEST(test_history_is_bounded),
		TEST(test_tag_list),
		TEST(test_by_digest_alone),
		TEST(test_by_digest_is_whole),
		TEST(test_index),
		TEST(test_finish_idle),
		TEST(test_dirty),
		TEST(test_half_a_repository),
		TEST(test_publish_fails),
		TEST(test_dangling),
		TEST(test_each_reference),
		TEST(test_each_reference_stops),
		TEST(test_lists_of_a_batch),
		TEST(test_catalog_order),
		TEST(test_referrals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
