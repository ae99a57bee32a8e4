#ifndef CDR_NODE_TRUST_H
#define CDR_NODE_TRUST_H

#include "node/uses.h"

/*
 * With which files a node's clients speak TLS to a mirror: paths on the node,
 * NULL where none is told.
 */
struct node_trust {
	char *ca, *cert, *key;
};

/*
 * node_trust_find(root, uses, mirror, place, ret): of the first client that
 * goes to ${mirror} and is told of an authority or a certificate: hosts.toml,
 * registries.yaml, buildkitd.toml, or certs.d/PLACE of dockerd, podman and
 * CRI-O, the last two of which look into dockerd's as well; ${place} is
 * the host, with its port where that is not the scheme's own.  node_trust_done
 * releases.
 */
void node_trust_find(int, const struct node_uses *, const struct url *,
    const char *, struct node_trust *);
void node_trust_done(struct node_trust *);

/* node_trust_read(path, text, host, place, ret): of one file; ${host} is the
 * mirror as it is written there. */
void node_trust_read(const char *, const char *, const char *, const char *,
    struct node_trust *);

#endif
