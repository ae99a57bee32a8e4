#ifndef CDR_BUNDLE_SAVE_H
#define CDR_BUNDLE_SAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/platform.h"
#include "image/ref.h"
#include "layout/err.h"
#include "layout/store.h"

/*
 * Images of a tree in one tar file that docker, podman, skopeo, containerd,
 * nerdctl, k3s and kind load: a small OCI layout, with docker's manifest.json
 * beside it.  The same images make the same bytes.
 *
 *	oci-layout
 *	index.json		an entry for each name
 *	manifest.json		an item for each image, with full names
 *	blobs/sha256/HEX	manifests, then configurations, then layers
 */
struct save;

/* What is to be in it. */
struct save_wish {
	const struct image_ref *ref;	/* with a digest and a tag it gets two
					 * names: of the tag, and of the digest,
					 * which is what a pod asks for */
	const struct platform_set *platforms;	/* NULL: the only one that is
					 * here.  One: its manifest, without the
					 * index.  All: the index with all that
					 * it lists */
	bool is_sparse;			/* the index, though not all of it is
					 * here, or wanted */
};

/* Which image, the loader that will not take it, and why; one line. */
typedef void save_warn(void *cookie, const char *what);

/* save_new(store): nothing so far.  The store has to stay open.  save_free
 * accepts NULL. */
struct save *save_new(const struct store *);
void save_free(struct save *);

/*
 * save_add(s, wish, warn, cookie, e): one more image.  All that it needs is
 * looked for, and nothing is read but what is small.  Return 0, also where it
 * is in it already; or -1 with ${e} set: it is not here, or not whole
 * (ERR_NOT_FOUND, ERR_DATA); it is no image, several platforms are here and
 * none is wished for, a name would be there twice (ERR_INPUT); no tar file has
 * room for it (ERR_LIMIT).  Then ${s} is as it was.
 */
int save_add(struct save *, const struct save_wish *, save_warn *, void *,
    struct err *);

/* save_bytes(s): so large will the file be.  save_count(s): so many images has
 * it, each once. */
uint64_t save_bytes(const struct save *);
size_t save_count(const struct save *);

/*
 * save_write(s, fd, stop_fd, e): the file.  All that goes into it is hashed on
 * the way.  Return 0, or -1 with ${e} set: ERR_DIGEST where bytes of the tree
 * are wrong; ERR_CANCELLED when ${stop_fd} (-1: none) has become readable.
 */
int save_write(const struct save *, int, int, struct err *);

#endif
