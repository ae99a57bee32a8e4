/* Secrets of hooks: what is right, and that nothing near it is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "hook/secret.h"

#define BODY	"The quick brown fox jumps over the lazy dog"
/* RFC 2104's test, which everybody knows: HMAC("key", BODY). */
#define SUM256	"f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
#define SUM1	"de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"

static void
expect(enum secret_kind kind, const char *key, const char *given, bool right)
{
	struct secret *s = secret_new(kind, key, strlen(key));

	if (secret_check(s, given, BODY, strlen(BODY)) != right)
		fail_msg("%d %s: %s", kind, key, given);
	secret_free(s);
}

static void
test_hmac(void **state)
{
	(void)state;
	expect(SECRET_HMAC_SHA256, "key", SUM256, true);
	expect(SECRET_HMAC_SHA256, "key", "sha256=" SUM256, true);
	expect(SECRET_HMAC_SHA256, "key", "sha256="
	    "F7BC83F430538424B13298E6AA6FB143EF4D59A14946175997479DBC2D1A3CD8",
	    true);
	expect(SECRET_HMAC_SHA1, "key", SUM1, true);
	expect(SECRET_HMAC_SHA1, "key", "sha1=" SUM1, true);

	expect(SECRET_HMAC_SHA256, "kez", SUM256, false);
	expect(SECRET_HMAC_SHA256, "", SUM256, false);
	expect(SECRET_HMAC_SHA256, "key", SUM256 "0", false);
	expect(SECRET_HMAC_SHA256, "key", &SUM256[1], false);
	expect(SECRET_HMAC_SHA256, "key", "sha1=" SUM256, false);
	expect(SECRET_HMAC_SHA256, "key", "sha256=sha256=" SUM256, false);
	expect(SECRET_HMAC_SHA256, "key", "sha256=", false);
	expect(SECRET_HMAC_SHA256, "key", "", false);
	expect(SECRET_HMAC_SHA256, "key", NULL, false);
	expect(SECRET_HMAC_SHA256, "key", SUM1, false);
	expect(SECRET_HMAC_SHA1, "key", SUM256, false);
	expect(SECRET_HMAC_SHA1, "key", "sha256=" SUM1, false);
	/* The key itself is not its signature. */
	expect(SECRET_HMAC_SHA256, "key", "key", false);
}

/* Each digit counts, and each of them has to be one. */
static void
test_each_digit(void **state)
{
	char given[] = SUM256;
	size_t i;

	(void)state;
	for (i = 0; i < strlen(given); i++) {
		given[i] = given[i] == '0' ? '1' : '0';
		expect(SECRET_HMAC_SHA256, "key", given, false);
		given[i] = 'g';
		expect(SECRET_HMAC_SHA256, "key", given, false);
		/* '7' with the sixth bit away, "f" with another one. */
		given[i] = (char)(SUM256[i] & ~0x20);
		expect(SECRET_HMAC_SHA256, "key", given,
		    SUM256[i] >= 'a');
		given[i] = SUM256[i];
	}
	expect(SECRET_HMAC_SHA256, "key", given, true);
}

static void
test_text(void **state)
{
	static const char key[] = "0123456789abcdef";

	(void)state;
	expect(SECRET_TEXT, key, key, true);
	expect(SECRET_TEXT, key, "0123456789abcdeF", false);
	expect(SECRET_TEXT, key, "0123456789abcde", false);
	expect(SECRET_TEXT, key, "0123456789abcdef ", false);
	expect(SECRET_TEXT, key, "", false);
	expect(SECRET_TEXT, key, NULL, false);
	/* A signature with an empty key, which is the one of no secret. */
	expect(SECRET_TEXT, key, "sha256="
	    "fb011e6154a19b9a4c767373c305275a5a69e8b68b0b4c9200c383dced19a416",
	    false);
}

/* Where there is no secret, nothing is right. */
static void
test_nobody(void **state)
{
	static const char *const given[] = {
		NULL, "", SUM256,
		/* HMAC("", BODY), and SHA-256 of nothing. */
		"fb011e6154a19b9a4c767373c305275a5a69e8b68b0b4c9200c383dced19a416",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		assert_false(secret_check(NULL, given[i], BODY, strlen(BODY)));
	secret_free(NULL);
}

static void
test_wipe(void **state)
{
	char text[] = "secret";

	(void)state;
	secret_wipe(text, sizeof(text));
	assert_memory_equal(text, "\0\0\0\0\0\0", sizeof(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_each_digit),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
