#ifndef CDR_MIRROR_KEEP_PODS_H
#define CDR_MIRROR_KEEP_PODS_H

#include "mirror/keep_use.h"

/*
 * keep_pods_read(use, buf, len, e): what "kubectl get pods -A -o json" prints:
 * one object, or a list of them, of any kind.  Of each, wherever in it, the
 * images of containers (of all three sorts), of their statuses, and of image
 * volumes.  Return 0, or -1 with ${e} set (ERR_INPUT): it is cut short, too
 * large, or not as Kubernetes has it.
 */
int keep_pods_read(struct keep_use *, const char *, size_t, struct err *);

#endif
