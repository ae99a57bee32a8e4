#ifndef CDR_EXPORT_PACK_H
#define CDR_EXPORT_PACK_H

#include "bundle/export_set.h"
#include "bundle/table.h"

/*
 * Which part has which object, or which piece of one.  Parts are filled one
 * after the other, in the order of the objects.
 */
struct export_rules {
	char id[BUNDLE_ID_MAX + 1];
	char stem[BUNDLE_FILE_MAX + 1];
	uint64_t split;			/* a part is smaller than that; 0: as
					 * large as it may be */
	uint64_t signature;		/* at most so many bytes; 0: none */
};

struct export_part {
	struct table table;
	uint64_t bytes;			/* of its members */
	uint64_t room;			/* of the file, no more than that */
};

struct export_parts {
	struct export_part *items;
	size_t count;
};

/* So much of an object is one member at most, so that FAT can hold it as a
 * file by itself. */
#define EXPORT_PIECE_MAX	((uint64_t)4 << 30)

/*
 * export_pack(rules, statement, manifests, blobs, ret, e): the statement has
 * its images, and no parts yet: only its length counts.  A blob is cut where it
 * does not fit, a manifest never.  Return 0, and export_parts_done releases; or
 * -1 with ${e} set (ERR_INPUT): the split is too small, or there is too much
 * for one bundle.
 */
int export_pack(const struct export_rules *, const struct statement *,
    const struct export_objects *, const struct export_objects *,
    struct export_parts *, struct err *);
void export_parts_done(struct export_parts *);

#endif
