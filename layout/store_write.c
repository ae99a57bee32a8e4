/*
 * How anything gets into the tree: written in _state/tmp, made durable, renamed
 * into place.  Directories are synced in rounds, each of them once a round.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "mem.h"
#include "store_internal.h"

/* Open files that wait for one round. */
#define PENDING_MAX	128

/* Fewer are quicker one by one. */
#define SYNC_ALL_MIN	8

bool
store_worth_sync_all(const struct store *st, size_t count)
{
	return st->can_sync_all && !st->sync_failed && count >= SYNC_ALL_MIN;
}

int
store_sync_all(struct store *st, struct err *e)
{
	if (fs_sync_all(st->root, e) == 0)
		return 0;
	st->sync_failed = true;
	return -1;
}

/* Fresh within this process; what another one left there was swept when the
 * tree was opened. */
static char *
tmp_name(struct store *st, char buf[STORE_TMP_MAX])
{
	snprintf(buf, STORE_TMP_MAX, "_state/tmp/%lu",
	    atomic_fetch_add(&st->serial, 1));
	return buf;
}

/* EEXIST: somebody's, who could not be swept away. */
int
store_tmp_create(struct store *st, char tmp[STORE_TMP_MAX])
{
	int fd;

	do
		fd = fs_open(st->root, tmp_name(st, tmp),
		    O_RDWR | O_CREAT | O_EXCL, 0600);
	while (fd == -1 && errno == EEXIST);
	if (fd != -1)
		store_modes_file(st, fd);
	return fd;
}

int
store_tmp_link(struct store *st, const char *target, char tmp[STORE_TMP_MAX])
{
	int rc;

	do
		rc = symlinkat(target, st->root, tmp_name(st, tmp));
	while (rc == -1 && errno == EEXIST);
	return rc;
}

void
store_touch_dir(struct store *st, const char *path)
{
	struct dirty_dirs *d = &st->dirs;

	/* Neighbours tend to be the same; the rest is found when syncing. */
	if (d->count > 0 && strcmp(d->paths[d->count - 1], path) == 0)
		return;
	if (d->count == d->room) {
		d->room = d->room == 0 ? 32 : 2 * d->room;
		d->paths = xreallocarray(d->paths, d->room, sizeof(char *));
	}
	d->paths[d->count++] = xstrdup(path);
}

