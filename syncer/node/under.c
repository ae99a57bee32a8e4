/*
 * Files below a root folder that is not trusted: node-config runs as root,
 * and --prefix may be a tree that others can write to.  No link is followed,
 * at no component.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/under.h"

#define COMPONENT_MAX	256u
#define SUFFIX		".cdr-new"

/* The root itself may be reached by a link: it is what the person has named. */
int
under_open(const char *prefix, int *ret, struct err *e)
{
	int fd = open(prefix, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return err_sys(e, "%s", prefix);
	*ret = fd;
	return 0;
}

/* What openat says of a link, in words. */
static int
cannot(struct err *e, const char *path)
{
	if (errno == ELOOP)
		return err_set(e, ERR_INPUT, "/%s: its path has a symbolic "
		    "link, which cdr does not follow: change the file that it "
		    "leads to by hand", path);
	return err_sys(e, "/%s", path);
}

/* An O_NOFOLLOW of a folder says ENOTDIR, not ELOOP, of a link. */
static int
open_dir(int at, const char *name)
{
	struct stat sb;
	int fd;

	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 && errno == ENOTDIR) {
		if (fstatat(at, name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISLNK(sb.st_mode))
			errno = ELOOP;
		else
			errno = ENOTDIR;
	}
	return fd;
}

/*
 * Open the folder that ${path}'s last component is in.  Return a descriptor and
 * the component; or -1 with errno set, and the component that could not be
 * passed.  With ${make}, absent ones are made.
 */
static int
open_parent(int root, const char *path, bool make, const char **ret_name)
{
	char part[COMPONENT_MAX];
	const char *slash;
	int fd = dup(root), next, saved;

	for (; fd != -1 && (slash = strchr(path, '/')) != NULL;
	    path = slash + 1) {
		*ret_name = path;
		if ((size_t)(slash - path) >= sizeof(part)) {
			close(fd);
			errno = ENAMETOOLONG;
			return -1;
		}
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		next = open_dir(fd, part);
		if (next == -1 && errno == ENOENT && make &&
		    mkdirat(fd, part, 0755) == 0) {
			(void)fsync(fd);
			next = open_dir(fd, part);
		}
		saved = errno;
		close(fd);
		errno = saved;
		fd = next;
	}
	*ret_name = fd != -1 ? path : *ret_name;
	return fd;
}

static int
parent(int root, const char *path, const char **ret_name)
{
	*ret_name = path;
	return open_parent(root, path, false, ret_name);
}

/* "No such file" and "no such folder" are the same here: absent. */
int
under_read(int root, const char *path, char **ret, struct stat *st,
    struct err *e)
{
	const char *name;
	struct stat sb;
	size_t len;
	char *text;
	int dir = parent(root, path, &name), fd, rc;

	if (dir == -1)
		return errno == ENOENT ? 0 : cannot(e, path);
	/* Not blocking: it may be a pipe. */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1) {
		rc = errno == ENOENT ? 0 : cannot(e, path);
		close(dir);
		return rc;
	}
	close(dir);
	if (fstat(fd, &sb) == -1)
		rc = err_sys(e, "/%s", path);
	else if (!S_ISREG(sb.st_mode))
		rc = err_set(e, ERR_INPUT, "/%s: not a regular file", path);
	else
		rc = fs_read_all(fd, NODE_FILE_BYTES_MAX, &text, &len, e);
	close(fd);
	if (rc == -1)
		return err_wrap(e, "reading");
	if (strlen(text) != len) {
		free(text);
		return err_set(e, ERR_INPUT, "/%s: not a text file", path);
	}
	if (st != NULL)
		*st = sb;
	*ret = text;
	return 1;
}

/* The folder that is missing, and those below it. */
int
under_missing_dirs(int root, const char *path, void (*fn)(void *, const char *),
    void *cookie, struct err *e)
{
	const char *name, *slash;
	char *dir;
	int fd = parent(root, path, &name);

	if (fd != -1) {
		close(fd);
		return 0;
	}
	if (errno != ENOENT)
		return cannot(e, path);
	for (; (slash = strchr(name, '/')) != NULL; name = slash + 1) {
		dir = xstrndup(path, (size_t)(slash - path));
		fn(cookie, dir);
		free(dir);
	}
	return 0;
}

