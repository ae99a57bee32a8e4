/* From whole bytes to names, in rounds: one fsync(2) each would make thousands
 * of small blobs wait for the disk thousands of times. */
#include <assert.h>
#include <stdlib.h>
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

/* Under its name, nobody has it open to write. */
static void
close_written(struct staged *s)
{
	close(s->fd);
	s->fd = -1;
}

/*
 * All writes are begun before the first is waited for: the first fsync then
 * carries most of the others along.
 */
static int
sync_files(struct staged **staged, size_t count, struct err *e)
{
	size_t i;

	for (i = 0; i < count; i++)
		fs_start_writeback(staged[i]->fd, 0, 0);
	if (count > 0 && store_worth_sync_all(staged[0]->st, count)) {
		if (fs_sync_all(staged[0]->st->root, e) == 0) {
			for (i = 0; i < count; i++)
				close_written(staged[i]);
			return 0;
		}
		for (i = 0; i < count; i++)
			staged[i]->keep = false;
		return -1;
	}
	for (i = 0; i < count; i++) {
		if (fsync(staged[i]->fd) == 0) {
			close_written(staged[i]);
			continue;
		}
		/* The kernel says so once and then takes the lost pages for
		 * written: nothing may be built on this file. */
		staged[i]->keep = false;
		return err_sys(e, "%s: cannot sync", staged[i]->to);
	}
	return 0;
}

/*
 * A manifest is also found among the blobs, by a link, so that the tree is an
 * OCI image layout.  Where some image has the same bytes as a layer, the blob
 * stays what it is: a link would not be served as one.
 */
static int
give_name(struct store *st, const struct staged *s, struct err *e)
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
	if (store_make_dirs(st, path, e) == -1 ||
	    store_rename(st, s->from, s->to, e) == -1)
		return -1;
	is_blob = store_blob_size(st, &s->manifest.digest, &size, e);
	if (is_blob != 0)
		return is_blob == 1 ? 0 : -1;
	return store_set_link(st, path_blob(&s->manifest.digest, path),
	    &s->manifest, e);
}

/* Bytes first, then names, then the folders that the names are in.  A crash
 * leaves names without folders synced: fewer names, and none that is wrong. */
int
store_commit(struct store *st, struct staged **staged, size_t count,
    struct err *e)
{
	size_t i;
	int rc;

	assert(st->lock != -1);
	rc = sync_files(staged, count, e);
	for (i = 0; i < count && rc == 0; i++) {
		rc = give_name(st, staged[i], e);
		/* It is no longer where staged_free would look. */
		if (rc == 0)
			staged[i]->keep = true;
	}
	if (rc == 0)
		rc = store_sync_dirs(st, e);
	for (i = 0; i < count; i++)
		staged_free(staged[i]);
	return rc;
}
