#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define HEX_A	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define TAR	"application/vnd.oci.image.layer.v1.tar+gzip"

/* The members of a descriptor, and one whole. */
#define MEMBERS(type, hex, size) \
	"\"mediaType\":\"" type "\",\"digest\":\"sha256:" hex "\",\"size\":" \
	size
#define ENTRY(type, hex, size)	"{" MEMBERS(type, hex, size) "}"
#define TYPE(type)	"\"mediaType\":\"" type "\","
#define CONFIG	"\"config\":" ENTRY(MEDIA_OCI_CONFIG, HEX_A, "2")
#define LAYER	ENTRY(TAR, HEX_B, "3")
#define IMAGE	"{" TYPE(MEDIA_OCI_MANIFEST) CONFIG ",\"layers\":[" LAYER "]}"
#define CHILD	ENTRY(MEDIA_OCI_MANIFEST, HEX_A, "7")
#define INDEX	"{" TYPE(MEDIA_OCI_INDEX) "\"manifests\":[" CHILD "]}"

/* One layer or entry that is odd, in an image or an index. */
#define IN_IMAGE(layer)	"{" TYPE(MEDIA_OCI_MANIFEST) CONFIG \
	",\"layers\":[" LAYER "," layer "]}"
#define IN_INDEX(entry)	"{" TYPE(MEDIA_OCI_INDEX) "\"manifests\":[" entry "]}"
#define WITH(extra) \
	"{" MEMBERS(MEDIA_OCI_MANIFEST, HEX_B, "7") "," extra "}"

static int
parse(const char *text, const char *type, struct manifest *m, struct err *e)
{
	return manifest_parse(text, strlen(text), type, m, e);
}

