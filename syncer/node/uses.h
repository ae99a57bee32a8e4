#ifndef CDR_NODE_USES_H
#define CDR_NODE_USES_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"
#include "node/entries.h"
#include "node/folders.h"
#include "registry/url.h"

/*
 * Which mirrors a node's clients are told to use, read from the files that
 * node-config writes and from those that people write.
 */
enum node_use_state {
	NODE_USE_COUNTS,
	NODE_USE_LEGACY,	/* containerd's registry.mirrors */
	NODE_USE_UNSEEN		/* certs.d, and config_path does not say so */
};

struct node_use {
	const char *client;	/* "containerd", "podman and CRI-O", ... */
	char *path;		/* from the root on */
	char *mirror;		/* as it is written: a URL, or host[:port]
				 * with or without a path */
	bool insecure;		/* podman's and buildkit's: plain http */
	enum node_use_state state;
	/* Why it is in vain, and what to do; NULL: it is not.  With the mirror
	 * "" the whole file is. */
	char *fault;
	char *missing;		/* the file that the fault is about, or NULL */
	bool is_ours;		/* cdr node-config wrote it */
};

/* A user with a registries.conf or drop-ins of its own; their entries are of
 * the client CONTAINERS_USER. */
struct node_user {
	char *dir;		/* of these files, from the root on */
	bool hides;		/* the system's are not read */
	char *fault;		/* one is wrong, and none counts; NULL */
};

struct node_uses {
	struct node_use *uses;
	size_t count;
	bool is_full;		/* NODE_USES_MAX are there */
	struct node_use rest;	/* stands for those that are more */
	struct node_folders folders;	/* that containerd looks into */
	struct node_entries entries;	/* of podman, CRI-O, k3s and RKE2 */
	struct node_user *users;
	size_t user_count;
	char *stale;		/* the containerd that runs has not read what
				 * its files say now; NULL */
	bool may_be_stale;	/* ${stale} is not certain */
	char **complaints;	/* files that cannot be read, and why */
	size_t complaint_count;
};

/* node_uses_read(root, ret): of a folder that stands for "/". */
void node_uses_read(int, struct node_uses *);
void node_uses_done(struct node_uses *);

/* node_use_is(use, mirror): is that where it goes?  Where no scheme is written,
 * host and port decide. */
bool node_use_is(const struct node_use *, const struct url *);

/* node_use_url(use, ret): what it goes to.  Return 1, or 0 where it is none. */
int node_use_url(const struct node_use *, struct url *);

/* node_use_fault(use, why): a copy; NULL is none.  Only the first counts. */
void node_use_fault(struct node_use *, const char *);

/* What is in one file, for tests: the text, and where the uses go. */
void node_uses_hosts_toml(struct node_uses *, const char *, const char *,
    enum node_use_state, const char *);
void node_uses_registries_conf(struct node_uses *, const char *, const char *);
void node_uses_registries_yaml(struct node_uses *, const char *, const char *,
    const char *);
void node_uses_buildkit(struct node_uses *, const char *, const char *);

#endif
