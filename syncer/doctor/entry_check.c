/*
 * Of what registries.conf and registries.yaml say, one entry counts for an
 * image.  Is that one right?  Of what dockerd is told, all counts, for some.
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

/* --- what the mirror is asked for ---------------------------------------- */

static bool
is_rancher(const struct node_entry *e)
{
	return strcmp(e->client, CONTAINERS_CLIENT) != 0;
}

/* podman puts what follows the prefix behind the location, and the mirror sees
 * what follows the host of that. */
static bool
asks_for_image(const struct patient *p, const struct node_entry *e,
    const char *to)
{
	char *behind = image_ref_behind(p->image.registry);
	char *wanted = xasprintf("/%s/%s", behind, p->image.repository);
	char *name = xasprintf("%s/%s", p->image.registry,
	    p->image.repository);
	size_t len = e->prefix[0] == '*' ? strlen(p->image.registry) :
	    strlen(e->prefix);
	char *full = xasprintf("%s%s", to, name + len);
	const char *asked = full + strcspn(full, "/");
	bool is = strcmp(asked, wanted) == 0 ||
	    (strcmp(p->image.registry, "docker.io") == 0 &&
	    strcmp(asked, wanted + strlen("/docker.io")) == 0);

	free(full);
	free(name);
	free(wanted);
	free(behind);
	return is;
}

/* k3s takes a path as it is, and adds ?ns= in any case. */
static bool
has_good_path(const struct patient *p, const char *to)
{
	const char *host = strstr(to, "://"), *path;
	char *behind = image_ref_behind(p->image.registry), *whole;
	size_t len;
	bool is;

	host = host == NULL ? to : host + 3;
	path = host + strcspn(host, "/");
	len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	whole = xasprintf("/v2/%s", behind);
	is = len == 0 || (len == 3 && memcmp(path, "/v2", 3) == 0) ||
	    (len == strlen(whole) && memcmp(path, whole, len) == 0);
	free(whole);
	free(behind);
	return is;
}

/* Is that the image, as the mirror names it? */
static bool
check_name(struct patient *p, const struct node_entry *e, const char *to)
{
	char *behind;
	bool is = is_rancher(e) ? has_good_path(p, to) :
	    asks_for_image(p, e, to);

	if (is)
		return true;
	behind = image_ref_behind(p->image.registry);
	if (is_rancher(e))
		finding_add(p->findings, FINDING_FAIL, "node", "/%s:%u: for "
		    "\"%s\" %s asks %s, where this mirror has no image of "
		    "%s: write it without a path, or with /v2/%s", e->path,
		    e->line, e->prefix, e->client, to, p->image.registry,
		    behind);
	else
		finding_add(p->findings, FINDING_FAIL, "node", "/%s:%u: what "
		    "is asked of %s for \"%s\" is not what this mirror calls "
		    "it: the location of %s has to end in /%s", e->path,
		    e->line, to, e->prefix, p->image.registry, behind);
	free(behind);
	return false;
}

/* --- the entry ----------------------------------------------------------- */

