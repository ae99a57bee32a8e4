#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "node/containerd_toml.h"
#include "node/daemon_json.h"
#include "node/folders.h"
#include "node/plan.h"
#include "node/trust.h"
#include "node/uses.h"
#include "scratch.h"

#define CRI	"plugins.\"io.containerd.grpc.v1.cri\".registry"
#define IMAGES	"plugins.\"io.containerd.cri.v1.images\".registry"
#define OURS	"config_path = \"/etc/containerd/certs.d\" # cdr node-config"

/* --- containerd's config.toml -------------------------------------------- */

static const struct {
	const char *base, *want, *error;	/* want NULL: as it was */
} tomls[] = {
	{ NULL, "version = 2\n[" CRI "] # cdr node-config\n" OURS "\n", NULL },
	{ "version = 2", "version = 2\n[" CRI "] # cdr node-config\n" OURS
	    "\n", NULL },
	{ "version = 3\n", "version = 3\n[" IMAGES "] # cdr node-config\n" OURS
	    "\n", NULL },
	{ "version = 2\n[" CRI "] # x\n[a]\n", "version = 2\n[" CRI "] # x\n"
	    OURS "\n[a]\n", NULL },
	{ "version = 2\n[plugins]\n  ['plugins'.'io.containerd.grpc.v1.cri'"
	    ".registry]\n    config_path = \"\"\n    x = 1\n",
	    "version = 2\n[plugins]\n  ['plugins'.'io.containerd.grpc.v1.cri'"
	    ".registry]\n    " OURS ": was \"\"\n    x = 1\n", NULL },
	{ "version = 2\n[" CRI "]\nconfig_path = '/etc/containerd/certs.d'\n",
	    NULL, NULL },
	{ "version = 2\n[" CRI "]\n"
	    "config_path = '/a:/etc/containerd/certs.d/:/b'\n", NULL, NULL },
	{ "version = 2\n" CRI ".config_path = '/etc/containerd/certs.d'\n",
	    NULL, NULL },
	{ "version = 2\n[" CRI ".mirrors]\n# [" CRI ".mirrors.\"docker.io\"]\n"
	    "x = \"\"\"\n[" CRI ".mirrors.a]\n\"\"\"\n",
	    NULL, "registry.mirrors" },
	{ "version = 2\n[" CRI ".mirrors.\"docker.io\"]\n"
	    "endpoint = [\n 'http://m'\n]\n", NULL, "\"docker.io\"" },
	{ "version = 2\n[" CRI "]\nmirrors = { \"docker.io\" = { endpoint = "
	    "[\"http://m\"] } }\n", NULL, "registry.mirrors" },
	{ "version = 2\n[" CRI "]\nconfig_path = \"/x\"\n", NULL, "\"/x\"" },
	{ "version = 2\n[" CRI "]\nconfig_path = \"\" # mine\n", NULL,
	    "something after it on its line" },
	{ "version = 2\n" CRI " = { config_path = \"\" }\n", NULL, "inline" },
	/* An empty one comes back as it was written. */
	{ "version = 2\r\n[" CRI "]\r\nconfig_path=''\r\n[a]\r\n",
	    "version = 2\r\n[" CRI "]\r\nconfig_path=\"/etc/containerd/"
	    "certs.d\" # cdr node-config: was ''\r\n[a]\r\n", NULL },
	{ "version = 2\n[" CRI "]\n\tconfig_path  = \"\" ", "version = 2\n["
	    CRI "]\n\tconfig_path  = \"/etc/containerd/certs.d\" # cdr "
	    "node-config: was \"\" ", NULL },
	{ "version = 2\n[" CRI "]\nconfig_path = \"\"\"\n\"\"\"\n",
	    NULL, "something after it on its line" },
	/* A line of ours ends with its mark, whatever the others end with. */
	{ "version = 2\r\n[" CRI "]\r\n[a]\r\n", "version = 2\r\n[" CRI "]\r\n"
	    OURS "\n[a]\r\n", NULL },
	/* Tables that the version does not read are somebody's remains. */
	{ "version = 3\n[" CRI "]\nconfig_path = '/etc/containerd/certs.d'\n",
	    "version = 3\n[" CRI "]\nconfig_path = '/etc/containerd/certs.d'\n"
	    "[" IMAGES "] # cdr node-config\n" OURS "\n", NULL },
	{ "version = 3\n[" CRI "]\n[" IMAGES "]\n[a]\n",
	    "version = 3\n[" CRI "]\n[" IMAGES "]\n" OURS "\n[a]\n", NULL },
	{ "version = 3\n[" CRI ".mirrors.\"docker.io\"]\n",
	    "version = 3\n[" CRI ".mirrors.\"docker.io\"]\n"
	    "[" IMAGES "] # cdr node-config\n" OURS "\n", NULL },
	{ "version = 2\n[plugins.cri.registry]\nconfig_path = \"\"\n",
	    "version = 2\n[plugins.cri.registry]\nconfig_path = \"\"\n"
	    "[" CRI "] # cdr node-config\n" OURS "\n", NULL },
	/* One that 2.x reads for the sake of older files, and 1.x does not. */
	{ "version = 2\n[" IMAGES "]\nconfig_path = '/x'\n", NULL,
	    "1.x does not read" },
	{ CRI ".config_path = '/etc/containerd/certs.d'\nversion = 2\n",
	    NULL, NULL },
	{ "[plugins.cri.registry]\nconfig_path = '/etc/containerd/certs.d'\n",
	    NULL, NULL },
	{ "[" CRI "]\nconfig_path = '/etc/containerd/certs.d'\n", NULL,
	    "version = 2" },
	{ "version = 2\na = \"\"\"\n", NULL,
	    "line 3: a string without an end" },
	{ "version = 2\na = [\n", NULL, "line 3: an array without an end" },
	{ "[plugins.cri]\n", NULL, "version = 2" },
	{ "version = 1\n", NULL, "version = 2" },
	{ "", NULL, "version = 2" },
};