/* What kind a body is, for all ways to say so. */
static void
test_types(void **state)
{
	static const struct {
		const char *text, *told;
		enum media_kind kind;
		const char *type;
		size_t count;
	} cases[] = {
		{ IMAGE, NULL, MEDIA_IMAGE, MEDIA_OCI_MANIFEST, 2 },
		{ IMAGE, MEDIA_OCI_MANIFEST, MEDIA_IMAGE, MEDIA_OCI_MANIFEST,
		  2 },
		/* The body wins over what is no other known kind. */
		{ IMAGE, MEDIA_DOCKER_MANIFEST, MEDIA_IMAGE,
		  MEDIA_OCI_MANIFEST, 2 },
		{ IMAGE, "text/plain", MEDIA_IMAGE, MEDIA_OCI_MANIFEST, 2 },
		{ INDEX, "application/octet-stream", MEDIA_INDEX,
		  MEDIA_OCI_INDEX, 1 },
		{ INDEX, MEDIA_DOCKER_LIST, MEDIA_INDEX, MEDIA_OCI_INDEX, 1 },
		{ "{" TYPE(MEDIA_DOCKER_LIST) "\"schemaVersion\":2,"
		  "\"manifests\":[]}", NULL, MEDIA_INDEX, MEDIA_DOCKER_LIST,
		  0 },
		{ "{" TYPE(MEDIA_DOCKER_MANIFEST) CONFIG ",\"layers\":[]}",
		  NULL, MEDIA_IMAGE, MEDIA_DOCKER_MANIFEST, 1 },
		/* Without mediaType: the keys, then what was told. */
		{ "{" CONFIG ",\"layers\":[" LAYER "]}", NULL, MEDIA_IMAGE,
		  MEDIA_OCI_MANIFEST, 2 },
		{ "{\"mediaType\":null," CONFIG ",\"layers\":[]}", NULL,
		  MEDIA_IMAGE, MEDIA_OCI_MANIFEST, 1 },
		{ "{" CONFIG ",\"layers\":[]}", MEDIA_DOCKER_MANIFEST,
		  MEDIA_IMAGE, MEDIA_DOCKER_MANIFEST, 1 },
		{ "{\"config\":" ENTRY(MEDIA_DOCKER_CONFIG, HEX_A, "2")
		  ",\"layers\":[]}", "text/plain", MEDIA_IMAGE,
		  MEDIA_DOCKER_MANIFEST, 1 },
		{ "{\"manifests\":[" CHILD "]}", NULL, MEDIA_INDEX,
		  MEDIA_OCI_INDEX, 1 },
		{ "{\"manifests\":[]}", MEDIA_DOCKER_LIST, MEDIA_INDEX,
		  MEDIA_DOCKER_LIST, 0 },
		/* No list, and nothing in it, are the same. */
		{ "{" TYPE(MEDIA_OCI_MANIFEST) CONFIG "}", NULL, MEDIA_IMAGE,
		  MEDIA_OCI_MANIFEST, 1 },
		{ "{" TYPE(MEDIA_OCI_MANIFEST) CONFIG ",\"layers\":null}",
		  NULL, MEDIA_IMAGE, MEDIA_OCI_MANIFEST, 1 },
		{ "{" CONFIG "}", MEDIA_DOCKER_MANIFEST, MEDIA_IMAGE,
		  MEDIA_DOCKER_MANIFEST, 1 },
		{ "{" TYPE(MEDIA_OCI_INDEX) "\"manifests\":null}", NULL,
		  MEDIA_INDEX, MEDIA_OCI_INDEX, 0 },
		{ "{" TYPE(MEDIA_OCI_ARTIFACT) "\"blobs\":null}", NULL,
		  MEDIA_ARTIFACT, MEDIA_OCI_ARTIFACT, 0 },
		/* The retired artifact manifest. */
		{ "{" TYPE(MEDIA_OCI_ARTIFACT) "\"blobs\":[" LAYER "]}", NULL,
		  MEDIA_ARTIFACT, MEDIA_OCI_ARTIFACT, 1 },
		{ "{" TYPE(MEDIA_OCI_ARTIFACT) "\"artifactType\":\"a/b\"}",
		  NULL, MEDIA_ARTIFACT, MEDIA_OCI_ARTIFACT, 0 },
		{ "{\"blobs\":[]}", MEDIA_OCI_ARTIFACT, MEDIA_ARTIFACT,
		  MEDIA_OCI_ARTIFACT, 0 },
	};
	struct manifest m;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (parse(cases[i].text, cases[i].told, &m, &e) == -1)
			fail_msg("%s: %s", cases[i].text, e.msg);
		assert_int_equal(m.kind, cases[i].kind);
		assert_string_equal(m.media_type, cases[i].type);
		assert_int_equal(m.count, cases[i].count);
		manifest_done(&m);
	}
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text, *told;
		const char *says;
	} cases[] = {
		{ "", NULL, "not valid JSON: line 1" },
		{ "null", NULL, "not valid JSON" },
		{ "[]", NULL, "not an object" },
		{ "\"x\"", NULL, "not valid JSON" },
		{ "{", NULL, "not valid JSON" },
		{ IMAGE "x", NULL, "not valid JSON" },
		{ IMAGE IMAGE, NULL, "not valid JSON" },
		{ "\xef\xbb\xbf" IMAGE, NULL, "not valid JSON" },
		{ "{\"a\":\"\xff\"}", NULL, "not valid JSON" },
		{ "{\"a\":\"\\u0000\"}", NULL, "not valid JSON" },
		{ "{\"a\":1,}", NULL, "not valid JSON" },
		{ "{\"a\":NaN}", NULL, "not valid JSON" },
		{ "<html>", NULL, "not valid JSON" },
		/* A key twice, at any depth. */
		{ "{\"a\":1,\"a\":1}", NULL, "duplicate object key" },
		{ "{\"a\":1,\"\\u0061\":1}", NULL, "duplicate object key" },
		{ IN_IMAGE("{" MEMBERS(TAR, HEX_A, "1") ",\"size\":2}"), NULL,
		  "duplicate object key" },
		/* No manifest, or the wrong one. */
		{ "{}", NULL, "neither" },
		{ "{}", "text/plain", "neither" },
		{ "{\"errors\":[{\"code\":\"X\"}]}", NULL, "neither" },
		{ "{\"config\":{}}", NULL, "neither" },
		{ "{\"mediaType\":\"application/json\"}", NULL, "neither" },
		{ "{\"mediaType\":\"application/json\"}", MEDIA_OCI_MANIFEST,
		  "the body is application/json, but" },
		{ "{\"mediaType\":7}", NULL, "mediaType is not a string" },
		{ "{\"mediaType\":\"\"}", NULL, "not a media type" },
		{ "{\"mediaType\":\"../x\"}", NULL, "not a media type" },
		{ IMAGE, MEDIA_OCI_INDEX, "the body is " MEDIA_OCI_MANIFEST
		  ", but was said to be " MEDIA_OCI_INDEX },
		{ INDEX, MEDIA_DOCKER_MANIFEST, "the body is" },
		{ "{" CONFIG ",\"layers\":[]}", MEDIA_DOCKER_LIST,
		  "the body is" },
		{ "{\"manifests\":[]}", MEDIA_DOCKER_SCHEMA1, "the body is" },
		/* Docker schema 1, with and without a type. */
		{ "{\"schemaVersion\":1,\"fsLayers\":[],\"history\":[]}", NULL,
		  "schema 1" },
		{ "{\"schemaVersion\":1,\"fsLayers\":[]}",
		  MEDIA_DOCKER_SCHEMA1_SIGNED, "newer tag" },
		{ "{\"schemaVersion\":1,\"fsLayers\":[]}", MEDIA_OCI_MANIFEST,
		  "schema 1" },
		{ "{}", MEDIA_DOCKER_SCHEMA1, "schema 1" },
		{ "{" TYPE(MEDIA_DOCKER_SCHEMA1) "\"x\":0}", NULL, "schema 1" },
		/* Two things at once. */
		{ "{\"manifests\":[]," CONFIG ",\"layers\":[]}", NULL,
		  "ambiguous" },
		{ "{" TYPE(MEDIA_OCI_MANIFEST) CONFIG ",\"layers\":[],"
		  "\"manifests\":[]}", NULL, "ambiguous" },
		{ "{" TYPE(MEDIA_OCI_INDEX) "\"manifests\":[],\"layers\":[]}",
		  NULL, "ambiguous" },
		{ "{" TYPE(MEDIA_OCI_MANIFEST) CONFIG ",\"layers\":[],"
		  "\"fsLayers\":[]}", NULL, "ambiguous" },
		{ "{" TYPE(MEDIA_OCI_ARTIFACT) CONFIG "}", NULL, "ambiguous" },
		{ "{" TYPE(MEDIA_OCI_INDEX) "\"schemaVersion\":1,"
		  "\"manifests\":[]}", NULL, "schemaVersion" },
		{ "{" TYPE(MEDIA_OCI_INDEX) "\"schemaVersion\":\"2\","
		  "\"manifests\":[]}", NULL, "schemaVersion" },
		/* What the specification requires. */
		{ "{" TYPE(MEDIA_OCI_MANIFEST) CONFIG ",\"layers\":{}}", NULL,
		  "layers is not an array" },
		{ "{" TYPE(MEDIA_OCI_MANIFEST) "\"layers\":[]}", NULL,
		  "config is missing" },
		{ "{" TYPE(MEDIA_DOCKER_MANIFEST) "\"config\":null,"
		  "\"layers\":[]}", NULL, "config is missing" },
		{ "{" TYPE(MEDIA_DOCKER_MANIFEST) "\"config\":[],"
		  "\"layers\":[]}", NULL, "config: a descriptor must be" },
		{ "{" TYPE(MEDIA_OCI_INDEX) "\"x\":1}", NULL,
		  "manifests is missing" },
		{ "{" TYPE(MEDIA_OCI_INDEX) "\"manifests\":{}}", NULL,
		  "manifests is not an array" },
		{ "{" TYPE(MEDIA_OCI_ARTIFACT) "\"blobs\":7}", NULL,
		  "blobs is not an array" },
		/* Descriptors, by index. */
		{ IN_IMAGE("null"), NULL, "layers[1]: a descriptor must be" },
		{ IN_IMAGE("[]"), NULL, "layers[1]: a descriptor must be" },
		{ IN_IMAGE("{}"), NULL, "layers[1]: digest is missing" },
		{ IN_IMAGE("{" TYPE(TAR) "\"size\":1}"), NULL,
		  "layers[1]: digest is missing" },
		{ IN_IMAGE("{" TYPE(TAR) "\"digest\":\"sha256:" HEX_A "\"}"),
		  NULL, "layers[1]: size is missing" },
		/* Types of layers are never served, types of entries are. */
		{ IN_IMAGE(ENTRY("a/b\\n", HEX_A, "1")), NULL,
		  "layers[1]: mediaType has an unprintable character" },
		{ IN_IMAGE(ENTRY("a\\u007f", HEX_A, "1")), NULL,
		  "has an unprintable" },
		{ IN_IMAGE(ENTRY("a\\u0085", HEX_A, "1")), NULL,
		  "has an unprintable" },
		{ IN_IMAGE("{\"mediaType\":7,\"digest\":\"sha256:" HEX_A
		  "\",\"size\":1}"), NULL, "mediaType is not a string" },
		{ IN_INDEX("{\"digest\":\"sha256:" HEX_A "\",\"size\":1}"),
		  NULL, "manifests[0]: mediaType is missing" },
		{ IN_INDEX(ENTRY("", HEX_A, "1")), NULL, "not a media type" },
		{ IN_INDEX(ENTRY("x", HEX_A, "1")), NULL, "not a media type" },
		{ IN_INDEX(ENTRY("a/b/c", HEX_A, "1")), NULL,
		  "not a media type" },
		{ IN_INDEX(ENTRY("a/..", HEX_A, "1")), NULL,
		  "not a media type" },
		{ IN_INDEX(ENTRY("a/b; c=d", HEX_A, "1")), NULL,
		  "not a media type" },
		{ IN_INDEX(ENTRY("a/b\\n", HEX_A, "1")), NULL,
		  "not a media type" },
		{ IN_IMAGE(ENTRY(TAR, "", "1")), NULL, "layers[1]: digest" },
		{ IN_IMAGE(ENTRY(TAR, "ab", "1")), NULL, "layers[1]: digest" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A "a", "1")), NULL, "digest is not" },
		{ IN_IMAGE(ENTRY(TAR, "../../../etc", "1")), NULL,
		  "digest is not" },
		{ IN_IMAGE("{" TYPE(TAR) "\"digest\":\"" HEX_A "\","
		  "\"size\":1}"), NULL, "digest is not" },
		{ IN_IMAGE("{" TYPE(TAR) "\"digest\":\"x y:z\",\"size\":1}"),
		  NULL, "digest is not" },
		{ IN_IMAGE("{" TYPE(TAR) "\"digest\":\"blake3:../x\","
		  "\"size\":1}"), NULL, "digest is not" },
		{ IN_IMAGE("{" TYPE(TAR) "\"digest\":\"blake3:0/../x\","
		  "\"size\":1}"), NULL, "digest is not" },
		{ IN_IMAGE("{" TYPE(TAR) "\"digest\":\"blake3:\",\"size\":1}"),
		  NULL, "digest is not" },
		{ IN_IMAGE("{" TYPE(TAR) "\"digest\":7,\"size\":1}"), NULL,
		  "digest is not a string" },
		/* A child that is skipped must be well-formed too. */
		{ IN_IMAGE("{" TYPE(TAR) "\"digest\":\"blake3:00\"}"), NULL,
		  "size is missing" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "-1")), NULL, "negative" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "1e3")), NULL, "whole number" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "1.0")), NULL, "whole number" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "\"1\"")), NULL, "whole number" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "true")), NULL, "whole number" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "null")), NULL, "missing" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "01")), NULL, "not valid JSON" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "99999999999999999999")), NULL,
		  "not valid JSON" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "1e999")), NULL,
		  "not valid JSON" },
		{ IN_INDEX(CHILD ",7"), NULL,
		  "manifests[1]: a descriptor must be" },
		{ IN_INDEX(WITH("\"platform\":\"linux\"")), NULL,
		  "manifests[0]: platform is not an object" },
		{ IN_INDEX(WITH("\"platform\":{\"os\":7}")), NULL,
		  "manifests[0]: platform: os is not a string" },
		{ IN_INDEX(WITH("\"platform\":{\"os\":\"a\\u001b[m\"}")), NULL,
		  "os has an unprintable" },
		{ IN_INDEX(WITH("\"platform\":{\"variant\":\"\\u00e4\"}")),
		  NULL, "variant has an unprintable" },
		{ IN_INDEX(WITH("\"artifactType\":{}")), NULL,
		  "artifactType is not a string" },
		{ IN_INDEX(WITH("\"data\":7")), NULL, "data is not a string" },
		{ "{" TYPE(MEDIA_OCI_INDEX) "\"manifests\":[],\"subject\":{}}",
		  NULL, "subject: digest is missing" },
		{ "{" TYPE(MEDIA_OCI_INDEX) "\"manifests\":[],\"subject\":[]}",
		  NULL, "subject: a descriptor must be" },
		{ "{" TYPE(MEDIA_OCI_INDEX) "\"manifests\":[],"
		  "\"artifactType\":[]}", NULL,
		  "artifactType is not a string" },
	};
	struct manifest m = { .media_type = NULL };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (parse(cases[i].text, cases[i].told, &m, &e) != -1)
			fail_msg("passed: %s", cases[i].text);
		if (e.code != ERR_DATA || strstr(e.msg, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].text, e.msg);
		assert_null(m.media_type);
	}
}