static int
compare_paths(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Sorted: each of them once. */
static void
drop_doubles(struct dirty_dirs *d)
{
	size_t i, count = 0;

	if (d->count > 1)
		qsort(d->paths, d->count, sizeof(char *), compare_paths);
	for (i = 0; i < d->count; i++) {
		if (count > 0 && strcmp(d->paths[i], d->paths[count - 1]) == 0)
			free(d->paths[i]);
		else
			d->paths[count++] = d->paths[i];
	}
	d->count = count;
}

/* The first error is told.  The others are tried anyway: each that succeeds is
 * one less for the next time.  A folder that is not there has no names to
 * lose. */
int
store_sync_dirs(struct store *st, struct err *e)
{
	struct dirty_dirs *d = &st->dirs;
	size_t i, left = 0;
	bool at_once;
	struct err one;
	int rc = 0;

	drop_doubles(d);
	at_once = store_worth_sync_all(st, d->count);
	if (at_once && store_sync_all(st, e) == -1)
		return -1;
	for (i = 0; i < d->count; i++) {
		if (!at_once && fs_sync_dir(st->root, d->paths[i],
		    &one) == -1 && errno != ENOENT && errno != ENOTDIR) {
			if (left == 0)
				*e = one;
			rc = -1;
			d->paths[left++] = d->paths[i];
			continue;
		}
		free(d->paths[i]);
	}
	d->count = left;
	return rc;
}

/* EEXIST: it is there already, whoever made it.  One that cannot have its mode
 * is not left there without. */
static int
make_dir(struct store *st, const char *path, struct err *e)
{
	char parent[STORE_PATH_MAX];

	store_touch_dir(st, path_parent(path, parent));
	if (mkdirat(st->root, path, 0755) == -1) {
		if (errno == EEXIST)
			return 0;
		return err_sys(e, "%s: cannot make the directory", path);
	}
	if (store_modes_folder(st, path, false) == -1) {
		err_sys(e, "%s: cannot set the mode", path);
		unlinkat(st->root, path, AT_REMOVEDIR);
		return -1;
	}
	return 0;
}

/* Return 1, 0 or -1. */
static int
has_dir(const struct store *st, const char *path, struct err *e)
{
	int fd = fs_open(st->root, path, O_RDONLY | O_DIRECTORY, 0);

	if (fd != -1) {
		close(fd);
		return 1;
	}
	if (errno == ENOTDIR || errno == ELOOP)
		return err_set(e, ERR_DATA, "%s: not a directory", path);
	if (errno != ENOENT)
		return err_sys(e, "%s: cannot open", path);
	return 0;
}

/* From below: most are there, or lack only themselves. */
int
store_make_dirs(struct store *st, const char *path, struct err *e)
{
	char parent[STORE_PATH_MAX];
	int rc = has_dir(st, path, e);

	if (rc != 0)
		return rc == 1 ? 0 : -1;
	path_parent(path, parent);
	if (strcmp(parent, ".") != 0 && store_make_dirs(st, parent, e) == -1)
		return -1;
	return make_dir(st, path, e);
}

/* That they are in is looked for once. */
int
store_make_dirs_in(struct store *st, const char *path,
    const char *const *names, size_t count, struct err *e)
{
	char child[STORE_PATH_MAX];
	bool is_there = false;
	size_t i;
	int rc;

	for (i = 0; i < count; i++) {
		snprintf(child, sizeof(child), "%s/%s", path, names[i]);
		rc = has_dir(st, child, e);
		if (rc == 0 && !is_there)
			rc = store_make_dirs(st, path, e);
		else if (rc == 1)
			continue;
		if (rc == -1 || make_dir(st, child, e) == -1)
			return -1;
		is_there = true;
	}
	return 0;
}

/* Both the bytes and the old name are safe before: rename(2) is what makes it
 * visible, at once and whole.  On a network it may have done so and still
 * fail: the folder counts as changed before. */
int
store_rename(struct store *st, const char *from, const char *to,
    struct err *e)
{
	char parent[STORE_PATH_MAX];

	store_touch_dir(st, path_parent(to, parent));
	if (renameat(st->root, from, st->root, to) == -1)
		return err_sys(e, "%s: cannot rename into place", to);
	return 0;
}

/* A link cannot be written over: it is made beside and renamed. */
int
store_set_link(struct store *st, const char *path,
    const struct manifest_id *id, struct err *e)
{
	char want[STORE_PATH_MAX], have[STORE_PATH_MAX], tmp[STORE_TMP_MAX];
	int there;

	assert(path[0] != '/');
	path_link(path, id, want);
	there = fs_readlink(st->root, path, have, sizeof(have), e);
	if (there == -1)
		return -1;
	if (there == 1 && strcmp(want, have) == 0)
		return 0;
	if (store_tmp_link(st, want, tmp) == -1)
		return err_sys(e, "%s: cannot make a link", path);
	if (store_rename(st, tmp, path, e) == -1) {
		unlinkat(st->root, tmp, 0);
		return -1;
	}
	return 0;
}

int
store_file_open(struct store *st, const char *to, struct store_file *f,
    struct err *e)
{
	int fd;

	f->st = st;
	snprintf(f->to, sizeof(f->to), "%s", to);
	fd = store_tmp_create(st, f->tmp);
	if (fd == -1)
		return err_sys(e, "%s: cannot create", f->tmp);
	f->stream = fdopen(fd, "w");
	if (f->stream == NULL) {
		close(fd);
		return err_sys(e, "%s: cannot create", f->tmp);
	}
	(void)setvbuf(f->stream, NULL, _IOFBF, STREAM_BUFFER);
	return 0;
}

/* fsync before rename: else a power cut can leave the name with no
 * bytes in it. */
int
store_file_close(struct store_file *f, bool keep, struct err *e)
{
	int rc = 0;

	if (keep && (fflush(f->stream) != 0 || ferror(f->stream) ||
	    fchmod(fileno(f->stream), 0444) == -1 ||
	    fsync(fileno(f->stream)) == -1))
		rc = err_sys(e, "%s: cannot write", f->to);
	fclose(f->stream);
	if (keep && rc == 0)
		rc = store_rename(f->st, f->tmp, f->to, e);
	if (!keep || rc == -1)
		unlinkat(f->st->root, f->tmp, 0);
	return rc;
}

/* The stream is closed, its descriptor kept: bytes that wait to be synced
 * need no buffer. */
int
store_file_defer(struct store_file *f, struct err *e)
{
	struct pending_files *p = &f->st->pending;
	struct pending_file *file;
	int fd = -1;

	if (fflush(f->stream) == 0 && !ferror(f->stream) &&
	    fchmod(fileno(f->stream), 0444) == 0)
		fd = fcntl(fileno(f->stream), F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		err_sys(e, "%s: cannot write", f->to);
	fclose(f->stream);
	if (fd == -1) {
		unlinkat(f->st->root, f->tmp, 0);
		return -1;
	}
	if (p->count == p->room) {
		p->room = p->room == 0 ? 32 : 2 * p->room;
		p->files = xreallocarray(p->files, p->room, sizeof(*p->files));
	}
	assert(p->count < PENDING_MAX);
	file = &p->files[p->count++];
	file->fd = fd;
	file->tmp = xstrdup(f->tmp);
	file->to = xstrdup(f->to);
	return p->count == PENDING_MAX ? store_settle_files(f->st, e) : 0;
}

static bool
has_contents(const struct store *st, const char *path, const void *buf,
    size_t len)
{
	struct err ignored;
	size_t old_len = 0;
	char *old = NULL;
	struct stat sb;
	bool is_same;

	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == -1 ||
	    (sb.st_mode & 07777) != 0444)
		return false;
	is_same = fs_read_file(st->root, path, len, &old, &old_len,
	    &ignored) == 1 && old_len == len && memcmp(old, buf, len) == 0;
	free(old);
	return is_same;
}

int
store_write_changed(struct store *st, const char *path, const void *buf,
    size_t len, struct err *e)
{
	struct store_file f;

	if (has_contents(st, path, buf, len))
		return 0;
	if (store_file_open(st, path, &f, e) == -1)
		return -1;
	fwrite(buf, 1, len, f.stream);
	return store_file_defer(&f, e) == -1 ? -1 : 1;
}

/* Their names in _state/tmp would be swept by the next writer;
 * this is sooner. */
void
store_drop_files(struct store *st)
{
	struct pending_files *p = &st->pending;
	size_t i;

	for (i = 0; i < p->count; i++) {
		close(p->files[i].fd);
		unlinkat(st->root, p->files[i].tmp, 0);
		free(p->files[i].tmp);
		free(p->files[i].to);
	}
	p->count = 0;
}

/* Names are given when all bytes are safe: as in store_commit, the waits for
 * the disk are shared. */
int
store_settle_files(struct store *st, struct err *e)
{
	struct pending_files *p = &st->pending;
	bool at_once = store_worth_sync_all(st, p->count);
	struct pending_file *f;
	int rc = 0;
	size_t i;

	for (i = 0; i < p->count; i++)
		fs_start_writeback(p->files[i].fd, 0, 0);
	if (at_once)
		rc = store_sync_all(st, e);
	for (i = 0; i < p->count; i++) {
		f = &p->files[i];
		if (!at_once && rc == 0 && fsync(f->fd) == -1)
			rc = err_sys(e, "%s: cannot write", f->to);
		close(f->fd);
	}
	for (i = 0; i < p->count; i++) {
		f = &p->files[i];
		if (rc == 0)
			rc = store_rename(st, f->tmp, f->to, e);
		if (rc == -1)
			unlinkat(st->root, f->tmp, 0);
		free(f->tmp);
		free(f->to);
	}
	p->count = 0;
	return rc;
}

/* A short write shows itself when the stream is closed. */
int
store_write_file(struct store *st, const char *path, const void *buf,
    size_t len, struct err *e)
{
	struct store_file f;

	if (store_file_open(st, path, &f, e) == -1)
		return -1;
	fwrite(buf, 1, len, f.stream);
	return store_file_close(&f, true, e);
}