static void
test_containerd(void **state)
{
	char *got, *back;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(tomls) / sizeof(tomls[0]); i++) {
		rc = containerd_toml_add("c", tomls[i].base, "2", &got, &e);
		if (tomls[i].error != NULL) {
			assert_int_equal(rc, -1);
			assert_non_null(strstr(e.msg, "/c: "));
			assert_non_null(strstr(e.msg, tomls[i].error));
			continue;
		}
		assert_int_equal(rc, 0);
		assert_string_equal(got, tomls[i].want != NULL ?
		    tomls[i].want : tomls[i].base);
		/* And a second time. */
		assert_int_equal(containerd_toml_add("c", got, "2", &back,
		    &e), 0);
		assert_string_equal(back, got);
		free(back);
		if (tomls[i].want == NULL) {
			free(got);	/* nothing was written, or recorded */
			continue;
		}
		assert_int_equal(containerd_toml_drop("c", got, "2", &back,
		    &e), 0);
		if (tomls[i].base != NULL && strncmp(back, tomls[i].base,
		    strlen(tomls[i].base)) != 0)
			assert_string_equal(back, tomls[i].base);
		free(back);
		free(got);
	}
}

/* --- dockerd's daemon.json ----------------------------------------------- */

static void
test_daemon(void **state)
{
	static const struct {
		const char *base, *want, *back;
	} good[] = {
		{ NULL, "{\n    \"registry-mirrors\": [\n        \"http://m\"\n"
		    "    ]\n}\n", "{}\n" },
		{ "{\"b\":1.5,\"a\":\"\\u00e4\"}", "{\n    \"b\": 1.5,\n    "
		    "\"a\": \"\xc3\xa4\",\n    \"registry-mirrors\": [\n"
		    "        \"http://m\"\n    ]\n}\n",
		    "{\n    \"b\": 1.5,\n    \"a\": \"\xc3\xa4\"\n}\n" },
		{ "{\"registry-mirrors\":[\"http://n\"]}",
		    "{\n    \"registry-mirrors\": [\n        \"http://m\",\n"
		    "        \"http://n\"\n    ]\n}\n", "{\n    "
		    "\"registry-mirrors\": [\n        \"http://n\"\n    ]\n"
		    "}\n" },
		{ "{\"a\":1,\"registry-mirrors\":null,\"b\":2}",
		    "{\n    \"a\": 1,\n    \"registry-mirrors\": [\n"
		    "        \"http://m\"\n    ],\n    \"b\": 2\n}\n",
		    "{\n    \"a\": 1,\n    \"b\": 2\n}\n" },
		{ " \r\n", "{\n    \"registry-mirrors\": [\n"
		    "        \"http://m\"\n    ]\n}\n", "{}\n" },
		{ "\xef\xbb\xbf{\"a\":1}", "{\n    \"a\": 1,\n"
		    "    \"registry-mirrors\": [\n        \"http://m\"\n"
		    "    ]\n}\n", "{\n    \"a\": 1\n}\n" },
		{ "{ \"registry-mirrors\": [\"http://m/\"] }",
		    "{ \"registry-mirrors\": [\"http://m/\"] }", "{}\n" },
	};
	static const char *const bad[] = {
		"{", "[]", "{\"a\":1,\"a\":2}", "null", "1",
		"{\"registry-mirrors\":\"http://n\"}",
		"{\"registry-mirrors\":{}}", "{\"registry-mirrors\":[1]}",
		"{} x", "{\"a\":\"\xff\"}",
	};
	char *got, *back;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(daemon_json_add("d", good[i].base, "http://m",
		    &got, &e), 0);
		assert_string_equal(got, good[i].want);
		assert_int_equal(daemon_json_drop("d", got, "http://m", &back,
		    &e), 0);
		assert_string_equal(back, good[i].back);
		free(got);
		free(back);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(daemon_json_add("d", bad[i], "http://m", &got,
		    &e), -1);
		assert_non_null(strstr(e.msg, "/d:"));
	}
	/* Of two the last one counts, which is no reason not to start. */
	assert_int_equal(daemon_json_add("d", "{\"registry-mirrors\":[\"a\"],"
	    "\n\"registry-mirrors\":[\"b\"]}", "http://m", &got, &e), -1);
	assert_non_null(strstr(e.msg, "/d:2: "));
	assert_non_null(strstr(e.msg, "by the last one alone"));
	assert_null(strstr(e.msg, "will not start"));
}

