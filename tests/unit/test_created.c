#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/created.h"
#include "image/created_book.h"
#include "layout/mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:01Z", 1 },
		{ "2024-02-29T12:34:56Z", 1709210096 },
		{ "2024-02-29T12:34:56.789123456Z", 1709210096 },
		{ "2024-02-29t12:34:56z", 1709210096 },
		{ "2024-02-29T13:34:56+01:00", 1709210096 },
		{ "2024-02-29T07:04:56-05:30", 1709210096 },
		{ "2024-02-28T23:59:59-00:01", 1709164859 },
		{ "2016-12-31T23:59:60Z", 1483228799 },
		{ "2099-12-31T23:59:59Z", CREATED_END_S - 1 },
		/* Not set, and nonsense. */
		{ "0001-01-01T00:00:00Z", -1 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "1970-01-01T00:00:00+00:01", -1 },
		{ "1970-01-01T00:00:00-00:01", 60 },
		{ "2100-01-01T00:00:00Z", -1 },
		{ "9999-12-31T23:59:59Z", -1 },
		{ "0000-00-00T00:00:00Z", -1 },
		{ "2023-02-29T00:00:00Z", -1 },
		{ "2024-13-01T00:00:00Z", -1 },
		{ "2024-00-01T00:00:00Z", -1 },
		{ "2024-01-00T00:00:00Z", -1 },
		{ "2024-01-32T00:00:00Z", -1 },
		{ "2024-01-01T24:00:00Z", -1 },
		{ "2024-01-01T00:60:00Z", -1 },
		{ "2024-01-01T00:00:61Z", -1 },
		{ "2024-01-01T00:00:00+24:00", -1 },
		{ "2024-01-01T00:00:00+00:60", -1 },
		/* No RFC 3339. */
		{ "", -1 }, { "Z", -1 }, { "2024", -1 }, { "2024-01-01", -1 },
		{ "2024-01-01 00:00:00Z", -1 },
		{ "2024-01-01T00:00:00", -1 },
		{ "2024-01-01T00:00:00.Z", -1 },
		{ "2024-01-01T00:00:00.5", -1 },
		{ "2024-01-01T00:00:00Z ", -1 },
		{ "2024-01-01T00:00:00ZZ", -1 },
		{ "2024-01-01T00:00:00+0100", -1 },
		{ "2024-01-01T00:00:00+01:00Z", -1 },
		{ " 2024-01-01T00:00:00Z", -1 },
		{ "+024-01-01T00:00:00Z", -1 },
		{ "2024-1-01T00:00:00Z", -1 },
		{ "20240-01-01T00:00:00Z", -1 },
		{ "2024-01-01T00:00:-1Z", -1 },
		{ "1709210096", -1 },
		{ "Thu, 29 Feb 2024 12:34:56 GMT", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (created_parse(cases[i].text) != cases[i].want)
			fail_msg("%s: %lld", cases[i].text,
			    (long long)created_parse(cases[i].text));
}

static void
test_json(void **state)
{
#define TIME	"\"2024-02-29T12:34:56Z\""
#define NOTE	"\"org.opencontainers.image.created\":"
	static const struct {
		const char *text;
		int rc;
		int64_t config, manifest;
	} cases[] = {
		{ "{\"created\":" TIME "}", 0, 1709210096, -1 },
		{ "{\"annotations\":{" NOTE TIME "}}", 0, -1, 1709210096 },
		{ "{}", 0, -1, -1 },
		{ "{\"created\":null,\"annotations\":null}", 0, -1, -1 },
		{ "{\"created\":5,\"annotations\":[" TIME "]}", 0, -1, -1 },
		{ "{\"created\":{},\"annotations\":{" NOTE "7}}", 0, -1, -1 },
		{ "{\"created\":\"\",\"annotations\":{" NOTE "\"x\"}}", 0,
		  -1, -1 },
		{ "", -1, 0, 0 }, { "[]", -1, 0, 0 }, { "{", -1, 0, 0 },
		{ TIME, -1, 0, 0 },
	};
	struct err e;
	int64_t got;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		len = strlen(cases[i].text);
		got = 77;
		assert_int_equal(created_in_config(cases[i].text, len, &got,
		    &e), cases[i].rc);
		assert_int_equal(got, cases[i].rc == 0 ? cases[i].config : 77);
		got = 77;
		assert_int_equal(created_in_manifest(cases[i].text, len, &got,
		    &e), cases[i].rc);
		assert_int_equal(got, cases[i].rc == 0 ? cases[i].manifest :
		    77);
	}
}

