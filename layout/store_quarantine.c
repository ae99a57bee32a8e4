/*
 * Taking out of service what is wrong.  A rename needs no room and takes it
 * from readers at once; what is known of it stands in status/bad before, so
 * that a crash in between leaves a note too many and never one too few.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "mem.h"
#include "name.h"
#include "store_internal.h"

#define QUARANTINE	"_state/quarantine"
/* Of the same object in the same second. */
#define NAMES_MAX	100u

/* A name that nobody has: ALG:HEX.TIME, and a number behind it if need be. */
static int
place(const struct store *st, const struct digest *digest,
    char buf[STORE_PATH_MAX], struct err *e)
{
	char text[DIGEST_TEXT_MAX], now[STORE_TIME_MAX], number[16] = "";
	struct stat sb;
	unsigned i;

	store_now(now);
	for (i = 0; i < NAMES_MAX; i++) {
		if (i > 0)
			snprintf(number, sizeof(number), ".%u", i);
		snprintf(buf, STORE_PATH_MAX, QUARANTINE "/%s.%s%s",
		    digest_text(digest, text), now, number);
		if (fstatat(st->root, buf, &sb, AT_SYMLINK_NOFOLLOW) == -1)
			return errno == ENOENT ? 0 : err_sys(e,
			    "%s: cannot access", buf);
	}
	return err_set(e, ERR_LIMIT, "%s: there are too many of it", buf);
}

/* Without links in the way: rename(2) would follow a planted one in the middle
 * of a path. */
static int
open_parent(const struct store *st, const char *path, struct err *e)
{
	char parent[STORE_PATH_MAX];
	int fd;

	path_parent(path, parent);
	fd = fs_open(st->root, parent, O_RDONLY | O_DIRECTORY, 0);
	if (fd == -1)
		err_sys(e, "%s: cannot open", parent);
	return fd;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Return 1, 0 if it is not that file any more, -1. */
static int
move_out(struct store *st, const char *path, const char *to,
    const struct stat *sb, struct err *e)
{
	int from_fd = -1, to_fd = -1, rc = -1;
	char parent[STORE_PATH_MAX];
	struct stat now;

	from_fd = open_parent(st, path, e);
	if (from_fd == -1)
		goto out;
	to_fd = open_parent(st, to, e);
	if (to_fd == -1)
		goto out;
	rc = 0;
	if (fstatat(from_fd, last_part(path), &now, AT_SYMLINK_NOFOLLOW) ==
	    -1 || !S_ISREG(now.st_mode) || now.st_dev != sb->st_dev ||
	    now.st_ino != sb->st_ino)
		goto out;
	store_touch_dir(st, path_parent(path, parent));
	store_touch_dir(st, QUARANTINE);
	rc = 1;
	if (renameat(from_fd, last_part(path), to_fd, last_part(to)) == -1)
		rc = err_sys(e, "%s: cannot rename into " QUARANTINE, path);
out:
	if (from_fd != -1)
		close(from_fd);
	if (to_fd != -1)
		close(to_fd);
	return rc;
}

static int
take_out(struct store *st, const char *path, const struct digest *digest,
    const struct stat *sb, const char *what, struct err *e)
{
	const struct store_bad bad = { .what = what, .path = path,
	    .digest = *digest };
	char to[STORE_PATH_MAX];
	struct stat now;

	if (fstatat(st->root, path, &now, AT_SYMLINK_NOFOLLOW) == -1 ||
	    now.st_ino != sb->st_ino || now.st_dev != sb->st_dev)
		return 0;
	if (store_make_private(st, QUARANTINE, e) == -1 ||
	    place(st, digest, to, e) == -1)
		return -1;
	/* A full disk has no room for the note, and takes the rename: the next
	 * run finds that the object is missing. */
	if (store_bad_update(st, &bad, 1, NULL, e) == -1 &&
	    e->code != ERR_STORE)
		return -1;
	return move_out(st, path, to, sb, e);
}

int
store_quarantine(struct store *st, const char *path,
    const struct digest *digest, const struct stat *sb, const char *what,
    struct err *e)
{
	struct err later;
	int rc;

	if (store_step_begin(st, e) == -1)
		return -1;
	rc = take_out(st, path, digest, sb, what, e);
	if (store_step_end(st, &later) == -1 && rc != -1) {
		*e = later;
		rc = -1;
	}
	return rc;
}

/* --- a tag that is not to be served ------------------------------------ */

/* The history and the digest links stay: the next run of sync publishes it
 * again, when it is whole. */
static int
withdraw(struct store *st, const char *registry, const char *repository,
    const char *tag, const struct digest *digest, struct err *e)
{
	char path[STORE_PATH_MAX], inner[TAG_MAX + 16], parent[STORE_PATH_MAX];
	struct manifest_id now;
	int rc;

	rc = store_reference_get(st, registry, repository, tag, &now, e);
	if (rc != 1 || !digest_equal(&now.digest, digest))
		return rc == -1 ? -1 : 0;
	if (store_new_generation(st, e) == -1 ||
	    store_mark_moved(st, registry, repository, e) == -1)
		return -1;
	snprintf(inner, sizeof(inner), "_manifests/%s", tag);
	path_repository(registry, repository, inner, path);
	store_touch_dir(st, path_parent(path, parent));
	if (unlinkat(st->root, path, 0) == -1)
		return err_sys(e, "%s: cannot remove", path);
	if (store_write_tags(st, registry, repository, e) == -1 ||
	    store_settle_files(st, e) == -1)
		return -1;
	return 1;
}

int
store_withdraw(struct store *st, const char *registry, const char *repository,
    const char *tag, const struct digest *digest, struct err *e)
{
	struct err later;
	int rc;

	assert(name_is_tag(tag));
	if (store_step_begin(st, e) == -1)
		return -1;
	rc = withdraw(st, registry, repository, tag, digest, e);
	if (store_step_end(st, &later) == -1 && rc != -1) {
		*e = later;
		rc = -1;
	}
	return rc;
}

/* --- lists ------------------------------------------------------------- */

int
store_rewrite_lists(struct store *st, struct err *e)
{
	int rc;

	if (store_lock_publish(st, e) == -1)
		return -1;
	rc = store_mark_stale(st, e);
	store_unlock_publish(st);
	if (rc == -1)
		return -1;
	st->index_inherited = st->index_distrusted = true;
	return store_finish(st, e);
}

/* --- what lies there --------------------------------------------------- */

static int
add_size(void *cookie, int fd, const char *name, unsigned type, struct err *e)
{
	struct store_quarantined *q = cookie;
	struct stat sb;

	(void)type;
	(void)e;
	if (fstatat(fd, name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(sb.st_mode)) {
		q->files++;
		q->bytes += (uint64_t)sb.st_blocks * 512;
	}
	return 0;
}

int
store_quarantine_size(const struct store *st, struct store_quarantined *ret,
    struct err *e)
{
	struct store_quarantined q = { 0, 0 };

	if (fs_each(st->root, QUARANTINE, add_size, &q, e) == -1)
		return -1;
	*ret = q;
	return 0;
}
