#ifndef CDR_DOCTOR_CATALOG_H
#define CDR_DOCTOR_CATALOG_H

#include <stddef.h>

#include "layout/err.h"

/*
 * catalog_first(buf, len, key, ret, e): the first string of the list ${key}
 * ("repositories" of /v2/_catalog, "tags" of tags/list) in a JSON object;
 * free(3) it.  Return 1; 0 where the list is empty or null; -1 with ${e} set.
 */
int catalog_first(const char *, size_t, const char *, char **, struct err *);

#endif
