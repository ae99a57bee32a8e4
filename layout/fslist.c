/* The names in a folder.  For getdents64: */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsutil.h"
#include "mem.h"

/* Bytes of names that are asked for at once. */
#define LIST_STEP		(32u << 10)

/* Without a stream of the C library's, which asks twice as much of the kernel:
 * a large tree has ten thousands of folders. */
static int
each_name(int fd, const char *path, char *buf, fs_each_fn *fn, void *cookie,
    struct err *e)
{
	const struct dirent64 *entry;
	ssize_t len, at;
	int rc = 0;

	while ((len = getdents64(fd, buf, LIST_STEP)) > 0)
		for (at = 0; at < len; at += entry->d_reclen) {
			entry = (const struct dirent64 *)(const void *)(buf +
			    at);
			if (strcmp(entry->d_name, ".") == 0 ||
			    strcmp(entry->d_name, "..") == 0)
				continue;
			rc = fn(cookie, fd, entry->d_name, entry->d_type, e);
			if (rc != 0)
				return rc;
		}
	/* A folder that is removed meanwhile has no more names. */
	return len == 0 || errno == ENOENT ? 1 : err_sys(e, "%s: cannot list",
	    path);
}

int
fs_each(int dirfd, const char *path, fs_each_fn *fn, void *cookie,
    struct err *e)
{
	char *buf;
	int fd, rc, num;

	fd = fs_open(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR ||
	    errno == ELOOP))
		return 0;
	if (fd == -1)
		return err_sys(e, "%s: cannot open", path);
	buf = xmalloc(LIST_STEP);
	rc = each_name(fd, path, buf, fn, cookie, e);
	num = errno;
	free(buf);
	close(fd);
	errno = num;
	return rc;
}

static int
compare_names(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

struct names {
	char **names;
	size_t count, room;
};

static int
add_name(void *cookie, int fd, const char *name, unsigned type, struct err *e)
{
	struct names *n = cookie;

	(void)fd;
	(void)type;
	(void)e;
	if (n->count == n->room) {
		n->room = n->room == 0 ? 16 : 2 * n->room;
		n->names = xreallocarray(n->names, n->room, sizeof(*n->names));
	}
	n->names[n->count++] = xstrdup(name);
	return 0;
}

/* Sorted, so that what is made of it does not depend on the file system. */
int
fs_list(int dirfd, const char *path, char ***ret_names, size_t *ret_count,
    struct err *e)
{
	struct names n = { NULL, 0, 0 };
	int rc, num;

	rc = fs_each(dirfd, path, add_name, &n, e);
	if (rc == -1) {
		num = errno;
		fs_list_free(n.names, n.count);
		errno = num;
		return -1;
	}
	if (rc == 0)
		return 0;
	if (n.count > 1)
		qsort(n.names, n.count, sizeof(*n.names), compare_names);
	*ret_names = n.names;
	*ret_count = n.count;
	return 1;
}

void
fs_list_free(char **names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(names[i]);
	free(names);
}
