#ifndef CDR_SOURCE_COMPOSE_H
#define CDR_SOURCE_COMPOSE_H

#include <jansson.h>
#include <stdbool.h>

#include "source/gather.h"

/* compose_read(g, document): a compose file: the image of each service.  Return
 * whether it is one. */
bool compose_read(struct gather *, const json_t *);

#endif
