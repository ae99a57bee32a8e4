#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/mem.h"
#include "node/client.h"

/* What each client gets, to the byte. */

#define PEM	"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"

struct wanted {
	const char *path, *text;	/* of a file; path "": printed */
};

static const struct row {
	const char *client, *version, *mirror;
	const char *registries[3];
	bool only, tls;
	const char *error;		/* a part of it; NULL: none */
	struct wanted files[5];
} rows[] = {
	{ "containerd", "containerd x 1.6.20~ds1 y", "http://m:5000", { NULL },
	    false, false, NULL, {
		{ "etc/containerd/config.toml", "2" },
		{ "etc/containerd/certs.d/_default/hosts.toml",
		    NODE_MARK_LINE "[host.\"http://m:5000\"]\n"
		    "  capabilities = [\"pull\", \"resolve\"]\n" } } },
	{ "containerd", "v2.1.0", "https://m", { "docker.io",
	    "reg.example:5000" }, true, true, NULL, {
		{ "etc/containerd/config.toml", "3" },
		{ "etc/containerd/certs.d/docker.io/hosts.toml",
		    NODE_MARK_LINE "server = \"https://m\"\n\n"
		    "[host.\"https://m\"]\n"
		    "  capabilities = [\"pull\", \"resolve\"]\n"
		    "  dial_timeout = \"3s\"\n  ca = \"/ca\"\n"
		    "  client = [[\"/cert\", \"/key\"]]\n" },
		{ "etc/containerd/certs.d/reg.example:5000/hosts.toml",
		    NULL } } },
	{ "containerd", "2.0.5", "http://m:5000", { "docker.io" }, false,
	    false, NULL, {
		{ "etc/containerd/config.toml", "3" },
		{ "etc/containerd/certs.d/docker.io/hosts.toml",
		    NODE_MARK_LINE "[host.\"http://m:5000\"]\n"
		    "  capabilities = [\"pull\", \"resolve\"]\n" } } },
	{ "containerd", "1.4.13", "http://m", { NULL }, false, false,
	    "needs 1.5.0 or later", { { NULL, NULL } } },
	{ "containerd", "1.7.24", "http://[::1]:5000", { NULL }, true, false,
	    "before 2.0 cannot", { { NULL, NULL } } },
	{ "containerd", NULL, "https://[fd00::5]", { NULL }, false, false,
	    "--client-version", { { NULL, NULL } } },
	{ "containerd", "2.0.0", "https://[fd00::5]", { NULL }, false, false,
	    NULL, { { "etc/containerd/config.toml", "3" },
		{ "etc/containerd/certs.d/_default/hosts.toml",
		    NODE_MARK_LINE "[host.\"https://[fd00::5]\"]\n"
		    "  capabilities = [\"pull\", \"resolve\"]\n" } } },
	{ "k3s", "v1.32.1", "http://[fd00::5]", { NULL }, false, false,
	    "cannot take an IPv6", { { NULL, NULL } } },
	{ "rke2", "v1.31.6", "http://[fd00::5]", { "a.b" }, false, false,
	    NULL, { { "etc/rancher/rke2/registries.yaml", NULL } } },
	{ "podman", NULL, "http://[::1]:5000", { NULL }, false, false,
	    "no IPv6 address", { { NULL, NULL } } },
	{ "cri-o", NULL, "https://[fd00::5]", { NULL }, false, false,
	    "no IPv6 address", { { NULL, NULL } } },
	{ "podman", "podman version 4.3.1", "http://10.0.0.5:5000", { NULL },
	    false, false, NULL, {
		{ "etc/containers/registries.conf.d/50-cdr-podman.conf",
		    NODE_MARK_LINE "\n[[registry]]\nprefix = \"docker.io\"\n"
		    "location = \"docker.io\"\n\n[[registry.mirror]]\n"
		    "location = \"10.0.0.5:5000/docker.io\"\n"
		    "insecure = true\n" } } },
	{ "cri-o", NULL, "https://m", { "ghcr.io", "docker.io" }, true, true,
	    NULL, {
		{ "etc/containers/registries.conf.d/50-cdr-cri-o.conf",
		    NODE_MARK_LINE "\n[[registry]]\nprefix = \"ghcr.io\"\n"
		    "location = \"m/ghcr.io\"\n\n[[registry]]\n"
		    "prefix = \"docker.io\"\nlocation = \"m/docker.io\"\n" },
		{ "etc/containers/certs.d/m/ca.crt", PEM },
		{ "etc/containers/certs.d/m/client.cert", "cert" },
		{ "etc/containers/certs.d/m/client.key", "key" } } },
	{ "dockerd", "Docker version 20.10.24+dfsg1, build 5d6db84",
	    "http://m:5000", { NULL }, false, false, NULL, {
		{ "etc/docker/daemon.json", "http://m:5000" } } },
	{ "dockerd", "28.5.2", "http://m:5000", { "ghcr.io" }, false, false,
	    NULL, {
		{ "etc/docker/certs.d/ghcr.io/hosts.toml",
		    NODE_MARK_LINE "[host.\"http://m:5000\"]\n"
		    "  capabilities = [\"pull\", \"resolve\"]\n" } } },
	{ "dockerd", "27.5.1", "http://m:5000", { "ghcr.io" }, false, false,
	    "not of ghcr.io", { { NULL, NULL } } },
	{ "dockerd", "28.0.0", "http://m:5000", { NULL }, true, false,
	    "always asks", { { NULL, NULL } } },
	{ "swarm", "28.0.0", "http://m:5000", { NULL }, false, false, NULL, {
		{ "etc/docker/daemon.json", "http://m:5000" },
		{ "etc/docker/certs.d/_default/hosts.toml", NULL } } },
	{ "k3s", "k3s version v1.30.1+k3s1 (80978b5b)", "http://m:5000",
	    { NULL }, false, false, NULL, {
		{ "etc/rancher/k3s/registries.yaml", NODE_MARK_LINE
		    "mirrors:\n  \"*\":\n    endpoint:\n"
		    "      - \"http://m:5000\"\n" } } },
	{ "rke2", "v1.29.1", "https://m:5000", { "docker.io" }, true, true,
	    NULL, {
		{ "etc/rancher/rke2/registries.yaml", NODE_MARK_LINE
		    "mirrors:\n  \"docker.io\":\n    endpoint:\n"
		    "      - \"https://m:5000\"\nconfigs:\n"
		    "  \"m:5000\":\n    tls:\n      ca_file: \"/ca\"\n"
		    "      cert_file: \"/cert\"\n"
		    "      key_file: \"/key\"\n" },
		{ "etc/rancher/rke2/config.yaml.d/cdr.yaml", NODE_MARK_LINE
		    "disable-default-registry-endpoint: true\n" } } },
	{ "k3s", "v1.29.0", "http://m", { NULL }, true, false,
	    "always asks", { { NULL, NULL } } },
	{ "k3s", "v1.28.5", "http://m", { NULL }, true, false,
	    "always asks", { { NULL, NULL } } },
	{ "k3s", "v1.31.6", "http://m", { NULL }, false, false,
	    "asks only the mirror", { { NULL, NULL } } },
	{ "k3s", "v1.32.2", "http://m", { NULL }, true, false, NULL, {
		{ "etc/rancher/k3s/registries.yaml", NULL },
		{ "etc/rancher/k3s/config.yaml.d/cdr.yaml", NULL } } },
	{ "k3s", "v1.31.7", "http://m", { NULL }, false, false, NULL, {
		{ "etc/rancher/k3s/registries.yaml", NULL } } },
	{ "talos", NULL, "http://m:5000", { "docker.io" }, false, false, NULL,
	    { { "", "machine:\n  registries:\n    mirrors:\n"
		    "      \"docker.io\":\n        endpoints:\n"
		    "          - \"http://m:5000\"\n" } } },
	{ "talos", "1.12.0", "http://m:5000", { NULL }, true, false, NULL,
	    { { "", "---\napiVersion: v1alpha1\nkind: RegistryMirrorConfig\n"
		    "name: \"*\"\nendpoints:\n  - url: \"http://m:5000\"\n"
		    "skipFallback: true\n" } } },
	{ "talos", NULL, "https://m", { NULL }, false, true, "--client-key",
	    { { NULL, NULL } } },
	{ "mesos", NULL, "http://m:5000", { NULL }, false, false, NULL,
	    { { "", "# Flags of mesos-agent:\n"
		    "--docker_registry=http://m:5000\n"
		    "# or, in its environment:\n"
		    "MESOS_DOCKER_REGISTRY=http://m:5000\n" } } },
	{ "mesos", NULL, "http://m", { "ghcr.io" }, false, false,
	    "one registry", { { NULL, NULL } } },
	{ "mesos", NULL, "https://m", { NULL }, false, true,
	    "from the system", { { NULL, NULL } } },
	{ "buildkit", NULL, "http://m:5000", { NULL }, false, false, NULL, {
		{ "etc/buildkit/buildkitd.toml", NODE_MARK_LINE
		    "\n[registry.\"docker.io\"]\n"
		    "  mirrors = [\"m:5000/docker.io\"]\n"
		    "\n[registry.\"m:5000\"]\n  http = true\n" } } },
	{ "buildkit", NULL, "http://m", { NULL }, true, false, "always asks",
	    { { NULL, NULL } } },
	{ "podman", "4.3.1", "https://m", { "reg.example:5000" }, true, false,
	    NULL, {
		{ "etc/containers/registries.conf.d/50-cdr-podman.conf",
		    NODE_MARK_LINE "\n[[registry]]\n"
		    "prefix = \"reg.example:5000\"\n"
		    "location = \"m/reg.example_5000\"\n" } } },
};

