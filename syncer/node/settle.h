#ifndef CDR_NODE_SETTLE_H
#define CDR_NODE_SETTLE_H

#include "layout/err.h"
#include "node/plan.h"
#include "node/wish.h"

/*
 * What is on the node decides whether a plan may be written there, and where:
 * a client that is told by other files or options may not start with it, or
 * not go by it.
 */

/*
 * node_settle_fn(root, wish, plan, e): correct the plan by what the node has,
 * and add notes.  Return 0, or -1 with ${e} set (ERR_INPUT): which file, which
 * line, and what to do.
 */
typedef int node_settle_fn(int, const struct node_wish *, struct node_plan *,
    struct err *);

node_settle_fn containers_settle, dockerd_settle, k3s_settle, rke2_settle;

#endif
