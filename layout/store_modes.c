/*
 * Modes of a tree, and what to do where it is not ours to set them: a volume
 * that several users of one group write to, one run after the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "store_internal.h"

/* Its group may write there, and that is meant: of a folder that all may write
 * to, the group is only where new files belong to it. */
static bool
is_shared(const struct stat *sb)
{
	return (sb->st_mode & S_IWGRP) != 0 &&
	    ((sb->st_mode & S_IWOTH) == 0 || (sb->st_mode & S_ISGID) != 0);
}

/* A ROOT that we have just made is as the volume is that it is on. */
void
store_modes_settle(struct store *st)
{
	struct stat sb, above;

	if (fstat(st->root, &sb) == -1)
		return;
	if (st->is_made && fstatat(st->root, "..", &above, 0) == 0 &&
	    above.st_uid != geteuid())
		sb = above;
	st->is_shared = is_shared(&sb);
	st->group = sb.st_gid;
	st->setgid = sb.st_mode & S_ISGID;
}

/* Who may not give a file to that group has no more to give. */
static void
give_to_group(const struct store *st, const char *path, gid_t have)
{
	if (st->is_shared && have != st->group)
		(void)!fchownat(st->root, path, (uid_t)-1, st->group,
		    AT_SYMLINK_NOFOLLOW);
}

int
store_modes_folder(const struct store *st, const char *path, bool is_private)
{
	mode_t want = is_private ? 0700 : 0755;
	struct stat sb;

	if (st->is_shared)
		want = (is_private ? 0770 : 0775) | st->setgid;
	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	/* Of an odd umask, an access list or a set-group-id folder. */
	give_to_group(st, path, sb.st_gid);
	if ((sb.st_mode & 07777) == want)
		return 0;
	return fchmodat(st->root, path, want, 0);
}

/* Not for readers, and for the next writer as well. */
void
store_modes_file(const struct store *st, int fd)
{
	struct stat sb;

	if (!st->is_shared || fstat(fd, &sb) == -1 ||
	    sb.st_uid != geteuid())
		return;
	if (sb.st_gid != st->group)
		(void)!fchown(fd, (uid_t)-1, st->group);
	(void)!fchmod(fd, 0660);
}

int
store_modes_readable(int fd)
{
	struct stat sb;

	if (fchmod(fd, 0444) == 0)
		return 0;
	return errno == EPERM && fstat(fd, &sb) == 0 &&
	    (sb.st_mode & 0444) == 0444 ? 0 : -1;
}

/* --- who may not ------------------------------------------------------- */

static int
tell_owner(const struct store *st, const char *path, struct err *e)
{
	struct stat sb;

	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "%s: cannot look at it", path);
	return err_set(e, ERR_STORE, "%s belongs to user %lu and group %lu, "
	    "mode %04o, and this is user %lu in group %lu: run it as that "
	    "user, or let a group of both write: chgrp -R GROUP %s; chmod -R "
	    "g+rwX %s", path[0] == '.' ? "it" : path,
	    (unsigned long)sb.st_uid, (unsigned long)sb.st_gid,
	    (unsigned)(sb.st_mode & 07777), (unsigned long)geteuid(),
	    (unsigned long)getegid(), st->path, st->path);
}

/* Where it is, whatever "/" are at its end. */
static char *
above_of(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len == 0 ? xstrdup(".") : xstrndup(path, len);
}

int
store_modes_tell_above(const char *path, struct err *e)
{
	char *above = above_of(path);
	unsigned long group = getegid();
	struct stat sb;

	if (stat(above, &sb) == -1)
		err_sys(e, "cannot make it");
	else
		err_set(e, ERR_STORE, "cannot make it: the folder %s belongs "
		    "to user %lu and group %lu, mode %04o, and this is user "
		    "%lu in group %lu: chgrp %lu %s; chmod g+rwx %s", above,
		    (unsigned long)sb.st_uid, (unsigned long)sb.st_gid,
		    (unsigned)(sb.st_mode & 07777), (unsigned long)geteuid(),
		    group, group, above, above);
	free(above);
	return -1;
}

bool
store_modes_suffice(const struct store *st, const char *path)
{
	return faccessat(st->root, path, R_OK | W_OK | X_OK, AT_EACCESS) == 0;
}

/* Looked at first: what fails later fails with fewer words.  What is not there
 * is made. */
int
store_modes_check(const struct store *st, struct err *e)
{
	static const struct {
		const char *path;
		int how;
	} needs[] = {
		{ ".", R_OK | W_OK | X_OK },
		{ "_state", R_OK | W_OK | X_OK },
		{ STORE_LOCK_FILE, R_OK | W_OK },
		{ STORE_PUBLISH_FILE, R_OK | W_OK },
		{ STORE_KEEP_FILE, R_OK | W_OK },
		{ "_state/tmp", R_OK | W_OK | X_OK },
		{ "_state/partial", R_OK | W_OK | X_OK },
		{ "blobs", R_OK | W_OK | X_OK },
		{ "blobs/sha256", R_OK | W_OK | X_OK },
		{ "blobs/sha512", R_OK | W_OK | X_OK },
		{ "manifests", R_OK | W_OK | X_OK },
		{ "repos", R_OK | W_OK | X_OK },
		{ "status", R_OK | W_OK | X_OK },
		{ "keep", R_OK | W_OK | X_OK },
	};
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (faccessat(st->root, needs[i].path, needs[i].how,
		    AT_EACCESS) == -1 && errno == EACCES)
			return tell_owner(st, needs[i].path, e);
	return 0;
}
