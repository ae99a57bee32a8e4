#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "node/containerd_toml.h"
#include "node/hosts_toml.h"
#include "node/toml.h"

/* As JSON with bare keys, so that a row can be read: {a:"x",b:[1,2]}. */
static void
put(FILE *out, const struct toml *t)
{
	const struct toml *c;
	bool is_table = t->kind == TOML_TABLE;

	if (!is_table && t->kind != TOML_ARRAY) {
		fprintf(out, t->kind == TOML_STRING ? "'%s'" : "%s", t->text);
		return;
	}
	fputc(is_table ? '{' : '[', out);
	for (c = t->child; c != NULL; c = c->next) {
		if (is_table)
			fprintf(out, "%s:", c->key);
		put(out, c);
		if (c->next != NULL)
			fputc(',', out);
	}
	fputc(is_table ? '}' : ']', out);
}

static const struct {
	const char *text, *want, *error;
} rows[] = {
	{ "", "{}", NULL },
	{ "a = 1 # b = 2\n\n#c\r\nd=\"x\"", "{a:1,d:'x'}", NULL },
	{ "a.b = 1\na.'c.d' = 2\n\"\" = 3", "{a:{b:1,c.d:2},:3}", NULL },
	{ "[a.b]\nc=1\n[a]\nd=2\n", "{a:{b:{c:1},d:2}}", NULL },
	{ "[[a]]\nx=1\n[a.b]\ny=2\n[[a]]\nx=3\n",
	    "{a:[{x:1,b:{y:2}},{x:3}]}", NULL },
	{ "a = [1, # x\n 2,\n]\nb = [[], ['x', {y = 1}]]",
	    "{a:[1,2],b:[[],['x',{y:1}]]}", NULL },
	{ "a = { b.c = 1, d = { } , }", "{a:{b:{c:1},d:{}}}", NULL },
	{ "a = {\n b = 1,\r\n c = 2 # x\n}", "{a:{b:1,c:2}}", NULL },
	{ "a = \"\\\"\\\\\\t\\u00e4\\U0001F600\"",
	    "{a:'\"\\\t\xc3\xa4\xf0\x9f\x98\x80'}", NULL },
	{ "a = '\\n\"'", "{a:'\\n\"'}", NULL },
	{ "a = \"\"\"\n x \\\n   y\n\"\"\"\"", "{a:' x y\n\"'}", NULL },
	{ "a = '''b''''", "{a:'b''}", NULL },
	{ "a = ''\nb = \"\"", "{a:'',b:''}", NULL },
	{ "a = [+1, -1_000, 0x1F, 0o7, 0b01, 1.5, 1e3, -0.1E-2, inf, -nan]",
	    "{a:[+1,-1_000,0x1F,0o7,0b01,1.5,1e3,-0.1E-2,inf,-nan]}", NULL },
	{ "a = 1979-05-27T07:32:00Z\nb = 1979-05-27 07:32:00\nc = 07:32:00",
	    "{a:1979-05-27T07:32:00Z,b:1979-05-27 07:32:00,c:07:32:00}",
	    NULL },
	{ "[fruit]\napple.color = 1\n[fruit.apple.texture]\nx = 2",
	    "{fruit:{apple:{color:1,texture:{x:2}}}}", NULL },
	/* What is none. */
	{ "a = 1\na = 2", NULL, "line 2: this key is there already" },
	{ "[a]\n[b]\n[a]", NULL, "line 3: this table is there already" },
	{ "a.b = 1\n[a]", NULL, "line 2: this table is there already" },
	{ "[a]\nb.c = 1\n[a.b]", NULL, "line 3: this table is there already" },
	{ "a = {}\n[a.b]", NULL, "line 2: a table in what is no table" },
	{ "a = {}\na.b = 1", NULL, "line 2: a key with dots adds" },
	{ "[a.b.c]\n[a]\nb.d = 1", NULL, "line 3: a key with dots adds" },
	{ "a = []\n[[a]]", NULL, "line 2: this table is there already" },
	{ "[a]\n[[a]]", NULL, "line 2: this table is there already" },
	{ "a = 1\n[a.b]", NULL, "line 2: a table in what is no table" },
	{ "a", NULL, "no \"=\" behind a key" },
	{ "a =", NULL, "no value" },
	{ "a = b", NULL, "without quotes" },
	{ "a = 1 b = 2", NULL, "something behind the end" },
	{ "= 1", NULL, "no key" },
	{ "[a", NULL, "no end" },
	{ "[[a]", NULL, "no end" },
	{ "[]", NULL, "no key" },
	{ "a = [1 2]", NULL, "an array without an end" },
	{ "a = [,]", NULL, "an array without an end" },
	{ "a = [1,,2]", NULL, "an array without an end" },
	{ "a = {b = 1 c = 2}", NULL, "an inline table without an end" },
	{ "a = \"x\nb\"", NULL, "line 1: a string without an end" },
	{ "a = '''x\n\n", NULL, "line 3: a string without an end" },
	{ "a = \"\\q\"", NULL, "a backslash" },
	{ "a = \"\\u12\"", NULL, "without its digits" },
	{ "a = \"\\ud800\"", NULL, "of no character" },
	{ "a = \"\\u0000\"", NULL, "of no character" },
	{ "a = \"\x01\"", NULL, "control character in a string" },
	{ "# \x01", NULL, "control character in a comment" },
	{ "a = 01", NULL, "without quotes" },
	{ "a = 1__0", NULL, "without quotes" },
	{ "a = 1.", NULL, "without quotes" },
	{ "\"\"\"a\"\"\" = 1", NULL, "no \"=\"" },
	{ "\xef\xbb\xbf" "a = 1", NULL, "byte order mark" },
	{ "a = 1\rb = 2", NULL, "something behind" },
};