static void
fill(const struct row *r, struct node_wish *w)
{
	struct err e;
	size_t i;

	assert_int_equal(node_wish_mirror(w, r->mirror, &e), 0);
	for (i = 0; r->registries[i] != NULL; i++)
		assert_int_equal(node_wish_registry(w, r->registries[i], &e),
		    0);
	w->only = r->only;
	if (r->tls) {
		w->ca_path = xstrdup("/ca");
		w->cert_path = xstrdup("/cert");
		w->key_path = xstrdup("/key");
		w->ca = xstrdup(PEM);
		w->cert = xstrdup("cert");
		w->key = xstrdup("key");
	}
	if (r->version != NULL)
		w->has_version = node_version_find(r->version, &w->version);
	assert_int_equal(node_wish_check(w, &e), 0);
}

static void
compare(const struct row *r, const struct node_plan *p)
{
	size_t i;

	if (r->files[0].path[0] == '\0') {
		assert_string_equal(p->printed, r->files[0].text);
		assert_int_equal(p->count, 0);
		return;
	}
	assert_null(p->printed);
	for (i = 0; r->files[i].path != NULL && i < 5; i++) {
		assert_true(i < p->count);
		assert_string_equal(p->files[i].path, r->files[i].path);
		if (r->files[i].text != NULL)
			assert_string_equal(p->files[i].text,
			    r->files[i].text);
	}
	assert_int_equal(p->count, i);
}

