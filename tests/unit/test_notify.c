#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "notify/notify_internal.h"
#include "report/outside.h"
#include "scratch.h"

#define TYPE	"application/vnd.oci.image.manifest.v1+json"
#define DIGEST	"sha256:000000000000000000000000000000000000000000000000000000000000000"

static struct manifest_id
id_of(unsigned n)
{
	struct manifest_id id = { .media_type = TYPE };

	id.digest.alg = DIGEST_SHA256;
	id.digest.bytes[31] = (uint8_t)n;
	return id;
}

static void
add(struct notify_queue *q, const char *repository, const char *tag,
    unsigned n)
{
	struct manifest_id id = id_of(n);

	(void)notify_queue_add(q, 1000, "docker.io", repository, tag, &id);
}

/* --- the file of --notify ---------------------------------------------- */

static int
read_file(const struct scratch *s, const char *text, struct notify **ret,
    struct err *e)
{
	char *path = xasprintf("%s/notify.json", s->path);
	int rc;

	scratch_put(s, "notify.json", text);
	rc = notify_read(path, ret, e);
	free(path);
	return rc;
}

static void
test_file(void **state)
{
	struct scratch *s = *state;
	struct notify *n = NULL;
	struct err e;
	char quoted[OUTSIDE_WORDS_MAX];

	scratch_put(s, "a.token", "0123456789abcdef\n");
	scratch_put(s, "ca.crt", "x");
	assert_int_equal(read_file(s, "{\"site-a\": {\"url\": "
	    "\"https://a.example:5001/hook/parent\", \"bearer_file\": "
	    "\"a.token\", \"ca_file\": \"ca.crt\"}, \"b\": {\"url\": "
	    "\"http://b.example/hook/x\", \"bearer_file\": \"a.token\"}}", &n,
	    &e), 0);
	assert_int_equal(n->count, 2);
	assert_string_equal(n->children[0].name, "site-a");
	assert_string_equal(n->children[0].secret, "0123456789abcdef");
	assert_string_equal(n->children[0].config.endpoint.host, "a.example");
	assert_non_null(strstr(n->children[0].config.ca_file, "/ca.crt"));
	assert_null(n->children[1].config.ca_file);
	/* Whoever repeats it is not quoted. */
	outside_quote(quoted, sizeof(quoted), "no: 0123456789abcdef", 20);
	assert_null(strstr(quoted, "0123456789abcdef"));
	notify_free(n);
	assert_int_equal(read_file(s, "{}", &n, &e), 0);
	assert_int_equal(n->count, 0);
	notify_free(n);
	notify_free(NULL);
}

#define CHILD(MORE)	"{\"a\": {\"url\": \"http://a/\", " MORE "}}"

static void
test_file_wrong(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "{", "line 1" },
		{ "[]", "must be an object" },
		/* Somebody has taken one file for the other. */
		{ "x0123456789abcdef", "line 1" },
		{ "{\"0123456789abcdef", "line 1" },
		{ "{\"a\": x0123456789abcdef}", "line 1" },
		{ "{\"a\": {}, \"a\": {}}", "duplicate" },
		{ "{\"a\": 1}", "a: must be an object" },
		{ "{\"a b\": {}}", "name of a child" },
		{ "{\"\": {}}", "name of a child" },
		{ "{\"a\": {\"bearer_file\": \"good\"}}", "url is missing" },
		{ "{\"a\": {\"url\": \"http://a/\"}}",
		    "a: bearer_file is missing" },
		{ CHILD("\"bearer_file\": 1"), "bearer_file: must be a" },
		{ CHILD("\"bearer_file\": \"\""), "bearer_file: must be a" },
		{ CHILD("\"bearer_file\": \"none\""), "no such file" },
		{ CHILD("\"bearer_file\": \"short\""), "16 to 1024 bytes" },
		{ CHILD("\"bearer_file\": \"long\""), "bearer_file" },
		{ CHILD("\"bearer_file\": \"two\""), "byte 17 is none" },
		{ CHILD("\"bearer_file\": \"blank\""), "byte 9 is none" },
		{ CHILD("\"bearer_file\": \"begins\""), "byte 1 is none" },
		{ CHILD("\"bearer_file\": \"good\", \"secret\": \"x\""),
		    "secret: no such setting" },
		{ CHILD("\"bearer_file\": \"good\", \"ca_file\": \"none\""),
		    "ca_file: " },
		{ CHILD("\"bearer_file\": \"good\", \"client_key\": \"good\""),
		    "client_key needs client_cert" },
		{ "{\"a\": {\"url\": \"ftp://a/\", \"bearer_file\": \"good\"}}",
		    "a: url: " },
		{ "{\"a\": {\"url\": \"http://u:p@a/\", \"bearer_file\": "
		    "\"good\"}}", "a: url: " },
	};
	struct scratch *s = *state;
	struct notify *n = NULL;
	struct err e;
	char text[1100];
	size_t i;

	scratch_put(s, "good", "0123456789abcdef");
	scratch_put(s, "short", "0123456789abcde\n");
	memset(text, 'x', sizeof(text));
	text[1026] = '\0';
	scratch_put(s, "long", text);
	scratch_put(s, "two", "0123456789abcdef\nX-Other: 1\n");
	scratch_put(s, "begins", " 0123456789abcdef\n");
	scratch_put(s, "blank", "01234567 89abcdef\n");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (read_file(s, cases[i].text, &n, &e) != -1)
			fail_msg("%s: taken", cases[i].text);
		if (e.code != ERR_INPUT || strstr(e.msg, cases[i].says) ==
		    NULL || strstr(e.msg, "notify.json: ") == NULL)
			fail_msg("%s: %s", cases[i].text, e.msg);
		if (strstr(e.msg, "01234567") != NULL)
			fail_msg("a secret is told: %s", e.msg);
	}
	assert_null(n);
}

