#ifndef CDR_DOCTOR_CATALOG_H
#define CDR_DOCTOR_CATALOG_H

#include <stddef.h>

#include "layout/err.h"

/*
 * catalog_get(buf, len, key, n, ret, e): the string number ${n}, from 0 on, of
 * the list ${key} ("repositories" of /v2/_catalog, "tags" of tags/list) in a
 * JSON object; free(3) it.  Return 1; 0 where the list ends before, or is null;
 * -1 with ${e} set.
 */
int catalog_get(const char *, size_t, const char *, size_t, char **,
    struct err *);

#endif
