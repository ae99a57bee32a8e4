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

/* The keys of an entry that are not as usual; ${buf} has to be large. */
static const char *
keys_text(const struct list_entry *entry, char *buf, size_t size)
{
	const struct referrer_rule *r = entry->referrers;
	size_t i, used = 0;

	buf[0] = '\0';
	if (entry->tags != NULL)
		used += (size_t)snprintf(buf + used, size - used, " tags=%s",
		    entry->tags->text);
	if (entry->newest != 0)
		used += (size_t)snprintf(buf + used, size - used,
		    " newest=%u", entry->newest);
	if (r->want != REFERRERS_NO)
		used += (size_t)snprintf(buf + used, size - used,
		    " referrers=%s", r->want == REFERRERS_YES ? "yes" :
		    "types");
	for (i = 0; i < r->count; i++)
		used += (size_t)snprintf(buf + used, size - used, ",%s",
		    r->types[i]);
	if (entry->priority != 0)
		used += (size_t)snprintf(buf + used, size - used,
		    " priority=%d", entry->priority);
	if (entry->signed_by != NULL)
		used += (size_t)snprintf(buf + used, size - used,
		    " signed=%s", entry->signed_by);
	if (entry->keep != KEEP_DEFAULT)
		used += (size_t)snprintf(buf + used, size - used,
		    " keep=%u", entry->keep);
	if (entry->keep_for_s != 0)
		used += (size_t)snprintf(buf + used, size - used,
		    " keep-for=%u", entry->keep_for_s);
	assert_true(used < size);
	return buf;
}

