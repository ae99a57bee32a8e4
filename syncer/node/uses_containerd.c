/* What containerd is told, and dockerd in the same words: hosts.toml, and the
 * files that lead there. */
#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/mem.h"
#include "node/containerd.h"
#include "node/containerd_toml.h"
#include "node/folders.h"
#include "node/hosts_toml.h"
#include "node/running.h"
#include "node/under.h"
#include "node/uses_internal.h"

#define LIST	"config_path of containerd names several folders, which 2.1 " \
	"and later take for the name of one, so that they read no hosts.toml " \
	"(but where use_local_image_pull is true): write config_path = " \
	"\"" CONTAINERD_CERTS_D "\", and restart containerd"

static void
add_hosts(struct node_uses *u, const char *client, const char *path,
    enum node_use_state state, struct hosts_toml *h)
{
	struct node_use *use;
	size_t i;

	if (h->fault != NULL) {
		use = uses_add(u, client, path, "");
		use->state = state;
		node_use_fault(use, h->fault);
		return;
	}
	for (i = 0; i < h->count; i++) {
		if (h->list[i].is_server)
			continue;
		use = uses_add(u, client, path, h->list[i].url);
		use->state = state;
		node_use_fault(use, h->list[i].fault);
		if (h->list[i].missing != NULL && use->missing == NULL)
			use->missing = xstrdup(h->list[i].missing);
	}
}

void
node_uses_hosts_toml(struct node_uses *u, const char *client, const char *path,
    enum node_use_state state, const char *text)
{
	struct hosts_toml h;

	hosts_toml_read(path, text, &h);
	add_hosts(u, client, path, state, &h);
	hosts_toml_done(&h);
}

static void
read_hosts(struct node_uses *u, int root, const char *client, const char *path,
    enum node_use_state state)
{
	char *text = NULL;
	struct hosts_toml h;
	struct err e;

	switch (under_read(root, path, &text, NULL, &e)) {
	case 1:
		hosts_toml_read(path, text, &h);
		hosts_toml_files(root, path, &h);
		add_hosts(u, client, path, state, &h);
		hosts_toml_done(&h);
		break;
	case -1:
		uses_complain(u, e.msg);
		break;
	}
	free(text);
}

