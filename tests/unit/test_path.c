#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "layout/path.h"

#define INDEX	"application/vnd.oci.image.index.v1+json"
#define HEX256	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9c" \
		"b410ff61f20015ad"
#define HEX512	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2" \
		"0a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd" \
		"454d4423643ce80e2a9ac94fa54ca49f"

static struct manifest_id
make_id(const char *type, const char *digest)
{
	struct manifest_id id;
	struct err e;

	memset(&id, 0, sizeof(id));
	assert_int_equal(digest_parse(digest, &id.digest, &e), 0);
	snprintf(id.media_type, sizeof(id.media_type), "%s", type);
	return id;
}

static void
test_objects(void **state)
{
	struct manifest_id id = make_id(INDEX, "sha256:" HEX256);
	char buf[STORE_PATH_MAX];

	(void)state;
	assert_string_equal(path_blob(&id.digest, buf),
	    "blobs/sha256/" HEX256);
	assert_string_equal(path_partial(&id.digest, buf),
	    "_state/partial/sha256:" HEX256);
	assert_string_equal(path_manifest(&id, buf),
	    "manifests/" INDEX "/sha256/" HEX256);
	id = make_id(INDEX, "sha512:" HEX512);
	assert_string_equal(path_blob(&id.digest, buf),
	    "blobs/sha512/" HEX512);
	assert_string_equal(path_manifest(&id, buf),
	    "manifests/" INDEX "/sha512/" HEX512);
}

static void
test_link(void **state)
{
	struct manifest_id id = make_id(INDEX, "sha256:" HEX256);
	char path[STORE_PATH_MAX], buf[STORE_PATH_MAX];

	(void)state;
	assert_string_equal(path_repository("docker.io", "library/nginx",
	    "_manifests/1.27", path),
	    "repos/docker.io/library/nginx/_manifests/1.27");
	assert_string_equal(path_link(path, &id, buf),
	    "../../../../../manifests/" INDEX "/sha256/" HEX256);
	assert_string_equal(path_link("blobs/sha256/" HEX256, &id, buf),
	    "../../manifests/" INDEX "/sha256/" HEX256);
	assert_string_equal(path_link("top", &id, buf),
	    "manifests/" INDEX "/sha256/" HEX256);
}

/* The longest names that the grammars allow, all at once. */
static void
test_longest(void **state)
{
	char registry[REGISTRY_NAME_MAX + 1], tag[TAG_MAX + 1];
	char repository[REPOSITORY_NAME_MAX + 1], inner[TAG_MAX + 16];
	char path[STORE_PATH_MAX], buf[STORE_PATH_MAX];
	struct manifest_id id = make_id(INDEX, "sha512:" HEX512), back;
	size_t i;

	(void)state;
	memset(registry, 'r', sizeof(registry) - 1);
	registry[sizeof(registry) - 1] = '\0';
	for (i = 0; i < sizeof(repository) - 1; i++)
		repository[i] = i % 2 == 0 ? 'a' : '/';
	repository[i] = '\0';
	memset(tag, 't', sizeof(tag) - 1);
	tag[sizeof(tag) - 1] = '\0';
	memset(id.media_type, 'm', MEDIA_TYPE_MAX);
	memcpy(id.media_type, "application/", 12);
	id.media_type[12 + 127] = '\0';
	snprintf(inner, sizeof(inner), "_manifests/%s", tag);
	path_repository(registry, repository, inner, path);
	path_link(path, &id, buf);
	assert_int_equal(path_link_parse(buf, &back), 1);
	assert_true(digest_equal(&id.digest, &back.digest));
	assert_string_equal(id.media_type, back.media_type);
}

static void
test_parse(void **state)
{
	static const char *const good[] = {
		"manifests/" INDEX "/sha256/" HEX256,
		"../../manifests/" INDEX "/sha256/" HEX256,
		"../manifests/application/b/sha512/" HEX512,
	};
	static const char *const bad[] = {
		"", "/", "x", "..", "../..", "manifests", "manifests/",
		"manifests/" INDEX, "manifests/" INDEX "/sha256/",
		"manifests/" INDEX "/sha256",
		"manifests/sha256/" HEX256, "manifests//sha256/" HEX256,
		"manifests/a/sha256/" HEX256, "manifests/a//sha256/" HEX256,
		"manifests/application/b/c/sha256/" HEX256,
		"manifests/a/b/sha256/" HEX256,
		"/manifests/" INDEX "/sha256/" HEX256,
		"/srv/manifests/" INDEX "/sha256/" HEX256,
		"./manifests/" INDEX "/sha256/" HEX256,
		"x/../manifests/" INDEX "/sha256/" HEX256,
		"../blobs/sha256/" HEX256,
		"manifests/" INDEX "/sha256/" HEX512,
		"manifests/" INDEX "/sha512/" HEX256,
		"manifests/" INDEX "/md5/" HEX256,
		"manifests/" INDEX "/sha256/" HEX256 "/",
		"manifests/" INDEX "/sha256/" HEX256 "0",
		"manifests/" INDEX "/sha256sha256sha256/" HEX256,
		"manifests/../b/sha256/" HEX256,
		"manifests/a/../sha256/" HEX256,
		"manifests/a b/c/sha256/" HEX256,
	};
	struct manifest_id id, before;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (path_link_parse(good[i], &id) != 1)
			fail_msg("\"%s\" did not pass", good[i]);
	memset(&id, 7, sizeof(id));
	before = id;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (path_link_parse(bad[i], &id) != 0)
			fail_msg("\"%s\" passed", bad[i]);
		assert_memory_equal(&id, &before, sizeof(id));
	}
}

/* A type that is one byte too long does not overflow its buffer. */
static void
test_parse_long_type(void **state)
{
	char target[STORE_PATH_MAX], type[MEDIA_TYPE_MAX + 2];
	struct manifest_id id;

	(void)state;
	memset(type, 'm', sizeof(type) - 1);
	type[127] = '/';
	type[sizeof(type) - 1] = '\0';
	snprintf(target, sizeof(target), "manifests/%s/sha256/" HEX256, type);
	assert_int_equal(path_link_parse(target, &id), 0);
}

static void
test_parent(void **state)
{
	char buf[STORE_PATH_MAX];

	(void)state;
	assert_string_equal(path_parent("a/b/c", buf), "a/b");
	assert_string_equal(path_parent("a/b", buf), "a");
	assert_string_equal(path_parent("a", buf), ".");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_long_type),
		cmocka_unit_test(test_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
