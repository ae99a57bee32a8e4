/* What nginx sends, and what nobody may. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "watch/scgi.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

struct text {
	const char *bytes;
	size_t len;
};
#define TEXT(s)	{ s, sizeof(s) - 1 }

/* The example of the specification, with a header. */
static const char whole[] =
    "90:" "CONTENT_LENGTH\0" "27\0" "SCGI\0" "1\0"
    "REQUEST_METHOD\0" "POST\0" "REQUEST_URI\0" "/hook/a?b\0"
    "HTTP_X_HUB_SIGNATURE\0" "x\0" ","
    "What is the answer to life?";

static void
test_whole(void **state)
{
	size_t len = sizeof(whole) - 1, cut, size;
	char *buf = xmalloc(len + 1);
	struct scgi_request r;

	(void)state;
	for (cut = 0; cut < len; cut++) {
		size = 0;
		assert_int_equal(scgi_size(whole, cut, &size), cut >= len - 27);
		assert_int_equal(size, cut >= len - 27 ? len : 0);
		/* Not the whole. */
		memcpy(buf, whole, len);
		assert_int_equal(scgi_parse(buf, cut, &r), -1);
	}
	memcpy(buf, whole, len);
	assert_int_equal(scgi_size(buf, len, &size), 1);
	assert_int_equal(size, len);
	assert_int_equal(scgi_parse(buf, len, &r), 0);
	assert_string_equal(r.method, "POST");
	assert_string_equal(r.uri, "/hook/a?b");
	assert_string_equal(r.headers[0], "X-HUB-SIGNATURE");
	assert_string_equal(r.headers[1], "x");
	assert_null(r.headers[2]);
	assert_int_equal(r.len, 27);
	assert_string_equal(r.body, "What is the answer to life?");
	free(buf);
}

static void
test_none(void **state)
{
	static const struct text cases[] = {
		TEXT("x"), TEXT(":"), TEXT("-1:"), TEXT("01:"), TEXT(" 1:"),
		TEXT("1x:"), TEXT("65537:"), TEXT("99999999999999999999:"),
		TEXT("POST /hook/a HTTP/1.1\r\n"),
		TEXT("0:,"),
		/* The length comes first, once, and is a number. */
		TEXT("7:SCGI\0" "1\0,"),
		TEXT("17:CONTENT_LENGTH\0" "\0" "0,"),
		TEXT("17:CONTENT_LENGTH\0" "1\0;"),
		TEXT("17:CONTENT_LENGTH\0" "12,"),
		TEXT("17:CONTENT_LENGTH\0" "x\0,"),
		TEXT("18:CONTENT_LENGTH\0" "-1\0,"),
		TEXT("18:CONTENT_LENGTH\0" "01\0,"),
		TEXT("23:CONTENT_LENGTH\0" "1048577\0,"),
		TEXT("36:CONTENT_LENGTH\0" "99999999999999999999\0,"),
	};
	size_t i, size;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		rc = scgi_size(cases[i].bytes, cases[i].len, &size);
		if (rc != -1)
			fail_msg("%zu, %s: %d", i, cases[i].bytes, rc);
	}
}

/* The head is well measured, and what is in it is not. */
static void
test_pairs(void **state)
{
	static const struct text cases[] = {
		TEXT("19:CONTENT_LENGTH\0" "0\0" "A\0,"),
		TEXT("20:CONTENT_LENGTH\0" "0\0" "\0B\0,"),
		TEXT("18:CONTENT_LENGTH\0" "0\0" "\0,"),
	};
	struct scgi_request r;
	char buf[64];
	size_t i, size;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memcpy(buf, cases[i].bytes, cases[i].len);
		assert_int_equal(scgi_size(buf, cases[i].len, &size), 1);
		assert_int_equal(size, cases[i].len);
		assert_int_equal(scgi_parse(buf, size, &r), -1);
	}
}

/* free(3) what it returns: a request with so many headers. */
static char *
with_headers(size_t count, size_t *ret_len)
{
	char *head, *out;
	size_t len, i;
	FILE *to = xtext_open(&head, &len);

	fprintf(to, "CONTENT_LENGTH%c0%c", 0, 0);
	for (i = 0; i < count; i++)
		fprintf(to, "HTTP_A_%zu%cv%c", i, 0, 0);
	xtext_close(to);
	to = xtext_open(&out, ret_len);
	fprintf(to, "%zu:", len);
	fwrite(head, 1, len, to);
	fputc(',', to);
	xtext_close(to);
	free(head);
	return out;
}

static void
test_many(void **state)
{
	struct scgi_request r;
	size_t len;
	char *buf = with_headers(SCGI_HEADERS_MAX, &len);

	(void)state;
	assert_int_equal(scgi_parse(buf, len, &r), 0);
	assert_string_equal(r.headers[2 * SCGI_HEADERS_MAX - 2], "A-199");
	assert_null(r.headers[2 * SCGI_HEADERS_MAX]);
	assert_string_equal(r.method, "");
	assert_string_equal(r.uri, "");
	assert_int_equal(r.len, 0);
	free(buf);
	buf = with_headers(SCGI_HEADERS_MAX + 1, &len);
	assert_int_equal(scgi_parse(buf, len, &r), -1);
	free(buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
