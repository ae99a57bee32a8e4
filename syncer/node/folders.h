#ifndef CDR_NODE_FOLDERS_H
#define CDR_NODE_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "registry/url.h"

/*
 * The folders of a certs.d.  The first one that is there for a registry is the
 * only one that counts for it, whatever is in it: HOST_PORT_, HOST[:PORT],
 * _default (quirks.md#host-folders); and of several certs.d the first that has
 * any of these.
 */
#define NODE_FOLDER_DEFAULT	"_default"

struct node_folder {
	char *path;		/* from the root on */
	const char *name;	/* its end */
	bool is_ours;		/* its hosts.toml begins with our mark */
	bool is_broken;		/* its hosts.toml is as if it were not there */
	char **hosts;		/* that its hosts.toml goes to, "server" too */
	size_t host_count;
};

struct node_folders {
	struct node_folder *list;
	size_t count;
};

/* node_folders_read(root, dir, f): those of one more certs.d.  One that cannot
 * be read has no hosts. */
void node_folders_read(int, const char *, struct node_folders *);
void node_folders_done(struct node_folders *);

/* node_folders_for(f, registry): the one that counts, or NULL. */
const struct node_folder *node_folders_for(const struct node_folders *,
    const char *);

/* node_folder_leads(folder, mirror): is that among its hosts? */
bool node_folder_leads(const struct node_folder *, const struct url *);

#endif
