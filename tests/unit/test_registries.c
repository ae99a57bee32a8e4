#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/registries.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static struct registries *
parsed(const char *json)
{
	struct registries *r = NULL;
	struct err e;

	if (registries_parse("regs.json", json, strlen(json), &r, &e) == -1)
		fail_msg("%s", e.msg);
	return r;
}

static struct registry_config
config(const struct registries *r, const char *name)
{
	struct registry_config c;
	struct err e;

	if (registries_config(r, name, &c, &e) == -1)
		fail_msg("%s", e.msg);
	return c;
}

static const struct {
	const char *name, *want_name, *endpoint;
} standard[] = {
	{ "docker.io", "docker.io", "https://registry-1.docker.io/" },
	{ "index.docker.io", "docker.io", "https://registry-1.docker.io/" },
	{ "registry-1.docker.io", "docker.io",
	    "https://registry-1.docker.io/" },
	{ "ghcr.io", "ghcr.io", "https://ghcr.io/" },
	{ "reg.example:5000", "reg.example:5000", "https://reg.example:5000/" },
	{ "reg.example:443", "reg.example:443", "https://reg.example/" },
	{ "reg", "reg", "https://reg/" },
	{ "192.168.1.5:5000", "192.168.1.5:5000", "https://192.168.1.5:5000/" },
	{ "[fd00::1]:5000", "[fd00::1]:5000", "https://[fd00::1]:5000/" },
	{ "localhost", "localhost", "http://localhost/" },
	{ "localhost:5000", "localhost:5000", "http://localhost:5000/" },
	{ "127.0.0.1:5000", "127.0.0.1:5000", "http://127.0.0.1:5000/" },
	{ "127.1.2.3", "127.1.2.3", "http://127.1.2.3/" },
	{ "127.1", "127.1", "http://127.0.0.1/" },
	{ "[::1]:5000", "[::1]:5000", "http://[::1]:5000/" },
	{ "[::1]", "[::1]", "http://[::1]/" },
	{ "localhost.example", "localhost.example",
	    "https://localhost.example/" },
	{ "127.0.0.1.nip.io", "127.0.0.1.nip.io", "https://127.0.0.1.nip.io/" },
	{ "0.0.0.0:5000", "0.0.0.0:5000", "https://0.0.0.0:5000/" },
};

static void
test_standard(void **state)
{
	struct registries *r = NULL;
	struct registry_config c;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(registries_parse("x", NULL, 0, &r, &e), 0);
	for (i = 0; i < COUNT(standard); i++) {
		c = config(r, standard[i].name);
		assert_string_equal(c.name, standard[i].want_name);
		assert_string_equal(c.endpoint.text, standard[i].endpoint);
		registry_config_done(&c);
		assert_null(c.name);
	}
	c = config(r, "ghcr.io");
	assert_int_equal(c.max_connections, 8);
	assert_int_equal(c.min_pulls_left, 0);
	assert_int_equal(c.retry.max_tries, 5);
	assert_int_equal(c.retry.base_ms, 1000);
	assert_int_equal(c.retry.cap_ms, 60000);
	assert_int_equal(c.retry.wait_max_ms, 300000);
	assert_int_equal(c.stall_timeout_s, 30);
	assert_int_equal(c.first_byte_timeout_s, 300);
	assert_int_equal(c.min_rate, 512);
	assert_int_equal(c.connect_timeout_s, 15);
	assert_true(c.ca_file == NULL && c.client_cert == NULL &&
	    c.client_key == NULL);
	registry_config_done(&c);
	registries_free(r);
	registries_free(NULL);
}

