#ifndef CDR_MIRROR_TAGS_HERE_H
#define CDR_MIRROR_TAGS_HERE_H

#include "layout/store.h"

/*
 * tags_here(store, registry, repository): for who asked for a tag that is not
 * in the tree: "; of this repository the tree has 1.26, 1.27 and 3 more", or ""
 * if it has none; free(3) it.
 */
char *tags_here(const struct store *, const char *, const char *);

#endif
