/* From whole bytes to names, in rounds: one fsync(2) each would make thousands
 * of small blobs wait for the disk thousands of times. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "store_internal.h"

/* A manifest that is not wanted leaves nothing behind; it is small. */
void
staged_free(struct staged *s)
{
	if (s == NULL)
		return;
	if (s->fd != -1)
		close(s->fd);
	/* A whole blob stays where the next run looks for a part of it. */
	if (!s->keep)
		unlinkat(s->st->root, s->from, 0);
	partial_give_back(s->st, s->partial);
	free(s);
}

/* The kernel says it once and then takes the lost pages for written: nothing
 * may be built on such a file. */
static void
lose(struct staged *s, struct err *result, const struct err *e)
{
	s->keep = false;
	*result = *e;
	err_wrap(result, "%s", s->to);
}

static void
sync_together(struct staged **staged, size_t count, struct err *const *results)
{
	struct err e;
	size_t i;

	if (store_sync_all(staged[0]->st, &e) == -1)
		for (i = 0; i < count; i++)
			lose(staged[i], results[i], &e);
}

static void
sync_each(struct staged **staged, size_t count, struct err *const *results)
{
	struct err e;
	size_t i;
	int rc;

	for (i = 0; i < count; i++) {
		do
			rc = fsync(staged[i]->fd);
		while (rc == -1 && errno == EINTR);
		if (rc == -1) {
			err_sys(&e, "cannot sync");
			lose(staged[i], results[i], &e);
		}
	}
}

/*
 * All writes are begun before the first is waited for: the first fsync then
 * carries most of the others along.
 */
static void
sync_files(struct staged **staged, size_t count, struct err *const *results)
{
	size_t i;

	for (i = 0; i < count; i++)
		fs_start_writeback(staged[i]->fd, 0, 0);
	if (store_worth_sync_all(staged[0]->st, count))
		sync_together(staged, count, results);
	else
		sync_each(staged, count, results);
	/* Under its name, nobody has it open to write. */
	for (i = 0; i < count; i++) {
		close(staged[i]->fd);
		staged[i]->fd = -1;
	}
}

/* Whether an earlier one of this round has its name in the same folder, so that
 * this is there: thousands of manifests lie in a few. */
static bool
has_folder(struct staged *const *staged, struct err *const *results, size_t at)
{
	const struct manifest_id *id = &staged[at]->manifest, *other;
	size_t i;

	for (i = 0; i < at; i++) {
		other = &staged[i]->manifest;
		if (results[i]->code == ERR_NONE &&
		    other->digest.alg == id->digest.alg &&
		    strcmp(other->media_type, id->media_type) == 0)
			return true;
	}
	return false;
}

/*
 * A manifest is also found among the blobs, by a link, so that the tree is an
 * OCI image layout.  Where some image has the same bytes as a layer, the blob
 * stays what it is: a link would not be served as one.
 */
static int
give_name(struct store *st, const struct staged *s, bool is_folder_there,
    struct err *e)
{
	char path[STORE_PATH_MAX];
	uint64_t size;
	int is_blob;

	assert(s->st == st && s->fd == -1);
	if (s->manifest.media_type[0] == '\0') {
		if (store_rename(st, s->from, s->to, e) == -1)
			return -1;
		partial_named(st, s->partial);
		return 0;
	}
	path_parent(s->to, path);
	if ((!is_folder_there && store_make_dirs(st, path, e) == -1) ||
	    store_rename(st, s->from, s->to, e) == -1)
		return -1;
	is_blob = store_blob_size(st, &s->manifest.digest, &size, e);
	if (is_blob != 0)
		return is_blob == 1 ? 0 : -1;
	return store_set_link(st, path_blob(&s->manifest.digest, path),
	    &s->manifest, e);
}

/*
 * Bytes first, then names, then the folders that the names are in.  A crash
 * leaves names without folders synced: fewer names, and none that is wrong.
 * What cannot be synced, or have its name, is a fault of its own; where the
 * folders cannot be synced, none of the names may be counted on.
 */
void
store_commit(struct store *st, struct staged **staged, size_t count,
    struct err *const *results)
{
	struct err e;
	size_t i;

	assert(st->lock != -1);
	if (count == 0)
		return;
	for (i = 0; i < count; i++)
		results[i]->code = ERR_NONE;
	sync_files(staged, count, results);
	for (i = 0; i < count; i++)
		/* Then it is no longer where staged_free would look. */
		if (results[i]->code == ERR_NONE &&
		    give_name(st, staged[i], has_folder(staged, results, i),
		    results[i]) == 0)
			staged[i]->keep = true;
	if (store_sync_dirs(st, &e) == -1)
		for (i = 0; i < count; i++)
			if (results[i]->code == ERR_NONE)
				*results[i] = e;
	for (i = 0; i < count; i++)
		staged_free(staged[i]);
}
