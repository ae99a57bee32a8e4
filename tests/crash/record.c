/*
 * Preloaded: writes down what a program does to a tree, in order, has one of
 * its calls fail, or kills it before one.
 *
 *   CRASH_ROOT   the tree; calls about anything else go through untouched
 *   CRASH_LOG    a line a call is appended to this file: see model.py
 *   CRASH_FAIL   KIND:N:ERRNO: the N-th call of this kind fails
 *   CRASH_KILL   N: killed before the N-th call of any kind
 *   CRASH_COUNT  a file for the number of calls of each kind, at the end
 *
 * Bytes are told by their SHA-256, when they are synced or get a name.  What
 * stdio writes by itself cannot be seen here, and does not fail.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
/* Both names of a call are defined here, with and without "64". */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_BYTES	2048
#define SHA_TEXT	65

enum kind {
	CREATE, OPEN, FOLDER, WRITE, TRUNCATE, CHMOD, FSYNC, FSYNC_DIR, SYNCFS,
	RENAME, SYMLINK, MKDIR, UNLINK, KINDS
};

static const char *const names[KINDS] = {
	"create", "open", "folder", "write", "truncate", "chmod", "fsync",
	"fsync_dir", "syncfs", "rename", "symlink", "mkdir", "unlink",
};

long syscall(long, ...);

static long (*real)(long, ...);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static int out = -1;
static unsigned long counts[KINDS], calls, kill_at, fail_at;
static int fail_kind = -1, fail_errno;

/* What a failed syncfs has lost: as the kernel does it, the next fsync of each
 * of these files tells so, once. */
#define LOST_MAX	4096
static unsigned long lost[LOST_MAX];
static size_t lost_count;