/* A message may reach a terminal: nothing of the body's own gets into it. */
static void
test_quiet_messages(void **state)
{
	static const char *const cases[] = {
		"{\"SECRET\":1,\"SECRET\":2}", "{\"a\":SECRET}",
		"{\"SECRET\x1b[31m\":1}", "{\"mediaType\":\"SECRET\"}",
		IN_INDEX(ENTRY("SECRET", HEX_A, "1")),
		IN_IMAGE(ENTRY("SECRET\\n", HEX_A, "1")),
		IN_IMAGE(ENTRY(TAR, "SECRET", "1")),
		IN_INDEX(WITH("\"platform\":{\"os\":\"SECRET\\n\"}")),
	};
	struct manifest m;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(parse(cases[i], NULL, &m, &e), -1);
		if (strstr(e.msg, "SECRET") != NULL)
			fail_msg("%s", e.msg);
	}
}

static void
test_caps(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} cases[] = {
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "1099511627777")),
		  "layers[1]: size 1099511627777 is over 1099511627776" },
		{ IN_IMAGE(ENTRY(TAR, HEX_A, "9223372036854775807")), "over" },
		{ IN_INDEX(WITH("\"platform\":{\"os\":"
		  "\"abcdefghijklmnopqrstuvwxyz012345\"}")),
		  "os is longer than 31" },
		{ IN_INDEX(WITH("\"platform\":{\"os.version\":\"" HEX_A "\"}")),
		  "os.version is longer than 63" },
	};
	struct manifest m;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(parse(cases[i].text, NULL, &m, &e), -1);
		if (e.code != ERR_LIMIT || strstr(e.msg, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].text, e.msg);
	}
	assert_int_equal(parse(IN_IMAGE(ENTRY(TAR, HEX_A, "1099511627776")),
	    NULL, &m, &e), 0);
	assert_true(m.children[2].size == BLOB_BYTES_MAX);
	manifest_done(&m);
}

