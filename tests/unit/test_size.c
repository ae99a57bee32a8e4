#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/size.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define KIB		((uint64_t)1 << 10)
#define MIB		((uint64_t)1 << 20)
#define GIB		((uint64_t)1 << 30)
#define TIB		((uint64_t)1 << 40)

static const struct {
	const char *text;
	uint64_t bytes;
} good[] = {
	{ "0", 0 },
	{ "1", 1 },
	{ "800000", 800000 },
	{ "007", 7 },
	{ "500K", 500 * KIB },
	{ "500k", 500 * KIB },
	{ "2M", 2 * MIB },
	{ "2m", 2 * MIB },
	{ "1G", GIB },
	{ "3g", 3 * GIB },
	{ "1T", TIB },
	{ "1t", TIB },
	{ "1.5M", 3 * MIB / 2 },
	{ "0.5K", 512 },
	{ "0.001K", 1 },
	{ "1.000001G", GIB + 1073 },
	{ "8191.999999T", 9007199253641480 },
	{ "8192T", 8192 * TIB },
	{ "9007199254740992", 8192 * TIB },
};

static const char *const bad[] = {
	"", " ", "K", ".", ".5M", "1.", "1.M", "1.5", "-1", "+1", "1 K", " 1",
	"1K ", "1KB", "1KiB", "1B", "1P", "1e6", "0x10", "1,5M", "1.2.3M",
	"1.1234567M", "1.5KM", "8193T", "9007199254740993",
	"99999999999999999999999", "18446744073709551617", "infinity", "\n1",
	"1\n", "\xd9\xa1",
};

static void
test_size(void **state)
{
	struct err e;
	uint64_t n;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		n = 4711;
		if (size_parse(good[i].text, 0, UINT64_MAX, &n, &e) == -1)
			fail_msg("%s: %s", good[i].text, e.msg);
		if (n != good[i].bytes)
			fail_msg("%s: %llu", good[i].text,
			    (unsigned long long)n);
	}
	for (i = 0; i < COUNT(bad); i++) {
		n = 4711;
		if (size_parse(bad[i], 0, UINT64_MAX, &n, &e) == 0)
			fail_msg("\"%s\" is no size", bad[i]);
		assert_int_equal(n, 4711);
		assert_int_equal(e.code, ERR_INPUT);
	}
}

static void
test_size_range(void **state)
{
	struct err e;
	uint64_t n = 4711;

	(void)state;
	assert_int_equal(size_parse("9K", 10 * KIB, TIB, &n, &e), -1);
	assert_string_equal(e.msg, "it takes 10K to 1T, not 9K");
	assert_int_equal(size_parse("2T", 1000, TIB, &n, &e), -1);
	assert_string_equal(e.msg, "it takes 1000 to 1T, not 2T");
	assert_int_equal(size_parse("1", 1536, 1536 * MIB, &n, &e), -1);
	assert_string_equal(e.msg, "it takes 1536 to 1536M, not 1");
	assert_int_equal(n, 4711);
	assert_int_equal(size_parse("10K", 10 * KIB, TIB, &n, &e), 0);
	assert_int_equal(n, 10 * KIB);
	assert_int_equal(size_parse("1T", 10 * KIB, TIB, &n, &e), 0);
	assert_int_equal(n, TIB);
}

static void
test_bare(void **state)
{
	static const char *const bare[] = { "1", "20", "050", "999" };
	static const char *const others[] = { "", "0", "000", "1000", "50%",
	    "1K", "2G", "x" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bare); i++)
		assert_true(size_is_bare(bare[i]));
	for (i = 0; i < COUNT(others); i++)
		assert_false(size_is_bare(others[i]));
}

static void
test_count(void **state)
{
	static const char *const none[] = { "", "0", "65", "-1", "+1", " 1",
	    "1 ", "1K", "1.0", "four", "4294967297", "18446744073709551617" };
	struct err e;
	unsigned n = 4711;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(none); i++) {
		assert_int_equal(count_parse(none[i], 1, 64, &n, &e), -1);
		assert_non_null(strstr(e.msg, "from 1 to 64"));
		assert_int_equal(n, 4711);
	}
	assert_int_equal(count_parse("1", 1, 64, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(count_parse("64", 1, 64, &n, &e), 0);
	assert_int_equal(n, 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_size_range),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
