/*
 * What one run leaves to the next, in _state: small files that nobody else
 * needs.  Unlike the rest of the tree they are read with suspicion: a run does
 * without them.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "store_internal.h"

int
store_read_state(const struct store *st, const char *name, size_t max,
    char **ret_buf, size_t *ret_len, struct err *e)
{
	char path[STORE_PATH_MAX];

	assert(strchr(name, '/') == NULL);
	snprintf(path, sizeof(path), "_state/%s", name);
	return fs_read_file(st->root, path, max, ret_buf, ret_len, e);
}

/* From any thread, so it syncs its own folder: the list of folders is the
 * committing thread's. */
int
store_put_private(struct store *st, const char *folder, const char *name,
    const void *buf, size_t len, struct err *e)
{
	char tmp[STORE_TMP_MAX], path[STORE_PATH_MAX];
	int fd, rc = 0;

	assert(strchr(name, '/') == NULL);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = store_tmp_create(st, tmp);
	if (fd == -1)
		return err_sys(e, "%s: cannot create", tmp);
	if (fchmod(fd, st->is_shared ? 0660 : 0600) == -1 ||
	    fs_write(fd, buf, len, 0) == -1 || fsync(fd) == -1 ||
	    renameat(st->root, tmp, st->root, path) == -1) {
		rc = err_sys(e, "%s: cannot write", path);
		unlinkat(st->root, tmp, 0);
	}
	close(fd);
	return rc == 0 ? fs_sync_dir(st->root, folder, e) : -1;
}

int
store_write_state(struct store *st, const char *name, const void *buf,
    size_t len, struct err *e)
{
	return store_put_private(st, "_state", name, buf, len, e);
}

/* One write(2), and the file has one writer. */
int
store_append_state(struct store *st, const char *name, const void *buf,
    size_t len, struct err *e)
{
	char path[STORE_PATH_MAX];
	ssize_t n;
	int fd, rc;

	assert(strchr(name, '/') == NULL);
	snprintf(path, sizeof(path), "_state/%s", name);
	rc = fs_open_file(st->root, path, O_WRONLY | O_APPEND, &fd, e);
	if (rc == 0)
		return err_set(e, ERR_SYS, "%s: it has gone", path);
	if (rc == -1)
		return -1;
	do
		n = write(fd, buf, len);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		rc = err_sys(e, "%s: cannot write", path);
	else if ((size_t)n < len)
		rc = err_set(e, ERR_STORE, "%s: written in part", path);
	close(fd);
	return rc == -1 ? -1 : 0;
}
