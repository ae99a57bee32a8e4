#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "registry/quota.h"
#include "registry/quota_book.h"
#include "transfer/link/ration.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
/* 2026-11-20 08:05:00 UTC */
#define NOW	INT64_C(1795161900)
#define HOUR	3600
#define WINDOW	(6 * HOUR)

/* --- the headers ------------------------------------------------------- */

static const struct {
	const char *text;
	int64_t n;		/* -1: makes no sense */
	int64_t window_s;
} numbers[] = {
	{ "76;w=21600", 76, 21600 },
	{ "0;w=21600", 0, 21600 },
	{ "100", 100, 0 },
	{ " 100 ; w=60 ", 100, 60 },
	{ "100;W=60", 100, 60 },
	{ "100;comment=x;w=60;burst=7", 100, 60 },
	{ "1000000000;w=2592000", 1000000000, 2592000 },
	{ "", -1, 0 },
	{ " ", -1, 0 },
	{ "-1;w=21600", -1, 0 },
	{ "+5", -1, 0 },
	{ "many", -1, 0 },
	{ "0x10", -1, 0 },
	{ "76.5", -1, 0 },
	{ "76 77", -1, 0 },
	{ "76,77;w=60", -1, 0 },
	{ "76;w=", -1, 0 },
	{ "76;w=-60", -1, 0 },
	{ "76;w=soon", -1, 0 },
	{ "76;w=60s", -1, 0 },
	{ "76;w=2592001", -1, 0 },
	{ "1000000001", -1, 0 },
	{ "99999999999999999999999", -1, 0 },
	{ "76;w=99999999999999999999999", -1, 0 },
	{ ";w=60", -1, 0 },
};

static void
numbers_are_read(void **state)
{
	int64_t n, window_s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(numbers); i++) {
		n = window_s = 77777;
		if (quota_number(numbers[i].text, &n, &window_s) !=
		    (numbers[i].n >= 0))
			fail_msg("\"%s\"", numbers[i].text);
		if (n != (numbers[i].n >= 0 ? numbers[i].n : 77777) ||
		    window_s != (numbers[i].n >= 0 ? numbers[i].window_s :
		    77777))
			fail_msg("\"%s\": %lld in %lld s", numbers[i].text,
			    (long long)n, (long long)window_s);
	}
}

static const struct {
	const char *body, *remaining;
	bool is_pull_limit;
} refusals[] = {
	{ "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"You have "
	    "reached your unauthenticated pull rate limit.\"}]}", NULL, true },
	{ "You have reached your pull rate limit.", NULL, true },
	{ "YOU HAVE REACHED YOUR PULL RATE LIMIT", "5;w=60", true },
	{ "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\"}]}", "0;w=21600", true },
	{ "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\"}]}", "5;w=21600", false },
	{ "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\"}]}", NULL, false },
	{ "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\"}]}", "none", false },
	{ "Too Many Requests (HAP429).", NULL, false },
	{ "Too Many Requests (HAP429).", "0;w=21600", false },
	{ "pull rate limi", NULL, false },
	{ "", "0;w=21600", false },
};

static void
limits_are_told_apart(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refusals); i++)
		if (quota_is_pull_limit(refusals[i].body,
		    strlen(refusals[i].body), refusals[i].remaining) !=
		    refusals[i].is_pull_limit)
			fail_msg("%zu: %s", i, refusals[i].body);
}

/* --- what may be spent ------------------------------------------------- */

/* What happened before, in order, to a fresh quota. */
enum step { END, SEE, SEE_LATE, GOT, BEGIN, LEAVE, CLOSE };

struct event {
	enum step what;
	int64_t at;			/* after NOW */
	const char *limit, *remaining, *source;
	int64_t wait_s;			/* CLOSE */
};

#define SEES(at, remaining)	{ SEE, at, "100;w=21600", remaining, "a", 0 }

