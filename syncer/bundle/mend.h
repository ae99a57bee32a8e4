#ifndef CDR_BUNDLE_MEND_H
#define CDR_BUNDLE_MEND_H

#include "layout/path.h"
#include "layout/store.h"

/*
 * Objects that a tree lacks, out of the parts of bundles.  Whoever has made
 * them, an object is what its digest says.
 */
struct mend_object {
	struct manifest_id id;		/* media_type "": a blob */
	bool is_mended;
	struct err err;			/* why it could not be, if it was
					 * there */
};

/*
 * mend_run(store, path, stop_fd, objects, count, e): take from the folder, or
 * from the one part, ${path} what is there; the store is open for writing.
 * Return 0, and each object tells how it went; 1 if ${stop_fd} became readable;
 * -1 with ${e} set: the store cannot be used.
 */
int mend_run(struct store *, const char *, int, struct mend_object *, size_t,
    struct err *);

#endif