/* The entries as "line:ref platforms keys\n". */
static char *
entries_text(const struct image_list *list)
{
	char *text = xstrdup(""), *ref, *longer, name[PLATFORM_TEXT_MAX];
	char more[1024];
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
		longer = xasprintf("%s%s\n", text, keys_text(entry, more,
		    sizeof(more)));
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
		{ "http://a.b/c", "list:1 remove \"http://\"" },
		{ "a b", "list:1 \"b\" is not a key=value" },
		{ "a platform = all", "list:1 \"platform\" is not a "
		  "key=value" },
		{ "a =all", "list:1 \"=all\" is not a key=value" },
		{ "a platform=", "list:1 platform=: \"\" is not a platform" },
		{ "a platform=linux", "list:1 platform=: \"linux\"" },
		{ "a platform=linux/amd64,", "list:1 platform=: \"\"" },
		{ "a platform=linux/amd64, linux/arm64", "list:1 platform=:" },
		{ "a tag=x", "list:1 unknown key \"tag\" (tags=?): the keys "
		  "are platform, tags, newest, referrers, priority, signed, "
		  "keep, keep-for\n" },
		{ "a Tags=glob:*", "list:1 unknown key \"Tags\" (tags=?)" },
		{ "a platfrom=all", "list:1 unknown key \"platfrom\" "
		  "(platform=?): " },
		{ "a arch=arm64", "list:1 unknown key \"arch\" "
		  "(platform=linux/arm64?): " },
		{ "a wholly=x", "list:1 unknown key \"wholly\": the keys" },
		{ "a Platform=all", "list:1 unknown key \"Platform\"" },
		{ "a platform=all platform=all", "list:1 platform= is given "
		  "twice\n" },
		{ "default", "list:1 \"default\" needs a key=value" },
		{ "default # platform=all", "list:1 \"default\" needs a "
		  "key=value" },
		{ "default x", "list:1 \"x\" is not a key=value" },
		{ "default oldest=5", "list:1 unknown key" },
		{ "default platform=all platform=all", "list:1 platform= " },
		{ "a:1#x", "list:1 \"1#x\" is not a tag" },
		{ "a\rb", "list:1 byte 2 is the control character 0x0d\n" },
		{ "a\r\r\n", "list:1 byte 2 is the control" },
		{ "# \x1b[31m", "list:1 byte 3 is the control character 0x1b" },
		{ "a\x7f", "list:1 byte 2 is the control character 0x7f" },
		{ "x.y/a\nb \xff", "list:2 byte 3 is not UTF-8 (0xff): "
		  "save the list as UTF-8\n" },
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
		{ "a\n\xef\xbb\xbf" "b", "list:2 \"<U+FEFF>b\": remove "
		  "U+FEFF (byte order mark), which nobody sees\n" },
		/* All lines are looked at. */
		{ "A\nb\nC\nd e\n", "list:1 repository \"library/A\": "
		  "repository names are lower case\n"
		  "list:3 repository \"library/C\": "
		  "repository names are lower case\n"
		  "list:4 \"e\" is not a key=value" },
		/* Lines that disagree, in the order of the later one. */
		{ "z:1\na:1\nz:1 platform=linux/arm\na:1 platform=linux/386",
		  "list:3 docker.io/library/z:1: list:1 has it with a "
		  "different platform=\n"
		  "list:4 docker.io/library/a:1: list:2 has it with a "
		  "different platform=\n" },
		{ "a" PIN_A "\na" PIN_A " platform=linux/arm", "list:2 "
		  "docker.io/library/a" PIN_A ": list:1 has it with a "
		  "different platform=" },
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

/* Lines that have another digest for a tag, or none: what is an error depends
 * on where the tag points to, and is theirs alone. */
static void
test_pins(void **state)
{
	static const struct {
		const char *text;
		const char *entry;	/* the first of them */
		int rc[3];		/* unknown; the tag is at A; at B */
		const char *says;	/* of B */
	} cases[] = {
		{ "a:1", "a:1", { 0, 0, 0 }, NULL },
		{ "a:1" PIN_A "\na:1" PIN_A, "a:1" PIN_A, { 0, 0, 0 }, NULL },
		{ "a" PIN_A "\na" PIN_B, "a" PIN_A, { 0, 0, 0 }, NULL },
		{ "a:1\na:1" PIN_A, "a:1", { 0, 0, -1 }, "list:2 pins it to "
		  "sha256:" HEX_A ", and list:1 wants sha256:" HEX_B
		  ", where the tag points to: take one of the two out" },
		{ "a:1" PIN_A "\na:1\na:1" PIN_A "\na:1", "a:1", { 0, 0, -1 },
		  "list:1 pins it to sha256:" HEX_A ", and list:2 wants sha256:"
		  HEX_B ", where the tag points to: take one of the two out" },
		{ "b\na:1" PIN_A "\na:1" PIN_B, "b", { 0, 0, 0 }, NULL },
		{ "a:1" PIN_A "\na:1" PIN_B, "a:1", { -1, -1, -1 }, "list:1 "
		  "pins it to sha256:" HEX_A ", and list:2 wants sha256:" HEX_B
		  ": take one of the two out" },
		{ "a:1" PIN_A "\na:1\na:1" PIN_B "\na:1" PIN_A, "a:1",
		  { -1, -1, -1 }, "list:1 pins it to sha256:" HEX_A ", and "
		  "list:3 wants sha256:" HEX_B ": take one of the two out" },
		{ "a:1\na:1" PIN_A "\na:1" PIN_B, "a:1", { -1, -1, -1 },
		  "list:2 pins it to sha256:" HEX_A ", and list:3 wants "
		  "sha256:" HEX_B ": take one of the two out" },
	};
	struct heard heard;
	struct image_list *list;
	const struct list_entry *entry;
	struct digest at[2];
	struct err e;
	size_t i, j;
	char *ref, *want;

	(void)state;
	assert_int_equal(digest_parse("sha256:" HEX_A, &at[0], &e), 0);
	assert_int_equal(digest_parse("sha256:" HEX_B, &at[1], &e), 0);
	for (i = 0; i < COUNT(cases); i++) {
		memset(&heard, 0, sizeof(heard));
		list = list_new(hear, &heard);
		assert_true(list_read(list, "list", cases[i].text,
		    strlen(cases[i].text)));
		if (list_end(list) != 0)
			fail_msg("%s: %s", cases[i].text, heard.text);
		entry = list_at(list, 0);
		ref = image_ref_text(&entry->ref);
		want = xasprintf("docker.io/library/%s%s", cases[i].entry,
		    strchr(cases[i].entry, ':') == NULL ? ":latest" : "");
		assert_string_equal(ref, want);
		for (j = 0; j < 3; j++)
			if (list_agree(entry, j == 0 ? NULL : &at[j - 1],
			    &e) != cases[i].rc[j])
				fail_msg("%s: %zu", cases[i].text, j);
		if (cases[i].says != NULL)
			assert_string_equal(e.msg, cases[i].says);
		free(ref);
		free(want);
		list_free(list);
	}
}

/* A list that has no image is told from one that has, good or not. */
static void
test_no_images(void **state)
{
	static const struct {
		const char *text;
		bool has;
	} cases[] = {
		{ "", false }, { "\n\n", false }, { "# a:1\n", false },
		{ "\xef\xbb\xbf", false }, { "default platform=all\n", false },
		{ " \t \r\n", false }, { "a", true }, { "#\nA:1", true },
		{ "\x01", true }, { "{}", true },
	};
	struct heard heard;
	struct image_list *list;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&heard, 0, sizeof(heard));
		list = list_new(hear, &heard);
		if (list_read(list, "list", cases[i].text,
		    strlen(cases[i].text)) != cases[i].has)
			fail_msg("%s", cases[i].text);
		list_free(list);
	}
}

