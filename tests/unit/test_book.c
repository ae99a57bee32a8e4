#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "scratch.h"
#include "open_store.h"
#include "report/book.h"
#include "report/metrics.h"
#include "report/report.h"
#include "report/status.h"
#include "report/status_images.h"

#define MANY	5000
#define FEW	20
/* Images of which the lines are more than STATUS_CHANGED_MIN. */
#define LIST	1200
#define LINES	"status/lines.json"
#define EARLIER	"status/lines-earlier.json"

static const struct book_kind kind = { "lines", STATUS_LINE_MAX, strcmp };

static void
print_head(FILE *out, const char *earlier, void *cookie)
{
	(void)cookie;
	fprintf(out, "{\"a\":1");
	if (earlier != NULL)
		fprintf(out, ",\"earlier\":\"%s\"", earlier);
	fputs(",\"images\":[\n", out);
}

/* What a line says: version[i], or nothing where that is 0. */
static void
save(struct store *st, const unsigned char *version, size_t count)
{
	struct book_print print = { .head = print_head };
	char image[40], text[128];
	struct book_out *out;
	struct err e;
	size_t i;
	int len;

	out = book_begin(st, &kind, &e);
	assert_non_null(out);
	for (i = 0; i < count; i++) {
		if (version[i] == 0)
			continue;
		snprintf(image, sizeof(image), "r.example/x:%05zu", i);
		len = snprintf(text, sizeof(text), "{\"image\":\"%s\","
		    "\"version\":%d,\"more\":\"0123456789012345678901234567890"
		    "\"}", image, version[i]);
		book_put(out, image, text, (size_t)len);
	}
	assert_int_equal(book_end(out, &print, &e), 0);
}

/* Is just that read?  Return whether it is certain that it is all. */
static bool
is_read(struct store *st, const unsigned char *version, size_t count)
{
	struct book_in *in = book_open(st, &kind);
	struct book_line line;
	bool is_certain;
	char image[40];
	size_t i;

	assert_non_null(in);
	for (i = 0; i < count; i++) {
		if (version[i] == 0)
			continue;
		snprintf(image, sizeof(image), "r.example/x:%05zu", i);
		assert_true(book_peek(in, &line));
		assert_string_equal(line.image, image);
		assert_int_equal(book_count(&line, "version"), version[i]);
		assert_int_equal(strlen(line.text), line.len);
		book_skip(in);
	}
	assert_false(book_peek(in, &line));
	assert_false(book_is_damaged(in));
	is_certain = book_written(in) != 0;
	book_close(in);
	return is_certain;
}

static ino_t
file(const struct scratch *s, const char *path, off_t *size)
{
	struct stat sb = { 0 };

	if (fstatat(s->dir, path, &sb, 0) == -1)
		return 0;
	if (size != NULL)
		*size = sb.st_size;
	return sb.st_ino;
}

static void
test_small(void **state)
{
	struct store *st = open_store(*state);
	unsigned char version[FEW];
	off_t size;

	assert_null(book_open(st, &kind));
	memset(version, 1, sizeof(version));
	save(st, version, FEW);
	assert_int_equal(file(*state, EARLIER, NULL), 0);
	assert_true(is_read(st, version, FEW));
	version[3] = 0;
	version[4] = 2;
	save(st, version, FEW);
	assert_true(is_read(st, version, FEW));
	assert_int_equal(file(*state, EARLIER, NULL), 0);
	save(st, version, 0);
	assert_true(is_read(st, version, 0));
	assert_true(file(*state, LINES, &size) != 0 && size < 64);
	store_close(st);
}

/* As long as little changes the large file is the same. */
static void
test_large(void **state)
{
	struct store *st = open_store(*state);
	unsigned char *version = xcalloc(MANY + 2, 1);
	ino_t before;
	off_t size;
	size_t i;

	memset(version, 1, MANY);
	save(st, version, MANY);
	before = file(*state, EARLIER, &size);
	assert_true(before != 0 && size > STATUS_CHANGED_MIN);
	assert_true(file(*state, LINES, &size) != 0 && size < 128);
	assert_true(is_read(st, version, MANY));
	for (i = 2; i < 9; i++) {
		version[0] = (unsigned char)i;
		version[100 * i] = 0;
		version[MANY - 1] = i % 2 == 0 ? 0 : 7;
		version[MANY] = version[MANY + 1] = (unsigned char)(i / 3);
		save(st, version, MANY + 2);
		assert_true(is_read(st, version, MANY + 2));
		assert_int_equal(file(*state, EARLIER, NULL), before);
		assert_true(file(*state, LINES, &size) != 0 && size < 2048);
	}
	/* What is as it was before is not said. */
	memset(version, 1, MANY);
	version[MANY] = version[MANY + 1] = 0;
	save(st, version, MANY);
	assert_true(file(*state, LINES, &size) != 0 && size < 128);
	/* Much. */
	memset(version, 2, MANY);
	save(st, version, MANY);
	assert_true(is_read(st, version, MANY));
	assert_int_not_equal(file(*state, EARLIER, NULL), before);
	assert_true(file(*state, LINES, &size) != 0 && size < 128);
	assert_int_equal(scratch_count(*state, "_state/tmp"), 0);
	free(version);
	store_close(st);
}

