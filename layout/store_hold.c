/* Tags that are held: whoever has set one back does not want the next run to
 * set it forth again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "store_internal.h"
#include "tag_history.h"

static char *
path_held(const char *registry, const char *repository, const char *tag,
    char buf[STORE_PATH_MAX])
{
	char inner[TAG_MAX + 16];

	snprintf(inner, sizeof(inner), "_held/%s", tag);
	return path_repository(registry, repository, inner, buf);
}

/* One that cannot be read is an error, and no tag moves: a hold that is taken
 * for none would be undone without a word. */
int
store_held_get(const struct store *st, const char *registry,
    const char *repository, const char *tag, struct digest *ret,
    struct err *e)
{
	char path[STORE_PATH_MAX], *text;
	size_t len;
	int rc;

	path_held(registry, repository, tag, path);
	rc = fs_read_file(st->root, path, HELD_BYTES_MAX, &text, &len, e);
	if (rc != 1)
		return rc;
	if (!tag_hold_parse(text, ret))
		rc = err_set(e, ERR_DATA, "%s: it does not say at which digest "
		    "the tag is held", path);
	free(text);
	return rc;
}

/* Whoever made it may have died before that was durable: the folder and its own
 * name are synced by whoever relies on it. */
void
store_touch_hold(struct store *st, const char *registry,
    const char *repository)
{
	char path[STORE_PATH_MAX], parent[STORE_PATH_MAX];

	path_repository(registry, repository, "_held", path);
	store_touch_dir(st, path);
	store_touch_dir(st, path_parent(path, parent));
}

int
store_hold(struct store *st, const char *registry, const char *repository,
    const char *tag, const struct digest *at, struct err *e)
{
	char path[STORE_PATH_MAX], text[DIGEST_TEXT_MAX], now[STORE_TIME_MAX];
	struct store_file f;

	if (store_make_dirs(st, path_repository(registry, repository, "_held",
	    path), e) == -1)
		return -1;
	store_touch_hold(st, registry, repository);
	if (store_file_open(st, path_held(registry, repository, tag, path), &f,
	    e) == -1)
		return -1;
	fprintf(f.stream, "%s %s\n", store_now(now), digest_text(at, text));
	return store_file_defer(&f, e);
}

/* Return 1, 0 if there is none, -1.  What lies in its place is followed by
 * nobody. */
static int
open_folder(const struct store *st, const char *path, int *ret, struct err *e)
{
	int fd = fs_open(st->root, path, O_RDONLY | O_DIRECTORY, 0);

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1 && (errno == ENOTDIR || errno == ELOOP))
		return err_set(e, ERR_DATA, "%s: not a directory", path);
	if (fd == -1)
		return err_sys(e, "%s: cannot open", path);
	*ret = fd;
	return 1;
}

/* A hold that came before its tag, when somebody died: the history says where
 * the tag is, again. */
static int
settle_history(struct store *st, const char *registry, const char *repository,
    const char *tag, struct err *e)
{
	struct manifest_id id = { .media_type = "" };
	char path[STORE_PATH_MAX];
	int rc;

	rc = store_reference_get(st, registry, repository, tag, &id, e);
	if (rc != 1)
		return rc;
	if (store_make_dirs(st, path_repository(registry, repository,
	    "_history", path), e) == -1 ||
	    store_add_history(st, registry, repository, tag, &id.digest,
	    false, e) == -1 || store_settle_files(st, e) == -1)
		return -1;
	return store_sync_dirs(st, e);
}

/* Also where the hold has gone its folder is synced: whoever took it away may
 * have died then. */
static int
let_go(struct store *st, const char *registry, const char *repository,
    const char *tag, struct err *e)
{
	char path[STORE_PATH_MAX];
	struct stat sb;
	int fd = -1, rc;

	path_repository(registry, repository, "_held", path);
	rc = open_folder(st, path, &fd, e);
	if (rc != 1)
		return rc;
	if (fstatat(fd, tag, &sb, AT_SYMLINK_NOFOLLOW) == 0) {
		if (store_new_generation(st, e) == -1 ||
		    settle_history(st, registry, repository, tag, e) == -1)
			rc = -1;
		else if (fs_remove(fd, tag) == -1)
			rc = err_sys(e, "%s/%s: cannot remove", path, tag);
	} else {
		rc = errno == ENOENT ? 0 : err_sys(e,
		    "%s/%s: cannot look at it", path, tag);
	}
	close(fd);
	store_touch_dir(st, path);
	return rc;
}

int
store_release(struct store *st, const char *registry, const char *repository,
    const char *tag, struct err *e)
{
	struct err why;
	int rc;

	if (store_step_begin(st, e) == -1)
		return -1;
	rc = let_go(st, registry, repository, tag, e);
	if (store_step_end(st, rc == -1 ? &why : e) == -1)
		return -1;
	return rc;
}
