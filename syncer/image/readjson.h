#ifndef CDR_IMAGE_READJSON_H
#define CDR_IMAGE_READJSON_H

#include <jansson.h>
#include <stddef.h>

#include "layout/err.h"

/*
 * Reading JSON that a stranger wrote: what manifest.c and descriptor.c share.
 */

/*
 * readjson_load(buf, len, flags, ret, e): an object, within MANIFEST_BYTES_MAX,
 * JSON_DEPTH_MAX and JSON_VALUES_MAX, which bound the heap it costs to some
 * 40 MiB; ${flags} are Jansson's.  json_decref it.  Return 0, or -1 with
 * ${e} set (ERR_DATA or ERR_LIMIT).
 */
int readjson_load(const char *, size_t, size_t, json_t **, struct err *);

/* readjson_check(buf, len, e): would it be over one of these?  0, or -1 with
 * ${e} set to ERR_LIMIT. */
int readjson_check(const char *, size_t, struct err *);

/* A member, borrowed; NULL where it is absent or null, which Go writes for
 * absent. */
json_t *readjson_member(const json_t *, const char *);

/*
 * readjson_string(object, key, ret, e): a borrowed string.  Return 1; 0 where
 * it is absent; -1 with ${e} set where it is no string.  readjson_need: return
 * 0, or -1 where it is absent as well.
 */
int readjson_string(const json_t *, const char *, const char **, struct err *);
int readjson_need(const json_t *, const char *, const char **, struct err *);

#endif
