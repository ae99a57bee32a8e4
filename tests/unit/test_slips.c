#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "image/letters.h"
#include "image/list.h"
#include "image/slips.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define HEX	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
test_next(void **state)
{
	static const struct {
		const char *text;
		size_t len, step;
		unsigned code;
	} cases[] = {
		{ "a", 1, 1, 'a' }, { "\0", 1, 1, 0 },
		{ "\xc3\xa4", 2, 2, 0xe4 }, { "\xe2\x82\xac", 3, 3, 0x20ac },
		{ "\xf0\x9f\x90\xb3", 4, 4, 0x1f433 },
		{ "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff },
		{ "\xc3", 1, 0, 0 }, { "\xc3(", 2, 0, 0 },
		{ "\xe2\x82", 2, 0, 0 }, { "\x80", 1, 0, 0 },
		{ "\xc0\xaf", 2, 0, 0 }, { "\xe0\x80\xaf", 3, 0, 0 },
		{ "\xed\xa0\x80", 3, 0, 0 }, { "\xf4\x90\x80\x80", 4, 0, 0 },
		{ "\xf8\x88\x80\x80\x80", 5, 0, 0 }, { "\xff", 1, 0, 0 },
	};
	unsigned code = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (letters_next(cases[i].text, cases[i].len, &code) !=
		    cases[i].step)
			fail_msg("case %zu", i);
		if (cases[i].step > 0)
			assert_int_equal(code, cases[i].code);
	}
}

static void
test_odd(void **state)
{
	static const unsigned unseen[] = { 0, 8, 0xa, 0x1f, 0x7f, 0x85, 0x9f,
		0xad, 0x200b, 0x200d, 0x200e, 0x202e, 0x2060, 0x2066, 0x2069,
		0xfe0f, 0xfeff, 0xfffc, 0xe0041 };
	static const unsigned blank[] = { 0xa0, 0x1680, 0x2000, 0x200a, 0x2028,
		0x202f, 0x3000 };
	static const unsigned fine[] = { '\t', ' ', '!', 'a', '~', 0xa1, 0xe4,
		0x20ac, 0x4e2d, 0xfffd, 0x1f433, 0x10ffff };
	unsigned code, last = 0;
	const struct letter *letter;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(unseen); i++)
		assert_int_equal(letters_odd(unseen[i])->kind, LETTER_UNSEEN);
	for (i = 0; i < COUNT(blank); i++)
		assert_int_equal(letters_odd(blank[i])->kind, LETTER_BLANK);
	for (i = 0; i < COUNT(fine); i++)
		assert_null(letters_odd(fine[i]));
	/* All of the table can be found, and it is in order. */
	for (code = 0; code <= 0x10ffff; code++) {
		letter = letters_odd(code);
		if (letter == NULL)
			continue;
		assert_true(letter->first <= code && code <= letter->last);
		assert_true(letter->first >= last);
		last = letter->first;
		assert_int_equal(letter->kind == LETTER_ALIKE,
		    letter->plain != NULL);
	}
}

static void
test_show(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *want;
	} cases[] = {
		{ "", 8, "" },
		{ "nginx:1", 100, "nginx:1" },
		{ "a\xc2\xa0" "b", 100, "a<U+00A0>b" },
		{ "\xe2\x80\x8b", 100, "<U+200B>" },
		{ "\xf3\xa0\x81\x81", 100, "<U+E0041>" },
		{ "\x1b[31m", 100, "<U+001B>[31m" },
		{ "\xc3\xa4\xe2\x80\x93", 100, "\xc3\xa4\xe2\x80\x93" },
		{ "a\xff" "b\xc3", 100, "a<0xff>b<0xc3>" },
		/* No half of anything. */
		{ "abc", 3, "ab" },
		{ "a\xc3\xa4", 3, "a" },
		{ "a\xc2\xa0", 9, "a" },
		{ "a\xc2\xa0", 10, "a<U+00A0>" },
	};
	char buf[100];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_string_equal(letters_show(cases[i].text, buf,
		    cases[i].size), cases[i].want);
}

static void
hear(void *cookie, const char *where, const char *what)
{
	snprintf(cookie, 1024, "%s %s", where, what);
}