#define A	"docker.io/library/a"

/* All keys but platform. */
static void
test_keys(void **state)
{
	static const struct {
		const char *text;
		const char *want;	/* the entries, or the complaints */
	} cases[] = {
		{ "a tags=semver:>=1.4,<2 newest=5", "1:" A
		  " all tags=semver:>=1.4,<2 newest=5\n" },
		{ "x.y:5000/a/b newest=1 tags=regex:^(a|b)$", "1:x.y:5000/a/b "
		  "all tags=regex:^(a|b)$ newest=1\n" },
		{ "a:1 referrers=yes priority=1000", "1:" A ":1 all "
		  "referrers=yes priority=1000\n" },
		{ "a:1 referrers=no priority=-1000", "1:" A ":1 all "
		  "priority=-1000\n" },
		{ "a:1 priority=0\na:1 priority=-0\na:1 priority=007\n",
		  "list:3 " A ":1: list:1 has it with a different "
		  "priority=\n" },
		{ "a" PIN_A " referrers=types=application/SPDX+json,a/b,a/B",
		  "1:" A PIN_A " all referrers=types,a/b,"
		  "application/spdx+json\n" },
		{ "a tags=glob:* newest=100000", "1:" A " all tags=glob:* "
		  "newest=100000\n" },
		{ "a tags=glob:* newest=all", "1:" A " all tags=glob:*\n" },
		{ "a:1 newest=all", "1:" A ":1 all\n" },
		{ "a:1 keep=3 keep-for=30d", "1:" A ":1 all keep=3 "
		  "keep-for=2592000\n" },
		{ "default keep=199 keep-for=3650d\na:1\nb:1 keep=1 "
		  "keep-for=0\na tags=glob:* keep=0\n",
		  "2:" A ":1 all keep=199 keep-for=315360000\n"
		  "3:docker.io/library/b:1 all\n"
		  "4:" A " all tags=glob:* keep=0 keep-for=315360000\n" },
		{ "a:1 keep=1\na:1\na:1 keep=2\n", "list:3 " A ":1: list:1 "
		  "has it with a different keep=\n" },
		{ "a:1 keep-for=1d\na:1 keep-for=24h\na:1\n", "list:3 " A
		  ":1: list:1 has it with a different keep-for=\n" },
		/* Defaults are for the lines that they suit. */
		{ "default tags=glob:1.* newest=2 referrers=yes priority=7\n"
		  "a\na:1\na" PIN_A "\na tags=semver:2.x newest=9\n"
		  "b newest=all referrers=no priority=0\n",
		  "2:" A " all tags=glob:1.* newest=2 referrers=yes "
		  "priority=7\n"
		  "3:" A ":1 all referrers=yes priority=7\n"
		  "4:" A PIN_A " all referrers=yes priority=7\n"
		  "5:" A " all tags=semver:2.x newest=9 referrers=yes "
		  "priority=7\n"
		  "6:docker.io/library/b all tags=glob:1.*\n" },
		{ "default newest=3\na\na tags=glob:*\n",
		  "2:" A ":latest all\n3:" A " all tags=glob:* newest=3\n" },
		{ "default newest=3\na newest=4\n",
		  "list:2 newest= needs tags=: \"a\" is one image\n" },
		/* Duplicates. */
		{ "a tags=glob:1.*\na tags=glob:2.*\na\na tags=glob:1.*\n",
		  "1:" A " all tags=glob:1.*\n2:" A " all tags=glob:2.*\n"
		  "3:" A ":latest all\n" },
		{ "a tags=glob:1.*\nb tags=glob:1.*\n", "1:" A " all "
		  "tags=glob:1.*\n2:docker.io/library/b all tags=glob:1.*\n" },
		{ "a tags=glob:* newest=1\na tags=glob:* newest=2",
		  "list:2 " A ": list:1 has it with a different newest=\n" },
		{ "a tags=glob:*\na tags=glob:* platform=linux/arm",
		  "list:2 " A ": list:1 has it with a different platform=\n" },
		{ "a:1\na:1 referrers=yes", "list:2 " A ":1: list:1 has it "
		  "with a different referrers=\n" },
		{ "a:1 referrers=types=a/b,c/d\na:1 referrers=types=c/D,a/b",
		  "1:" A ":1 all referrers=types,a/b,c/d\n" },
		{ "a:1 referrers=types=a/b\na:1 referrers=types=a/c",
		  "list:2 " A ":1: list:1 has it with a different "
		  "referrers=\n" },
		/* Keys. */
		{ "a:1 signed=k.pem", "1:" A ":1 all signed=k.pem\n" },
		{ "a:1 signed=/etc/k=1.pem", "1:" A ":1 all "
		  "signed=/etc/k=1.pem\n" },
		{ "default signed=../k.pem\na:1\nb:1 signed=no\n", "2:" A
		  ":1 all signed=../k.pem\n3:docker.io/library/b:1 all "
		  "signed=\n" },
		{ "a:1 signed=x\na:1 signed=x\n", "1:" A ":1 all signed=x\n" },
		{ "a:1 signed=x\na:1 signed=y\n", "list:2 " A ":1: list:1 has "
		  "it with a different signed=\n" },
		{ "a:1\na:1 signed=no\n", "list:2 " A ":1: list:1 has it with "
		  "a different signed=\n" },
		{ "a:1 signed=", "list:1 signed=: must be the file of a "
		  "public key, or \"no\"\n" },
		/* Mistakes. */
		{ "a:1 tags=glob:*", "list:1 tags= picks the tags, so \"a:1\" "
		  "must have neither a tag nor a digest\n" },
		{ "x.y:5/a:latest tags=glob:*", "list:1 tags= picks the tags, "
		  "so \"x.y:5/a:latest\" must have neither a tag nor a "
		  "digest\n" },
		{ "a@sha256:" HEX_A " tags=glob:*", "list:1 tags= picks the "
		  "tags, so \"a@sha256:" HEX_A "\" must have neither a tag nor "
		  "a digest\n" },
		{ "a newest=5", "list:1 newest= needs tags=: \"a\" is one "
		  "image\n" },
		{ "a tags=1.*", "list:1 tags=: \"1.*\" is not a pattern: "
		  "write glob:v1.*, regex:v1[.][0-9]+ or semver:>=1.4,<2\n" },
		{ "a tags=glob:* tags=glob:1", "list:1 tags= is given "
		  "twice\n" },
		{ "a tags=regex:(", "list:1 tags=: \"(\" is not a regular "
		  "expression for tags: a \"(\" without a \")\"\n" },
		{ "default tags=semver:", "list:1 tags=: \"\" is not a range "
		  "of versions: write one such as >=1.4,<2 or ^1.2 or "
		  "1.x || 3.x\n" },
		{ "a:1 referrers=maybe", "list:1 referrers=: \"maybe\" is not "
		  "yes, no or types=TYPE,TYPE\n" },
		{ "a:1 referrers=types=", "list:1 referrers=: \"\" is not "
		  "an artifact type: write a media type, such as "
		  "application/spdx+json\n" },
		{ "a:1 referrers=types=a/b,,c/d", "list:1 referrers=: \"\" is "
		  "not an artifact type: write a media type, such as "
		  "application/spdx+json\n" },
	};
	struct heard heard;
	struct image_list *list;
	char *got;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&heard, 0, sizeof(heard));
		list = list_new(hear, &heard);
		list_read(list, "list", cases[i].text, strlen(cases[i].text));
		rc = list_end(list);
		assert_int_equal(rc, heard.count == 0 ? 0 : -1);
		got = entries_text(list);
		if (strcmp(heard.count == 0 ? got : heard.text,
		    cases[i].want) != 0)
			fail_msg("%s:\n%s%s", cases[i].text, got, heard.text);
		free(got);
		list_free(list);
	}
}

