/*
 * Where the clients of this node are told to go, by reading the files that they
 * read.  What cannot be read is told as a complaint: doctor goes on without it.
 */
#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/containerd_toml.h"
#include "node/toml_scan.h"
#include "node/under.h"
#include "node/uses_internal.h"

void
uses_complain(struct node_uses *u, const char *text)
{
	u->complaints = xreallocarray(u->complaints, u->complaint_count + 1,
	    sizeof(char *));
	u->complaints[u->complaint_count++] = xstrdup(text);
}

/* Beyond the cap all go into one that nobody sees. */
struct node_use *
uses_add(struct node_uses *u, const char *client, const char *path,
    const char *mirror)
{
	struct node_use *use;

	if (u->count == NODE_USES_MAX) {
		if (!u->is_full)
			uses_complain(u, "this node's files name more mirrors "
			    "than cdr looks at: the last ones are left out");
		u->is_full = true;
		return &u->rest;
	}
	u->uses = xreallocarray(u->uses, u->count + 1, sizeof(*u->uses));
	use = &u->uses[u->count++];
	*use = (struct node_use){
		.client = client, .path = xstrdup(path),
		.mirror = xstrdup(mirror)
	};
	return use;
}

void
uses_fault(struct node_uses *u, const char *client, const char *path,
    const char *why)
{
	node_use_fault(uses_add(u, client, path, ""), why);
}

void
node_uses_done(struct node_uses *u)
{
	size_t i;

	for (i = 0; i < u->count; i++) {
		free(u->uses[i].path);
		free(u->uses[i].mirror);
		free(u->uses[i].fault);
	}
	for (i = 0; i < u->complaint_count; i++)
		free(u->complaints[i]);
	free(u->uses);
	free(u->complaints);
	node_folders_done(&u->folders);
	node_entries_done(&u->entries);
	*u = (struct node_uses){ 0 };
}

/* --- one file ------------------------------------------------------------ */

struct in_file {
	struct node_uses *uses;
	const char *client, *path;
	enum node_use_state state;
	char last[TOML_PART_MAX];	/* the host that has been told */
	/* Of a [[registry]] or [[registry.mirror]] so far. */
	char prefix[TOML_PART_MAX], location[TOML_PART_MAX];
	bool is_mirror, insecure;
};

/* [host."http://m:5000"], and what is in it, has the URL as second part. */
static void
on_host(void *cookie, const struct toml_event *event)
{
	struct in_file *f = cookie;
	const char *host;

	if (event->path->count < 2 || strcmp(event->path->part[0], "host") != 0)
		return;
	host = event->path->part[1];
	if (strcmp(host, f->last) == 0)
		return;
	memcpy(f->last, host, strlen(host) + 1);
	uses_add(f->uses, f->client, f->path, host)->state = f->state;
}

/* Each host once, however many keys its table has. */
void
node_uses_hosts_toml(struct node_uses *u, const char *client, const char *path,
    enum node_use_state state, const char *text)
{
	struct in_file f = {
		.uses = u, .client = client, .path = path, .state = state
	};

	toml_scan(text, on_host, &f);
}

/* The table is over.  A location that is the registry's own is no mirror. */
static void
end_location(struct in_file *f)
{
	if (f->location[0] != '\0' && (f->is_mirror ||
	    (f->prefix[0] != '\0' && strcmp(f->prefix, f->location) != 0)))
		uses_add(f->uses, f->client, f->path, f->location)->insecure =
		    f->insecure;
	f->prefix[0] = f->location[0] = '\0';
	f->insecure = false;
}

static void
on_location(void *cookie, const struct toml_event *event)
{
	static const char *const of_registry[] = { "registry", NULL };
	static const char *const of_mirror[] = { "registry", "mirror", NULL };
	struct in_file *f = cookie;
	const struct toml_path *path = event->path;
	const char *key = path->part[path->count - 1];

	if (event->is_table) {
		end_location(f);
		f->is_mirror = path->count == 2;
		return;
	}
	if (!toml_path_is(path, 2, of_registry) &&
	    !toml_path_is(path, 3, of_mirror))
		return;
	if (strcmp(key, "location") == 0)
		memcpy(f->location, event->value, strlen(event->value) + 1);
	else if (strcmp(key, "prefix") == 0)
		memcpy(f->prefix, event->value, strlen(event->value) + 1);
	else if (strcmp(key, "insecure") == 0)
		f->insecure = strcmp(event->value, "true") == 0;
}

/* A table ends where the next one begins, or the file does. */
void
node_uses_registries_conf(struct node_uses *u, const char *path,
    const char *text)
{
	struct in_file f = {
		.uses = u, .client = "podman and CRI-O", .path = path
	};

	toml_scan(text, on_location, &f);
	end_location(&f);
}

static void
on_buildkit(void *cookie, const struct toml_event *event)
{
	static const char *const mirrors[] = { "registry", NULL, "mirrors" };
	struct in_file *f = cookie;

	if (!event->is_table && toml_path_is(event->path, 3, mirrors))
		uses_add(f->uses, f->client, f->path, event->value);
}

void
node_uses_buildkit(struct node_uses *u, const char *path, const char *text)
{
	struct in_file f = { .uses = u, .client = "buildkit", .path = path };

	toml_scan(text, on_buildkit, &f);
}