static void
test_rows(void **state)
{
	struct toml *doc;
	struct err e;
	char *got;
	size_t i, len;
	FILE *out;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rc = toml_read("p", rows[i].text, &doc, &e);
		if (rows[i].error != NULL) {
			if (rc == 0)
				fail_msg("row %zu is read", i);
			assert_int_equal(e.code, ERR_INPUT);
			assert_non_null(strstr(e.msg, "/p: line "));
			if (strstr(e.msg, rows[i].error) == NULL)
				fail_msg("row %zu: %s", i, e.msg);
			continue;
		}
		if (rc == -1)
			fail_msg("row %zu: %s", i, e.msg);
		out = xtext_open(&got, &len);
		put(out, doc);
		xtext_close(out);
		assert_string_equal(got, rows[i].want);
		free(got);
		toml_free(doc);
	}
}

/* Where things stand. */
static void
test_places(void **state)
{
	static const char text[] = "a = 1\r\n[ b . c ] # x\r\n  d.e = 'x'\n";
	const struct toml *t;
	struct toml *doc;
	struct err e;

	(void)state;
	assert_int_equal(toml_read("p", text, &doc, &e), 0);
	t = toml_get(toml_get(doc, "b"), "c");
	assert_int_equal(t->form, TOML_HEADER);
	assert_int_equal(t->line, 2);
	assert_memory_equal(text + t->from, "[ b . c ] # x", t->to - t->from);
	t = toml_get(t, "d");
	assert_int_equal(t->form, TOML_DOTTED);
	assert_int_equal(t->key_to - t->key_from, 1);
	t = toml_get(t, "e");
	assert_int_equal(t->line, 3);
	assert_memory_equal(text + t->key_from, "d.e", 3);
	assert_int_equal(t->to - t->from, 3);
	assert_string_equal(toml_string(t), "x");
	assert_null(toml_string(toml_get(doc, "a")));
	assert_null(toml_get(toml_get(doc, "a"), "b"));
	assert_null(toml_get(NULL, "b"));
	toml_free(doc);
}

/* Too many, and too deep. */
static void
test_bounds(void **state)
{
	struct toml *doc;
	struct err e;
	char *text;
	size_t len, i;
	FILE *out = xtext_open(&text, &len);

	(void)state;
	for (i = 0; i < NODE_TOML_MAX; i++)
		fputs("[[a]]\n", out);
	xtext_close(out);
	assert_int_equal(toml_read("p", text, &doc, &e), -1);
	assert_non_null(strstr(e.msg, "more keys and values"));
	free(text);
	out = xtext_open(&text, &len);
	fputs("a = ", out);
	for (i = 0; i <= NODE_TOML_DEPTH_MAX; i++)
		fputc('[', out);
	xtext_close(out);
	assert_int_equal(toml_read("p", text, &doc, &e), -1);
	assert_non_null(strstr(e.msg, "deeper"));
	free(text);
	out = xtext_open(&text, &len);
	for (i = 0; i <= NODE_TOML_DEPTH_MAX; i++)
		fputs("a.", out);
	fputs("a = 1", out);
	xtext_close(out);
	assert_int_equal(toml_read("p", text, &doc, &e), -1);
	assert_non_null(strstr(e.msg, "a longer name"));
	free(text);
}

/* --- hosts.toml ----------------------------------------------------------- */

static void
test_hosts(void **state)
{
	static const char text[] = "server = \"https://up\"\nca = 's.pem'\n"
	    "[host.\"http://m/v2/x\"]\nca = ['/a.pem', 'b.pem']\n"
	    "client = [['c.pem', 'c.key']]\n[host.'http://n']\n"
	    "capabilities = ['push']\n";
	struct hosts_toml h;

	(void)state;
	hosts_toml_read("d/hosts.toml", text, &h);
	assert_null(h.fault);
	assert_int_equal(h.count, 3);
	assert_string_equal(h.list[0].url, "http://m/v2/x");
	assert_non_null(strstr(h.list[0].fault, "/d/hosts.toml: line 3: "));
	assert_int_equal(h.list[0].ca_count, 2);
	assert_string_equal(h.list[0].ca[1], "/d/b.pem");
	assert_string_equal(h.list[0].cert, "/d/c.pem");
	assert_string_equal(h.list[0].key, "/d/c.key");
	assert_non_null(strstr(h.list[1].fault, "without \"pull\""));
	assert_true(h.list[2].is_server);
	assert_null(h.list[2].fault);
	assert_string_equal(h.list[2].ca[0], "/d/s.pem");
	hosts_toml_done(&h);
	hosts_toml_read("d/hosts.toml", "[host]\n[host.\"http://m\"]\n"
	    "client = [['a']]\n", &h);
	assert_non_null(strstr(h.fault, "line 3: client is no pair"));
	hosts_toml_done(&h);
}

static void
test_looks(void **state)
{
	(void)state;
	assert_true(containerd_looks("/a:/b//:", "/b"));
	assert_false(containerd_looks("/a:/bc", "/b"));
	assert_false(containerd_looks("", "/b"));
	assert_false(containerd_looks(NULL, "/b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
