#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "yaml/yaml_load.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* What has been handed on, as text. */
static char seen[4096];

static void
on_value(void *cookie, const json_t *value)
{
	size_t used = strlen(seen);

	(void)cookie;
	if (json_is_string(value))
		snprintf(seen + used, sizeof(seen) - used, "%s@%u\n",
		    json_string_value(value), yaml_line(value));
	else if (json_is_null(value))
		snprintf(seen + used, sizeof(seen) - used, "null\n");
	else
		snprintf(seen + used, sizeof(seen) - used, "%s of %zu@%u\n",
		    json_is_object(value) ? "object" : "array",
		    json_is_object(value) ? json_object_size(value) :
		    json_array_size(value), yaml_line(value));
}

/* The member "k", wherever that is one, with what it is. */
static void
on_member(void *cookie, const json_t *value)
{
	const json_t *k = json_object_get(value, "k");

	on_value(cookie, k == NULL ? value : k);
}

static void
on_twice(void *cookie, const char *key, unsigned line)
{
	size_t used = strlen(seen);

	(void)cookie;
	snprintf(seen + used, sizeof(seen) - used, "twice %s@%u\n", key, line);
}

static const struct yaml_calls whole = { on_value, on_twice, NULL };
static const struct yaml_calls members = { on_member, on_twice, NULL };

static int
load(const char *text, size_t len, const struct yaml_calls *calls,
    unsigned *line, struct err *e)
{
	seen[0] = '\0';
	return yaml_each(text, len, calls, line, e);
}

static void
test_values(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "# only this\n", "" },
		{ "a\n", "a@1\n" },
		{ "---\na\n---\nb\n", "a@2\nb@4\n" },
		{ "---\n---\n~\n--- null\n", "null\nnull\nnull\n" },
		{ "'null'\n", "null@1\n" },
		{ "{k: 1.20}\n", "1.20@1\n" },
		{ "k: true\n", "true@1\n" },
		{ "\n\nk:\n  - 1\n  - b\n", "array of 2@4\n" },
		{ "{\"k\": \"a\\u00e4\\/\"}", "a\xc3\xa4/@1\n" },
		{ "k: |\n  a\n  b\n", "a\nb\n@1\n" },
		/* Which line an alias has is that of what it stands for. */
		{ "a:\n  &x b\nk: *x\n", "b@2\n" },
		{ "a: &x {k: v}\n<<: *x\n", "v@1\n" },
		{ "a: &x {k: v}\nk: w\n<<: *x\n", "w@2\n" },
		{ "a: &x {k: v}\nb: &y {k: w}\n<<: [*x, *y]\n", "v@1\n" },
		{ "k: a\nk: b\n", "twice k@2\nb@2\n" },
		/* A NUL does not end a text early. */
		{ "k: \"a\\0b\"\n", "a\x01" "b@1\n" },
		{ "\"a\\0\": 1\n", "object of 1@1\n" },
		/* Objects of a list come by themselves, and then the rest. */
		{ "kind: List\nitems:\n- {k: a}\n- {k: b}\n- c\n",
		  "a@3\nb@4\nobject of 2@1\n" },
		{ "spec: {items: [{k: a}]}\n", "object of 1@1\n" },
		{ "- items:\n  - {k: a}\n", "array of 1@2\n" },
		{ "items: [[{k: a}]]\n", "object of 1@1\n" },
	};
	unsigned line;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (load(cases[i].text, strlen(cases[i].text), &members, &line,
		    &e) == -1)
			fail_msg("%s: %s", cases[i].text, e.msg);
		assert_string_equal(seen, cases[i].want);
	}
}

static void
test_wrong(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *seen, *why;
	} cases[] = {
		{ "a\n---\n{b\n", 4, "a@1\n", "not valid YAML" },
		{ "a: b: c\n", 1, "", "not valid YAML" },
		{ "a\n---\n{{ .Values.x }}: y\n", 3, "a@1\n", "a key that is" },
		{ "[a, b]: c\n", 1, "", "a key that is no text" },
		{ "k: *none\n", 1, "", "an alias" },
		{ "k: &x [*x]\n", 1, "", "not there, or not yet" },
		{ "a: &x b\n*x : c\n", 2, "", "in the place of a key" },
		{ "a: b\n\tc: d\n", 2, "", "not valid YAML" },
		{ "a: b\nc: \x01\n", 2, "", "not valid YAML" },
		{ "a: b\n\n\nc: \xff\n", 4, "", "not valid YAML" },
		{ "a: \"\\ud83d\\ude00\"\n", 1, "", "not valid YAML" },
	};
	unsigned line;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (load(cases[i].text, strlen(cases[i].text), &whole, &line,
		    &e) == 0)
			fail_msg("%s", cases[i].text);
		assert_int_equal(e.code, ERR_DATA);
		if (strstr(e.msg, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].text, e.msg);
		if (line != cases[i].line)
			fail_msg("%s: line %u", cases[i].text, line);
		assert_string_equal(seen, cases[i].seen);
	}
	/* UTF-16 is not guessed at, and a NUL byte is no text. */
	assert_int_equal(load("\xff\xfe" "a\0", 4, &whole, &line, &e), -1);
	assert_int_equal(load("a\0b", 3, &whole, &line, &e), -1);
}

