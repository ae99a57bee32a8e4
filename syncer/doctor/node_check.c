/* What the clients of this node are told. */
#include <string.h>

#include "doctor/patient.h"

/* The name that node-config takes. */
static const char *
config_name(const struct node_use *u)
{
	return strcmp(u->client, "podman and CRI-O") == 0 ? "podman" :
	    u->client;
}

/* Is it a hosts.toml? */
static bool
reads_hosts(const struct node_use *u)
{
	static const char name[] = "/hosts.toml";
	size_t len = strlen(u->path);

	return len >= sizeof(name) && strcmp(u->path + len -
	    (sizeof(name) - 1), name) == 0;
}

static bool
is_rancher(const char *client)
{
	return strcmp(client, "k3s") == 0 || strcmp(client, "rke2") == 0;
}

/* A file that is right and does not count is what people find last. */
static void
check_use(struct findings *f, const struct node_use *u,
    const struct url *mirror)
{
	bool is_plain = strstr(u->mirror, "://") == NULL;

	if (u->state == NODE_USE_LEGACY)
		finding_add(f, FINDING_FAIL, "node", "/%s has the old "
		    "registry.mirrors (%s): containerd 2.4 no longer knows it, "
		    "and none takes it together with config_path: take it out, "
		    "then run \"cdr node-config containerd --mirror URL "
		    "--install\"", u->path, u->mirror);
	else if (u->fault != NULL)
		finding_add(f, FINDING_FAIL, "node", "%s", u->fault);
	else if (u->state == NODE_USE_UNSEEN)
		finding_add(f, FINDING_FAIL, "node", "/%s is right, but the "
		    "CRI plugin does not read it: config_path is not set in "
		    "/etc/containerd/config.toml, or in what containerd reads "
		    "in its place or after it, or in a table that its "
		    "version does not read: run \"cdr node-config containerd "
		    "--mirror URL --install\", and restart containerd",
		    u->path);
	else if (is_plain && !mirror->https && reads_hosts(u))
		finding_add(f, FINDING_FAIL, "node", "/%s: [host.\"%s\"] has "
		    "no scheme, so %s speaks https to a mirror that speaks "
		    "http: write [host.\"http://%s\"]", u->path, u->mirror,
		    u->client, u->mirror);
	else if (is_plain && !mirror->https && !u->insecure &&
	    strcmp(u->client, "podman and CRI-O") == 0)
		finding_add(f, FINDING_FAIL, "node", "/%s: \"insecure = true\" "
		    "is missing below \"%s\", so the client speaks https to a "
		    "mirror that speaks http: run \"cdr node-config podman "
		    "--mirror URL --install\"", u->path, u->mirror);
	else if (is_plain && !mirror->https && is_rancher(u->client))
		finding_add(f, FINDING_FAIL, "node", "/%s: \"%s\" has no "
		    "scheme, so %s speaks https to a mirror that speaks http: "
		    "write http:// in front of it, and restart %s", u->path,
		    u->mirror, u->client, u->client);
	else
		finding_add(f, FINDING_OK, "node", "%s uses this mirror (/%s)",
		    u->client, u->path);
}

/* Does the client have any that is right?  By client: what containerd is told
 * does not help podman. */