/* The first complaint about a text, as a list says it; "" for none. */
static const char *
complaint(const char *text, size_t len)
{
	static char heard[1024];
	struct image_list *list = list_new(hear, heard);

	heard[0] = '\0';
	list_read(list, "list", text, len);
	list_end(list);
	list_free(list);
	return heard;
}

static void
test_words(void **state)
{
	static const struct {
		const char *text;
		const char *says;	/* in that order, with anything
					 * between */
		const char *too;
	} cases[] = {
		/* What nobody sees. */
		{ "a:1\xc2\xa0platform=all", "\"a:1<U+00A0>platform=all\"",
		  "U+00A0 (no-break space) is not the usual blank" },
		{ "a:1 \xc2\xa0platform=all", "\"<U+00A0>platform=all\"",
		  "U+00A0" },
		{ "a:1 platform=\xe2\x80\x8blinux/amd64",
		  "\"platform=<U+200B>linux/amd64\"", "remove U+200B (zero "
		  "width space), which nobody sees" },
		{ "a\xe2\x80\x8b:1", "\"a<U+200B>:1\"", "remove U+200B" },
		{ "\xef\xbb\xbf\xef\xbb\xbf" "a:1", "\"<U+FEFF>a:1\"",
		  "remove U+FEFF (byte order mark)" },
		{ "\xe2\x80\xaa" "a:1\xe2\x80\xac", "\"<U+202A>a:1<U+202C>\"",
		  "mark of direction" },
		{ "a:1\xc2\xad", "\"a:1<U+00AD>\"", "soft hyphen" },
		{ "a:1 signed=k\xe2\x80\xaf.pem", "<U+202F>", "blank" },
		{ "a:1\xe3\x80\x80", "<U+3000>", "ideographic" },
		{ "a\xc2\x85:1", "byte 2", "control character 0x85" },
		{ "default platform=all\xc2\xa0", "\"platform=all<U+00A0>\"",
		  "usual blank" },
		/* What looks like something else. */
		{ "a:1\xe2\x80\x93" "b", "\"a:1\xe2\x80\x93" "b\"",
		  "U+2013 (a dash) is not \"-\": write that" },
		{ "a\xef\xbc\x9a" "1", "U+FF1A", "is not \":\"" },
		{ "\xe2\x80\x9c" "a:1\xe2\x80\x9d", "remove the quotes",
		  "U+201C" },
		{ "\xc2\xab" "a:1\xc2\xbb", "remove the quotes", "U+00AB" },
		{ "a:1 platform=\xe2\x80\x9clinux/amd64\xe2\x80\x9d",
		  "remove the quotes", "U+201C" },
		{ "ngin\xd1\x85:1", "U+0445 is none of the letters a to z",
		  "" },
		{ "t\xc3\xa4st:1", "U+00E4 is none of", "" },
		/* Other languages. */
		{ "\"a:1\"", "\"a:1\": remove the quotes", "" },
		{ "'a:1'", "'a:1': remove the quotes", "" },
		{ "`a:1`", "`a:1`: remove the quotes", "" },
		{ "\"a:1\",", "remove the quotes", "" },
		{ "a:1 platform=\"linux/amd64\"",
		  "platform=\"linux/amd64\": remove the quotes", "" },
		{ "a:1 \"platform=linux/amd64\"", "remove the quotes", "" },
		{ "a:1,", "\"a:1,\": remove the \",\" at its end", "" },
		{ "a:1;", "remove the \";\"", "" },
		{ "- a:1", "\"-\": remove it", "one image a line" },
		{ "* a:1", "\"*\": remove it", "" },
		{ "image: a:1", "\"image:\" is how YAML", "write the image "
		  "alone" },
		{ "image:a:1", "\"image:a:1\" is how YAML", "" },
		{ "image=a:1", "\"image=a:1\" is how YAML", "" },
		{ "image:docker.io/a:1", "is how YAML", "" },
		{ "name: a:1", "\"name:\" is how YAML", "" },
		{ "a:1 platform: linux/amd64", "\"platform:\" is how YAML",
		  "write platform=VALUE" },
		{ "a@sha256:" HEX ":1.27", "the tag goes before the digest: "
		  "write a:1.27@sha256:aaa", "" },
		{ "x.y:5/a@sha256:" HEX ":1", "write x.y:5/a:1@sha256:", "" },
		/* An empty tag is what a template leaves that lacks a value. */
		{ "a:", "the tag after \":\" is empty", "" },
		{ "a:\nb:\nc:", "list:3 the tag after \":\" is empty", "" },
		{ "a: # none", "the tag after \":\" is empty", "" },
		/* What is right is no slip. */
		{ "image:1", "", "" },
		{ "image:5000/x", "", "" },
		{ "source:5000/x:1", "", "" },
		{ "a:1 signed=sch\xc3\xbcssel.pem", "", "" },
		{ "a:1 # \xe2\x80\x9cquoted\xe2\x80\x9d \xe2\x80\x93 "
		  "\xc2\xa0 na\xc3\xafve", "", "" },
		{ "[::1]:5000/x:1", "", "" },
		{ "\xef\xbb\xbf" "a:1\r\n\tb:1\t \r\n", "", "" },
	};
	const char *got, *first;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		got = complaint(cases[i].text, strlen(cases[i].text));
		first = strstr(got, cases[i].says);
		if (first == NULL || strstr(first, cases[i].too) == NULL ||
		    (cases[i].says[0] == '\0') != (got[0] == '\0'))
			fail_msg("%s: %s", cases[i].text, got);
	}
}

