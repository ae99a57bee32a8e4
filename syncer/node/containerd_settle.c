/* for_containerd says what is to be so; here it meets the node's own files. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/mem.h"
#include "node/containerd.h"
#include "node/containerd_toml.h"
#include "node/folders.h"
#include "node/record.h"
#include "node/under.h"

static struct node_file *
config_of(struct node_plan *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->files[i].kind == NODE_CONTAINERD_TOML)
			return &p->files[i];
	return NULL;
}

/* --- what must not stand beside config_path ------------------------------- */

static int
refuse_old(const struct containerd *c, struct err *e)
{
	const struct containerd_place *m = &c->mirror, *t = &c->tls;

	if (m->file != NULL)
		return err_set(e, ERR_INPUT, "/%s: has the old "
		    "registry.mirrors (\"%.100s\", line %u); with config_path "
		    "beside it containerd would not load its CRI plugin. Take "
		    "registry.mirrors out, and run this again", m->file->path,
		    m->word, m->line);
	if (t->file != NULL && !c->is_two)
		return err_set(e, ERR_INPUT, "/%s: has the old "
		    "registry.configs.\"%.100s\".tls (line %u); with "
		    "config_path beside it containerd 1.x would not load its "
		    "CRI plugin. Write "
		    "ca, client or skip_verify into " CONTAINERD_CERTS_D
		    "/%.100s/hosts.toml, take tls out, and run this again; or "
		    "give --client-version, if it is 2.x", t->file->path,
		    t->word, t->line, t->word);
	return 0;
}

/* Files below /usr and /run are somebody else's (node/record.h). */
static int
refuse_place(const struct containerd *c, size_t target, struct err *e)
{
	const char *path = c->count == 0 ? c->main : c->files[target].path;

	if (record_takes(NODE_CONTAINERD_TOML, path) || containerd_reads(c))
		return 0;
	if (target == 0)
		return err_set(e, ERR_INPUT, "/%s: systemd starts containerd "
		    "with this file, and cdr writes none like that: copy it "
		    "to /" CONTAINERD_CONFIG ", name that in the unit "
		    "(systemctl edit containerd), and run this again", path);
	return err_set(e, ERR_INPUT, "/%s: decides about config_path, and cdr "
	    "writes none like that: have /%s import a file below /etc after "
	    "it, with config_path = \"" CONTAINERD_CERTS_D "\" in the same "
	    "section", path, c->main);
}

/* --- a containerd that is a part of something else ------------------------ */

/* Does one that reads no file of /etc/containerd run here? */
static bool
is_there(int root, const char *path)
{
	char **names = NULL;
	size_t count = 0;
	struct err ignored;
	bool ret;

	(void)under_list(root, path, &names, &count, &ignored);
	ret = count > 0;
	fs_list_free(names, count);
	return ret;
}

static int
refuse_bundled(int root, const struct containerd *c,
    const struct node_wish *w, struct err *e)
{
	static const struct {
		const char *name, *dir, *cure, *hosts;
	} all[] = {
		{ "k3s", "var/lib/rancher/k3s/agent/etc/containerd",
		    "run \"cdr node-config k3s\" instead", NULL },
		{ "RKE2", "var/lib/rancher/rke2/agent/etc/containerd",
		    "run \"cdr node-config rke2\" instead", NULL },
		{ "MicroK8s", "var/snap/microk8s", "leave /etc alone",
		    "/var/snap/microk8s/current/args/certs.d" },
		{ "k0s", "etc/k0s", "have a file below /etc/k0s/containerd.d/ "
		    "name " CONTAINERD_CERTS_D " as config_path, restart k0s",
		    CONTAINERD_CERTS_D },
	};
	size_t i = 0;

	while (i < sizeof(all) / sizeof(all[0]) &&
	    !is_there(root, all[i].dir))
		i++;
	if (c->count > 0 || c->has_unit || i == sizeof(all) / sizeof(all[0]))
		return 0;
	err_set(e, ERR_INPUT, all[i].hosts == NULL ? "%s" : "%s, and write two "
	    "lines into %s/_default/hosts.toml: [host.\"%s\"] and "
	    "capabilities = [\"pull\", \"resolve\"]", all[i].cure,
	    all[i].hosts, w->base);
	return err_wrap(e, "%s starts a containerd of its own here, which "
	    "reads no /" CONTAINERD_CONFIG, all[i].name);
}

