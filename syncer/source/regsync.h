#ifndef CDR_SOURCE_REGSYNC_H
#define CDR_SOURCE_REGSYNC_H

#include <jansson.h>
#include <stdbool.h>

#include "source/gather.h"

/* regsync_read(g, document): what regsync of regclient is told (README.md has
 * the members).  Return whether it is that. */
bool regsync_read(struct gather *, const json_t *);

#endif