/* ${before}, ${unit} over and over, ${after}; ${count} times. */
static char *
repeated(const char *before, const char *unit, size_t count,
    const char *after)
{
	size_t head = strlen(before), len = strlen(unit), i;
	char *text = xmalloc(head + len * count + strlen(after) + 1);

	memcpy(text, before, head);
	for (i = 0; i < count; i++)
		memcpy(text + head + i * len, unit, len);
	memcpy(text + head + count * len, after, strlen(after) + 1);
	return text;
}

static void
check_repeated(const char *before, const char *unit, size_t count,
    const char *after, enum err_code code)
{
	char *text = repeated(before, unit, count, after);
	struct manifest m;
	struct err e = { .code = ERR_NONE };

	if (parse(text, NULL, &m, &e) == 0)
		manifest_done(&m);
	if (e.code != code)
		fail_msg("%s%s %zu: %d %s", before, unit, count, e.code,
		    e.code == ERR_NONE ? "" : e.msg);
	free(text);
}

/* At each cap and one over it. */
static void
test_counts(void **state)
{
	static const char image[] = "{" CONFIG ",\"layers\":[" LAYER;
	static const char index[] = "{\"manifests\":[" CHILD;
	static const char nested[] = "{\"manifests\":[],\"a\":";
	char deep[JSON_DEPTH_MAX + 2];
	size_t max = MANIFEST_CHILDREN_MAX;

	(void)state;
	check_repeated(image, "," LAYER, max - 2, "]}", ERR_NONE);
	check_repeated(image, "," LAYER, max - 1, "]}", ERR_LIMIT);
	check_repeated(index, "," CHILD, max - 1, "]}", ERR_NONE);
	check_repeated(index, "," CHILD, max, "]}", ERR_LIMIT);
	memset(deep, ']', sizeof(deep));
	deep[JSON_DEPTH_MAX] = '\0';
	deep[JSON_DEPTH_MAX - 1] = '}';
	check_repeated(nested, "[", JSON_DEPTH_MAX - 1, deep, ERR_NONE);
	deep[JSON_DEPTH_MAX - 1] = ']';
	deep[JSON_DEPTH_MAX] = '}';
	deep[JSON_DEPTH_MAX + 1] = '\0';
	check_repeated(nested, "[", JSON_DEPTH_MAX, deep, ERR_LIMIT);
	/* { : [ , : [ before the zeros, each of which has a comma. */
	check_repeated("{\"manifests\":[],\"a\":[", "0,",
	    JSON_VALUES_MAX - 6, "0]}", ERR_NONE);
	check_repeated("{\"manifests\":[],\"a\":[", "0,",
	    JSON_VALUES_MAX - 5, "0]}", ERR_LIMIT);
	/* Inside strings nothing counts. */
	check_repeated("{\"manifests\":[],\"a\":\"", "[{,:\\\"",
	    JSON_VALUES_MAX, "\"}", ERR_NONE);
	check_repeated("{\"manifests\":[],\"a\":\"", "x",
	    MANIFEST_BYTES_MAX - 23, "\"}", ERR_NONE);
	check_repeated("{\"manifests\":[],\"a\":\"", "x",
	    MANIFEST_BYTES_MAX - 22, "\"}", ERR_LIMIT);
	check_repeated("{\"manifests\":[", "[", 4000000, "", ERR_LIMIT);
	check_repeated("", "{\"\":", 800000, "", ERR_LIMIT);
}