static void
test_all_settings(void **state)
{
	struct registries *r = parsed("{\"reg.example:5000\": {"
	    "\"endpoint\": \"http://10.0.0.5:8080/cache\","
	    "\"max_connections\": 64, \"min_pulls_left\": 10,"
	    "\"max_tries\": 1, \"retry_delay_ms\": 250,"
	    "\"stall_timeout_s\": 5, \"connect_timeout_s\": 3,"
	    "\"ca_file\": \"/ca.pem\", \"client_cert\": \"/c.pem\","
	    "\"client_key\": \"/k.pem\"}, \"other.example\": {}}");
	struct registry_config c = config(r, "reg.example:5000");

	(void)state;
	assert_string_equal(c.name, "reg.example:5000");
	assert_string_equal(c.endpoint.text, "http://10.0.0.5:8080/cache/");
	assert_string_equal(c.endpoint.host, "10.0.0.5");
	assert_int_equal(c.endpoint.port, 8080);
	assert_false(c.endpoint.https);
	assert_int_equal(c.max_connections, 64);
	assert_int_equal(c.min_pulls_left, 10);
	assert_int_equal(c.retry.max_tries, 1);
	assert_int_equal(c.retry.base_ms, 250);
	assert_int_equal(c.stall_timeout_s, 5);
	assert_int_equal(c.first_byte_timeout_s, 50);
	assert_int_equal(c.connect_timeout_s, 3);
	assert_string_equal(c.ca_file, "/ca.pem");
	assert_string_equal(c.client_cert, "/c.pem");
	assert_string_equal(c.client_key, "/k.pem");
	registry_config_done(&c);
	/* another port is another registry */
	c = config(r, "reg.example");
	assert_string_equal(c.endpoint.text, "https://reg.example/");
	assert_int_equal(c.max_connections, 8);
	registry_config_done(&c);
	c = config(r, "other.example");
	assert_string_equal(c.endpoint.text, "https://other.example/");
	registry_config_done(&c);
	registries_free(r);
}

static const struct {
	const char *json, *name, *endpoint;
} endpoints[] = {
	{ "{}", "docker.io", "https://registry-1.docker.io/" },
	{ "{\"docker.io\":{\"max_tries\":2}}", "docker.io",
	    "https://registry-1.docker.io/" },
	{ "{\"docker.io\":{\"endpoint\":\"https://mirror.example\"}}",
	    "docker.io", "https://mirror.example/" },
	{ "{\"index.docker.io\":{\"endpoint\":\"https://m.example/\"}}",
	    "docker.io", "https://m.example/" },
	{ "{\"registry-1.docker.io\":{\"endpoint\":\"https://m.example/\"}}",
	    "index.docker.io", "https://m.example/" },
	{ "{\"h\":{\"endpoint\":\"HTTPS://H.Example:443/a/b/\"}}", "h",
	    "https://h.example/a/b/" },
	{ "{\"localhost:5000\":{\"endpoint\":\"https://localhost:5000\"}}",
	    "localhost:5000", "https://localhost:5000/" },
	{ "{\"localhost:5000\":{\"max_tries\":2}}", "localhost:5000",
	    "http://localhost:5000/" },
};

static void
test_endpoint(void **state)
{
	struct registries *r;
	struct registry_config c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(endpoints); i++) {
		r = parsed(endpoints[i].json);
		c = config(r, endpoints[i].name);
		assert_string_equal(c.endpoint.text, endpoints[i].endpoint);
		registry_config_done(&c);
		registries_free(r);
	}
}

/* A path behind v2/ stands before the names of repositories. */
static const struct {
	const char *endpoint, *want, *below, *account;
} paths[] = {
	{ "https://harbor.example/v2/dockerhub-proxy",
	    "https://harbor.example/", "dockerhub-proxy", "harbor.example" },
	{ "https://harbor.example:8443/v2/dockerhub-proxy/",
	    "https://harbor.example:8443/", "dockerhub-proxy",
	    "harbor.example:8443" },
	{ "HTTPS://Harbor.Example:443/v2/a//", "https://harbor.example/", "a",
	    "harbor.example" },
	{ "https://nexus.example/repository/docker-proxy/v2",
	    "https://nexus.example/repository/docker-proxy/", NULL,
	    "nexus.example" },
	{ "https://a.example/artifactory/api/docker/docker-remote/v2/",
	    "https://a.example/artifactory/api/docker/docker-remote/", NULL,
	    "a.example" },
	{ "https://a.example/x/v2/team/docker-remote", "https://a.example/x/",
	    "team/docker-remote", "a.example" },
	{ "https://1234.dkr.ecr.eu-west-1.amazonaws.com/v2/docker-hub",
	    "https://1234.dkr.ecr.eu-west-1.amazonaws.com/", "docker-hub",
	    "1234.dkr.ecr.eu-west-1.amazonaws.com" },
	{ "https://europe-docker.pkg.dev/v2/my-project/hub",
	    "https://europe-docker.pkg.dev/", "my-project/hub",
	    "europe-docker.pkg.dev" },
	{ "http://10.0.0.5:5000/v2/v2/x", "http://10.0.0.5:5000/", "v2/x",
	    "10.0.0.5:5000" },
	{ "https://h.example/v2/x/../y", "https://h.example/", "y",
	    "h.example" },
	{ "https://h.example/v20/x", "https://h.example/v20/x/", NULL,
	    "h.example" },
	{ "https://v2/x", "https://v2/x/", NULL, "v2" },
	{ "https://[fd00::1]:5000/v2/x", "https://[fd00::1]:5000/", "x",
	    "[fd00::1]:5000" },
};