/* --- all files ------------------------------------------------------------ */

/* Return a text to be freed, or NULL; what is wrong becomes a complaint. */
char *
uses_read_file(struct node_uses *u, int root, const char *path)
{
	struct err e;
	char *text = NULL;

	if (under_read(root, path, &text, NULL, &e) == -1)
		uses_complain(u, e.msg);
	return text;
}

/* Each DIR/<registry>/hosts.toml. */
void
uses_certs_d(struct node_uses *u, int root, const char *client,
    const char *dir, enum node_use_state state)
{
	char **names = NULL, *path, *text;
	size_t count = 0, i;
	struct err e;

	if (under_list(root, dir, &names, &count, &e) == -1) {
		uses_complain(u, e.msg);
		return;
	}
	for (i = 0; i < count; i++) {
		path = xasprintf("%s/%s/hosts.toml", dir, names[i]);
		text = uses_read_file(u, root, path);
		if (text != NULL)
			node_uses_hosts_toml(u, client, path, state, text);
		free(text);
		free(path);
	}
	fs_list_free(names, count);
}

/* config_path may name several folders. */
static void
read_config_path(struct node_uses *u, int root, const char *dirs)
{
	size_t len;
	char *dir;

	for (; *dirs != '\0'; dirs += strspn(dirs, ":")) {
		len = strcspn(dirs, ":");
		dir = xstrndup(dirs, len);
		if (dir[0] == '/') {
			uses_certs_d(u, root, "containerd", dir + 1,
			    NODE_USE_COUNTS);
			node_folders_read(root, dir + 1, &u->folders);
		}
		free(dir);
		dirs += len;
	}
}

/* A certs.d that config_path does not name is told as one that is not looked
 * at: most people who have it believe that it counts. */
static void
read_containerd(struct node_uses *u, int root)
{
	static const char path[] = "etc/containerd/config.toml";
	struct containerd_toml t = { 0 };
	char *text = uses_read_file(u, root, path);

	if (text != NULL)
		containerd_toml_read(text, &t);
	free(text);
	if (t.legacy_endpoint[0] != '\0')
		uses_add(u, "containerd", path, t.legacy_endpoint)->state =
		    NODE_USE_LEGACY;
	read_config_path(u, root, t.path);
	if (!containerd_toml_looks(&t, CONTAINERD_CERTS_D))
		uses_certs_d(u, root, "containerd", &CONTAINERD_CERTS_D[1],
		    NODE_USE_UNSEEN);
}

/* The main file before the drop-ins, as the library reads them. */
static void
read_containers(struct node_uses *u, int root)
{
	static const char dir[] = "etc/containers/registries.conf.d";
	char **names = NULL, *path, *text;
	size_t count = 0, i;
	struct err e;

	text = uses_read_file(u, root, "etc/containers/registries.conf");
	if (text != NULL)
		node_uses_registries_conf(u, "etc/containers/registries.conf",
		    text);
	free(text);
	if (under_list(root, dir, &names, &count, &e) == -1)
		uses_complain(u, e.msg);
	for (i = 0; i < count; i++) {
		if (strlen(names[i]) < 6 ||
		    strcmp(names[i] + strlen(names[i]) - 5, ".conf") != 0)
			continue;
		path = xasprintf("%s/%s", dir, names[i]);
		text = uses_read_file(u, root, path);
		if (text != NULL)
			node_uses_registries_conf(u, path, text);
		free(text);
		free(path);
	}
	fs_list_free(names, count);
}

/* Files that a client does not have are no files, not errors. */
void
node_uses_read(int root, struct node_uses *ret)
{
	static const char buildkit[] = "etc/buildkit/buildkitd.toml";
	char *text;

	*ret = (struct node_uses){ 0 };
	read_containerd(ret, root);
	read_containers(ret, root);
	uses_docker(ret, root);
	uses_rancher(ret, root, "k3s");
	uses_rancher(ret, root, "rke2");
	text = uses_read_file(ret, root, buildkit);
	if (text != NULL)
		node_uses_buildkit(ret, buildkit, text);
	free(text);
}

/* --- where it goes -------------------------------------------------------- */

static int
parse_with(const char *scheme, const char *text, struct url *ret)
{
	char *full = xasprintf("%s%s", scheme, text);
	struct err e;
	int rc = url_parse(full, ret, &e);

	free(full);
	return rc == 0;
}

/* podman and CRI-O write no scheme: "insecure" tells which. */
int
node_use_url(const struct node_use *use, struct url *ret)
{
	if (strstr(use->mirror, "://") != NULL)
		return parse_with("", use->mirror, ret);
	return parse_with(use->insecure ? "http://" : "https://", use->mirror,
	    ret);
}

void
node_use_fault(struct node_use *use, const char *why)
{
	if (use->fault == NULL && why != NULL)
		use->fault = xstrdup(why);
}

/* Without a scheme it may be the mirror's: whether that is right is
 * another check. */
bool
node_use_is(const struct node_use *use, const struct url *mirror)
{
	bool has_scheme = strstr(use->mirror, "://") != NULL, same;
	struct url u;

	if (!parse_with(has_scheme ? "" : mirror->https ? "https://" :
	    "http://", use->mirror, &u))
		return false;
	same = url_same_origin(&u, mirror);
	url_done(&u);
	return same;
}
