#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/media.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "mirror/walk.h"

/* A store with what a test puts into it, by hand. */
struct fixture {
	char root[64];
	struct store *store;
	struct platform_set platforms;
	struct digest_set absent, as_blobs;
};

static void
put_blob(struct fixture *f, const char *bytes, struct digest *ret)
{
	struct blob_writer *w;
	struct staged *staged;
	struct err e, *result = &e;

	digest_of(DIGEST_SHA256, bytes, strlen(bytes), ret);
	assert_int_equal(blob_writer_open(f->store, ret, strlen(bytes), &w,
	    &e), 0);
	assert_int_equal(blob_writer_add(w, bytes, strlen(bytes), &e), 0);
	assert_int_equal(blob_writer_finish(w, &staged, &e), 0);
	store_commit(f->store, &staged, 1, &result);
	assert_int_equal(e.code, ERR_NONE);
}

static void
put_manifest(struct fixture *f, const char *type, const char *bytes,
    struct digest *ret)
{
	struct manifest_id id;
	struct staged *staged;
	struct err e, *result = &e;

	snprintf(id.media_type, sizeof(id.media_type), "%s", type);
	digest_of(DIGEST_SHA256, bytes, strlen(bytes), &id.digest);
	assert_int_equal(store_stage_manifest(f->store, &id, bytes,
	    strlen(bytes), &staged, &e), 0);
	store_commit(f->store, &staged, 1, &result);
	assert_int_equal(e.code, ERR_NONE);
	*ret = id.digest;
}

static char *
descriptor(const char *type, const struct digest *d, size_t size,
    const char *more)
{
	char text[DIGEST_TEXT_MAX];

	return xasprintf("{\"mediaType\":\"%s\",\"digest\":\"%s\","
	    "\"size\":%zu%s}", type, digest_text(d, text), size, more);
}

/* An image for linux/${architecture}; its layer is not there if ${whole} is
 * 0. */
static char *
put_image(struct fixture *f, const char *architecture, int whole,
    struct digest *ret)
{
	char *config = xasprintf("{\"os\":\"linux\",\"architecture\":\"%s\"}",
	    architecture);
	char *layer = xasprintf("layer of %s", architecture);
	struct digest config_id, layer_id;
	char *c, *l, *text, *entry, *more;

	put_blob(f, config, &config_id);
	digest_of(DIGEST_SHA256, layer, strlen(layer), &layer_id);
	if (whole)
		put_blob(f, layer, &layer_id);
	c = descriptor(MEDIA_OCI_CONFIG, &config_id, strlen(config), "");
	l = descriptor("application/vnd.oci.image.layer.v1.tar", &layer_id,
	    strlen(layer), "");
	/* the layer stands there twice, and counts once */
	text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"config\":%s,\"layers\":[%s,%s]}", MEDIA_OCI_MANIFEST, c, l, l);
	put_manifest(f, MEDIA_OCI_MANIFEST, text, ret);
	more = xasprintf(",\"platform\":{\"os\":\"linux\","
	    "\"architecture\":\"%s\"}", architecture);
	entry = descriptor(MEDIA_OCI_MANIFEST, ret, strlen(text), more);
	free(config);
	free(layer);
	free(c);
	free(l);
	free(text);
	free(more);
	return entry;
}

static int
walk(struct fixture *f, const struct digest *root, struct walk *ret,
    struct err *e)
{
	struct walk_from from = {
		.store = f->store,
		.registry = "docker.io",
		.repository = "library/x",
		.tag = "1",
		.root = *root,
		.platforms = &f->platforms,
		.absent = &f->absent,
		.as_blobs = &f->as_blobs,
	};

	return walk_image(&from, ret, e);
}

static int
set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err e;

	snprintf(f->root, sizeof(f->root), "/tmp/cdr-walk.XXXXXX");
	assert_non_null(mkdtemp(f->root));
	assert_int_equal(store_open(f->root, STORE_WRITE, &f->store, &e), 0);
	assert_int_equal(platform_set_parse("all", &f->platforms, &e), 0);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	char *command[] = { "rm", "-rf", f->root, NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execvp(command[0], command);
		_exit(1);
	}
	store_close(f->store);
	platform_set_done(&f->platforms);
	digest_set_done(&f->absent);
	digest_set_done(&f->as_blobs);
	free(f);
	return pid == -1;
}

