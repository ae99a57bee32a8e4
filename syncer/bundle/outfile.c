#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bundle/outfile.h"
#include "layout/fsutil.h"
#include "layout/mem.h"

/* Not in POSIX; absent from old kernels and from some file systems. */
#ifdef __O_TMPFILE
#define NAMELESS	(__O_TMPFILE | O_DIRECTORY)
#else
#define NAMELESS	(-1)
#endif

struct outfile {
	char *path;			/* as given */
	const char *name;		/* its last component */
	char *tmp;			/* beside it */
	int dir, fd;
	bool has_tmp;			/* the file has that name */
};

static int
open_folder(struct outfile *o, struct err *e)
{
	char *folder = xstrndup(o->path, (size_t)(o->name - o->path));

	o->dir = open(folder[0] == '\0' ? "." : folder,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	return o->dir == -1 ? err_sys(e, "%s: cannot open its folder",
	    o->path) : 0;
}

/* By a rename a device would be gone. */
static int
check_place(const struct outfile *o, struct err *e)
{
	struct stat sb;

	if (o->name[0] == '\0' || strcmp(o->name, ".") == 0 ||
	    strcmp(o->name, "..") == 0)
		return err_set(e, ERR_INPUT, "%s: the name of a folder",
		    o->path);
	if (fstatat(o->dir, o->name, &sb, 0) == 0 && !S_ISREG(sb.st_mode))
		return err_set(e, ERR_INPUT, "%s: there is something that is "
		    "not a file", o->path);
	return 0;
}

static int
check_room(const struct outfile *o, uint64_t bytes, struct err *e)
{
	struct statvfs vfs;
	uint64_t have;

	if (fstatvfs(o->dir, &vfs) == -1)
		return 0;	/* it does not tell */
	have = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	if (have >= bytes)
		return 0;
	return err_set(e, ERR_ROOM, "%s: it will have %llu bytes, and its file "
	    "system has room for %llu", o->path, (unsigned long long)bytes,
	    (unsigned long long)have);
}

static int
open_file(struct outfile *o, struct err *e)
{
	if (NAMELESS != -1)
		o->fd = openat(o->dir, ".", NAMELESS | O_WRONLY | O_CLOEXEC,
		    0644);
	if (o->fd == -1) {
		o->fd = openat(o->dir, o->tmp, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0644);
		o->has_tmp = o->fd != -1;
	}
	return o->fd == -1 ? err_sys(e, "%s: cannot create", o->path) : 0;
}

int
outfile_open(const char *path, uint64_t bytes, struct outfile **ret,
    struct err *e)
{
	struct outfile *o = xcalloc(1, sizeof(*o));
	const char *slash;

	o->path = xstrdup(path);
	slash = strrchr(o->path, '/');
	o->name = slash == NULL ? o->path : slash + 1;
	o->tmp = xasprintf(".cdr-%ld.%.200s", (long)getpid(), o->name);
	o->dir = o->fd = -1;
	if (open_folder(o, e) == -1 || check_place(o, e) == -1 ||
	    check_room(o, bytes, e) == -1 || open_file(o, e) == -1) {
		outfile_drop(o);
		return -1;
	}
	*ret = o;
	return 0;
}

int
outfile_fd(const struct outfile *o)
{
	return o->fd;
}

/* A nameless file gets a name of its own first: no call gives it that of a file
 * which is there. */
static int
give_name(struct outfile *o, struct err *e)
{
	char self[64];

	if (!o->has_tmp) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", o->fd);
		if (linkat(AT_FDCWD, self, o->dir, o->tmp,
		    AT_SYMLINK_FOLLOW) == -1)
			return err_sys(e, "%s: cannot create", o->path);
		o->has_tmp = true;
	}
	if (check_place(o, e) == -1)
		return -1;
	if (renameat(o->dir, o->tmp, o->dir, o->name) == -1)
		return err_sys(e, "%s: cannot create", o->path);
	o->has_tmp = false;
	return fs_sync_dir(o->dir, ".", e);
}

int
outfile_finish(struct outfile *o, struct err *e)
{
	int rc = fsync(o->fd);

	if (rc == -1)
		err_sys(e, "%s: cannot write", o->path);
	if (rc == 0)
		rc = give_name(o, e);
	outfile_drop(o);
	return rc;
}

void
outfile_drop(struct outfile *o)
{
	if (o == NULL)
		return;
	if (o->has_tmp)
		(void)unlinkat(o->dir, o->tmp, 0);
	if (o->fd != -1)
		close(o->fd);
	if (o->dir != -1)
		close(o->dir);
	free(o->tmp);
	free(o->path);
	free(o);
}