static const struct {
	const char *what;
	struct event events[6];
	int64_t at;
	unsigned min_left;
	enum ration_verdict leave;
	int64_t next;			/* after NOW; -1: not known */
} cases[] = {
	{ "nothing is known", { { END, 0, NULL, NULL, NULL, 0 } }, 0, 10,
	    RATION_GO, -1 },
	{ "plenty", { SEES(0, "50;w=21600") }, 1, 10, RATION_GO, WINDOW },
	{ "as many as are kept", { SEES(0, "10;w=21600") }, 1, 10, RATION_STOP,
	    WINDOW },
	{ "one more", { SEES(0, "11;w=21600") }, 1, 10, RATION_GO, WINDOW },
	{ "nothing is kept", { SEES(0, "0;w=21600") }, 1, 0, RATION_GO,
	    WINDOW },
	{ "one more, and one in flight", { SEES(0, "11;w=21600"),
	    { BEGIN, 0, NULL, NULL, NULL, 0 } }, 1, 10, RATION_WAIT, WINDOW },
	{ "which comes to nothing", { SEES(0, "11;w=21600"),
	    { BEGIN, 0, NULL, NULL, NULL, 0 },
	    { LEAVE, 0, NULL, NULL, NULL, 0 } }, 1, 10, RATION_GO, WINDOW },
	{ "a pull that tells nothing counts", { SEES(0, "11;w=21600"),
	    { GOT, 1, NULL, NULL, NULL, 0 } }, 1, 10, RATION_STOP, WINDOW },
	{ "so does one that tells nonsense", { SEES(0, "11;w=21600"),
	    { GOT, 1, "100;w=21600", "lots", "a", 0 } }, 1, 10, RATION_STOP,
	    WINDOW },
	{ "nonsense alone", { SEES(0, "-7;w=21600"), SEES(1, "x"),
	    SEES(2, "") }, 3, 10, RATION_GO, -1 },
	{ "more left than there are", { SEES(0, "101;w=21600") }, 1, 1000,
	    RATION_GO, -1 },
	{ "a limit of none", { { SEE, 0, "0;w=21600", "0;w=21600", "a", 0 } },
	    1, 10, RATION_GO, -1 },
	{ "no limit", { { SEE, 0, NULL, "3;w=21600", "a", 0 } }, 1, 10,
	    RATION_STOP, WINDOW },
	{ "the limit tells the window", { { SEE, 0, "100;w=60", "3", "a", 0 } },
	    1, 10, RATION_STOP, 60 },
	{ "no window", { { SEE, 0, "100", "3", "a", 0 } }, 99 * WINDOW, 10,
	    RATION_STOP, -1 },
	{ "the window has passed", { SEES(0, "3;w=21600") }, WINDOW, 10,
	    RATION_GO, -1 },
	{ "nearly", { SEES(0, "3;w=21600") }, WINDOW - 1, 10, RATION_STOP,
	    WINDOW },
	{ "looking does not lengthen it", { SEES(0, "3;w=21600"),
	    SEES(HOUR, "3;w=21600"), SEES(2 * HOUR, "3;w=21600") }, 2 * HOUR,
	    10, RATION_STOP, WINDOW },
	{ "it begins with the first pull", { SEES(0, "100;w=21600"),
	    SEES(HOUR, "100;w=21600"), SEES(2 * HOUR, "3;w=21600"),
	    SEES(3 * HOUR, "2;w=21600") }, 3 * HOUR, 10, RATION_STOP,
	    HOUR + WINDOW },
	{ "a new one", { SEES(0, "3;w=21600"), SEES(HOUR, "60;w=21600") },
	    HOUR, 10, RATION_GO, HOUR + WINDOW },
	{ "an answer that was overtaken", { SEES(0, "9;w=21600"),
	    { SEE_LATE, 1, "100;w=21600", "12;w=21600", "a", 0 } }, 1, 10,
	    RATION_STOP, WINDOW },
	{ "or that has less", { SEES(0, "12;w=21600"),
	    { SEE_LATE, 1, "100;w=21600", "9;w=21600", "a", 0 } }, 1, 10,
	    RATION_STOP, WINDOW },
	{ "another address", { SEES(0, "3;w=21600"),
	    { SEE_LATE, 1, "100;w=21600", "90;w=21600", "b", 0 } }, 1, 10,
	    RATION_GO, 1 + WINDOW },
	{ "a clock set back", { SEES(0, "3;w=21600") }, -HOUR, 10, RATION_GO,
	    -1 },
	{ "a clock a little behind", { SEES(0, "3;w=21600") }, -60, 10,
	    RATION_STOP, WINDOW },
	{ "a clock set to a far time", { SEES(0, "3;w=21600") },
	    INT64_C(1) << 40, 10, RATION_GO, -1 },
	/* 429 */
	{ "refused", { SEES(0, "0;w=21600"),
	    { CLOSE, 1, NULL, NULL, NULL, -1 } }, 2, 0, RATION_STOP, WINDOW },
	{ "to the end of the window", { SEES(0, "0;w=21600"),
	    { CLOSE, 1, NULL, NULL, NULL, -1 } }, WINDOW, 0, RATION_GO, -1 },
	{ "refused, with a time", { SEES(0, "0;w=21600"),
	    { CLOSE, 1, NULL, NULL, NULL, 600 } }, 2, 0, RATION_STOP, 601 },
	{ "which has passed", { { CLOSE, 1, NULL, NULL, NULL, 600 } }, 601, 0,
	    RATION_GO, -1 },
	{ "refused, and no header ever", { { CLOSE, 1, NULL, NULL, NULL, -1 } },
	    99 * WINDOW, 0, RATION_STOP, -1 },
	{ "some are left again", { SEES(0, "0;w=21600"),
	    { CLOSE, 1, NULL, NULL, NULL, -1 }, SEES(2, "5;w=21600") }, 2, 0,
	    RATION_GO, 2 + WINDOW },
	{ "an older answer does not open it", { SEES(0, "0;w=21600"),
	    { CLOSE, 1, NULL, NULL, NULL, -1 },
	    { SEE_LATE, 2, "100;w=21600", "5;w=21600", "a", 0 } }, 2, 0,
	    RATION_STOP, WINDOW },
	{ "nor do headers that did not foretell it", { SEES(0, "76;w=21600"),
	    { CLOSE, 1, NULL, NULL, NULL, -1 }, SEES(2, "76;w=21600") }, 2, 0,
	    RATION_STOP, WINDOW },
	{ "another address opens it", { SEES(0, "0;w=21600"),
	    { CLOSE, 1, NULL, NULL, NULL, -1 },
	    { SEE, 2, "100;w=21600", "5;w=21600", "b", 0 } }, 2, 0, RATION_GO,
	    2 + WINDOW },
	{ "closed, and a clock set back", {
	    { CLOSE, 0, NULL, NULL, NULL, 600 } }, -HOUR, 0, RATION_GO, -1 },
};