static void
want(struct fixture *f, const char *platforms)
{
	struct err e;

	platform_set_done(&f->platforms);
	assert_int_equal(platform_set_parse(platforms, &f->platforms, &e), 0);
}

static void
test_root_missing(void **state)
{
	struct fixture *f = *state;
	struct digest root;
	struct walk w;
	struct err e;

	digest_of(DIGEST_SHA256, "x", 1, &root);
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_int_equal(w.missing_count, 1);
	assert_int_equal(w.missing[0].object.kind, OBJECT_MANIFEST);
	assert_false(w.missing[0].tolerate);
	assert_false(w.published);
	walk_done(&w);
}

static void
test_whole_image(void **state)
{
	struct fixture *f = *state;
	struct digest root;
	struct walk w;
	struct err e;

	free(put_image(f, "amd64", 1, &root));
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_int_equal(w.missing_count, 0);
	assert_int_equal(w.manifest_count, 1);
	assert_int_equal(w.blob_count, 2);
	assert_int_equal(w.have_count, 1);
	assert_string_equal(w.have[0].architecture, "amd64");
	assert_false(w.published);
	walk_done(&w);
	want(f, "linux/amd64");
	assert_int_equal(walk(f, &root, &w, &e), 0);
	walk_done(&w);
	/* One image, and it is for something else. */
	want(f, "linux/s390x");
	assert_int_equal(walk(f, &root, &w, &e), -1);
	assert_non_null(strstr(e.msg, "linux/amd64"));
}

static void
test_published(void **state)
{
	struct fixture *f = *state;
	struct publication p = { .registry = "docker.io",
	    .repository = "library/x", .tag = "1" };
	struct digest root;
	struct walk w;
	struct err e;

	free(put_image(f, "amd64", 1, &root));
	assert_int_equal(walk(f, &root, &w, &e), 0);
	p.root = w.manifests[0];
	p.manifests = w.manifests;
	p.count = w.manifest_count;
	assert_int_equal(store_publish(f->store, &p, 1, &e), 0);
	walk_done(&w);
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_true(w.published);
	walk_done(&w);
}

static void
test_index(void **state)
{
	struct fixture *f = *state;
	struct digest amd64, arm64, root;
	char *a = put_image(f, "amd64", 1, &amd64);
	char *b = put_image(f, "arm64", 0, &arm64);
	char *text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"manifests\":[%s,%s]}", MEDIA_OCI_INDEX, a, b);
	struct walk w;
	struct err e;

	put_manifest(f, MEDIA_OCI_INDEX, text, &root);
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_int_equal(w.missing_count, 1);
	assert_int_equal(w.missing[0].object.kind, OBJECT_BLOB);
	assert_int_equal(w.manifest_count, 3);
	/* arm64 is not whole, so it is not here. */
	assert_int_equal(w.have_count, 1);
	walk_done(&w);
	want(f, "linux/amd64");
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_int_equal(w.missing_count, 0);
	assert_int_equal(w.manifest_count, 2);
	walk_done(&w);
	want(f, "linux/amd64,linux/s390x");
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_string_equal(w.lacking, "linux/s390x");
	walk_done(&w);
	want(f, "linux/s390x");
	assert_int_equal(walk(f, &root, &w, &e), -1);
	assert_non_null(strstr(e.msg, "linux/s390x"));
	free(text);
	free(a);
	free(b);
}