static void
test_plans(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_wish w = { .only = false };
		struct node_plan p = { .count = 0 };
		const struct node_client *c =
		    node_client_find(rows[i].client);
		struct err e;
		int rc;

		assert_non_null(c);
		fill(&rows[i], &w);
		rc = c->plan(&w, &p, &e);
		if (rows[i].error != NULL) {
			assert_int_equal(rc, -1);
			assert_int_equal(e.code, ERR_INPUT);
			assert_non_null(strstr(e.msg, rows[i].error));
		} else {
			assert_int_equal(rc, 0);
			compare(&rows[i], &p);
		}
		node_plan_done(&p);
		node_wish_done(&w);
	}
}

/* A key is for its owner alone; what is copied is known as a copy. */
static void
test_key_mode(void **state)
{
	struct node_wish w = { .only = false };
	struct node_plan p = { .count = 0 };
	struct err e;

	(void)state;
	fill(&rows[12], &w);
	assert_int_equal(for_cri_o(&w, &p, &e), 0);
	assert_int_equal(p.files[0].mode, 0644);
	assert_null(p.files[0].copy_of);
	assert_string_equal(p.files[3].copy_of, "/key");
	assert_int_equal(p.files[3].mode, 0600);
	node_plan_done(&p);
	node_wish_done(&w);
}

