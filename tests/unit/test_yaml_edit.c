#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "yaml/yaml_edit.h"

#define MARK	" # m"
#define HUB	"mirrors:\n  \"docker.io\":\n    endpoint:\n" \
		"      - \"http://m\"\n"
#define TLS	"configs:\n  \"m:5\":\n    tls:\n      ca_file: \"/ca\"\n"

/* What goes in, and whole comes out again after an edit elsewhere. */
static const struct {
	const char *base, *ours, *want, *error;
	unsigned line;
} rows[] = {
	{ "", HUB, "mirrors: # m\n  \"docker.io\": # m\n    endpoint: # m\n"
	    "      - \"http://m\" # m\n", NULL, 0 },
	{ "# mine\n", HUB, "# mine\nmirrors: # m\n  \"docker.io\": # m\n"
	    "    endpoint: # m\n      - \"http://m\" # m\n", NULL, 0 },
	{ "mirrors:\n    # internal\n    reg.corp:\n        endpoint: [ a ]\n",
	    HUB, "mirrors:\n    \"docker.io\": # m\n      endpoint: # m\n"
	    "        - \"http://m\" # m\n    # internal\n    reg.corp:\n"
	    "        endpoint: [ a ]\n", NULL, 0 },
	{ "mirrors:\r\n  docker.io:\r\n    endpoint:\r\n    - a # x\r\n", HUB,
	    "mirrors:\r\n  docker.io:\r\n    endpoint:\r\n"
	    "    - \"http://m\" # m\r\n    - a # x\r\n", NULL, 0 },
	{ "mirrors: {docker.io: {endpoint: [a]}}", HUB,
	    "mirrors: {docker.io: {endpoint: [\"http://m\", a]}}", NULL, 0 },
	{ "{ }", HUB, "{\"mirrors\": {\"docker.io\": "
	    "{\"endpoint\": [\"http://m\"]}} }", NULL, 0 },
	{ "mirrors: {\"*\": {endpoint: []}} # \xc3\xa4\n", HUB,
	    "mirrors: {\"docker.io\": {\"endpoint\": [\"http://m\"]}, "
	    "\"*\": {endpoint: []}} # \xc3\xa4\n", NULL, 0 },
	{ "x: \xc3\xa4\xe2\x82\xac\nmirrors: # y\n\nconfigs: {}\n", HUB,
	    "x: \xc3\xa4\xe2\x82\xac\nmirrors: # y\n  \"docker.io\": # m\n"
	    "    endpoint: # m\n      - \"http://m\" # m\n\nconfigs: {}\n",
	    NULL, 0 },
	{ "mirrors:\n  docker.io:\n    rewrite:\n      a: b", HUB,
	    "mirrors:\n  docker.io:\n    endpoint: # m\n"
	    "      - \"http://m\" # m\n    rewrite:\n      a: b", NULL, 0 },
	{ "configs:\n  \"m:5\":\n    auth:\n      username: u\n", TLS,
	    "configs:\n  \"m:5\":\n    tls: # m\n      ca_file: \"/ca\" # m\n"
	    "    auth:\n      username: u\n", NULL, 0 },
	{ "configs:\n  \"m:5\":\n    auth: {}", TLS, "configs:\n"
	    "  \"m:5\":\n    tls: # m\n      ca_file: \"/ca\" # m\n"
	    "    auth: {}", NULL, 0 },
	/* A word that says nothing. */
	{ "mirrors: ~\nx: y\n", HUB, "mirrors: {\"docker.io\": {\"endpoint\": "
	    "[\"http://m\"]}} # m: was ~\nx: y\n", NULL, 0 },
	{ "mirrors:\n  docker.io:\n    endpoint: null # mine\n", HUB,
	    "mirrors:\n  docker.io:\n    endpoint: [\"http://m\"] # m: was "
	    "null # mine\n", NULL, 0 },
	{ "--- NULL\n", HUB, "--- {\"mirrors\": {\"docker.io\": {\"endpoint\": "
	    "[\"http://m\"]}}} # m: was NULL\n", NULL, 0 },
	/* It is there. */
	{ "mirrors: {docker.io: {endpoint: [a, 'http://m']}}", HUB,
	    "mirrors: {docker.io: {endpoint: [a, 'http://m']}}", NULL, 0 },
	/* What cannot be. */
	{ "mirrors:\n\tdocker.io:\n", HUB, NULL, "not valid YAML", 2 },
	{ "a: 1\na: 2\n", HUB, NULL, "\"a\" stands twice", 2 },
	{ "a: 1\n---\nb: 2\n", HUB, NULL, "more than one document", 0 },
	{ "- a\n", HUB, NULL, "no mapping", 1 },
	{ "\nmirrors:\n  - a\n", HUB, NULL, "no mapping", 3 },
	{ "mirrors: &x ~\n", HUB, NULL, "no mapping", 1 },
	{ "mirrors:\n  docker.io:\n    endpoint: a\n", HUB, NULL, "no list",
	    3 },
	{ "configs:\n  \"m:5\": {tls: {ca_file: /x}}\n", TLS, NULL,
	    "says something else", 2 },
	{ "x: &x\n  endpoint: [a]\nmirrors:\n  docker.io: *x\n", HUB, NULL,
	    "an alias", 4 },
	{ "mirrors:\n  ghcr.io: &x\n    endpoint: [a]\n  docker.io:\n"
	    "    <<: *x\n", HUB, NULL, "line by line", 0 },
	{ "mirrors:\n  docker.io: &x\n    endpoint: [a]\n  ghcr.io: *x\n",
	    HUB, NULL, "line by line", 0 },
	{ "a: b\n...\n", HUB, NULL, "line by line", 0 },
};

