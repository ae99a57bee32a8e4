#ifndef CDR_CMD_NODE_PEERS_H
#define CDR_CMD_NODE_PEERS_H

#include "layout/err.h"
#include "node/peers.h"

/* cmd_node_peers(argc, argv): "cdr node-config peers", from "peers" on. */
int cmd_node_peers(int argc, char **argv);

/*
 * node_bad(root, wish, ret, trouble, e): what bad.conf is to hold: what it
 * holds now, below ${root}, and what the mirror says is bad.  Where the mirror
 * does not say it, what is there stays, and ${trouble} has the reason, else
 * ERR_NONE.  free(3) ${ret}.  Return 0, or -1 with ${e} set where that file
 * cannot be read.
 */
int node_bad(int, const struct peers_wish *, char **, struct err *,
    struct err *);

#endif
