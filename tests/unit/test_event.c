/* Bodies of hooks: what each sender's is taken for (tests/hooks/events.txt),
 * and that none of their mutations does any harm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook/event.h"
#include "layout/digest.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define HEX	"849baef19a774b6aba1ed4f934b43b3d5c8b4fc6f060f9f46d8520857d1aae53"
#define FOLDER	"tests/hooks/"

/* What came, in the form of events.txt. */
struct heard {
	char *text;
	size_t len, count;
	FILE *to;
};

static const char *
or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

static void
on_event(void *cookie, const struct hook_event *event)
{
	struct heard *h = cookie;
	struct digest d;
	struct err e;

	/* Whatever came in, this is what a list could have. */
	assert_true(name_is_registry(event->registry));
	assert_true(name_is_repository(event->repository));
	assert_true(event->tag == NULL || name_is_tag(event->tag));
	assert_true(event->digest == NULL ||
	    digest_parse(event->digest, &d, &e) == 0);
	h->count++;
	fprintf(h->to, "\t%s %s %s %s\n", event->registry, event->repository,
	    or_dash(event->tag), or_dash(event->digest));
}

static void
heard_begin(struct heard *h)
{
	h->count = 0;
	h->to = xtext_open(&h->text, &h->len);
}

/* Nothing behind the body may be looked at: it ends where its memory does. */
static const char *
read_exactly(const char *body, size_t len, const char *kind,
    const char *registry, struct heard *h)
{
	char *copy = xmalloc(len == 0 ? 1 : len);
	const char *form;

	memcpy(copy, body, len);
	form = events_read(copy, len, kind, registry, on_event, h);
	free(copy);
	return form;
}

static void
expect(const char *body, const char *kind, const char *registry,
    const char *form, const char *events)
{
	struct heard h;
	const char *got;

	heard_begin(&h);
	got = read_exactly(body, strlen(body), kind, registry, &h);
	xtext_close(h.to);
	assert_string_equal(or_dash(got), or_dash(form));
	assert_string_equal(h.text, events);
	free(h.text);
}

static char *
fixture(const char *name, size_t *ret_len)
{
	char *path = xasprintf(FOLDER "%s", name), *text;
	struct err e;

	if (fs_read_named(path, HOOK_BODY_MAX, &text, ret_len, &e) != 1)
		fail_msg("%s: %s", path, e.msg);
	free(path);
	return text;
}

/* A line of events.txt, and the events below it. */
struct row {
	char file[64], kind[64], registry[64], form[64];
	char *events;
};

typedef void row_fn(const struct row *);

static const char *
or_null(const char *text)
{
	return strcmp(text, "-") == 0 ? NULL : text;
}

static void
each_row(row_fn *fn)
{
	size_t len, rows = 0;
	char *table = fixture("events.txt", &len), *line = table, *end, *from;
	struct row row;

	while (*line != '\0') {
		end = strchr(line, '\n');
		if (*line == '#' || *line == '\n') {
			line = end + 1;
			continue;
		}
		assert_int_equal(sscanf(line, "%63s %63s %63s %63s", row.file,
		    row.kind, row.registry, row.form), 4);
		from = line = end + 1;
		while (*line == '\t')
			line = strchr(line, '\n') + 1;
		row.events = xstrndup(from, (size_t)(line - from));
		fn(&row);
		free(row.events);
		rows++;
	}
	assert_true(rows > 60);
	free(table);
}

static void
row_is_true(const struct row *row)
{
	struct heard h;
	const char *form;
	size_t len;
	char *body = fixture(row->file, &len);

	heard_begin(&h);
	form = read_exactly(body, len, or_null(row->kind),
	    or_null(row->registry), &h);
	xtext_close(h.to);
	if (strcmp(or_dash(form), row->form) != 0 ||
	    strcmp(h.text, row->events) != 0)
		fail_msg("%s %s %s: %s\n%sinstead of %s\n%s", row->file,
		    row->kind, row->registry, or_dash(form), h.text, row->form,
		    row->events);
	free(h.text);
	free(body);
}