/* --- from run to run --------------------------------------------------- */

static struct digest
id_of(unsigned n)
{
	struct digest id;

	digest_of(n % 2 ? DIGEST_SHA512 : DIGEST_SHA256, &n, sizeof(n), &id);
	return id;
}

/* What one run knows, the next one knows. */
static void
next_run(struct created_book *book)
{
	struct err e;
	size_t len;
	char *text = created_book_write(book, &len);

	assert_true(len <= CREATED_BYTES_MAX);
	assert_int_equal(len, strlen(text));
	created_book_done(book);
	assert_int_equal(created_book_read(book, text, len, &e), 0);
	assert_false(book->is_changed);
	free(text);
}

static void
expect(struct created_book *book, unsigned n, int rc, int64_t want)
{
	struct digest id = id_of(n);
	int64_t got = want;

	assert_int_equal(created_book_get(book, &id, &got), rc);
	assert_int_equal(got, want);
}

static void
put(struct created_book *book, unsigned n, int64_t created_s)
{
	struct digest id = id_of(n);

	created_book_put(book, &id, created_s);
}

static void
test_book(void **state)
{
	struct created_book book = { 0 };

	(void)state;
	expect(&book, 1, 0, 0);
	put(&book, 1, 0);
	put(&book, 2, CREATED_END_S - 1);
	put(&book, 3, CREATED_UNKNOWN);
	assert_true(book.is_changed);
	next_run(&book);
	expect(&book, 1, 1, 0);
	expect(&book, 2, 1, CREATED_END_S - 1);
	expect(&book, 3, 1, CREATED_UNKNOWN);
	expect(&book, 4, 0, 0);
	put(&book, 2, CREATED_END_S - 1);
	assert_false(book.is_changed);
	put(&book, 2, 5);
	assert_true(book.is_changed);
	next_run(&book);
	expect(&book, 2, 1, 5);
	created_book_done(&book);
}

/* What was used last stays, and the file does not grow without end. */
static void
test_book_full(void **state)
{
	struct created_book book = { 0 };
	unsigned i;

	(void)state;
	for (i = 0; i < CREATED_ENTRIES_MAX; i++)
		put(&book, i, i);
	expect(&book, 0, 1, 0);
	next_run(&book);
	put(&book, i, i);
	expect(&book, 0, 1, 0);
	expect(&book, 1, 0, 0);
	expect(&book, 2, 1, 2);
	for (i++; i < 2 * CREATED_ENTRIES_MAX; i++)
		put(&book, i, i);
	assert_int_equal(book.count, CREATED_ENTRIES_MAX);
	expect(&book, 3, 0, 0);
	expect(&book, i - 1, 1, i - 1);
	next_run(&book);
	assert_int_equal(book.count, CREATED_ENTRIES_MAX);
	created_book_done(&book);
}

static void
test_book_of_others(void **state)
{
#define A "sha256:" \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	static const struct {
		const char *text;
		int rc;
		size_t count;
	} cases[] = {
		{ "created 1\n", 0, 0 },
		{ "created 1\n" A " 5\n", 0, 1 },
		{ "created 1\n" A " 5\n" A " 6\n", 0, 1 },
		{ "created 1\n" A " -\n", 0, 1 },
		/* Cut off, as no rename leaves it. */
		{ "created 1\n" A " 17", 0, 0 },
		{ "created 1\n" A "\n" A " \n" A " x\n" A " 5x\n" A "  5\n"
		  A " -5\n" A " 4102444800\n" A " 99999999999999999999\n"
		  "sha256:12 5\n" "5\n" "\n" " \n", 0, 0 },
		{ "created 1\n\n" A " 5\n", 0, 1 },
		{ "created 2\n" A " 5\n", -1, 0 },
		{ "created 1", -1, 0 },
		{ "", -1, 0 },
		{ "{}", -1, 0 },
	};
	struct created_book book = { 0 };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		e.code = ERR_NONE;
		if (created_book_read(&book, cases[i].text,
		    strlen(cases[i].text), &e) != cases[i].rc ||
		    book.count != cases[i].count)
			fail_msg("case %zu: %zu", i, book.count);
		assert_int_equal(e.code, cases[i].rc == 0 ? ERR_NONE :
		    ERR_DATA);
		created_book_done(&book);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_book),
		cmocka_unit_test(test_book_full),
		cmocka_unit_test(test_book_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
