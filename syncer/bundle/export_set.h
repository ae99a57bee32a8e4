#ifndef CDR_EXPORT_SET_H
#define CDR_EXPORT_SET_H

#include "bundle/export_reach.h"
#include "bundle/inventory.h"

/*
 * The objects of a bundle: what its images reach, each once, in their order,
 * and nothing that the site has.
 */
struct export_object {
	struct digest digest;
	uint64_t size;
	char *media_type;		/* NULL: a blob */
};

struct export_objects {
	struct export_object *items;
	size_t count, room;
};

struct export_set {
	struct export_objects manifests, blobs;
	/* What the site has, as far as its inventory and this tree say. */
	struct digest_set has_manifests, has_blobs;
	/* Of all images so far, whatever the site has; manifests with their
	 * types. */
	struct digest_set all_manifests, all_blobs;
	uint64_t bytes_all;
};

/*
 * export_set_has(set, store, inventory, e): the manifests that are linked
 * there, and, of those that are in this tree as well, their blobs; but for what
 * is bad or absent there.  Before any image.  Return 0 or -1.
 */
int export_set_has(struct export_set *, const struct store *,
    const struct inventory *, struct err *);

/* export_set_agrees(set, image, ret): bytes have one type in a bundle: is there
 * none of its manifests that another image has as another type?  Else ${ret} is
 * the first of them. */
bool export_set_agrees(const struct export_set *, const struct export_image *,
    struct digest *);

/* export_set_add(set, image): how many bytes go along for it that did not
 * before.  The image's texts have to stay. */
uint64_t export_set_add(struct export_set *, const struct export_image *);

/* export_set_bytes(set): of all objects. */
uint64_t export_set_bytes(const struct export_set *);

void export_set_done(struct export_set *);

#endif
