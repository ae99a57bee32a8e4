/* Opening a tree: whether it is one, whose, and what a writer before this one
 * has left undone. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "mem.h"
#include "store_internal.h"

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
	if (fstatat(st->root, STORE_LOCK_FILE, &sb, AT_SYMLINK_NOFOLLOW) == 0)
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
		"keep",
	};
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (store_make_dirs(st, dirs[i], e) == -1)
			return -1;
	return store_sync_dirs(st, e);
}

/* The folder of a volume may belong to somebody else, if only we may write into
 * it and readers get in: all of them, or those of the group that shares it. */
static int
open_to_readers(const struct store *st, struct err *e)
{
	mode_t need = st->is_shared ? 0550 : 0555;
	struct stat sb;

	if (store_modes_folder(st, ".", false) == 0)
		return 0;
	if (errno == EPERM && fstat(st->root, &sb) == 0 &&
	    (sb.st_mode & need) == need)
		return 0;
	return err_sys(e, "cannot set the mode");
}

static int
write_version(struct store *st, struct err *e)
{
	if (store_write_file(st, STORE_VERSION_FILE, STORE_VERSION_TEXT,
	    strlen(STORE_VERSION_TEXT), e) == -1 ||
	    store_sync_dirs(st, e) == -1)
		return -1;
	st->version = 2;
	return 0;
}

/* The version file goes last, so that a tree whose making was cut short is made
 * again, and no reader takes it for whole. */
static int
create_tree(struct store *st, struct err *e)
{
	int above;

	if (prove_file_system(st, e) == -1 || open_to_readers(st, e) == -1)
		return -1;
	/* ROOT's own name; the folder above need not be ours to read. */
	above = openat(st->root, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above != -1) {
		(void)fsync(above);
		close(above);
	}
	if (make_folders(st, e) == -1 ||
	    store_write_file(st, "oci-layout", oci_layout,
	    sizeof(oci_layout) - 1, e) == -1 ||
	    store_write_file(st, "index.json", empty_index,
	    sizeof(empty_index) - 1, e) == -1 ||
	    store_write_file(st, "catalog.json", empty_catalog,
	    sizeof(empty_catalog) - 1, e) == -1 ||
	    store_sync_dirs(st, e) == -1)
		return -1;
	return write_version(st, e);
}

/* One that is there: of version 1 from today on of version 2, which has more in
 * it, and nothing else. */
static int
keep_tree(struct store *st, struct err *e)
{
	if (make_folders(st, e) == -1)
		return -1;
	return st->version == 1 ? write_version(st, e) : 0;
}

int
store_check_version(struct store *st, struct err *e)
{
	char *text;
	size_t len;
	int rc;

	st->version = 0;
	rc = fs_read_file(st->root, STORE_VERSION_FILE, 64, &text, &len, e);
	if (rc != 1)
		return rc;
	rc = 0;
	if (strcmp(text, "1\n") == 0)
		st->version = 1;
	else if (strcmp(text, STORE_VERSION_TEXT) == 0)
		st->version = 2;
	else
		rc = err_set(e, ERR_STORE, "the tree has layout version %.*s, "
		    "this program knows versions 1 and 2: use a newer cdr",
		    (int)strcspn(text, "\n"), text);
	free(text);
	return rc;
}

/* What a writer that died left behind: nothing in tmp has a name yet. */
static int
sweep(struct store *st, const char *dir, struct err *e)
{
	char path[STORE_PATH_MAX];
	char **names;
	size_t i, count;
	int rc;

	rc = fs_list(st->root, dir, &names, &count, e);
	if (rc != 1)
		return rc;
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)fs_remove(st->root, path);
	}
	fs_list_free(names, count);
	return 0;
}

/* What a run leaves to the next is a file, or it is of no use. */
static bool
clear_planted(struct store *st, const char *path)
{
	struct stat sb;

	return fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(sb.st_mode) && fs_remove(st->root, path) == 0;
}

/* Whoever makes a step has its files there, and the lock as long as it has
 * any. */
static int
sweep_tmp(struct store *st, struct err *e)
{
	int rc;

	if (store_make_private(st, "_state/tmp", e) == -1 ||
	    store_lock_publish(st, e) == -1)
		return -1;
	rc = sweep(st, "_state/tmp", e);
	store_unlock_publish(st);
	return rc;
}