static void
read_fault(const char *text)
{
	char kind[32];
	int i;

	if (text == NULL ||
	    sscanf(text, "%31[a-z_]:%lu:%d", kind, &fail_at, &fail_errno) != 3)
		return;
	for (i = 0; i < KINDS; i++)
		if (strcmp(kind, names[i]) == 0)
			fail_kind = i;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *log = getenv("CRASH_LOG"), *at = getenv("CRASH_KILL");

	*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	root = getenv("CRASH_ROOT");
	if (log != NULL)
		out = (int)real(SYS_openat, AT_FDCWD, log,
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	kill_at = at == NULL ? 0 : strtoul(at, NULL, 10);
	read_fault(getenv("CRASH_FAIL"));
}

__attribute__((destructor)) static void
end(void)
{
	const char *name = getenv("CRASH_COUNT");
	/* One that has a child do it all does not say more than that did. */
	FILE *f = name == NULL ? NULL : fopen(name, calls > 0 ? "w" : "wx");
	int i;

	if (f == NULL)
		return;
	for (i = 0; i < KINDS; i++)
		fprintf(f, "%s %lu\n", names[i], counts[i]);
	fprintf(f, "all %lu\n", calls);
	fclose(f);
}

static void note(const char *, ...) __attribute__((format(printf, 1, 2)));

static void
note(const char *fmt, ...)
{
	char line[3 * PATH_BYTES];
	va_list ap;
	int len;

	if (out == -1)
		return;
	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	line[len++] = '\n';
	if (real(SYS_write, out, line, (size_t)len) != len)
		abort();
}

/* Below the tree, as "a/b"; the tree itself is "."; else NULL. */
static const char *
below(const char *path)
{
	size_t len = root == NULL ? 0 : strlen(root);

	if (len == 0 || strncmp(path, root, len) != 0)
		return NULL;
	if (path[len] == '\0')
		return ".";
	return path[len] == '/' ? path + len + 1 : NULL;
}

static const char *
of_fd(int fd, char buf[PATH_BYTES])
{
	char name[64];
	long n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = real(SYS_readlinkat, AT_FDCWD, name, buf, PATH_BYTES - 1);
	if (n < 0)
		return NULL;
	buf[n] = '\0';
	return below(buf);
}

static const char *
of_name(int dirfd, const char *name, char buf[PATH_BYTES])
{
	char folder[PATH_BYTES];
	const char *at;

	if (root == NULL)
		return NULL;
	if (name[0] == '/')
		return below(name);
	if (dirfd == AT_FDCWD)
		return NULL;
	at = of_fd(dirfd, folder);
	if (at == NULL || strcmp(name, "..") == 0)
		return NULL;
	if (strcmp(name, ".") == 0) {
		snprintf(buf, PATH_BYTES, "%s", at);
		return buf;
	}
	snprintf(buf, PATH_BYTES, "%s%s%s", strcmp(at, ".") == 0 ? "" : at,
	    strcmp(at, ".") == 0 ? "" : "/", name);
	return buf;
}

/* With the mutex: one more of this kind.  Return false if it is to fail. */
static bool
count(enum kind kind)
{
	if (++calls == kill_at)
		(void)real(SYS_kill, (long)getpid(), (long)SIGKILL);
	if (++counts[kind] != fail_at || (int)kind != fail_kind)
		return true;
	note("!\t%s\t%d", names[kind], fail_errno);
	errno = fail_errno;
	return false;
}

static const char *
sha(const char *path, char text[SHA_TEXT])
{
	unsigned char buf[65536], sum[32];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int i, fd = (int)real(SYS_openat, AT_FDCWD, path,
	    O_RDONLY | O_CLOEXEC, 0);
	long n;

	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	while (fd != -1 && (n = real(SYS_read, fd, buf, sizeof(buf))) > 0)
		EVP_DigestUpdate(ctx, buf, (size_t)n);
	EVP_DigestFinal_ex(ctx, sum, NULL);
	EVP_MD_CTX_free(ctx);
	if (fd != -1)
		(void)real(SYS_close, fd);
	for (i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", sum[i]);
	return text;
}

static const char *
whole(const char *path, char buf[PATH_BYTES])
{
	snprintf(buf, PATH_BYTES, "%s/%s", root, path);
	return buf;
}

/* --- what makes names -------------------------------------------------- */

static long
open_in(int dirfd, const char *name, int flags, long (*call)(void *),
    void *cookie)
{
	char buf[PATH_BYTES], full[PATH_BYTES];
	const char *path = of_name(dirfd, name, buf);
	struct stat sb;
	enum kind kind = (flags & O_CREAT) != 0 ? CREATE :
	    (flags & O_DIRECTORY) != 0 ? FOLDER : OPEN;
	bool is_new;
	long fd = -1;

	if (path == NULL)
		return call(cookie);
	pthread_mutex_lock(&mutex);
	is_new = kind == CREATE && lstat(whole(path, full), &sb) == -1;
	if (count(kind))
		fd = call(cookie);
	if (fd != -1 && is_new && fstat((int)fd, &sb) == 0)
		note("C\t%s\t%lu", path, (unsigned long)sb.st_ino);
	pthread_mutex_unlock(&mutex);
	return fd;
}

struct openat2_call {
	long args[4];
};

static long
call_openat2(void *cookie)
{
	struct openat2_call *c = cookie;

	return real(SYS_openat2, c->args[0], c->args[1], c->args[2],
	    c->args[3]);
}

static long
call_openat(void *cookie)
{
	struct openat2_call *c = cookie;

	return real(SYS_openat, c->args[0], c->args[1], c->args[2],
	    c->args[3]);
}

long
syscall(long number, ...)
{
	struct openat2_call c;
	const struct open_how *how;
	long a[6];
	va_list ap;
	int i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number != SYS_openat2)
		return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	memcpy(c.args, a, sizeof(c.args));
	how = (const struct open_how *)a[2];
	return open_in((int)a[0], (const char *)a[1], (int)how->flags,
	    call_openat2, &c);
}

static int
plain_openat(int dirfd, const char *name, int flags, mode_t mode)
{
	struct openat2_call c = {
		{ dirfd, (long)name, flags, (long)mode }
	};

	return (int)open_in(dirfd, name, flags, call_openat, &c);
}

int
openat(int dirfd, const char *name, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return plain_openat(dirfd, name, flags, mode);
}

int
openat64(int dirfd, const char *name, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return plain_openat(dirfd, name, flags, mode);
}

int
renameat(int olddir, const char *old, int newdir, const char *new)
{
	char a[PATH_BYTES], b[PATH_BYTES], full[PATH_BYTES], text[SHA_TEXT];
	const char *from = of_name(olddir, old, a);
	const char *to = of_name(newdir, new, b);
	struct stat sb;
	long rc = -1;

	if (from == NULL || to == NULL)
		return (int)real(SYS_renameat2, olddir, old, newdir, new, 0);
	pthread_mutex_lock(&mutex);
	if (count(RENAME))
		rc = real(SYS_renameat2, olddir, old, newdir, new, 0);
	if (rc == 0) {
		snprintf(text, sizeof(text), "-");
		if (lstat(whole(to, full), &sb) == 0 && S_ISREG(sb.st_mode))
			sha(full, text);
		note("R\t%s\t%s\t%s", from, to, text);
	}
	pthread_mutex_unlock(&mutex);
	return (int)rc;
}

int
symlinkat(const char *target, int dirfd, const char *name)
{
	char buf[PATH_BYTES];
	const char *path = of_name(dirfd, name, buf);
	long rc = -1;

	if (path == NULL)
		return (int)real(SYS_symlinkat, target, dirfd, name);
	pthread_mutex_lock(&mutex);
	if (count(SYMLINK))
		rc = real(SYS_symlinkat, target, dirfd, name);
	if (rc == 0)
		note("L\t%s\t%s", path, target);
	pthread_mutex_unlock(&mutex);
	return (int)rc;
}

int
mkdirat(int dirfd, const char *name, mode_t mode)
{
	char buf[PATH_BYTES];
	const char *path = of_name(dirfd, name, buf);
	long rc = -1;

	if (path == NULL)
		return (int)real(SYS_mkdirat, dirfd, name, (long)mode);
	pthread_mutex_lock(&mutex);
	if (count(MKDIR))
		rc = real(SYS_mkdirat, dirfd, name, (long)mode);
	if (rc == 0)
		note("D\t%s", path);
	pthread_mutex_unlock(&mutex);
	return (int)rc;
}

int
unlinkat(int dirfd, const char *name, int flags)
{
	char buf[PATH_BYTES];
	const char *path = of_name(dirfd, name, buf);
	long rc = -1;

	if (path == NULL)
		return (int)real(SYS_unlinkat, dirfd, name, (long)flags);
	pthread_mutex_lock(&mutex);
	if (count(UNLINK))
		rc = real(SYS_unlinkat, dirfd, name, (long)flags);
	if (rc == 0)
		note("U\t%s", path);
	pthread_mutex_unlock(&mutex);
	return (int)rc;
}

/* --- bytes ------------------------------------------------------------- */

ssize_t
pwrite64(int fd, const void *buf, size_t len, off64_t offset)
{
	char path[PATH_BYTES];
	long rc = -1;

	if (of_fd(fd, path) == NULL)
		return real(SYS_pwrite64, fd, buf, len, offset);
	pthread_mutex_lock(&mutex);
	if (count(WRITE))
		rc = real(SYS_pwrite64, fd, buf, len, offset);
	pthread_mutex_unlock(&mutex);
	return rc;
}

ssize_t
pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	return pwrite64(fd, buf, len, offset);
}