static void
test_put(void **state)
{
	unsigned line;
	char *got, *again;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		line = 99;
		rc = yaml_edit_put(rows[i].base, rows[i].ours, MARK, &got,
		    &line, &e);
		if (rows[i].error != NULL) {
			assert_int_equal(rc, -1);
			if (strstr(e.msg, rows[i].error) == NULL)
				fail_msg("%zu: %s", i, e.msg);
			assert_int_equal(line, rows[i].line);
			continue;
		}
		if (rc == -1)
			fail_msg("%zu: %s", i, e.msg);
		assert_string_equal(got, rows[i].want);
		assert_int_equal(yaml_edit_put(got, rows[i].ours, MARK, &again,
		    &line, &e), 0);
		assert_string_equal(again, got);
		free(again);
		free(got);
	}
}

/* Out again, byte for byte but for a last line that had no end. */
static void
test_take(void **state)
{
	unsigned line;
	char *got, *back;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].error != NULL || strcmp(rows[i].base,
		    rows[i].want) == 0)
			continue;
		assert_int_equal(yaml_edit_put(rows[i].base, rows[i].ours,
		    MARK, &got, &line, &e), 0);
		if (yaml_edit_take(got, rows[i].ours, MARK, &back, &line,
		    &e) == -1)
			fail_msg("%zu: %s", i, e.msg);
		assert_string_equal(back, rows[i].base);
		free(got);
		free(back);
	}
}

/* After others have been at it: marks stripped, all in one line, an entry of
 * theirs below ours. */
static void
test_take_edited(void **state)
{
	static const struct {
		const char *now, *want, *error;
	} edited[] = {
		{ "mirrors:\n  docker.io:\n    endpoint:\n      - http://m\n"
		    "      - http://n\n", "mirrors:\n  docker.io:\n"
		    "    endpoint:\n      - http://n\n", NULL },
		{ "mirrors:\n  docker.io:\n    endpoint:\n      - http://m\n"
		    "x: 1\n", "x: 1\n", NULL },
		{ "{\"mirrors\":{\"docker.io\":{\"endpoint\":[\"http://m\"]},"
		    "\"a\":{\"endpoint\":[\"b\"]}}}",
		    "{\"mirrors\":{\"a\":{\"endpoint\":[\"b\"]}}}", NULL },
		{ "mirrors: # m\n  docker.io: # m\n    endpoint: # m\n"
		    "      - http://m # m\n      - b\n", "mirrors: # m\n"
		    "  docker.io: # m\n    endpoint: # m\n      - b\n", NULL },
		{ "mirrors: # m\n  docker.io: # m\n    endpoint: # m\n"
		    "      - http://m\n", NULL, "did not mark" },
		{ "x: # m\n  - http://m", "x: # m\n  - http://m", NULL },
		{ "mirrors: [\n", NULL, "not valid YAML" },
		{ "mirrors:\n  docker.io:\n    endpoint: [ 'http://m' ]\n",
		    "", NULL },
		{ "mirrors:\n  docker.io: &x\n    endpoint: ['http://m']\n"
		    "  a: *x\n", NULL, "shares its line" },
	};
	unsigned line;
	struct err e;
	char *got;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(edited) / sizeof(edited[0]); i++) {
		rc = yaml_edit_take(edited[i].now, HUB, MARK, &got, &line, &e);
		if (edited[i].error != NULL) {
			assert_int_equal(rc, -1);
			if (strstr(e.msg, edited[i].error) == NULL)
				fail_msg("%zu: %s", i, e.msg);
			continue;
		}
		if (rc == -1)
			fail_msg("%zu: %s", i, e.msg);
		assert_string_equal(got, edited[i].want);
		free(got);
	}
}

static void
test_joined(void **state)
{
	struct err e;
	char *got;

	(void)state;
	assert_int_equal(yaml_edit_joined("configs: {r: {auth: {username: u, "
	    "password: secret}, tls: {insecure_skip_verify: true}}}\n"
	    "mirrors: {docker.io: {endpoint: [a]}, b: }", HUB, &got, &e), 0);
	assert_string_equal(got, "\"configs\":\n  \"r\":\n    \"auth\":\n"
	    "      \"username\": \"***\"\n      \"password\": \"***\"\n"
	    "    \"tls\":\n      \"insecure_skip_verify\": true\n"
	    "\"mirrors\":\n  \"docker.io\":\n    \"endpoint\":\n"
	    "      - \"http://m\"\n      - \"a\"\n  \"b\": {}\n");
	free(got);
	assert_int_equal(yaml_edit_joined("a: [", HUB, &got, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_take_edited),
		cmocka_unit_test(test_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