/* --- what a node's files say --------------------------------------------- */

static void
use_is(const struct node_uses *u, size_t i, const char *mirror,
    const char *same_as)
{
	struct url url;
	struct err e;

	assert_true(i < u->count);
	assert_string_equal(u->uses[i].mirror, mirror);
	assert_int_equal(url_parse(same_as, &url, &e), 0);
	assert_true(node_use_is(&u->uses[i], &url));
	url_done(&url);
}

static void
test_hosts_toml(void **state)
{
	struct node_uses u = { .count = 0 };

	(void)state;
	node_uses_hosts_toml(&u, "containerd", "p", NODE_USE_UNSEEN,
	    "server = \"https://up\"\n# [host.\"http://no\"]\n"
	    "[ host . \"http://m:5000\" ]\n  capabilities = [\"pull\"] # x\n"
	    "  [host.\"http://m:5000\".header]\n    a = 'b'\n"
	    "[host.'https://n/v2/x']\nhost.\"http://o\".ca = 'c'\n");
	assert_int_equal(u.count, 2);
	use_is(&u, 0, "http://m:5000", "http://m:5000/");
	use_is(&u, 1, "https://n/v2/x", "https://n:443");
	assert_int_equal(u.uses[0].state, NODE_USE_UNSEEN);
	node_uses_done(&u);
}

static void
test_registries_conf(void **state)
{
	struct node_uses u = { .count = 0 };

	(void)state;
	node_uses_registries_conf(&u, "p",
	    "unqualified-search-registries = ['docker.io']\n"
	    "[[registry]]\nprefix = 'docker.io'\nlocation = \"docker.io\"\n"
	    "[[registry.mirror]]\ninsecure = true\n"
	    "location = \"m:5000/docker.io\"\n"
	    "[[registry.mirror]]\nlocation = \"n\"\n"
	    "[[registry]]\nlocation = 'ghcr.io'\n"
	    "[[registry]]\nlocation = 'm:5000/quay.io'\nprefix = 'quay.io'\n");
	assert_int_equal(u.count, 3);
	use_is(&u, 0, "m:5000/docker.io", "http://m:5000");
	assert_true(u.uses[0].insecure);
	use_is(&u, 1, "n", "https://n");
	assert_false(u.uses[1].insecure);
	use_is(&u, 2, "m:5000/quay.io", "https://m:5000");
	node_uses_done(&u);
}

