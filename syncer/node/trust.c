/* Which certificates a node's clients go by for the mirror: doctor has to see
 * what they see, and not more. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/hosts_toml.h"
#include "node/rancher_conf.h"
#include "node/toml.h"
#include "node/trust.h"
#include "node/under.h"

static bool
is_told(const struct node_trust *t)
{
	return t->ca != NULL || t->cert != NULL;
}

/* The first one counts; one without "/" in front is left out, and NULL. */
static void
set(char **to, const char *value)
{
	if (*to == NULL && value != NULL && value[0] == '/')
		*to = xstrdup(value);
}

void
node_trust_done(struct node_trust *t)
{
	free(t->ca);
	free(t->cert);
	free(t->key);
	*t = (struct node_trust){ 0 };
}

/* --- hosts.toml ---------------------------------------------------------- */

/* Of the host as it is written. */
static void
read_hosts(const char *path, const char *text, const char *host,
    struct node_trust *t)
{
	const struct hosts_host *one;
	struct hosts_toml h;
	size_t i;

	hosts_toml_read(path, text, &h);
	for (i = 0; i < h.count; i++) {
		one = &h.list[i];
		if (one->is_server || strcmp(one->url, host) != 0)
			continue;
		if (one->ca_count > 0)
			set(&t->ca, one->ca[0]);
		set(&t->cert, one->cert);
		set(&t->key, one->key);
	}
	hosts_toml_done(&h);
}

/* --- buildkitd.toml ------------------------------------------------------ */

static const char *
first_string(const struct toml *t)
{
	return toml_string(t != NULL && t->kind == TOML_ARRAY ? t->child : t);
}

/* [registry."PLACE"] ca = ["file"]; [[registry."PLACE".keypair]] key = "file",
 * cert = "file". */
static void
read_buildkit(const char *path, const char *text, const char *place,
    struct node_trust *t)
{
	const struct toml *registry, *pair;
	struct toml *doc;
	struct err ignored;

	if (toml_read(path, text, &doc, &ignored) == -1)
		return;
	registry = toml_get(toml_get(doc, "registry"), place);
	pair = toml_get(registry, "keypair");
	if (pair != NULL && pair->kind == TOML_ARRAY)
		pair = pair->child;
	set(&t->ca, first_string(toml_get(registry, "ca")));
	set(&t->cert, toml_string(toml_get(pair, "cert")));
	set(&t->key, toml_string(toml_get(pair, "key")));
	toml_free(doc);
}

/* --- certs.d/HOST:PORT --------------------------------------------------- */

/* Also where it cannot be read: that is for whoever reads it to say. */
static char *
if_there(int root, const char *dir, const char *place, const char *name)
{
	char *path = xasprintf("%s/%s/%s", dir, place, name), *text = NULL;
	char *ret = NULL;
	struct err ignored;

	if (under_read(root, path, &text, NULL, &ignored) != 0)
		ret = xasprintf("/%s", path);
	free(text);
	free(path);
	return ret;
}

/* Only where nothing is told so far: the first folder counts. */
static void
look_into(int root, const char *dir, const char *place, struct node_trust *t)
{
	if (is_told(t))
		return;
	node_trust_done(t);
	t->ca = if_there(root, dir, place, "ca.crt");
	t->cert = if_there(root, dir, place, "client.cert");
	t->key = if_there(root, dir, place, "client.key");
}

/* --- all of them --------------------------------------------------------- */

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

/* By the name of the file, which says whose it is. */
void
node_trust_read(const char *path, const char *text, const char *host,
    const char *place, struct node_trust *ret)
{
	if (ends_with(path, "/hosts.toml"))
		read_hosts(path, text, host, ret);
	else if (ends_with(path, ".yaml"))
		rancher_conf_trust(text, place, &ret->ca, &ret->cert,
		    &ret->key);
	else if (ends_with(path, "/buildkitd.toml"))
		read_buildkit(path, text, place, ret);
}

/* Clients that have no setting for it look into certs.d/HOST:PORT; podman looks
 * into dockerd's folder as well. */
static void
find_of(int root, const struct node_use *use, const char *place,
    struct node_trust *t)
{
	char *text = NULL;
	struct err ignored;

	if (under_read(root, use->path, &text, NULL, &ignored) == 1)
		node_trust_read(use->path, text, use->mirror, place, t);
	free(text);
	if (strcmp(use->client, "podman and CRI-O") == 0) {
		look_into(root, "etc/containers/certs.d", place, t);
		look_into(root, "etc/docker/certs.d", place, t);
	} else if (strcmp(use->client, "dockerd") == 0) {
		look_into(root, "etc/docker/certs.d", place, t);
	}
}

/* Of the first client that goes to this mirror; others are mostly the same. */
void
node_trust_find(int root, const struct node_uses *uses,
    const struct url *mirror, const char *place, struct node_trust *ret)
{
	size_t i;

	*ret = (struct node_trust){ 0 };
	for (i = 0; i < uses->count && !is_told(ret); i++)
		if (node_use_is(&uses->uses[i], mirror)) {
			node_trust_done(ret);
			find_of(root, &uses->uses[i], place, ret);
		}
}
