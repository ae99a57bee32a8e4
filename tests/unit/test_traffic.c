/* status/traffic.json: what nginx has sent, by its log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/report.h"
#include "report/traffic.h"
#include "scratch.h"
#include "open_store.h"

#define T0	1795132800	/* 2026-11-20T00:00:00Z */
#define DAY	86400

#define LINE(time, method, kind, status, bytes)	"{\"time\":\"" time \
	"\",\"client\":\"::1\",\"method\":\"" method "\",\"kind\":\"" kind \
	"\",\"registry\":\"docker.io\",\"repository\":\"library/x\"," \
	"\"reference\":\"1\",\"digest\":\"\",\"path\":\"\",\"ns\":\"\"," \
	"\"status\":" status ",\"bytes\":" bytes ",\"seconds\":0.001," \
	"\"range\":\"\",\"protocol\":\"HTTP/1.1\",\"user_agent\":\"x\"}\n"
#define BLOB(bytes)	LINE("2026-11-20T10:00:00+00:00", "GET", "blob", \
	    "200", bytes)
#define NEXT(bytes)	LINE("2026-11-21T10:00:00+00:00", "GET", "manifest", \
	    "206", bytes)

static int
look(const struct scratch *s, struct store *st, int64_t now, struct err *e)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/log", s->path);
	return traffic_save(st, path, now, e);
}

/* The days, one "DAY:BYTES/REQUESTS " each. */
static void
expect(const struct scratch *s, struct store *st, int64_t now, const char *want)
{
	char *text, *at, got[8192] = "";
	unsigned long long bytes, requests;
	char day[16];
	struct err e;

	if (look(s, st, now, &e) == -1)
		fail_msg("%s", e.msg);
	text = scratch_get(s, "status/traffic.json");
	for (at = text; at != NULL && (at = strstr(at, "{\"day\"")) != NULL;
	    at++)
		if (sscanf(at, "{\"day\":\"%10[0-9-]\",\"bytes\":%llu,"
		    "\"requests\":%llu}", day, &bytes, &requests) == 3)
			snprintf(got + strlen(got), sizeof(got) - strlen(got),
			    "%s:%llu/%llu ", day, bytes, requests);
	free(text);
	assert_string_equal(got, want);
}

static void
append(const struct scratch *s, const char *name, const char *text, size_t len)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->path, name);
	f = fopen(path, "a");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

#define ADD(text)	append(s, "log", text, strlen(text))

static void
test_lines(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);
	struct err e;

	assert_int_equal(look(s, st, T0 + DAY, &e), -1);
	assert_non_null(strstr(e.msg, "no such file"));
	ADD(BLOB("100"));
	expect(s, st, T0 + DAY, "2026-11-20:100/1 ");
	expect(s, st, T0 + DAY, "2026-11-20:100/1 ");
	ADD(BLOB("7") NEXT("5"));
	/* The first minute of the next day here, of the last hour there. */
	ADD(LINE("2026-11-21T01:30:00+02:00", "GET", "blob", "200", "1000"));
	ADD(LINE("2026-11-20T23:30:00-02:00", "GET", "blob", "200", "3000"));
	expect(s, st, T0 + DAY, "2026-11-20:1107/3 2026-11-21:3005/2 ");
	/* What is no image for a node. */
	ADD(LINE("2026-11-20T10:00:00+00:00", "HEAD", "blob", "200", "1"));
	ADD(LINE("2026-11-20T10:00:00+00:00", "GET", "other", "200", "1"));
	ADD(LINE("2026-11-20T10:00:00+00:00", "GET", "health", "200", "1"));
	ADD(LINE("2026-11-20T10:00:00+00:00", "GET", "blob", "404", "1"));
	ADD(LINE("2026-11-20T10:00:00+00:00", "GET", "blob", "200", "-1"));
	ADD(LINE("2026-11-20T10:00:00", "GET", "blob", "200", "1"));
	ADD(LINE("x", "GET", "blob", "200", "1"));
	ADD(LINE("2026-11-29T10:00:00+00:00", "GET", "blob", "200", "1"));
	ADD(LINE("2026-01-01T10:00:00+00:00", "GET", "blob", "200", "1"));
	ADD("\n[]\n{\"time\":\"\n");
	/* A client's own words are escaped. */
	ADD("{\"time\":\"2026-11-20T10:00:00+00:00\",\"method\":\"GET\","
	    "\"path\":\",\\\"kind\\\":\\\"blob\\\",\\\"status\\\":200,\","
	    "\"kind\":\"other\",\"status\":200,\"bytes\":9}\n");
	append(s, "log", "\0\0\0\n", 4);
	expect(s, st, T0 + DAY, "2026-11-20:1107/3 2026-11-21:3005/2 ");
	ADD(BLOB("1"));
	expect(s, st, T0 + DAY, "2026-11-20:1108/4 2026-11-21:3005/2 ");
	store_close(st);
}

