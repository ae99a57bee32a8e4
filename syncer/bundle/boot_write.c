/*
 * A stick may be FAT: no modes, no links, and a file is renamed into place
 * where an exchange is not to be had.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bundle/boot_internal.h"
#include "bundle/bundle_key.h"
#include "layout/digest.h"
#include "layout/fsutil.h"
#include "layout/mem.h"

#define NEW_FOLDER	BOOT_FOLDER ".new"
#define OLD_FOLDER	BOOT_FOLDER ".old"
#define SUMS_FILE	"SHA256SUMS"
#define SIGNATURE_FILE	SUMS_FILE ".sig"

struct writer {
	const struct boot *b;
	int fd;			/* of the new folder */
	int stop_fd;
	FILE *sums;
	char *buf;		/* STREAM_BUFFER */
	unsigned files;
};

static int
mind_stop(const struct writer *w, struct err *e)
{
	struct pollfd p = { .fd = w->stop_fd, .events = POLLIN };

	if (w->stop_fd != -1 && poll(&p, 1, 0) == 1)
		return err_set(e, ERR_CANCELLED, "interrupted");
	return 0;
}

/* --- sums -------------------------------------------------------------- */

/* As sha256sum(1) reads it. */
static void
put_sum(struct writer *w, const char *path, struct hasher *h)
{
	struct digest d;
	char hex[DIGEST_HEX_MAX];

	hasher_end(h, &d);
	fprintf(w->sums, "%s  %s\n", digest_hex(&d, hex), path);
}

/* Into ${to} as well, unless that is -1. */
static int
read_through(struct writer *w, int from, int to, struct hasher *h,
    struct err *e)
{
	off_t at = 0;
	ssize_t n;

	for (;;) {
		if (mind_stop(w, e) == -1)
			return -1;
		n = pread(from, w->buf, STREAM_BUFFER, at);
		if (n == -1)
			return err_sys(e, "cannot read");
		if (n == 0)
			return 0;
		hasher_add(h, w->buf, (size_t)n);
		if (to != -1 && fs_write(to, w->buf, (size_t)n, at) == -1)
			return err_sys(e, "cannot write");
		at += n;
	}
}

static int
create(struct writer *w, const char *path, struct err *e)
{
	int fd = openat(w->fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    0644);

	return fd != -1 ? fd : err_sys(e, "cannot create");
}

/* --- what make boot has left ------------------------------------------- */

/* The program of an architecture that nobody has asked for. */
static bool
is_left_out(const struct boot *b, const char *path)
{
	size_t i;

	if (strcmp(path, SUMS_FILE) == 0 || strcmp(path, SIGNATURE_FILE) == 0)
		return true;
	if (strncmp(path, "cdr-", 4) != 0)
		return false;
	for (i = 0; i < b->arch_count; i++)
		if (strcmp(path + 4, b->arches[i].name) == 0)
			return false;
	return true;
}

static int
copy_file(struct writer *w, const char *path, struct err *e)
{
	struct hasher *h = hasher_new(DIGEST_SHA256);
	int from = -1, to = -1;
	int rc = fs_open_file(w->b->source_fd, path, O_RDONLY, &from, e);

	if (rc == 0)
		rc = err_set(e, ERR_SYS, "it has gone");
	if (rc == 1)
		rc = to = create(w, path, e);
	if (rc != -1)
		rc = read_through(w, from, to, h, e);
	if (rc == 0)
		put_sum(w, path, h);
	hasher_free(h);
	if (from != -1)
		close(from);
	if (to != -1 && close(to) == -1 && rc == 0)
		rc = err_sys(e, "cannot write");
	return rc == -1 ? err_wrap(e, "%s", path) : 0;
}

/* What lies in the folder ${path}, "" for the first one. */
static int
copy_folder(struct writer *w, const char *path, unsigned depth, struct err *e)
{
	char **names, *full;
	size_t i, count;
	struct stat st;
	int rc;

	if (depth > BOOT_DEPTH_MAX)
		return err_set(e, ERR_LIMIT, "%s: too deep", path);
	rc = fs_list(w->b->source_fd, path[0] != '\0' ? path : ".", &names,
	    &count, e);
	if (rc != 1)
		return rc;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++) {
		full = path[0] != '\0' ? xasprintf("%s/%s", path, names[i]) :
		    xstrdup(names[i]);
		if (fstatat(w->b->source_fd, full, &st,
		    AT_SYMLINK_NOFOLLOW) == -1)
			rc = err_sys(e, "%s", full);
		else if (++w->files > BOOT_FILES_MAX ||
		    strchr(full, '\n') != NULL)
			rc = err_set(e, ERR_LIMIT, "%s has more than %u files, "
			    "or one with a name of two lines", w->b->source,
			    BOOT_FILES_MAX);
		else if (!S_ISDIR(st.st_mode))
			rc = is_left_out(w->b, full) ? 0 :
			    copy_file(w, full, e);
		else if (mkdirat(w->fd, full, 0755) == -1)
			rc = err_sys(e, "%s: cannot create", full);
		else
			rc = copy_folder(w, full, depth + 1, e);
		free(full);
	}
	fs_list_free(names, count);
	return rc;
}