static size_t heap, heap_peak;

static void *
counting_malloc(size_t len)
{
	void *p = malloc(len);

	heap += malloc_usable_size(p) + sizeof(size_t);
	if (heap > heap_peak)
		heap_peak = heap;
	return p;
}

static void
counting_free(void *p)
{
	if (p != NULL)
		heap -= malloc_usable_size(p) + sizeof(size_t);
	free(p);
}

/* Small values in any shape cost less than 64 MiB before they are refused. */
static void
test_heap(void **state)
{
	static const char *const units[] = {
		"{},", "[],", "0,", "\"\",", "{\"\":0},", "{\"\":{}},", "[0],",
		"[[[[[[[[]]]]]]]],", "1.5,", "{\"a\":0,\"b\":0,\"c\":0},",
		"[0,0,0,0,0,0,0,0,0],", "{\"a\":{},\"b\":[]},", "null,",
		"{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":{}},",
	};
	static const size_t tenths[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	struct manifest m;
	struct err e;
	char *text;
	size_t i, j, most = 0;

	(void)state;
	json_set_alloc_funcs(counting_malloc, counting_free);
	for (i = 0; i < COUNT(units); i++)
		for (j = 0; j < COUNT(tenths); j++) {
			text = repeated("{\"manifests\":[],\"a\":[", units[i],
			    (MANIFEST_BYTES_MAX - 64) / strlen(units[i]) *
			    tenths[j] / 10, "0]}");
			if (parse(text, NULL, &m, &e) == 0)
				manifest_done(&m);
			free(text);
			assert_int_equal(heap, 0);
			if (heap_peak > most)
				most = heap_peak;
			heap_peak = 0;
		}
	json_set_alloc_funcs(malloc, free);
	print_message("%zu KiB at most\n", most / 1024);
	assert_true(most < 64u << 20);
}

