#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bundle/export_seq.h"
#include "layout/limits.h"
#include "tests/unit/scratch.h"

#define SENT	"_state/bundles-sent"

static struct store *
open_as(const struct scratch *s, enum store_mode mode)
{
	struct store *st;
	struct err e;

	if (store_open(s->path, mode, &st, &e) == -1)
		fail_msg("%s", e.msg);
	return st;
}

static uint64_t
taken(struct store *st, const char *to, uint64_t seq)
{
	const struct export_seen seen = { .seq = seq };
	uint64_t next = 0, got = 0;
	struct err e;

	if (export_seq_next(st, "centre", to, &seen, &next, &e) == -1 ||
	    export_seq_take(st, "centre", to, &seen, &got, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(next, got);
	return got;
}

static void
test_numbers(void **state)
{
	struct scratch *s = *state;
	struct store *st;
	char *text;

	store_close(open_as(s, STORE_WRITE));
	st = open_as(s, STORE_STEP);
	assert_int_equal(taken(st, "rig", 0), 1);
	assert_int_equal(taken(st, "rig", 0), 2);
	assert_int_equal(taken(st, "*", 0), 1);
	/* The site has seen more than we remember. */
	assert_int_equal(taken(st, "rig", 40), 41);
	assert_int_equal(taken(st, "rig", 7), 42);
	store_close(st);
	text = scratch_get(s, SENT);
	assert_string_equal(text, "cdr-bundles-sent 1\nsent centre rig 42\n"
	    "sent centre * 1\nend\n");
	free(text);
	assert_int_equal(scratch_mode(s, SENT), 0600);
	/* Lost: the inventory knows. */
	assert_int_equal(unlinkat(s->dir, SENT, 0), 0);
	st = open_as(s, STORE_STEP);
	assert_int_equal(taken(st, "rig", 42), 43);
	store_close(st);
}

/* Who is nobody does not use the numbers up. */
static void
test_claims(void **state)
{
	struct export_seen seen = { .seq = 1001 };
	struct scratch *s = *state;
	uint64_t seq = 99;
	struct store *st;
	struct err e;
	char *text;

	store_close(open_as(s, STORE_WRITE));
	st = open_as(s, STORE_STEP);
	assert_int_equal(export_seq_next(st, "centre", "rig", &seen, &seq,
	    &e), -1);
	assert_int_equal(e.code, ERR_SIGNATURE);
	assert_int_equal(export_seq_take(st, "centre", "rig", &seen, &seq,
	    &e), -1);
	assert_int_equal(e.code, ERR_SIGNATURE);
	assert_int_equal(seq, 99);
	assert_int_equal(taken(st, "rig", 1000), 1001);
	assert_int_equal(taken(st, "rig", 2001), 2002);
	seen.seq = BUNDLE_SEQ_MAX - 1;
	seen.is_signed = true;
	assert_int_equal(export_seq_take(st, "centre", "rig", &seen, &seq,
	    &e), 0);
	assert_int_equal(seq, BUNDLE_SEQ_MAX);
	assert_int_equal(export_seq_take(st, "centre", "rig", &seen, &seq,
	    &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	store_close(st);
	text = scratch_get(s, SENT);
	assert_string_equal(text, "cdr-bundles-sent 1\n"
	    "sent centre rig 1000000000000000\nend\n");
	free(text);
}

/* What could not be read again is not written. */
static void
test_many(void **state)
{
	const struct export_seen seen = { .seq = 0 };
	struct scratch *s = *state;
	uint64_t seq = 99;
	struct store *st;
	struct err e;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	unsigned i;

	store_close(open_as(s, STORE_WRITE));
	fputs("cdr-bundles-sent 1\n", out);
	for (i = 0; i < BUNDLE_SENDERS_MAX; i++)
		fprintf(out, "sent centre rig%u 4\n", i);
	fputs("end\n", out);
	fclose(out);
	scratch_put(s, SENT, text);
	st = open_as(s, STORE_STEP);
	assert_int_equal(export_seq_take(st, "centre", "more", &seen, &seq,
	    &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(seq, 99);
	assert_int_equal(taken(st, "rig7", 0), 5);
	store_close(st);
	free(text);
}

/* Nothing is begun anew behind anybody's back. */
static void
test_odd(void **state)
{
	static const char *const odd[] = {
		"", "cdr-bundles-sent 2\nend\n", "cdr-bundles-sent 1\n",
		"cdr-bundles-sent 1\nsent centre rig 4\n",
		"cdr-bundles-sent 1\nsent centre rig\nend\n",
		"cdr-bundles-sent 1\nsent centre rig -4\nend\n",
		"cdr-bundles-sent 1\nsent ../centre rig 4\nend\n",
		"cdr-bundles-sent 1\nsent * rig 4\nend\n",
		"cdr-bundles-sent 1\nsent centre rig 1000000000000001\nend\n",
		"cdr-bundles-sent 1\nend\nmore\n",
	};
	const struct export_seen seen = { .seq = 5 };
	struct scratch *s = *state;
	struct store *st;
	uint64_t seq = 99;
	struct err e;
	char *text;
	size_t i;

	store_close(open_as(s, STORE_WRITE));
	st = open_as(s, STORE_STEP);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		scratch_put(s, SENT, odd[i]);
		assert_int_equal(export_seq_take(st, "centre", "rig", &seen,
		    &seq, &e), -1);
		assert_int_equal(e.code, ERR_STORE);
		assert_non_null(strstr(e.msg, "bundles-sent"));
		assert_int_equal(seq, 99);
		text = scratch_get(s, SENT);
		assert_string_equal(text, odd[i]);
		free(text);
	}
	scratch_put(s, SENT, "cdr-bundles-sent 1\n"
	    "sent centre rig 1000000000000000\nend\n");
	assert_int_equal(export_seq_take(st, "centre", "rig", &seen, &seq,
	    &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	store_close(st);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, \
			    scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_numbers),
		TEST(test_claims),
		TEST(test_many),
		TEST(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