static void
happen(struct quota *q, const struct event *v)
{
	const struct quota_headers h = { v->limit, v->remaining, v->source };

	switch (v->what) {
	case END:
		break;
	case SEE:
		quota_seen(q, &h, q->serial, false, NOW + v->at);
		break;
	case SEE_LATE:
		quota_seen(q, &h, q->serial - 1, false, NOW + v->at);
		break;
	case GOT:
		quota_seen(q, &h, q->serial, true, NOW + v->at);
		break;
	case BEGIN:
		quota_begin(q);
		break;
	case LEAVE:
		quota_end(q);
		break;
	case CLOSE:
		quota_close(q, v->wait_s, NOW + v->at);
		break;
	}
}

/* As transfer/pulls.c asks. */
static enum ration_verdict
may_spend(const struct quota *q, unsigned keep, int64_t now)
{
	const struct ration r = {
		.is_closed = quota_is_closed(q, now),
		.left = quota_left(q, now),
		.flight = q->flight,
		.keep = keep,
	};

	return ration_judge(&r);
}

static void
leave_is_given(void **state)
{
	struct quota q;
	enum ration_verdict leave;
	int64_t next, want;
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		quota_init(&q);
		for (j = 0; j < COUNT(cases[i].events); j++)
			happen(&q, &cases[i].events[j]);
		leave = may_spend(&q, cases[i].min_left,
		    NOW + cases[i].at);
		next = quota_next(&q, NOW + cases[i].at);
		want = cases[i].next < 0 ? 0 : NOW + cases[i].next;
		if (leave != cases[i].leave || next != want)
			fail_msg("%s: %d, next %lld, not %lld", cases[i].what,
			    (int)leave, (long long)(next == 0 ? 0 : next - NOW),
			    (long long)cases[i].next);
	}
}

static const struct {
	int64_t until;			/* after NOW; 0: not known */
	const char *text;
} times[] = {
	{ WINDOW, "14:05 UTC" },
	{ WINDOW + 1, "14:06 UTC" },
	{ 1, "08:06 UTC" },
	{ 48 * HOUR, "2026-11-22 08:05 UTC" },
	{ 23 * HOUR, "2026-11-21 07:05 UTC" },
	{ 0, "" },
};