static void
test_bad_numbers(void **state)
{
	static const char *const words[] = {
		"newest=0", "newest=", "newest=-1", "newest=+1", "newest=1x",
		"newest=100001", "newest=00", "newest=0x5", "newest=ALL",
		"newest=18446744073709551617", "newest=1.5", "priority=",
		"priority=-", "priority=1001", "priority=-1001", "priority=+1",
		"priority=--1", "priority=1e2", "priority=high",
		"priority=99999999999999999999",
		"priority=-18446744073709551616",
		"keep=", "keep=-1", "keep=200",
		"keep=all", "keep=1d", "keep=18446744073709551617",
		"keep-for=", "keep-for=3651d", "keep-for=-1d", "keep-for=1.5d",
		"keep-for=forever", "keep-for=99999999999999999999d",
	};
	struct heard heard;
	struct image_list *list;
	char *line;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(words); i++) {
		memset(&heard, 0, sizeof(heard));
		list = list_new(hear, &heard);
		line = xasprintf("a tags=glob:* %s", words[i]);
		list_add(list, line);
		assert_int_equal(heard.count, 1);
		assert_int_equal(list_count(list), 0);
		if (strncmp(heard.text, "command line ", 13) != 0 ||
		    strncmp(heard.text + 13, words[i],
		    strcspn(words[i], "=") + 1) != 0)
			fail_msg("%s: %s", line, heard.text);
		free(line);
		list_free(list);
	}
}

