/* For sync_file_range and syncfs. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "fsutil.h"
#include "mem.h"

/* Folders in folders that somebody has planted. */
#define REMOVE_DEPTH_MAX	32u

/* pwrite(2), so that several threads can share a descriptor; short writes, as
 * on a disk that is nearly full, are gone on with. */
int
fs_write(int fd, const void *buf, size_t len, off_t offset)
{
	const char *p = buf;
	ssize_t n;

	while (len > 0) {
		n = pwrite(fd, p, len, offset);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		p += n;
		len -= (size_t)n;
		offset += n;
	}
	return 0;
}

/* As far as it goes, whatever fstat(2) said: the size may change meanwhile, and
 * is 0 for some files of the kernel's. Where a read that had room for more ends
 * at that size, both say that it is the end. */
static int
read_to_end(int fd, off_t said, size_t max, char **ret_buf, size_t *ret_len,
    struct err *e)
{
	size_t len = 0, size = 4096;
	ssize_t n = 0;
	char *buf;

	if (said > 0 && (uint64_t)said > max)
		return err_set(e, ERR_LIMIT, "is larger than %zu bytes", max);
	buf = xmalloc(size);
	for (;;) {
		if (len + 1 == size) {
			size *= 2;
			buf = xreallocarray(buf, size, 1);
		}
		n = read(fd, buf + len, size - len - 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len > max || ((off_t)len == said && len + 1 < size))
			break;
	}
	if (n == -1 || len > max) {
		free(buf);
		if (n == -1)
			return err_sys(e, "cannot read");
		return err_set(e, ERR_LIMIT, "is larger than %zu bytes", max);
	}
	buf[len] = '\0';
	*ret_buf = buf;
	*ret_len = len;
	return 0;
}

int
fs_read_all(int fd, size_t max, char **ret_buf, size_t *ret_len, struct err *e)
{
	struct stat sb;
	off_t said = -1;

	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode))
		said = sb.st_size;
	return read_to_end(fd, said, max, ret_buf, ret_len, e);
}

int
fs_read_file(int dirfd, const char *path, size_t max, char **ret_buf,
    size_t *ret_len, struct err *e)
{
	struct stat sb;
	int fd, rc;

	rc = fs_open_stat(dirfd, path, O_RDONLY, &fd, &sb, e);
	if (rc != 1)
		return rc;
	rc = read_to_end(fd, sb.st_size, max, ret_buf, ret_len, e);
	close(fd);
	return rc == -1 ? err_wrap(e, "%s", path) : 1;
}

int
fs_read_named(const char *path, size_t max, char **ret_buf, size_t *ret_len,
    struct err *e)
{
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1)
		return err_sys(e, "%s: cannot open", path);
	rc = fs_read_all(fd, max, ret_buf, ret_len, e);
	close(fd);
	return rc == -1 ? err_wrap(e, "%s", path) : 1;
}

static int
remove_below(int dirfd, const char *name, unsigned depth)
{
	struct err ignored;
	char **names;
	size_t i, count;
	int fd, num;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (depth == 0) {
		errno = ELOOP;
		return -1;
	}
	fd = fs_open(dirfd, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd == -1)
		return -1;
	if (fs_list(fd, ".", &names, &count, &ignored) == 1) {
		for (i = 0; i < count; i++)
			(void)remove_below(fd, names[i], depth - 1);
		fs_list_free(names, count);
	}
	num = errno;
	close(fd);
	errno = num;
	return unlinkat(dirfd, name, AT_REMOVEDIR);
}

int
fs_remove(int dirfd, const char *path)
{
	return remove_below(dirfd, path, REMOVE_DEPTH_MAX);
}

/* Where the file system cannot, a later fsync has more to do, and
 * that is all. */
void
fs_start_writeback(int fd, off_t offset, off_t len)
{
	(void)sync_file_range(fd, offset, len, SYNC_FILE_RANGE_WRITE);
}

int
fs_sync_dir(int dirfd, const char *path, struct err *e)
{
	int fd, rc;

	fd = fs_open(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd == -1)
		return err_sys(e, "%s: cannot open", path);
	do
		rc = fsync(fd);
	while (rc == -1 && errno == EINTR);
	/* Some network file systems have no fsync for directories. */
	if (rc == -1 && errno == EINVAL)
		rc = 0;
	if (rc == -1)
		err_sys(e, "%s: cannot sync", path);
	close(fd);
	return rc;
}

int
fs_sync_all(int dirfd, struct err *e)
{
	int rc;

	do
		rc = syncfs(dirfd);
	while (rc == -1 && errno == EINTR);
	if (rc == -1)
		return err_sys(e, "cannot sync the file system");
	return 0;
}

/* Not links, which go with their folder, and nothing that is not ours. */
int
fs_sync_tree(int dirfd, const char *path, struct err *e)
{
	char **names, *child;
	size_t i, count;
	struct stat sb;
	int fd = -1, rc;

	if (fstatat(dirfd, path, &sb, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : err_sys(e, "%s: cannot access",
		    path);
	if (S_ISREG(sb.st_mode)) {
		rc = fs_open_file(dirfd, path, O_RDONLY, &fd, e);
		if (rc == 1 && fsync(fd) == -1 && errno != EINVAL)
			rc = err_sys(e, "%s: cannot sync", path);
		if (fd != -1)
			close(fd);
		return rc == -1 ? -1 : 0;
	}
	rc = S_ISDIR(sb.st_mode) ? fs_list(dirfd, path, &names, &count, e) : 0;
	if (rc != 1)
		return rc;
	for (i = 0, rc = 0; i < count && rc == 0; i++) {
		child = xasprintf("%s/%s", path, names[i]);
		rc = fs_sync_tree(dirfd, child, e);
		free(child);
	}
	fs_list_free(names, count);
	return rc == 0 ? fs_sync_dir(dirfd, path, e) : -1;
}

/* A list of those that are known to: tmpfs has nothing to lose. */
bool
fs_can_sync_all(int dirfd)
{
	struct statfs sb;

	if (fstatfs(dirfd, &sb) == -1)
		return false;
	switch ((unsigned long)sb.f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case TMPFS_MAGIC:
		return true;
	default:
		return false;
	}
}

int
fs_readlink(int dirfd, const char *path, char *buf, size_t len, struct err *e)
{
	ssize_t n = readlinkat(dirfd, path, buf, len);

	/* EINVAL: something is there, and it is no link. */
	if (n == -1 && (errno == ENOENT || errno == EINVAL || errno == ENOTDIR))
		return 0;
	if (n == -1)
		return err_sys(e, "%s: cannot read the link", path);
	if ((size_t)n == len)
		return 0;	/* longer than any link of ours */
	buf[n] = '\0';
	return 1;
}