/* The last line is still being written; one is too long. */
static void
test_parts(void **state)
{
	static const char line[] = BLOB("40");
	struct scratch *s = *state;
	struct store *st = open_store(s);
	char *longest = xmalloc(3 * LOG_LINE_MAX);

	append(s, "log", line, 20);
	expect(s, st, T0, "");
	append(s, "log", line + 20, strlen(line) - 20);
	expect(s, st, T0, "2026-11-20:40/1 ");
	append(s, "log", line, strlen(line) - 1);
	expect(s, st, T0, "2026-11-20:40/1 ");
	append(s, "log", "\n", 1);
	expect(s, st, T0, "2026-11-20:80/2 ");
	memset(longest, ' ', 3 * LOG_LINE_MAX);
	memcpy(longest, line, strlen(line) - 1);
	longest[3 * LOG_LINE_MAX - 1] = '\n';
	append(s, "log", longest, 3 * LOG_LINE_MAX);
	ADD(BLOB("1"));
	expect(s, st, T0, "2026-11-20:81/3 ");
	free(longest);
	store_close(st);
}

static void
rename_to(const struct scratch *s, const char *from, const char *to)
{
	assert_int_equal(renameat(s->dir, from, s->dir, to), 0);
}

static void
rename_log(const struct scratch *s)
{
	rename_to(s, "log", "log.1");
}

/* What may be missing: "AFTER BEFORE" of traffic.json, which the run has told,
 * too; "" where nothing is. */
static void
expect_lost(const struct scratch *s, struct store *st, const char *want)
{
	struct err e;
	int rc = look(s, st, T0 + DAY, &e);
	char *text = scratch_get(s, "status/traffic.json");
	const char *at = strstr(text, "\"lost\":");
	char got[64] = "", after[32], before[32];

	if (at != NULL && sscanf(at, "\"lost\":{\"after\":\"%20[^\"]\","
	    "\"before\":\"%20[^\"]\"}", after, before) == 2)
		snprintf(got, sizeof(got), "%s %s", after, before);
	assert_string_equal(got, want);
	assert_int_equal(rc, want[0] != '\0');
	if (rc == 1) {
		assert_non_null(strstr(e.msg, after));
		assert_non_null(strstr(e.msg, before));
	}
	/* It is told once. */
	assert_int_equal(look(s, st, T0 + DAY, &e), 0);
	free(text);
}

static void
test_rotated(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);

	ADD(BLOB("1") BLOB("2"));
	expect(s, st, T0 + DAY, "2026-11-20:3/2 ");
	/* What came before it was renamed, and what has come since. */
	ADD(BLOB("10"));
	rename_log(s);
	ADD(NEXT("100"));
	expect(s, st, T0 + DAY, "2026-11-20:13/3 2026-11-21:100/1 ");
	/* The new one has nothing so far. */
	ADD(NEXT("200"));
	rename_log(s);
	scratch_put(s, "log", "");
	expect(s, st, T0 + DAY, "2026-11-20:13/3 2026-11-21:300/2 ");
	expect(s, st, T0 + DAY, "2026-11-20:13/3 2026-11-21:300/2 ");
	ADD(BLOB("1000"));
	expect(s, st, T0 + DAY, "2026-11-20:1013/4 2026-11-21:300/2 ");
	/* It is not there any more. */
	scratch_put(s, "log.1", "");
	scratch_put(s, "log", NEXT("5000"));
	expect(s, st, T0 + DAY, "2026-11-20:1013/4 2026-11-21:5300/3 ");
	store_close(st);
}

/* More than once between two runs, by numbers: each log once, in order. */
static void
test_rotated_twice(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);
	char name[16], next[16];
	int i;

	ADD(BLOB("1"));
	expect(s, st, T0 + DAY, "2026-11-20:1/1 ");
	ADD(BLOB("10"));
	rename_to(s, "log", "log.2");
	scratch_put(s, "log.1", BLOB("100") "\n");
	ADD(NEXT("1000"));
	expect(s, st, T0 + DAY, "2026-11-20:111/3 2026-11-21:1000/1 ");
	expect(s, st, T0 + DAY, "2026-11-20:111/3 2026-11-21:1000/1 ");
	/* What has been counted is not looked at; one may be empty, and one is
	 * compressed. */
	for (i = 12; i > 2; i--) {
		snprintf(name, sizeof(name), "log.%d", i);
		scratch_put(s, name, i == 7 ? "" : i == 8 ? BLOB("3") :
		    "x\n" BLOB("2"));
	}
	scratch_put(s, "log.13.gz", "x");
	scratch_put(s, "log.1x", BLOB("7"));
	rename_to(s, "log", "log.11");
	scratch_put(s, "log", "");
	for (i = 10; i > 0; i--) {
		snprintf(next, sizeof(next), "log.%d", i);
		scratch_put(s, next, i == 5 ? "" : "\n" NEXT("5"));
	}
	/* As copytruncate does, between the two steps. */
	scratch_put(s, "log.1", "cut\n" NEXT("7"));
	scratch_put(s, "log", "cut\n" NEXT("7") NEXT("8"));
	expect(s, st, T0 + DAY, "2026-11-20:111/3 2026-11-21:1055/11 ");
	expect(s, st, T0 + DAY, "2026-11-20:111/3 2026-11-21:1055/11 ");
	expect_lost(s, st, "");
	store_close(st);
}

