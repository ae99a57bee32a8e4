#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/link.h"
#include "registry/tags.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define LIST	"https://reg.example/v2/org/app/tags/list"
#define A64	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* The tags with a blank behind each. */
struct found {
	char text[1024];
	size_t used;
};

static void
note(void *cookie, const char *tag)
{
	struct found *f = cookie;

	f->used += (size_t)snprintf(f->text + f->used,
	    sizeof(f->text) - f->used, "%s ", tag);
	assert_true(f->used < sizeof(f->text));
}

static void
count_only(void *cookie, const char *tag)
{
	(void)tag;
	++*(size_t *)cookie;
}

/* In pieces of ${step} bytes. */
static int
scan_text(struct tags_scan *s, const char *text, size_t len, size_t step,
    struct err *e)
{
	size_t i, piece;

	for (i = 0; i < len; i += piece) {
		piece = len - i < step ? len - i : step;
		if (tags_scan_feed(s, text + i, piece, e) == -1)
			return -1;
	}
	return tags_scan_end(s, e);
}

static void
test_scan(void **state)
{
	static const struct {
		const char *text;
		const char *want;
		size_t skipped;
	} cases[] = {
		{ "{\"name\":\"a\",\"tags\":[\"1\",\"2\"]}", "1 2 ", 0 },
		{ "{\"tags\":[\"1\"],\"name\":\"a\"}", "1 ", 0 },
		{ " {\r\n\t\"tags\" : [ \"1\" , \"2\" ] } \n", "1 2 ", 0 },
		{ "{\"name\":\"a\",\"tags\":null}", "", 0 },
		{ "{\"name\":\"a\",\"tags\":[]}", "", 0 },
		{ "{\"name\":\"a\"}", "", 0 },
		{ "{}", "", 0 },
		/* What registries have put in: quirks.md#what-is-no-tag. */
		{ "{\"tags\":[null,\"1\",null]}", "1 ", 2 },
		{ "{\"tags\":[\"sha256:" A64 "\",\"1\"]}", "1 ", 1 },
		{ "{\"tags\":[1,true,false,-1.5e+3,\"1\"]}", "1 ", 4 },
		{ "{\"tags\":[[\"x\"],{\"tags\":[\"y\"]},{},[],\"1\"]}", "1 ",
		  4 },
		{ "{\"tags\":[\"\",\".a\",\"-a\",\"a b\",\"a/b\",\"_\"]}",
		  "_ ", 5 },
		{ "{\"tags\":[\"" A64 A64 "\",\"" A64 A64 "a\"]}", A64 A64 " ",
		  1 },
		/* Only the key of the page itself. */
		{ "{\"x\":{\"tags\":[\"9\"]},\"tags\":[\"1\"]}", "1 ", 0 },
		{ "{\"x\":[[\"9\"],\"8\"],\"y\":\"tags\",\"tags\":[\"1\"]}",
		  "1 ", 0 },
		{ "{\"tags\":[\"1\"],\"more\":[\"9\"],\"n\":[[\"8\"]]}", "1 ",
		  0 },
		{ "{\"Tags\":[\"9\"],\"tagsx\":[\"9\"],\"tag\":[\"9\"]}", "",
		  0 },
		/* Escapes. */
		{ "{\"t\\u0061gs\":[\"\\u0031.\\u0032\"]}", "1.2 ", 0 },
		{ "{\"tags\\u0000\":[\"9\"],\"tags\":[\"1\"]}", "1 ", 0 },
		{ "{\"tags\":[\"a\\u0000b\",\"\\u00e4\",\"\\ud83d\\udc33\","
		  "\"a\\nb\",\"a\\\"]\",\"\xc3\xa4\",\"1\"]}", "1 ", 6 },
		{ "{\"a\\\"b\":\"]}\\\\\",\"tags\":[\"1\"]}", "1 ", 0 },
	};
	struct tags_scan s;
	struct found found;
	struct err e;
	size_t i, step;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		for (step = 1; step < 200; step += 66) {
			memset(&found, 0, sizeof(found));
			tags_scan_init(&s, note, &found);
			if (scan_text(&s, cases[i].text, strlen(cases[i].text),
			    step, &e) == -1)
				fail_msg("%s: %s", cases[i].text, e.msg);
			if (strcmp(found.text, cases[i].want) != 0 ||
			    s.skipped != cases[i].skipped)
				fail_msg("%s: %s, %zu", cases[i].text,
				    found.text, s.skipped);
		}
}