int
under_make_dirs(int root, const char *path, struct err *e)
{
	const char *name = path;
	int fd = open_parent(root, path, true, &name);

	if (fd == -1)
		return cannot(e, path);
	close(fd);
	return 0;
}

/* Owner and mode of the file that it takes the place of, before it
 * has its name. */
static int
fill(int fd, const char *text, const struct stat *like, mode_t mode)
{
	if (fs_write(fd, text, strlen(text), 0) == -1)
		return -1;
	if (like != NULL && fchown(fd, like->st_uid, like->st_gid) == -1)
		return -1;
	if (fchmod(fd, like != NULL ? like->st_mode & 07777 : mode) == -1)
		return -1;
	return fsync(fd);
}

/* By rename, with both synced: a client that starts after a power cut finds the
 * old file or the new one. */
int
under_write(int root, const char *path, const char *text,
    const struct stat *like, mode_t mode, struct err *e)
{
	const char *name;
	char *tmp;
	int dir = parent(root, path, &name), fd, rc = 0;

	if (dir == -1)
		return cannot(e, path);
	tmp = xasprintf(".%s" SUFFIX, name);
	/* One that a killed run left. */
	(void)unlinkat(dir, tmp, 0);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 || fill(fd, text, like, mode) == -1 ||
	    renameat(dir, tmp, dir, name) == -1 || fsync(dir) == -1) {
		rc = err_sys(e, "/%s: cannot be written", path);
		(void)unlinkat(dir, tmp, 0);
	}
	if (fd != -1)
		close(fd);
	close(dir);
	free(tmp);
	return rc;
}

/* Both names are in one folder. */
static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* A second name costs no copy, and keeps owner, mode and times. */
int
under_link(int root, const char *from, const char *to, struct err *e)
{
	const char *name;
	int dir = parent(root, from, &name), rc = 0;

	if (dir == -1)
		return cannot(e, from);
	if (linkat(dir, name, dir, last_part(to), 0) == -1 || fsync(dir) == -1)
		rc = err_sys(e, "/%s: cannot be kept as /%s", from, to);
	close(dir);
	return rc;
}

/* Back to the first name: the file, its owner and its times are the ones
 * that were there. */
int
under_rename(int root, const char *from, const char *to, struct err *e)
{
	const char *name;
	int dir = parent(root, from, &name), rc = 0;

	if (dir == -1)
		return cannot(e, from);
	/* Of two names of one file rename(2) leaves both. */
	if (renameat(dir, name, dir, last_part(to)) == -1 ||
	    (unlinkat(dir, name, 0) == -1 && errno != ENOENT) ||
	    fsync(dir) == -1)
		rc = err_sys(e, "/%s: cannot be put back as /%s", from, to);
	close(dir);
	return rc;
}

/* A file that is gone already is no error. */
int
under_remove(int root, const char *path, struct err *e)
{
	const char *name;
	int dir = parent(root, path, &name), rc = 0;

	if (dir == -1)
		return errno == ENOENT ? 0 : cannot(e, path);
	if (unlinkat(dir, name, 0) == -1 ? errno != ENOENT : fsync(dir) == -1)
		rc = err_sys(e, "/%s: cannot be removed", path);
	close(dir);
	return rc;
}

/* Of a run that was killed between making the file and naming it. */
void
under_remove_rest(int root, const char *path)
{
	const char *name;
	char *tmp;
	int dir = parent(root, path, &name);

	if (dir == -1)
		return;
	tmp = xasprintf(".%s" SUFFIX, name);
	(void)unlinkat(dir, tmp, 0);
	free(tmp);
	close(dir);
}

/* What is not empty stays, without a word: somebody else is in there. */
int
under_remove_dir(int root, const char *path)
{
	const char *name;
	int dir = parent(root, path, &name), rc;

	if (dir == -1)
		return errno == ENOENT ? 0 : -1;
	rc = unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
	(void)fsync(dir);
	close(dir);
	return rc;
}

/* "/." makes the folder itself the parent, so that no link is followed
 * there either. */
int
under_list(int root, const char *path, char ***ret, size_t *count,
    struct err *e)
{
	char *below = xasprintf("%s/.", path);
	const char *name;
	int dir = parent(root, below, &name), rc;

	free(below);
	if (dir == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
		    cannot(e, path);
	rc = fs_list(dir, ".", ret, count, e);
	close(dir);
	return rc;
}