/* By dates: so it is where logrotate is told dateext. */
static void
test_rotated_by_date(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);

	scratch_put(s, "log-20261118", BLOB("7000"));
	ADD(BLOB("1"));
	expect(s, st, T0 + DAY, "2026-11-20:1/1 ");
	ADD(BLOB("10"));
	rename_to(s, "log", "log-20261120");
	scratch_put(s, "log-20261120-1795190400", "x\n" BLOB("20"));
	scratch_put(s, "log-20261121", NEXT("100"));
	scratch_put(s, "log-20261119.gz", BLOB("7"));
	scratch_put(s, "log-old", BLOB("7"));
	scratch_put(s, "log", "");
	expect(s, st, T0 + DAY, "2026-11-20:31/3 2026-11-21:100/1 ");
	append(s, "log-20261121", NEXT("200"), strlen(NEXT("200")));
	ADD("\n" NEXT("1000"));
	expect(s, st, T0 + DAY, "2026-11-20:31/3 2026-11-21:1300/3 ");
	expect_lost(s, st, "");
	store_close(st);
}

/* The log that was read last is compressed: what has come since is counted,
 * what was counted is not counted again, and it is said what may be missing. */
static void
test_compressed(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);

	scratch_put(s, "log.1", BLOB("5000"));
	ADD(LINE("2026-11-20T11:00:00+01:00", "GET", "blob", "200", "1"));
	expect(s, st, T0 + DAY, "2026-11-20:1/1 ");
	expect_lost(s, st, "");
	rename_to(s, "log.1", "log.4");
	scratch_put(s, "log.3.gz", "x");
	scratch_put(s, "log.2", LINE("2026-11-20T12:00:00+00:00", "GET",
	    "blob", "200", "10"));
	scratch_put(s, "log.1", LINE("2026-11-20T13:00:00+00:00", "GET",
	    "blob", "200", "100"));
	scratch_put(s, "log", "");
	expect_lost(s, st, "2026-11-20T10:00:00Z 2026-11-20T12:00:00Z");
	expect(s, st, T0 + DAY, "2026-11-20:111/3 ");
	/* And none of them is left. */
	rename_to(s, "log.2", "log.3.gz");
	rename_to(s, "log.1", "log.2.gz");
	ADD(NEXT("1000"));
	expect_lost(s, st, "2026-11-20T13:00:00Z 2026-11-21T10:00:00Z");
	expect(s, st, T0 + DAY, "2026-11-20:111/3 2026-11-21:1000/1 ");
	store_close(st);
}

/* It may be written to until nginx is told of the new one. */
static void
test_between(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);

	ADD(BLOB("1"));
	expect(s, st, T0 + DAY, "2026-11-20:1/1 ");
	rename_log(s);
	scratch_put(s, "log", "");
	expect(s, st, T0 + DAY, "2026-11-20:1/1 ");
	append(s, "log.1", BLOB("10"), strlen(BLOB("10")));
	expect(s, st, T0 + DAY, "2026-11-20:11/2 ");
	append(s, "log.1", BLOB("100"), strlen(BLOB("100")));
	ADD(NEXT("5"));
	expect(s, st, T0 + DAY, "2026-11-20:111/3 2026-11-21:5/1 ");
	store_close(st);
}

/* Cut, by copytruncate, or by hand; the first line is as it was. */
static void
test_cut(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);

	ADD("\n" BLOB("1") BLOB("2"));
	expect(s, st, T0 + DAY, "2026-11-20:3/2 ");
	scratch_put(s, "log.1", "\n" BLOB("1") BLOB("2") BLOB("10"));
	scratch_put(s, "log", "\n" NEXT("100"));
	expect(s, st, T0 + DAY, "2026-11-20:13/3 2026-11-21:100/1 ");
	expect(s, st, T0 + DAY, "2026-11-20:13/3 2026-11-21:100/1 ");
	store_close(st);
}

static uint64_t
at_of(const struct scratch *s)
{
	char *text = scratch_get(s, "status/traffic.json");
	char *at = text == NULL ? NULL : strstr(text, "\"at\":");
	uint64_t n = at == NULL ? 0 : strtoull(at + 5, NULL, 10);

	free(text);
	return n;
}

