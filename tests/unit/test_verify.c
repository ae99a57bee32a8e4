#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout/digest_set.h"
#include "layout/fsutil.h"
#include "layout/store.h"
#include "layout/verify_internal.h"
#include "tests/unit/scratch.h"

#define A64 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEAD	"verified 1\npass 3\nstarted 20\nbefore 10\nfiles 5\nbytes 77\n"
#define TYPE	"application/vnd.oci.image.manifest.v1+json"

/* --- _state/verified --------------------------------------------------- */

static void
state_there_and_back(void **state)
{
	struct verify_state s, back;
	char buf[VERIFIED_BYTES_MAX];

	(void)state;
	assert_int_equal(verify_state_parse(HEAD, &s), 1);
	assert_int_equal(s.pass, 3);
	assert_int_equal(s.started, 20);
	assert_int_equal(s.before, 10);
	assert_int_equal(s.files, 5);
	assert_int_equal(s.bytes, 77);
	assert_false(s.has_cursor);
	assert_string_equal(verify_state_print(&s, buf), HEAD);
	assert_int_equal(verify_state_parse(HEAD "cursor sha256:" A64 "\n",
	    &s), 1);
	assert_true(s.has_cursor);
	assert_int_equal(verify_state_parse(verify_state_print(&s, buf),
	    &back), 1);
	assert_true(digest_equal(&s.cursor, &back.cursor));
	/* The largest of all. */
	s.pass = INT64_MAX - 1;
	s.started = s.before = INT64_MAX;
	s.files = s.bytes = INT64_MAX;
	s.cursor.alg = DIGEST_SHA512;
	assert_int_equal(verify_state_parse(verify_state_print(&s, buf),
	    &back), 1);
	assert_int_equal(back.bytes, INT64_MAX);
}

static void
state_without_sense(void **state)
{
	static const char *const bad[] = {
		"",
		"verified 1\n",
		"verified 2\npass 3\nstarted 20\nbefore 10\nfiles 5\nbytes 7\n",
		"verified 1\npass 0\nstarted 20\nbefore 10\nfiles 5\nbytes 7\n",
		"verified 1\npass -3\nstarted 20\nbefore 10\nfiles 5\n"
		    "bytes 7\n",
		"verified 1\npass 3 \nstarted 20\nbefore 10\nfiles 5\n"
		    "bytes 7\n",
		"verified 1\npass 9223372036854775807\nstarted 20\nbefore 10\n"
		    "files 5\nbytes 7\n",
		"verified 1\npass 3\nstarted 9223372036854775808\nbefore 10\n"
		    "files 5\nbytes 7\n",
		"verified 1\npass 3\nstarted 20\nfiles 5\nbytes 7\n",
		HEAD "cursor sha256:" A64,
		HEAD "cursor sha256:aa\n",
		HEAD "cursor " A64 "\n",
		HEAD "cursor sha256:" A64 "\nmore\n",
		HEAD "more\n",
	};
	struct verify_state s = { .pass = 42 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (verify_state_parse(bad[i], &s) != 0)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(s.pass, 42);
}

/* --- which manifests have been looked at ------------------------------- */

static void
seen(void **state)
{
	struct verify_seen s = { NULL, 0, 0 };
	struct manifest_id id = { .media_type = TYPE };
	unsigned i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		memcpy(id.digest.bytes, &i, sizeof(i));
		assert_true(verify_seen_add(&s, &id));
		assert_false(verify_seen_add(&s, &id));
	}
	/* The same bytes under another type are another manifest. */
	id.media_type[12] = 'x';
	assert_true(verify_seen_add(&s, &id));
	memset(&id, 0, sizeof(id));
	assert_true(verify_seen_add(&s, &id));
	assert_false(verify_seen_add(&s, &id));
	assert_int_equal(s.count, 5002);
	free(s.slots);
}

/* --- status/bad -------------------------------------------------------- */

static void
bad_lines(void **state)
{
	static const char *const wrong[] = {
		"",
		"2026-11-20T10:53:07Z",
		"2026-11-20T10:53:07Z sha256:" A64 " bytes",
		"2026-11-20T10:53:07Z sha256:" A64 " bytes blobs/sha256/" B64,
		"2026-11-20T10:53:07Z sha256:" A64
		    " bytes ../blobs/sha256/" A64,
		"2026-11-20T10:53:07Z sha256:" A64
		    " bytes manifests/text/html/sha256/" A64,
		"2026-11-20T10:53:07Z sha256:" A64
		    " bytes ../manifests/" TYPE "/sha256/" A64,
		"2026-11-20T10:53:07Z sha256:" A64 " BYTES blobs/sha256/" A64,
		"yesterday sha256:" A64 " bytes blobs/sha256/" A64,
		"2026-11-20T10:53:07Z  sha256:" A64 " bytes blobs/sha256/" A64,
		"2026-11-20T10:53:07Z sha256:" A64 " bytes blobs/sha256/" A64
		    " more",
	};
	char line[] = "2026-11-20T10:53:07Z sha256:" A64 " bytes blobs/sha256/"
	    A64;
	char other[] = "2026-11-20T10:53:07Z sha256:" A64
	    " missing manifests/" TYPE "/sha256/" A64;
	struct store_bad bad;
	char *copy;
	size_t i;

	(void)state;
	assert_int_equal(store_bad_parse(line, &bad), 1);
	assert_string_equal(bad.time, "2026-11-20T10:53:07Z");
	assert_string_equal(bad.what, "bytes");
	assert_string_equal(bad.path, "blobs/sha256/" A64);
	assert_int_equal(store_bad_parse(other, &bad), 1);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		copy = strdup(wrong[i]);
		if (store_bad_parse(copy, &bad) != 0)
			fail_msg("taken: %s", wrong[i]);
		free(copy);
	}
}