static void
test_bad_mirrors(void **state)
{
	static const char *const bad[] = {
		"", "m:5000", "ftp://m", "http://", "http://u:p@m",
		"http://u@m",
		"http://m/x", "http://m//", "http://m?x=1", "http://m/?x=1",
		"http://m\"x", "http://m]x", "http://m\nx", "http://m x",
		"http://m'x", "http://m:99999", "http://m:0x50", "http://[::1",
		"http://m$(x)", "http://m;x", "http://\x01", "http://m\\x",
	};
	struct node_wish w = { .only = false };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(node_wish_mirror(&w, bad[i], &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_null(w.base);
	}
	assert_int_equal(node_wish_check(&w, &e), -1);
	assert_int_equal(node_wish_mirror(&w, "HTTP://Mirror:80/", &e), 0);
	assert_string_equal(w.base, "http://mirror");
	assert_int_equal(node_wish_mirror(&w, "https://m:80", &e), 0);
	assert_string_equal(w.place, "m:80");
	node_wish_done(&w);
}

static void
test_bad_registries(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", "../etc", "a.b/..", "a.b/c", "library",
		"a.b\"]", "a.b\n", "a.b]", "a b.c", "A.b", "a.b:", "a.b:x",
		"*", "_default", "a.b#", "-.b'", "[::1]\"",
	};
	struct node_wish w = { .only = false };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(node_wish_registry(&w, bad[i], &e), -1);
	assert_int_equal(w.registry_count, 0);
	assert_int_equal(node_wish_registry(&w, "index.docker.io", &e), 0);
	assert_int_equal(node_wish_registry(&w, "docker.io", &e), 0);
	assert_int_equal(node_wish_registry(&w, "localhost", &e), 0);
	assert_int_equal(w.registry_count, 2);
	assert_string_equal(w.registries[0], "docker.io");
	node_wish_done(&w);
}

static void
test_bad_paths(void **state)
{
	static const char *const bad[] = {
		"ca.pem", "", "/a\"b", "/a\nb", "/a]b", "/a b", "/a'b",
		"/a\\b", "/../etc/x", "/a/..", "/a/../b", "/\xc3\xa4",
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct node_wish w = { .only = false };

		assert_int_equal(node_wish_mirror(&w, "https://m", &e), 0);
		w.ca_path = xstrdup("/a..b/c..");
		assert_int_equal(node_wish_check(&w, &e), 0);
		free(w.ca_path);
		w.ca_path = xstrdup(bad[i]);
		assert_int_equal(node_wish_check(&w, &e), -1);
		node_wish_done(&w);
	}
}

static void
test_versions(void **state)
{
	static const struct {
		const char *text;
		int found;
		unsigned major, minor, patch;
	} texts[] = {
		{ "containerd github.com/containerd/containerd 1.6.20~ds1 "
		    "1.6.20~ds1-1+deb12u3", 1, 1, 6, 20 },
		{ "containerd github.com/containerd/containerd/v2 "
		    "2.1.9+unknown", 1, 2, 1, 9 },
		{ "Docker version 28.5.2+dfsg4, build 3ef3c07", 1, 28, 5, 2 },
		{ "k3s version v1.32.2+k3s1 (381620ef)\ngo version go1.23.6",
		    1, 1, 32, 2 },
		{ "crio version 1.28.0\nVersion: 1.28.0", 1, 1, 28, 0 },
		{ "v2.0", 1, 2, 0, 0 }, { "1.7.", 1, 1, 7, 0 },
		{ "", 0, 0, 0, 0 }, { "2", 0, 0, 0, 0 }, { "x1.2", 0, 0, 0, 0 },
		{ "1.x", 0, 0, 0, 0 }, { ".1.2", 0, 0, 0, 0 },
		{ "99999999999.1", 0, 0, 0, 0 },
		{ "1.2.99999999999", 0, 0, 0, 0 }, { "-1.2", 0, 0, 0, 0 },
	};
	struct node_version v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		v = (struct node_version){ 7, 7, 7 };
		assert_int_equal(node_version_find(texts[i].text, &v),
		    texts[i].found);
		if (!texts[i].found) {
			assert_int_equal(v.major, 7);
			continue;
		}
		assert_int_equal(v.major, texts[i].major);
		assert_int_equal(v.minor, texts[i].minor);
		assert_int_equal(v.patch, texts[i].patch);
	}
	v = (struct node_version){ 2, 1, 3 };
	assert_true(node_version_since(&v, 2, 1, 3));
	assert_true(node_version_since(&v, 1, 9, 9));
	assert_false(node_version_since(&v, 2, 1, 4));
	assert_false(node_version_since(&v, 2, 2, 0));
	assert_false(node_version_since(&v, 3, 0, 0));
}

