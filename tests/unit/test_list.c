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

#include "image/list.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define HEX_A	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PIN_A	"@sha256:" HEX_A
#define PIN_B	"@sha256:" HEX_B

/* Complaints as "where what\n" lines. */
struct heard {
	char text[32768];
	size_t used;
	size_t count;
};

static void
hear(void *cookie, const char *where, const char *what)
{
	struct heard *h = cookie;

	h->count++;
	h->used += (size_t)snprintf(h->text + h->used,
	    sizeof(h->text) - h->used, "%s %s\n", where, what);
	assert_true(h->used < sizeof(h->text));
}

/* The entries as "line:ref platforms\n". */
static char *
entries_text(const struct image_list *list)
{
	char *text = xstrdup(""), *ref, *longer, name[PLATFORM_TEXT_MAX];
	const struct list_entry *entry;
	size_t i, j;

	for (i = 0; i < list_count(list); i++) {
		entry = list_at(list, i);
		ref = image_ref_text(&entry->ref);
		longer = xasprintf("%s%u:%s%s", text, entry->line, ref,
		    entry->platforms->all ? " all" : "");
		free(ref);
		free(text);
		text = longer;
		for (j = 0; j < entry->platforms->count; j++) {
			longer = xasprintf("%s %s", text, platform_text(
			    &entry->platforms->items[j], name));
			free(text);
			text = longer;
		}
		longer = xasprintf("%s\n", text);
		free(text);
		text = longer;
	}
	return text;
}

