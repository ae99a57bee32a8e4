/* Opening a tree: whether it is one, whose, and what a writer before this one
 * has left undone. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fsutil.h"
#include "mem.h"
#include "store_internal.h"

/* A blob that nobody has gone on with for so long is not wanted any more. */
#define PARTIAL_AGE_MAX_S	(14 * 24 * 3600)

static const char oci_layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char empty_index[] =
    "{\"schemaVersion\":2,"
    "\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
    "\"manifests\":[]}\n";
static const char empty_catalog[] = "{\"repositories\":[]}\n";

/* Every failure to open is one of the store, whatever errno said. */
static int
fail(struct err *e)
{
	e->code = ERR_STORE;
	return -1;
}

/* _state is for writers alone: partial blobs have not been judged yet. */
static int
make_private_dir(struct store *st, const char *path, struct err *e)
{
	if (mkdirat(st->root, path, 0700) == -1 && errno != EEXIST)
		return err_sys(e, "%s: cannot make the directory", path);
	if (fchmodat(st->root, path, 0700, 0) == -1)
		return err_sys(e, "%s: cannot set the mode", path);
	return 0;
}

/*
 * What the tree needs of a file system, tried where it will be needed: ":" in
 * names, case that counts, links, a rename over a link, modes.
 */
static int
prove_file_system(struct store *st, struct err *e)
{
	static const char one[] = "_state/tmp/sha256:a";
	static const char two[] = "_state/tmp/sha256:A";
	struct stat sb;
	int rc = 0;

	if (symlinkat("x", st->root, one) == -1)
		return err_sys(e, "the file system cannot hold a symbolic link "
		    "named \"sha256:a\", and the tree needs such links");
	if (fstatat(st->root, two, &sb, AT_SYMLINK_NOFOLLOW) == 0)
		rc = err_set(e, ERR_STORE, "the file system does not "
		    "distinguish upper and lower case, but tags do");
	else if (symlinkat("y", st->root, two) == -1 ||
	    renameat(st->root, two, st->root, one) == -1)
		rc = err_sys(e, "the file system cannot rename one symbolic "
		    "link over another, which is how a tag moves");
	unlinkat(st->root, one, 0);
	unlinkat(st->root, two, 0);
	return rc;
}

/* The very first thing that is made of a tree. */
static bool
is_empty_state(const struct store *st, const char *name)
{
	struct err ignored;
	char **names;
	size_t count;

	if (strcmp(name, "_state") != 0 ||
	    fs_list(st->root, name, &names, &count, &ignored) != 1)
		return false;
	fs_list_free(names, count);
	return count == 0;
}

/*
 * A volume's own folder may hold lost+found; anything else in a folder that is
 * not a tree of ours is somebody's data.
 */
static int
refuse_foreign_data(struct store *st, struct err *e)
{
	char **names;
	size_t i, count;
	struct stat sb;
	int rc = 0;

	/* A tree whose making was cut short is ours. */
	if (fstatat(st->root, "_state/lock", &sb, 0) == 0)
		return 0;
	if (fs_list(st->root, ".", &names, &count, e) != 1)
		return -1;
	for (i = 0; i < count && rc == 0; i++)
		if (strcmp(names[i], "lost+found") != 0 &&
		    !is_empty_state(st, names[i]))
			rc = err_set(e, ERR_STORE, "the directory is neither "
			    "empty nor a CDR tree (it has \"%s\"); name "
			    "another one", names[i]);
	fs_list_free(names, count);
	return rc;
}

/* Also in a tree that is there: some ways to copy one leave out empty
 * folders. */
static int
make_folders(struct store *st, struct err *e)
{
	static const char *const dirs[] = {
		"blobs/sha256", "blobs/sha512", "manifests", "repos", "status",
	};
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (store_make_dirs(st, dirs[i], e) == -1)
			return -1;
	return store_sync_dirs(st, e);
}

/* The folder of a volume may belong to somebody else, if only we may write into
 * it and readers get in. */
static int
open_to_readers(const struct store *st, struct err *e)
{
	struct stat sb;

	if (fchmod(st->root, 0755) == 0)
		return 0;
	if (errno == EPERM && fstat(st->root, &sb) == 0 &&
	    (sb.st_mode & 0555) == 0555)
		return 0;
	return err_sys(e, "cannot set the mode");
}

/* The version file goes last, so that a tree whose making was cut short is made
 * again, and no reader takes it for whole. */
static int
create_tree(struct store *st, struct err *e)
{
	struct err ignored;

	if (prove_file_system(st, e) == -1 || open_to_readers(st, e) == -1)
		return -1;
	/* ROOT's own name; the folder above need not be ours to read. */
	(void)fs_sync_dir(st->root, "..", &ignored);
	if (make_folders(st, e) == -1 ||
	    store_write_file(st, "oci-layout", oci_layout,
	    sizeof(oci_layout) - 1, e) == -1 ||
	    store_write_file(st, "index.json", empty_index,
	    sizeof(empty_index) - 1, e) == -1 ||
	    store_write_file(st, "catalog.json", empty_catalog,
	    sizeof(empty_catalog) - 1, e) == -1 ||
	    store_sync_dirs(st, e) == -1)
		return -1;
	if (store_write_file(st, STORE_VERSION_FILE, STORE_VERSION_TEXT,
	    strlen(STORE_VERSION_TEXT), e) == -1)
		return -1;
	return store_sync_dirs(st, e);
}

