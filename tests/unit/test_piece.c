#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "doctor/piece.h"
#include "layout/limits.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define MIB		((uint64_t)1 << 20)

static void
test_size(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = {
		{ "bytes=0-4194303", 4 * MIB }, { "bytes=0-1048575", MIB },
		{ "bytes=0-0", 1 }, { "bytes=0-262143", MIB / 4 },
	};
	static const char *const none[] = {
		"", "bytes=0-", "bytes=1-4194303", "bytes=0-4194304",
		"bytes=0-18446744073709551615", "bytes=0-99999999999999999999",
		"bytes=0-10 ", "bytes=0--1", "bytes 0-10/11", "bytes=0-1,2-3",
		"0-10", "bytes=0-0x10",
	};
	uint64_t size = 7;
	size_t i;

	(void)state;
	assert_int_equal(MANIFEST_BYTES_MAX, 4 * MIB);
	for (i = 0; i < COUNT(good); i++) {
		assert_true(piece_size(good[i].text, &size));
		assert_int_equal(size, good[i].size);
	}
	size = 7;
	for (i = 0; i < COUNT(none); i++) {
		assert_false(piece_size(none[i], &size));
		assert_int_equal(size, 7);
	}
}

static void
test_pieces(void **state)
{
	struct piece p;

	(void)state;
	assert_int_equal(piece_count(4 * MIB, 1), 1);
	assert_int_equal(piece_count(4 * MIB, 4 * MIB), 1);
	assert_int_equal(piece_count(4 * MIB, 4 * MIB + 1), 2);
	assert_int_equal(piece_count(MIB, BLOB_BYTES_MAX),
	    BLOB_BYTES_MAX / MIB + (BLOB_BYTES_MAX % MIB > 0));
	p = piece_at(0, 4 * MIB, 100);
	assert_true(p.from == 0 && p.to == 100 && p.size == 100);
	p = piece_at(1, 4 * MIB, 8 * MIB);
	assert_true(p.from == 4 * MIB && p.to == 8 * MIB);
	p = piece_at(2, 4 * MIB, 8 * MIB + 1);
	assert_true(p.from == 8 * MIB && p.to == 8 * MIB + 1);
}

#define HEX16	"0123456789abcdef"
#define HEX	HEX16 HEX16 HEX16 HEX16

static void
test_wrong(void **state)
{
	static const char etag[] = "\"sha256:" HEX "\"";
	static const struct {
		struct piece_said said;
		const char *why;	/* a part of it; NULL: it is right */
	} cases[] = {
		{ { 206, 5, "bytes 10-14/15", etag }, NULL },
		{ { 200, 5, "bytes 10-14/15", etag }, "is 200, not 206" },
		{ { 404, 5, "", "" }, "is 404" },
		{ { 206, 5, "bytes 9-13/15", etag }, "range, \"bytes 9" },
		{ { 206, 5, "bytes 10-14/16", etag }, "another range" },
		{ { 206, 5, "", etag }, "another range, \"\"" },
		{ { 206, 4, "bytes 10-14/15", etag }, "has 4 bytes, not 5" },
		{ { 206, 6, "bytes 10-14/15", etag }, "has 6 bytes, not 5" },
		{ { 206, 5, "bytes 10-14/15", "" }, "ETag is not there" },
		{ { 206, 5, "bytes 10-14/15", "\"x\"" }, "ETag is \"x\"" },
		{ { 206, 5, "bytes 10-14/15", "sha256:" HEX }, "ETag is sha" },
	};
	const struct piece p = { .from = 10, .to = 15, .size = 15 };
	struct digest d;
	struct err e;
	char why[200], small[8];
	size_t i;

	(void)state;
	assert_int_equal(digest_parse("sha256:" HEX, &d, &e), 0);
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(piece_wrong(&p, &d, &cases[i].said, why,
		    sizeof(why)), cases[i].why != NULL);
		if (cases[i].why != NULL)
			assert_non_null(strstr(why, cases[i].why));
	}
	assert_true(piece_wrong(&p, &d, &cases[1].said, small, sizeof(small)));
	assert_int_equal(strlen(small), sizeof(small) - 1);
}

static void
test_by(void **state)
{
	static const char *const good[] = {
		"10.0.0.1:5002", "[fd00::1]:5002",
	};
	static const char *const none[] = {
		"", "10.0.0.1:5002, 10.0.0.2:5002", "evil.example:5002",
		"10.0.0.1:5002 ", "unix:/run/x.sock", "\033[1m", "<b>",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		assert_true(piece_by(good[i]));
	for (i = 0; i < COUNT(none); i++)
		assert_false(piece_by(none[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
