/*
 * A node's files: containerd's config.toml, hosts.toml, registries.conf,
 * registries.yaml, daemon.json.  Whatever is in them, what we put in is found
 * again, and comes out again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/containerd_toml.h"
#include "node/daemon_json.h"
#include "node/rancher_yaml.h"
#include "node/toml.h"
#include "node/trust.h"
#include "node/uses.h"

#define URL	"http://10.0.0.5:5000"

static void
must(int ok)
{
	if (!ok)
		abort();
}

/* All of a tree stands within the text. */
static void
within(const struct toml *t, size_t len)
{
	for (; t != NULL; t = t->next) {
		must(t->from <= t->to && t->to <= len);
		must(t->key_from <= t->key_to && t->key_to <= len);
		must(t->line > 0 && t->key != NULL && t->text != NULL);
		within(t->child, len);
	}
}

static void
try_toml(const char *text)
{
	struct toml *doc;
	struct err e;

	if (toml_read("t", text, &doc, &e) == -1)
		return;
	within(doc, strlen(text));
	toml_free(doc);
}

static void
try_containerd(const char *text)
{
	char *once, *twice;
	struct toml *doc;
	struct err e;

	if (containerd_toml_add("c", text, "2", &once, &e) == -1)
		return;
	must(toml_read("c", once, &doc, &e) == 0);
	must(containerd_looks(toml_string(toml_get(toml_get(containerd_section(
	    doc, containerd_version(doc)), "registry"), "config_path")),
	    CONTAINERD_CERTS_D));
	toml_free(doc);
	must(containerd_toml_add("c", once, "2", &twice, &e) == 0);
	must(strcmp(once, twice) == 0);
	free(twice);
	must(strcmp(once, text) == 0 ||
	    containerd_toml_drop("c", once, "2", &twice, &e) == 0);
	if (strcmp(once, text) != 0) {
		/* What was TOML stays TOML, and is as it was but for the end
		 * of a last line. */
		must(toml_read("c", twice, &doc, &e) == 0);
		toml_free(doc);
		free(twice);
	}
	free(once);
}

static void
count(void *cookie, const char *url)
{
	*(int *)cookie += strcmp(url, URL) == 0;
}

static void
try_daemon(const char *text)
{
	char *with, *without;
	int found = 0;
	struct err e;

	if (daemon_json_add("d", text, URL, &with, &e) == -1)
		return;
	must(daemon_json_mirrors("d", with, count, &found, &e) == 0);
	/* Or it was there, with a "/" behind. */
	must(found >= 1 || strcmp(with, text) == 0);
	must(daemon_json_drop("d", with, URL, &without, &e) == 0);
	free(without);
	free(with);
}

/* What comes out is a whole path. */
/* What goes into registries.yaml comes out again. */
static void
try_rancher(const char *text)
{
	static const char ours[] = "mirrors:\n  \"docker.io\":\n"
	    "    endpoint:\n      - \"" URL "\"\n";
	char *with, *twice, *without;
	struct err e;

	if (rancher_yaml_add("r", text, ours, &with, &e) == -1)
		return;
	must(strstr(with, URL) != NULL);
	must(rancher_yaml_add("r", with, ours, &twice, &e) == 0);
	must(strcmp(with, twice) == 0);
	free(twice);
	if (rancher_yaml_drop("r", with, ours, &without, &e) == 0)
		free(without);
	free(with);
}

static void
try_trust(const char *path, const char *text)
{
	struct node_trust t = { 0 };

	node_trust_read(path, text, URL, "10.0.0.5:5000", &t);
	must(t.ca == NULL || t.ca[0] == '/');
	must(t.cert == NULL || t.cert[0] == '/');
	must(t.key == NULL || t.key[0] == '/');
	node_trust_done(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct node_uses uses = { .count = 0 };
	struct url url;
	size_t i;

	try_toml(text);
	try_containerd(text);
	try_daemon(text);
	try_rancher(text);
	node_uses_hosts_toml(&uses, "c", "p", NODE_USE_COUNTS, text);
	node_uses_registries_conf(&uses, "p", text);
	node_uses_registries_yaml(&uses, "k3s", "p", text);
	node_uses_buildkit(&uses, "p", text);
	try_trust("x/hosts.toml", text);
	try_trust("x/registries.yaml", text);
	try_trust("x/buildkitd.toml", text);
	for (i = 0; i < uses.count && i < 16; i++)
		if (node_use_url(&uses.uses[i], &url))
			url_done(&url);
	node_uses_done(&uses);
	free(text);
	return 0;
}