static void
test_paths(void **state)
{
	struct registries *r;
	struct registry_config c;
	char json[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(paths); i++) {
		snprintf(json, sizeof(json),
		    "{\"docker.io\":{\"endpoint\":\"%s\"}}",
		    paths[i].endpoint);
		r = parsed(json);
		c = config(r, "docker.io");
		assert_string_equal(c.name, "docker.io");
		assert_string_equal(c.endpoint.text, paths[i].want);
		assert_string_equal(c.account, paths[i].account);
		if (paths[i].below == NULL)
			assert_null(c.below);
		else
			assert_string_equal(c.below, paths[i].below);
		/* The Hub's password is not for a proxy project. */
		assert_int_equal(c.is_lent, paths[i].below == NULL);
		registry_config_done(&c);
		registries_free(r);
	}
}

/* Several places for one registry, and what is said of each. */
static void
test_several(void **state)
{
	struct registries *r = parsed("{\"docker.io\": {\"endpoints\": ["
	    "\"https://one.example/v2/hub\", \"https://two.example:5000\","
	    "\"https://registry-1.docker.io\"],"
	    "\"ca_file\": \"/hub-ca\", \"client_cert\": \"/hub-cert\","
	    "\"client_key\": \"/hub-key\", \"max_tries\": 2},"
	    "\"two.example:5000\": {\"ca_file\": \"/two-ca\","
	    "\"client_cert\": \"/two-cert\", \"stall_timeout_s\": 7}}");
	struct registry_config c;
	struct err e;

	(void)state;
	assert_int_equal(registries_config_at(r, "docker.io", 0, &c, &e), 1);
	assert_string_equal(c.endpoint.text, "https://one.example/");
	assert_string_equal(c.below, "hub");
	assert_string_equal(c.ca_file, "/hub-ca");
	assert_null(c.client_cert);
	assert_false(c.is_lent);
	assert_int_equal(c.retry.max_tries, 2);
	registry_config_done(&c);
	assert_int_equal(registries_config_at(r, "index.docker.io", 1, &c, &e),
	    1);
	assert_string_equal(c.name, "docker.io");
	assert_string_equal(c.account, "two.example:5000");
	assert_string_equal(c.ca_file, "/two-ca");
	assert_string_equal(c.client_cert, "/two-cert");
	assert_null(c.client_key);
	assert_false(c.is_lent);
	assert_int_equal(c.retry.max_tries, 2);
	assert_int_equal(c.stall_timeout_s, 7);
	assert_int_equal(c.first_byte_timeout_s, 70);
	registry_config_done(&c);
	assert_int_equal(registries_config_at(r, "docker.io", 2, &c, &e), 1);
	assert_string_equal(c.client_cert, "/hub-cert");
	assert_string_equal(c.client_key, "/hub-key");
	assert_true(c.is_lent);
	registry_config_done(&c);
	assert_int_equal(registries_config_at(r, "docker.io", 3, &c, &e), 0);
	assert_int_equal(registries_config_at(r, "ghcr.io", 0, &c, &e), 1);
	registry_config_done(&c);
	assert_int_equal(registries_config_at(r, "ghcr.io", 1, &c, &e), 0);
	registries_free(r);
}

