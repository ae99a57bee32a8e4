#include <stdlib.h>
#include <string.h>

#include "bundle/export_set.h"
#include "layout/mem.h"
#include "mirror/children.h"

/* --- what the site has ------------------------------------------------- */

struct having {
	struct export_set *set;
	const struct digest_set *bad;
};

/* An entry of an index has a line of its own, or is not there. */
static int
have_child(void *cookie, const struct child *child, struct err *e)
{
	const struct having *h = cookie;

	(void)e;
	if (!child->is_entry && !digest_set_has(h->bad, &child->digest))
		digest_set_add(&h->set->has_blobs, &child->digest, NULL);
	return 0;
}

/* What is not here, or cannot be read, says nothing of its blobs: they are sent
 * once too often. */
static int
have_manifest(const struct having *h, const struct store *store,
    const struct digest *digest, struct err *e)
{
	struct manifest_id id;
	struct digest have;
	struct err ignored;
	char *buf;
	size_t len;
	int rc;

	digest_set_add(&h->set->has_manifests, digest, NULL);
	rc = store_manifest_find(store, digest, &id, e);
	if (rc != 1)
		return rc;
	if (store_manifest_read(store, &id, &buf, &len, &ignored) != 1)
		return 0;
	digest_of(digest->alg, buf, len, &have);
	if (digest_equal(&have, digest))
		(void)children_each(NULL, &id, buf, len, have_child,
		    (void *)(uintptr_t)h, &ignored);
	free(buf);
	return 0;
}

int
export_set_has(struct export_set *set, const struct store *store,
    const struct inventory *inventory, struct err *e)
{
	struct having h = { .set = set, .bad = &inventory->bad };
	struct digest digest;
	size_t at = 0;
	void *value;

	while (digest_set_next(&inventory->linked, &at, &digest, &value))
		if (!digest_set_has(h.bad, &digest) &&
		    have_manifest(&h, store, &digest, e) == -1)
			return -1;
	return 0;
}

/* --- what goes along --------------------------------------------------- */

static uint64_t
add(struct export_objects *objects, const struct digest *digest,
    uint64_t size, const char *media_type)
{
	if (objects->count == objects->room) {
		objects->room = objects->room == 0 ? 64 : 2 * objects->room;
		objects->items = xreallocarray(objects->items, objects->room,
		    sizeof(*objects->items));
	}
	objects->items[objects->count++] = (struct export_object){
		*digest, size, media_type == NULL ? NULL : xstrdup(media_type)
	};
	return size;
}

static uint64_t
add_manifest(struct export_set *set, const struct statement_manifest *m)
{
	if (!digest_set_add(&set->all_manifests, &m->digest, m->media_type))
		return 0;
	set->bytes_all += m->size;
	if (digest_set_has(&set->has_manifests, &m->digest))
		return 0;
	return add(&set->manifests, &m->digest, m->size, m->media_type);
}

static uint64_t
add_blob(struct export_set *set, const struct export_blob *b)
{
	if (!digest_set_add(&set->all_blobs, &b->digest, NULL))
		return 0;
	set->bytes_all += b->size;
	if (digest_set_has(&set->has_blobs, &b->digest))
		return 0;
	return add(&set->blobs, &b->digest, b->size, NULL);
}

static bool
agrees(const struct export_set *set, const struct statement_manifest *m)
{
	const char *type = digest_set_get(&set->all_manifests, &m->digest);

	return type == NULL || strcmp(type, m->media_type) == 0;
}

bool
export_set_agrees(const struct export_set *set, const struct export_image *x,
    struct digest *ret)
{
	const struct statement_manifest *m = &x->image.root;
	size_t i;

	for (i = 0; agrees(set, m) && i < x->image.count; i++)
		m = &x->image.manifests[i];
	if (agrees(set, m))
		return true;
	*ret = m->digest;
	return false;
}

uint64_t
export_set_add(struct export_set *set, const struct export_image *x)
{
	uint64_t bytes = add_manifest(set, &x->image.root);
	size_t i;

	for (i = 0; i < x->image.count; i++)
		bytes += add_manifest(set, &x->image.manifests[i]);
	for (i = 0; i < x->blob_count; i++)
		bytes += add_blob(set, &x->blobs[i]);
	return bytes;
}

uint64_t
export_set_bytes(const struct export_set *set)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < set->manifests.count; i++)
		bytes += set->manifests.items[i].size;
	for (i = 0; i < set->blobs.count; i++)
		bytes += set->blobs.items[i].size;
	return bytes;
}

static void
objects_done(struct export_objects *objects)
{
	while (objects->count > 0)
		free(objects->items[--objects->count].media_type);
	free(objects->items);
}

void
export_set_done(struct export_set *set)
{
	objects_done(&set->manifests);
	objects_done(&set->blobs);
	digest_set_done(&set->has_manifests);
	digest_set_done(&set->has_blobs);
	digest_set_done(&set->all_manifests);
	digest_set_done(&set->all_blobs);
	memset(set, 0, sizeof(*set));
}