/* Order, roles, and the same layer twice. */
static void
test_children(void **state)
{
	static const char text[] = "{\"layers\":[" LAYER "," ENTRY(TAR, HEX_A,
	    "0") "," LAYER "],\"annotations\":{\"x\":\"y\"},"
	    "\"artifactType\":\"application/x\",\"subject\":"
	    ENTRY(MEDIA_OCI_INDEX, HEX_B, "99") "," CONFIG "}";
	struct manifest m;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(parse(text, NULL, &m, &e), 0);
	assert_int_equal(m.count, 4);
	assert_int_equal(m.children[0].role, DESCRIPTOR_CONFIG);
	assert_string_equal(m.children[0].media_type, MEDIA_OCI_CONFIG);
	for (i = 1; i < m.count; i++)
		assert_int_equal(m.children[i].role, DESCRIPTOR_LAYER);
	assert_true(digest_equal(&m.children[1].digest,
	    &m.children[3].digest));
	assert_int_equal(m.children[1].size, 3);
	assert_int_equal(m.children[2].size, 0);
	assert_string_equal(m.artifact_type, "application/x");
	assert_true(m.has_subject);
	assert_int_equal(m.subject.size, 99);
	assert_string_equal(m.subject.media_type, MEDIA_OCI_INDEX);
	assert_int_equal(m.skipped, 0);
	manifest_done(&m);
	assert_int_equal(m.count, 0);
	manifest_done(&m);
}

static void
test_skipped(void **state)
{
	static const char text[] = "{\"manifests\":[" CHILD ",{" TYPE("a/b")
	    "\"digest\":\"blake3:00ff\",\"size\":1},{" TYPE("a/b")
	    "\"digest\":\"sha256+b64u.abcdefghijklmnopqrstuvwxyz:a_-=\","
	    "\"size\":1}," CHILD "],\"subject\":{" TYPE("a/b")
	    "\"digest\":\"x:y\",\"size\":1}}";
	struct manifest m;
	struct err e;

	(void)state;
	assert_int_equal(parse(text, NULL, &m, &e), 0);
	assert_int_equal(m.count, 2);
	assert_int_equal(m.skipped, 2);
	assert_string_equal(m.skipped_algorithm, "blake3");
	assert_false(m.has_subject);
	manifest_done(&m);
}

/* The name of an algorithm is cut to what there is room for. */
static void
test_skipped_long(void **state)
{
	static const char text[] = IN_IMAGE("{" TYPE("a/b") "\"digest\":"
	    "\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz:0\","
	    "\"size\":1}");
	struct manifest m;
	struct err e;

	(void)state;
	assert_int_equal(parse(text, NULL, &m, &e), 0);
	assert_string_equal(m.skipped_algorithm,
	    "abcdefghijklmnopqrstuvwxyzabcde");
	manifest_done(&m);
}

#define PLATFORM(os, arch) \
	"\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\"}"
#define NOTE(key, value)	"\"vnd.docker.reference." key "\":\"" value "\""
#define ATTESTED	NOTE("digest", "sha256:" HEX_A)
#define SOCI \
	"\"com.amazon.soci.image-manifest-digest\":\"sha256:" HEX_A "\""