/* "*" is for what nobody else has said. */
static void
test_any(void **state)
{
	struct registries *r = parsed("{\"a.example\": {\"max_tries\": 2},"
	    "\"*\": {\"ca_file\": \"/ca\", \"max_tries\": 9,"
	    "\"connect_timeout_s\": 3, \"max_connections\": 5},"
	    "\"b.example\": {\"ca_file\": \"/b\","
	    "\"endpoint\": \"https://a.example/v2/b\"}}");
	struct registry_config c;
	struct err e;

	(void)state;
	registries_connections(r, 30);
	c = config(r, "a.example");
	assert_string_equal(c.ca_file, "/ca");
	assert_int_equal(c.retry.max_tries, 2);
	assert_int_equal(c.connect_timeout_s, 3);
	assert_int_equal(c.max_connections, 5);
	registry_config_done(&c);
	c = config(r, "other.example");
	assert_string_equal(c.endpoint.text, "https://other.example/");
	assert_string_equal(c.ca_file, "/ca");
	assert_int_equal(c.retry.max_tries, 9);
	registry_config_done(&c);
	/* b, by way of a */
	c = config(r, "b.example");
	assert_string_equal(c.ca_file, "/b");
	assert_int_equal(c.retry.max_tries, 2);
	registry_config_done(&c);
	assert_int_equal(registries_config_from(r, "b.example", "http://m.lan",
	    &c, &e), 0);
	assert_string_equal(c.ca_file, "/ca");
	registry_config_done(&c);
	registries_free(r);
}

/* A mirror in the place of docker.io, whose client certificate is for Docker
 * Hub alone. */
static const struct {
	const char *url, *endpoint, *ca_file, *client_cert, *client_key;
	unsigned max_connections, max_tries;
} mirrors[] = {
	{ "https://m.example", "https://m.example/docker.io/", NULL, NULL,
	    NULL, 4, 3 },
	{ "https://m.example:5000/", "https://m.example:5000/docker.io/",
	    "/m-ca", "/m-cert", "/m-key", 8, 5 },
	{ "https://M.Example:5000/a//", "https://m.example:5000/a/docker.io/",
	    "/m-ca", "/m-cert", "/m-key", 8, 5 },
	{ "https://m.example:5001", "https://m.example:5001/docker.io/", NULL,
	    NULL, NULL, 4, 3 },
	{ "http://ca.example/x", "http://ca.example/x/docker.io/", "/ca", NULL,
	    NULL, 2, 5 },
	/* Another name of Docker Hub is no name of a mirror. */
	{ "https://registry-1.docker.io",
	    "https://registry-1.docker.io/docker.io/", NULL, NULL, NULL, 4, 3 },
};

static void
assert_text(const char *have, const char *want)
{
	assert_true((have == NULL) == (want == NULL));
	if (want != NULL)
		assert_string_equal(have, want);
}

static void
test_mirror(void **state)
{
	struct registries *r = parsed("{\"docker.io\": {"
	    "\"endpoint\": \"https://hub.example\","
	    "\"max_connections\": 4, \"max_tries\": 3,"
	    "\"ca_file\": \"/ca\", \"client_cert\": \"/c\","
	    "\"client_key\": \"/k\"},"
	    "\"m.example:5000\": {\"endpoint\": \"https://other.example\","
	    "\"ca_file\": \"/m-ca\", \"client_cert\": \"/m-cert\","
	    "\"client_key\": \"/m-key\"},"
	    "\"ca.example\": {\"ca_file\": \"/ca\","
	    "\"max_connections\": 2}}");
	struct registry_config c;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(mirrors); i++) {
		if (registries_config_from(r, "docker.io", mirrors[i].url, &c,
		    &e) == -1)
			fail_msg("%s", e.msg);
		assert_string_equal(c.name, "docker.io");
		assert_string_equal(c.endpoint.text, mirrors[i].endpoint);
		assert_text(c.ca_file, mirrors[i].ca_file);
		assert_text(c.client_cert, mirrors[i].client_cert);
		assert_text(c.client_key, mirrors[i].client_key);
		assert_int_equal(c.max_connections,
		    mirrors[i].max_connections);
		assert_int_equal(c.retry.max_tries, mirrors[i].max_tries);
		registry_config_done(&c);
	}
	assert_int_equal(registries_config_from(r, "docker.io", "ftp://m", &c,
	    &e), -1);
	registries_free(r);
}

static const char *const bad_names[] = {
	"", " ", "Reg.Example", "https://reg.example", "reg.example/", "a/b",
	"reg.example:", "reg.example:0", "reg.example:65536", "reg.example:x",
	"-reg", "reg-", ".reg", "reg.", "a..b", "reg_x", "*.example", "u@h",
	"[::1", "::1", "[fe80::1%eth0]", "reg?x", "reg#x", "h\xc3\xa9", "..",
	/* a name, but nothing to connect to */
	"[::::]", "[....]", "[1::2::3]:5000",
};