static void
test_other_files(void **state)
{
	struct node_uses u = { .count = 0 };
	struct url url;
	struct err e;

	(void)state;
	node_uses_registries_yaml(&u, "k3s", "p", "mirrors:\n"
	    "  # - http://no\n  docker.io:\n    endpoint:\n"
	    "      - \"http://m:5000\"\n"
	    "  x: {endpoint: [https://n, 'http://o'], comment: http://no}\n"
	    "configs: {y: {z: http://no}}\n");
	node_uses_buildkit(&u, "p", "[registry.\"docker.io\"]\n"
	    "  mirrors = [\n   'm:5000/docker.io', # x\n   \"n\" ]\n"
	    "[registry.\"m:5000\"]\n  http = true\n");
	node_uses_buildkit(&u, "p", "[registry\n");
	assert_int_equal(u.count, 6);
	assert_string_equal(u.uses[5].mirror, "");
	assert_non_null(strstr(u.uses[5].fault, "/p: line 1: "));
	use_is(&u, 0, "http://m:5000", "http://m:5000");
	use_is(&u, 1, "https://n", "https://n");
	use_is(&u, 2, "http://o", "http://o");
	use_is(&u, 3, "m:5000/docker.io", "http://m:5000");
	use_is(&u, 4, "n", "https://n");
	assert_int_equal(url_parse("http://n:5000", &url, &e), 0);
	assert_false(node_use_is(&u.uses[4], &url));
	assert_false(node_use_is(&u.uses[0], &url));
	url_done(&url);
	node_uses_done(&u);
}

/* "" where nothing is told. */
static void
test_trust(void **state)
{
	static const struct {
		const char *path, *text, *ca, *cert, *key;
	} files[] = {
		{ "etc/x/hosts.toml", "[host.\"https://m:5000\"]\n"
		    "ca = \"/a.pem\"\nclient = [[\"/c.pem\", \"/c.key\"]]\n",
		    "/a.pem", "/c.pem", "/c.key" },
		{ "etc/x/hosts.toml", "[host.\"https://m:5000\"]\n"
		    "ca = [\"/a.pem\", \"/b.pem\"]\nclient = \"/both.pem\"\n",
		    "/a.pem", "/both.pem", "" },
		{ "etc/x/hosts.toml", "[host.\"https://other:5000\"]\n"
		    "ca = \"/a.pem\"\n", "", "", "" },
		{ "etc/x/hosts.toml", "[host.\"https://m:5000\"]\n"
		    "ca = \"a.pem\"\nclient = [[\"../c.pem\", \"\"]]\n",
		    "/etc/x/a.pem", "/etc/x/../c.pem", "" },
		{ "rancher/registries.yaml", "configs:\n  \"o:1\":\n    tls:\n"
		    "      ca_file: /o.pem\n  \"m:5000\":\n    tls:\n"
		    "      ca_file: \"/a.pem\"\n      cert_file: /c.pem # x\n"
		    "      key_file: '/c.key'\n  \"p:1\":\n    tls:\n"
		    "      ca_file: /p.pem\n", "/a.pem", "/c.pem", "/c.key" },
		{ "etc/opt/own.yaml", "{configs: {'m:5000': {tls: {ca_file: "
		    "/a.pem, cert_file: '/c.pem', key_file: /c.key}}}}",
		    "/a.pem", "/c.pem", "/c.key" },
		{ "rancher/registries.yaml", "configs:\n  \"m:5000\":\n"
		    "    auth: {}\n  \"p:1\":\n    tls:\n"
		    "      ca_file: /p.pem\n", "", "", "" },
		{ "rancher/registries.yaml", "configs: # of TLS\n"
		    "    xm:5000:\n        tls: {}\n    m:5000: # ours\r\n"
		    "        tls:\n# between\n            ca_file: /a.pem\r\n"
		    "    p:1:\n        tls:\n            cert_file: /p.pem\n",
		    "/a.pem", "", "" },
		{ "rancher/registries.yaml", "# configs:\n  m:5000:\n"
		    "      ca_file: /a.pem\nconfigs:\n  xm:5000:\n    tls:\n"
		    "      ca_file: /x.pem\nmirrors:\n  m:5000:\n    tls:\n"
		    "      ca_file: /m.pem\n", "", "", "" },
		{ "etc/buildkit/buildkitd.toml", "[registry.\"m:5000\"]\n"
		    "ca = [\"/a.pem\"]\n[[registry.\"m:5000\".keypair]]\n"
		    "key = \"/c.key\"\ncert = \"/c.pem\"\n"
		    "[registry.\"o:1\"]\nca = [\"/o.pem\"]\n",
		    "/a.pem", "/c.pem", "/c.key" },
		{ "etc/buildkit/buildkitd.toml", "[registry.\"o:1\"]\n"
		    "ca = [\"/o.pem\"]\n", "", "", "" },
		{ "rancher/registries.yaml", "mirrors:\n  \"m:5000\":\n",
		    "", "", "" },
		{ "docker/daemon.json", "{\"ca\": \"/a.pem\"}", "", "", "" },
	};
	struct node_trust t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		t = (struct node_trust){ 0 };
		node_trust_read(files[i].path, files[i].text,
		    "https://m:5000", "m:5000", &t);
		assert_string_equal(t.ca == NULL ? "" : t.ca, files[i].ca);
		assert_string_equal(t.cert == NULL ? "" : t.cert,
		    files[i].cert);
		assert_string_equal(t.key == NULL ? "" : t.key, files[i].key);
		node_trust_done(&t);
	}
}