static int
clean_up(struct store *st, struct err *e)
{
	if (sweep_tmp(st, e) == -1 ||
	    store_make_private(st, "_state/partial", e) == -1)
		return -1;
	(void)clear_planted(st, "_state/quota.json");
	(void)clear_planted(st, "_state/created");
	(void)clear_planted(st, "_state/notify");
	/* The lists may be behind, whoever says so. */
	if (clear_planted(st, STORE_DIRTY_FILE) &&
	    store_write_file(st, STORE_DIRTY_FILE, "", 0, e) == -1)
		return -1;
	if (store_sweep_partials(st, e) == -1)
		return -1;
	store_reserve_make(st);
	return store_join_partials(st, e);
}

/* Nothing is made before it is certain that the folder is ours, and nothing but
 * the lock before we have the lock. */
static int
open_for_writing(struct store *st, const struct store_patience *patience,
    struct err *e)
{
	int rc;

	st->is_brief = patience->is_brief;
	store_modes_settle(st);
	if (store_check_version(st, e) == -1 ||
	    (st->version == 0 && refuse_foreign_data(st, e) == -1) ||
	    store_modes_check(st, e) == -1)
		return -1;
	rc = store_take_locks(st, patience, e);
	if (rc != 0)
		return rc;
	/* Another one may have made the tree, or a newer one, since we
	 * looked. */
	if (store_check_version(st, e) == -1 || store_recover(st, e) == -1)
		return -1;
	store_read_mark(st);
	if (clean_up(st, e) == -1)
		return -1;
	return st->version == 0 ? create_tree(st, e) : keep_tree(st, e);
}

static int
open_for_reading(struct store *st, struct err *e)
{
	if (store_check_version(st, e) == -1)
		return -1;
	if (st->version == 0)
		return err_set(e, ERR_STORE, "not a CDR tree: it has no file "
		    STORE_VERSION_FILE "; \"cdr sync\" makes one");
	return 0;
}

/* Why it is not there says more than that it is not. */
static int
open_root(struct store *st, const char *path, enum store_mode mode,
    struct err *e)
{
	int num = 0;

	if (mode == STORE_WRITE && mkdir(path, 0755) == 0)
		st->is_made = true;
	else if (mode == STORE_WRITE)
		num = errno;
	st->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st->root != -1) {
		st->can_sync_all = fs_can_sync_all(st->root);
		return 0;
	}
	if (errno == ENOENT && num == 0)
		return err_set(e, ERR_STORE, "there is no such folder; -r or "
		    "$CDR_ROOT says where the tree is, and \"cdr sync\" makes "
		    "one");
	if (errno != ENOENT)
		return err_sys(e, "cannot open");
	if (num == EACCES)
		return store_modes_tell_above(path, e);
	if (num == ENOENT)
		return err_set(e, ERR_STORE, "the folder that it would be made "
		    "in is not there: make that first, or give another one "
		    "with -r");
	errno = num;
	return err_sys(e, "cannot open");
}

/* A reader makes and changes nothing; it may have no right to. */
static int
open_tree(const char *path, enum store_mode mode,
    const struct store_patience *patience, struct store **ret, struct err *e)
{
	struct store *st = xcalloc(1, sizeof(*st));
	int rc;

	st->path = xstrdup(path);
	st->lock = st->publish = st->keep = -1;
	pthread_mutex_init(&st->partials_lock, NULL);
	rc = open_root(st, path, mode, e);
	if (rc == 0)
		rc = mode == STORE_WRITE ? open_for_writing(st, patience, e) :
		    mode == STORE_STEP ? store_open_steps(st, e) :
		    open_for_reading(st, e);
	if (rc != 0) {
		err_wrap(e, "%s", path);
		store_close(st);
		fail(e);
		return rc;
	}
	*ret = st;
	return 0;
}

int
store_open_patient(const char *path, const struct store_patience *patience,
    struct store **ret, struct err *e)
{
	return open_tree(path, STORE_WRITE, patience, ret, e);
}

int
store_open(const char *path, enum store_mode mode, struct store **ret,
    struct err *e)
{
	static const struct store_patience none = { .stop_fd = -1 };

	return open_tree(path, mode, &none, ret, e) == 0 ? 0 : -1;
}

void
store_close(struct store *st)
{
	size_t i;

	if (st == NULL)
		return;
	store_leave_locks(st);
	for (i = 0; i < st->dirs.count; i++)
		free(st->dirs.paths[i]);
	free(st->dirs.paths);
	store_drop_files(st);
	free(st->pending.files);
	free(st->changed.names);
	free(st->walked.names);
	if (st->root != -1)
		close(st->root);
	assert(st->partials == NULL);
	pthread_mutex_destroy(&st->partials_lock);
	free(st->path);
	free(st);
}
