/* The folder that a bundle is written to: often a stick, with FAT. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bundle/export_internal.h"
#include "bundle/export_write.h"
#include "bundle/tarfile.h"
#include "layout/fsutil.h"
#include "layout/mem.h"

/* Hidden, and no name of a bundle begins so. */
#define TMP_PREFIX	"."
#define TMP_SUFFIX	".tmp"

/* statfs(2), and what a file of it can have. */
#define FAT_MAGIC	0x4d44
#define FAT_FILE_MAX	(((uint64_t)4 << 30) - 1)

char *
export_tmp(const char *name, char buf[EXPORT_TMP_MAX])
{
	snprintf(buf, EXPORT_TMP_MAX, TMP_PREFIX "%s" TMP_SUFFIX, name);
	return buf;
}

int
export_create(int dir, const char *name, struct err *e)
{
	char tmp[EXPORT_TMP_MAX];
	int fd;

	(void)unlinkat(dir, export_tmp(name, tmp), 0);
	fd = fs_open(dir, tmp, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd == -1)
		err_sys(e, "%s: cannot create", tmp);
	return fd;
}

/* --- the folder -------------------------------------------------------- */

static bool
is_left(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(TMP_PREFIX TMP_SUFFIX) &&
	    strncmp(name, TMP_PREFIX, strlen(TMP_PREFIX)) == 0 &&
	    strcmp(name + len - strlen(TMP_SUFFIX), TMP_SUFFIX) == 0 &&
	    strstr(name, BUNDLE_SUFFIX) != NULL;
}

/* STEM.cdr.001 or STEM.cdr.sig, where ${cookie} is STEM.cdr. */
static int
remove_named(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	const char *statement = cookie, *rest;
	size_t len = strlen(statement);

	(void)type;
	(void)e;
	if (strncmp(name, statement, len) != 0 || name[len] != '.')
		return 0;
	rest = name + len + 1;
	if (strcmp(rest, "sig") == 0 ||
	    strspn(rest, "0123456789") == strlen(rest))
		(void)unlinkat(fd, name, 0);
	return 0;
}

/* A statement is the last one to get its name: who died before it has left
 * parts of a bundle that nobody will ever have whole. */
static int
remove_left(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	static const char end[] = BUNDLE_SUFFIX TMP_SUFFIX;
	size_t len = strlen(name);
	struct stat sb;
	char *statement;

	(void)cookie;
	(void)type;
	if (!is_left(name))
		return 0;
	if (strcmp(name + len - strlen(end), end) == 0) {
		statement = xstrndup(name + strlen(TMP_PREFIX), len -
		    strlen(TMP_PREFIX TMP_SUFFIX));
		if (fstatat(fd, statement, &sb, AT_SYMLINK_NOFOLLOW) == -1 &&
		    errno == ENOENT)
			(void)fs_each(fd, ".", remove_named, statement, e);
		free(statement);
	}
	(void)unlinkat(fd, name, 0);
	return 0;
}

/* Who writes here has the folder's lock shared, so whoever gets it alone knows
 * that nobody will go on with what lies here. */
static void
clear_left(int dir)
{
	struct err ignored;

	if (flock(dir, LOCK_EX | LOCK_NB) == 0)
		(void)fs_each(dir, ".", remove_left, NULL, &ignored);
	(void)flock(dir, LOCK_SH | LOCK_NB);
}

