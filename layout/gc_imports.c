/*
 * What an unfinished import has brought, or counts on: the objects of the
 * tables in _state/import, and what the manifests of its statement lead to.
 * Parts come in any order, so a blob may be here long before anything leads to
 * it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "gc_internal.h"
#include "name.h"

#define FOLDER		"_state/import"
#define WORDS_MAX	6u
/* This one stays: it says which tags must not go back. */
#define MOVED		"moved"

/* One that has been gone on with since is another one, by its time. */
static uint64_t
import_name(const struct gc *gc, const char *id, char *buf, size_t len)
{
	char path[STORE_PATH_MAX];
	struct stat sb = { 0 };

	snprintf(path, sizeof(path), FOLDER "/%s", id);
	(void)fstatat(gc->st->root, path, &sb, AT_SYMLINK_NOFOLLOW);
	snprintf(buf, len, "%s~%llx", id, (unsigned long long)
	    sb.st_mtim.tv_sec);
	return gc_hash(&gc->key, GC_NAME_FILE, (uint64_t)GC_CLASS_IMPORT, buf,
	    strlen(buf));
}

static uint32_t
age_of(const struct gc *gc, const char *id, char *buf, size_t len)
{
	uint32_t age;

	(void)gc_age(&gc->ages, GC_CLASS_IMPORT, import_name(gc, id, buf, len),
	    STORE_IMPORT_TERM_S, &age);
	return age;
}

/* --- marking ----------------------------------------------------------- */

static int
mark_manifest(struct gc *gc, const char *digest, const char *type,
    struct err *e)
{
	struct manifest_id id;
	struct err ignored;

	if (digest_parse(digest, &id.digest, &ignored) == -1 ||
	    !name_is_manifest_type(type))
		return 0;
	snprintf(id.media_type, sizeof(id.media_type), "%s", type);
	if (gc_table_state(&gc->marks, gc_object(gc, &id.digest)) == GC_KEPT)
		return 0;
	return gc_reach(gc, NULL, &id, GC_KEPT, e);
}

/* "blob DIGEST ...", "manifest DIGEST SIZE TYPE", "image REF DIGEST SIZE TYPE
 * ...": what else there is says of no object. */
static int
mark_line(struct gc *gc, char *line, struct err *e)
{
	char *words[WORDS_MAX], *rest = NULL, *word;
	struct err ignored;
	struct digest d;
	size_t n = 0;

	for (word = strtok_r(line, " ", &rest); word != NULL && n < WORDS_MAX;
	    word = strtok_r(NULL, " ", &rest))
		words[n++] = word;
	if (n >= 4 && strcmp(words[0], "manifest") == 0)
		return mark_manifest(gc, words[1], words[3], e);
	if (n >= 5 && strcmp(words[0], "image") == 0)
		return mark_manifest(gc, words[2], words[4], e);
	if (n >= 2 && strcmp(words[0], "blob") == 0 &&
	    digest_parse(words[1], &d, &ignored) == 0)
		gc_table_mark(&gc->marks, gc_object(gc, &d), GC_KEPT);
	return 0;
}

static int
mark_file(struct gc *gc, const char *id, const char *name, struct err *e)
{
	char *text, *line, *rest = NULL;
	size_t len;
	int rc = store_import_read(gc->st, id, name, BUNDLE_TEXT_MAX, &text,
	    &len, e);

	if (rc != 1)
		return rc;
	rc = 0;
	for (line = strtok_r(text, "\n", &rest); line != NULL && rc == 0;
	    line = strtok_r(NULL, "\n", &rest))
		rc = mark_line(gc, line, e);
	free(text);
	return rc;
}

static int
mark_import(void *cookie, const char *id, struct err *e)
{
	struct gc *gc = cookie;
	char text[CONDEMNED_LINE_MAX / 2], **names;
	size_t i, count;
	int rc;

	if (age_of(gc, id, text, sizeof(text)) >= STORE_IMPORT_TERM_S &&
	    gc->o->only == NULL)
		return 0;
	rc = store_import_files(gc->st, id, &names, &count, e);
	if (rc != 1)
		return rc;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++)
		if (strcmp(names[i], MOVED) != 0)
			rc = mark_file(gc, id, names[i], e);
	fs_list_free(names, count);
	return rc;
}

/* Who may only read the tree may not look there, and removes nothing. */
static bool
may_look(const struct gc *gc)
{
	int fd = fs_open(gc->st->root, FOLDER, O_RDONLY | O_DIRECTORY, 0);
	bool may = fd != -1 || !gc->o->dry_run || errno != EACCES;

	if (fd != -1)
		close(fd);
	return may;
}

int
gc_imports_mark(struct gc *gc, struct err *e)
{
	return may_look(gc) ? store_import_each(gc->st, mark_import, gc, e) :
	    0;
}

/* --- giving up --------------------------------------------------------- */

static bool
has_more_than_moved(const struct gc *gc, const char *id)
{
	struct err ignored;
	char **names;
	size_t i, count;
	bool has = false;

	if (store_import_files(gc->st, id, &names, &count, &ignored) != 1)
		return false;
	for (i = 0; i < count; i++)
		has = has || strcmp(names[i], MOVED) != 0;
	fs_list_free(names, count);
	return has;
}

static int
sweep_import(void *cookie, const char *id, struct err *e)
{
	struct gc_sweep *s = cookie;
	char text[CONDEMNED_LINE_MAX / 2], path[STORE_PATH_MAX];
	uint32_t age = age_of(s->gc, id, text, sizeof(text));
	bool goes = age >= STORE_IMPORT_TERM_S && s->gc->o->only == NULL;

	if (!has_more_than_moved(s->gc, id))
		return 0;
	gc_condemn(s, goes, GC_CLASS_IMPORT, text, age);
	if (!goes)
		return 0;
	if (s->act && store_import_drop(s->gc->st, id, MOVED, e) == -1)
		return -1;
	snprintf(path, sizeof(path), FOLDER "/%s", id);
	gc_tell(s, GC_OTHER, GC_WHY_TERM, path, NULL, 0);
	return 0;
}

int
gc_imports_sweep(struct gc_sweep *s, struct err *e)
{
	return may_look(s->gc) ? store_import_each(s->gc->st, sweep_import, s,
	    e) : 0;
}