/* Who dies between the two has lost nothing but the first line. */
static void
test_died_between(void **state)
{
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	unsigned char *version = xcalloc(MANY, 1);
	char *old;

	memset(version, 1, MANY);
	save(st, version, MANY);
	version[7] = 5;
	save(st, version, MANY);
	old = scratch_get(s, LINES);
	memset(version, 2, MANY);
	version[8] = 0;
	save(st, version, MANY);
	assert_int_equal(unlinkat(s->dir, LINES, 0), 0);
	scratch_put(s, LINES, old);
	assert_false(is_read(st, version, MANY));
	/* The next one writes little, and all is right. */
	version[9] = 3;
	save(st, version, MANY);
	assert_true(is_read(st, version, MANY));
	/* And without the first one. */
	assert_int_equal(unlinkat(s->dir, LINES, 0), 0);
	version[9] = 2;
	assert_false(is_read(st, version, MANY));
	free(version);
	free(old);
	store_close(st);
}

/* Files of the tree are read-only: another one takes the place. */
static void
cut(const struct scratch *s, const char *path, off_t size)
{
	assert_int_equal(fchmodat(s->dir, path, 0644, 0), 0);
	int fd = openat(s->dir, path, O_WRONLY);

	assert_int_not_equal(fd, -1);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static void
test_damaged(void **state)
{
	static const off_t cuts[] = { 0, 1, 20, 70, 1000, 200000 };
	const struct scratch *s = *state;
	struct store *st = open_store(s);
	unsigned char *version = xcalloc(MANY, 1);
	struct book_in *in;
	struct book_line line;
	size_t i, seen;

	memset(version, 1, MANY);
	for (i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		save(st, version, MANY);
		cut(s, EARLIER, cuts[i]);
		in = book_open(st, &kind);
		assert_non_null(in);
		for (seen = 0; book_peek(in, &line); seen++)
			book_skip(in);
		assert_true(seen < MANY);
		assert_true(book_is_damaged(in) || book_written(in) == 0);
		book_close(in);
		version[1] ^= 2;
		save(st, version, MANY);
		assert_true(is_read(st, version, MANY));
	}
	/* It is gone, and a line in its middle is somebody's. */
	assert_int_equal(unlinkat(s->dir, EARLIER, 0), 0);
	in = book_open(st, &kind);
	assert_non_null(in);
	assert_int_equal(book_written(in), 0);
	book_close(in);
	save(st, version, MANY);
	assert_true(is_read(st, version, MANY));
	free(version);
	store_close(st);
}

/* A member is found by sight as it would be found by reading. */
static void
test_members(void **state)
{
	const struct book_line line = {
		.text = "{\"image\":\"a\",\"error\":\"x,\\\"size\\\":7,\","
		    "\"when\":\"2026-11-20T00:00:00Z\",\"result\":\"ok\","
		    "\"size\":12,\"bad\":-1,\"quoted\":\"a\\\"b\"}",
	};
	size_t len;
	const char *text;

	(void)state;
	assert_int_equal(book_count(&line, "size"), 12);
	assert_int_equal(book_count(&line, "bad"), 0);
	assert_int_equal(book_count(&line, "result"), 0);
	assert_int_equal(book_count(&line, "none"), 0);
	assert_true(book_time(&line, "when") == 1795132800);
	assert_true(book_time(&line, "result") == 0);
	text = book_text(&line, "result", &len);
	assert_non_null(text);
	assert_int_equal(len, 2);
	assert_memory_equal(text, "ok", 2);
	assert_null(book_text(&line, "size", &len));
	assert_null(book_text(&line, "quoted", &len));
	assert_null(book_text(&line, "image", &len));
}

/* --- the same of status.json -------------------------------------------- */

/* A run at ${when} whose list has the images from ${from} on, with nothing
 * new; those below ${failed} fail. */
static void
run(struct store *st, int64_t when, size_t from, size_t to, size_t failed)
{
	struct status *s = status_new(when - 1);
	struct status_end end = { .now = when, .result = "ok" };
	struct status_record *r;
	struct err e;
	char image[64];
	size_t i;

	for (i = from; i < to; i++) {
		snprintf(image, sizeof(image), "r.example/x-%04zu:%zu", i / 5,
		    i % 5);
		r = status_record_new(image);
		r->result = i < failed ? STATUS_FAILED : STATUS_UNCHANGED;
		r->reason = i < failed ? ERR_NET : ERR_NONE;
		r->last_success = i < failed ? 0 : when;
		r->size = 1000 + i;
		r->has_digest = i >= failed;
		digest_of(DIGEST_SHA256, image, strlen(image), &r->digest);
		status_image(s, r);
	}
	assert_int_equal(status_save(s, st, &end, &e), 0);
	status_free(s);
}

/* Two lists in turn, and an image by itself now and then: soon nothing of any
 * image is written. */
static void
test_lists_in_turn(void **state)
{
	struct store *st = open_store(*state);
	int64_t now = 1795132800;
	ino_t before = 0;
	off_t size = 0;
	size_t turn;

	run(st, now++, 0, MANY, 0);
	for (turn = 0; turn < 6; turn++) {
		run(st, now++, 0, MANY / 2, 0);
		run(st, now++, MANY / 2, MANY, 0);
		run(st, now++, turn, turn + 1, 0);
		if (turn >= 3)
			assert_int_equal(file(*state,
			    "status/status-earlier.json", NULL), before);
		before = file(*state, "status/status-earlier.json", NULL);
		assert_int_not_equal(before, 0);
		assert_true(file(*state, "status/status.json", &size) != 0);
		assert_true(turn < 3 || size < 4096);
	}
	store_close(st);
}

/* More lists than there are groups, each with images of its own; then one with
 * all of these, and some more: what is known of each is of that run. */
static void
test_too_many_groups(void **state)
{
	struct store *st = open_store(*state);
	int64_t now = 1795132800;
	struct book_line line;
	struct book_in *in;
	size_t i, images = 0;

	for (i = 0; i + 1 < STATUS_GROUPS_MAX; i++)
		run(st, now++, i * LIST, (i + 1) * LIST, 0);
	run(st, now, 0, STATUS_GROUPS_MAX * LIST, 0);
	in = book_open(st, &status_book);
	assert_non_null(in);
	for (; book_peek(in, &line); book_skip(in), images++)
		if (book_count(&line, "group") == 0)
			assert_true(book_time(&line, "last_listed") == now);
	assert_int_equal(images, STATUS_GROUPS_MAX * LIST);
	book_close(in);
	store_close(st);
}

/* --- metrics ------------------------------------------------------------ */

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text++;
		n++;
	}
	return n;
}

