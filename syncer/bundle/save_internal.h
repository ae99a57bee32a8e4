#ifndef CDR_BUNDLE_SAVE_INTERNAL_H
#define CDR_BUNDLE_SAVE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/save.h"
#include "image/manifest.h"
#include "layout/digest_set.h"
#include "layout/path.h"
#include "layout/store.h"
#include "mirror/present.h"

/* Shared by the save*.c files and by nobody else. */

/* In the order in which they stand in the file: who looks for one reads the
 * file from its beginning, each time. */
enum save_kind {
	SAVE_MANIFEST,
	SAVE_CONFIG,
	SAVE_LAYER
};
#define SAVE_KINDS	3u

struct save_object {
	enum save_kind kind;
	struct manifest_id id;		/* media_type "" but for a manifest */
	uint64_t size;
};

struct save_objects {
	struct save_object *all;
	size_t count;
	struct digest_set seen;
};

/* Of manifest.json. */
struct save_item {
	struct digest manifest;		/* not in it: whose item it is */
	struct digest config;
	struct digest *layers;
	size_t layer_count;
	char **names;
	size_t name_count;
};

/* Of index.json. */
struct save_entry {
	char *name;
	char *tag;			/* NULL: its name has a digest */
	struct manifest_id id;
	uint64_t size;
	bool has_platform;
	struct platform platform;
};

struct save {
	const struct store *store;
	struct save_objects objects;
	struct save_entry *entries;
	size_t entry_count;
	struct save_item *items;
	size_t item_count;
};

/* One image, before it is certain that all of it can be saved. */
struct save_draft {
	const struct store *store;
	struct save_objects objects;
	struct save_entry entry;	/* its name is not known here */
	struct save_item item;
	bool has_item;
	bool is_partial;		/* the index is not whole in the file */
	char **warnings;
	size_t warning_count;
};

/* save_object_add(o, object, e): once each.  A digest that loaders do not know,
 * and what a tar file has no room for, is an error. */
int save_object_add(struct save_objects *, const struct save_object *,
    struct err *);

/* save_warning(d, text): takes it. */
void save_warning(struct save_draft *, char *);

/* save_find(store, d, ret, e): present_find of what an index lists. */
int save_find(const struct store *, const struct descriptor *,
    struct present *, struct err *);

/* save_is_image(m): it can be run, by its configuration's type. */
bool save_is_image(const struct manifest *);

/* save_platform(store, m, ret, e): what the configuration of an image says.  1;
 * 0 where it says nothing, or is not here; -1 with ${e} set. */
int save_platform(const struct store *, const struct manifest *,
    struct platform *, struct err *);

/* save_blobs_here(store, m, e): 0; -1 with ${e} set, ERR_NOT_FOUND where one is
 * not here. */
int save_blobs_here(const struct store *, const struct manifest *,
    struct err *);

/*
 * save_take(d, p, e): a manifest, and all the blobs that it names, as
 * save_blobs_here finds them.  Of an image loaders are thought of, and
 * save_item_of(d, p) puts it into manifest.json.
 */
int save_take(struct save_draft *, const struct present *, struct err *);
void save_item_of(struct save_draft *, const struct present *);

/* save_pick_one(d, p, want, e): of the index ${p} the image of one platform;
 * ${want} NULL: the only one that is here. */
int save_pick_one(struct save_draft *, const struct present *,
    const struct platform *, struct err *);

/* save_pick_tree(d, p, set, is_sparse, e): the index ${p}, and what it lists of
 * these platforms. */
int save_pick_tree(struct save_draft *, const struct present *,
    const struct platform_set *, bool, struct err *);

/* save_index_text(s, ret_len), save_manifest_text(s, ret_len): index.json and
 * manifest.json; free(3) them. */
char *save_index_text(const struct save *, size_t *);
char *save_manifest_text(const struct save *, size_t *);
#define SAVE_LAYOUT_TEXT	"{\"imageLayoutVersion\":\"1.0.0\"}"

/* save_member_name(digest, buf): blobs/sha256/HEX.  Return ${buf}. */
#define SAVE_NAME_MAX	(sizeof("blobs/sha256/") + DIGEST_HEX_MAX)
char *save_member_name(const struct digest *, char buf[SAVE_NAME_MAX]);

#endif