static void
test_type_count(void **state)
{
	char line[REFERRER_TYPES_MAX * 8 + 64];
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);
	size_t i, used;

	(void)state;
	used = (size_t)snprintf(line, sizeof(line), "a:1 referrers=types=a/b");
	for (i = 1; i < REFERRER_TYPES_MAX; i++)
		used += (size_t)snprintf(line + used, sizeof(line) - used,
		    ",a/t%zu", i);
	list_add(list, line);
	assert_int_equal(heard.count, 0);
	assert_int_equal(list_at(list, 0)->referrers->count,
	    REFERRER_TYPES_MAX);
	assert_true(referrer_rule_wants(list_at(list, 0)->referrers, "A/T31"));
	assert_false(referrer_rule_wants(list_at(list, 0)->referrers, "a/t"));
	assert_false(referrer_rule_wants(list_at(list, 0)->referrers, ""));
	snprintf(line + used, sizeof(line) - used, ",a/b");
	list_add(list, line);
	assert_string_equal(heard.text,
	    "command line referrers=: more than 32 types\n");
	list_free(list);
}

/* A relative path begins where the list is, an absolute one does not. */
static void
test_folders(void **state)
{
	static const char text[] = "a:1 signed=k.pem\nb:1 signed=/k.pem\n"
	    "c:1 signed=no\nd:1";
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);

	(void)state;
	list_read(list, "/etc/cdr/list", text, strlen(text));
	list_read(list, "lists/more", "e:1 signed=k.pem", 16);
	list_read(list, "standard input", "f:1 signed=k.pem", 16);
	list_add(list, "g:1 signed=k.pem");
	assert_int_equal(list_end(list), 0);
	assert_string_equal(list_at(list, 0)->signed_by, "/etc/cdr/k.pem");
	assert_string_equal(list_at(list, 1)->signed_by, "/k.pem");
	assert_string_equal(list_at(list, 2)->signed_by, "");
	assert_null(list_at(list, 3)->signed_by);
	assert_string_equal(list_at(list, 4)->signed_by, "lists/k.pem");
	assert_string_equal(list_at(list, 5)->signed_by, "k.pem");
	assert_ptr_equal(list_at(list, 5)->signed_by,
	    list_at(list, 6)->signed_by);
	list_free(list);
}

