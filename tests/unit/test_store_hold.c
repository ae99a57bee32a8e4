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
#define SINCE	"2026-11-20T10:53:07Z "

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
	assert_int_equal(f->e.code, ERR_NONE);
}

static struct publication
image(const char *tag, const struct manifest_id *root)
{
	struct publication p = {
		.registry = "docker.io",
		.repository = "library/x",
		.tag = tag,
		.root = *root,
		.manifests = root,
		.count = 1,
	};

	return p;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct publication p;
	void *dir;

	if (scratch_setup(&dir) == -1)
		return -1;
	f->dir = dir;
	*state = f;
	if (store_open(f->dir->path, STORE_WRITE, &f->st, &f->e) == -1)
		return -1;
	make_manifest(f, "{\"n\":1}", &f->one, f->one_text);
	make_manifest(f, "{\"n\":2}", &f->two, f->two_text);
	p = image("1.0", &f->one);
	return store_publish(f->st, &p, 1, &f->e);
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

static void
hold(struct fixture *f, const char *line)
{
	(void)mkdirat(f->dir->dir, REPO "_held", 0755);
	scratch_put(f->dir, REPO "_held/1.0", line);
}

static void
hold_at(struct fixture *f, const char *digest)
{
	char line[200];

	snprintf(line, sizeof(line), SINCE "%s\n", digest);
	hold(f, line);
}

static int
held(struct fixture *f, struct digest *ret)
{
	return store_held_get(f->st, "docker.io", "library/x", "1.0", ret,
	    &f->e);
}

static void
expect_tag(struct fixture *f, const struct manifest_id *want)
{
	struct manifest_id id;

	assert_int_equal(store_reference_get(f->st, "docker.io", "library/x",
	    "1.0", &id, &f->e), 1);
	assert_true(digest_equal(&id.digest, &want->digest));
}

static void
test_get(void **state)
{
	struct fixture *f = *state;
	struct digest at;

	assert_int_equal(held(f, &at), 0);
	hold_at(f, f->two_text);
	assert_int_equal(held(f, &at), 1);
	assert_true(digest_equal(&at, &f->two.digest));
	assert_int_equal(store_held_get(f->st, "docker.io", "library/x", "1",
	    &at, &f->e), 0);
	assert_int_equal(store_held_get(f->st, "docker.io", "library/y",
	    "1.0", &at, &f->e), 0);
}

/* What cannot be read is no reason to move the tag. */
static void
test_odd(void **state)
{
	static const char *const odd[] = {
		"", "\n", SINCE, SINCE "\n", SINCE "sha256:x\n", "sha256:x\n",
		SINCE "latest\n",
	};
	struct fixture *f = *state;
	struct publication p = image("1.0", &f->two);
	struct digest at;
	char long_line[1000];
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		hold(f, odd[i]);
		assert_int_equal(held(f, &at), -1);
		assert_int_equal(f->e.code, ERR_DATA);
		assert_non_null(strstr(f->e.msg, REPO "_held/1.0"));
		assert_int_equal(store_publish(f->st, &p, 1, &f->e), -1);
		expect_tag(f, &f->one);
	}
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	hold(f, long_line);
	assert_int_equal(held(f, &at), -1);
	assert_int_equal(store_publish(f->st, &p, 1, &f->e), -1);
	expect_tag(f, &f->one);
}

static void
test_publish(void **state)
{
	struct fixture *f = *state;
	struct publication both[2];
	struct manifest_id id;
	char *history = scratch_get(f->dir, REPO "_history/1.0"), *after;

	hold_at(f, f->one_text);
	both[0] = image("1.0", &f->two);
	both[1] = image("2.0", &f->two);
	assert_int_equal(store_publish(f->st, both, 2, &f->e), 0);
	assert_true(both[0].held);
	assert_true(digest_equal(&both[0].held_at, &f->one.digest));
	assert_false(both[1].held);
	expect_tag(f, &f->one);
	assert_int_equal(store_reference_get(f->st, "docker.io", "library/x",
	    "2.0", &id, &f->e), 1);
	after = scratch_get(f->dir, REPO "_history/1.0");
	assert_string_equal(history, after);
	free(history);
	free(after);
	/* To where it is held it may go. */
	both[0] = image("1.0", &f->one);
	assert_int_equal(store_publish(f->st, both, 1, &f->e), 0);
	assert_false(both[0].held);
	/* And anywhere, when nobody holds it any more. */
	assert_int_equal(unlinkat(f->dir->dir, REPO "_held/1.0", 0), 0);
	both[0] = image("1.0", &f->two);
	both[0].held = true;
	assert_int_equal(store_publish(f->st, both, 1, &f->e), 0);
	assert_false(both[0].held);
	expect_tag(f, &f->two);
}

/* It is no repository, and no tag. */
static int
count_one(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	(void)registry;
	(void)repository;
	(void)reference;
	(void)id;
	(void)e;
	++*(int *)cookie;
	return 0;
}

static void
test_lists(void **state)
{
	struct fixture *f = *state;
	char *text;
	int count = 0;

	hold_at(f, f->one_text);
	assert_int_equal(store_finish(f->st, &f->e), 0);
	assert_int_equal(store_each_reference(f->st, count_one, &count,
	    &f->e), 0);
	assert_int_equal(count, 1);
	text = scratch_get(f->dir, REPO "_tags/list");
	assert_string_equal(text,
	    "{\"name\":\"library/x\",\"tags\":[\"1.0\"]}\n");
	free(text);
	text = scratch_get(f->dir, "catalog.json");
	assert_string_equal(text,
	    "{\"repositories\":[\"docker.io/library/x\"]}\n");
	free(text);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_get),
		TEST(test_odd),
		TEST(test_publish),
		TEST(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
