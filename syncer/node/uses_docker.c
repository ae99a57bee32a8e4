/* What dockerd is told, by options and by daemon.json. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/daemon_json.h"
#include "node/dockerd.h"
#include "node/uses_internal.h"

#define CLIENT	"dockerd"

struct in_json {
	struct node_uses *uses;
	const char *path;
};

static void
on_mirror(void *cookie, const char *url)
{
	struct in_json *in = cookie;

	uses_add(in->uses, CLIENT, in->path, url);
}

static void
add_flags(struct node_uses *u, const struct dockerd *d)
{
	const struct unit_word *word;
	const char *url;
	size_t at = 0;

	while ((word = units_flag(&d->words, DOCKERD_MIRROR, &at, &url)) !=
	    NULL)
		uses_add(u, CLIENT, word->path, url);
}

/* It does not start then: what the files say is of no use. */
static void
check_twice(struct node_uses *u, const struct dockerd *d, const char *text)
{
	char *why;

	if (d->mirror_at == NULL || !daemon_json_has_mirrors(text))
		return;
	why = xasprintf("dockerd does not start: " DOCKERD_MIRROR " in /%s:%u, "
	    "and \"registry-mirrors\" in /%s as well: take one of them out, "
	    "then run \"systemctl daemon-reload\" and \"systemctl restart "
	    "docker\"", d->mirror_at->path, d->mirror_at->line, d->config);
	uses_fault(u, CLIENT, d->config, why);
	free(why);
}

static void
check_oddity(struct node_uses *u, const char *path, const char *text)
{
	enum daemon_json_oddity odd = daemon_json_oddity(text);
	char *why;

	if (odd == DAEMON_JSON_FINE)
		return;
	why = xasprintf("/%s %s: dockerd before 23.0 does not start with that",
	    path, odd == DAEMON_JSON_EMPTY ? "is empty" :
	    "begins with a byte order mark");
	uses_complain(u, why);
	free(why);
}

static void
read_json(struct node_uses *u, int root, const struct dockerd *d)
{
	struct in_json in = { .uses = u, .path = d->config };
	char *text = uses_read_file(u, root, d->config);
	struct err e;

	if (text == NULL)
		return;
	check_oddity(u, d->config, text);
	if (daemon_json_mirrors(d->config, text, on_mirror, &in, &e) == -1)
		uses_complain(u, e.msg);
	else
		check_twice(u, d, text);
	free(text);
}

/* People put mirrors there all the same. */
static void
check_snap(struct node_uses *u, int root, const struct dockerd *d)
{
	char *text;

	if (!d->is_snap)
		return;
	text = uses_read_file(u, root, DOCKERD_CONFIG);
	if (text != NULL)
		uses_complain(u, "/" DOCKERD_CONFIG " does not count: Docker "
		    "is a snap here, which reads /var/snap/docker/current/"
		    "config/daemon.json");
	free(text);
}

/* certs.d counts since Engine 28 (quirks.md#dockerd); before it holds
 * certificates, and no hosts.toml. */
void
uses_docker(struct node_uses *u, int root)
{
	struct dockerd d;
	char *why;

	dockerd_read(root, &d);
	add_flags(u, &d);
	check_snap(u, root, &d);
	if (d.config != NULL) {
		read_json(u, root, &d);
	} else {
		why = xasprintf("/%s:%u: cdr cannot follow --config-file "
		    "%.200s", d.config_at->path, d.config_at->line,
		    d.config_said);
		uses_complain(u, why);
		free(why);
	}
	dockerd_done(&d);
	uses_certs_d(u, root, CLIENT, "etc/docker/certs.d",
	    NODE_USE_COUNTS);
}
