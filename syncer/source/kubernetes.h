#ifndef CDR_SOURCE_KUBERNETES_H
#define CDR_SOURCE_KUBERNETES_H

#include <jansson.h>
#include <stdbool.h>

#include "source/gather.h"

/*
 * kubernetes_read(g, document): an object of Kubernetes, of whatever kind: the
 * images of containers of all three sorts and of image volumes, wherever they
 * stand.  Elsewhere a member "image" or "images" counts where it is a reference
 * for sure, which has a tag or a digest; others are named as left out.  What a
 * status says is what runs, and no wish.  Return whether it is one.
 */
bool kubernetes_read(struct gather *, const json_t *);

#endif