/* --- the images -------------------------------------------------------- */

static int
write_images(struct writer *w, const struct boot_arch *arch, struct err *e)
{
	char *path = xasprintf("images-%s.tar", arch->name);
	struct hasher *h = hasher_new(DIGEST_SHA256);
	int fd = create(w, path, e);
	int rc = fd == -1 ? -1 : save_write(arch->images, fd, w->stop_fd, e);

	if (rc == 0)
		rc = read_through(w, fd, -1, h, e);
	if (rc == 0)
		put_sum(w, path, h);
	hasher_free(h);
	if (fd != -1 && close(fd) == -1 && rc == 0)
		rc = err_sys(e, "cannot write");
	if (rc == -1)
		err_wrap(e, "%s", path);
	free(path);
	return rc;
}

/* --- sums and signature ------------------------------------------------ */

static int
write_text(struct writer *w, const char *path, const char *text, size_t len,
    struct err *e)
{
	int fd = create(w, path, e), rc = 0;

	if (fd == -1)
		return err_wrap(e, "%s", path);
	if (fs_write(fd, text, len, 0) == -1)
		rc = err_sys(e, "%s", path);
	if (close(fd) == -1 && rc == 0)
		rc = err_sys(e, "%s", path);
	return rc;
}

static int
write_sums(struct writer *w, const char *text, size_t len, const char *key,
    struct err *e)
{
	char *signature;
	size_t signature_len;
	int rc;

	if (write_text(w, SUMS_FILE, text, len, e) == -1)
		return -1;
	if (key == NULL)
		return 0;
	if (bundle_sign(key, BOOT_NAMESPACE, text, len, &signature,
	    &signature_len, e) == -1)
		return -1;
	rc = write_text(w, SIGNATURE_FILE, signature, signature_len, e);
	free(signature);
	return rc;
}

static int
write_all(struct writer *w, const char *key, struct err *e)
{
	char *text = NULL;
	size_t len = 0, i;
	int rc;

	w->sums = xtext_open(&text, &len);
	rc = copy_folder(w, "", 0, e);
	for (i = 0; i < w->b->arch_count && rc == 0; i++)
		rc = write_images(w, &w->b->arches[i], e);
	xtext_close(w->sums);
	if (rc == 0)
		rc = write_sums(w, text, len, key, e);
	free(text);
	return rc;
}

/* --- its name ---------------------------------------------------------- */

static int
put_in_place(int dir, struct err *e)
{
	if (fs_remove(dir, OLD_FOLDER) == -1 && errno != ENOENT)
		return err_sys(e, OLD_FOLDER);
	if (renameat(dir, BOOT_FOLDER, dir, OLD_FOLDER) == -1 &&
	    errno != ENOENT)
		return err_sys(e, BOOT_FOLDER);
	if (renameat(dir, NEW_FOLDER, dir, BOOT_FOLDER) == -1)
		return err_sys(e, BOOT_FOLDER);
	if (fs_sync_dir(dir, ".", e) == -1)
		return -1;
	if (fs_remove(dir, OLD_FOLDER) == -1 && errno != ENOENT)
		return err_sys(e, OLD_FOLDER);
	return 0;
}

/* What "make boot" has left beside the programs is small. */
static int
check_room(const struct boot *b, int dir, struct err *e)
{
	struct statvfs vfs;
	uint64_t have;

	/* Some do not tell. */
	if (fstatvfs(dir, &vfs) == -1 || vfs.f_blocks == 0)
		return 0;
	have = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	if (boot_bytes(b) <= have)
		return 0;
	return err_set(e, ERR_ROOM, "it has %llu bytes, and there are %llu "
	    "free", (unsigned long long)boot_bytes(b),
	    (unsigned long long)have);
}

static int
write_in(struct writer *w, int dir, const char *key, struct err *e)
{
	int rc;

	if (fs_remove(dir, NEW_FOLDER) == -1 && errno != ENOENT)
		return err_sys(e, NEW_FOLDER);
	if (check_room(w->b, dir, e) == -1)
		return -1;
	if (mkdirat(dir, NEW_FOLDER, 0755) == -1)
		return err_sys(e, NEW_FOLDER);
	w->fd = fs_open(dir, NEW_FOLDER, O_RDONLY | O_DIRECTORY, 0);
	if (w->fd == -1)
		return err_sys(e, NEW_FOLDER);
	rc = write_all(w, key, e);
	close(w->fd);
	if (rc == 0)
		rc = fs_sync_tree(dir, NEW_FOLDER, e);
	if (rc == 0)
		rc = put_in_place(dir, e);
	if (rc == -1)
		(void)fs_remove(dir, NEW_FOLDER);
	return rc;
}

int
boot_write(const struct boot *b, const char *path, const char *key,
    int stop_fd, struct err *e)
{
	struct writer w = { .b = b, .stop_fd = stop_fd };
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (dir == -1)
		return err_sys(e, "%s", path);
	w.buf = xmalloc(STREAM_BUFFER);
	rc = write_in(&w, dir, key, e);
	free(w.buf);
	close(dir);
	return rc == -1 ? err_wrap(e, "%s/" BOOT_FOLDER, path) : 0;
}
