#ifndef CDR_SOURCE_ASKED_H
#define CDR_SOURCE_ASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "source/gather.h"

/* nginx's access log, in the format of nginx/cdr-log.conf: which manifests were
 * asked for and not found.  Any pod can write there. */

/* asked_fit(buf, len): does one of its first lines look so?  The first may
 * be half of one. */
bool asked_fit(const char *, size_t);

void asked_read(struct gather *, const char *, size_t);

#endif