static void
test_good(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "# nothing\n  # here\n\t#\n", "" },
		{ "a", "1:docker.io/library/a:latest all\n" },
		{ "a:1\n", "1:docker.io/library/a:1 all\n" },
		{ "\n  a:1 \t\n", "2:docker.io/library/a:1 all\n" },
		{ "a:1 # b", "1:docker.io/library/a:1 all\n" },
		{ "a:1 #platform=x", "1:docker.io/library/a:1 all\n" },
		{ "a:1\r\nb:2\r\n", "1:docker.io/library/a:1 all\n"
		  "2:docker.io/library/b:2 all\n" },
		{ "\xef\xbb\xbf" "a:1", "1:docker.io/library/a:1 all\n" },
		{ "\xef\xbb\xbf", "" },
		{ "\xef\xbb\xbf#x\r\n", "" },
		{ "# \xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xb3\n", "" },
		{ "a:1 platform=all", "1:docker.io/library/a:1 all\n" },
		{ "a:1\tplatform=linux/arm64,linux/x86_64",
		  "1:docker.io/library/a:1 linux/amd64 linux/arm64\n" },
		{ "default platform=linux/amd64\na:1\nb:1 platform=all\nc:1\n"
		  "default platform=linux/arm64 # from here\nd:1\n",
		  "2:docker.io/library/a:1 linux/amd64\n"
		  "3:docker.io/library/b:1 all\n"
		  "4:docker.io/library/c:1 linux/amd64\n"
		  "6:docker.io/library/d:1 linux/arm64\n" },
		{ "library/default:1", "1:docker.io/library/default:1 all\n" },
		{ "a:1" PIN_A, "1:docker.io/library/a:1" PIN_A " all\n" },
		/* Equal lines are one entry, at the first place. */
		{ "b:1\na:1\nb:1\ndocker.io/library/b:1\na:1",
		  "1:docker.io/library/b:1 all\n"
		  "2:docker.io/library/a:1 all\n" },
		{ "a\na:latest", "1:docker.io/library/a:latest all\n" },
		{ "a:1" PIN_A "\na:1" PIN_A,
		  "1:docker.io/library/a:1" PIN_A " all\n" },
		{ "a" PIN_A "\na" PIN_A "\na" PIN_B,
		  "1:docker.io/library/a" PIN_A " all\n"
		  "3:docker.io/library/a" PIN_B " all\n" },
		/* A digest and a tag are two images. */
		{ "a" PIN_A "\na:1" PIN_A " platform=linux/arm",
		  "1:docker.io/library/a" PIN_A " all\n"
		  "2:docker.io/library/a:1" PIN_A " linux/arm/v7\n" },
		/* Two spellings of one set. */
		{ "a platform=linux/arm,linux/386\n"
		  "a platform=linux/i386,linux/armhf,linux/arm",
		  "1:docker.io/library/a:latest linux/386 linux/arm/v7\n" },
		{ "a:1 platform=linux/arm\na:2 platform=linux/386\n"
		  "x.y/a:1 platform=linux/386\n",
		  "1:docker.io/library/a:1 linux/arm/v7\n"
		  "2:docker.io/library/a:2 linux/386\n"
		  "3:x.y/a:1 linux/386\n" },
	};
	struct heard heard;
	struct image_list *list;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&heard, 0, sizeof(heard));
		list = list_new(hear, &heard);
		list_read(list, "list", cases[i].text, strlen(cases[i].text));
		if (list_end(list) != 0)
			fail_msg("%s: %s", cases[i].text, heard.text);
		assert_int_equal(heard.count, 0);
		got = entries_text(list);
		assert_string_equal(got, cases[i].want);
		free(got);
		list_free(list);
	}
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text;
		const char *says;	/* all of the complaints begin so */
	} cases[] = {
		{ "A:1", "list:1 repository \"library/A\": repository names "
		  "are lower case\n" },
		{ "\n\na:", "list:3 the tag" },
		{ "http://a.b/c", "list:1 leave \"http://\" away" },
		{ "a b", "list:1 \"b\" is no key=value" },
		{ "a platform = all", "list:1 \"platform\" is no key=value" },
		{ "a =all", "list:1 \"=all\" is no key=value" },
		{ "a platform=", "list:1 platform=: \"\" is no platform" },
		{ "a platform=linux", "list:1 platform=: \"linux\"" },
		{ "a platform=linux/amd64,", "list:1 platform=: \"\"" },
		{ "a platform=linux/amd64, linux/arm64", "list:1 platform=:" },
		{ "a tags=x", "list:1 unknown key \"tags\": the keys are "
		  "platform\n" },
		{ "a Platform=all", "list:1 unknown key \"Platform\"" },
		{ "a platform=all platform=all", "list:1 platform= stands here "
		  "twice\n" },
		{ "default", "list:1 \"default\" without" },
		{ "default # platform=all", "list:1 \"default\" without" },
		{ "default x", "list:1 \"x\" is no key=value" },
		{ "default newest=5", "list:1 unknown key" },
		{ "default platform=all platform=all", "list:1 platform= " },
		{ "a:1#x", "list:1 \"1#x\" is no tag" },
		{ "a\rb", "list:1 byte 2 is the control character 0x0d\n" },
		{ "a\r\r\n", "list:1 byte 2 is the control" },
		{ "# \x1b[31m", "list:1 byte 3 is the control character 0x1b" },
		{ "a\x7f", "list:1 byte 2 is the control character 0x7f" },
		{ "x.y/a\nb \xff", "list:2 byte 3 is not UTF-8\n" },
		{ "#\x80", "list:1 byte 2 is not" },
		{ "#\xc3", "list:1 byte 2 is not" },
		{ "#\xc3(", "list:1 byte 2 is not" },
		{ "#\xc0\xaf", "list:1 byte 2 is not" },
		{ "#\xe0\x80\xaf", "list:1 byte 2 is not" },
		{ "#\xed\xa0\x80", "list:1 byte 2 is not" },
		{ "#\xf0\x80\x80\x80", "list:1 byte 2 is not" },
		{ "#\xf4\x90\x80\x80", "list:1 byte 2 is not" },
		{ "#\xf8\x88\x80\x80\x80", "list:1 byte 2 is not" },
		{ "#\xff\xfe", "list:1 byte 2 is not" },
		{ "a\n\xef\xbb\xbf" "b", "list:2 \"library/\xef\xbb\xbf" "b\" "
		  "is no repository" },
		/* All lines are looked at. */
		{ "A\nb\nC\nd e\n", "list:1 repository \"library/A\": "
		  "repository names are lower case\n"
		  "list:3 repository \"library/C\": "
		  "repository names are lower case\n"
		  "list:4 \"e\" is no key=value" },
		/* Lines that disagree, in the order of the later one. */
		{ "z:1\na:1\nz:1 platform=linux/arm\na:1 platform=linux/386",
		  "list:3 docker.io/library/z:1: list:1 has it with another "
		  "platform=\n"
		  "list:4 docker.io/library/a:1: list:2 has it with another "
		  "platform=\n" },
		{ "a:1\na:1" PIN_A, "list:2 docker.io/library/a:1" PIN_A
		  ": list:1 has it with another digest" },
		{ "a:1" PIN_B "\na:1" PIN_A "\na:1" PIN_B, "list:2 "
		  "docker.io/library/a:1" PIN_A ": list:1 has it with" },
		{ "a" PIN_A "\na" PIN_A " platform=linux/arm", "list:2 "
		  "docker.io/library/a" PIN_A ": list:1 has it with another "
		  "platform=" },
	};
	struct heard heard;
	struct image_list *list;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&heard, 0, sizeof(heard));
		list = list_new(hear, &heard);
		list_read(list, "list", cases[i].text, strlen(cases[i].text));
		if (list_end(list) != -1 || strncmp(heard.text, cases[i].says,
		    strlen(cases[i].says)) != 0)
			fail_msg("%s:\n%s", cases[i].text, heard.text);
		list_free(list);
	}
}

