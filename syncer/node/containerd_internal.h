#ifndef CDR_NODE_CONTAINERD_INTERNAL_H
#define CDR_NODE_CONTAINERD_INTERNAL_H

#include "node/containerd.h"

/* For containerd.c and containerd_effect.c alone: containerd_evaluate(c) fills
 * in what the files say together. */
void containerd_evaluate(struct containerd *);

#endif
