#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/toml_scan.h"
#include "node/trust.h"
#include "node/under.h"

static bool
is_told(const struct node_trust *t)
{
	return t->ca != NULL || t->cert != NULL;
}

static void
set(char **to, const char *value)
{
	if (*to == NULL && value[0] == '/')
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

struct in_hosts {
	struct node_trust *trust;
	const char *host;		/* as it is written */
};

/* ca = "file", client = [["certificate", "key"]]; or more of them. */
static void
on_hosts(void *cookie, const struct toml_event *event)
{
	struct in_hosts *in = cookie;
	const struct toml_path *path = event->path;

	if (event->is_table || path->count != 3 ||
	    strcmp(path->part[0], "host") != 0 ||
	    strcmp(path->part[1], in->host) != 0)
		return;
	if (strcmp(path->part[2], "ca") == 0) {
		set(&in->trust->ca, event->value);
	} else if (strcmp(path->part[2], "client") == 0) {
		if (in->trust->cert == NULL)
			set(&in->trust->cert, event->value);
		else
			set(&in->trust->key, event->value);
	}
}

/* --- registries.yaml ----------------------------------------------------- */

/* The value behind ${key}, quoted or not, before ${end}. */
static void
yaml_value(const char *text, const char *end, const char *key, char **ret)
{
	const char *at = strstr(text, key);
	char *value;

	if (at == NULL || at >= end)
		return;
	at += strlen(key);
	at += strspn(at, " \t\"'");
	value = xstrndup(at, strcspn(at, " \t\r\n\"'#"));
	set(ret, value);
	free(value);
}

/* What stands below configs: PLACE:, up to the next one. */
static void
read_yaml(const char *text, const char *place, struct node_trust *t)
{
	const char *from = strstr(text, "configs:"), *end;

	if (from == NULL || (from = strstr(from, place)) == NULL)
		return;
	from += strlen(place);
	end = strstr(from, "\n  \"");
	if (end == NULL)
		end = from + strlen(from);
	yaml_value(from, end, "ca_file:", &t->ca);
	yaml_value(from, end, "cert_file:", &t->cert);
	yaml_value(from, end, "key_file:", &t->key);
}

/* --- certs.d/HOST:PORT --------------------------------------------------- */

static char *
if_there(int root, const char *dir, const char *place, const char *name)
{
	char *path = xasprintf("%s/%s/%s", dir, place, name), *text = NULL;
	char *ret = NULL;
	struct err ignored;

	if (under_read(root, path, &text, NULL, &ignored) == 1)
		ret = xasprintf("/%s", path);
	free(text);
	free(path);
	return ret;
}

static void
look_into(int root, const char *dir, const char *place, struct node_trust *t)
{
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

void
node_trust_read(const char *path, const char *text, const char *host,
    const char *place, struct node_trust *ret)
{
	struct in_hosts in = { .trust = ret, .host = host };

	if (ends_with(path, "/hosts.toml"))
		toml_scan(text, on_hosts, &in);
	else if (ends_with(path, "/registries.yaml"))
		read_yaml(text, place, ret);
}

static void
find_of(int root, const struct node_use *use, const char *place,
    struct node_trust *t)
{
	char *text = NULL;
	struct err ignored;

	if (under_read(root, use->path, &text, NULL, &ignored) == 1)
		node_trust_read(use->path, text, use->mirror, place, t);
	free(text);
	if (!is_told(t) && strcmp(use->client, "dockerd") == 0)
		look_into(root, "etc/docker/certs.d", place, t);
	if (!is_told(t) && strcmp(use->client, "podman and CRI-O") == 0)
		look_into(root, "etc/containers/certs.d", place, t);
}

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
