#ifndef CDR_MIRROR_PRESENT_H
#define CDR_MIRROR_PRESENT_H

#include "image/manifest.h"
#include "layout/store.h"
#include "transfer/object.h"

/*
 * Is a manifest in the store as one image means it?  What another image has
 * said of the same bytes does not count: they are here if they lie under their
 * own type, and this image's word for them is the same kind (image-spec
 * descriptor.md, "Properties").
 */
struct present {
	struct manifest_id id;
	char *buf;			/* its bytes, with a NUL behind */
	size_t len;
	bool is_parsed;			/* not one of an unknown type: */
	struct manifest manifest;
};

/*
 * present_find(store, object, ret, e): return 1, and present_done releases
 * ${ret}; 0 where it has to be fetched; -1 with ${e} set: ERR_DATA where its
 * size is not the one that ${object} says, where the body contradicts the type,
 * or makes no sense.
 */
int present_find(const struct store *, const struct object *, struct present *,
    struct err *);
void present_done(struct present *);

#endif
