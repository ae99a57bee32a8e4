#ifndef CDR_IMAGE_SELECT_H
#define CDR_IMAGE_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "image/manifest.h"
#include "image/platform.h"

/*
 * Which children of an index a platform filter keeps.  The index itself is
 * kept as it is, so that its digest and its signatures stay valid
 * (quirks.md#sparse-indexes).
 */
enum keep {
	KEEP_NOT,
	KEEP_UNUSABLE,		/* it is wanted, but nobody can use it
				 * (quirks.md#schema-1) */
	KEEP_REQUIRED,		/* its absence fails the image */
	KEEP_IF_SERVED		/* attestations, and what no filter speaks of: a
				 * 404 upstream is tolerated
				 * (quirks.md#missing-children) */
};

/*
 * select_children(index, set, ret_keep, ret_missing): for each child of
 * ${index} one verdict in ${ret_keep}, which has room for index->count.  For
 * each wanted platform all entries of the best platform_rank are kept; where
 * the filter names an os_version, only those with the os.version of the first.
 * Kept as well, KEEP_IF_SERVED: what belongs to a kept child (attestations and
 * the like) and attestations that do not say whose they are; entries without a
 * platform, or with unknown/unknown, that are no attestation (nested indexes,
 * artifacts).  With set->all everything is kept; entries other than
 * attestations are then KEEP_REQUIRED.  Docker schema 1 manifests serve no
 * platform: they are KEEP_UNUSABLE.  ${ret_missing} (room for set->count)
 * tells for each wanted platform whether nothing serves it.  Return the number
 * of image children kept for their platform.
 */
size_t select_children(const struct manifest *, const struct platform_set *,
    enum keep *, bool *);

/*
 * select_default(index): the child that stands in for ${index} where a client
 * accepts no index at all (quirks.md#mesos): the first Docker image manifest
 * for linux/amd64, one that is not special if there is such.  NULL: none.
 */
const struct descriptor *select_default(const struct manifest *);

#endif
