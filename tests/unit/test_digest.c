#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "layout/digest.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* FIPS 180-4 examples. */
#define ABC256	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC512	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" \
		"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
#define NONE256	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
test_good(void **state)
{
	static const char *const cases[] = {
		"sha256:" ABC256, "sha512:" ABC512, "sha256:" NONE256,
	};
	struct digest d;
	struct err e;
	char text[DIGEST_TEXT_MAX], hex[DIGEST_HEX_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(digest_parse(cases[i], &d, &e), 0);
		assert_string_equal(digest_text(&d, text), cases[i]);
		assert_string_equal(digest_hex(&d, hex), cases[i] + 7);
		assert_memory_equal(digest_alg_name(d.alg), cases[i], 6);
	}
}

static void
test_bad(void **state)
{
	static const char *const cases[] = {
		"", ":", "sha256", "sha256:", ABC256, ":" ABC256,
		"sha256:" ABC512, "sha512:" ABC256, "sha256:" ABC256 "0",
		"SHA256:" ABC256, "sha-256:" ABC256, "sha256 :" ABC256,
		" sha256:" ABC256, "sha256: " ABC256, "sha256:" ABC256 "\n",
		"sha256:BA7816BF8F01CFEA414140DE5DAE2223"
		    "B00361A396177A9CB410FF61F20015AD",
		"sha256:ga7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad",
		"sha256:../../../../../../../../../../../"
		    "../../../../../../../etc/passwd....",
		"sha256:sha256:" ABC256, "sha384:" ABC256, "md5:" ABC256,
		"sha25:" ABC256, "sha2566:" ABC256, "blake3:" ABC256,
		"sha256+b64u:" ABC256,
		"sha256:\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	};
	struct digest d, before;
	struct err e;
	size_t i;

	(void)state;
	memset(&d, 7, sizeof(d));
	before = d;
	for (i = 0; i < COUNT(cases); i++) {
		e.code = ERR_NONE;
		if (digest_parse(cases[i], &d, &e) != -1)
			fail_msg("\"%s\" passed", cases[i]);
		assert_int_equal(e.code, ERR_INPUT);
		assert_memory_equal(&d, &before, sizeof(d));
	}
}

static void
test_algorithms(void **state)
{
	enum digest_alg alg;

	(void)state;
	assert_int_equal(digest_alg_parse("sha256", &alg), 1);
	assert_int_equal(alg, DIGEST_SHA256);
	assert_int_equal(digest_alg_parse("sha512", &alg), 1);
	assert_int_equal(alg, DIGEST_SHA512);
	assert_int_equal(digest_alg_parse("", &alg), 0);
	assert_int_equal(digest_alg_parse("SHA256", &alg), 0);
	assert_int_equal(digest_alg_parse("sha1", &alg), 0);
}

static void
test_of(void **state)
{
	static const struct {
		enum digest_alg alg;
		const char *bytes, *hex;
	} cases[] = {
		{ DIGEST_SHA256, "abc", ABC256 },
		{ DIGEST_SHA512, "abc", ABC512 },
		{ DIGEST_SHA256, "", NONE256 },
	};
	struct digest d, parsed;
	struct err e;
	char hex[DIGEST_HEX_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		digest_of(cases[i].alg, cases[i].bytes, strlen(cases[i].bytes),
		    &d);
		assert_string_equal(digest_hex(&d, hex), cases[i].hex);
		assert_int_equal(digest_parse_hex(cases[i].alg, cases[i].hex,
		    &parsed, &e), 0);
		assert_true(digest_equal(&d, &parsed));
		assert_int_equal(digest_key(&d), digest_key(&parsed));
		/* The unused tail is zero: the whole may be compared. */
		assert_memory_equal(d.bytes, parsed.bytes, sizeof(d.bytes));
	}
}

static void
test_hasher(void **state)
{
	struct hasher *h = hasher_new(DIGEST_SHA256);
	struct digest whole, parts;

	(void)state;
	digest_of(DIGEST_SHA256, "abc", 3, &whole);
	hasher_add(h, "garbage", 7);
	hasher_reset(h);
	hasher_add(h, "a", 1);
	hasher_add(h, "", 0);
	hasher_add(h, "bc", 2);
	hasher_end(h, &parts);
	assert_true(digest_equal(&whole, &parts));
	hasher_reset(h);
	hasher_end(h, &parts);
	assert_false(digest_equal(&whole, &parts));
	hasher_free(h);
	hasher_free(NULL);
}

static void
test_equal(void **state)
{
	struct digest a = { .alg = DIGEST_SHA256 }, b = a;

	(void)state;
	assert_true(digest_equal(&a, &b));
	b.bytes[31] = 1;
	assert_false(digest_equal(&a, &b));
	b = a;
	b.alg = DIGEST_SHA512;
	assert_false(digest_equal(&a, &b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_of),
		cmocka_unit_test(test_hasher),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
