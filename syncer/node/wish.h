#ifndef CDR_NODE_WISH_H
#define CDR_NODE_WISH_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"
#include "node/version.h"
#include "registry/url.h"

/*
 * What a node's client shall do, whichever client it is.  All of it has been
 * looked at: nothing in here can end a line or a string in a file of any
 * client.  Strings are owned.
 */
struct node_wish {
	struct url mirror;
	char *base;		/* "http://10.0.0.5:5000" */
	char *place;		/* "10.0.0.5:5000" */
	/* What to ask next, where the first is a peer of this node: the mirror
	 * itself; NULL. */
	struct url behind;
	char *behind_base, *behind_place;
	char **registries;	/* "docker.io", ...; none: each client's own
				 * idea of all */
	size_t registry_count;
	bool only;		/* never ask the registries themselves */
	/* Paths on the node, absolute, and what is in these files. */
	char *ca_path, *cert_path, *key_path;
	char *ca, *cert, *key;
	bool has_version;
	struct node_version version;
};

/* node_wish_mirror(w, text, e): http or https, a host, perhaps a port, and
 * nothing else.  Return 0, or -1 with ${e} set (ERR_INPUT). */
int node_wish_mirror(struct node_wish *, const char *, struct err *);

/* node_wish_behind(w, text, e): the same of what is to be asked next. */
int node_wish_behind(struct node_wish *, const char *, struct err *);

/* node_wish_registry(w, name, e): one more registry that the mirror stands for;
 * twice is once.  Return 0, or -1 with ${e} set (ERR_INPUT). */
int node_wish_registry(struct node_wish *, const char *, struct err *);

/*
 * node_wish_check(w, e): do the parts fit each other (a key needs a
 * certificate, a CA needs https), and are the paths absolute, without "..",
 * and free of what would have to be quoted?
 */
int node_wish_check(const struct node_wish *, struct err *);

/* node_wish_path(option, path, e): is that path such a one?  NULL is. */
int node_wish_path(const char *, const char *, struct err *);

void node_wish_done(struct node_wish *);

#endif