/* --- which folder of certs.d counts -------------------------------------- */

static void
put(struct scratch *s, const char *name, const char *text)
{
	char path[200], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->path, name);
	for (slash = path + strlen(s->path) + 1;
	    (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
test_folders(void **state)
{
	static const struct {
		const char *registry, *folder;
		bool leads;
	} rows[] = {
		{ "docker.io", "a/docker.io", false },
		{ "ghcr.io", "a/_default", true },
		{ "r:5000", "a/r_5000_", true },
		{ "s:5000", "a/s:5000", false },
		{ "r", "a/_default", true },
		{ "quay.io", "a/_default", true },
	};
	struct node_folders f = { .count = 0 };
	struct scratch *s = *state;
	const struct node_folder *got;
	struct url mirror;
	struct err e;
	size_t i;

	put(s, "a/_default/hosts.toml", NODE_MARK_LINE "[host.\"http://n\"]\n"
	    "[host.\"http://m:5000\"]\n");
	put(s, "a/docker.io/hosts.toml", "server = \"https://up\"\n");
	put(s, "a/r_5000_/hosts.toml", "server = \"http://m:5000\"\n");
	put(s, "a/r:5000/ca.crt", "x");
	put(s, "a/s:5000/ca.crt", "x");
	put(s, "b/quay.io/hosts.toml", "");
	assert_int_equal(url_parse("http://m:5000", &mirror, &e), 0);
	node_folders_read(s->dir, "b", &f);
	assert_null(node_folders_for(&f, "ghcr.io"));
	node_folders_done(&f);
	node_folders_read(s->dir, "none", &f);
	node_folders_read(s->dir, "a", &f);
	node_folders_read(s->dir, "b", &f);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = node_folders_for(&f, rows[i].registry);
		assert_non_null(got);
		assert_string_equal(got->path, rows[i].folder);
		assert_int_equal(node_folder_leads(got, &mirror),
		    rows[i].leads);
		assert_int_equal(got->is_ours, strcmp(got->name,
		    NODE_FOLDER_DEFAULT) == 0);
	}
	node_folders_done(&f);
	url_done(&mirror);
}

/* One too many changes none of those before it, and is told once. */
static void
test_too_many(void **state)
{
	static const char last[] = "[[registry]]\nlocation = \"x\"\n"
	    "[[registry.mirror]]\nlocation = \"last\"\n"
	    "insecure = true\n";
	struct node_uses u = { .count = 0 };
	size_t i;

	(void)state;
	for (i = 0; i < NODE_USES_MAX; i++)
		node_uses_registries_conf(&u, "p",
		    "[[registry]]\nlocation = \"x\"\n"
		    "[[registry.mirror]]\nlocation = \"m\"\n");
	assert_int_equal(u.count, NODE_USES_MAX);
	assert_int_equal(u.complaint_count, 0);
	node_uses_registries_conf(&u, "p", last);
	node_uses_registries_conf(&u, "p", last);
	assert_int_equal(u.count, NODE_USES_MAX);
	use_is(&u, NODE_USES_MAX - 1, "m", "https://m");
	assert_false(u.uses[NODE_USES_MAX - 1].insecure);
	assert_int_equal(u.complaint_count, 1);
	node_uses_done(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containerd),
		cmocka_unit_test(test_daemon),
		cmocka_unit_test(test_hosts_toml),
		cmocka_unit_test(test_registries_conf),
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_trust),
		cmocka_unit_test_setup_teardown(test_folders, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