/* Entries of an index: platforms, attestations, and what goes with them. */
static void
test_entries(void **state)
{
	static const struct {
		const char *extra;	/* members of the entry */
		const char *platform;	/* NULL: none */
		bool attestation, attested;
	} cases[] = {
		{ "\"x\":0", NULL, false, false },
		{ "\"platform\":null", NULL, false, false },
		{ "\"platform\":{}", NULL, false, false },
		{ PLATFORM("", ""), NULL, false, false },
		{ PLATFORM("linux", "amd64"), "linux/amd64", false, false },
		{ PLATFORM("Linux", "X86_64"), "linux/amd64", false, false },
		{ "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\","
		  "\"variant\":\"v8\"}", "linux/arm64", false, false },
		{ "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\","
		  "\"variant\":\"v6\"}", "linux/arm/v6", false, false },
		{ "\"platform\":{\"os\":\"windows\",\"architecture\":"
		  "\"amd64\",\"os.version\":\"10.0.1\",\"os.features\":"
		  "[\"win32k\"]}", "windows(10.0.1)/amd64", false, false },
		{ PLATFORM("linux", "amd64") ",\"annotations\":{\"a\":\"b\"}",
		  "linux/amd64", false, false },
		{ "\"annotations\":null", NULL, false, false },
		{ "\"annotations\":[]", NULL, false, false },
		{ PLATFORM("unknown", "unknown"), "unknown/unknown", false,
		  false },
		{ PLATFORM("unknown", "unknown") ",\"annotations\":{"
		  NOTE("type", "attestation-manifest") "," ATTESTED "}",
		  "unknown/unknown", true, true },
		{ PLATFORM("unknown", "unknown") ",\"artifactType\":\"a/b\","
		  "\"annotations\":{" ATTESTED "}", "unknown/unknown", true,
		  true },
		{ "\"annotations\":{" NOTE("type", "attestation-manifest") ","
		  ATTESTED "}", NULL, true, true },
		{ PLATFORM("unknown", "unknown") ",\"annotations\":{"
		  NOTE("type", "attestation-manifest") "}", "unknown/unknown",
		  true, false },
		{ PLATFORM("unknown", "unknown") ",\"annotations\":{"
		  NOTE("type", "other") "}", "unknown/unknown", false, false },
		{ "\"annotations\":{" NOTE("type", "attestation-manifest") ","
		  NOTE("digest", "sha256:x") "}", NULL, true, false },
		{ "\"annotations\":{\"vnd.docker.reference.digest\":7}", NULL,
		  false, false },
		/* SOCI's index says whose it is, with a platform or not. */
		{ "\"annotations\":{" SOCI "}", NULL, true, true },
		{ PLATFORM("linux", "amd64") ",\"annotations\":{" SOCI "}",
		  "linux/amd64", false, true },
		/* A real platform is an image, whatever it claims. */
		{ PLATFORM("linux", "amd64") ",\"annotations\":{"
		  NOTE("type", "attestation-manifest") "," ATTESTED "}",
		  "linux/amd64", false, false },
	};
	struct manifest m;
	struct err e;
	char *text, name[PLATFORM_TEXT_MAX];
	const struct descriptor *d;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text = xasprintf("{\"manifests\":[" CHILD ",{"
		    MEMBERS(MEDIA_OCI_MANIFEST, HEX_B, "5") ",%s}]}",
		    cases[i].extra);
		if (parse(text, NULL, &m, &e) == -1)
			fail_msg("%s: %s", text, e.msg);
		d = &m.children[1];
		if (d->role != DESCRIPTOR_MANIFEST ||
		    d->has_platform != (cases[i].platform != NULL) ||
		    d->is_attestation != cases[i].attestation ||
		    d->has_attested != cases[i].attested)
			fail_msg("%s", text);
		if (d->has_platform)
			assert_string_equal(platform_text(&d->platform, name),
			    cases[i].platform);
		if (d->has_attested)
			assert_true(digest_equal(&d->attested,
			    &m.children[0].digest));
		manifest_done(&m);
		free(text);
	}
}

/* What is never served need not be understood. */
static void
test_odd_blobs(void **state)
{
	static const struct {
		const char *layer;
		const char *type;	/* what is made of it */
	} cases[] = {
		{ ENTRY("sbom", HEX_A, "1"), "sbom" },
		{ ENTRY("", HEX_A, "1"), "" },
		{ "{\"digest\":\"sha256:" HEX_A "\",\"size\":1}", "" },
		{ "{\"mediaType\":null,\"digest\":\"sha256:" HEX_A
		  "\",\"size\":1}", "" },
		{ ENTRY("text/plain; charset=utf-8", HEX_A, "1"),
		  "text/plain; charset=utf-8" },
		{ ENTRY("a/b/c", HEX_A, "1"), "a/b/c" },
		{ ENTRY("../..", HEX_A, "1"), "../.." },
		{ ENTRY("Application/X", HEX_A, "1"), "application/x" },
		{ ENTRY("\xc3\xa4/\xe2\x82\xac", HEX_A, "1"),
		  "\xc3\xa4/\xe2\x82\xac" },
		/* Members that only an entry of an index needs. */
		{ "{" MEMBERS("a/b", HEX_A, "1") ",\"platform\":\"linux\","
		  "\"annotations\":[1],\"data\":{},\"artifactType\":7,"
		  "\"urls\":{}}", "a/b" },
	};
	struct manifest m;
	struct err e;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text = xasprintf("{" TYPE(MEDIA_OCI_MANIFEST) "\"config\":%s,"
		    "\"layers\":[%s],\"subject\":%s}", cases[i].layer,
		    cases[i].layer, cases[i].layer);
		if (parse(text, NULL, &m, &e) == -1)
			fail_msg("%s: %s", text, e.msg);
		assert_int_equal(m.count, 2);
		assert_string_equal(m.children[0].media_type, cases[i].type);
		assert_string_equal(m.children[1].media_type, cases[i].type);
		assert_string_equal(m.subject.media_type, cases[i].type);
		assert_int_equal(m.children[1].size, 1);
		manifest_done(&m);
		free(text);
	}
}

