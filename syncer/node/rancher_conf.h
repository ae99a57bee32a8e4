#ifndef CDR_NODE_RANCHER_CONF_H
#define CDR_NODE_RANCHER_CONF_H

#include "layout/err.h"
#include "node/entries.h"

/*
 * What k3s or RKE2 reads: "private-registry" of config.yaml, of a file beside
 * it or of the unit names the file that has the mirrors
 * (quirks.md#k3s-and-rke2).
 */

/* rancher_conf_path(root, name, ret, e): of "k3s" or "rke2", from the root on;
 * free(3) it.  Return 0, or -1 with ${e} set where it is none that we can
 * follow. */
int rancher_conf_path(int, const char *, char **, struct err *);

/* rancher_conf_fault_fn(cookie, text): what is wrong, and how to mend it. */
typedef void rancher_conf_fault_fn(void *, const char *);

/* rancher_conf_read(name, path, text, entries, fault, cookie): the entries of
 * registries.yaml: each registry, with where it leads. */
void rancher_conf_read(const char *, const char *, const char *,
    struct node_entries *, rancher_conf_fault_fn *, void *);

/* rancher_conf_trust(text, place, ca, cert, key): with which files it speaks to
 * HOST:PORT; free(3) those that it sets. */
void rancher_conf_trust(const char *, const char *, char **, char **, char **);

/* rancher_conf_for(entries, name, registry): the one that counts: its own, or
 * "*"; NULL. */
const struct node_entry *rancher_conf_for(const struct node_entries *,
    const char *, const char *);

#endif
