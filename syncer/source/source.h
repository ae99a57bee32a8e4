#ifndef CDR_SOURCE_SOURCE_H
#define CDR_SOURCE_SOURCE_H

#include "layout/err.h"
#include "source/gather.h"

/*
 * source_read(g, path, e): a file; a folder, of which the files *.yaml, *.yml
 * and *.json are read; an OCI image layout; "-" is standard input.  Return 0,
 * or -1 with ${e} set: it cannot be read, or makes no sense.  Of a folder one
 * that makes none is named as left out, as long as another one does.
 */
int source_read(struct gather *, const char *, struct err *);

#endif
