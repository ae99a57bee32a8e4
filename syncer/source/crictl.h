#ifndef CDR_SOURCE_CRICTL_H
#define CDR_SOURCE_CRICTL_H

#include <jansson.h>
#include <stdbool.h>

#include "source/gather.h"

/* crictl_read(g, document): what "crictl images -o json" prints: all tags, and
 * the digests of those that have none.  Return whether it is that. */
bool crictl_read(struct gather *, const json_t *);

#endif