/* --- several folders in config_path --------------------------------------- */

/* May the file be put there, so that it counts for a registry of that name? */
static bool
is_hidden(const struct node_plan *p, const char *name)
{
	static const char dir[] = "etc/containerd/certs.d/";
	const char *at;
	size_t i, len;

	for (i = 0; i < p->count; i++) {
		at = p->files[i].path;
		if (strncmp(at, dir, sizeof(dir) - 1) != 0)
			continue;
		at += sizeof(dir) - 1;
		len = strcspn(at, "/");
		if ((len == strlen(NODE_FOLDER_DEFAULT) && strncmp(at,
		    NODE_FOLDER_DEFAULT, len) == 0) || (len == strlen(name) &&
		    strncmp(at, name, len) == 0))
			return true;
	}
	return false;
}

static char *
join(char *list, const char *name)
{
	char *longer = xasprintf("%s%s%s", list, list[0] == '\0' ? "" : ", ",
	    name);

	free(list);
	return longer;
}

/* The first folder that has one for a registry is the only one that counts. */
static void
look_behind(const char *dir, const struct node_folders *f, struct node_plan *p)
{
	char *names = xstrdup("");
	size_t i;

	for (i = 0; i < f->count; i++)
		if (is_hidden(p, f->list[i].name))
			names = join(names, f->list[i].name);
	if (names[0] != '\0')
		node_plan_note(p, "in config_path /%s comes after "
		    CONTAINERD_CERTS_D ", where what is written here now hides "
		    "these folders of it, with the certificates that are in "
		    "them: %.600s. Move them to " CONTAINERD_CERTS_D, dir,
		    names);
	free(names);
}

static int
look_before(const char *dir, const struct node_folders *f,
    struct node_plan *p, struct err *e)
{
	char *names = xstrdup("");
	size_t i;
	int rc = 0;

	for (i = 0; i < f->count && rc == 0; i++) {
		if (strcmp(f->list[i].name, NODE_FOLDER_DEFAULT) == 0)
			rc = err_set(e, ERR_INPUT, "/%s: config_path names "
			    "this folder before " CONTAINERD_CERTS_D ", and "
			    "its " NODE_FOLDER_DEFAULT " would hide all that "
			    "cdr writes: put " CONTAINERD_CERTS_D " first, or "
			    "move that away", dir);
		names = join(names, f->list[i].name);
	}
	if (rc == 0 && names[0] != '\0')
		node_plan_note(p, "config_path names /%s before "
		    CONTAINERD_CERTS_D ", so the mirror does not count for "
		    "what has a folder there: %.600s", dir, names);
	free(names);
	return rc;
}

static int
look_at_folders(int root, const char *config_path, struct node_plan *p,
    struct err *e)
{
	struct node_folders f;
	bool is_behind = false;
	const char *at;
	size_t len;
	char *dir;
	int rc = 0;

	for (at = config_path; at != NULL && *at != '\0' && rc == 0;
	    at += len, at += strspn(at, ":")) {
		len = strcspn(at, ":");
		dir = xstrndup(at, len);
		f = (struct node_folders){ 0 };
		if (dir[0] == '/' && !containerd_looks(dir,
		    CONTAINERD_CERTS_D)) {
			node_folders_read(root, dir + 1, &f);
			if (is_behind)
				look_behind(dir + 1, &f, p);
			else
				rc = look_before(dir + 1, &f, p, e);
		} else {
			is_behind = true;
		}
		node_folders_done(&f);
		free(dir);
	}
	return rc;
}

/* 2.2 and later look there as well, where nothing says config_path. */
static void
note_docker(int root, const struct node_wish *w, bool is_said,
    struct node_plan *p)
{
	static const char dir[] = "etc/docker/certs.d";
	struct node_folders f = { .count = 0 };
	char *names = xstrdup("");
	size_t i;

	if (!is_said && w->has_version &&
	    node_version_since(&w->version, 2, 2, 0))
		node_folders_read(root, dir, &f);
	for (i = 0; i < f.count; i++)
		names = join(names, f.list[i].name);
	if (names[0] != '\0')
		node_plan_note(p, "without a config_path containerd looked "
		    "into /%s as well, and now no more: move what is there to "
		    CONTAINERD_CERTS_D ": %.600s", dir, names);
	free(names);
	node_folders_done(&f);
}

