/* k3s and RKE2: registries.yaml (quirks.md#k3s-and-rke2). */
#include <stdlib.h>

#include "layout/mem.h"
#include "node/client.h"

/*
 * In these "*" takes away the way to the registry itself: k3s issues 9728 and
 * 11857, which RKE2 shares.  From ${first} on, up to and without ${fixed}.
 */
static const struct {
	unsigned minor, first, fixed;
} lost_fallback[] = {
	{ 26, 13, 15 }, { 27, 10, 12 }, { 28, 6, 8 }, { 29, 1, 3 },
	{ 31, 6, 7 }, { 32, 2, 3 },
};

static bool
loses_fallback(const struct node_wish *w)
{
	const struct node_version *v = &w->version;
	size_t i;

	if (!w->has_version || v->major != 1)
		return false;
	for (i = 0; i < sizeof(lost_fallback) / sizeof(lost_fallback[0]); i++)
		if (v->minor == lost_fallback[i].minor &&
		    v->patch >= lost_fallback[i].first &&
		    v->patch < lost_fallback[i].fixed)
			return true;
	return false;
}

/* disable-default-registry-endpoint came in January 2024. */
static bool
has_only(const struct node_version *v)
{
	return v->major > 1 || v->minor > 29 ||
	    (v->minor == 29 && v->patch >= 1) ||
	    (v->minor == 28 && v->patch >= 6) ||
	    (v->minor == 27 && v->patch >= 10) ||
	    (v->minor == 26 && v->patch >= 13);
}

static char *
endpoints(const struct node_wish *w, const char *registry)
{
	char *text = xasprintf("  \"%s\":\n    endpoint:\n      - \"%s\"\n",
	    registry, w->base);

	return w->behind_base == NULL ? text : for_append(text,
	    xasprintf("      - \"%s\"\n", w->behind_base));
}

static char *
trust(const struct node_wish *w, const char *place)
{
	char *text = xasprintf("  \"%s\":\n    tls:\n", place);

	if (w->ca_path != NULL)
		text = for_append(text, xasprintf("      ca_file: \"%s\"\n",
		    w->ca_path));
	if (w->cert_path != NULL)
		text = for_append(text, xasprintf("      cert_file: \"%s\"\n"
		    "      key_file: \"%s\"\n", w->cert_path, w->key_path));
	return text;
}

/* The first releases with containerd 2.0: 1.x cannot read the hosts.toml that
 * is made of an IPv6 address (quirks.md#containerd). */
static bool
takes_ipv6(const struct node_wish *w)
{
	const struct node_version *v = &w->version;

	return w->has_version && (v->major > 1 || v->minor > 32 ||
	    (v->minor == 32 && v->patch >= 2) ||
	    (v->minor == 31 && v->patch >= 6));
}

/* Names are quoted: "*" alone would be an alias. */
static char *
registries_yaml(const struct node_wish *w)
{
	char *text = xstrdup(NODE_MARK_LINE "mirrors:\n");
	size_t i;

	if (w->registry_count == 0)
		text = for_append(text, endpoints(w, "*"));
	for (i = 0; i < w->registry_count; i++)
		text = for_append(text, endpoints(w, w->registries[i]));
	if (w->ca_path == NULL && w->cert_path == NULL)
		return text;
	text = for_append(text, xstrdup("configs:\n"));
	if (w->mirror.https)
		text = for_append(text, trust(w, w->place));
	if (w->behind.https)
		text = for_append(text, trust(w, w->behind_place));
	return text;
}

/* k3s and RKE2 are one program in this. */
static int
for_rancher(const struct node_wish *w, struct node_plan *p, const char *name,
    struct err *e)
{
	char version[NODE_VERSION_TEXT_MAX];

	if (w->has_version)
		node_version_text(&w->version, version);
	if (w->registry_count == 0 && !w->only && loses_fallback(w))
		return err_set(e, ERR_INPUT, "%s %s asks only the mirror if a "
		    "mirror is set for all registries: name the registries "
		    "with --registry, or give --only if you want that", name,
		    version);
	if (!takes_ipv6(w) && for_no_ipv6(w, "k3s and RKE2 before 1.31.6 and "
	    "1.32.2 have a containerd that cannot take an IPv6 address, and "
	    "asks the registries (if they are later, say so with "
	    "--client-version)", e) == -1)
		return -1;
	if (w->only && w->has_version && !has_only(&w->version))
		return err_set(e, ERR_INPUT, "--only: %s %s always asks the "
		    "registries themselves last; 1.26.13, 1.27.10, 1.28.6, "
		    "1.29.1 and later can leave that out", name, version);
	node_plan_file(p, NODE_REGISTRIES_YAML, xasprintf("etc/rancher/%s/"
	    "registries.yaml", name), registries_yaml(w));
	if (w->only)
		node_plan_file(p, NODE_WHOLE, xasprintf("etc/rancher/%s/"
		    "config.yaml.d/cdr.yaml", name), xstrdup(NODE_MARK_LINE
		    "disable-default-registry-endpoint: true\n"));
	return 0;
}

int
for_k3s(const struct node_wish *w, struct node_plan *p, struct err *e)
{
	return for_rancher(w, p, "k3s", e);
}

int
for_rke2(const struct node_wish *w, struct node_plan *p, struct err *e)
{
	return for_rancher(w, p, "rke2", e);
}