/* Addresses of a layer: what may be some, and no more than is tried. */
static void
test_urls(void **state)
{
	static const struct {
		const char *urls;
		const char *want;	/* NULL: none */
		bool has;
	} cases[] = {
		{ "null", NULL, false },
		{ "[]", NULL, false },
		{ "{\"a\":\"http://x/\"}", NULL, false },
		{ "\"http://x/\"", NULL, false },
		{ "[7,null,\"\"]", NULL, true },
		{ "[\"http://x/a b\",\"http://x/\\n\",\"http://\xc3\xa4/\"]",
		  NULL, true },
		{ "[\"https://x/1\",7,\"ftp://x/2\"]", "https://x/1\n"
		  "ftp://x/2\n", true },
		{ "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]",
		  "1\n2\n3\n4\n5\n6\n7\n8\n", true },
	};
	const struct descriptor *d;
	struct manifest m;
	struct err e;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text = xasprintf("{" TYPE(MEDIA_OCI_MANIFEST) CONFIG
		    ",\"layers\":[{" MEMBERS(TAR, HEX_A, "1")
		    ",\"urls\":%s}]}", cases[i].urls);
		if (parse(text, NULL, &m, &e) == -1)
			fail_msg("%s: %s", text, e.msg);
		d = &m.children[1];
		assert_int_equal(d->has_urls, cases[i].has);
		if (cases[i].want == NULL)
			assert_null(d->urls);
		else
			assert_string_equal(d->urls, cases[i].want);
		manifest_done(&m);
		free(text);
	}
}

static void
test_members(void **state)
{
	static const char text[] = IN_INDEX(CHILD "," WITH(
	    "\"urls\":[\"https://a.example/\"],\"data\":\"e30=\","
	    "\"artifactType\":\"no media type\""));
	struct manifest m;
	struct err e;

	(void)state;
	assert_int_equal(parse(text, NULL, &m, &e), 0);
	assert_true(m.children[1].has_urls);
	assert_string_equal(m.children[1].data, "e30=");
	assert_null(m.children[1].artifact_type);
	assert_false(m.children[0].has_urls);
	assert_null(m.children[0].data);
	manifest_done(&m);
	assert_int_equal(parse(IN_INDEX(WITH("\"urls\":[],\"data\":null,"
	    "\"artifactType\":\"a/b\"")), NULL, &m, &e), 0);
	assert_false(m.children[0].has_urls);
	assert_null(m.children[0].data);
	assert_string_equal(m.children[0].artifact_type, "a/b");
	manifest_done(&m);
}

static void
test_config(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *want;
	} cases[] = {
		{ "{\"os\":\"linux\",\"architecture\":\"amd64\"}", 1,
		  "linux/amd64" },
		{ "{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":"
		  "\"v7\",\"config\":{\"Labels\":{\"a\":\"1\",\"a\":\"2\"}}}",
		  1, "linux/arm/v7" },
		{ "{\"os\":\"windows\",\"architecture\":\"amd64\","
		  "\"os.version\":\"10.0.1\"}", 1, "windows(10.0.1)/amd64" },
		{ "{\"architecture\":\"aarch64\",\"os\":\"linux\",\"variant\":"
		  "\"v8\"}", 1, "linux/arm64" },
		{ "{}", 0, NULL },
		{ "{\"os\":\"linux\"}", 0, NULL },
		{ "{\"os\":\"linux\",\"architecture\":\"\"}", 0, NULL },
		{ "{\"os\":\"linux\",\"architecture\":null}", 0, NULL },
		{ "{\"architecture\":7}", -1, NULL },
		{ "{\"architecture\":\"\\u0007\"}", -1, NULL },
		{ "{\"architecture\":\"" HEX_A "\"}", -1, NULL },
		{ "[]", -1, NULL },
		{ "", -1, NULL },
		{ "{", -1, NULL },
	};
	struct platform p;
	struct err e;
	char text[PLATFORM_TEXT_MAX];
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		rc = manifest_config_platform(cases[i].text,
		    strlen(cases[i].text), &p, &e);
		if (rc != cases[i].rc)
			fail_msg("%s: %d", cases[i].text, rc);
		if (rc == 1)
			assert_string_equal(platform_text(&p, text),
			    cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_quiet_messages),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_heap),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_skipped_long),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_odd_blobs),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
