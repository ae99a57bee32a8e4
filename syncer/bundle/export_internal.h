#ifndef CDR_EXPORT_INTERNAL_H
#define CDR_EXPORT_INTERNAL_H

#include "bundle/bundle_name.h"

/* Shared by the export*.c files and by nobody else. */

/* export_tmp(name, buf): what a file is called in the folder until it has its
 * name.  Return ${buf}. */
#define EXPORT_TMP_MAX	(BUNDLE_FILE_MAX + 8)
char *export_tmp(const char *, char buf[EXPORT_TMP_MAX]);

#endif