static void
test_bad_name(void **state)
{
	struct registries *r = parsed("{}");
	struct registry_config c = { .name = NULL };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad_names); i++) {
		e.code = ERR_NONE;
		if (registries_config(r, bad_names[i], &c, &e) != -1)
			fail_msg("\"%s\" was taken", bad_names[i]);
		assert_int_equal(e.code, ERR_INPUT);
		assert_null(c.name);
	}
	registries_free(r);
}

#define FOUR	"\"https://h\",\"https://h\",\"https://h\",\"https://h\""
#define SIXTEEN	FOUR "," FOUR "," FOUR "," FOUR
#define H(setting)	"{\"h.example\":{" setting "}}"

/* Each with a word that the message has to have besides the file's name. */
static const struct {
	const char *json, *says;
} bad[] = {
	{ "", "line" }, { " ", "line" }, { "[]", "object" }, { "[1]",
	    "object" },
	{ "null", "line" }, { "3", "line" }, { "\"x\"", "line" },
	{ "{", "line 1" }, { "{}x", "line 1" }, { "{\n\n\"a\" 1}", "line 3" },
	{ "{\"a\":{},}", "line 1" }, { "{'a':{}}", "line 1" },
	{ "{\"a\":{}, // x\n}", "line 1" }, { "\xef\xbb\xbf{}", "line 1" },
	{ "{\"a\":{},\"a\":{}}", "line 1" },
	{ "{\"\xff\":{}}", "line 1" }, { "{\"a\\u0000b\":{}}", "line 1" },
	{ "{\"h.example\":null}", "h.example" },
	{ "{\"h.example\":[]}", "h.example" },
	{ "{\"h.example\":\"https://x/\"}", "h.example" },
	{ "{\"H.example\":{}}", "H.example" },
	{ "{\"https://h.example\":{}}", "https://h.example" },
	{ "{\"\":{}}", "is not a registry" },
	{ "{\"*.example\":{}}", "*.example" },
	{ "{\"docker.io\":{},\"index.docker.io\":{}}", "index.docker.io" },
	{ "{\"registry-1.docker.io\":{},\"docker.io\":{}}", "docker.io" },
	{ H("\"max_conections\":8"), "h.example: max_conections" },
	{ H("\"\":8"), "h.example" },
	{ H("\"MAX_TRIES\":8"), "h.example: MAX_TRIES" },
	{ H("\"max_connections\":0"), "h.example: max_connections" },
	{ H("\"max_connections\":65"), "1 to 64" },
	{ H("\"max_connections\":-1"), "max_connections" },
	{ H("\"max_connections\":8.0"), "max_connections" },
	{ H("\"max_connections\":\"8\""), "max_connections" },
	{ H("\"max_connections\":true"), "max_connections" },
	{ H("\"max_connections\":null"), "max_connections" },
	{ H("\"max_connections\":4294967304"), "max_connections" },
	{ H("\"max_connections\":18446744073709551624"), "line 1" },
	{ H("\"max_tries\":0"), "max_tries" },
	{ H("\"max_tries\":101"), "max_tries" },
	{ H("\"retry_delay_ms\":0"), "retry_delay_ms" },
	{ H("\"retry_delay_ms\":60001"), "retry_delay_ms" },
	{ H("\"stall_timeout_s\":0"), "stall_timeout_s" },
	{ H("\"first_byte_timeout_s\":0"), "first_byte_timeout_s" },
	{ H("\"first_byte_timeout_s\":36001"), "first_byte_timeout_s" },
	{ H("\"stall_timeout_s\":3601"), "stall_timeout_s" },
	{ H("\"min_rate\":0"), "min_rate" },
	{ H("\"min_rate\":1073741825"), "min_rate" },
	{ H("\"connect_timeout_s\":0"), "connect_timeout_s" },
	{ H("\"connect_timeout_s\":601"), "connect_timeout_s" },
	{ H("\"min_pulls_left\":-1"), "min_pulls_left" },
	{ H("\"max_tries\":3,\"max_tries\":4"), "line 1" },
	{ H("\"ca_file\":\"\""), "h.example: ca_file" },
	{ H("\"ca_file\":7"), "ca_file" },
	{ H("\"ca_file\":null"), "ca_file" },
	{ H("\"ca_file\":\"/a\\u0000b\""), "line 1" },
	{ H("\"client_cert\":[]"), "client_cert" },
	{ H("\"client_key\":\"/k.pem\""), "h.example: client_key" },
	{ H("\"endpoint\":\"\""), "h.example: endpoint" },
	{ H("\"endpoint\":7"), "endpoint" },
	{ H("\"endpoint\":\"h.example\""), "h.example: endpoint" },
	{ H("\"endpoint\":\"ftp://h.example\""), "endpoint" },
	{ H("\"endpoint\":\"https://u:SECRET@h/\""), "endpoint" },
	{ H("\"endpoint\":\"https://h/?a=SECRET\""), "endpoint" },
	{ H("\"endpoint\":\"https://h/?\""), "endpoint" },
	{ H("\"endpoint\":\"https://h/#x\""), "endpoint" },
	{ H("\"endpoint\":\"https://h:0\""), "endpoint" },
	{ H("\"endpoint\":\"https://\""), "endpoint" },
	{ H("\"endpoint\":\"/v2/\""), "endpoint" },
	{ H("\"endpoint\":\"https://h/v2/Upper\""), "h.example: endpoint" },
	{ H("\"endpoint\":\"https://h/v2/a%20b\""), "behind v2/" },
	{ H("\"endpoint\":\"https://h/v2/a//b\""), "behind v2/" },
	{ H("\"endpoints\":[]"), "h.example: endpoints" },
	{ H("\"endpoints\":\"https://h\""), "h.example: endpoints" },
	{ H("\"endpoints\":{}"), "h.example: endpoints" },
	{ H("\"endpoints\":[7]"), "h.example: endpoints" },
	{ H("\"endpoints\":[\"https://h\",\"h\"]"), "endpoints: number 2" },
	{ H("\"endpoints\":[\"https://u:SECRET@h\"]"), "number 1" },
	{ H("\"endpoints\":[\"https://h\"],\"endpoint\":\"https://h\""),
	    "endpoints" },
	{ H("\"endpoints\":[" SIXTEEN "," "\"https://h\"]"), "more than 16" },
	{ "{\"*\":{\"client_key\":\"/k\"}}", "*: client_key" },
	{ "{\"*\":{\"client_cert\":\"/k\"}}", "*: client_cert" },
	{ "{\"*\":{\"private\":[\"10.0.0.0/8\"]}}", "*: private" },
	{ "{\"*\":{\"endpoint\":\"https://h\"}}", "*: endpoint" },
	{ "{\"*\":{\"endpoints\":[\"https://h\"]}}", "*: endpoints" },
	{ "{\"*\":{\"require_signed\":\"/k\"}}", "*: require_signed" },
	{ "{\"*\":{\"min_pulls_left\":1}}", "*: min_pulls_left" },
	{ "{\"*\":{\"max_tries\":0}}", "*: max_tries" },
	{ "{\"*\":{\"x\":0}}", "*: x" },
	{ H("\"endpoint\":\"https://h/\\n\""), "endpoint" },
};