static void
test_nul(void **state)
{
	static const char text[] = "a:1\nb\0c\nd:1\n\0";
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);

	(void)state;
	list_read(list, "list", text, sizeof(text) - 1);
	assert_int_equal(list_end(list), -1);
	assert_string_equal(heard.text,
	    "list:2 byte 2 is the control character 0x00\n"
	    "list:4 byte 1 is the control character 0x00\n");
	assert_int_equal(list_count(list), 2);
	list_free(list);
}

/* A bad default leaves the one before it, and defaults end with the file. */
static void
test_default_scope(void **state)
{
	static const char one[] = "default platform=linux/arm\n"
	    "default platform=x\na:1\n";
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);
	char *got;

	(void)state;
	list_read(list, "one", one, strlen(one));
	list_read(list, "two", "b:1", 3);
	assert_int_equal(list_end(list), -1);
	assert_int_equal(heard.count, 1);
	got = entries_text(list);
	assert_string_equal(got, "3:docker.io/library/a:1 linux/arm/v7\n"
	    "1:docker.io/library/b:1 all\n");
	assert_string_equal(list_at(list, 0)->file, "one");
	assert_string_equal(list_at(list, 1)->file, "two");
	free(got);
	list_free(list);
}

static void
test_long_line(void **state)
{
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);
	char *text = xmalloc(LIST_LINE_MAX + 8);

	(void)state;
	memset(text, '#', LIST_LINE_MAX + 8);
	list_read(list, "fits", text, LIST_LINE_MAX);
	text[LIST_LINE_MAX] = '\r';
	text[LIST_LINE_MAX + 1] = '\n';
	list_read(list, "fits", text, LIST_LINE_MAX + 2);
	assert_int_equal(heard.count, 0);
	text[LIST_LINE_MAX] = '#';
	text[LIST_LINE_MAX + 2] = 'A';
	list_read(list, "long", text, LIST_LINE_MAX + 3);
	assert_string_equal(heard.text, "long:1 longer than 4096 bytes\n"
	    "long:2 repository \"library/A\": repository names are lower "
	    "case\n");
	free(text);
	list_free(list);
}

static void
test_long_file(void **state)
{
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);
	char *text = xmalloc(LIST_BYTES_MAX + 1);

	(void)state;
	memset(text, '\n', LIST_BYTES_MAX + 1);
	list_read(list, "list", text, LIST_BYTES_MAX);
	assert_int_equal(heard.count, 0);
	list_read(list, "list", text, (size_t)LIST_BYTES_MAX + 1);
	assert_string_equal(heard.text, "list longer than 67108864 bytes\n");
	assert_int_equal(list_end(list), -1);
	free(text);
	list_free(list);
}

