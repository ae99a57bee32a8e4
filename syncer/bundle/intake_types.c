/* Manifests whose bytes are here as another type: an inventory speaks of
 * digests alone, so no part has them. */
#include <stdlib.h>
#include <string.h>

#include "bundle/intake_internal.h"
#include "layout/mem.h"

/* What an image waits for, if it is a manifest. */
static const struct statement_manifest *
find(const struct need *need)
{
	const struct statement_image *image = need->image;
	size_t i;

	if (digest_equal(&image->root.digest, &need->lacks))
		return &image->root;
	for (i = 0; i < image->count; i++)
		if (digest_equal(&image->manifests[i].digest, &need->lacks))
			return &image->manifests[i];
	return NULL;
}

/* Return whether it is here now; what cannot be had so comes in a part, or is
 * told as missing. */
static bool
copy(struct store *store, const struct statement_manifest *m)
{
	struct err result = { .code = ERR_NONE };
	struct err *results[] = { &result };
	struct staged *staged = NULL;
	struct manifest_id id;
	char *buf;
	size_t len;
	int rc;

	if (store_manifest_find(store, &m->digest, &id, &result) != 1 ||
	    strcmp(id.media_type, m->media_type) == 0 ||
	    store_manifest_read(store, &id, &buf, &len, &result) != 1)
		return false;
	snprintf(id.media_type, sizeof(id.media_type), "%s", m->media_type);
	rc = store_stage_manifest(store, &id, buf, len, &staged, &result);
	free(buf);
	if (rc == -1)
		return false;
	store_commit(store, &staged, 1, results);
	return result.code == ERR_NONE;
}

void
intake_types(struct intake *in)
{
	const struct statement_manifest *m;
	struct need *need;
	size_t i;

	for (i = 0; i < needs_count(in->needs); i++) {
		need = needs_at(in->needs, i);
		while (need->state == NEED_WAITS && (m = find(need)) != NULL &&
		    copy(in->rules->store, m))
			needs_arrived(in->needs, &m->digest);
	}
}
