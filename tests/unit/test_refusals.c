#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transfer/refusals.h"

/* In capitals: that endpoint is down. */
static const struct {
	const char *said;	/* n: not found, d: denied, e: some error,
				 * c: cancelled */
	enum err_code want;
} sums[] = {
	{ "n", ERR_NOT_FOUND }, { "d", ERR_DENIED }, { "E", ERR_NET },
	{ "nn", ERR_NOT_FOUND }, { "En", ERR_NOT_FOUND },
	{ "nE", ERR_NOT_FOUND }, { "EnE", ERR_NOT_FOUND }, { "EE", ERR_NET },
	{ "nd", ERR_DENIED }, { "dn", ERR_DENIED }, { "en", ERR_NET },
	{ "ne", ERR_NET }, { "Dn", ERR_NOT_FOUND }, { "Ed", ERR_DENIED },
	{ "de", ERR_DENIED }, { "nc", ERR_CANCELLED },
	{ "cd", ERR_CANCELLED },
};

static enum err_code
code_of(char c)
{
	switch (c) {
	case 'n':
		return ERR_NOT_FOUND;
	case 'd':
	case 'D':
		return ERR_DENIED;
	case 'c':
		return ERR_CANCELLED;
	default:
		return ERR_NET;
	}
}

static void
test_sums(void **state)
{
	struct refusals r;
	struct err e;
	const char *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		r = (struct refusals){ .weight = 0 };
		for (s = sums[i].said; *s != '\0'; s++) {
			err_set(&e, code_of(*s), "it says %c", *s);
			refusals_add(&r, "h.example", *s < 'a', &e);
		}
		if (r.err.code != sums[i].want)
			fail_msg("%s: %d", sums[i].said, r.err.code);
	}
	assert_string_equal(r.err.msg,
	    "h.example: it says c; h.example: it says d");
}

static void
test_long(void **state)
{
	struct refusals r = { .weight = 0 };
	struct err e = { .code = ERR_NET };
	size_t i;

	(void)state;
	memset(e.msg, 'x', sizeof(e.msg) - 1);
	for (i = 0; i < 20; i++)
		refusals_add(&r, "h.example", false, &e);
	assert_int_equal(strlen(r.err.msg), sizeof(r.err.msg) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
