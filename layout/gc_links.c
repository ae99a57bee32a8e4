/*
 * What repositories lose: in a first round the tags, so that nobody finds the
 * image any more, and what is about them; in a second one, when that is
 * certain, the digests.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gc_links.h"
#include "mem.h"

void
links_add(struct links *w, const char *name)
{
	if (w->count == w->room) {
		w->room = w->room == 0 ? 16 : 2 * w->room;
		w->names = xreallocarray(w->names, w->room, sizeof(char *));
	}
	w->names[w->count++] = xstrdup(name);
}

void
links_forget(struct links *w)
{
	fs_list_free(w->names, w->count);
	w->names = NULL;
	w->count = w->room = w->left = 0;
}

char *
links_path(const struct links *w, const char *folder, const char *name,
    char buf[STORE_PATH_MAX])
{
	char inner[TAG_MAX + DIGEST_TEXT_MAX + 32];

	snprintf(inner, sizeof(inner), "%s%s%s", folder,
	    name[0] == '\0' ? "" : "/", name);
	return path_repository(w->r.registry, w->r.repository, inner, buf);
}

/* A folder that somebody has put there is not ours to remove. */
int
links_remove(struct links *w, const char *folder, const char *name,
    struct err *e)
{
	char path[STORE_PATH_MAX], parent[STORE_PATH_MAX];
	struct store *st = w->s->gc->st;

	links_path(w, folder, name, path);
	store_touch_dir(st, path_parent(path, parent));
	if (unlinkat(st->root, path, 0) == -1 && errno != ENOENT &&
	    errno != ENOTDIR && errno != EISDIR && errno != EPERM)
		return err_sys(e, "%s: cannot remove", path);
	return 0;
}

/* What is about nothing that is there. */
int
links_drop(struct links *w, const char *folder, const char *name,
    struct err *e)
{
	char path[STORE_PATH_MAX];

	if (w->s->act && links_remove(w, folder, name, e) == -1)
		return -1;
	gc_tell(w->s, GC_OTHER, GC_WHY_UNREACHED, links_path(w, folder, name,
	    path), NULL, 0);
	return 0;
}

bool
links_has(const struct links *w, const char *folder, const char *name)
{
	char path[STORE_PATH_MAX];
	struct stat sb;

	return fstatat(w->s->gc->st->root, links_path(w, folder, name, path),
	    &sb, AT_SYMLINK_NOFOLLOW) == 0;
}

int
links_each(struct links *w, const char *folder, fs_each_fn *fn, struct err *e)
{
	char path[STORE_PATH_MAX];

	w->folder = folder;
	return fs_each(w->s->gc->st->root, links_path(w, folder, "", path), fn,
	    w, e) == -1 ? -1 : 0;
}

bool
links_loses(const struct links *w, const char *name)
{
	const struct gc *gc = w->s->gc;
	enum gc_state state = gc_table_state(&gc->marks,
	    gc_reference(gc, w->r.number, name));

	if (gc->o->only != NULL)
		return state == GC_EVICTED;
	return state == GC_EVICTED || state == GC_LEFT;
}

int
gc_sweep_links(struct gc_sweep *s, struct err *e)
{
	struct store *st = s->gc->st;

	if (gc_is_settled(s->gc))
		return 0;
	if (store_each_repository(st, links_sweep_references, s, e) == -1)
		return -1;
	if (s->act && (store_settle_files(st, e) == -1 ||
	    store_sync_dirs(st, e) == -1))
		return -1;
	if (store_each_repository(st, links_sweep_digests, s, e) == -1)
		return -1;
	return s->act ? store_sync_dirs(st, e) : 0;
}
