#ifndef CDR_NODE_USES_INTERNAL_H
#define CDR_NODE_USES_INTERNAL_H

#include "node/uses.h"

/* For uses.c and uses_containerd.c alone. */

/* uses_add(u, client, path, mirror): beyond the cap all go into one that nobody
 * sees. */
struct node_use *uses_add(struct node_uses *, const char *, const char *,
    const char *);

/* uses_complain(u, text). */
void uses_complain(struct node_uses *, const char *);

/* uses_certs_d(u, root, client, dir, state): each DIR/<registry>/hosts.toml. */
void uses_certs_d(struct node_uses *, int, const char *, const char *,
    enum node_use_state);

/* uses_containerd(u, root): containerd's files, and its folders. */
void uses_containerd(struct node_uses *, int);

#endif
