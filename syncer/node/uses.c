/*
 * Where the clients of this node are told to go, by reading the files that they
 * read.  What cannot be read is told as a complaint: doctor goes on without it.
 */
#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/record.h"
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
			uses_complain(u, "this node's files name more "
			    "mirrors than cdr looks at: the last ones are left "
			    "out");
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
node_use_fault(struct node_use *use, const char *why)
{
	if (use->fault == NULL && why != NULL)
		use->fault = xstrdup(why);
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
		free(u->uses[i].missing);
	}
	for (i = 0; i < u->complaint_count; i++)
		free(u->complaints[i]);
	free(u->rest.fault);
	free(u->rest.missing);
	free(u->stale);
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
	/* Of a [[registry]] or [[registry.mirror]] so far. */
	char prefix[TOML_PART_MAX], location[TOML_PART_MAX];
	bool is_mirror, insecure;
};

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

char *
uses_read_file(struct node_uses *u, int root, const char *path)
{
	struct err e;
	char *text = NULL;

	if (under_read(root, path, &text, NULL, &e) == -1)
		uses_complain(u, e.msg);
	return text;
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

/* By the record of what was written, or by the mark of a whole file, where the
 * record is lost. */
static bool
is_ours(int root, const struct record *record, const struct node_use *use)
{
	const struct record_file *r = record_find(record, NULL, use->path);
	char *text = NULL;
	struct err ignored;
	bool has_mark;

	if (r != NULL)
		return r->kind != NODE_DAEMON_JSON ||
		    strcmp(r->text, use->mirror) == 0;
	has_mark = under_read(root, use->path, &text, NULL, &ignored) == 1 &&
	    strncmp(text, NODE_MARK, strlen(NODE_MARK)) == 0;
	free(text);
	return has_mark;
}

static void
find_ours(struct node_uses *u, int root)
{
	struct record record = { 0 };
	struct err e;
	size_t i;

	if (record_read(root, &record, &e) == -1)
		uses_complain(u, e.msg);
	for (i = 0; i < u->count; i++)
		u->uses[i].is_ours = i > 0 && strcmp(u->uses[i].path,
		    u->uses[i - 1].path) == 0 && strcmp(u->uses[i].mirror,
		    u->uses[i - 1].mirror) == 0 ? u->uses[i - 1].is_ours :
		    is_ours(root, &record, &u->uses[i]);
	record_done(&record);
}

/* Files that a client does not have are no files, not errors. */
void
node_uses_read(int root, struct node_uses *ret)
{
	static const char buildkit[] = "etc/buildkit/buildkitd.toml";
	char *text;

	*ret = (struct node_uses){ 0 };
	uses_containerd(ret, root);
	read_containers(ret, root);
	uses_docker(ret, root);
	uses_rancher(ret, root, "k3s");
	uses_rancher(ret, root, "rke2");
	text = uses_read_file(ret, root, buildkit);
	if (text != NULL)
		node_uses_buildkit(ret, buildkit, text);
	free(text);
	find_ours(ret, root);
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
