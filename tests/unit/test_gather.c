/* What several sources say, made into one list; and what hostile ones say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/list.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/outside.h"
#include "source/gather.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define A	"sha256:" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B	"sha256:" \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char told[4096];
static size_t told_count;

static void
on_left(void *cookie, const char *where, const char *what)
{
	size_t used = strlen(told);

	(void)cookie;
	told_count++;
	snprintf(told + used, sizeof(told) - used, "%s: %s\n", where, what);
}

static struct gather *
begin(void)
{
	told[0] = '\0';
	told_count = 0;
	return gather_new(on_left, NULL);
}

static void
on_complaint(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	fail_msg("%s: %s", where, what);
}

/* Releases it.  Whatever comes out, a sync takes it. */
static void
expect(struct gather *g, const char *want)
{
	struct image_list *list = list_new(on_complaint, NULL);
	char *out;
	size_t len;
	FILE *to = xtext_open(&out, &len);

	gather_settle(g);
	gather_print(g, to);
	xtext_close(to);
	gather_free(g);
	list_read(list, "out", out, len);
	assert_int_equal(list_end(list), 0);
	list_free(list);
	if (want != NULL)
		assert_string_equal(out, want);
	free(out);
}

/* A line of file 0, the kept one, or of 1, 2, ... */
struct said {
	unsigned file;
	const char *ref, *keys;
};

struct settle_case {
	struct said said[6];
	const char *want;
};

static void
test_settle(void **state)
{
	static const struct settle_case cases[] = {
		{ { { 1, "b", "" }, { 1, "a:2", "" }, { 2, "a:1", "" } },
		  "a:1\na:2\nb\n" },
		/* One image in several spellings. */
		{ { { 1, "nginx", "" }, { 2, "docker.io/nginx:latest", "" },
		    { 3, "docker.io/library/nginx", "" } },
		  "docker.io/library/nginx\n" },
		{ { { 0, "nginx", "" }, { 1, "docker.io/library/nginx", "" } },
		  "nginx\n" },
		/* Who says anything is heard. */
		{ { { 1, "a:1", "" }, { 2, "a:1", "keep=2" } },
		  "a:1 keep=2\n" },
		{ { { 1, "a:1", "keep=2" }, { 2, "a:1", "" } },
		  "a:1 keep=2\n" },
		/* The first one holds, and the other is told. */
		{ { { 1, "a:1", "keep=2" }, { 2, "a:1", "keep=3" } },
		  "# f2:2: a:1: \"keep=3\" here, \"keep=2\" in f1:1: that "
		  "holds\na:1 keep=2\n" },
		{ { { 1, "library/a:1", "keep=2" }, { 1, "a:1", "keep=3" } },
		  "# f1:2: a:1: \"keep=3\" here, \"keep=2\" in f1:1: that "
		  "holds\na:1 keep=2\n" },
		{ { { 1, "a:1", "" }, { 2, "a:1", "keep=2" },
		    { 3, "a:1", "keep=3" } },
		  "# f3:3: a:1: \"keep=3\" here, \"keep=2\" in f2:2: that "
		  "holds\na:1 keep=2\n" },
		/* The kept file holds, also where it says nothing. */
		{ { { 0, "a:1", "" }, { 1, "a:1", "keep=3" } }, "a:1\n" },
		{ { { 0, "a:1", "keep=2" }, { 1, "a:1", "keep=3" } },
		  "a:1 keep=2\n" },
		/* Patterns are lines of their own. */
		{ { { 1, "a", "tags=glob:x" }, { 1, "a", "tags=glob:y" },
		    { 2, "a", "keep=2 tags=glob:x" }, { 2, "a", "" } },
		  "# f2:3: a: \"keep=2 tags=glob:x\" here, \"tags=glob:x\" "
		  "in f1:1: that holds\na tags=glob:x\na tags=glob:y\na\n" },
		/* A tag with digests. */
		{ { { 1, "a:1@" A, "" } }, "a:1@" A "\n" },
		{ { { 1, "a:1@" A, "" }, { 2, "a:1@" A, "keep=2" } },
		  "a:1@" A " keep=2\n" },
		{ { { 1, "a:1@" A, "" }, { 2, "a:1", "" } },
		  "a:1\na@" A "\n" },
		{ { { 1, "a:1@" A, "" }, { 2, "a:1@" B, "" } },
		  "# f1:1: a:1@" A ": this tag has several digests: listed by "
		  "digest alone\n# f2:2: a:1@" B ": this tag has several "
		  "digests: listed by digest alone\na@" A "\na@" B "\n" },
		{ { { 0, "a:1@" A, "" }, { 1, "a:1", "" },
		    { 2, "a:1@" B, "" } }, "a:1@" A "\na@" B "\n" },
		{ { { 1, "r:5/a:1@" A, "" }, { 2, "r:5/a:1", "" },
		    { 3, "r:5/a@" A, "keep=2" } },
		  "r:5/a:1\nr:5/a@" A " keep=2\n" },
		/* No digest and no tag have nothing to do with each other. */
		{ { { 1, "a@" A, "" }, { 1, "a@" B, "" }, { 1, "a", "" } },
		  "a\na@" A "\na@" B "\n" },
		{ { { 1, "a:1-x", "" }, { 1, "a:1@" A, "" },
		    { 1, "a:1.x", "" } }, "a:1@" A "\na:1-x\na:1.x\n" },
	};
	struct gather *g;
	char name[16];
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		g = begin();
		for (j = 0; j < 6 && cases[i].said[j].ref != NULL; j++) {
			snprintf(name, sizeof(name), "f%u",
			    cases[i].said[j].file);
			gather_file(g, name, cases[i].said[j].file == 0);
			gather_image(g, (unsigned)j + 1,
			    cases[i].said[j].ref, cases[i].said[j].keys);
		}
		expect(g, cases[i].want);
	}
}

