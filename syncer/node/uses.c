/*
 * Where the clients of this node are told to go, by reading the files that they
 * read.  What cannot be read is told as a complaint: doctor goes on without it.
 */
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "node/record.h"
#include "node/toml.h"
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
	for (i = 0; i < u->user_count; i++) {
		free(u->users[i].dir);
		free(u->users[i].fault);
	}
	free(u->users);
	*u = (struct node_uses){ 0 };
}

/* --- one file ------------------------------------------------------------ */

/* [registry."docker.io"] mirrors = ["m:5000/docker.io"] */
/* A mirror's own table, without its path, says how it is spoken to. */
static bool
is_plain_http(const struct toml *registries, const char *mirror)
{
	char *place = xstrndup(mirror, strcspn(mirror, "/"));
	const struct toml *http = toml_get(toml_get(registries, place),
	    "http");

	free(place);
	return http != NULL && http->kind == TOML_BOOLEAN &&
	    strcmp(http->text, "true") == 0;
}

void
node_uses_buildkit(struct node_uses *u, const char *path, const char *text)
{
	const struct toml *registries, *r, *mirrors, *one;
	struct toml *doc;
	struct err why, e;

	if (toml_read(path, text, &doc, &why) == -1) {
		(void)err_set(&e, ERR_INPUT, "%s: buildkitd does not start "
		    "with it: mend it first", why.msg);
		uses_fault(u, "buildkit", path, e.msg);
		return;
	}
	registries = toml_get(doc, "registry");
	for (r = registries == NULL ? NULL : registries->child; r != NULL;
	    r = r->next) {
		mirrors = toml_get(r, "mirrors");
		for (one = mirrors == NULL ? NULL : mirrors->child;
		    one != NULL; one = one->next)
			if (toml_string(one) != NULL)
				uses_add(u, "buildkit", path, one->text)->
				    insecure = is_plain_http(registries,
				    one->text);
	}
	toml_free(doc);
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
	uses_containers(ret, root);
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

/* podman, CRI-O and buildkit write no scheme: "insecure" tells which. */
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