static void
test_scan_bad(void **state)
{
	static const char *const texts[] = {
		"", " ", "null", "1", "\"tags\"", "[]", "[\"1\"]", "<html>",
		"{", "{\"tags\"", "{\"tags\":", "{\"tags\":[", "{\"tags\":[\"1",
		"{\"tags\":[\"1\"", "{\"tags\":[\"1\",", "{\"tags\":[\"1\"]",
		"{\"tags\":[\"1\",]}", "{\"tags\":[,\"1\"]}",
		"{\"tags\":[\"1\"\"2\"]}", "{\"tags\":[\"1\":\"2\"]}",
		"{\"tags\":[\"1\"}", "{\"tags\":[\"1\"]]", "{\"tags\":]}",
		"{\"tags\" [\"1\"]}", "{\"tags\":[\"1\"],}", "{,}",
		"{tags:[\"1\"]}", "{\"a\":1,:}", "{\"a\":}", "{1:2}",
		"{\"tags\":\"1\"}", "{\"tags\":1}", "{\"tags\":true}",
		"{\"tags\":{\"1\":null}}", "{\"tags\":[nil]}",
		"{\"tags\":[\"1\"],\"tags\":[\"2\"]}",
		"{\"tags\":[],\"t\\u0061gs\":null}",
		"{\"tags\":[\"1\"]}{}", "{\"tags\":[\"1\"]}x", "{} ,",
		"{\"a\":\"\\x\"}", "{\"a\":\"\\u00g0\"}", "{\"a\":'b'}",
		"{\"a\":[1 2]}", "{\"a\":truefalse}", "{\"a\":1;}",
		"\xef\xbb\xbf{}",
	};
	char deep[JSON_DEPTH_MAX + 8];
	struct tags_scan s;
	struct found found;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		memset(&found, 0, sizeof(found));
		tags_scan_init(&s, note, &found);
		e.code = ERR_NONE;
		if (scan_text(&s, texts[i], strlen(texts[i]), 7, &e) != -1)
			fail_msg("%s is a page", texts[i]);
		assert_int_equal(e.code, ERR_DATA);
	}
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	tags_scan_init(&s, note, &found);
	assert_int_equal(tags_scan_feed(&s, deep, 4 + JSON_DEPTH_MAX, &e), 0);
	assert_int_equal(tags_scan_feed(&s, "[", 1, &e), -1);
	assert_non_null(strstr(e.msg, "deep"));
}