/* Formats that are none of a list: one complaint, at the line that tells. */
static void
test_files(void **state)
{
#define FILE(text, says)	{ text, sizeof(text) - 1, says }
	static const struct {
		const char *text;
		size_t len;
		const char *says;
	} cases[] = {
		FILE("\xff\xfe" "a\0:\0" "1\0", "list it is UTF-16"),
		FILE("\xfe\xff\0a\0:\0" "1", "list it is UTF-16"),
		FILE("a\0:\0" "1\0\r\0\n\0", "list it is UTF-16"),
		FILE("\0a\0:\0" "1", "list it is UTF-16"),
		FILE("\0\0\xfe\xff\0\0\0a", "list it is UTF-32"),
		FILE("\x1f\x8b\x08", "list it is compressed (gzip)"),
		FILE("PK\x03\x04", "list it is a zip file"),
		FILE("{\"images\": [\"a:1\"]}", "list this is JSON; a list "
		    "has one image a line"),
		FILE("\n [\n\"a:1\"\n]\n", "list this is JSON"),
		FILE("\xef\xbb\xbf{}", "list this is JSON"),
		FILE("[]", "list this is JSON"),
		FILE("# c\n---\na: b\n", "list:2 this is YAML; a list has"),
		FILE("apiVersion: v1\nkind: Pod\n", "list:1 this is YAML, a "
		    "Kubernetes manifest"),
		FILE("a:1\nkind: Pod\r\n", "list:2 this is YAML, a Kubern"),
		FILE("services:\r\n  web:\n", "list:1 this is YAML, a compose"),
		FILE("version: 1\ncreds:\n  - registry: x\nsync:\n",
		    "list:2 this is YAML, a file of regsync"),
		FILE("docker.io:\n  images:\n    nginx:\n      - 1.27\n",
		    "list:2 this is YAML; a list has"),
		FILE("x:\n  - image: a:1\n  - image: b:1\n", "list:2 this is "
		    "YAML"),
		FILE("FROM nginx:1 AS b\n", "list:1 this is a Dockerfile"),
		FILE("REPOSITORY   TAG\nnginx  1\n", "list:1 this is what "
		    "\"docker images\" prints"),
		FILE("<!DOCTYPE html>\n", "list:1 this is a web page"),
		FILE("<html>\n", "list:1 this is a web page"),
		/* One such line is a mistake of that line. */
		FILE("a:1\n  image: b:1\nc:1\n", "list:2 \"image:\" is how "
		    "YAML"),
		/* None of these. */
		FILE("kind:1\nservices:1.2\nimages\n", ""),
		FILE("frommage:1\n", ""),
		FILE("# {\n#apiVersion: v1\n[fe80::1]/a:1\n", ""),
		FILE("", ""),
		FILE("a\n", ""),
	};
	const char *got;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		got = complaint(cases[i].text, cases[i].len);
		if (strncmp(got, cases[i].says, strlen(cases[i].says)) != 0 ||
		    (cases[i].says[0] == '\0') != (got[0] == '\0'))
			fail_msg("case %zu: %s: %s", i, cases[i].text, got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
