#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/report.h"
#include "scratch.h"
#include "watch/spool.h"

struct heard {
	size_t count;
	char last[256];
};

static void
hear(void *cookie, const struct hook_event *e)
{
	struct heard *h = cookie;

	h->count++;
	snprintf(h->last, sizeof(h->last), "%s/%s:%s", e->registry,
	    e->repository, e->tag == NULL ? "" : e->tag);
}

static char *
path_of(const struct scratch *s, const char *name)
{
	return xasprintf("%s/%s", s->path, name);
}

static void
put(const struct scratch *s, const char *name, const char *text, size_t len)
{
	char *path = path_of(s, name);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	free(path);
}

static void
put_text(const struct scratch *s, const char *name, const char *text)
{
	put(s, name, text, strlen(text));
}

static bool
is_there(const struct scratch *s, const char *name)
{
	char *path = path_of(s, name);
	struct stat sb;
	bool ret = lstat(path, &sb) == 0;

	free(path);
	return ret;
}

static struct spool *
spool_of(const struct scratch *s, struct notice *notice, struct heard *heard)
{
	struct spool *spool;
	struct err e;

	report_init(REPORT_TEXT, REPORT_ERROR);
	memset(heard, 0, sizeof(*heard));
	assert_int_equal(spool_new(s->path, notice, hear, heard, &spool, &e),
	    0);
	return spool;
}

/* Read when it has been quiet for a second, once, and gone then. */
static void
test_quiet(void **state)
{
	const struct scratch *s = *state;
	struct notice *notice = notice_new();
	struct spool_counts counts;
	struct heard heard;
	struct spool *spool = spool_of(s, notice, &heard);

	assert_int_equal(spool_until(spool), 0);
	spool_look(spool, 1000);
	assert_int_equal(spool_until(spool), 1000 + SPOOL_LOOK_MS);
	put_text(s, "one", "a:1\n");
	spool_look(spool, 2000);
	assert_int_equal(spool_until(spool), 2000 + SPOOL_QUIET_MS);
	put_text(s, "one", "a:1\nb:1\n");
	spool_look(spool, 2999);
	assert_int_equal(spool_until(spool), 2999 + SPOOL_QUIET_MS);
	spool_look(spool, 3998);
	assert_int_equal(heard.count, 0);
	spool_look(spool, 3999 + SPOOL_PACE_MS);
	assert_int_equal(heard.count, 2);
	assert_string_equal(heard.last, "docker.io/library/b:1");
	assert_false(is_there(s, "one"));
	spool_look(spool, 9000);
	assert_int_equal(heard.count, 2);
	/* Called again at once it takes its time. */
	put_text(s, "two", "a:1\n");
	spool_look(spool, 9100);
	assert_int_equal(spool_until(spool), 9000 + SPOOL_PACE_MS);
	spool_look(spool, 9200);
	spool_look(spool, 10200);
	assert_int_equal(heard.count, 3);
	spool_counts(spool, &counts);
	assert_int_equal(counts.taken, 2);
	assert_int_equal(counts.not_understood, 0);
	spool_free(spool);
	spool_free(NULL);
	notice_free(notice);
}

/* What is not for us stays; what makes no sense goes, and is counted. */
static void
test_odd(void **state)
{
	static const char *const left[] = { ".hidden", "a.tmp", "b.part",
	    "link", "folder", "pipe" };
	const struct scratch *s = *state;
	struct notice *notice = notice_new();
	struct spool_counts counts;
	struct heard heard;
	struct spool *spool = spool_of(s, notice, &heard);
	char *large = xcalloc(HOOK_BODY_MAX + 1, 1), *path;
	size_t i;

	for (i = 0; i < 3; i++)
		put_text(s, left[i], "a:1\n");
	path = path_of(s, "link");
	assert_int_equal(symlink("a.tmp", path), 0);
	free(path);
	path = path_of(s, "folder");
	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
	path = path_of(s, "pipe");
	assert_int_equal(mkfifo(path, 0644), 0);
	free(path);
	memset(large, '#', HOOK_BODY_MAX + 1);
	memcpy(large, "b:1\n", 4);
	put(s, "large", large, HOOK_BODY_MAX);
	put(s, "larger", large, HOOK_BODY_MAX + 1);
	put_text(s, "broken", "{\"events\":");
	put_text(s, "tmp", "a:1\n");
	spool_look(spool, 0);
	spool_look(spool, 1000);
	assert_int_equal(heard.count, 2);
	for (i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		assert_true(is_there(s, left[i]));
	assert_false(is_there(s, "large"));
	assert_false(is_there(s, "larger"));
	assert_false(is_there(s, "broken"));
	assert_false(is_there(s, "tmp"));
	spool_counts(spool, &counts);
	assert_int_equal(counts.taken, 2);
	assert_int_equal(counts.not_understood, 2);
	free(large);
	spool_free(spool);
	notice_free(notice);
}

/* More than are remembered have their turn one after the other. */
static void
test_many(void **state)
{
	const struct scratch *s = *state;
	struct notice *notice = notice_new();
	struct heard heard;
	struct spool *spool = spool_of(s, notice, &heard);
	char name[32];
	int64_t now = 0;
	size_t i;

	for (i = 0; i < 2 * SPOOL_FILES_MAX + 100; i++) {
		snprintf(name, sizeof(name), "f%zu", i);
		put_text(s, name, "a:1\n");
	}
	for (i = 0; i < 100; i++) {
		spool_look(spool, now);
		if (heard.count == 2 * SPOOL_FILES_MAX + 100)
			break;
		assert_true(spool_until(spool) <= now + SPOOL_QUIET_MS);
		now = spool_until(spool) > now ? spool_until(spool) : now + 1;
	}
	assert_int_equal(heard.count, 2 * SPOOL_FILES_MAX + 100);
	assert_true(now < 10000);
	spool_free(spool);
	notice_free(notice);
}

static void
test_refused(void **state)
{
	const struct scratch *s = *state;
	struct notice *notice = notice_new();
	char *file = path_of(s, "file"), *none = path_of(s, "none");
	struct spool *spool;
	struct err e;

	put_text(s, "file", "");
	assert_int_equal(spool_new(file, notice, hear, NULL, &spool, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(spool_new(none, notice, hear, NULL, &spool, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	free(file);
	free(none);
	notice_free(notice);
}

/* Much at once takes several looks: there are others who want something. */
static void
test_turns(void **state)
{
	const struct scratch *s = *state;
	struct notice *notice = notice_new();
	char *large = xmalloc(HOOK_BODY_MAX), name[16];
	struct heard heard;
	struct spool *spool = spool_of(s, notice, &heard);
	int64_t now = 1000;
	size_t i;

	memset(large, '\n', HOOK_BODY_MAX);
	memcpy(large, "a:1", 3);
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "f%zu", i);
		put(s, name, large, HOOK_BODY_MAX);
	}
	spool_look(spool, now);
	now += SPOOL_QUIET_MS;
	spool_look(spool, now);
	assert_int_equal(heard.count, SPOOL_BYTES_MAX / HOOK_BODY_MAX);
	for (i = 0; i < 2; i++) {
		assert_true(spool_until(spool) <= now + SPOOL_PACE_MS);
		now += SPOOL_PACE_MS;
		spool_look(spool, now);
	}
	assert_int_equal(heard.count, 10);
	assert_int_equal(spool_until(spool), now + SPOOL_LOOK_MS);
	free(large);
	spool_free(spool);
	notice_free(notice);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, scratch_setup, \
		    scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_quiet),
		TEST(test_odd),
		TEST(test_many),
		TEST(test_turns),
		TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
