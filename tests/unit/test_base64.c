#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/base64.h"
#include "layout/mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *text;
	size_t len;
	const char *bytes;
} good[] = {
	{ "", 0, "" },
	{ "Zg==", 1, "f" },		/* RFC 4648 section 10 */
	{ "Zm8=", 2, "fo" },
	{ "Zm9v", 3, "foo" },
	{ "Zm9vYg==", 4, "foob" },
	{ "Zm9vYmE=", 5, "fooba" },
	{ "Zm9vYmFy", 6, "foobar" },
	{ "Zg", 1, "f" },		/* no padding */
	{ "Zm8", 2, "fo" },
	{ "Zm9vYg", 4, "foob" },
	{ "AAAA", 3, "\0\0\0" },
	{ "AA==", 1, "\0" },
	{ "AA", 1, "\0" },
	{ "//79", 3, "\xff\xfe\xfd" },
	{ "+/+/", 3, "\xfb\xff\xbf" },
	{ "/w", 1, "\xff" },
	{ "Zh==", 1, "f" },		/* bits to spare: Go takes it too */
	{ "dXNlcjpwYXNz", 9, "user:pass" },
	{ "dXNlcjpwYXNzAAA=", 11, "user:pass\0\0" },
};

static const char *const bad[] = {
	"Z", "Zm9vY", "=", "==", "===", "====", "Zg=", "Zg===", "Zm8==",
	"Zm9v=", "Zm9v==", "Zm9v====", "Z===", "Zg==Zg==", "Zg=a", "Z=g=",
	" Zm9v", "Zm9v ", "Zm 9v", "Zm9v\n", "\nZm9v", "Zm9\nv", "Zm9v\r\n",
	"\tZm9v", "Zm9v\t", "Zm9-", "Zm9_", "Zm9.", "Zm9v-----", "-",
	"Zm9\x80", "Zm9\xff", "\xef\xbb\xbfZm9v", "Zm9v!", "user:pass",
	"Zg=\n=",
};

static void
test_good(void **state)
{
	size_t i, len;
	unsigned char *bytes;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		len = 99;
		bytes = base64_decode(good[i].text, &len);
		assert_non_null(bytes);
		assert_int_equal(len, good[i].len);
		assert_memory_equal(bytes, good[i].bytes, len + 1);
		free(bytes);
	}
}

static void
test_bad(void **state)
{
	size_t i, len = 99;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (base64_decode(bad[i], &len) != NULL)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(len, 99);
	}
}

static void
encode(const unsigned char *in, size_t len, char *out)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t bit;
	unsigned value;

	for (bit = 0; bit < len * 8; bit += 6) {
		value = (unsigned)in[bit / 8] << 8;
		if (bit / 8 + 1 < len)
			value |= in[bit / 8 + 1];
		*out++ = set[value >> (10 - bit % 8) & 63];
	}
	*out = '\0';
}

/* Every length, every byte: out and back. */
static void
test_round_trip(void **state)
{
	unsigned char in[512], *bytes;
	char text[700];
	size_t i, len, got;

	(void)state;
	for (i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 167 + i / 256);
	for (len = 0; len <= sizeof(in); len++) {
		encode(in, len, text);
		bytes = base64_decode(text, &got);
		assert_non_null(bytes);
		assert_int_equal(got, len);
		assert_memory_equal(bytes, in, len);
		assert_int_equal(bytes[len], 0);
		free(bytes);
	}
}

static void
test_long(void **state)
{
	size_t len = 1 << 20, got;
	char *text = xmalloc(len + 1);
	unsigned char *bytes;

	(void)state;
	memset(text, 'z', len);
	text[len] = '\0';
	bytes = base64_decode(text, &got);
	assert_non_null(bytes);
	assert_int_equal(got, len / 4 * 3);
	free(bytes);
	text[len - 1] = '*';
	assert_null(base64_decode(text, &got));
	free(text);
}

static void
test_encode(void **state)
{
	/* RFC 4648 section 10. */
	static const char *const pairs[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfd", "//79" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *text = base64_encode(pairs[i][0], strlen(pairs[i][0]));

		assert_string_equal(text, pairs[i][1]);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