/* --- what waits -------------------------------------------------------- */

static void
test_fold(void **state)
{
	struct notify_queue q = { 0 };
	char name[32];
	unsigned i;

	(void)state;
	add(&q, "library/a", "1", 1);
	add(&q, "library/a", "2", 2);
	add(&q, "library/a", "1", 3);
	add(&q, "library/a", NULL, 3);
	add(&q, "library/a", NULL, 4);
	notify_queue_fold(&q);
	assert_int_equal(q.count, 4);
	assert_int_equal(q.events[0]->number, 2);
	assert_int_equal(q.events[1]->number, 3);
	assert_string_equal(q.events[1]->tag, "1");
	assert_int_equal(q.lost, 0);
	for (i = 0; i < NOTIFY_WAITING_MAX; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		add(&q, "library/b", name, 1);
	}
	notify_queue_fold(&q);
	assert_int_equal(q.count, NOTIFY_WAITING_MAX);
	assert_int_equal(q.lost, 4);
	assert_string_equal(q.events[0]->tag, "t0");
	notify_queue_done(&q);
}

/* What is written is read as it was. */
static void
test_text(void **state)
{
	struct notify_child children[] = {
		{ .name = (char[]){ "a" }, .taken = 1 },
		{ .name = (char[]){ "b" }, .taken = 2 },
	};
	struct notify n = { .children = children, .count = 2 };
	size_t len, again_len;
	char *text, *again;

	(void)state;
	add(&n.queue, "library/app", "1", 1);
	add(&n.queue, "library/app", NULL, 2);
	text = notify_queue_text(&n, &len);
	assert_string_equal(text, "notify 1 2\nchild a 1\nchild b 2\n"
	    "event 1 1000 docker.io library/app 1 " TYPE " " DIGEST "1\n"
	    "event 2 1000 docker.io library/app - " TYPE " " DIGEST "2\n");
	notify_queue_done(&n.queue);
	children[0].taken = children[1].taken = 0;
	again = xstrdup(text);
	assert_true(notify_queue_read(&n, again));
	free(again);
	assert_int_equal(children[0].taken, 1);
	assert_int_equal(children[1].taken, 2);
	assert_int_equal(n.queue.last, 2);
	again = notify_queue_text(&n, &again_len);
	assert_string_equal(again, text);
	free(again);
	free(text);
	notify_queue_done(&n.queue);
}

#define EVENT(NUMBER, REST)	"event " NUMBER " 5 " REST "\n"
#define APP	"docker.io library/app 1 " TYPE " " DIGEST "1"

