#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/mem.h"
#include "report/watch_status.h"
#include "scratch.h"

/* 2026-11-20T00:00:00Z */
#define T0	1795132800

static struct watch_status
sample(void)
{
	struct watch_status s = {
		.started = T0,
		.every_s = 1800,
		.next = T0 + 1800,
		.running = true,
		.last = { .started = T0 + 5, .finished = T0 + 6,
		    .exit_code = 1, .only = 3 },
		.waiting = 2,
		.has_hooks = true,
		.counts = { 7, 6, 5, 4, 3, 2 },
	};

	snprintf(s.list_error, sizeof(s.list_error), "list:4: \x1b[1m");
	return s;
}

static char *
metrics(const struct watch_status *s)
{
	char *text;
	size_t len;
	FILE *out = xtext_open(&text, &len);

	watch_status_print(s, out);
	xtext_close(out);
	return text;
}

/* What is written can be read again, and is no terminal's to obey. */
static void
test_again(void **state)
{
	const struct scratch *s = *state;
	struct watch_status said = sample(), read;
	struct store *store;
	struct err e;
	char *text;

	assert_int_equal(watch_status_save(s->path, &said, &e), -1);
	assert_int_equal(store_open(s->path, STORE_WRITE, &store, &e), 0);
	assert_false(watch_status_read(store, &read));
	assert_int_equal(read.started, 0);
	/* Beside a writer. */
	assert_int_equal(watch_status_save(s->path, &said, &e), 0);
	assert_true(watch_status_read(store, &read));
	snprintf(said.list_error, sizeof(said.list_error), "list:4: ?[1m");
	assert_int_equal(read.started, said.started);
	assert_int_equal(read.ended, 0);
	assert_int_equal(read.every_s, said.every_s);
	assert_int_equal(read.next, said.next);
	assert_true(read.running);
	assert_int_equal(read.last.started, said.last.started);
	assert_int_equal(read.last.finished, said.last.finished);
	assert_int_equal(read.last.exit_code, 1);
	assert_int_equal(read.last.only, 3);
	assert_int_equal(read.waiting, 2);
	assert_true(read.has_hooks);
	assert_memory_equal(&read.counts, &said.counts, sizeof(read.counts));
	assert_string_equal(read.list_error, said.list_error);
	text = scratch_get(s, "status/watch.json");
	assert_non_null(strstr(text, "\"every\":1800,"));
	assert_non_null(strstr(text, "\"next\":\"2026-11-20T00:30:00Z\""));
	assert_non_null(strstr(text, "\"hooks\":{\"taken\":7,\"events\":6,"
	    "\"matched\":5,\"not_understood\":4,\"denied\":3,"
	    "\"malformed\":2}"));
	free(text);
	store_close(store);
}

static void
test_metrics(void **state)
{
	struct watch_status s = sample();
	char *text = metrics(&s);

	(void)state;
	assert_non_null(strstr(text, "\ncdr_watch_every_seconds 1800\n"));
	assert_non_null(strstr(text,
	    "\ncdr_watch_next_run_timestamp_seconds 1795134600\n"));
	assert_non_null(strstr(text, "\ncdr_watch_waiting_images 2\n"));
	assert_non_null(strstr(text,
	    "\ncdr_hook_requests_total{result=\"denied\"} 3\n"));
	assert_non_null(strstr(text, "\ncdr_hook_events_matched_total 5\n"));
	free(text);
	s.has_hooks = false;
	text = metrics(&s);
	assert_null(strstr(text, "cdr_hook_"));
	free(text);
	/* What has ended says nothing. */
	s.ended = T0 + 7;
	text = metrics(&s);
	assert_string_equal(text, "");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_again, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