int
export_folder(const char *path, int *ret, struct err *e)
{
	int dir;

	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		return err_sys(e, "%s: cannot make the folder", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return err_sys(e, "%s: cannot open the folder", path);
	clear_left(dir);
	*ret = dir;
	return 0;
}

/* --- names ------------------------------------------------------------- */

static int
write_small(const struct export_files *f, const char *name, const char *text,
    size_t len, struct err *e)
{
	int rc = 0, fd = export_create(f->dir, name, e);

	if (fd == -1)
		return -1;
	if (fs_write(fd, text, len, 0) == -1 || fsync(fd) == -1)
		rc = err_sys(e, "%s: cannot write", name);
	close(fd);
	return rc;
}

static int
check_free(const struct export_files *f, const char *name, struct err *e)
{
	struct stat sb;

	if (fstatat(f->dir, name, &sb, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno == ENOENT)
		return 0;
	return err_set(e, ERR_INPUT, "%s is there already: run it again, and "
	    "the bundle gets the next number", name);
}

static int
give_name(const struct export_files *f, const char *name, struct err *e)
{
	char tmp[EXPORT_TMP_MAX];

	if (renameat(f->dir, export_tmp(name, tmp), f->dir, name) == -1)
		return err_sys(e, "%s: cannot rename", name);
	return 0;
}

/* fn for each file, the statement as the last one.  Stops at -1. */
static int
each_file(const struct export_files *f, int (*fn)(const struct export_files *,
    const char *, struct err *), struct err *e)
{
	const struct statement *s = f->statement;
	char stem[BUNDLE_FILE_MAX + 1], *name;
	int rc = 0;
	size_t i;

	for (i = 0; i < f->parts->count && rc == 0; i++)
		rc = fn(f, f->parts->items[i].table.part, e);
	bundle_stem(s->from, s->to, s->seq, stem);
	if (rc == 0 && f->signature != NULL) {
		name = xasprintf("%s" BUNDLE_SIGNATURE_SUFFIX, stem);
		rc = fn(f, name, e);
		free(name);
	}
	if (rc == 0) {
		name = xasprintf("%s" BUNDLE_SUFFIX, stem);
		rc = fn(f, name, e);
		free(name);
	}
	return rc;
}

static int
write_if_text(const struct export_files *f, const char *name, struct err *e)
{
	size_t len = strlen(name);

	if (strcmp(name + len - strlen(BUNDLE_SUFFIX), BUNDLE_SUFFIX) == 0)
		return write_small(f, name, f->text, f->text_len, e);
	if (strcmp(name + len - strlen(BUNDLE_SIGNATURE_SUFFIX),
	    BUNDLE_SIGNATURE_SUFFIX) == 0)
		return write_small(f, name, f->signature, f->signature_len, e);
	return 0;
}

int
export_name(struct export_files *f, struct err *e)
{
	if (each_file(f, check_free, e) == -1 ||
	    each_file(f, write_if_text, e) == -1 ||
	    each_file(f, give_name, e) == -1)
		return -1;
	return fs_sync_dir(f->dir, ".", e);
}

static int
drop(const struct export_files *f, const char *name, struct err *e)
{
	char tmp[EXPORT_TMP_MAX];

	(void)e;
	(void)unlinkat(f->dir, export_tmp(name, tmp), 0);
	return 0;
}

void
export_drop(const struct export_files *f)
{
	struct err ignored;

	(void)each_file(f, drop, &ignored);
}

/* --- room -------------------------------------------------------------- */

static uint64_t
all_bytes(const struct export_files *f)
{
	uint64_t bytes = f->text_len + f->signature_len;
	size_t i;

	for (i = 0; i < f->parts->count; i++)
		bytes += f->parts->items[i].room;
	return bytes;
}

static int
check_fat(const struct export_files *f, struct err *e)
{
	struct statfs fs;
	size_t i;

	if (fstatfs(f->dir, &fs) == -1 || fs.f_type != FAT_MAGIC)
		return 0;
	for (i = 0; i < f->parts->count; i++)
		if (f->parts->items[i].room > FAT_FILE_MAX)
			return err_set(e, ERR_INPUT, "a part would have more "
			    "than 4 GiB, and FAT has no such files: use "
			    "--split 4G");
	return 0;
}

int
export_fits(const struct export_files *f, struct err *e)
{
	struct statvfs vfs;
	uint64_t need = all_bytes(f), have;

	if (each_file(f, check_free, e) == -1 || check_fat(f, e) == -1)
		return -1;
	/* Some do not tell. */
	if (fstatvfs(f->dir, &vfs) == -1 || vfs.f_blocks == 0)
		return 0;
	have = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	if (need <= have)
		return 0;
	return err_set(e, ERR_ROOM, "the bundle has %llu bytes, and there are "
	    "%llu free", (unsigned long long)need, (unsigned long long)have);
}
