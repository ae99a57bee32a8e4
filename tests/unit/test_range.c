#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry/range.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *value;
	int64_t first, last, total;
} good[] = {
	{ "bytes 5-9/10", 5, 9, 10 },
	{ "bytes 0-0/1", 0, 0, 1 },
	{ "bytes 0-499/1234", 0, 499, 1234 },
	{ "bytes 42-1233/1234", 42, 1233, 1234 },
	{ "bytes 42-1233/*", 42, 1233, -1 },
	{ "bytes */47022", -1, -1, 47022 },
	{ "bytes */0", -1, -1, 0 },
	{ "BYTES 5-9/10", 5, 9, 10 },
	{ "Bytes 5-9/10", 5, 9, 10 },
	{ "  bytes 5-9/10\t", 5, 9, 10 },
	{ "bytes  5-9/10", 5, 9, 10 },
	{ "bytes 005-009/0010", 5, 9, 10 },
	{ "bytes 4294967296-4294967297/4294967298", 4294967296, 4294967297,
	    4294967298 },
	{ "bytes 0-9223372036854775806/9223372036854775807", 0, INT64_MAX - 1,
	    INT64_MAX },
	{ "bytes 0-9223372036854775807/*", 0, INT64_MAX, -1 },
};

static const char *const bad[] = {
	"", " ", "bytes", "bytes ", "byte 5-9/10", "bytes5-9/10",
	"bytesx 5-9/10",
	"bytes=5-9/10", "bytes: 5-9/10", "items 5-9/10", "5-9/10",
	"bytes */*", "bytes *", "bytes */", "bytes /10", "bytes -9/10",
	"bytes 5-/10", "bytes 5/10", "bytes 5-9", "bytes 5-9/", "bytes 5-9/x",
	"bytes 9-5/10", "bytes 5-10/10", "bytes 5-9/9", "bytes 0-0/0",
	"bytes 5-9/-1", "bytes -5-9/10", "bytes 5--9/10", "bytes +5-9/10",
	"bytes 5 - 9/10", "bytes 5-9 /10", "bytes 5-9/ 10", "bytes 5-9/10 x",
	"bytes 5-9/10,", "bytes 5-9/10, bytes 5-9/10", "bytes 5-9,11-12/20",
	"bytes *-9/10", "bytes 5-*/10", "bytes 0x5-0x9/0x10", "bytes 5.0-9/10",
	"bytes 5-9/10/11", "bytes 5-9/**", "bytes **/10",
	"bytes 9223372036854775808-9223372036854775809/*",
	"bytes 0-9223372036854775808/*", "bytes 0-1/9223372036854775808",
	"bytes 18446744073709551621-18446744073709551625/10",
	"bytes 5-9/99999999999999999999999999999999", "\xff items 5-9/10",
	"\xff 5-9/10",
};

static void
test_good(void **state)
{
	size_t i;
	int64_t first, last, total;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		first = last = total = -7;
		if (range_parse(good[i].value, &first, &last, &total) != 1)
			fail_msg("\"%s\" was refused", good[i].value);
		assert_true(first == good[i].first);
		assert_true(last == good[i].last);
		assert_true(total == good[i].total);
	}
}

static void
test_bad(void **state)
{
	size_t i;
	int64_t first = -7, last = -7, total = -7;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (range_parse(bad[i], &first, &last, &total) != 0)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_true(first == -7 && last == -7 && total == -7);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
