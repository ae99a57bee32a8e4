/*
 * Preloaded: a cable or a memory that is failing.  Of what is read from files
 * of the tree, every CABLE_EVERYth reading has a bit wrong, each time another
 * one.
 * Where CABLE_FAIL is set, the reading fails with EIO.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long readings;

/* Of objects alone: what the program itself is made of has to be right. */
static int
is_object(int fd)
{
	char name[64], path[4096];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	return strstr(path, "/blobs/sha") != NULL ||
	    strstr(path, "/manifests/application/") != NULL;
}

static ssize_t
spoil(int fd, void *buf, ssize_t n)
{
	const char *every = getenv("CABLE_EVERY");
	unsigned long number = every == NULL ? 10 : strtoul(every, NULL, 10);

	if (n <= 0 || number == 0 || !is_object(fd) ||
	    ++readings % number != 0)
		return n;
	if (getenv("CABLE_FAIL") != NULL) {
		errno = EIO;
		return -1;
	}
	((unsigned char *)buf)[(readings * 7919) % (unsigned long)n] ^=
	    (unsigned char)(1u << (readings / number % 8));
	return n;
}

ssize_t pread64(int, void *, size_t, off64_t);
ssize_t __pread64_chk(int, void *, size_t, off64_t, size_t);
ssize_t __read_chk(int, void *, size_t, size_t);

ssize_t
pread64(int fd, void *buf, size_t len, off64_t at)
{
	static ssize_t (*real)(int, void *, size_t, off64_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "pread64");
	return spoil(fd, buf, real(fd, buf, len, at));
}

ssize_t
__pread64_chk(int fd, void *buf, size_t len, off64_t at, size_t room)
{
	(void)room;
	return pread64(fd, buf, len, at);
}

ssize_t
read(int fd, void *buf, size_t len)
{
	static ssize_t (*real)(int, void *, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "read");
	return spoil(fd, buf, real(fd, buf, len));
}

ssize_t
__read_chk(int fd, void *buf, size_t len, size_t room)
{
	(void)room;
	return read(fd, buf, len);
}
