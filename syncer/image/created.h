#ifndef CDR_IMAGE_CREATED_H
#define CDR_IMAGE_CREATED_H

#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"

/*
 * When an image was made, by its own word.  A time is seconds since 1970, and
 * one before that, or from CREATED_END_S on, is none: tools write the year 1
 * for "not set", and broken clocks write what they like.  1970 itself is what
 * reproducible builds write.
 */
#define CREATED_UNKNOWN		INT64_C(-1)
#define CREATED_END_S		INT64_C(4102444800)	/* 2100 */

/* created_parse(text): RFC 3339, section 5.6, without the fraction of a second;
 * CREATED_UNKNOWN where it is none, or no time as above. */
int64_t created_parse(const char *);

/*
 * created_in_config(buf, len, ret, e): "created" of an image configuration
 * (image-spec config.md).  created_in_manifest: the annotation
 * org.opencontainers.image.created of a manifest or an index (image-spec
 * annotations.md).  CREATED_UNKNOWN where it does not stand there.  Return 0,
 * or -1 with ${e} set (ERR_DATA, ERR_LIMIT) where the bytes are no JSON.
 */
int created_in_config(const char *, size_t, int64_t *, struct err *);
int created_in_manifest(const char *, size_t, int64_t *, struct err *);

#endif
