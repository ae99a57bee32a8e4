#ifndef CDR_SOURCE_SKOPEO_H
#define CDR_SOURCE_SKOPEO_H

#include <jansson.h>
#include <stdbool.h>

#include "source/gather.h"

/* skopeo_read(g, document): what "skopeo sync --src yaml" is told (README.md
 * has the members).  Return whether it is that. */
bool skopeo_read(struct gather *, const json_t *);

#endif