/* A peer of the node first, and the mirror, with its certificates, behind. */
static void
test_behind(void **state)
{
	static const struct behind {
		const char *client, *path, *text;	/* NULL: refused */
		bool only;
	} wanted[] = {
		{ "containerd", "etc/containerd/certs.d/docker.io/hosts.toml",
		    NODE_MARK_LINE "[host.\"http://127.0.0.1:5000\"]\n"
		    "  capabilities = [\"pull\", \"resolve\"]\n"
		    "\n[host.\"https://m\"]\n"
		    "  capabilities = [\"pull\", \"resolve\"]\n"
		    "  ca = \"/ca\"\n  client = [[\"/cert\", \"/key\"]]\n",
		    false },
		{ "containerd", "etc/containerd/certs.d/docker.io/hosts.toml",
		    NODE_MARK_LINE "server = \"https://m\"\n\n"
		    "[host.\"http://127.0.0.1:5000\"]\n"
		    "  capabilities = [\"pull\", \"resolve\"]\n"
		    "\n[host.\"https://m\"]\n"
		    "  capabilities = [\"pull\", \"resolve\"]\n"
		    "  ca = \"/ca\"\n  client = [[\"/cert\", \"/key\"]]\n",
		    true },
		{ "podman", "etc/containers/registries.conf.d/"
		    "50-cdr-podman.conf", NODE_MARK_LINE "\n[[registry]]\n"
		    "prefix = \"docker.io\"\nlocation = \"docker.io\"\n"
		    "\n[[registry.mirror]]\n"
		    "location = \"127.0.0.1:5000/docker.io\"\n"
		    "insecure = true\n\n[[registry.mirror]]\n"
		    "location = \"m/docker.io\"\n", false },
		{ "cri-o", "etc/containers/registries.conf.d/"
		    "50-cdr-cri-o.conf", NODE_MARK_LINE "\n[[registry]]\n"
		    "prefix = \"docker.io\"\nlocation = \"m/docker.io\"\n"
		    "\n[[registry.mirror]]\n"
		    "location = \"127.0.0.1:5000/docker.io\"\n"
		    "insecure = true\n", true },
		{ "cri-o", "etc/containers/certs.d/m/client.key", "key",
		    false },
		{ "rke2", "etc/rancher/rke2/registries.yaml", NODE_MARK_LINE
		    "mirrors:\n  \"docker.io\":\n    endpoint:\n"
		    "      - \"http://127.0.0.1:5000\"\n"
		    "      - \"https://m\"\nconfigs:\n  \"m\":\n    tls:\n"
		    "      ca_file: \"/ca\"\n      cert_file: \"/cert\"\n"
		    "      key_file: \"/key\"\n", false },
		{ "dockerd", NULL, NULL, false },
		{ "buildkit", NULL, NULL, false },
		{ "talos", NULL, NULL, false },
		{ "mesos", NULL, NULL, false },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const struct row r = {
			.mirror = "http://127.0.0.1:5000",
			.registries = { "docker.io" }, .only = wanted[i].only
		};
		struct node_wish w = { .only = false };
		struct node_plan p = { .count = 0 };
		struct err e;
		int rc;

		fill(&r, &w);
		assert_int_equal(node_wish_behind(&w, r.mirror, &e), 0);
		assert_int_equal(node_wish_check(&w, &e), -1);
		assert_int_equal(node_wish_behind(&w, "https://m", &e), 0);
		w.ca_path = xstrdup("/ca");
		w.cert_path = xstrdup("/cert");
		w.key_path = xstrdup("/key");
		w.ca = xstrdup(PEM);
		w.cert = xstrdup("cert");
		w.key = xstrdup("key");
		assert_int_equal(node_wish_check(&w, &e), 0);
		rc = node_client_find(wanted[i].client)->plan(&w, &p, &e);
		if (wanted[i].path == NULL) {
			assert_int_equal(rc, -1);
			assert_non_null(strstr(e.msg, "--behind"));
		} else {
			assert_int_equal(rc, 0);
			for (k = 0; k < p.count && strcmp(p.files[k].path,
			    wanted[i].path) != 0;)
				k++;
			assert_true(k < p.count);
			assert_string_equal(p.files[k].text, wanted[i].text);
		}
		node_plan_done(&p);
		node_wish_done(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_key_mode),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_bad_mirrors),
		cmocka_unit_test(test_bad_registries),
		cmocka_unit_test(test_bad_paths),
		cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
