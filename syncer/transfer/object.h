#ifndef CDR_TRANSFER_OBJECT_H
#define CDR_TRANSFER_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "image/manifest.h"
#include "layout/digest.h"
#include "layout/path.h"

/* One object that an image is made of. */
enum object_kind {
	OBJECT_MANIFEST,	/* asked for below /manifests/, and parsed */
	OBJECT_OPAQUE,		/* the same, of an unknown media type */
	OBJECT_BLOB
};

struct object {
	enum object_kind kind;
	struct digest id;
	uint64_t size;
	bool any_size;		/* nobody has told it: a root's */
	uint64_t begun;		/* bytes of it that the file system holds
				 * already, for an earlier run */
	char media_type[MEDIA_TYPE_MAX + 1];	/* its parent's word, or "" */
};

/* object_of(d, kind, ret): what a descriptor says of it. */
void object_of(const struct descriptor *, enum object_kind, struct object *);

#endif
