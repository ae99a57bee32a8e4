#ifndef CDR_IMAGE_LAYOUT_INDEX_H
#define CDR_IMAGE_LAYOUT_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "image/ref.h"
#include "layout/digest.h"
#include "layout/err.h"

/*
 * What an OCI image layout has by name: its index.json (image-spec
 * image-layout.md).  A name is the annotation io.containerd.image.name, or else
 * org.opencontainers.image.ref.name (quirks.md#names-in-a-layout); one that is
 * a tag by its grammar, such as "1.27", is a bare tag, and does not say of
 * which repository.
 */
struct layout_entry {
	struct digest digest;
	char *media_type;
	struct image_ref ref;	/* registry NULL: no full name; */
	char *bare_tag;		/* then this, or NULL: no name at all */
};

struct layout_index {
	struct layout_entry *entries;
	size_t count;
};

/*
 * layout_index_parse(buf, len, ret, e): entries whose digest algorithm is
 * unknown are left out; a name that is no reference is none.  Return 0, or -1
 * with ${e} set (ERR_DATA, ERR_LIMIT).  layout_index_done releases.
 */
int layout_index_parse(const char *, size_t, struct layout_index *,
    struct err *);
void layout_index_done(struct layout_index *);

/*
 * layout_index_find(x, registry, repository, tag, is_own, ret, e): the entry of
 * that full name; or, if ${is_own}, which says that bare tags are of this
 * repository, of that bare tag.  Return 1; 0; or -1 with ${e} set (ERR_DATA)
 * where two different images have it.
 */
int layout_index_find(const struct layout_index *, const char *,
    const char *, const char *, bool, const struct layout_entry **,
    struct err *);

/* layout_version(buf, len, e): is an "oci-layout" file of the one version there
 * is (quirks.md#version-of-a-layout)?  0, or -1 with ${e} set. */
int layout_version(const char *, size_t, struct err *);

#endif
