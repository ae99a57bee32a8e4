/* hosts.toml, certificates, versions: what several clients share. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/client.h"

/* Files are small: a copy for each piece costs nothing. */
char *
for_append(char *text, char *more)
{
	char *longer = xasprintf("%s%s", text, more);

	free(text);
	free(more);
	return longer;
}

/* capabilities are named, since a host without them would be asked to push as
 * well (quirks.md#containerd). */
static char *
host_table(const struct node_wish *w, const struct url *u, const char *base,
    bool has_dial_timeout)
{
	char *text = xasprintf("[host.\"%s\"]\n"
	    "  capabilities = [\"pull\", \"resolve\"]\n", base);

	if (has_dial_timeout)
		text = for_append(text, xstrdup("  dial_timeout = \"3s\"\n"));
	if (u->https && w->ca_path != NULL)
		text = for_append(text, xasprintf("  ca = \"%s\"\n",
		    w->ca_path));
	if (u->https && w->cert_path != NULL)
		text = for_append(text, xasprintf("  client = "
		    "[[\"%s\", \"%s\"]]\n", w->cert_path, w->key_path));
	return text;
}

/* Hosts are asked in the order of the file. */
static char *
hosts_toml(const struct node_wish *w, bool has_dial_timeout)
{
	char *text = xstrdup(NODE_MARK_LINE);

	/* Without "server" the registry itself is asked last. */
	if (w->only)
		text = for_append(text, xasprintf("server = \"%s\"\n\n",
		    w->behind_base != NULL ? w->behind_base : w->base));
	text = for_append(text, host_table(w, &w->mirror, w->base,
	    has_dial_timeout));
	if (w->behind_base == NULL)
		return text;
	text = for_append(text, xstrdup("\n"));
	return for_append(text, host_table(w, &w->behind, w->behind_base,
	    has_dial_timeout));
}

/* Without --registry one folder serves all registries that have none of their
 * own (quirks.md#host-folders). */
void
for_hosts_files(const struct node_wish *w, struct node_plan *p,
    const char *dir, bool has_dial_timeout)
{
	static const char *const all[] = { "_default" };
	const char *const *names = w->registry_count > 0 ?
	    (const char *const *)w->registries : all;
	size_t n = w->registry_count > 0 ? w->registry_count : 1, i;

	assert(w->base != NULL);
	for (i = 0; i < n; i++)
		node_plan_file(p, NODE_WHOLE, xasprintf("%s/%s/hosts.toml",
		    dir, names[i]), hosts_toml(w, has_dial_timeout));
}

static void
copy_file(struct node_plan *p, const char *dir, const char *place,
    const char *name, const char *text, const char *from)
{
	struct node_file *f;

	if (text == NULL)
		return;
	assert(from != NULL);
	f = node_plan_file(p, NODE_WHOLE, xasprintf("%s/%s/%s", dir, place,
	    name), xstrdup(text));
	f->copy_of = xstrdup(from);
}

/* client.key is a secret: only its owner may read it. */
static void
copy_files(const struct node_wish *w, struct node_plan *p, const char *dir,
    const char *place)
{
	copy_file(p, dir, place, "ca.crt", w->ca, w->ca_path);
	copy_file(p, dir, place, "client.cert", w->cert, w->cert_path);
	copy_file(p, dir, place, "client.key", w->key, w->key_path);
	if (w->key != NULL)
		p->files[p->count - 1].mode = 0600;
}

void
for_certificates(const struct node_wish *w, struct node_plan *p,
    const char *dir)
{
	if (w->mirror.https)
		copy_files(w, p, dir, w->place);
	if (w->behind.https)
		copy_files(w, p, dir, w->behind_place);
}

int
for_one_alone(const struct node_wish *w, const char *program, struct err *e)
{
	return w->behind_base == NULL ? 0 : err_set(e, ERR_INPUT, "--behind: "
	    "this command gives %s one mirror alone: leave it out", program);
}

/* Only a version that is known to be too old: one that is not
 * known may be any. */
int
for_too_old(const struct node_wish *w, const char *program, unsigned major,
    unsigned minor, unsigned patch, const char *what, struct err *e)
{
	char text[NODE_VERSION_TEXT_MAX];

	if (!w->has_version ||
	    node_version_since(&w->version, major, minor, patch))
		return 0;
	return err_set(e, ERR_INPUT, "%s %s cannot do this: %s needs %u.%u.%u "
	    "or later", program, node_version_text(&w->version, text), what,
	    major, minor, patch);
}

static bool
is_ipv6(const struct url *u)
{
	return u->host != NULL && strchr(u->host, ':') != NULL;
}

int
for_no_ipv6(const struct node_wish *w, const char *why, struct err *e)
{
	if (!is_ipv6(&w->mirror) && !is_ipv6(&w->behind))
		return 0;
	return err_set(e, ERR_INPUT, "--mirror: %s: give the mirror a name, in "
	    "DNS or in /etc/hosts", why);
}
