#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bundle/bundle_name.h"
#include "bundle/site.h"

#define HEX63	"00000000000000000000000000000000" \
		"000000000000000000000000000000f"
#define HEX64	HEX63 "f"

static void
test_names(void **state)
{
	static const char *const good[] = { "a", "Z", "0", "ship-7", "a.b_c-",
	    "images.txt" };
	static const char *const odd[] = { "", ".", "..", ".a", "-a", "_a",
	    "a/b", "a b", "a\\b", "a:b", "*", "a*", "\xc3\xa4", "a\n" };
	char buf[BUNDLE_FILE_MAX + 2];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(bundle_is_site(good[i]));
		assert_true(bundle_is_file(good[i]));
	}
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_false(bundle_is_site(odd[i]));
		assert_false(bundle_is_file(odd[i]));
	}
	memset(buf, 'a', sizeof(buf));
	buf[BUNDLE_FILE_MAX + 1] = '\0';
	assert_false(bundle_is_file(buf));
	buf[BUNDLE_FILE_MAX] = '\0';
	assert_true(bundle_is_file(buf));
	assert_false(bundle_is_site(buf));
	buf[BUNDLE_SITE_MAX + 1] = '\0';
	assert_false(bundle_is_site(buf));
	buf[BUNDLE_SITE_MAX] = '\0';
	assert_true(bundle_is_site(buf));
	assert_true(bundle_is_id("0123456789abcdef0123456789abcdef"));
	assert_false(bundle_is_id("0123456789abcdef0123456789abcde"));
	assert_false(bundle_is_id("0123456789abcdef0123456789abcdef0"));
	assert_false(bundle_is_id("0123456789abcdef0123456789abcdeF"));
}

/* The longest ones still are a file. */
static void
test_stem(void **state)
{
	char site[BUNDLE_SITE_MAX + 1], stem[BUNDLE_FILE_MAX + 1];
	char part[BUNDLE_FILE_MAX + 1];

	(void)state;
	assert_string_equal(bundle_stem("centre", "ship-7", 42, stem),
	    "centre-ship-7-42");
	assert_string_equal(bundle_part_name(stem, 1, part),
	    "centre-ship-7-42.cdr.001");
	assert_string_equal(bundle_part_name(stem, 12345, part),
	    "centre-ship-7-42.cdr.12345");
	assert_string_equal(bundle_stem("centre", "*", 1, stem),
	    "centre-all-1");
	memset(site, 'a', sizeof(site) - 1);
	site[sizeof(site) - 1] = '\0';
	bundle_stem(site, site, UINT64_MAX, stem);
	bundle_part_name(stem, UINT32_MAX, part);
	assert_true(bundle_is_file(part));
	assert_string_equal(part + strlen(part) - 15, ".cdr.4294967295");
}

static void
expect_member(const char *name, bool is_piece, uint64_t offset)
{
	char buf[BUNDLE_MEMBER_MAX];
	struct digest d;
	bool got;
	uint64_t at;

	assert_int_equal(bundle_member_parse(name, &d, &got, &at), 1);
	assert_true(got == is_piece && at == offset);
	assert_string_equal(bundle_member_name(&d, got, at, buf), name);
}

static void
test_members(void **state)
{
	static const char *const odd[] = {
		"", "statement", "blobs", "blobs/", "blobs/sha256",
		"blobs/sha256/", "./blobs/sha256/" HEX64,
		"/blobs/sha256/" HEX64, "../blobs/sha256/" HEX64,
		"blobs/../blobs/sha256/" HEX64, "blobs//sha256/" HEX64,
		"blobs/sha256/" HEX64 "/", "blobs/sha256/" HEX64 "/x",
		"blobs/sha256/" HEX64 "0", "blobs/sha512/" HEX64,
		"blobs/sha512/" HEX64 HEX64, "blobs/sha512/" HEX64 "//" HEX64,
		"blobs/sha256/" HEX64 "/" HEX64, "blobs/sha512//" HEX64 HEX64,
		"blobs/md5/" HEX64, "blobs/SHA256/" HEX64,
		"blobs/sha256/" HEX64 "+", "blobs/sha256/" HEX64 "+ 1",
		"blobs/sha256/" HEX64 "+01", "blobs/sha256/" HEX64 "+-1",
		"blobs/sha256/" HEX64 "++1", "blobs/sha256/" HEX64 "+1x",
		"blobs/sha256/" HEX64 "+18446744073709551616",
		"blobs/sha256/" HEX64 "+1+2", "blobs/sha256:" HEX64,
		"blobs/sha256/00000000000000000000000000000000"
		    "000000000000000000000000000000FF",
		"blobs/sha256/" HEX64 HEX64 HEX64 HEX64 HEX64,
		"blobs/sha512/" HEX64 HEX64 "00000000",
	};
	struct digest d;
	bool is_piece;
	uint64_t at;
	size_t i;

	(void)state;
	expect_member("blobs/sha256/" HEX64, false, 0);
	expect_member("blobs/sha256/" HEX64 "+0", true, 0);
	expect_member("blobs/sha256/" HEX64 "+4294967296", true, 4294967296);
	expect_member("blobs/sha512/" HEX64 "/" HEX64, false, 0);
	expect_member("blobs/sha512/" HEX64 "/" HEX64 "+1099511627776", true,
	    1099511627776);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (bundle_member_parse(odd[i], &d, &is_piece, &at) != 0)
			fail_msg("\"%s\" is taken", odd[i]);
}

static void
test_site(void **state)
{
	char buf[BUNDLE_SITE_MAX + 1];
	struct err e;

	(void)state;
	setenv("CDR_SITE", "bad/name", 1);
	assert_int_equal(site_name("ship-7", buf, &e), 0);
	assert_string_equal(buf, "ship-7");
	assert_int_equal(site_name(NULL, buf, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.msg, "CDR_SITE"));
	setenv("CDR_SITE", "yard", 1);
	assert_int_equal(site_name(NULL, buf, &e), 0);
	assert_string_equal(buf, "yard");
	assert_int_equal(site_name("", buf, &e), -1);
	assert_non_null(strstr(e.msg, "--site"));
	assert_int_equal(site_name("*", buf, &e), -1);
	setenv("CDR_SITE", "", 1);
	assert_int_equal(site_name(NULL, buf, &e), 0);
	assert_true(bundle_is_site(buf));
	unsetenv("CDR_SITE");
	assert_int_equal(site_name(NULL, buf, &e), 0);
	assert_true(bundle_is_site(buf));
	assert_string_equal(site_fit("my list.txt", buf), "my-list.txt");
	assert_string_equal(site_fit("../a/b", buf), "a-b");
	assert_string_equal(site_fit("--", buf), "");
	assert_string_equal(site_fit("." HEX64, buf), HEX63);
	assert_string_equal(site_fit("a\xc3\xa4", buf), "a--");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_stem),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