static void
test_fixtures(void **state)
{
	(void)state;
	each_row(row_is_true);
}

/* Cut off anywhere, it is no JSON; but where only the line feed is missing. */
static void
row_cut(const struct row *row)
{
	struct heard h;
	size_t len, cut;
	char *body = fixture(row->file, &len);

	if (strstr(row->file, ".json") != NULL)
		for (cut = 0; cut + 1 < len; cut += cut < 64 ? 1 : 7) {
			heard_begin(&h);
			assert_null(read_exactly(body, cut, or_null(row->kind),
			    or_null(row->registry), &h));
			xtext_close(h.to);
			assert_int_equal(h.count, 0);
			free(h.text);
		}
	free(body);
}

static void
test_cut(void **state)
{
	(void)state;
	each_row(row_cut);
}

/* What is put into the place of each value of a body, one after the other. */
static json_t *
instead(size_t i)
{
	static char large[2000];

	memset(large, 'a', sizeof(large) - 1);
	switch (i) {
	case 0:	return json_null();
	case 1:	return json_integer(7);
	case 2:	return json_array();
	case 3:	return json_object();
	case 4:	return json_string("");
	case 5:	return json_string("../../etc");
	case 6:	return json_string("UPPER/Case:x@y");
	case 7:	return json_string("evil.example/a b\n");
	case 8:	return json_stringn("reg.example\0.evil", 17);
	case 9:	return json_pack("[[], {}, null, \"x\", 1.5, true]");
	case 10: return json_string("sha256:" HEX);
	case 11: return json_string(large);
	default: return NULL;
	}
}

static const struct row *mutated;
static json_t *mutated_root;

static void
try_mutation(void)
{
	char *text = json_dumps(mutated_root, JSON_ENCODE_ANY);
	struct heard h;

	assert_non_null(text);
	heard_begin(&h);
	read_exactly(text, strlen(text), or_null(mutated->kind),
	    or_null(mutated->registry), &h);
	xtext_close(h.to);
	/* One value never makes more of them than there were, and those of the
	 * array above. */
	assert_true(h.count <= 6);
	free(h.text);
	free(text);
}

static void mutate(json_t *);

static void
mutate_member(json_t *object, const char *key)
{
	json_t *value = json_incref(json_object_get(object, key)), *other;
	size_t i;

	for (i = 0; (other = instead(i)) != NULL; i++) {
		json_object_set_new(object, key, other);
		try_mutation();
	}
	json_object_del(object, key);
	try_mutation();
	json_object_set_new(object, key, value);
	mutate(value);
}

static void
mutate(json_t *value)
{
	json_t *copy = json_copy(value), *member, *other;
	const char *key;
	size_t at, i;

	json_object_foreach(copy, key, member)
		mutate_member(value, key);
	json_array_foreach(copy, at, member) {
		for (i = 0; (other = instead(i)) != NULL; i++) {
			json_array_set_new(value, at, other);
			try_mutation();
		}
		json_array_set(value, at, member);
		mutate(member);
	}
	json_decref(copy);
}

static void
row_mutated(const struct row *row)
{
	size_t len;
	char *body = fixture(row->file, &len);

	mutated_root = json_loadb(body, len, 0, NULL);
	if (mutated_root != NULL) {
		mutated = row;
		mutate(mutated_root);
		json_decref(mutated_root);
	}
	free(body);
}

static void
test_mutations(void **state)
{
	(void)state;
	each_row(row_mutated);
}

