#ifndef CDR_EXPORT_REACH_H
#define CDR_EXPORT_REACH_H

#include "bundle/statement.h"
#include "layout/digest_set.h"
#include "layout/store.h"

/* A blob that an image reaches, and that is here. */
struct export_blob {
	struct digest digest;
	uint64_t size;
};

/*
 * All that an image is, as far as it is here: its root; the children that are
 * linked with it in its repository; what refers to any of these, from the lists
 * of referrers, and what refers to that; and their blobs.
 */
struct export_image {
	struct statement_image image;
	struct export_blob *blobs;	/* each once */
	size_t blob_count;
	char **companions;		/* tags about any of its manifests, such
					 * as sha256-HEX.sig: images of their
					 * own */
	size_t companion_count;
};

struct export_from {
	const struct store *store;
	const char *registry, *repository;
	const char *reference;		/* a tag, or "alg:hex" */
	const struct digest_set *bad;	/* objects that are here, and of other
					 * bytes than they should be */
	/* Told of what refers to the image, and is left out, because it is not
	 * whole: a sentence. */
	void (*lame)(void *cookie, const char *what);
	void *cookie;
};

/*
 * export_reach(from, ret, e): return 1, and export_image_done releases; 0 with
 * ${e} set where the image is not here, or not whole; -1 with ${e} set where
 * the tree cannot be read.
 */
int export_reach(const struct export_from *, struct export_image *,
    struct err *);
void export_image_done(struct export_image *);

#endif
