/* What somebody has meant who typed something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/guess.h"
#include "image/near.h"
#include "image/slips.h"

static void
test_slips(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned slips;
	} table[] = {
		{ "", "", 0 },
		{ "", "gc", 2 },
		{ "gc", "", 2 },
		{ "sync", "sync", 0 },
		{ "SYNC", "sync", 0 },
		{ "sycn", "sync", 1 },		/* exchanged */
		{ "snc", "sync", 1 },
		{ "ssync", "sync", 1 },
		{ "sink", "sync", 2 },
		{ "ca", "abc", 3 },		/* exchanged, and no more */
		{ "kitten", "sitting", 3 },
		{ "platfrom", "platform", 1 },
		{ "abcdefghijklmnopqrstuvwxyz0123456789", "a",
		  NEAR_WORD_MAX },
		{ "a", "abcdefghijklmnopqrstuvwxyz0123456789",
		  NEAR_WORD_MAX },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(near_slips(table[i].a, table[i].b),
		    table[i].slips);
		assert_int_equal(near_slips(table[i].b, table[i].a),
		    table[i].slips);
	}
}

static const char *
nearest(const char *word)
{
	static const char *const words[] = { "sync", "watch", "gc", "ls",
	    "rollback", "verify", "inventory", "export", "import", "images",
	    "require-signed" };
	struct near near = { .word = word };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		near_try(&near, words[i]);
	return near.best == NULL ? "-" : near.best;
}

static void
test_nearest(void **state)
{
	static const char *const table[][2] = {
		{ "sycn", "sync" },
		{ "verfy", "verify" },
		{ "invetnory", "inventory" },
		{ "require-sigend", "require-signed" },
		{ "roll-back", "rollback" },
		{ "inve", "inventory" },	/* the beginning of it */
		{ "expotr", "export" },
		{ "impotr", "import" },
		{ "xyzzy", "-" },
		{ "dance", "-" },
		{ "l", "-" },			/* too short to tell */
		{ "gx", "-" },
		{ "", "-" },
		{ "abcdefghijklmnopqrstuvwxyz0123456789", "-" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(nearest(table[i][0]), table[i][1]);
}

static void
assert_has(const char *text, const char *want)
{
	if (want == NULL)
		assert_null(text);
	else if (text == NULL || strstr(text, want) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", want,
		    text == NULL ? "" : text);
}

static void
test_guesses(void **state)
{
	size_t from = 0;

	(void)state;
	assert_has(guess_command("pull"), "cdr sync REF");
	assert_has(guess_command("serve"), "cdr-serve");
	assert_has(guess_command("prune"), "cdr gc");
	assert_has(guess_command("garbage-collect"), "cdr gc");
	assert_has(guess_command("collect"), "cdr gc");
	assert_has(guess_command("garbage"), NULL);
	assert_has(guess_command(""), NULL);
	assert_has(guess_command("a b"), NULL);
	assert_has(guess_command("delete del"), NULL);
	assert_has(guess_option("cdr sync", "dry-run"), "--plan");
	assert_has(guess_option("cdr watch", "dry-run"), "--plan");
	assert_has(guess_option("cdr gc", "plan"), "-n ");
	assert_has(guess_option("cdr gc", "platform"), NULL);
	assert_has(guess_option("cdr save", "f"), "-o FILE");
	assert_has(guess_option("cdr", "dry-run"), NULL);
	assert_string_equal(guess_other("format", &from), "json");
	assert_string_equal(guess_other("format", &from), "log");
	assert_null(guess_other("format", &from));
	assert_null(guess_other("format", &from));
	assert_has(guess_client("docker"), "dockerd");
	assert_has(guess_client("containerd"), NULL);
}

static void
test_scheme(void **state)
{
	static const char *const bad[] = { "10.0.0.5:5000", "10.0.0.5",
	    "mirror.example", "mirror.example:5000/x", "localhost",
	    "localhost:80", "node:5000", "[::1]:5000", "[fd00::1]" };
	static const char *const good[] = { "http://10.0.0.5", "https://x",
	    "ftp://x", "", ":5000", "/a/b", "node", "node:x",
	    "me:secret@10.0.0.5:80", "[x" };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(slips_scheme(bad[i], &e), -1);
		assert_has(e.msg, "write http://");
		assert_has(e.msg, bad[i]);
		assert_int_equal(e.code, ERR_INPUT);
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(slips_scheme(good[i], &e), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slips),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