/* An entry with the mirror in it. */
static void
check_lead(struct patient *p, const struct node_entry *e, size_t i)
{
	const struct node_lead *lead = &e->leads[i];
	bool has_digest = p->image.has_digest;

	if (!check_name(p, e, lead->to))
		return;
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
	else if (is_location(e, p->mirror))
		(void)check_name(p, e, e->location);
	else
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

/* --- users' own ---------------------------------------------------------- */

static bool
is_of(const struct node_entry *e, const struct node_user *user)
{
	size_t len = strlen(user->dir);

	return strcmp(e->client, CONTAINERS_USER) == 0 &&
	    strncmp(e->path, user->dir, len) == 0 && e->path[len] == '/';
}

static bool
leads(const struct node_entry *e, const struct url *mirror)
{
	return !e->blocked && (is_location(e, mirror) ||
	    find_lead(e, mirror) < e->lead_count);
}

/* The one that counts for that user: of its own files the last one of the
 * longest prefix, unless the system has a longer one that it sees. */
static const struct node_entry *
entry_of(const struct patient *p, const struct node_user *user,
    const char *name)
{
	const struct node_entries *l = &p->uses->entries;
	const struct node_entry *system = user->hides ? NULL :
	    node_entries_for(l, CONTAINERS_CLIENT, name), *own;
	struct node_entries only = { .count = 0 };
	size_t i;

	only.list = xcalloc(l->count + 1, sizeof(*only.list));
	for (i = 0; i < l->count; i++)
		if (is_of(&l->list[i], user))
			only.list[only.count++] = l->list[i];
	own = node_entries_for(&only, CONTAINERS_USER, name);
	for (i = 0; own != NULL && i < l->count; i++)
		if (l->list[i].prefix == own->prefix)
			break;
	own = own == NULL ? NULL : &l->list[i];
	free(only.list);
	return own == NULL || (system != NULL && strlen(system->prefix) >
	    strlen(own->prefix)) ? system : own;
}

static void
check_user(struct patient *p, const struct node_user *user, const char *name)
{
	const struct node_entry *e = entry_of(p, user, name);

	if (user->fault != NULL)
		finding_add(p->findings, FINDING_WARN, "node", "%s: that "
		    "user's podman, skopeo and buildah pull nothing while it "
		    "is so: mend it", user->fault);
	else if (e != NULL && is_of(e, user) && !leads(e, p->mirror))
		finding_add(p->findings, FINDING_WARN, "node", "/%s:%u: that "
		    "user's podman, skopeo and buildah go by \"%s\" there, "
		    "which does not lead to this mirror: put it in, or take "
		    "that entry out", e->path, e->line, e->prefix);
	else if (e == NULL && user->hides)
		finding_add(p->findings, FINDING_WARN, "node", "/%s/"
		    "registries.conf hides /" CONTAINERS_CONF " and what is "
		    "beside it from that user's podman, skopeo and buildah, "
		    "and does not lead to this mirror: put the same entries "
		    "into it", user->dir);
}

/* --- dockerd ------------------------------------------------------------- */

static bool
is_hosts_toml(const char *path)
{
	const char *name = strrchr(path, '/');

	return name != NULL && strcmp(name, "/hosts.toml") == 0;
}

/* It puts /v2 behind what it is told, and knows mirrors of docker.io alone,
 * but for hosts.toml (quirks.md#dockerd). */
static void
check_dockerd_use(struct patient *p, const struct node_use *use)
{
	const char *path = strstr(use->mirror, "://");
	size_t len;

	path = path == NULL ? "" : path + 3 + strcspn(path + 3, "/");
	len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	if (len > 0 && (len != 10 || memcmp(path, "/docker.io", len) != 0))
		finding_add(p->findings, FINDING_FAIL, "node", "/%s: dockerd "
		    "asks %s/v2/, where this mirror has no image: write it "
		    "without a path", use->path, use->mirror);
	else if (strcmp(p->image.registry, "docker.io") != 0)
		finding_add(p->findings, FINDING_WARN, "node", "dockerd asks "
		    "%s itself: the mirrors of /%s are for docker.io alone; "
		    "Engine 28 and later, with containerd's image store, have "
		    "others by \"cdr node-config dockerd\"",
		    p->image.registry, use->path);
}

static void
check_dockerd(struct patient *p)
{
	const struct node_use *first = NULL, *use;
	size_t i;

	for (i = 0; i < p->uses->count; i++) {
		use = &p->uses->uses[i];
		if (strcmp(use->client, "dockerd") != 0 ||
		    !node_use_is(use, p->mirror))
			continue;
		if (is_hosts_toml(use->path))
			return;
		if (first == NULL)
			first = use;
	}
	if (first != NULL)
		check_dockerd_use(p, first);
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
	for (i = 0; i < p->uses->user_count &&
	    any_leads(l, CONTAINERS_CLIENT, p->mirror); i++)
		check_user(p, &p->uses->users[i], name);
	check_dockerd(p);
	free(name);
}
