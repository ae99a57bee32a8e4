/* Some images only, and all that they reach. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest_set.h"
#include "limits.h"
#include "mem.h"
#include "verify_internal.h"

struct images {
	struct verify *v;
	struct digest_set blobs;
};

/* What one manifest leads to, in the order in which it says so. */
struct children {
	struct images *all;
	struct digest *entries;
	size_t count;
};

static int
note_child(void *cookie, const struct child *c, struct err *e)
{
	struct children *list = cookie;

	(void)e;
	if (!c->is_entry) {
		digest_set_add(&list->all->blobs, &c->digest, NULL);
		return 0;
	}
	if (list->entries == NULL)
		list->entries = xcalloc(MANIFEST_CHILDREN_MAX,
		    sizeof(*list->entries));
	if (list->count < MANIFEST_CHILDREN_MAX)
		list->entries[list->count++] = c->digest;
	return 0;
}

static int
look(struct images *all, const struct verify_place *place,
    const struct manifest_id *id, unsigned depth)
{
	struct verify_place below = *place;
	struct children list = { .all = all };
	char text[DIGEST_TEXT_MAX];
	struct verify_look ignored;
	struct manifest_id child;
	size_t i;
	int rc = 0;

	(void)verify_manifest(all->v, place, id, &ignored, note_child, &list);
	for (i = 0; i < list.count && depth > 0 && rc == 0; i++) {
		below.reference = digest_text(&list.entries[i], text);
		rc = store_reference_get(all->v->st, place->registry,
		    place->repository, text, &child, all->v->err);
		if (rc == -1)
			verify_fail(all->v);
		else if (rc == 1)
			rc = look(all, &below, &child, depth - 1);
	}
	free(list.entries);
	return verify_is_over(all->v) ? -1 : 0;
}

static int
look_at(struct images *all, const struct verify_reference *r)
{
	const struct verify_place place = { r->registry, r->repository,
	    r->reference };
	struct verify *v = all->v;
	struct manifest_id id;
	int rc;

	verify_at(v, r->registry, r->repository);
	rc = store_reference_get(v->st, r->registry, r->repository,
	    r->reference, &id, v->err);
	if (rc == -1)
		return verify_fail(v);
	if (rc == 0) {
		err_set(v->err, ERR_INPUT, "%s/%s%c%s is not in the tree",
		    r->registry, r->repository,
		    strchr(r->reference, ':') == NULL ? ':' : '@',
		    r->reference);
		v->is_over = true;
		v->end = VERIFY_ABSENT;
		return -1;
	}
	return look(all, &place, &id, MANIFEST_DEPTH_MAX);
}

/* For who looks on. */
static uint64_t
bytes_of(const struct images *all)
{
	char path[STORE_PATH_MAX];
	uint64_t sum = 0;
	struct digest d;
	struct stat sb;
	size_t at = 0;
	void *value;

	while (digest_set_next(&all->blobs, &at, &d, &value))
		if (fstatat(all->v->st->root, path_blob(&d, path), &sb,
		    AT_SYMLINK_NOFOLLOW) == 0)
			sum += (uint64_t)sb.st_size;
	return sum;
}

static int
hash_blobs(struct images *all)
{
	struct verify *v = all->v;
	char path[STORE_PATH_MAX];
	struct digest d;
	size_t at = 0;
	void *value;

	verify_begin_bytes(v, all->blobs.count);
	v->progress.all_bytes = bytes_of(all);
	while (digest_set_next(&all->blobs, &at, &d, &value)) {
		(void)digest_text(&d, v->progress.at);
		(void)verify_file(v, path_blob(&d, path), &d, NULL);
		v->progress.done++;
		if (verify_is_over(v))
			return -1;
	}
	return 0;
}

int
verify_images(struct verify *v)
{
	struct images all = { .v = v };
	size_t i;
	int rc = 0;

	v->progress.all = v->options->only_count;
	for (i = 0; i < v->options->only_count && rc == 0; i++) {
		rc = look_at(&all, &v->options->only[i]);
		v->progress.done++;
	}
	if (rc == 0 && !v->options->quick)
		rc = hash_blobs(&all);
	digest_set_done(&all.blobs);
	return rc;
}
