/* bundle/stick.h: of what lies on a stick nothing is made before it is signed,
 * and it fills no memory. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/stick.h"
#include "layout/mem.h"
#include "report/report.h"

static char statement[] =
"cdr-bundle 1\nid 00112233445566778899aabbccddeeff\nfrom centre\nto *\n"
"seq 1\ncreated 2026-11-20T10:53:07Z\nend\n";

static struct stick_bundle *
add(struct stick *st, char *text)
{
	struct stick_head h = { .statement = text,
	    .statement_len = strlen(text) };

	return stick_add(st, &h, "a part");
}

static void
only_what_is_signed_is_read(void **state)
{
	struct bundle_keys *keys = bundle_keys_new();
	struct stick st = { .count = 0 };
	char wrong[] = "cdr-bundle 1\nid -\n";
	struct stick_bundle *b;

	(void)state;
	b = add(&st, wrong);
	stick_judge(b, keys, "edge");
	assert_int_equal(b->err.code, ERR_SIGNATURE);
	b = add(&st, statement);
	assert_false(b->is_parsed);
	stick_judge(b, keys, "edge");
	assert_int_equal(b->err.code, ERR_SIGNATURE);
	assert_false(b->is_parsed);
	stick_done(&st);

	/* Anybody may send. */
	b = add(&st, wrong);
	stick_judge(b, NULL, "edge");
	assert_int_equal(b->err.code, ERR_DATA);
	assert_non_null(strstr(b->err.msg, "line 2"));
	b = add(&st, statement);
	stick_judge(b, NULL, "edge");
	assert_int_equal(b->err.code, ERR_NONE);
	assert_true(b->is_parsed);
	stick_sort(&st);
	assert_ptr_equal(st.bundles[0], b);
	stick_done(&st);
	bundle_keys_free(keys);
}

static void
there_are_not_too_many(void **state)
{
	struct stick st = { .count = 0 };
	char text[64], *large;
	size_t i;

	(void)state;
	report_init(REPORT_TEXT, REPORT_ERROR);
	for (i = 0; i < STICK_BUNDLES_MAX; i++) {
		snprintf(text, sizeof(text), "%zu", i);
		assert_non_null(add(&st, text));
	}
	assert_null(add(&st, statement));
	assert_int_equal(st.bad, 1);
	/* One that is there already is no other one. */
	assert_ptr_equal(add(&st, text), st.bundles[st.count - 1]);
	stick_done(&st);

	large = xmalloc(BUNDLE_TEXT_MAX + 1);
	memset(large, 'x', BUNDLE_TEXT_MAX);
	large[BUNDLE_TEXT_MAX] = '\0';
	for (i = 0; i < STICK_TEXT_MAX / BUNDLE_TEXT_MAX; i++) {
		large[0] = (char)('a' + i);
		assert_non_null(add(&st, large));
	}
	assert_null(add(&st, statement));
	assert_int_equal(st.bad, 1);
	free(large);
	stick_done(&st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_signed_is_read),
		cmocka_unit_test(there_are_not_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