static void
test_bad(void **state)
{
	struct registries *r = NULL;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		e.code = ERR_NONE;
		if (registries_parse("regs.json", bad[i].json,
		    strlen(bad[i].json), &r, &e) != -1)
			fail_msg("%s was taken", bad[i].json);
		assert_int_equal(e.code, ERR_INPUT);
		assert_null(r);
		assert_int_equal(strncmp(e.msg, "regs.json: ", 11), 0);
		if (strstr(e.msg + 11, bad[i].says) == NULL)
			fail_msg("%s: says \"%s\"", bad[i].json, e.msg);
		assert_null(strstr(e.msg, "SECRET"));
	}
}

static void
test_long(void **state)
{
	char *text = xmalloc(CONFIG_BYTES_MAX + 1);
	struct registries *r = NULL;
	struct err e;

	(void)state;
	memset(text, ' ', CONFIG_BYTES_MAX + 1);
	memcpy(text, "{}", 2);
	assert_int_equal(registries_parse("x", text, CONFIG_BYTES_MAX, &r, &e),
	    0);
	registries_free(r);
	assert_int_equal(registries_parse("x", text, CONFIG_BYTES_MAX + 1, &r,
	    &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	memset(text, '[', CONFIG_BYTES_MAX);
	assert_int_equal(registries_parse("x", text, CONFIG_BYTES_MAX, &r, &e),
	    -1);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standard),
		cmocka_unit_test(test_all_settings),
		cmocka_unit_test(test_endpoint),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_mirror),
		cmocka_unit_test(test_bad_name),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
