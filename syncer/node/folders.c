#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/folders.h"
#include "node/hosts_toml.h"
#include "node/plan.h"
#include "node/under.h"
#include "node/uses.h"

/* Hosts and "server": all that such a folder can lead to. */
static void
read_hosts(const char *path, const char *text, struct node_folder *f)
{
	struct hosts_toml h;
	size_t i;

	hosts_toml_read(path, text, &h);
	for (i = 0; i < h.count && h.fault == NULL &&
	    f->host_count < NODE_USES_MAX; i++) {
		f->hosts = xreallocarray(f->hosts, f->host_count + 1,
		    sizeof(char *));
		f->hosts[f->host_count++] = xstrdup(h.list[i].url);
	}
	f->is_broken = h.fault != NULL;
	hosts_toml_done(&h);
}

/* A folder without a hosts.toml, or with an empty one, counts for its registry
 * all the same (quirks.md#host-folders). */
static void
read_folder(int root, const char *dir, const char *name, struct node_folder *f)
{
	char *path, *text = NULL;
	struct err e;

	*f = (struct node_folder){ .path = xasprintf("%s/%s", dir, name) };
	f->name = f->path + strlen(dir) + 1;
	path = xasprintf("%s/hosts.toml", f->path);
	if (under_read(root, path, &text, NULL, &e) == 1) {
		f->is_ours = strncmp(text, NODE_MARK, strlen(NODE_MARK)) == 0;
		read_hosts(path, text, f);
	}
	free(text);
	free(path);
}

/* Folders of several certs.d stand behind each other, in the order of
 * config_path. */
void
node_folders_read(int root, const char *dir, struct node_folders *f)
{
	char **names = NULL;
	size_t count = 0, i;
	struct err e;

	if (under_list(root, dir, &names, &count, &e) == -1)
		return;
	for (i = 0; i < count && f->count < NODE_USES_MAX; i++) {
		f->list = xreallocarray(f->list, f->count + 1,
		    sizeof(*f->list));
		read_folder(root, dir, names[i], &f->list[f->count++]);
	}
	fs_list_free(names, count);
}

void
node_folders_done(struct node_folders *f)
{
	size_t i, k;

	for (i = 0; i < f->count; i++) {
		for (k = 0; k < f->list[i].host_count; k++)
			free(f->list[i].hosts[k]);
		free(f->list[i].hosts);
		free(f->list[i].path);
	}
	free(f->list);
	*f = (struct node_folders){ 0 };
}

/* How early it is looked for, from 1 on; 0: it is none for this registry. */
static unsigned
rank(const struct node_folder *f, const char *registry)
{
	const char *port = strrchr(registry, ':');
	char *old;
	bool is_old;

	if (strcmp(f->name, NODE_FOLDER_DEFAULT) == 0)
		return 3;
	if (strcmp(f->name, registry) == 0)
		return 2;
	if (port == NULL)
		return 0;
	old = xasprintf("%.*s_%s_", (int)(port - registry), registry,
	    port + 1);
	is_old = strcmp(f->name, old) == 0;
	free(old);
	return is_old ? 1 : 0;
}

/* In one certs.d: what is before the name is the same. */
static bool
are_beside(const struct node_folder *a, const struct node_folder *b)
{
	size_t len = (size_t)(a->name - a->path);

	return len == (size_t)(b->name - b->path) &&
	    memcmp(a->path, b->path, len) == 0;
}

/* The first certs.d that has a folder for the registry wins, and within it the
 * lowest rank. */
const struct node_folder *
node_folders_for(const struct node_folders *f, const char *registry)
{
	const struct node_folder *best = NULL;
	unsigned r, best_rank = 0;
	size_t i;

	for (i = 0; i < f->count; i++) {
		if (best != NULL && !are_beside(best, &f->list[i]))
			break;
		r = rank(&f->list[i], registry);
		if (r == 0 || (best != NULL && r > best_rank))
			continue;
		best = &f->list[i];
		best_rank = r;
	}
	return best;
}

bool
node_folder_leads(const struct node_folder *f, const struct url *mirror)
{
	size_t i;

	for (i = 0; i < f->host_count; i++) {
		struct node_use use = { .mirror = f->hosts[i] };

		if (node_use_is(&use, mirror))
			return true;
	}
	return false;
}