/* --- notes ---------------------------------------------------------------- */

static void
note_files(const struct containerd *c, size_t target, struct node_plan *p)
{
	size_t i;

	if (target > 0)
		node_plan_note(p, "config_path is in /%s, which /%s imports, "
		    "and which decides what the CRI plugin goes by",
		    c->files[target].path, c->main);
	for (i = 0; i < c->count; i++)
		if (!c->files[i].counts) {
			node_plan_note(p, "/%s does not import /"
			    CONTAINERD_CONF_D "/*.toml, so containerd does not "
			    "read what is there, such as /%s", c->main,
			    c->files[i].path);
			break;
		}
	if (c->higher.file != NULL)
		node_plan_note(p, "/%s: line %u: a higher version than that "
		    "of /%s: containerd 2.2 and later do not start with it",
		    c->higher.file->path, c->higher.line, c->main);
	if (c->disabled.file != NULL)
		node_plan_note(p, "/%s: line %u: disabled_plugins has \"%s\": "
		    "this containerd serves no kubelet and no crictl, whatever "
		    "is in certs.d", c->disabled.file->path, c->disabled.line,
		    c->disabled.word);
}

static void
note_list(const struct node_wish *w, const struct containerd *c,
    struct node_plan *p)
{
	if (c->is_list && (!w->has_version ||
	    node_version_since(&w->version, 2, 1, 0)))
		node_plan_note(p, "config_path names several folders, which "
		    "containerd 2.1 and later take for the name of one, so "
		    "that they read no hosts.toml (but where "
		    "use_local_image_pull is true): write config_path = "
		    "\"" CONTAINERD_CERTS_D "\"");
}

/* --- all of it ------------------------------------------------------------ */

static int
settle_file(struct containerd *c, struct node_file *f, size_t target,
    struct err *e)
{
	struct containerd_file *file = &c->files[target];
	char *text;
	int rc;

	if (target > 0) {
		free(f->text);
		f->text = xstrdup(c->files[0].version == 2 ? "import-2" :
		    "import-3");
		free(f->read_by);
		f->read_by = xstrdup(c->main);
	}
	free(f->path);
	f->path = xstrdup(file->path);
	rc = containerd_toml_add(f->path, file->text, f->text, &text, e);
	if (rc == -1)
		return -1;
	rc = containerd_put(c, target, text, e);
	free(text);
	if (rc == 0 && !containerd_reads(c))
		rc = err_set(e, ERR_INPUT, "/%s: with config_path in it "
		    "containerd would not look into " CONTAINERD_CERTS_D ": a "
		    "file that is imported decides otherwise: write "
		    "config_path = \"" CONTAINERD_CERTS_D "\" into that by "
		    "hand", f->path);
	return rc;
}

int
containerd_settle(int root, const struct node_wish *w, struct node_plan *p,
    struct err *e)
{
	struct node_file *f = config_of(p);
	struct containerd c;
	size_t target;
	int rc = containerd_read(root, &c, e);
	bool is_said = c.path_2 != NULL;

	assert(f != NULL);
	if (w->has_version && node_version_since(&w->version, 2, 0, 0))
		c.is_two = true;
	if (rc == 0)
		rc = refuse_bundled(root, &c, w, e);
	if (rc == 0)
		rc = refuse_old(&c, e);
	target = containerd_target(&c);
	if (rc == 0)
		rc = refuse_place(&c, target, e);
	if (rc == 0 && strcmp(f->path, c.main) != 0) {
		node_plan_note(p, "systemd starts containerd with /%s, so "
		    "config_path is for that file", c.main);
		free(f->path);
		f->path = xstrdup(c.main);
	}
	if (rc == 0 && c.count > 0)
		rc = settle_file(&c, f, target, e);
	if (rc == 0)
		rc = look_at_folders(root, c.path_2, p, e);
	if (rc == 0) {
		note_files(&c, target, p);
		note_list(w, &c, p);
		note_docker(root, w, is_said, p);
	}
	containerd_done(&c);
	return rc;
}