static void
times_are_for_people(void **state)
{
	char buf[QUOTA_WHEN_MAX];
	struct quota q;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(times); i++) {
		quota_init(&q);
		quota_close(&q, times[i].until, NOW);
		assert_string_equal(quota_when(&q, NOW, buf), times[i].text);
	}
}

/* --- from run to run --------------------------------------------------- */

static void
see(struct quota_book *book, const char *registry, const char *account,
    const char *remaining)
{
	const struct quota_headers h = { "100;w=21600", remaining, "10.0.0.1" };
	struct quota *q = &quota_book_of(book, registry, account)->quota;

	assert_true(quota_seen(q, &h, q->serial, false, NOW));
}

static void
a_book_comes_back(void **state)
{
	struct quota_book book = { NULL, 0 }, again = { NULL, 0 };
	struct quota *q;
	struct err e;
	size_t len;
	char *text;

	(void)state;
	see(&book, "docker.io", "", "7;w=21600");
	see(&book, "docker.io", "J\303\274rgen", "70;w=21600");
	see(&book, "docker.io", "gone", "70");
	quota_close(&quota_book_of(&book, "ghcr.io", "")->quota, 600, NOW);
	quota_close(&quota_book_of(&book, "quay.io", "")->quota, 0, NOW);
	assert_true(quota_book_of(&book, "docker.io", "") ==
	    quota_book_of(&book, "docker.io", ""));
	text = quota_book_write(&book, NOW, &len);
	assert_int_equal(len, strlen(text));
	assert_int_equal(quota_book_read(&again, text, len, NOW + 60, &e), 0);
	assert_int_equal(again.count, 4);
	q = &quota_book_of(&again, "docker.io", "")->quota;
	assert_int_equal(q->left, 7);
	assert_int_equal(q->limit, 100);
	assert_int_equal(quota_next(q, NOW + 60), NOW + WINDOW);
	assert_string_equal(q->source, "10.0.0.1");
	assert_int_equal(may_spend(q, 7, NOW + 60), RATION_STOP);
	q = &quota_book_of(&again, "docker.io", "J\303\274rgen")->quota;
	assert_int_equal(q->left, 70);
	q = &quota_book_of(&again, "ghcr.io", "")->quota;
	assert_int_equal(may_spend(q, 0, NOW + 60), RATION_STOP);
	assert_int_equal(quota_next(q, NOW + 60), NOW + 600);
	q = &quota_book_of(&again, "quay.io", "")->quota;
	assert_int_equal(may_spend(q, 0, NOW + 60), RATION_GO);
	quota_book_done(&again);
	/* In another window, and before this one began. */
	assert_int_equal(quota_book_read(&again, text, len, NOW + WINDOW, &e),
	    0);
	assert_int_equal(again.count, 0);
	assert_int_equal(quota_book_read(&again, text, len, NOW - HOUR, &e), 0);
	assert_int_equal(again.count, 0);
	quota_book_done(&book);
	free(text);
}

#define ONE(members)	"{\"version\":1,\"registries\":[{\"registry\":\"x\"," \
			members "}]}"
#define TIMES		"\"window_s\":21600,\"since\":1795161000"

static const struct {
	const char *text;
	int rc;
	size_t count;
} books[] = {
	{ ONE("\"left\":5," TIMES), 0, 1 },
	{ ONE("\"left\":5,\"later\":[]," TIMES), 0, 1 },
	{ "{\"version\":1,\"registries\":[]}", 0, 0 },
	{ "{\"version\":1,\"registries\":[7,null,{}]}", 0, 0 },
	{ ONE("\"left\":-5," TIMES), 0, 0 },
	{ ONE("\"left\":\"5\"," TIMES), 0, 0 },
	{ ONE("\"left\":5.5," TIMES), 0, 0 },
	{ ONE("\"left\":9000000000," TIMES), 0, 0 },
	{ ONE("\"left\":5,\"window_s\":99999999,\"since\":1795161000"), 0, 0 },
	{ ONE("\"left\":5,\"window_s\":21600,\"since\":9223372036854775807"),
	    0, 0 },
	{ ONE("\"left\":5,\"window_s\":21600"), 0, 0 },
	{ ONE("\"left\":5,\"since\":1795161000"), 0, 0 },
	{ ONE("\"closed_at\":1795161000,\"closed_until\":1795162000"), 0, 1 },
	{ ONE("\"closed_at\":1795161000,\"closed_until\":1795161800"), 0, 0 },
	{ ONE("\"closed_at\":1795169000,\"closed_until\":1795169900"), 0, 0 },
	{ ONE("\"closed_at\":1795161000,\"closed_until\":253402300799"), 0, 0 },
	{ ONE("\"closed_until\":1795162000"), 0, 0 },
	{ ONE("\"closed_until\":null"), 0, 0 },
	{ "{\"version\":2,\"registries\":[]}", -1, 0 },
	{ "{\"version\":1}", -1, 0 },
	{ "[]", -1, 0 },
	{ "", -1, 0 },
	{ "{\"version\":1,\"registries\":[", -1, 0 },
	{ "\001\377", -1, 0 },
};

