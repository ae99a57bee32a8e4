#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/access_log.h"
#include "doctor/catalog.h"
#include "scratch.h"

static const struct {
	const char *line;
	int parsed;
	const char *client, *method, *target, *repository, *agent;
	long status;
} lines[] = {
	/* combined, common */
	{ "10.0.0.7 - - [25/Nov/2026:19:35:50 +0000] \"HEAD /v2/library/x/"
	    "manifests/1?ns=docker.io HTTP/1.1\" 200 506 \"-\" "
	    "\"containerd/1.6.20\"", 1, "10.0.0.7", "HEAD",
	    "/v2/library/x/manifests/1?ns=docker.io", "", "containerd/1.6.20",
	    200 },
	{ "::1 - bob [x] \"GET /v2/ HTTP/1.1\" 404 0", 1, "::1", "GET",
	    "/v2/", "", "", 404 },
	{ "::1 - - [x] \"\\x16\\x03\" 400 0 \"-\" \"-\"", 1, "::1",
	    "\\x16\\x03", "", "", "-", 400 },
	{ "::1 - - [x] \"GET / HTTP/1.1 200 5", 0, "", "", "", "", "", 0 },
	{ "::1 - - [x] \"GET / HTTP/1.1\"", 0, "", "", "", "", "", 0 },
	{ "::1 - - [x] \"GET / HTTP/1.1\" 2x0 5", 0, "", "", "", "", "", 0 },
	{ "", 0, "", "", "", "", "", 0 },
	{ "\"", 0, "", "", "", "", "", 0 },
	{ "2026/11/25 19:00:00 [error] 1#1: open() failed", 0, "", "", "",
	    "", "", 0 },
	/* JSON: CDR's, and one of nginx's own names */
	{ "{\"client\":\"10.0.0.7\",\"method\":\"GET\",\"kind\":\"manifest\","
	    "\"registry\":\"docker.io\",\"repository\":\"library/x\","
	    "\"status\":200,\"user_agent\":\"a \\\"b\\\"\"}", 1, "10.0.0.7",
	    "GET", "", "docker.io/library/x", "a \"b\"", 200 },
	{ "{\"remote_addr\":\"::1\",\"request_method\":\"GET\","
	    "\"request_uri\":\"/v2/\",\"status\":\"404\","
	    "\"http_user_agent\":\"x\"}", 1, "::1", "GET", "/v2/", "", "x",
	    404 },
	{ "{\"status\":[],\"client\":1}", 1, "", "", "", "", "", 0 },
	{ "{\"client\":", 0, "", "", "", "", "", 0 },
};

static void
test_lines(void **state)
{
	struct log_entry got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(access_log_parse(lines[i].line,
		    strlen(lines[i].line), &got), lines[i].parsed);
		if (!lines[i].parsed)
			continue;
		assert_string_equal(got.client, lines[i].client);
		assert_string_equal(got.method, lines[i].method);
		assert_string_equal(got.target, lines[i].target);
		assert_string_equal(got.repository, lines[i].repository);
		assert_string_equal(got.agent, lines[i].agent);
		assert_int_equal(got.status, lines[i].status);
	}
}

/* What is longer than a field is cut; a line that is too long is none. */
static void
test_long(void **state)
{
	char line[20000];
	struct log_entry got;

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_int_equal(access_log_parse(line, sizeof(line), &got), 0);
	memcpy(line, "\"GET /", 6);
	memcpy(line + 3000, " H\" 200 ", 8);
	assert_int_equal(access_log_parse(line, 3100, &got), 1);
	assert_int_equal(strlen(got.target), LOG_FIELD_MAX - 1);
	assert_int_equal(got.status, 200);
}

static void
count(void *cookie, const struct log_entry *entry)
{
	*(long *)cookie += entry->status;
}

#define LINE	"::1 - - [x] \"GET / HTTP/1.1\" 200 5\n"

static void
test_file(void **state)
{
	struct scratch *s = *state;
	char path[128];
	struct err e;
	off_t size;
	long sum = 0;

	snprintf(path, sizeof(path), "%s/log", s->path);
	assert_int_equal(access_log_size(path, &size, &e), -1);
	/* The last line is still being written. */
	scratch_put(s, "log", LINE "x\n" LINE "::1 - - [x] \"GET / H\" 200 5");
	assert_int_equal(access_log_each(path, 0, count, &sum, &e), 0);
	assert_int_equal(sum, 400);
	sum = 0;
	assert_int_equal(access_log_each(path, (off_t)strlen(LINE), count,
	    &sum, &e), 0);
	assert_int_equal(sum, 200);
	/* It was rotated. */
	sum = 0;
	assert_int_equal(access_log_each(path, 100000, count, &sum, &e), 0);
	assert_int_equal(sum, 400);
	assert_int_equal(access_log_size(s->path, &size, &e), -1);
}

static void
test_catalog(void **state)
{
	static const struct {
		const char *json;
		size_t n;
		int rc;
		const char *found;
	} texts[] = {
		{ "{\"repositories\":[\"a/b\",\"c\"]}", 0, 1, "a/b" },
		{ "{\"repositories\":[\"a/b\",\"c\"]}", 1, 1, "c" },
		{ "{\"repositories\":[\"a/b\",\"c\"]}", 2, 0, NULL },
		{ "{\"repositories\":[\"a/b\",7]}", 1, -1, NULL },
		{ "{\"repositories\":[]}", 0, 0, NULL },
		{ "{\"repositories\":null}", 0, 0, NULL },
		{ "{}", 0, 0, NULL }, { "[]", 0, -1, NULL },
		{ "", 0, -1, NULL },
		{ "{\"repositories\":[1]}", 0, -1, NULL },
		{ "{\"repositories\":\"a\"}", 0, -1, NULL },
	};
	char *found;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(catalog_get(texts[i].json,
		    strlen(texts[i].json), "repositories", texts[i].n, &found,
		    &e), texts[i].rc);
		if (texts[i].rc != 1)
			continue;
		assert_string_equal(found, texts[i].found);
		free(found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long),
		cmocka_unit_test_setup_teardown(test_file, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test(test_catalog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