/* A million tags in one page cost no memory; one more is refused. */
static void
test_scan_large(void **state)
{
	struct tags_scan s;
	struct err e;
	struct mallinfo2 before, after;
	struct timespec from, to;
	size_t i, count = 0;
	char text[32];
	double seconds;

	(void)state;
	tags_scan_init(&s, count_only, &count);
	before = mallinfo2();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	assert_int_equal(tags_scan_feed(&s, "{\"tags\":[\"0\"", 12, &e), 0);
	for (i = 1; i < TAGS_MAX; i++) {
		snprintf(text, sizeof(text), ",\"1.27.%zu-alpine\"", i);
		assert_int_equal(tags_scan_feed(&s, text, strlen(text), &e),
		    0);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	after = mallinfo2();
	seconds = (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	print_message("%zu bytes in %.2f s\n", s.bytes, seconds);
	assert_true(seconds < 30);
	assert_true(after.uordblks + after.hblkhd <=
	    before.uordblks + before.hblkhd + 4096);
	assert_int_equal(count, TAGS_MAX);
	assert_int_equal(tags_scan_feed(&s, ",\"x\"", 4, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

static void
test_scan_bytes(void **state)
{
	struct tags_scan s;
	struct err e;
	size_t count = 0, i, piece = 1u << 20;
	char *blanks = xmalloc(piece);

	(void)state;
	memset(blanks, ' ', piece);
	tags_scan_init(&s, count_only, &count);
	for (i = 0; i < TAGS_PAGE_BYTES_MAX; i += piece)
		assert_int_equal(tags_scan_feed(&s, blanks, piece, &e), 0);
	assert_int_equal(tags_scan_feed(&s, blanks, 1, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	free(blanks);
}

static void
test_link(void **state)
{
	static const struct {
		const char *header;
		const char *want;	/* NULL: none; "?": no sense */
	} cases[] = {
		{ "</v2/a/tags/list?last=b&n=5>; rel=\"next\"",
		  "/v2/a/tags/list?last=b&n=5" },
		{ "<x>;rel=next", "x" },
		{ "<x>; REL=\"NEXT\"", "x" },
		{ " <x> ; rel = \"next\" ", "x" },
		{ "<x>; rel=\"prev next\"", "x" },
		{ "<x>; rel=\"next\"; title=\"a, b; <c>\"", "x" },
		{ "<x>; title=\"a\\\", <y>\"; rel=\"next\"", "x" },
		{ "<p>; rel=\"prev\", <x>; rel=\"next\"", "x" },
		{ "<p>; rel=\"prev\" , , <x>; rel=\"next\"", "x" },
		{ "<x>; rel=\"next\", <y>; rel=\"next\"", "x" },
		{ "<x>; rel=next;", "x" },
		{ "<x?a=<b>; rel=next", "x?a=<b" },
		{ "<>; rel=\"next\"", "" },
		{ "", NULL },
		{ ",", NULL },
		{ "<x>", NULL },
		{ "<x>; rel=\"prev\"", NULL },
		{ "<x>; rel=\"nextpage\"", NULL },
		{ "<next>; rel=\"last\"", NULL },
		{ "<x>; rev=\"next\"", NULL },
		{ "x; rel=canonical", NULL },
		{ "<x", NULL },
		{ "x; rel=next", "?" },
		{ "<x; rel=\"next\"", "?" },
		{ "<x>; rel=\"next", "?" },
		{ "<x> rel=\"next\"", "?" },
		{ "<x>; rel=\"next\\", "?" },
		{ "<x>; rel=; y=\"next\"", "?" },
	};
	char *got;
	size_t i;
	int rc, want;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		got = NULL;
		rc = link_next(cases[i].header, &got);
		want = cases[i].want == NULL ? 0 :
		    cases[i].want[0] == '?' ? -1 : 1;
		if (rc != want)
			fail_msg("%s: %d", cases[i].header, rc);
		if (rc == 1)
			assert_string_equal(got, cases[i].want);
		free(got);
	}
}

/* A page with these tags, and what follows from ${header}. */
static int
turn(struct tag_pages *p, const char *tags, const char *header, struct err *e)
{
	struct found found = { .used = 0 };
	struct tags_scan s;
	char *text = xasprintf("{\"tags\":[%s]}", tags);

	tags_scan_init(&s, note, &found);
	assert_int_equal(scan_text(&s, text, strlen(text), 9, e), 0);
	free(text);
	return tag_pages_next(p, &s, &header, header != NULL, e);
}

/* Where the Link on the first page leads. */
static void
test_resolve(void **state)
{
	static const struct {
		const char *target;
		const char *url;	/* NULL: refused */
		const char *fallback;	/* NULL: none */
	} cases[] = {
		{ "/v2/org/app/tags/list?last=b&n=5", LIST "?last=b&n=5",
		  NULL },
		{ "https://reg.example/v2/org/app/tags/list?next_page=gAAA%3D",
		  LIST "?next_page=gAAA%3D", NULL },
		{ "?last=b", LIST "?last=b", NULL },
		{ "list?last=b", LIST "?last=b", NULL },
		/* TLS that ends at a proxy; other spellings of the host. */
		{ "http://reg.example/v2/org/app/tags/list?last=b",
		  LIST "?last=b", NULL },
		{ "http://reg.example:5000/v2/org/app/tags/list?last=b",
		  LIST "?last=b", NULL },
		{ "https://REG.example:443/v2/org/app/tags/list?last=b",
		  LIST "?last=b", NULL },
		{ "//reg.example/v2/org/app/tags/list?last=b", LIST "?last=b",
		  NULL },
		/* Wrong paths. */
		{ "/v2/app/tags/list?last=b",
		  "https://reg.example/v2/app/tags/list?last=b",
		  LIST "?last=b" },
		{ "/repository/docker/v2/org/app/tags/list?n=5&last=b",
		  "https://reg.example/repository/docker/v2/org/app/tags/list"
		  "?n=5&last=b", LIST "?n=5&last=b" },
		{ "https://reg.example/?last=b", "https://reg.example/?last=b",
		  LIST "?last=b" },
		{ "/v2/org/app/tags/list/page2",
		  "https://reg.example/v2/org/app/tags/list/page2", NULL },
		/* Fragments, dots. */
		{ "/v2/org/app/tags/list?last=b#x", LIST "?last=b", NULL },
		{ "/v2/x/../org/app/tags/list?last=b", LIST "?last=b", NULL },
		{ "https://other.example/v2/org/app/tags/list?last=b", NULL,
		  NULL },
		{ "//other.example/v2/org/app/tags/list?last=b", NULL, NULL },
		{ "https://reg.example.evil/?last=b", NULL, NULL },
		{ "https://u:p@reg.example/v2/org/app/tags/list?last=b", NULL,
		  NULL },
		{ "ftp://reg.example/?last=b", NULL, NULL },
		{ "file:///etc/passwd", NULL, NULL },
		{ "", NULL, NULL },
		/* Back to the first page. */
		{ "/v2/org/app/tags/list?n=1000", NULL, NULL },
	};
	struct tag_pages p;
	struct err e;
	char *header;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(tag_pages_init(&p, LIST, &e), 0);
		assert_string_equal(p.at.url, LIST "?n=1000");
		header = xasprintf("<%s>; rel=\"next\"", cases[i].target);
		e.code = ERR_NONE;
		rc = turn(&p, "\"a\"", header, &e);
		if (rc != (cases[i].url == NULL ? -1 : 1))
			fail_msg("%s: %d", cases[i].target, rc);
		if (rc == -1)
			assert_int_equal(e.code, ERR_NET);
		else
			assert_string_equal(p.at.url, cases[i].url);
		if (rc == 1 && cases[i].fallback == NULL)
			assert_null(p.at.fallback);
		else if (rc == 1)
			assert_string_equal(p.at.fallback, cases[i].fallback);
		free(header);
		tag_pages_done(&p);
	}
}

static void
test_refused(void **state)
{
	struct tag_pages p;
	struct err e;

	(void)state;
	assert_int_equal(tag_pages_init(&p, LIST, &e), 0);
	/* There is no such repository, or the registry is down. */
	assert_int_equal(tag_pages_refused(&p, 404), 0);
	assert_int_equal(tag_pages_refused(&p, 500), 0);
	assert_string_equal(p.at.url, LIST "?n=1000");
	/* n is too large. */
	assert_int_equal(tag_pages_refused(&p, 400), 1);
	assert_string_equal(p.at.url, LIST);
	assert_int_equal(tag_pages_refused(&p, 400), 0);
	assert_int_equal(turn(&p, "\"a\"", "</x?last=a>; rel=next", &e), 1);
	assert_string_equal(p.at.url, "https://reg.example/x?last=a");
	assert_int_equal(tag_pages_refused(&p, 401), 0);
	assert_int_equal(tag_pages_refused(&p, 404), 1);
	assert_string_equal(p.at.url, LIST "?last=a");
	assert_int_equal(tag_pages_refused(&p, 404), 0);
	/* Once is enough to know. */
	assert_int_equal(turn(&p, "\"b\"", "</x?last=b>; rel=next", &e), 1);
	assert_string_equal(p.at.url, LIST "?last=b");
	assert_int_equal(tag_pages_refused(&p, 404), 0);
	assert_int_equal(turn(&p, "\"c\"", NULL, &e), 0);
	tag_pages_done(&p);
	tag_pages_done(&p);
	assert_int_equal(tag_pages_init(&p, "gopher://x/", &e), -1);
}

/* Circles of any length, after any number of good pages. */
static void
test_circle(void **state)
{
	struct tag_pages p;
	struct err e;
	char *header, *tags;
	unsigned lead, length, i;
	int rc;

	(void)state;
	for (lead = 0; lead < 9; lead += 2)
		for (length = 1; length < 20; length += 3) {
			assert_int_equal(tag_pages_init(&p, LIST, &e), 0);
			for (i = 0, rc = 1; rc == 1 && i < 200; i++) {
				header = xasprintf("<?last=%u>; rel=next",
				    i < lead ? i : lead + i % length);
				tags = xasprintf("\"%u\"", i);
				rc = turn(&p, tags, header, &e);
				free(header);
				free(tags);
			}
			assert_int_equal(rc, -1);
			assert_non_null(strstr(e.msg, "circle"));
			assert_true(i <= 4 * (lead + length) + 4);
			tag_pages_done(&p);
		}
}

static void
test_no_progress(void **state)
{
	struct tag_pages p;
	struct err e;
	char *header;
	unsigned i;
	int rc;

	(void)state;
	/* The same page again under a new name. */
	assert_int_equal(tag_pages_init(&p, LIST, &e), 0);
	assert_int_equal(turn(&p, "\"a\",\"b\"", "<?page=1>; rel=next", &e), 1);
	assert_int_equal(turn(&p, "", "<?page=2>; rel=next", &e), 1);
	assert_int_equal(turn(&p, "\"ab\"", "<?page=3>; rel=next", &e), 1);
	assert_int_equal(turn(&p, "\"ab\"", "<?page=4>; rel=next", &e), -1);
	assert_non_null(strstr(e.msg, "same page"));
	tag_pages_done(&p);
	/* Empty ones without end. */
	assert_int_equal(tag_pages_init(&p, LIST, &e), 0);
	for (i = 0, rc = 1; rc == 1; i++) {
		header = xasprintf("<?page=%u>; rel=next", i);
		rc = turn(&p, "", header, &e);
		free(header);
	}
	assert_int_equal(rc, -1);
	assert_int_equal(i, TAG_PAGES_EMPTY_MAX + 1);
	tag_pages_done(&p);
	/* A Link that cannot be read; two headers; none. */
	assert_int_equal(tag_pages_init(&p, LIST, &e), 0);
	assert_int_equal(turn(&p, "\"a\"", "<?x; rel=next", &e), -1);
	assert_int_equal(turn(&p, "\"b\"", "<?x>; rel=last", &e), 0);
	tag_pages_done(&p);
}

static void
test_page_caps(void **state)
{
	struct tags_scan s = { .found = 0 };
	struct tag_pages p;
	struct err e;
	char *header;
	const char *links[2] = { "<?x=1>; rel=\"first\"" };
	unsigned i;
	int rc;

	(void)state;
	assert_int_equal(tag_pages_init(&p, LIST, &e), 0);
	for (i = 0, rc = 1; rc == 1; i++) {
		links[1] = header = xasprintf("<?page=%u>; rel=next", i);
		s.skipped = 1;
		rc = tag_pages_next(&p, &s, links, 2, &e);
		free(header);
	}
	assert_int_equal(rc, -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(i, TAG_PAGES_MAX);
	tag_pages_done(&p);
	assert_int_equal(tag_pages_init(&p, LIST, &e), 0);
	s.skipped = TAGS_MAX;
	assert_int_equal(tag_pages_next(&p, &s, NULL, 0, &e), 0);
	assert_int_equal(tag_pages_next(&p, &s, NULL, 0, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	tag_pages_done(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_scan_bad),
		cmocka_unit_test(test_scan_large),
		cmocka_unit_test(test_scan_bytes),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_no_progress),
		cmocka_unit_test(test_page_caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