/* Only a Docker manifest stands in for an index, and only one that is here. */
static void
test_default(void **state)
{
	struct fixture *f = *state;
	static const char image[] = "{\"schemaVersion\":2,\"mediaType\":\""
	    MEDIA_DOCKER_MANIFEST "\",\"config\":%s,\"layers\":[]}";
	struct digest amd64, arm64, config, root;
	char *other = put_image(f, "arm64", 1, &arm64);
	char *c, *text, *entry;
	struct walk w;
	struct err e;

	put_blob(f, "{}", &config);
	c = descriptor(MEDIA_DOCKER_CONFIG, &config, 2, "");
	text = xasprintf(image, c);
	put_manifest(f, MEDIA_DOCKER_MANIFEST, text, &amd64);
	entry = descriptor(MEDIA_DOCKER_MANIFEST, &amd64, strlen(text),
	    ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}");
	free(text);
	text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"manifests\":[%s,%s]}", MEDIA_OCI_INDEX, other, entry);
	put_manifest(f, MEDIA_OCI_INDEX, text, &root);
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_true(w.has_default);
	assert_true(digest_equal(&w.default_id.digest, &amd64));
	assert_string_equal(w.default_id.media_type, MEDIA_DOCKER_MANIFEST);
	walk_done(&w);
	assert_int_equal(walk(f, &amd64, &w, &e), 0);
	assert_false(w.has_default);
	walk_done(&w);
	want(f, "linux/arm64");
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_false(w.has_default);
	walk_done(&w);
	free(c);
	free(text);
	free(entry);
	free(other);
}

/* A descriptor whose size is not that of the bytes with its digest. */
static void
test_size_that_lies(void **state)
{
	struct fixture *f = *state;
	struct digest config, root;
	struct walk w;
	struct err e;
	char *c, *text;

	put_blob(f, "{}", &config);
	c = descriptor(MEDIA_OCI_EMPTY, &config, 3, "");
	text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"config\":%s,\"layers\":[]}", MEDIA_OCI_MANIFEST, c);
	put_manifest(f, MEDIA_OCI_MANIFEST, text, &root);
	assert_int_equal(walk(f, &root, &w, &e), -1);
	assert_int_equal(e.code, ERR_DATA);
	free(text);
	free(c);
}

/* An image of which a layer cannot be checked is no image. */
static void
test_unknown_digest(void **state)
{
	struct fixture *f = *state;
	struct digest config, root;
	struct walk w;
	struct err e;
	char *c, *text;

	put_blob(f, "{}", &config);
	c = descriptor(MEDIA_OCI_EMPTY, &config, 2, "");
	text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"config\":%s,\"layers\":[{\"mediaType\":\"a/b\","
	    "\"digest\":\"blake3:00\",\"size\":1}]}", MEDIA_OCI_MANIFEST, c);
	put_manifest(f, MEDIA_OCI_MANIFEST, text, &root);
	assert_int_equal(walk(f, &root, &w, &e), -1);
	assert_non_null(strstr(e.msg, "sha512"));
	free(text);
	free(c);
}

/* An index in an index, to the cap and over it. */
static void
test_nesting(void **state)
{
	struct fixture *f = *state;
	struct digest id;
	char *entry = put_image(f, "amd64", 1, &id), *text;
	struct walk w;
	struct err e;
	unsigned depth;

	for (depth = 1; depth <= 9; depth++) {
		text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
		    "\"manifests\":[%s]}", MEDIA_OCI_INDEX, entry);
		put_manifest(f, MEDIA_OCI_INDEX, text, &id);
		free(entry);
		entry = descriptor(MEDIA_OCI_INDEX, &id, strlen(text), "");
		free(text);
		if (depth <= 8) {
			assert_int_equal(walk(f, &id, &w, &e), 0);
			assert_int_equal(w.missing_count, 0);
			assert_int_equal(w.manifest_count, depth + 1);
			walk_done(&w);
		}
	}
	assert_int_equal(walk(f, &id, &w, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	free(entry);
}

static void
test_absent_is_left_out(void **state)
{
	struct fixture *f = *state;
	struct digest amd64, gone, root;
	char *a = put_image(f, "amd64", 1, &amd64), *b, *text;
	struct walk w;
	struct err e;

	digest_of(DIGEST_SHA256, "gone", 4, &gone);
	b = descriptor(MEDIA_OCI_MANIFEST, &gone, 4, ",\"platform\":"
	    "{\"os\":\"unknown\",\"architecture\":\"unknown\"},"
	    "\"annotations\":{\"vnd.docker.reference.type\":"
	    "\"attestation-manifest\"}");
	text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"manifests\":[%s,%s]}", MEDIA_OCI_INDEX, a, b);
	put_manifest(f, MEDIA_OCI_INDEX, text, &root);
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_int_equal(w.missing_count, 1);
	assert_true(w.missing[0].tolerate);
	walk_done(&w);
	digest_set_add(&f->absent, &gone, NULL);
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_int_equal(w.missing_count, 0);
	walk_done(&w);
	free(a);
	free(b);
	free(text);
}