/* A file with holes, of which a line never ends, takes no run for long. */
static void
test_endless(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);
	int fd;

	ADD(BLOB("1"));
	expect(s, st, T0, "2026-11-20:1/1 ");
	fd = openat(s->dir, "log", O_WRONLY);
	assert_int_equal(ftruncate(fd, TRAFFIC_BYTES_MAX + (32 << 20)), 0);
	close(fd);
	expect(s, st, T0, "2026-11-20:1/1 ");
	assert_true(at_of(s) >= TRAFFIC_BYTES_MAX);
	assert_true(at_of(s) < TRAFFIC_BYTES_MAX + 2 * LOG_LINE_MAX);
	ADD("\n" BLOB("2"));
	expect(s, st, T0, "2026-11-20:3/2 ");
	store_close(st);
}

/* Days of a clock that was wrong go when it is right again; others stay. */
static void
test_clock(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);

	ADD(LINE("2026-11-18T10:00:00+00:00", "GET", "blob", "200", "1"));
	ADD(LINE("2026-11-19T10:00:00+00:00", "GET", "blob", "200", "2"));
	ADD(BLOB("3"));
	expect(s, st, T0, "2026-11-18:1/1 2026-11-19:2/1 2026-11-20:3/1 ");
	ADD(LINE("1970-01-02T00:00:00+00:00", "GET", "blob", "200", "7"));
	expect(s, st, DAY, "1970-01-02:7/1 2026-11-18:1/1 2026-11-19:2/1 "
	    "2026-11-20:3/1 ");
	ADD(BLOB("10"));
	expect(s, st, T0, "2026-11-18:1/1 2026-11-19:2/1 2026-11-20:13/2 ");
	ADD(LINE("2036-01-02T00:00:00+00:00", "GET", "blob", "200", "8"));
	expect(s, st, 2082844800, "2026-11-18:1/1 2026-11-19:2/1 "
	    "2026-11-20:13/2 2036-01-02:8/1 ");
	ADD(NEXT("5"));
	expect(s, st, T0 + DAY, "2026-11-18:1/1 2026-11-19:2/1 "
	    "2026-11-20:13/2 2026-11-21:5/1 ");
	store_close(st);
}

/* 90 days, then the oldest goes; a clock that goes back brings none back. */
static void
test_days(void **state)
{
	struct scratch *s = *state;
	struct store *st = open_store(s);
	char line[512], *text, *at;
	int i, days = 0;
	struct err e;

	for (i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), LINE("2026-%02d-%02d"
		    "T10:00:00+00:00", "GET", "blob", "200", "1"), 8 + i / 28,
		    1 + i % 28);
		ADD(line);
	}
	assert_int_equal(look(s, st, T0, &e), 0);
	text = scratch_get(s, "status/traffic.json");
	assert_null(strstr(text, "2026-08-22"));
	assert_non_null(strstr(text, "2026-08-23"));
	assert_non_null(strstr(text, "2026-11-16"));
	for (at = text; (at = strstr(at, "\"day\"")) != NULL; at++)
		days++;
	assert_true(days <= (int)TRAFFIC_DAYS_MAX && days > 70);
	free(text);
	store_close(st);
}

static void
test_damaged(void **state)
{
	static const char *const texts[] = {
		"", "{", "[]", "{\"days\":7}",
		"{\"log\":\"\\\"><x\",\"at\":99999,\"days\":[]}",
		"{\"log\":\"\",\"at\":99999,\"days\":[]}",
		"{\"at\":9007199254740992,\"log\":\"0123456789abcdef\"}",
		("{\"log\":7,\"at\":-1,\"days\":[7,{},{\"day\":\"x\"},"
		    "{\"day\":\"2999-01-01\",\"bytes\":1,\"requests\":1}]}"),
	};
	struct scratch *s = *state;
	struct store *st = open_store(s);
	struct err e;
	size_t i;

	ADD(BLOB("99999999999999999999999") BLOB("9007199254740991"));
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		scratch_put(s, "status/traffic.json", texts[i]);
		expect(s, st, T0, "2026-11-20:9007199254740992/2 ");
	}
	/* No pipe holds up a run. */
	assert_int_equal(unlinkat(s->dir, "log", 0), 0);
	assert_int_equal(mkfifoat(s->dir, "log", 0600), 0);
	assert_int_equal(look(s, st, T0, &e), -1);
	assert_non_null(strstr(e.msg, "not a regular file"));
	store_close(st);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, scratch_setup, \
		    scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_lines),
		TEST(test_parts),
		TEST(test_rotated),
		TEST(test_rotated_twice),
		TEST(test_rotated_by_date),
		TEST(test_compressed),
		TEST(test_between),
		TEST(test_cut),
		TEST(test_endless),
		TEST(test_clock),
		TEST(test_days),
		TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