static void
test_refused(void **state)
{
	static const char *const refs[] = {
		"", " ", "#a", "a b", "a\nb", "a:1\nevil:1", "../a", "a/../b",
		"/a", "a:1 keep=3", "A", "a:", "https://x/y:1", "a\x01",
		"a\xff",
		"a:1@sha256:0", "\xc2\xa0", "-", "default key", "${X}",
		"{{ .Values.image }}", A,
	};
	struct gather *g = begin();
	char *huge = xmalloc(1 << 20);
	size_t i;

	(void)state;
	memset(huge, 'a', (1 << 20) - 1);
	huge[(1 << 20) - 1] = '\0';
	gather_file(g, "f", false);
	for (i = 0; i < COUNT(refs); i++) {
		gather_image(g, 1, refs[i], "");
		gather_image(g, 1, refs[i], "keep=2");
		assert_int_equal(told_count, 2 * i + 2);
	}
	gather_image(g, 1, huge, "");
	gather_image(g, 1, "a", huge);
	gather_image(g, 1, "a", "keep=2\nevil:1");
	gather_image(g, 1, "a", "keep=2 keep=3");
	gather_image(g, 1, "a:1", "tags=glob:x");
	assert_int_equal(told_count, 2 * i + 5);
	assert_int_equal(gather_settle(g), 0);
	expect(g, NULL);
	free(huge);
}

/* What a source says does not get out of its comment, and no secret into it. */
static void
test_comments(void **state)
{
	struct gather *g = begin();

	(void)state;
	outside_secret("geheimnis");
	gather_file(g, "evil\nimage:1", false);
	gather_left(g, 3, "a\nb:1 \x1b[31m \x80 geheimnis");
	assert_string_equal(told, "evil image:1:3: a b:1  [31m ? ***\n");
	expect(g, "# evil image:1:3: a b:1  [31m ? ***\n");
	outside_forget();
}

static void
test_many(void **state)
{
	struct gather *g = begin();
	char ref[64];
	unsigned i;

	(void)state;
	for (i = 0; i < SOURCE_LEFT_MAX + 5; i++)
		gather_left(g, i, "x");
	assert_int_equal(told_count, SOURCE_LEFT_MAX);
	for (i = 0; i < SOURCE_ASKED_MAX + 5; i++) {
		snprintf(ref, sizeof(ref), "r.example/a:%u", i);
		gather_asked(g, ref);
	}
	gather_asked(g, "r.example/a:1");
	gather_asked(g, "../../x:1");
	gather_asked(g, "a\nb:1");
	/* The same few images, very often. */
	for (i = 0; i < 300000; i++) {
		snprintf(ref, sizeof(ref), "a:%u", i % 1000);
		gather_image(g, i, ref, "");
	}
	assert_int_equal(gather_settle(g), 1000);
	expect(g, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