static char *
metrics(const struct scratch *s, size_t images, size_t failed)
{
	struct store *st = open_store(s);
	char *text;
	int fd;

	run(st, 1795132800, 0, images, failed);
	store_close(st);
	text = xcalloc(1, 1u << 20);
	fd = openat(s->dir, "status/metrics", O_RDONLY);
	assert_true(read(fd, text, (1u << 20) - 1) > 0);
	close(fd);
	return text;
}

static void
test_metrics_at_the_bound(void **state)
{
	char *text = metrics(*state, METRICS_IMAGES_MAX, 300);

	assert_int_equal(count(text, "\ncdr_image_sync_success{"),
	    METRICS_IMAGES_MAX);
	assert_int_equal(count(text, "\ncdr_repository_images{"),
	    METRICS_IMAGES_MAX / 5);
	assert_non_null(strstr(text,
	    "\ncdr_metrics_left_out{kind=\"images\"} 0\n"));
	assert_non_null(strstr(text,
	    "\ncdr_metrics_left_out{kind=\"failed_images\"} 0\n"));
	free(text);
}

static void
test_metrics_beyond(void **state)
{
	char *text = metrics(*state, MANY, 300);

	assert_true(strlen(text) < 300000);
	assert_int_equal(count(text, "\ncdr_image_sync_success{"),
	    METRICS_FAILED_MAX);
	assert_int_equal(count(text, "\ncdr_image_sync_success{image=\"r.exam"
	    "ple/x-0000:0\"} 0\n"), 1);
	/* 60 of these have failures, and are told whatever comes later. */
	assert_int_equal(count(text, "\ncdr_repository_images{"),
	    METRICS_REPOSITORIES_MAX);
	assert_int_equal(count(text, "} 5\n"), METRICS_REPOSITORIES_MAX + 60);
	assert_non_null(strstr(text, "\ncdr_repository_images_failed{repositor"
	    "y=\"r.example/x-0059\"} 5\n"));
	assert_non_null(strstr(text, "\ncdr_repository_size_bytes{repository="
	    "\"r.example/x-0000\"} 5010\n"));
	assert_non_null(strstr(text, "\ncdr_metrics_left_out{kind=\"images\"}"
	    " 4800\n"));
	assert_non_null(strstr(text, "\ncdr_metrics_left_out{kind=\"failed_ima"
	    "ges\"} 100\n"));
	assert_non_null(strstr(text, "\ncdr_metrics_left_out{kind=\"repositori"
	    "es\"} 500\n"));
	free(text);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, scratch_setup, \
		    scratch_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_small),
		TEST(test_large),
		TEST(test_died_between),
		TEST(test_damaged),
		TEST(test_members),
		TEST(test_lists_in_turn),
		TEST(test_too_many_groups),
		TEST(test_metrics_at_the_bound),
		TEST(test_metrics_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