static void
strange_books_are_left_aside(void **state)
{
	struct quota_book book = { NULL, 0 };
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(books); i++) {
		rc = quota_book_read(&book, books[i].text,
		    strlen(books[i].text), NOW, &e);
		if (rc != books[i].rc || book.count != books[i].count)
			fail_msg("%s: %d, %zu entries", books[i].text, rc,
			    book.count);
		quota_book_done(&book);
	}
}

static int
write_entries(char *text, size_t count)
{
	char *s = text;
	size_t i;

	s += snprintf(s, 64, "{\"version\":1,\"registries\":[");
	for (i = 0; i < count; i++)
		s += snprintf(s, 300, "%s{\"registry\":\"r%zu\","
		    "\"left\":5," TIMES "}", i > 0 ? "," : "", i);
	s += snprintf(s, 3, "]}");
	return (int)(s - text);
}

/* What a file says has the same bounds: so many entries, and names. */
static void
a_file_has_bounds(void **state)
{
	struct quota_book book = { NULL, 0 };
	char *text = calloc(1, 100000), name[257];
	size_t i, used;
	struct err e;

	(void)state;
	used = (size_t)write_entries(text, QUOTA_ENTRIES_MAX + 5);
	assert_int_equal(quota_book_read(&book, text, used, NOW, &e), 0);
	assert_int_equal(book.count, QUOTA_ENTRIES_MAX);
	quota_book_done(&book);
	for (i = 255; i <= 256; i++) {
		memset(name, 'r', i);
		name[i] = '\0';
		used = (size_t)snprintf(text, 1000, "{\"version\":1,"
		    "\"registries\":[{\"registry\":\"%s\",\"left\":5,"
		    TIMES "}]}", name);
		assert_int_equal(quota_book_read(&book, text, used, NOW, &e),
		    0);
		assert_int_equal(book.count, i == 255);
		quota_book_done(&book);
	}
	free(text);
}

/* No time to wait is none: the window's end is for who said nothing. */
static void
closing_has_its_time(void **state)
{
	const struct quota_headers h = { "100;w=21600", "50;w=21600", NULL };
	struct quota q;

	(void)state;
	quota_init(&q);
	quota_seen(&q, &h, q.serial, true, NOW);
	quota_close(&q, 0, NOW + 10);
	assert_int_equal(q.closed_until, 0);
	quota_close(&q, 60, NOW + 10);
	assert_int_equal(q.closed_until, NOW + 70);
	quota_close(&q, -1, NOW + 10);
	assert_true(q.closed_until > NOW + 70);
}

static void
a_book_does_not_grow_for_ever(void **state)
{
	struct quota_book book = { NULL, 0 };
	char account[300];
	size_t i;

	(void)state;
	for (i = 0; i < 2 * QUOTA_ENTRIES_MAX; i++) {
		snprintf(account, sizeof(account), "account-%zu", i);
		quota_book_of(&book, "docker.io", account);
	}
	assert_int_equal(book.count, QUOTA_ENTRIES_MAX + 1);
	memset(account, 'a', sizeof(account) - 1);
	account[sizeof(account) - 1] = '\0';
	assert_string_equal(quota_book_of(&book, "docker.io",
	    account)->account, "");
	quota_book_done(&book);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_has_bounds),
		cmocka_unit_test(closing_has_its_time),
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(limits_are_told_apart),
		cmocka_unit_test(leave_is_given),
		cmocka_unit_test(times_are_for_people),
		cmocka_unit_test(a_book_comes_back),
		cmocka_unit_test(strange_books_are_left_aside),
		cmocka_unit_test(a_book_does_not_grow_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
