#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "fsutil.h"
#include "mem.h"
#include "store_internal.h"

/* A manifest is here as well, as a link, and is no blob. */
int
store_blob_size(const struct store *st, const struct digest *id, uint64_t *ret,
    struct err *e)
{
	char path[STORE_PATH_MAX];
	struct stat sb;

	path_blob(id, path);
	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT)
			return 0;
		return err_sys(e, "%s: cannot access", path);
	}
	if (!S_ISREG(sb.st_mode))
		return 0;
	*ret = (uint64_t)sb.st_size;
	return 1;
}

int
store_blob_read(const struct store *st, const struct digest *id, size_t max,
    char **ret_buf, size_t *ret_len, struct err *e)
{
	char path[STORE_PATH_MAX];

	return fs_read_file(st->root, path_blob(id, path), max, ret_buf,
	    ret_len, e);
}

int
store_blob_open(const struct store *st, const struct digest *id, int *ret_fd,
    uint64_t *ret_size, struct err *e)
{
	char path[STORE_PATH_MAX];
	struct stat sb;
	int rc = fs_open_stat(st->root, path_blob(id, path), O_RDONLY, ret_fd,
	    &sb, e);

	if (rc == 1)
		*ret_size = (uint64_t)sb.st_size;
	return rc;
}

/* f_bavail: what root keeps for itself is not for us. */
uint64_t
store_free_bytes(const struct store *st)
{
	struct statvfs vfs;

	if (fstatvfs(st->root, &vfs) == -1)
		return UINT64_MAX;	/* it does not tell */
	return (uint64_t)vfs.f_bavail * vfs.f_frsize;
}