/* Equal rules have one address, whatever line they came from. */
static void
test_interned(void **state)
{
	static const char text[] = "a tags=glob:1.* referrers=yes\n"
	    "b tags=glob:1.* referrers=yes\nc tags=glob:2.*";
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);

	(void)state;
	list_read(list, "list", text, strlen(text));
	assert_int_equal(list_end(list), 0);
	assert_ptr_equal(list_at(list, 0)->tags, list_at(list, 1)->tags);
	assert_ptr_equal(list_at(list, 0)->referrers,
	    list_at(list, 1)->referrers);
	assert_ptr_not_equal(list_at(list, 0)->tags, list_at(list, 2)->tags);
	assert_true(referrer_rule_wants(list_at(list, 0)->referrers, ""));
	assert_false(referrer_rule_wants(list_at(list, 2)->referrers, "a/b"));
	list_free(list);
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
		{ "\xff", "command line byte 1 is not UTF-8 (0xff)\n" },
		{ "a tag=x", "command line unknown key \"tag\" (tags=?): "
		  "the keys are "
		  "platform, tags, newest, referrers, priority, signed, "
		  "keep, keep-for\n" },
		{ "a tags=glob:1.* newest=2 priority=-3",
		  "0:docker.io/library/a all tags=glob:1.* newest=2 "
		  "priority=-3\n" },
		{ "a:1 newest=2", "command line newest= needs tags=: "
		  "\"a:1\" is one image\n" },
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
	    "a different platform=\n"
	    "two:1 docker.io/library/b:1: dir/one:3 has it with a different "
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
	assert_non_null(strstr(heard.text, "image list 7 more errors\n"));
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
	if (bytes == 0) {
		printf("skip malloc does not tell how much is in use\n");
		skip();
	}
	print_message("%zu bytes an entry\n", bytes / 10000);
	assert_true(bytes / 10000 <= 250);
}

/* A regular expression for each line: rules are texts, not what regcomp(3)
 * makes of them, so the memory stays near that of plain lines. */
static void
test_pattern_memory(void **state)
{
	const unsigned lines = 10000;
	struct heard heard = { .used = 0 };
	struct image_list *list = list_new(hear, &heard);
	char *text = xmalloc(lines * 96);
	double start = seconds();
	struct mallinfo2 before, after;
	size_t used = 0, bytes;
	unsigned i;

	(void)state;
	for (i = 0; i < lines; i++)
		used += (size_t)snprintf(text + used, 96,
		    "registry.example/team/application "
		    "tags=regex:%u\\.[0-9]+(-alpine)? newest=5\n", i);
	before = mallinfo2();
	list_read(list, "list", text, used);
	assert_int_equal(list_end(list), 0);
	assert_int_equal(list_count(list), lines);
	after = mallinfo2();
	bytes = after.uordblks + after.hblkhd - before.uordblks -
	    before.hblkhd;
	print_message("%zu bytes an entry, %.2f s\n", bytes / lines,
	    seconds() - start);
	assert_true(bytes / lines <= 400);
	assert_true(seconds() - start < 30);
	list_free(list);
	free(text);
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
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_no_images),
		cmocka_unit_test(test_bad_numbers),
		cmocka_unit_test(test_type_count),
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_interned),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_default_scope),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_long_file),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_complaint_cap),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_pattern_memory),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
