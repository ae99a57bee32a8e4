#ifndef CDR_NODE_CLIENT_H
#define CDR_NODE_CLIENT_H

#include "node/plan.h"
#include "node/wish.h"

/*
 * The programs on a node that pull images.  What each of them needs to take
 * them from a mirror is in a file of its own, for_*.c: pure, wish in, plan out.
 * A plan that the client's version cannot do, or that it cannot do at all, is
 * an error (ERR_INPUT) that says what it can.
 */
typedef int node_plan_fn(const struct node_wish *, struct node_plan *,
    struct err *);

struct node_client {
	const char *name;
	const char *about;
	const char *record;	/* under which what was written is remembered */
	const char *program;	/* "PROGRAM --version" tells; NULL: no need */
	node_plan_fn *plan;
	const char *reload;	/* what makes it count */
	const char *undo;	/* the same after --remove; NULL: no other */
};

/* node_clients(i): the i-th one, or NULL. */
const struct node_client *node_clients(size_t);

/* node_client_find(name): NULL for none. */
const struct node_client *node_client_find(const char *);

/* node_client_settle(c, root, w, p, e): fit its plan to what is on the node
 * already, by notes and other files; nothing is touched.  Return 0, or -1 with
 * ${e} set (ERR_INPUT) where the client would not start with it, or not do what
 * is wanted. */
int node_client_settle(const struct node_client *, int,
    const struct node_wish *, struct node_plan *, struct err *);

node_plan_fn for_containerd, for_podman, for_cri_o, for_dockerd, for_swarm,
    for_k3s, for_rke2, for_talos, for_mesos, for_buildkit;

/* --- what more than one of them says (for_hosts.c) --------------------- */

/* for_append(text, more): both in one; frees both. */
char *for_append(char *, char *);

/* for_hosts_files(w, p, dir, has_dial_timeout): containerd's hosts.toml, for
 * each registry, or for all that have none of their own. */
void for_hosts_files(const struct node_wish *, struct node_plan *,
    const char *, bool);

/* for_containers_text(w): an entry of registries.conf for each registry.
 * for_containers_entry(w, registry): of one. */
char *for_containers_text(const struct node_wish *);
char *for_containers_entry(const struct node_wish *, const char *);

/* for_certificates(w, p, dir): copies of the certificates into
 * ${dir}/HOST:PORT/, where dockerd, podman and CRI-O look for them. */
void for_certificates(const struct node_wish *, struct node_plan *,
    const char *);

/* for_one_alone(w, program, e): -1 with ${e} set where there is one behind the
 * mirror, for a client that can have no second one. */
int for_one_alone(const struct node_wish *, const char *, struct err *);

/* for_too_old(w, program, major, minor, patch, what, e): is the client known to
 * be older than that?  Return -1 with ${e} set, or 0. */
int for_too_old(const struct node_wish *, const char *, unsigned, unsigned,
    unsigned, const char *, struct err *);

/* for_no_ipv6(w, why, e): is the mirror an address of IPv6, which the client
 * cannot take?  Return -1 with ${e} set, which begins with ${why}, or 0. */
int for_no_ipv6(const struct node_wish *, const char *, struct err *);

#endif
