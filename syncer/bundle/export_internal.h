#ifndef CDR_EXPORT_INTERNAL_H
#define CDR_EXPORT_INTERNAL_H

#include "bundle/export.h"

/* Shared by the export*.c files and by nobody else. */

/* export_tmp(name, buf): what a file is called in the folder until it has its
 * name.  Return ${buf}. */
#define EXPORT_TMP_MAX	(BUNDLE_FILE_MAX + 8)
char *export_tmp(const char *, char buf[EXPORT_TMP_MAX]);

/* export_create(dir, name, e): that file, empty, to be written; whatever has
 * been put in its place goes first.  Return a descriptor, or -1 with ${e}
 * set. */
int export_create(int, const char *, struct err *);

/* export_images(x, e): fill the statement, its rows and the set of objects;
 * what cannot go is told.  Return 0; 1 where there are none; -1. */
int export_images(struct export *, struct err *);

#endif