static void
test_add(void **state)
{
	static const struct {
		const char *text;
		const char *want;	/* the entry, or the complaint */
	} cases[] = {
		{ "a:1", "0:docker.io/library/a:1 all\n" },
		{ "a:1 platform=linux/arm",
		  "0:docker.io/library/a:1 linux/arm/v7\n" },
		{ "default", "0:docker.io/library/default:latest all\n" },
		{ "", "command line an empty image reference\n" },
		{ " #", "command line an empty image reference\n" },
		{ "a\nb",
		  "command line byte 2 is the control character 0x0a\n" },
		{ "\xff", "command line byte 1 is not UTF-8\n" },
		{ "a tags=x", "command line unknown key \"tags\": "
		  "the keys are platform\n" },
	};
	struct heard heard;
	struct image_list *list;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&heard, 0, sizeof(heard));
		list = list_new(hear, &heard);
		list_add(list, cases[i].text);
		assert_int_equal(list_end(list), heard.count == 0 ? 0 : -1);
		got = entries_text(list);
		assert_string_equal(heard.count == 0 ? got : heard.text,
		    cases[i].want);
		free(got);
		list_free(list);
	}
}

/* The command line against a file, and two files against each other. */
static void
test_places(void **state)
{
	static const char one[] = "\na:1 platform=linux/arm\nb:1";
	static const char two[] = "b:1 platform=linux/arm";
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);

	(void)state;
	list_add(list, "a:1");
	list_read(list, "dir/one", one, strlen(one));
	list_read(list, "two", two, strlen(two));
	list_add(list, "b:1");
	assert_int_equal(list_end(list), -1);
	assert_string_equal(heard.text,
	    "dir/one:2 docker.io/library/a:1: command line has it with "
	    "another platform=\n"
	    "two:1 docker.io/library/b:1: dir/one:3 has it with another "
	    "platform=\n");
	assert_null(list_at(list, 0)->file);
	list_free(list);
}

static void
test_complaint_cap(void **state)
{
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);
	size_t i;

	(void)state;
	for (i = 0; i < LIST_COMPLAINTS_MAX + 7; i++)
		list_add(list, "A");
	assert_int_equal(heard.count, LIST_COMPLAINTS_MAX);
	assert_int_equal(list_end(list), -1);
	assert_int_equal(heard.count, LIST_COMPLAINTS_MAX + 1);
	assert_non_null(strstr(heard.text, "image list 7 more complaints\n"));
	list_free(list);
	list_free(NULL);
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* As many images as ${lines}, with a platform set of its own every ${sets}. */
static char *
big_text(unsigned lines, unsigned sets, size_t *ret_len)
{
	char *text = xmalloc((size_t)lines * 96);
	size_t used = 0;
	unsigned i;

	for (i = 0; i < lines; i++)
		used += (size_t)snprintf(text + used, 96,
		    "registry.example/team/application-%u:1.27.%u "
		    "platform=linux/amd64,linux/v%u\n", i * 7919 % lines, i,
		    i % sets);
	*ret_len = used;
	return text;
}

/* Ten thousand lines cost at most 250 bytes of heap each, overhead included. */
static void
test_memory(void **state)
{
	struct heard heard = { .used = 0 };
	struct image_list *list;
	struct mallinfo2 before, after;
	size_t len, bytes;
	char *text = big_text(10000, 4, &len);

	(void)state;
	before = mallinfo2();
	list = list_new(hear, &heard);
	list_read(list, "list", text, len);
	assert_int_equal(list_end(list), 0);
	assert_int_equal(list_count(list), 10000);
	after = mallinfo2();
	bytes = after.uordblks + after.hblkhd - before.uordblks -
	    before.hblkhd;
	list_free(list);
	free(text);
	/* A sanitizer's malloc(3) does not tell. */
	if (bytes == 0)
		skip();
	print_message("%zu bytes an entry\n", bytes / 10000);
	assert_true(bytes / 10000 <= 250);
}

/* Two of everything, and a set for each line: no step may be quadratic. */
static void
test_time(void **state)
{
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);
	double start = seconds();
	size_t len;
	char *text = big_text(100000, 100000, &len);

	(void)state;
	list_read(list, "one", text, len);
	list_read(list, "two", text, len);
	assert_int_equal(list_end(list), 0);
	assert_int_equal(list_count(list), 100000);
	assert_int_equal(list_at(list, 99999)->line, 100000);
	print_message("%.2f s\n", seconds() - start);
	assert_true(seconds() - start < 30);
	list_free(list);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_default_scope),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_long_file),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_complaint_cap),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
