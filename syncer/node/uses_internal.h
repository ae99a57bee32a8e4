#ifndef CDR_NODE_USES_INTERNAL_H
#define CDR_NODE_USES_INTERNAL_H

#include "node/uses.h"

/* For uses.c and uses_*.c alone. */

/* uses_add(u, client, path, mirror): beyond the cap all go into one that nobody
 * sees. */
struct node_use *uses_add(struct node_uses *, const char *, const char *,
    const char *);

/* uses_fault(u, client, path, why): the whole file is in vain. */
void uses_fault(struct node_uses *, const char *, const char *, const char *);

/* uses_complain(u, text). */
void uses_complain(struct node_uses *, const char *);

/* uses_read_file(u, root, path): a text to be freed, or NULL; what is wrong
 * becomes a complaint. */
char *uses_read_file(struct node_uses *, int, const char *);

/* uses_certs_d(u, root, client, dir, state): each DIR/<registry>/hosts.toml. */
void uses_certs_d(struct node_uses *, int, const char *, const char *,
    enum node_use_state);

/* uses_containerd(u, root): containerd's files, and its folders. */
void uses_containerd(struct node_uses *, int);

/* uses_containers(u, root): registries.conf, drop-ins, those of users. */
void uses_containers(struct node_uses *, int);

/* uses_docker(u, root): dockerd's options and files. */
void uses_docker(struct node_uses *, int);

/* uses_rancher(u, root, client): those of "k3s" or "rke2". */
void uses_rancher(struct node_uses *, int, const char *);

#endif