#define FOREIGN	"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
#define TAR	"application/vnd.oci.image.layer.v1.tar"

/* What may be elsewhere does not fail an image, and is not missed when the
 * registry has not got it; what may not is, whatever addresses it has. */
static void
test_elsewhere(void **state)
{
	static const struct {
		const char *type, *more;
		bool elsewhere;
		const char *urls;
	} cases[] = {
		{ FOREIGN, ",\"urls\":[\"http://a/1\",\"http://a/2\"]", true,
		  "http://a/1\nhttp://a/2\n" },
		{ FOREIGN, ",\"urls\":[7]", true, NULL },
		{ FOREIGN, ",\"urls\":[]", false, NULL },
		{ FOREIGN, "", false, NULL },
		{ TAR, ",\"urls\":[\"http://a/1\"]", false, "http://a/1\n" },
	};
	struct fixture *f = *state;
	struct digest config, gone, root;
	struct walk w;
	struct err e;
	char *c, *l, *text;
	size_t i;

	put_blob(f, "{}", &config);
	digest_of(DIGEST_SHA256, "gone", 4, &gone);
	c = descriptor(MEDIA_OCI_EMPTY, &config, 2, "");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		digest_set_done(&f->absent);
		l = descriptor(cases[i].type, &gone, 4, cases[i].more);
		text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
		    "\"config\":%s,\"layers\":[%s,%s]}", MEDIA_OCI_MANIFEST,
		    c, l, l);
		put_manifest(f, MEDIA_OCI_MANIFEST, text, &root);
		assert_int_equal(walk(f, &root, &w, &e), 0);
		assert_int_equal(w.missing_count, 1);
		assert_int_equal(w.missing[0].tolerate, cases[i].elsewhere);
		if (cases[i].urls == NULL)
			assert_null(w.missing[0].urls);
		else
			assert_string_equal(w.missing[0].urls, cases[i].urls);
		assert_int_equal(w.elsewhere, cases[i].elsewhere);
		walk_done(&w);
		digest_set_add(&f->absent, &gone, NULL);
		assert_int_equal(walk(f, &root, &w, &e), 0);
		assert_int_equal(w.missing_count, !cases[i].elsewhere);
		assert_int_equal(w.elsewhere, cases[i].elsewhere);
		walk_done(&w);
		free(text);
		free(l);
	}
	free(c);
}

/* A platform is here without it. */
static void
test_platform_elsewhere(void **state)
{
	static const char *const types[] = { FOREIGN, TAR };
	struct fixture *f = *state;
	struct digest config, gone, child, root;
	struct walk w;
	struct err e;
	char *c, *l, *text, *entry;
	size_t i;

	put_blob(f, "{}", &config);
	digest_of(DIGEST_SHA256, "gone", 4, &gone);
	c = descriptor(MEDIA_OCI_CONFIG, &config, 2, "");
	for (i = 0; i < 2; i++) {
		l = descriptor(types[i], &gone, 4, ",\"urls\":[\"http://a/\"]");
		text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
		    "\"config\":%s,\"layers\":[%s]}", MEDIA_OCI_MANIFEST, c,
		    l);
		put_manifest(f, MEDIA_OCI_MANIFEST, text, &child);
		entry = descriptor(MEDIA_OCI_MANIFEST, &child, strlen(text),
		    ",\"platform\":{\"os\":\"windows\","
		    "\"architecture\":\"amd64\"}");
		free(text);
		text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
		    "\"manifests\":[%s]}", MEDIA_OCI_INDEX, entry);
		put_manifest(f, MEDIA_OCI_INDEX, text, &root);
		assert_int_equal(walk(f, &root, &w, &e), 0);
		assert_int_equal(w.have_count, i == 0);
		assert_int_equal(w.elsewhere, i == 0);
		walk_done(&w);
		free(text);
		free(entry);
		free(l);
	}
	free(c);
}

