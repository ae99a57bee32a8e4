/*
 * Of what registries.conf and registries.yaml say, one entry counts for an
 * image.  Is that one right?
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/patient.h"
#include "layout/mem.h"
#include "node/containers_conf.h"
#include "node/rancher_conf.h"

static bool
leads_to(const struct node_entry *e, const char *to, bool insecure,
    const struct url *mirror)
{
	struct node_use use = {
		.client = e->client, .mirror = (char *)(uintptr_t)to,
		.insecure = insecure
	};

	return node_use_is(&use, mirror);
}

/* The number of the lead that goes to the mirror, or their count. */
static size_t
find_lead(const struct node_entry *e, const struct url *mirror)
{
	size_t i;

	for (i = 0; i < e->lead_count; i++)
		if (leads_to(e, e->leads[i].to, e->leads[i].insecure, mirror))
			break;
	return i;
}

/* In the place of the registry. */
static bool
is_location(const struct node_entry *e, const struct url *mirror)
{
	return e->location != NULL && leads_to(e, e->location, e->insecure,
	    mirror);
}

/* Where none leads to the mirror, there is nothing more to tell. */
static bool
any_leads(const struct node_entries *l, const char *client,
    const struct url *mirror)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->list[i].client, client) == 0 &&
		    (is_location(&l->list[i], mirror) ||
		    find_lead(&l->list[i], mirror) < l->list[i].lead_count))
			return true;
	return false;
}

/* An entry with the mirror in it. */
static void
check_lead(struct patient *p, const struct node_entry *e, size_t i)
{
	const struct node_lead *lead = &e->leads[i];
	bool has_digest = p->image.has_digest;

	if (has_digest ? lead->by_tag : lead->by_digest)
		finding_add(p->findings, FINDING_FAIL, "node", "/%s:%u: for "
		    "\"%s\" %s asks this mirror for images by %s alone, and "
		    "this one is by %s: take %s out", e->path, e->line,
		    e->prefix, e->client, lead->by_digest ? "digest" : "tag",
		    has_digest ? "digest" : "tag",
		    "mirror-by-digest-only or pull-from-mirror");
	else if (i > 0)
		finding_add(p->findings, FINDING_WARN, "node", "/%s:%u: for "
		    "\"%s\" %s asks %s before this mirror", e->path, e->line,
		    e->prefix, e->client, e->leads[0].to);
}

static void
check_entry(struct patient *p, const struct node_entry *e)
{
	size_t i = find_lead(e, p->mirror);

	if (e->blocked)
		finding_add(p->findings, FINDING_FAIL, "node", "/%s:%u: "
		    "\"%s\" is blocked, so %s pulls nothing of it: take "
		    "\"blocked = true\" out", e->path, e->line, e->prefix,
		    e->client);
	else if (i < e->lead_count)
		check_lead(p, e, i);
	else if (!is_location(e, p->mirror))
		finding_add(p->findings, FINDING_FAIL, "node", "for images of "
		    "%s %s goes by \"%s\" in /%s:%u, which does not lead to "
		    "this mirror: put it in there, or take that entry out",
		    p->image.registry, e->client, e->prefix, e->path, e->line);
}

/* ${e} NULL: none counts. */
static void
check_client(struct patient *p, const char *client, const char *config,
    const struct node_entry *e)
{
	const char *registry = p->image.registry;

	if (!any_leads(&p->uses->entries, client, p->mirror))
		return;
	if (e != NULL)
		check_entry(p, e);
	else
		finding_add(p->findings, FINDING_WARN, "node", "%s asks %s "
		    "itself: no entry is for it: run \"cdr node-config %s "
		    "--mirror URL --registry %s --install\" with all "
		    "registries that it should be for", client, registry,
		    config, registry);
}

/* A user's own file, with nothing in it that leads here. */
static void
check_users(struct patient *p)
{
	const struct node_entries *l = &p->uses->entries;
	size_t i, k;
	bool leads;

	for (i = 0; i < p->uses->user_count; i++) {
		leads = false;
		for (k = 0; k < l->count; k++)
			leads = leads || (strcmp(l->list[k].path,
			    p->uses->users[i]) == 0 &&
			    (is_location(&l->list[k], p->mirror) ||
			    find_lead(&l->list[k], p->mirror) <
			    l->list[k].lead_count));
		if (!leads)
			finding_add(p->findings, FINDING_WARN, "node", "/%s "
			    "hides /etc/containers/registries.conf and what is "
			    "beside it from that user's podman, skopeo and "
			    "buildah, and does not lead to this mirror: put "
			    "the same entries into it", p->uses->users[i]);
	}
}

void
entry_check(struct patient *p)
{
	static const char *const rancher[] = { "k3s", "rke2" };
	const struct node_entries *l = &p->uses->entries;
	char *name = xasprintf("%s/%s", p->image.registry,
	    p->image.repository);
	size_t i;

	for (i = 0; i < 2; i++)
		check_client(p, rancher[i], rancher[i],
		    rancher_conf_for(l, rancher[i], p->image.registry));
	check_client(p, CONTAINERS_CLIENT, "podman",
	    node_entries_for(l, CONTAINERS_CLIENT, name));
	if (any_leads(l, CONTAINERS_CLIENT, p->mirror))
		check_users(p);
	free(name);
}
