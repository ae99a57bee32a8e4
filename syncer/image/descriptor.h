#ifndef CDR_IMAGE_DESCRIPTOR_H
#define CDR_IMAGE_DESCRIPTOR_H

#include <jansson.h>

#include "image/manifest.h"
#include "image/platform.h"
#include "layout/err.h"

/*
 * The parts of a manifest as JSON, for manifest.c.  All return -1 with ${e} set
 * (ERR_DATA or ERR_LIMIT) where a member is not what the specification wants,
 * and leave their result alone then.
 */

/*
 * descriptor_read(json, role, ret, ret_algorithm, e): return 1, and
 * descriptor_done releases ${ret}; or 0 and the name, cut to fit, where the
 * digest algorithm is none of ours.
 */
int descriptor_read(const json_t *, enum descriptor_role, struct descriptor *,
    char [32], struct err *);
void descriptor_done(struct descriptor *);

/* "mediaType", which must be there, in lower case.  Return 0; free(3) it. */
int descriptor_media_type(const json_t *, char **, struct err *);

/* "artifactType".  One that is no media type helps nobody and fails nobody: it
 * is left out.  Return 0; free(3) it. */
int descriptor_artifact_type(const json_t *, char **, struct err *);

/* The members of "platform", which an image configuration has as well,
 * normalised; "" where absent.  Return 0. */
int descriptor_platform(const json_t *, struct platform *, struct err *);

#endif
