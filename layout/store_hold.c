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
	char path[STORE_PATH_MAX], *text, *at;
	size_t len;
	int rc;

	path_held(registry, repository, tag, path);
	rc = fs_read_file(st->root, path, HELD_BYTES_MAX, &text, &len, e);
	if (rc != 1)
		return rc;
	text[strcspn(text, "\n")] = '\0';
	at = strchr(text, ' ');
	if (at == NULL || digest_parse(at + 1, ret, e) == -1)
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
	char line[STORE_TIME_MAX + DIGEST_TEXT_MAX + 2];

	snprintf(line, sizeof(line), "%s %s\n", store_now(now),
	    digest_text(at, text));
	if (store_make_dirs(st, path_repository(registry, repository, "_held",
	    path), e) == -1)
		return -1;
	store_touch_hold(st, registry, repository);
	return store_write_file(st, path_held(registry, repository, tag, path),
	    line, strlen(line), e);
}

/* A hold that came before its tag, when somebody died: the history says where
 * the tag is, again. */
static int
let_go(struct store *st, const char *registry, const char *repository,
    const char *tag, const char *path, struct err *e)
{
	char parent[STORE_PATH_MAX];
	struct manifest_id id = { .media_type = "" };
	int rc;

	rc = store_new_generation(st, e);
	if (rc == 0)
		rc = store_reference_get(st, registry, repository, tag, &id,
		    e);
	if (rc == 1 && store_add_history(st, registry, repository, tag,
	    &id.digest, false, e) == -1)
		rc = -1;
	if (rc == -1 || store_settle_files(st, e) == -1 ||
	    store_sync_dirs(st, e) == -1)
		return -1;
	store_touch_dir(st, path_parent(path, parent));
	if (fs_remove(st->root, path) == -1)
		return err_sys(e, "%s: cannot remove", path);
	return 1;
}

int
store_release(struct store *st, const char *registry, const char *repository,
    const char *tag, struct err *e)
{
	char path[STORE_PATH_MAX], parent[STORE_PATH_MAX];
	struct stat sb;
	struct err why;
	int rc = 0;

	path_held(registry, repository, tag, path);
	if (store_step_begin(st, e) == -1)
		return -1;
	/* Also where it has gone: whoever did that may have died then. */
	store_touch_dir(st, path_parent(path, parent));
	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0)
		rc = let_go(st, registry, repository, tag, path, e);
	else if (errno != ENOENT && errno != ENOTDIR)
		rc = err_sys(e, "%s: cannot look at it", path);
	if (store_step_end(st, rc == -1 ? &why : e) == -1)
		return -1;
	return rc;
}
