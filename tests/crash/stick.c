/*
 * Preloaded: a stick that is pulled out, or exchanged, while it is read.
 *
 *   STICK_FILE   the end of the name of a file on it
 *   STICK_EIO    N: of what is read of it, all but the first N bytes fail with
 *                EIO
 *   STICK_SWAP   N:OTHER: before it is opened for the Nth time, OTHER gets its
 *                name
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long opened;
static unsigned long long taken;
static int watched = -1;

static int
is_watched(const char *path)
{
	const char *end = getenv("STICK_FILE");
	size_t len = strlen(path), n = end == NULL ? 0 : strlen(end);

	return n > 0 && len >= n && strcmp(path + len - n, end) == 0;
}

static void
before_open(const char *path)
{
	const char *swap = getenv("STICK_SWAP");
	unsigned long at;
	int end = 0;

	if (!is_watched(path))
		return;
	opened++;
	if (swap != NULL && sscanf(swap, "%lu:%n", &at, &end) == 1 &&
	    at == opened && rename(swap + end, path) == -1)
		abort();
}

int open64(const char *, int, ...);

int
open64(const char *path, int flags, ...)
{
	static int (*real)(const char *, int, ...);
	va_list ap;
	mode_t mode;
	int fd;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "open64");
	before_open(path);
	fd = real(path, flags, mode);
	if (fd != -1 && is_watched(path)) {
		watched = fd;
		taken = 0;
	}
	return fd;
}

int
close(int fd)
{
	static int (*real)(int);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "close");
	if (fd == watched)
		watched = -1;
	return real(fd);
}

ssize_t
read(int fd, void *buf, size_t len)
{
	static ssize_t (*real)(int, void *, size_t);
	const char *eio = getenv("STICK_EIO");
	ssize_t n;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "read");
	if (fd == watched && eio != NULL && taken >= strtoull(eio, NULL, 10)) {
		errno = EIO;
		return -1;
	}
	n = real(fd, buf, len);
	if (fd == watched && n > 0)
		taken += (unsigned long long)n;
	return n;
}
