#ifndef CDR_IMAGE_LAYOUT_INDEX_H
#define CDR_IMAGE_LAYOUT_INDEX_H

#include <stdbool.h>
#include <stddef.h>

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
	const char *media_type;	/* the index's */
	const char *registry;	/* NULL: no full name; then all the same: */
	const char *repository;
	const char *tag;	/* NULL: a digest's name; without a registry
				 * the bare tag, or NULL: no name at all */
	char *names;		/* what these three are in */
};

struct layout_index {
	struct layout_entry *entries;
	size_t count, room;
	const struct layout_entry **order;	/* those with a tag, by
						 * registry, repository, tag;
						 * bare ones first */
	size_t tagged;
	char **types;		/* media types */
	size_t type_count;
};

/*
 * layout_index_new, then layout_index_feed(r, buf, len, e) for each piece of
 * the file, then layout_index_end(r, ret, e): at most LAYOUT_ENTRIES_MAX
 * entries of some 200 bytes each; those whose digest algorithm is unknown are
 * left out, and a name that is no reference is none.  Return 0, or -1 with
 * ${e} set (ERR_DATA, ERR_LIMIT).  layout_index_done releases what the end
 * gave, layout_index_free the reader, in any state.
 */
struct layout_reader;
struct layout_reader *layout_index_new(void);
int layout_index_feed(struct layout_reader *, const char *, size_t,
    struct err *);
int layout_index_end(struct layout_reader *, struct layout_index *,
    struct err *);
void layout_index_free(struct layout_reader *);
void layout_index_done(struct layout_index *);

/* layout_index_parse(buf, len, ret, e): all of it in one piece. */
int layout_index_parse(const char *, size_t, struct layout_index *,
    struct err *);

/*
 * layout_index_find(x, registry, repository, tag, is_own, ret, e): the entry of
 * that full name; or, if ${is_own}, which says that bare tags are of this
 * repository, of that bare tag.  Return 1; 0; or -1 with ${e} set (ERR_DATA)
 * where two different images have it.
 */
int layout_index_find(const struct layout_index *, const char *,
    const char *, const char *, bool, const struct layout_entry **,
    struct err *);

/*
 * layout_index_tags(x, registry, repository, ret_count): those of that full
 * name, ordered by their tags; ${registry} NULL: the bare ones.
 */
const struct layout_entry *const *layout_index_tags(
    const struct layout_index *, const char *, const char *, size_t *);

/* layout_version(buf, len, e): is an "oci-layout" file of the one version there
 * is (quirks.md#version-of-a-layout)?  0, or -1 with ${e} set. */
int layout_version(const char *, size_t, struct err *);

#endif
