#ifndef CDR_SOURCE_LINES_H
#define CDR_SOURCE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "source/gather.h"

/* An image list, ours or any text with a reference a line, as k3s, RKE2 and
 * kubeadm print them. */

/* lines_fit(buf, len): do most of the first lines look so? */
bool lines_fit(const char *, size_t);

/* lines_read(g, buf, len): what a line "default" says is written out at each
 * image that it is for. */
void lines_read(struct gather *, const char *, size_t);

#endif