static void
test_odd(void **state)
{
	static const struct {
		const char *body, *form, *events;
	} cases[] = {
		{ "", NULL, "" },
		{ "null", NULL, "" },
		{ "{}", NULL, "" },
		{ "[]", NULL, "" },
		{ "[{}]", NULL, "" },
		{ "not JSON", NULL, "" },
		{ "{\"image\": \"a\"} x", NULL, "" },
		{ "payload=", NULL, "" },
		{ "payload=%7B%22image%22%3A+%22a%3A1%22%7D&x=y", "image",
		  "\tdocker.io library/a 1 -\n" },
		{ "payload=%7B%22image%22:%22a%2", NULL, "" },
		/* All names of Docker Hub are one. */
		{ "{\"image\": \"index.docker.io/a\"}", "image",
		  "\tdocker.io library/a - -\n" },
		{ "{\"image\": \"registry-1.docker.io/a/b:1\"}", "image",
		  "\tdocker.io a/b 1 -\n" },
		{ "{\"image\": \"Reg.Example/a:1\"}", "image",
		  "\treg.example a 1 -\n" },
		/* No list can have such. */
		{ "{\"image\": \"Upper/a:1\"}", "image", "" },
		{ "{\"image\": \"a:-1\"}", "image", "" },
		{ "{\"image\": \"https://reg.example/a\"}", "image", "" },
		{ "{\"image\": \"reg.example/a:1@sha256:12\"}", "image",
		  "\treg.example a 1 -\n" },
		{ "{\"image\": \"reg.example/a\\u0000b:1\"}", NULL, "" },
		{ "{\"images\": []}", "image", "" },
		/* Numbers of any size, and a NUL in what nobody asks for. */
		{ "{\"image\": \"a:1\", \"n\": 123456789012345678901234567890,"
		  " \"f\": 1e300, \"s\": \"\\u0000\"}", "image",
		  "\tdocker.io library/a 1 -\n" },
		{ "{\"image\": \"a:1\", \"image\": \"b:1\"}", "image",
		  "\tdocker.io library/b 1 -\n" },
		/* A host without a dot or a port is none. */
		{ "{\"events\": [{\"action\": \"push\", \"target\": "
		  "{\"repository\": \"a\", \"tag\": \"1\"}, \"request\": "
		  "{\"host\": \"registry\"}}]}", "distribution", "" },
		{ "{\"events\": [{\"action\": \"push\", \"target\": "
		  "{\"repository\": \"a\", \"tag\": \"1\"}, \"request\": "
		  "{\"host\": \"localhost\"}}]}", "distribution",
		  "\tlocalhost a 1 -\n" },
		{ "{\"events\": [{\"action\": \"push\", \"target\": "
		  "{\"repository\": \"a:2\", \"tag\": \"1\"}}, 7]}",
		  "distribution", "" },
		{ "{\"events\": []}", "distribution", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		expect(cases[i].body, NULL, NULL, cases[i].form,
		    cases[i].events);
	/* Where the registry is told, a host in an image's name gives way. */
	expect("{\"image\": \"nginx:1\"}", NULL, "localhost:5000", "image",
	    "\tlocalhost:5000 nginx 1 -\n");
}

static void
test_limits(void **state)
{
	struct heard h;
	size_t len, i;
	char *text;
	FILE *to;

	(void)state;
	/* Events. */
	to = xtext_open(&text, &len);
	fputs("{\"images\": [\"a:0\"", to);
	for (i = 1; i < HOOK_EVENTS_MAX + 10; i++)
		fprintf(to, ", \"a:%zu\"", i);
	fputs("]}", to);
	xtext_close(to);
	heard_begin(&h);
	assert_string_equal(read_exactly(text, len, NULL, NULL, &h), "image");
	xtext_close(h.to);
	assert_int_equal(h.count, HOOK_EVENTS_MAX);
	free(h.text);
	free(text);
	/* Bytes, values, levels. */
	text = xmalloc(HOOK_BODY_MAX + 2);
	memset(text, ' ', HOOK_BODY_MAX + 2);
	memcpy(text, "{\"image\":\"a:1\"}", 15);
	heard_begin(&h);
	assert_non_null(read_exactly(text, HOOK_BODY_MAX, NULL, NULL, &h));
	assert_null(read_exactly(text, HOOK_BODY_MAX + 1, NULL, NULL, &h));
	memcpy(text, "{\"image\":\"a:1\",\"b\":[0", 22);
	for (i = 22; i + 2 < HOOK_BODY_MAX; i += 2)
		memcpy(text + i, ",0", 2);
	memcpy(text + i - 2, "]}", 2);
	assert_null(read_exactly(text, i, NULL, NULL, &h));
	memset(text, '[', 1000);
	assert_null(read_exactly(text, 1000, NULL, NULL, &h));
	/* A file has the same bound. */
	memset(text, ' ', HOOK_BODY_MAX + 1);
	memcpy(text, "a:1\n", 4);
	assert_non_null(events_read_file(text, HOOK_BODY_MAX, on_event, &h));
	assert_null(events_read_file(text, HOOK_BODY_MAX + 1, on_event, &h));
	xtext_close(h.to);
	assert_int_equal(h.count, 2);
	free(h.text);
	free(text);
	/* A list has as many lines as it likes. */
	to = xtext_open(&text, &len);
	for (i = 0; i < 10 * HOOK_EVENTS_MAX; i++)
		fprintf(to, "ghcr.io/org/app-%zu:1\n", i);
	xtext_close(to);
	heard_begin(&h);
	assert_string_equal(events_read_file(text, len, on_event, &h),
	    "list");
	xtext_close(h.to);
	assert_int_equal(h.count, 10 * HOOK_EVENTS_MAX);
	free(h.text);
	free(text);
}

static void
test_files(void **state)
{
	static const struct {
		const char *text, *form, *events;
	} cases[] = {
		{ "{\"image\": \"ghcr.io/org/app:2.3\"}\n", "image",
		  "\tghcr.io org/app 2.3 -\n" },
		{ " \n{\"image\": \"a:1\"}", "image",
		  "\tdocker.io library/a 1 -\n" },
		{ "nginx:1.27\n", "list",
		  "\tdocker.io library/nginx 1.27 -\n" },
		{ "# why\n\ndefault platform=all\n  quay.io/a/b tags=glob:v* "
		  "newest=5\r\na@sha256:" HEX "\tkeep=3", "list",
		  "\tquay.io a/b - -\n\tdocker.io library/a - sha256:" HEX
		  "\n" },
		{ "Upper/Case\na:1\n", "list", "\tdocker.io library/a 1 -\n" },
		{ "Upper/Case\n", NULL, "" },
		{ "", NULL, "" },
		{ "#\n\n", NULL, "" },
		{ "{\"unknown\": 1}", NULL, "" },
	};
	struct heard h;
	const char *form;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		heard_begin(&h);
		form = events_read_file(cases[i].text, strlen(cases[i].text),
		    on_event, &h);
		xtext_close(h.to);
		assert_string_equal(or_dash(form), or_dash(cases[i].form));
		assert_string_equal(h.text, cases[i].events);
		free(h.text);
	}
	heard_begin(&h);
	assert_null(events_read_file("a:1\n\0b:1\n", 9, on_event, &h));
	xtext_close(h.to);
	free(h.text);
}

static void
test_proof(void **state)
{
	char reply[512] = "as it was";
	size_t len;
	char *body = fixture("event-grid-validation.json", &len), *code;

	(void)state;
	assert_true(events_proof(body, len, reply, sizeof(reply)));
	assert_string_equal(reply, "{\"validationResponse\":"
	    "\"512d38b6-c7b8-40c8-89fe-f46f9e9622b6\"}");
	/* Nothing goes back that could be more than a code. */
	code = strstr(body, "512d");
	*code = '<';
	memcpy(reply, "x", 2);
	assert_false(events_proof(body, len, reply, sizeof(reply)));
	assert_string_equal(reply, "x");
	free(body);
	assert_false(events_proof("[{}]", 4, reply, sizeof(reply)));
	assert_false(events_proof("{}", 2, reply, sizeof(reply)));
	body = fixture("event-grid.json", &len);
	assert_false(events_proof(body, len, reply, sizeof(reply)));
	free(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixtures),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