/* Return 1 if ROOT is a tree of a version that we know, 0 if it is none. */
static int
check_version(const struct store *st, struct err *e)
{
	char *text;
	size_t len;
	int rc;

	rc = fs_read_file(st->root, STORE_VERSION_FILE, 64, &text, &len, e);
	if (rc != 1)
		return rc;
	if (strcmp(text, STORE_VERSION_TEXT) != 0)
		rc = err_set(e, ERR_STORE, "the tree has layout version %.*s, "
		    "this program knows version 1: use a newer cdr",
		    (int)strcspn(text, "\n"), text);
	free(text);
	return rc;
}

/* flock(2), which the kernel takes back however a process ends; the number in
 * the file is for the message, and tells whether the last writer ended well. */
static int
take_lock(struct store *st, struct err *e)
{
	char holder[32];
	ssize_t n;
	int len;
	bool died;

	st->lock = openat(st->root, "_state/lock",
	    O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (st->lock == -1)
		return err_sys(e, "_state/lock: cannot open");
	if (flock(st->lock, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK)
			return err_sys(e, "the file system has no file locks");
		n = pread(st->lock, holder, sizeof(holder) - 1, 0);
		holder[n > 0 ? n : 0] = '\0';
		return err_set(e, ERR_STORE, "another cdr is writing to this "
		    "tree (process %s); try again when it has ended",
		    n > 0 ? holder : "unknown");
	}
	died = pread(st->lock, holder, 1, 0) == 1;
	len = snprintf(holder, sizeof(holder), "%ld", (long)getpid());
	if (ftruncate(st->lock, 0) == -1 ||
	    fs_write(st->lock, holder, (size_t)len, 0) == -1)
		return err_sys(e, "_state/lock: cannot write");
	/* A writer empties the file when it ends well.  One that died may have
	 * given names that are not durable, and which we build upon. */
	return died ? fs_sync_all(st->root, e) : 0;
}

/* With folders that are not synced the number stays, and the next
 * writer syncs them. */
static void
leave_lock(struct store *st)
{
	assert(st->lock != -1);
	if (st->dirs.count == 0 && !st->unsynced)
		(void)!ftruncate(st->lock, 0);
	close(st->lock);
}

/*
 * What a writer that died left behind: nothing in tmp has a name yet.  A clock
 * may have been wrong then, so ${older_than} 0 takes all.
 */
static int
sweep(struct store *st, const char *dir, time_t older_than, struct err *e)
{
	char path[STORE_PATH_MAX];
	char **names;
	size_t i, count;
	struct stat sb;
	int rc;

	rc = fs_list(st->root, dir, &names, &count, e);
	if (rc != 1)
		return rc;
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (older_than == 0 || sb.st_mtime <= older_than))
			unlinkat(st->root, path, 0);
	}
	fs_list_free(names, count);
	return 0;
}

/* Nothing is made before it is certain that the folder is ours, and nothing but
 * the lock before we have the lock. */
static int
open_for_writing(struct store *st, struct err *e)
{
	struct stat sb;
	time_t now = time(NULL);
	int known = check_version(st, e);

	if (known == -1 || (known == 0 && refuse_foreign_data(st, e) == -1))
		return -1;
	if (make_private_dir(st, "_state", e) == -1 ||
	    take_lock(st, e) == -1)
		return -1;
	/* Another one may have made the tree since we looked. */
	if (known == 0 && (known = check_version(st, e)) == -1)
		return -1;
	if (make_private_dir(st, "_state/tmp", e) == -1 ||
	    make_private_dir(st, "_state/partial", e) == -1 ||
	    sweep(st, "_state/tmp", 0, e) == -1 ||
	    sweep(st, "_state/partial", now - PARTIAL_AGE_MAX_S, e) == -1 ||
	    store_join_partials(st, e) == -1)
		return -1;
	if ((known == 0 ? create_tree(st, e) : make_folders(st, e)) == -1)
		return -1;
	st->index_stale = fstatat(st->root, STORE_DIRTY_FILE, &sb, 0) == 0;
	st->index_inherited = st->index_stale;
	return 0;
}

static int
open_for_reading(const struct store *st, struct err *e)
{
	int known = check_version(st, e);

	if (known == 0)
		return err_set(e, ERR_STORE, "not a CDR tree: it has no file "
		    STORE_VERSION_FILE "; \"cdr sync\" makes one");
	return known == 1 ? 0 : -1;
}

/* A reader makes and changes nothing; it may have no right to. */
int
store_open(const char *path, enum store_mode mode, struct store **ret,
    struct err *e)
{
	struct store *st = xcalloc(1, sizeof(*st));
	int rc;

	st->path = xstrdup(path);
	st->lock = -1;
	pthread_mutex_init(&st->partials_lock, NULL);
	if (mode == STORE_WRITE)
		(void)mkdir(path, 0755);	/* open tells what is wrong */
	st->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	st->can_sync_all = st->root != -1 && fs_can_sync_all(st->root);
	if (st->root == -1)
		rc = err_sys(e, "cannot open");
	else if (mode == STORE_WRITE)
		rc = open_for_writing(st, e);
	else
		rc = open_for_reading(st, e);
	if (rc == -1) {
		err_wrap(e, "%s", path);
		store_close(st);
		return fail(e);
	}
	*ret = st;
	return 0;
}

void
store_close(struct store *st)
{
	size_t i;

	if (st == NULL)
		return;
	if (st->lock != -1)
		leave_lock(st);
	for (i = 0; i < st->dirs.count; i++)
		free(st->dirs.paths[i]);
	free(st->dirs.paths);
	store_drop_files(st);
	free(st->pending.files);
	if (st->root != -1)
		close(st->root);
	assert(st->partials == NULL);
	pthread_mutex_destroy(&st->partials_lock);
	free(st->path);
	free(st);
}
