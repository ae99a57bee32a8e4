/*
 * A node's files: containerd's config.toml, hosts.toml, registries.conf,
 * registries.yaml, daemon.json.  Whatever is in them, what we put in is found
 * again, and comes out again.
 */
#include <stdbool.h>
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

/* ${back} is ${text}, but that its last line may have got an end. */
static void
same_again(const char *text, const char *back)
{
	size_t len = strlen(text);

	must(strncmp(text, back, len) == 0);
	back += len;
	must(strcmp(back, "") == 0 || strcmp(back, "\n") == 0 ||
	    strcmp(back, "\r\n") == 0);
}

/* Of a file in which somebody has put a line since, all else comes back. */
static void
try_containerd_edited(const char *text, const char *once)
{
	char *edited = xasprintf("# mine\n%s", once), *back;
	char *wanted = xasprintf("# mine\n%s", text);
	struct err e;

	must(containerd_toml_drop("c", edited, "2", &back, &e) == 0);
	same_again(wanted, back);
	free(wanted);
	free(back);
	free(edited);
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
		must(toml_read("c", twice, &doc, &e) == 0);
		toml_free(doc);
		/* Where marks were in it, they are taken for ours. */
		if (strstr(text, "cdr node-config") == NULL) {
			same_again(text, twice);
			if (strncmp(text, "\xef\xbb\xbf", 3) != 0)
				try_containerd_edited(text, once);
		}
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
	char *with, *without, *again;
	int found = 0;
	struct err e;

	if (daemon_json_add("d", text, URL, &with, &e) == -1)
		return;
	must(daemon_json_mirrors("d", with, count, &found, &e) == 0);
	/* Or it was there, with a "/" behind. */
	must(found >= 1 || strcmp(with, text) == 0);
	must(daemon_json_drop("d", with, URL, &without, &e) == 0);
	free(with);
	/* As JSON is written here it stays. */
	must(daemon_json_add("d", without, URL, &with, &e) == 0);
	must(daemon_json_drop("d", with, URL, &again, &e) == 0);
	must(strcmp(without, again) == 0 || strcmp(with, without) == 0);
	free(again);
	free(without);
	free(with);
}

/* What goes into registries.yaml comes out again: byte for byte, unless there
 * are brackets in it, which may go when they are empty. */
static void
try_rancher(const char *text)
{
	static const char ours[] = "mirrors:\n  \"docker.io\":\n"
	    "    endpoint:\n      - \"" URL "\"\n  \"ghcr.io\":\n"
	    "    endpoint:\n      - \"" URL "\"\n";
	bool is_plain = strpbrk(text, "[]{}&*") == NULL &&
	    strstr(text, "cdr node-config") == NULL &&
	    strstr(text, "10.0.0.5") == NULL;
	char *with, *twice, *without;
	struct err e;

	if (rancher_yaml_add("r", text, ours, &with, &e) == -1)
		return;
	must(strstr(with, URL) != NULL);
	must(rancher_yaml_add("r", with, ours, &twice, &e) == 0);
	must(strcmp(with, twice) == 0);
	free(twice);
	if (rancher_yaml_drop("r", with, ours, &without, &e) == 0) {
		must(strstr(without, URL) == NULL ||
		    strstr(text, "10.0.0.5") != NULL);
		if (is_plain)
			same_again(text, without);
		free(without);
	} else {
		must(!is_plain);
	}
	free(with);
}

/* What comes out is a whole path. */
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