void
uses_certs_d(struct node_uses *u, int root, const char *client,
    const char *dir, enum node_use_state state)
{
	char **names = NULL, *path;
	size_t count = 0, i;
	struct err e;

	if (under_list(root, dir, &names, &count, &e) == -1) {
		uses_complain(u, e.msg);
		return;
	}
	for (i = 0; i < count; i++) {
		path = xasprintf("%s/%s/hosts.toml", dir, names[i]);
		read_hosts(u, root, client, path, state);
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

	for (; dirs != NULL && *dirs != '\0'; dirs += strspn(dirs, ":")) {
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

static void
complain_of(struct node_uses *u, const struct containerd *c)
{
	char *text;

	if (c->is_list && !c->is_two)
		uses_complain(u, LIST);
	if (c->is_two || c->path_1 == NULL ? c->is_two || c->path_2 == NULL :
	    c->path_2 != NULL && strcmp(c->path_1, c->path_2) == 0)
		return;
	text = xasprintf("config_path is \"%.200s\" for containerd 1.x, which "
	    "takes the CRI plugin's section from the last imported file that "
	    "has one, and \"%.200s\" for 2.x: run \"cdr node-config containerd "
	    "--mirror URL --install\"", c->path_1 == NULL ? "" : c->path_1,
	    c->path_2 == NULL ? "" : c->path_2);
	uses_complain(u, text);
	free(text);
}

/* A plugin that is switched off, or does not load, looks at no file: all that
 * leads to it is in vain. */
static char *
fault_of(const struct containerd *c)
{
	const struct containerd_place *d = &c->disabled, *m = &c->mirror,
	    *t = &c->tls;
	bool has_path = c->path_2 != NULL && c->path_2[0] != '\0';

	if (d->file != NULL)
		return xasprintf("/%s: line %u: disabled_plugins has \"%s\": "
		    "this containerd pulls for no kubelet and no crictl: take "
		    "that out, and restart containerd", d->file->path,
		    d->line, d->word);
	if (m->file != NULL && m->file->counts && has_path)
		return xasprintf("/%s: line %u: the old registry.mirrors (%s) "
		    "beside config_path: containerd does not load its CRI "
		    "plugin: take registry.mirrors out, and restart "
		    "containerd", m->file->path, m->line, m->word);
	if (t->file != NULL && t->file->counts && has_path && !c->is_two)
		return xasprintf("/%s: line %u: the old registry.configs."
		    "\"%s\".tls beside config_path: containerd 1.x does not "
		    "load its CRI plugin: write that into a hosts.toml, take "
		    "it out here, and restart containerd", t->file->path,
		    t->line, t->word);
	return c->is_list && c->is_two ? xstrdup(LIST) : NULL;
}

static void
read_all(struct node_uses *u, int root, const struct containerd *c)
{
	size_t from = u->count, i;
	char *fault = fault_of(c);
	struct node_use *use;

	if (c->endpoint != NULL && c->mirror.file->counts) {
		use = uses_add(u, "containerd", c->mirror.file->path,
		    c->endpoint);
		use->state = NODE_USE_LEGACY;
	}
	read_config_path(u, root, c->path_2);
	/* A certs.d that config_path does not name: most people who have it
	 * believe that it counts. */
	if (!containerd_looks(c->path_2, CONTAINERD_CERTS_D))
		uses_certs_d(u, root, "containerd", &CONTAINERD_CERTS_D[1],
		    NODE_USE_UNSEEN);
	for (i = from; fault != NULL && i < u->count; i++)
		if (u->uses[i].state == NODE_USE_COUNTS) {
			free(u->uses[i].fault);
			u->uses[i].fault = NULL;
			node_use_fault(&u->uses[i], fault);
		}
	free(fault);
}

/* A file that has come by another way keeps its time, and not the time at which
 * it was put there. */
static void
find_stale(struct node_uses *u, int root, const struct containerd *c)
{
	struct running run;
	char *text = NULL;
	struct stat st;
	struct err e;
	size_t i;
	bool is_new;

	if (c->count == 0 || !running_containerd(root, c->files[0].path, &run))
		return;
	for (i = 0; i < c->count && (u->stale == NULL || u->may_be_stale);
	    i++) {
		if (!c->files[i].counts || under_read(root, c->files[i].path,
		    &text, &st, &e) != 1)
			continue;
		free(text);
		is_new = st.st_mtime > run.since + 1;
		if (!is_new && (st.st_ctime <= run.since + 1 ||
		    u->stale != NULL))
			continue;
		free(u->stale);
		u->may_be_stale = !is_new;
		u->stale = xasprintf("containerd (process %u) has run since "
		    "before /%s %s: systemctl restart containerd", run.pid,
		    c->files[i].path, is_new ? "was changed, and still goes by "
		    "what that said then" : "was put in place or renamed: if "
		    "what it says has changed");
	}
}

/* Who installed said so: we write dial_timeout for 2.1 and later alone. */
static bool
is_told_two(int root)
{
	static const char dir[] = "etc/containerd/certs.d";
	struct node_folders f = { .count = 0 };
	bool ret = false;
	char *path, *text;
	struct err ignored;
	size_t i;

	node_folders_read(root, dir, &f);
	for (i = 0; i < f.count && !ret; i++) {
		if (!f.list[i].is_ours)
			continue;
		path = xasprintf("%s/%s/hosts.toml", dir, f.list[i].name);
		if (under_read(root, path, &text, NULL, &ignored) == 1) {
			ret = strstr(text, "\n  dial_timeout = ") != NULL;
			free(text);
		}
		free(path);
	}
	node_folders_done(&f);
	return ret;
}

void
uses_containerd(struct node_uses *u, int root)
{
	struct containerd c;
	struct err e;
	int rc = containerd_read(root, &c, &e);

	if (rc == 0)
		;
	else if (c.cannot_start)
		node_use_fault(uses_add(u, "containerd", c.main, ""),
		    e.msg);
	else
		uses_complain(u, e.msg);
	/* What we may not read may be right. */
	if (rc == -1 && !c.cannot_start && c.path_2 == NULL)
		c.path_1 = c.path_2 = CONTAINERD_CERTS_D;
	c.is_two = c.is_two || is_told_two(root);
	complain_of(u, &c);
	read_all(u, root, &c);
	find_stale(u, root, &c);
	containerd_done(&c);
}