/* Published without it, it is not asked for again; unless all else is. */
static void
test_published_elsewhere(void **state)
{
	struct fixture *f = *state;
	struct publication p = { .registry = "docker.io",
	    .repository = "library/x", .tag = "1" };
	struct digest config, gone, root;
	struct walk w;
	struct err e;
	char *c, *l, *text;

	put_blob(f, "{}", &config);
	digest_of(DIGEST_SHA256, "gone", 4, &gone);
	c = descriptor(MEDIA_OCI_EMPTY, &config, 2, "");
	l = descriptor(FOREIGN, &gone, 4, ",\"urls\":[\"http://a/\"]");
	text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"config\":%s,\"layers\":[%s]}", MEDIA_OCI_MANIFEST, c, l);
	put_manifest(f, MEDIA_OCI_MANIFEST, text, &root);
	digest_set_add(&f->absent, &gone, NULL);
	assert_int_equal(walk(f, &root, &w, &e), 0);
	p.root = w.manifests[0];
	p.manifests = w.manifests;
	p.count = w.manifest_count;
	assert_int_equal(store_publish(f->store, &p, 1, &e), 0);
	walk_done(&w);
	digest_set_done(&f->absent);
	assert_int_equal(walk(f, &root, &w, &e), 0);
	assert_true(w.published);
	assert_int_equal(w.missing_count, 0);
	assert_int_equal(w.elsewhere, 1);
	walk_done(&w);
	free(text);
	free(l);
	free(c);
}

/* Schema 1 manifests of an index: left out beside others, an error alone. */
static void
test_schema1(void **state)
{
	static const struct {
		const char *platforms;
		bool with_arm64;
		int rc;
		const char *says;	/* what is lacking, or the error */
	} cases[] = {
		{ "all", true, 0, "" },
		{ "linux/arm64", true, 0, "" },
		{ "linux/amd64,linux/arm64", true, 0, "linux/amd64" },
		{ "linux/amd64", true, -1, "has nothing for linux/amd64 but "
		  "Docker schema 1" },
		{ "linux/s390x", true, -1, "has nothing for linux/s390x; it "
		  "has linux/arm64" },
		{ "all", false, -1, "has nothing but Docker schema 1" },
		{ "linux/amd64", false, -1, "has nothing for linux/amd64 but "
		  "Docker schema 1" },
	};
	struct fixture *f = *state;
	struct digest arm64, old, root;
	struct walk w;
	struct err e;
	char *a = put_image(f, "arm64", 1, &arm64), *b, *text;
	size_t i;

	digest_of(DIGEST_SHA256, "old", 3, &old);
	b = descriptor(MEDIA_DOCKER_SCHEMA1_SIGNED, &old, 3, ",\"platform\":"
	    "{\"os\":\"linux\",\"architecture\":\"amd64\"}");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		want(f, cases[i].platforms);
		text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
		    "\"manifests\":[%s%s%s]}", MEDIA_DOCKER_LIST, b,
		    cases[i].with_arm64 ? "," : "",
		    cases[i].with_arm64 ? a : "");
		put_manifest(f, MEDIA_DOCKER_LIST, text, &root);
		free(text);
		if (walk(f, &root, &w, &e) != cases[i].rc)
			fail_msg("case %zu", i);
		if (cases[i].rc == -1) {
			if (strstr(e.msg, cases[i].says) == NULL)
				fail_msg("case %zu: %s", i, e.msg);
			continue;
		}
		assert_string_equal(w.lacking, cases[i].says);
		assert_int_equal(w.schema1, strcmp(cases[i].platforms,
		    "linux/arm64") != 0);
		assert_int_equal(w.missing_count, 0);
		walk_done(&w);
	}
	free(a);
	free(b);
}

int
main(void)
{
#define CASE(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_root_missing),
		CASE(test_whole_image),
		CASE(test_published),
		CASE(test_index),
		CASE(test_default),
		CASE(test_size_that_lies),
		CASE(test_unknown_digest),
		CASE(test_elsewhere),
		CASE(test_published_elsewhere),
		CASE(test_platform_elsewhere),
		CASE(test_schema1),
		CASE(test_nesting),
		CASE(test_absent_is_left_out),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