static char *
repeat(const char *head, const char *text, size_t times, const char *tail)
{
	size_t len, i;
	char *all;
	FILE *to = xtext_open(&all, &len);

	fputs(head, to);
	for (i = 0; i < times; i++)
		fputs(text, to);
	fputs(tail, to);
	xtext_close(to);
	return all;
}

static void
expect_limit(char *text, const char *why)
{
	unsigned line;
	struct err e;

	assert_int_equal(load(text, strlen(text), &whole, &line, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	if (strstr(e.msg, why) == NULL)
		fail_msg("%s", e.msg);
	free(text);
}

static void
expect_fine(char *text, const char *want)
{
	unsigned line;
	struct err e;

	if (load(text, strlen(text), &whole, &line, &e) == -1)
		fail_msg("%s", e.msg);
	assert_string_equal(seen, want);
	free(text);
}

static size_t counted;

static void
on_count(void *cookie, const json_t *value)
{
	(void)cookie;
	(void)value;
	counted++;
}

static void
test_limits(void **state)
{
	const struct yaml_calls count = { on_count, on_twice, NULL };
	char *text, *bomb;
	unsigned line;
	struct err e;
	size_t i;

	(void)state;
	text = repeat("", "[", YAML_DEPTH_MAX, "");
	bomb = repeat(text, "]", YAML_DEPTH_MAX, "");
	free(text);
	expect_fine(bomb, "array of 1@0\n");
	expect_limit(repeat("", "[", YAML_DEPTH_MAX + 1, ""), "deeper");
	expect_limit(repeat("", "- ", 100000, "a"), "deeper");
	expect_limit(repeat("[", "a,", JSON_VALUES_MAX, "]"), "more than");
	/* In all, and not at once: each of a list, each of a stream. */
	text = repeat("items:\n", "- {k: [a,b,c]}\n", JSON_VALUES_MAX / 4, "");
	assert_int_equal(load(text, strlen(text), &count, &line, &e), 0);
	assert_int_equal(counted, JSON_VALUES_MAX / 4 + 1);
	free(text);
	/* A billion laughs. */
	text = xstrdup("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (i = 1; i < 9; i++) {
		bomb = xasprintf("%sa%zu: &a%zu [*a%zu,*a%zu,*a%zu,*a%zu,"
		    "*a%zu,*a%zu,*a%zu,*a%zu,*a%zu,*a%zu]\n", text, i, i,
		    i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
		    i - 1, i - 1);
		free(text);
		text = bomb;
	}
	expect_limit(text, "more than");
	expect_limit(repeat("", "- &a b\n", YAML_ANCHORS_MAX + 1, ""),
	    "anchors");
	/* Of the next document they are not. */
	text = repeat("", "- &a b\n", YAML_ANCHORS_MAX, "---\n");
	bomb = repeat(text, "- &a b\n", YAML_ANCHORS_MAX, "");
	free(text);
	expect_fine(bomb, "array of 256@1\narray of 256@258\n");
}

/* A text of megabytes is cut, between two characters. */
static void
on_long(void *cookie, const json_t *value)
{
	const char *text = json_string_value(json_object_get(value, "k"));

	*(size_t *)cookie = strlen(text);
	assert_int_equal((unsigned char)text[strlen(text) - 1], 0xa4);
	assert_int_equal(yaml_line(json_object_get(value, "k")), 1);
}

static void
test_long(void **state)
{
	size_t len = 0;
	struct yaml_calls calls = { on_long, on_twice, &len };
	char *text = repeat("k: \"x", "\xc3\xa4", 1 << 20, "\"\n");
	unsigned line;
	struct err e;

	(void)state;
	assert_int_equal(yaml_each(text, strlen(text), &calls, &line, &e), 0);
	assert_int_equal(len, YAML_TEXT_MAX - 1);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
