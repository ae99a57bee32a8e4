/* podman, buildah, skopeo and CRI-O: one library, a drop-in of
 * containers-registries.conf(5) (quirks.md#podman-and-cri-o). */
#include <stdlib.h>
#include <string.h>

#include "image/ref.h"
#include "layout/mem.h"
#include "node/client.h"
#include "node/containers_conf.h"

/* For https "insecure" would turn off the look at the certificate. */
static const char *
insecure(const struct url *u)
{
	return u->https ? "" : "insecure = true\n";
}

static char *
mirror_table(const struct url *u, const char *place, const char *registry)
{
	return xasprintf("\n[[registry.mirror]]\nlocation = \"%s/%s\"\n%s",
	    place, registry, insecure(u));
}

/* With --only the last of the mirrors stands in the registry's place, and
 * nobody else is asked; else it is asked before it. */
char *
for_containers_entry(const struct node_wish *w, const char *registry)
{
	bool two = w->behind_base != NULL;
	const struct url *u = two ? &w->behind : &w->mirror;
	char *path = image_ref_behind(registry);
	char *text = w->only ? xasprintf("\n[[registry]]\nprefix = \"%s\"\n"
	    "location = \"%s/%s\"\n%s", registry, two ? w->behind_place :
	    w->place, path, insecure(u)) :
	    xasprintf("\n[[registry]]\nprefix = \"%s\"\n"
	    "location = \"%s\"\n", registry, registry);

	if (!w->only || two)
		text = for_append(text, mirror_table(&w->mirror, w->place,
		    path));
	if (!w->only && two)
		text = for_append(text, mirror_table(&w->behind,
		    w->behind_place, path));
	free(path);
	return text;
}

char *
for_containers_text(const struct node_wish *w)
{
	static const char *const hub[] = { "docker.io" };
	size_t count = w->registry_count > 0 ? w->registry_count : 1, i;
	const char *const *names = w->registry_count > 0 ?
	    (const char *const *)w->registries : hub;
	char *text = xstrdup(NODE_MARK_LINE);

	for (i = 0; i < count; i++)
		text = for_append(text, for_containers_entry(w,
		    names[i]));
	return text;
}

/* A location begins as an image's name does (quirks.md#podman-and-cri-o). */
static int
check_host(const struct node_wish *w, struct err *e)
{
	return for_no_ipv6(w, "podman, CRI-O, skopeo and buildah take no IPv6 "
	    "address in registries.conf, and would pull nothing at all", e);
}

/* A drop-in, since registries.conf itself is the distribution's. */
static void
drop_in(const struct node_wish *w, struct node_plan *p, char *path)
{
	node_plan_file(p, NODE_WHOLE, path, for_containers_text(w));
	for_certificates(w, p, "etc/containers/certs.d");
	if (w->registry_count == 0)
		node_plan_note(p, "this is for docker.io alone: name other "
		    "registries with --registry, or take all that a tree has "
		    "with -r ROOT");
	/* quirks.md#one-choice-of-a-mirror */
	node_plan_note(p, "the mirror needs the platforms of all nodes: when "
	    "this client has the index from the mirror, it does not ask "
	    "upstream for a manifest that the mirror lacks");
}

int
for_podman(const struct node_wish *w, struct node_plan *p, struct err *e)
{
	/* The second form of registries.conf, and drop-ins. */
	if (for_too_old(w, "podman", 2, 0, 0, "registries.conf.d", e) == -1 ||
	    check_host(w, e) == -1)
		return -1;
	drop_in(w, p, xstrdup(CONTAINERS_PODMAN));
	return 0;
}

int
for_cri_o(const struct node_wish *w, struct node_plan *p, struct err *e)
{
	if (for_too_old(w, "CRI-O", 1, 18, 0, "registries.conf.d", e) == -1 ||
	    check_host(w, e) == -1)
		return -1;
	drop_in(w, p, xstrdup(CONTAINERS_CRI_O));
	return 0;
}