static struct store *
new_tree(const struct scratch *s)
{
	struct store *st;
	struct err e;

	if (store_open(s->path, STORE_WRITE, &st, &e) == -1)
		fail_msg("%s", e.msg);
	store_close(st);
	if (store_open(s->path, STORE_STEP, &st, &e) == -1)
		fail_msg("%s", e.msg);
	return st;
}

static void
note(struct store *st, const struct store_bad *bad, size_t count,
    const struct digest_set *only)
{
	struct err e;

	assert_int_equal(store_step_begin(st, &e), 0);
	if (store_bad_update(st, bad, count, only, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(store_step_end(st, &e), 0);
}

static void
count_line(void *cookie, const struct store_bad *bad)
{
	(void)bad;
	++*(size_t *)cookie;
}

/* So many lines, and ${hex} in the last one. */
static void
expect_mended(struct store *st, size_t count, const char *hex)
{
	char *text, *last;
	size_t len;
	struct err e;

	assert_int_equal(fs_read_file(st->root, "status/mended", 1u << 20,
	    &text, &len, &e), 1);
	for (last = text; count > 1; count--) {
		last = strchr(last, '\n');
		assert_non_null(last);
		last++;
	}
	assert_non_null(strstr(last, hex));
	assert_ptr_equal(strchr(last, '\n'), text + len - 1);
	free(text);
}

/* Noted until it is here again, or nobody needs it. */
static void
bad_notes(void **state)
{
	struct scratch *s = *state;
	struct store *st = new_tree(s);
	struct store_bad bad[2] = {
		{ .what = "bytes", .path = "blobs/sha256/" A64 },
		{ .what = "missing", .path = "blobs/sha256/" B64 },
	};
	struct digest_set only = { 0 };
	size_t count = 0;
	struct err e;
	int fd;

	assert_int_equal(digest_parse("sha256:" A64, &bad[0].digest, &e), 0);
	assert_int_equal(digest_parse("sha256:" B64, &bad[1].digest, &e), 0);
	note(st, bad, 2, NULL);
	note(st, bad, 1, NULL);
	assert_int_equal(store_bad_each(st, count_line, &count), 2);
	assert_int_equal(count, 2);
	/* It is here. */
	fd = openat(st->root, bad[0].path, O_CREAT | O_WRONLY, 0444);
	close(fd);
	note(st, NULL, 0, NULL);
	assert_int_equal(store_bad_each(st, count_line, &count), 1);
	expect_mended(st, 1, A64);
	/* Nobody needs the other one. */
	note(st, NULL, 0, &only);
	assert_int_equal(store_bad_each(st, count_line, &count), 0);
	assert_int_equal(faccessat(st->root, "status/bad", F_OK, 0), -1);
	expect_mended(st, 1, A64);
	/* Bad once more, and mended, beside one of long ago. */
	scratch_put(s, "status/mended", "2020-01-01T00:00:00Z sha256:" B64
	    " bytes blobs/sha256/" B64 "\nrubbish\n");
	note(st, bad, 1, NULL);
	note(st, NULL, 0, NULL);
	expect_mended(st, 1, A64);
	store_close(st);
}

/* Only the very file that was found to be bad. */
static void
quarantine(void **state)
{
	struct scratch *s = *state;
	struct store *st = new_tree(s);
	const char *path = "blobs/sha256/" A64;
	struct digest d;
	struct stat sb;
	struct err e;
	int fd;

	assert_int_equal(digest_parse("sha256:" A64, &d, &e), 0);
	fd = openat(st->root, path, O_CREAT | O_WRONLY, 0444);
	assert_int_equal(fstat(fd, &sb), 0);
	/* Kept open, so that the next one is another one for sure. */
	assert_int_equal(unlinkat(st->root, path, 0), 0);
	assert_int_equal(store_quarantine(st, path, &d, &sb, "bytes", &e), 0);
	close(openat(st->root, path, O_CREAT | O_WRONLY, 0444));
	assert_int_equal(store_quarantine(st, path, &d, &sb, "bytes", &e), 0);
	assert_int_equal(faccessat(st->root, path, F_OK, 0), 0);
	close(fd);
	assert_int_equal(fstatat(st->root, path, &sb, 0), 0);
	assert_int_equal(store_quarantine(st, path, &d, &sb, "bytes", &e), 1);
	assert_int_equal(faccessat(st->root, path, F_OK, 0), -1);
	/* Twice in a second. */
	close(openat(st->root, path, O_CREAT | O_WRONLY, 0444));
	assert_int_equal(fstatat(st->root, path, &sb, 0), 0);
	assert_int_equal(store_quarantine(st, path, &d, &sb, "bytes", &e), 1);
	store_close(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_there_and_back),
		cmocka_unit_test(state_without_sense),
		cmocka_unit_test(seen),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test_setup_teardown(bad_notes, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(quarantine, scratch_setup,
		    scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