static bool
has_right(const struct node_uses *uses, const char *client,
    const struct url *mirror)
{
	size_t i;

	for (i = 0; i < uses->count; i++)
		if (uses->uses[i].fault == NULL &&
		    strcmp(uses->uses[i].client, client) == 0 &&
		    node_use_is(&uses->uses[i], mirror))
			return true;
	return false;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* One finding a file is enough, however many registries are in it, and one of
 * what is wrong with all of a client's files. */
static bool
was_told(const struct node_uses *uses, size_t i)
{
	const struct node_use *u = &uses->uses[i], *before = u - 1;

	return i > 0 && before->state == u->state &&
	    same_text(before->fault, u->fault) && (u->fault != NULL ||
	    strcmp(before->path, u->path) == 0);
}

/* Of a file that the mirror is spoken to with, the check of TLS tells. */
static bool
tells_later(const struct node_use *u, const struct ask_how *how)
{
	const char *const files[] = { how->ca, how->cert, how->key };
	size_t i, len, n = u->missing == NULL ? 0 : strlen(u->missing);

	for (i = 0; i < 3 && n > 0; i++) {
		len = files[i] == NULL ? 0 : strlen(files[i]);
		if (len >= n && strcmp(files[i] + len - n, u->missing) == 0)
			return true;
	}
	return false;
}

/* Only where containerd is told of a mirror is it of interest. */
static void
check_stale(struct findings *f, const struct node_uses *uses)
{
	size_t i;

	for (i = 0; i < uses->count && uses->stale != NULL; i++)
		if (strcmp(uses->uses[i].client, "containerd") == 0) {
			finding_add(f, uses->may_be_stale ? FINDING_WARN :
			    FINDING_FAIL, "node", "%s", uses->stale);
			return;
		}
}

/* A file that leads elsewhere is wrong only where no other file of that
 * client leads here. */
void
node_check(struct findings *f, const struct node_uses *uses,
    const struct url *mirror, const struct ask_how *how)
{
	const struct node_use *u;
	size_t i;

	for (i = 0; i < uses->complaint_count; i++)
		finding_add(f, FINDING_WARN, "node", "%s",
		    uses->complaints[i]);
	for (i = 0; i < uses->count; i++) {
		u = &uses->uses[i];
		if (was_told(uses, i) || tells_later(u, how))
			continue;
		if (u->fault != NULL && u->mirror[0] == '\0')
			finding_add(f, FINDING_FAIL, "node", "%s", u->fault);
		else if (u->state == NODE_USE_LEGACY ||
		    node_use_is(u, mirror))
			check_use(f, u, mirror);
		else if (has_right(uses, u->client, mirror))
			finding_add(f, FINDING_WARN, "node",
			    "/%s also leads to %s", u->path, u->mirror);
		else
			finding_add(f, FINDING_FAIL, "node", "%s is set up for "
			    "another mirror: /%s leads to %s, not to this one: "
			    "run \"cdr node-config %s --mirror URL --install\"",
			    u->client, u->path, u->mirror, config_name(u));
	}
	if (uses->count == 0)
		finding_add(f, FINDING_WARN, "node", "no client of this node "
		    "is set up for a mirror: run \"cdr node-config CLIENT "
		    "--mirror URL --install\"");
	check_stale(f, uses);
}

static bool
any_leads(const struct node_folders *f, const struct url *mirror)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (node_folder_leads(&f->list[i], mirror))
			return true;
	return false;
}

/* A folder of its own for the image's registry hides _default, whatever that
 * says (quirks.md#host-folders). */
bool
node_image_check(struct patient *p)
{
	const char *registry = p->image.registry;
	const struct node_folder *f;

	entry_check(p);
	/* Where none does, node_check has told what there is to tell. */
	if (!any_leads(&p->uses->folders, p->mirror))
		return true;
	f = node_folders_for(&p->uses->folders, registry);
	if (f == NULL)
		finding_add(p->findings, FINDING_WARN, "node", "containerd "
		    "asks %s itself: certs.d has neither a folder of that name "
		    "nor " NODE_FOLDER_DEFAULT ": run \"cdr node-config "
		    "containerd --mirror URL --registry %s --install\"",
		    registry, registry);
	else if (!f->is_broken && !node_folder_leads(f, p->mirror))
		finding_add(p->findings, FINDING_FAIL, "node", "for images of "
		    "%s containerd reads /%s alone, which does not lead to "
		    "this mirror: put [host.\"%s\"] into its hosts.toml, or "
		    "move that folder away", registry, f->path, p->how->base);
	return true;
}
