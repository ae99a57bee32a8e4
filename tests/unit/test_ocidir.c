#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout/path.h"
#include "registry/ocidir.h"
#include "scratch.h"

#define ABSENT	"sha256:" \
    "0000000000000000000000000000000000000000000000000000000000000000"

static struct ocidir *
open_layout(const struct scratch *s)
{
	struct ocidir *d;
	struct err e;
	char path[64];

	scratch_put(s, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	scratch_put(s, "index.json", "{\"manifests\":[]}");
	assert_int_equal(mkdirat(s->dir, "blobs", 0755), 0);
	assert_int_equal(mkdirat(s->dir, "blobs/sha256", 0755), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->dir);
	if (ocidir_open(path, &d, &e) == -1)
		fail_msg("%s", e.msg);
	return d;
}

/* A file that is not there, and one that cannot be opened for another reason,
 * are no files: each is told as what it is. */
static void
test_cannot_open(void **state)
{
	const struct ocidir_question q = { "r.example", "app", "blobs",
	    ABSENT };
	struct ocidir *d = open_layout(*state);
	struct ocidir_answer a = { .fd = -1 };
	struct rlimit old, none;
	struct err e = { .code = ERR_NONE };

	assert_int_equal(ocidir_ask(d, &q, &a, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	ocidir_answer_done(&a);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	e.code = ERR_NONE;
	assert_int_equal(ocidir_ask(d, &q, &a, &e), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(e.code, ERR_SYS);
	assert_int_equal(a.fd, -1);
	ocidir_answer_done(&a);
	ocidir_close(d);
}

#define SUBJECT	"sha256:ba7816bf8f01cfea414140de5dae2223" \
		"b00361a396177a9cb410ff61f20015ad"
#define OCI	"application/vnd.oci.image.manifest.v1+json"

/* Each entry of the index says itself what it refers to: the first and the last
 * as well. */
static void
test_referrers(void **state)
{
	static const char *const kinds[] = { "a/first", "a/middle", "a/last" };
	const struct ocidir_question q = { "r.example", "app", "referrers",
	    SUBJECT };
	struct scratch *s = *state;
	struct ocidir *d = open_layout(s);
	struct ocidir_answer a = { .fd = -1 };
	struct err e = { .code = ERR_NONE };
	char path[STORE_PATH_MAX], text[700], hex[DIGEST_TEXT_MAX];
	char index[2000] = "{\"manifests\":[";
	struct digest id;
	size_t i, len;

	ocidir_close(d);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(text, sizeof(text), "{\"schemaVersion\":2,"
		    "\"mediaType\":\"" OCI "\",\"artifactType\":\"%s\","
		    "\"config\":{\"mediaType\":\"a/b\",\"size\":3,"
		    "\"digest\":\"" SUBJECT "\"},\"layers\":[],"
		    "\"subject\":{\"mediaType\":\"" OCI "\",\"size\":3,"
		    "\"digest\":\"" SUBJECT "\"}}", kinds[i]);
		digest_of(DIGEST_SHA256, text, strlen(text), &id);
		scratch_put(s, path_blob(&id, path), text);
		len = strlen(index);
		snprintf(index + len, sizeof(index) - len,
		    "%s{\"mediaType\":\"" OCI "\",\"size\":%zu,"
		    "\"digest\":\"%s\"}", i > 0 ? "," : "", strlen(text),
		    digest_text(&id, hex));
	}
	len = strlen(index);
	snprintf(index + len, sizeof(index) - len, "]}");
	scratch_put(s, "index.json", index);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->dir);
	if (ocidir_open(path, &d, &e) == -1 ||
	    ocidir_ask(d, &q, &a, &e) == -1)
		fail_msg("%s", e.msg);
	assert_non_null(a.body);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strstr(a.body, kinds[i]) == NULL)
			fail_msg("no %s in %s", kinds[i], a.body);
	ocidir_answer_done(&a);
	ocidir_close(d);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_referrers,
		    scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_cannot_open,
		    scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