static void
test_damaged(void **state)
{
	static const struct {
		const char *text;
		size_t events;
		bool is_well;
	} cases[] = {
		{ "", 0, false },
		{ "notify 1 3", 0, false },
		{ "notify 2 3\n" EVENT("1", APP), 0, false },
		{ "notify 1 x\n" EVENT("1", APP), 0, false },
		{ "notify 1 99999999999999999999\n", 0, false },
		{ "notify 1 9000000000000000000\n", 0, false },
		{ "notify 1 1x\n", 0, false },
		{ "notify 1 0\n", 0, true },
		{ "notify 1 0\n" EVENT("1", APP), 1, true },
		{ "notify 1 0\n" EVENT("1", APP) "event 2 5 dock", 1, false },
		{ "notify 1 0\n" EVENT("2", APP) EVENT("2", APP), 1, false },
		{ "notify 1 0\n" EVENT("-1", APP), 0, false },
		{ "notify 1 0\n" EVENT("1", APP " "), 0, false },
		{ "notify 1 0\n" EVENT("1", "docker.io ../app 1 " TYPE " "
		    DIGEST "1"), 0, false },
		{ "notify 1 0\n" EVENT("1", "docker.io a ../1 " TYPE " "
		    DIGEST "1"), 0, false },
		{ "notify 1 0\n" EVENT("1", "docker.io a 1 text/html "
		    DIGEST "1"), 0, false },
		{ "notify 1 0\n" EVENT("1", "docker.io a 1 " TYPE " "
		    DIGEST), 0, false },
		{ "notify 1 0\nchild a\n", 0, false },
		{ "notify 1 0\nchild a 1\nchild a 2\n", 0, false },
		{ "notify 1 0\nchild gone 1\n", 0, false },
		{ "notify 1 0\n\n", 0, false },
		{ "notify 1 0\nsomething else\n", 0, false },
	};
	struct notify_child child;
	struct notify n;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		child = (struct notify_child){ .name = (char[]){ "a" } };
		n = (struct notify){ .children = &child, .count = 1 };
		text = xstrdup(cases[i].text);
		if (notify_queue_read(&n, text) != cases[i].is_well ||
		    n.queue.count != cases[i].events)
			fail_msg("%s: %zu events", cases[i].text,
			    n.queue.count);
		free(text);
		notify_queue_done(&n.queue);
	}
}

/* --- what is posted ---------------------------------------------------- */

static size_t
events_in(const char *body, json_t **ret)
{
	assert_non_null(body);
	assert_true(strlen(body) <= HOOK_BODY_MAX);
	*ret = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(*ret);
	return json_array_size(json_object_get(*ret, "events"));
}

static void
test_body(void **state)
{
	struct notify_queue q = { 0 };
	uint64_t upto = 0;
	size_t count;
	char *body;
	json_t *root, *target;

	(void)state;
	assert_null(notify_body(&q, 0, &upto, &count));
	add(&q, "library/app", "1", 1);
	add(&q, "library/app", NULL, 2);
	body = notify_body(&q, 1, &upto, &count);
	assert_int_equal(events_in(body, &root), 1);
	assert_int_equal(count, 1);
	assert_int_equal(upto, 2);
	target = json_object_get(json_array_get(json_object_get(root,
	    "events"), 0), "target");
	assert_string_equal(json_string_value(json_object_get(target,
	    "repository")), "docker.io/library/app");
	assert_string_equal(json_string_value(json_object_get(target,
	    "digest")), DIGEST "2");
	assert_null(json_object_get(target, "tag"));
	json_decref(root);
	free(body);
	assert_null(notify_body(&q, 2, &upto, &count));
	notify_queue_done(&q);
}

/* All of them in several, with the longest names that there are. */
static void
test_body_parts(void **state)
{
	struct notify_queue q = { 0 };
	char name[REPOSITORY_NAME_MAX + 1], tag[TAG_MAX + 1];
	uint64_t after = 0;
	size_t count, all = 0, bodies = 0;
	char *body;
	json_t *root;
	unsigned i;

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (i = 0; i < 2000; i++) {
		snprintf(tag, sizeof(tag), "%0*u", (int)TAG_MAX, i);
		add(&q, name, tag, i);
	}
	while ((body = notify_body(&q, after, &after, &count)) != NULL) {
		assert_int_equal(events_in(body, &root), count);
		assert_true(count <= HOOK_EVENTS_MAX);
		all += count;
		bodies++;
		json_decref(root);
		free(body);
	}
	assert_int_equal(all, 2000);
	assert_int_equal(after, 2000);
	assert_true(bodies < 10);
	notify_queue_done(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_file_wrong, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_body_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
