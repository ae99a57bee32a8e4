/*
 * What an unfinished import leaves to the next one: _state/import/ID/, a folder
 * for each bundle that is on the way.  gc keeps what they tell of.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest_set.h"
#include "fsutil.h"
#include "limits.h"
#include "store_internal.h"

#define IMPORT_FOLDER	"_state/import"
#define NAME_BYTES_MAX	100u

/* What it is called by others, and becomes a part of a path. */
static bool
is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_BYTES_MAX && strspn(name, "0123456789"
	    "abcdefghijklmnopqrstuvwxyz-") == len;
}

static char *
folder_of(const char *id, char buf[STORE_PATH_MAX])
{
	assert(is_name(id));
	snprintf(buf, STORE_PATH_MAX, IMPORT_FOLDER "/%s", id);
	return buf;
}

static char *
file_of(const char *id, const char *name, char buf[STORE_PATH_MAX])
{
	assert(is_name(id) && is_name(name));
	snprintf(buf, STORE_PATH_MAX, IMPORT_FOLDER "/%s/%s", id, name);
	return buf;
}

int
store_import_read(const struct store *st, const char *id, const char *name,
    size_t max, char **ret_buf, size_t *ret_len, struct err *e)
{
	char path[STORE_PATH_MAX];

	return fs_read_file(st->root, file_of(id, name, path), max, ret_buf,
	    ret_len, e);
}

/* A new folder has a durable name before there is anything in it. */
static int
make_folder(struct store *st, const char *folder, struct err *e)
{
	struct stat sb;

	if (fstatat(st->root, folder, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(sb.st_mode))
		return 0;
	if (store_make_private(st, IMPORT_FOLDER, e) == -1 ||
	    store_make_private(st, folder, e) == -1 ||
	    fs_sync_dir(st->root, "_state", e) == -1)
		return -1;
	return fs_sync_dir(st->root, IMPORT_FOLDER, e);
}

int
store_import_write(struct store *st, const char *id, const char *name,
    const void *buf, size_t len, struct err *e)
{
	char folder[STORE_PATH_MAX];

	assert(st->is_writer && is_name(name));
	if (make_folder(st, folder_of(id, folder), e) == -1)
		return -1;
	return store_put_private(st, folder, name, buf, len, e);
}

int
store_import_drop(struct store *st, const char *id, const char *keep,
    struct err *e)
{
	char folder[STORE_PATH_MAX], path[STORE_PATH_MAX + 256];
	char **names;
	size_t i, count;
	bool is_left = false;
	int rc;

	assert(st->is_writer);
	rc = fs_list(st->root, folder_of(id, folder), &names, &count, e);
	if (rc != 1)
		return rc;
	rc = 0;
	/* Backwards: tables before the statement, which says whose they are to
	 * who has to go on with this. */
	for (i = count; i > 0 && rc == 0; i--) {
		if (keep != NULL && strcmp(names[i - 1], keep) == 0) {
			is_left = true;
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s", folder, names[i - 1]);
		if (fs_remove(st->root, path) == -1)
			rc = err_sys(e, "%s: cannot remove", path);
	}
	fs_list_free(names, count);
	if (rc == 0 && !is_left && unlinkat(st->root, folder,
	    AT_REMOVEDIR) == -1 && errno != ENOENT)
		rc = err_sys(e, "%s: cannot remove", folder);
	if (rc == -1)
		return -1;
	return fs_sync_dir(st->root, is_left ? folder : IMPORT_FOLDER, e);
}

int
store_import_each(const struct store *st, store_import_fn *fn, void *cookie,
    struct err *e)
{
	char **names;
	size_t i, count;
	int rc = fs_list(st->root, IMPORT_FOLDER, &names, &count, e);

	if (rc != 1)
		return rc;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++)
		if (is_name(names[i]))
			rc = fn(cookie, names[i], e);
	fs_list_free(names, count);
	return rc;
}

int
store_import_files(const struct store *st, const char *id, char ***ret,
    size_t *ret_count, struct err *e)
{
	char folder[STORE_PATH_MAX];
	char **names;
	size_t i, left = 0, count;
	int rc = fs_list(st->root, folder_of(id, folder), &names, &count, e);

	if (rc != 1)
		return rc;
	for (i = 0; i < count; i++)
		if (is_name(names[i]))
			names[left++] = names[i];
		else
			free(names[i]);
	*ret = names;
	*ret_count = left;
	return 1;
}

/* --- which blobs they wait for ----------------------------------------- */

static void
add_blob(struct digest_set *set, char *line)
{
	static const char word[] = "blob ";
	struct digest d;
	struct err ignored;

	if (strncmp(line, word, sizeof(word) - 1) != 0)
		return;
	line += sizeof(word) - 1;
	line[strcspn(line, " ")] = '\0';
	if (digest_parse(line, &d, &ignored) == 0)
		digest_set_add(set, &d, NULL);
}

struct waited_for {
	const struct store *st;
	struct digest_set *set;
};

static int
add_blobs(void *cookie, const char *id, struct err *e)
{
	const struct waited_for *w = cookie;
	char **names, *text, *line, *rest;
	size_t i, count, len;
	int rc = store_import_files(w->st, id, &names, &count, e);

	if (rc != 1)
		return rc;
	for (i = 0, rc = 0; i < count && rc != -1; i++) {
		rc = store_import_read(w->st, id, names[i], BUNDLE_TEXT_MAX,
		    &text, &len, e);
		if (rc != 1)
			continue;
		for (line = strtok_r(text, "\n", &rest); line != NULL;
		    line = strtok_r(NULL, "\n", &rest))
			add_blob(w->set, line);
		free(text);
	}
	fs_list_free(names, count);
	return rc == -1 ? -1 : 0;
}

int
store_import_blobs(const struct store *st, struct digest_set *set,
    struct err *e)
{
	struct waited_for w = { st, set };

	return store_import_each(st, add_blobs, &w, e);
}
