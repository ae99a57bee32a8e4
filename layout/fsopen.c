/* For O_PATH and syscall. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fsutil.h"
#include "mem.h"

/* A ".." in a link makes openat2(2) give up with EAGAIN if anybody renames
 * anything anywhere meanwhile. */
#define OPEN_TRIES	1000u

/* The C library has no function for it. */
static int
call_openat2(int dirfd, const char *path, int flags, mode_t mode,
    unsigned resolve)
{
	struct open_how how = {
		.flags = (unsigned)flags,
		.mode = mode,
		.resolve = resolve | RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	unsigned tries = 0;
	int fd;

	do
		fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	while (fd == -1 && (errno == EINTR ||
	    (errno == EAGAIN && ++tries < OPEN_TRIES)));
	return fd;
}

/* The part of ${path} up to the next slash is opened, and ${fd} closed if it is
 * not the one that the caller has. */
static int
step_down(int fd, int top, const char *path, size_t len)
{
	char *name = xstrndup(path, len);
	int next, num;

	if (strcmp(name, "..") == 0) {
		next = -1;
		errno = EXDEV;
	} else {
		next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	}
	num = errno;
	free(name);
	if (fd != top)
		close(fd);
	errno = num;
	return next;
}

int
fs_open_stepwise(int dirfd, const char *path, int flags, mode_t mode)
{
	const char *slash;
	int fd = dirfd, last, num;

	while (fd != -1 && (slash = strchr(path, '/')) != NULL) {
		if (slash == path) {
			errno = EXDEV;	/* from the top of everything */
			break;
		}
		fd = step_down(fd, dirfd, path, (size_t)(slash - path));
		path = slash + 1;
	}
	if (fd == -1 || strchr(path, '/') != NULL)
		return -1;
	do
		last = openat(fd, path, flags | O_NOFOLLOW | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC, mode);
	while (last == -1 && errno == EINTR);
	num = errno;
	if (fd != dirfd)
		close(fd);
	errno = num;
	return last;
}

/* EPERM: some sandboxes forbid what they do not know. */
int
fs_open(int dirfd, const char *path, int flags, mode_t mode)
{
	int fd;

	fd = call_openat2(dirfd, path, flags | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC, (flags & O_CREAT) != 0 ? mode : 0, RESOLVE_NO_SYMLINKS);
	if (fd == -1 && (errno == ENOSYS || errno == EPERM))
		fd = fs_open_stepwise(dirfd, path, flags, mode);
	return fd;
}

int
fs_open_linked(int dirfd, const char *path, int flags)
{
	return call_openat2(dirfd, path, flags | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC, 0, 0);
}

/* ENXIO: a socket, or a pipe that nobody reads. */
int
fs_open_stat(int dirfd, const char *path, int flags, int *ret,
    struct stat *ret_stat, struct err *e)
{
	int fd = fs_open(dirfd, path, flags, 0600);

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1 && errno == ELOOP)
		return err_set(e, ERR_DATA, "%s: a symbolic link, where a file "
		    "has to be", path);
	if (fd == -1 && errno != EISDIR && errno != ENXIO && errno != ENODEV)
		return err_sys(e, "%s: cannot open", path);
	if (fd == -1 || fstat(fd, ret_stat) == -1 ||
	    !S_ISREG(ret_stat->st_mode)) {
		if (fd != -1)
			close(fd);
		return err_set(e, ERR_DATA, "%s: not a regular file", path);
	}
	*ret = fd;
	return 1;
}

int
fs_open_file(int dirfd, const char *path, int flags, int *ret, struct err *e)
{
	struct stat ignored;

	return fs_open_stat(dirfd, path, flags, ret, &ignored, e);
}