int
ftruncate64(int fd, off64_t len)
{
	char path[PATH_BYTES];
	long rc = -1;

	if (of_fd(fd, path) == NULL)
		return (int)real(SYS_ftruncate, fd, len);
	pthread_mutex_lock(&mutex);
	if (count(TRUNCATE))
		rc = real(SYS_ftruncate, fd, len);
	pthread_mutex_unlock(&mutex);
	return (int)rc;
}

int
ftruncate(int fd, off_t len)
{
	return ftruncate64(fd, len);
}

int
fchmod(int fd, mode_t mode)
{
	char path[PATH_BYTES];
	long rc = -1;

	if (of_fd(fd, path) == NULL)
		return (int)real(SYS_fchmod, fd, (long)mode);
	pthread_mutex_lock(&mutex);
	if (count(CHMOD))
		rc = real(SYS_fchmod, fd, (long)mode);
	pthread_mutex_unlock(&mutex);
	return (int)rc;
}

/* --- what makes durable ------------------------------------------------ */

static bool
is_lost(unsigned long inode)
{
	size_t i;

	for (i = 0; i < lost_count; i++)
		if (lost[i] == inode) {
			lost[i] = lost[--lost_count];
			return true;
		}
	return false;
}

int
fsync(int fd)
{
	char buf[PATH_BYTES], full[PATH_BYTES], text[SHA_TEXT];
	const char *path = of_fd(fd, buf);
	struct stat sb;
	long rc = -1;
	int num;

	if (path == NULL || fstat(fd, &sb) == -1)
		return (int)real(SYS_fsync, fd);
	pthread_mutex_lock(&mutex);
	if (S_ISDIR(sb.st_mode)) {
		if (count(FSYNC_DIR))
			rc = real(SYS_fsync, fd);
		num = errno;
		note("G\t%s\t%d", path, rc == 0 ? 0 : num);
	} else {
		if (count(FSYNC))
			rc = real(SYS_fsync, fd);
		if (rc == 0 && is_lost((unsigned long)sb.st_ino)) {
			errno = EIO;
			rc = -1;
		}
		num = errno;
		note("F\t%lu\t%s\t%d", (unsigned long)sb.st_ino,
		    sha(whole(path, full), text), rc == 0 ? 0 : num);
	}
	errno = num;
	pthread_mutex_unlock(&mutex);
	return (int)rc;
}

static bool losing;

static int
note_one(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	char text[SHA_TEXT];

	(void)ftw;
	if (type != FTW_F || !S_ISREG(sb->st_mode))
		return 0;
	if (losing && lost_count < LOST_MAX && strstr(path, "/_state/") != NULL)
		lost[lost_count++] = (unsigned long)sb->st_ino;
	note("s\t%lu\t%s", (unsigned long)sb->st_ino, sha(path, text));
	return 0;
}

int
syncfs(int fd)
{
	char buf[PATH_BYTES];
	long rc = -1;
	int num;

	if (of_fd(fd, buf) == NULL)
		return (int)real(SYS_syncfs, fd);
	pthread_mutex_lock(&mutex);
	if (count(SYNCFS))
		rc = real(SYS_syncfs, fd);
	num = errno;
	losing = rc != 0 && num != EINTR;
	nftw(root, note_one, 16, FTW_PHYS);
	note("S\t%d", rc == 0 ? 0 : num);
	errno = num;
	pthread_mutex_unlock(&mutex);
	return (int)rc;
}
