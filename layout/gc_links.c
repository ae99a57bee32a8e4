/*
 * What repositories lose: in a first round the tags, so that nobody finds the
 * image any more, and what is about them; in a second one, when that is
 * certain, the digests.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "gc_internal.h"
#include "mem.h"
#include "name.h"

struct links {
	struct gc_sweep *s;
	struct gc_repository r;
	const char *folder;		/* that is walked through */
	char **names;			/* what goes of it */
	size_t count, room;
	size_t left;			/* names that stay in it */
};

static void
add_name(struct links *w, const char *name)
{
	if (w->count == w->room) {
		w->room = w->room == 0 ? 16 : 2 * w->room;
		w->names = xreallocarray(w->names, w->room, sizeof(char *));
	}
	w->names[w->count++] = xstrdup(name);
}

static void
forget_names(struct links *w)
{
	fs_list_free(w->names, w->count);
	w->names = NULL;
	w->count = w->room = w->left = 0;
}

static char *
path_of(const struct links *w, const char *folder, const char *name,
    char buf[STORE_PATH_MAX])
{
	char inner[TAG_MAX + DIGEST_TEXT_MAX + 32];

	snprintf(inner, sizeof(inner), "%s%s%s", folder,
	    name[0] == '\0' ? "" : "/", name);
	return path_repository(w->r.registry, w->r.repository, inner, buf);
}

/* A folder that somebody has put there is not ours to remove. */
static int
remove_name(struct links *w, const char *folder, const char *name,
    struct err *e)
{
	char path[STORE_PATH_MAX], parent[STORE_PATH_MAX];
	struct store *st = w->s->gc->st;

	path_of(w, folder, name, path);
	store_touch_dir(st, path_parent(path, parent));
	if (unlinkat(st->root, path, 0) == -1 && errno != ENOENT &&
	    errno != ENOTDIR && errno != EISDIR && errno != EPERM)
		return err_sys(e, "%s: cannot remove", path);
	return 0;
}

/* What is about nothing that is there. */
static int
drop_other(struct links *w, const char *folder, const char *name,
    struct err *e)
{
	char path[STORE_PATH_MAX];

	if (w->s->act && remove_name(w, folder, name, e) == -1)
		return -1;
	gc_tell(w->s, GC_OTHER, GC_WHY_UNREACHED, path_of(w, folder, name,
	    path), NULL, 0);
	return 0;
}

static bool
is_there(const struct links *w, const char *folder, const char *name)
{
	char path[STORE_PATH_MAX];
	struct stat sb;

	return fstatat(w->s->gc->st->root, path_of(w, folder, name, path), &sb,
	    AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- references -------------------------------------------------------- */

static bool
reference_goes(const struct links *w, const char *name)
{
	const struct gc *gc = w->s->gc;
	enum gc_state state = gc_table_state(&gc->marks,
	    gc_reference(gc, w->r.number, name));

	if (gc->o->only != NULL)
		return state == GC_EVICTED;
	return state == GC_EVICTED || state == GC_LEFT;
}

static enum gc_why
reference_why(const struct links *w, const char *name)
{
	const struct gc *gc = w->s->gc;
	struct digest subject;

	if (gc_subject(name, &subject))
		return GC_WHY_SUBJECT;
	if (gc->o->only != NULL)
		return GC_WHY_ASKED;
	return gc_table_state(&gc->marks, gc_reference(gc, w->r.number,
	    name)) == GC_EVICTED ? GC_WHY_ROOM : GC_WHY_TERM;
}

static void
tell_reference(struct links *w, const char *name, const struct digest *digest)
{
	char text[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + TAG_MAX +
	    DIGEST_TEXT_MAX + 4];

	snprintf(text, sizeof(text), "%s/%s%c%s", w->r.registry,
	    w->r.repository, name_is_tag(name) ? ':' : '@', name);
	gc_tell(w->s, GC_IMAGE, reference_why(w, name), text, digest, 0);
}

/* The tag, its place in the list, then what is remembered of it. */
static int
drop_reference(struct links *w, const char *name, struct err *e)
{
	struct manifest_id id;
	int rc;

	rc = store_reference_get(w->s->gc->st, w->r.registry, w->r.repository,
	    name, &id, e);
	if (rc == -1)
		return -1;
	if (w->s->act && name_is_tag(name) &&
	    remove_name(w, "_manifests", name, e) == -1)
		return -1;
	if (rc == 1)
		tell_reference(w, name, &id.digest);
	return 0;
}

static int
take_reference(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	struct links *w = cookie;
	struct err ignored;
	struct digest d;
	bool is_digest = digest_parse(name, &d, &ignored) == 0;

	(void)fd;
	(void)type;
	(void)e;
	if (strcmp(w->folder, "_manifests") == 0) {
		if (name_is_tag(name) && reference_goes(w, name))
			add_name(w, name);
		return 0;
	}
	/* Beside a tag that is not there, they are about nothing. */
	if ((is_digest && reference_goes(w, name)) ||
	    (w->s->gc->o->only == NULL && (is_digest || name_is_tag(name)) &&
	    !is_there(w, "_manifests", name)))
		add_name(w, name);
	return 0;
}

static int
each_in(struct links *w, const char *folder, fs_each_fn *fn, struct err *e)
{
	char path[STORE_PATH_MAX];

	w->folder = folder;
	return fs_each(w->s->gc->st->root, path_of(w, folder, "", path), fn, w,
	    e) == -1 ? -1 : 0;
}

static int
drop_notes(struct links *w, const char *folder, struct err *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < w->count && rc == 0 && w->s->act; i++)
		rc = remove_name(w, folder, w->names[i], e);
	return rc;
}

/* Digests that were published by themselves, and what is about nothing. */
static int
sweep_notes(struct links *w, const char *folder, struct err *e)
{
	struct manifest_id id;
	const char *name;
	size_t i;
	int rc;

	forget_names(w);
	rc = each_in(w, folder, take_reference, e);
	for (i = 0; i < w->count && rc == 0; i++) {
		name = w->names[i];
		rc = store_reference_get(w->s->gc->st, w->r.registry,
		    w->r.repository, name, &id, e);
		if (rc == 1 && !name_is_tag(name) &&
		    strcmp(folder, "_history") == 0) {
			tell_reference(w, name, &id.digest);
			rc = w->s->act ? remove_name(w, folder, name, e) : 0;
		} else if (rc == 0) {
			rc = drop_other(w, folder, name, e);
		}
	}
	return rc;
}

static int
sweep_references(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct links w = { .s = cookie };
	size_t i;
	int rc;

	gc_repository_of(w.s->gc, registry, repository, &w.r);
	rc = each_in(&w, "_manifests", take_reference, e);
	for (i = 0; i < w.count && rc == 0; i++)
		rc = drop_reference(&w, w.names[i], e);
	if (rc == 0 && w.count > 0 && w.s->act) {
		store_note_changed(w.s->gc->st, registry, repository);
		rc = store_write_tags(w.s->gc->st, registry, repository, e);
	}
	if (rc == 0)
		rc = drop_notes(&w, "_history", e);
	if (rc == 0)
		rc = drop_notes(&w, "_held", e);
	if (rc == 0)
		rc = sweep_notes(&w, "_history", e);
	if (rc == 0)
		rc = sweep_notes(&w, "_held", e);
	forget_names(&w);
	return rc == 0 ? gc_is_stopped(w.s->gc, e) : -1;
}

/* --- digests ----------------------------------------------------------- */

static bool
link_goes(const struct links *w, const struct digest *d, uint32_t *ret_age)
{
	return gc_goes(w->s, GC_CLASS_LINK, gc_link(w->s->gc, w->r.number, d),
	    ret_age);
}

static bool
link_is_kept(const struct links *w, const struct digest *d)
{
	enum gc_state state = gc_table_state(&w->s->gc->marks,
	    gc_link(w->s->gc, w->r.number, d));

	return state == GC_KEPT || state == GC_SPARE;
}

static int
take_digest(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	struct links *w = cookie;
	char text[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + DIGEST_TEXT_MAX +
	    4];
	struct err ignored;
	struct digest d;
	uint32_t age;
	bool goes;

	(void)fd;
	(void)type;
	(void)e;
	if (digest_parse(name, &d, &ignored) == -1) {
		w->left += !name_is_tag(name) || !reference_goes(w, name);
		return 0;
	}
	if (link_is_kept(w, &d)) {
		w->left++;
		return 0;
	}
	goes = link_goes(w, &d, &age);
	snprintf(text, sizeof(text), "%s/%s@%s", w->r.registry,
	    w->r.repository, name);
	gc_condemn(w->s, goes, GC_CLASS_LINK, text, age);
	if (goes)
		add_name(w, name);
	else
		w->left++;
	return 0;
}

/* What is named by a digest whose link goes, or is not there. */
static int
take_about(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	struct links *w = cookie;
	struct err ignored;
	struct digest d;
	uint32_t age;

	(void)fd;
	(void)type;
	(void)e;
	if (digest_parse(name, &d, &ignored) == -1 || link_is_kept(w, &d))
		return 0;
	if (strcmp(w->folder, "_referrers") == 0 || link_goes(w, &d, &age) ||
	    (w->s->gc->o->only == NULL && !is_there(w, "_manifests", name)))
		add_name(w, name);
	return 0;
}

static bool
stays(void *cookie, const struct digest *d)
{
	const struct links *w = cookie;
	char text[DIGEST_TEXT_MAX];
	uint32_t age;

	return !link_goes(w, d, &age) &&
	    is_there(w, "_manifests", digest_text(d, text));
}

/* A list whose subject is kept is whole; of others, what is kept by itself
 * stays.  One that cannot be read is nobody's. */
static int
sweep_referrers(struct links *w, const char *name, struct err *e)
{
	const struct gc_rules *rules = w->s->gc->rules;
	char path[STORE_PATH_MAX], *old = NULL, *fresh = NULL;
	struct store *st = w->s->gc->st;
	struct err why;
	size_t len;
	int rc;

	path_of(w, "_referrers", name, path);
	rc = fs_read_file(st->root, path, REFERRERS_BYTES_MAX, &old, &len,
	    &why);
	if (rc != 1)
		return 0;
	rc = rules->filter == NULL ? 0 : rules->filter(rules->cookie, old,
	    stays, w, &fresh, &why);
	free(old);
	if (rc == 1)
		rc = w->s->act ? store_write_file(st, path, fresh,
		    strlen(fresh), e) : 0;
	else if (rc == 2)
		rc = drop_other(w, "_referrers", name, e);
	else
		rc = 0;
	free(fresh);
	return rc;
}

static int
drop_digests(struct links *w, struct err *e)
{
	char text[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + DIGEST_TEXT_MAX +
	    4];
	struct err ignored;
	struct digest d;
	size_t i;
	int rc = 0;

	for (i = 0; i < w->count && rc == 0; i++) {
		if (w->s->act)
			rc = remove_name(w, "_manifests", w->names[i], e);
		snprintf(text, sizeof(text), "%s/%s@%s", w->r.registry,
		    w->r.repository, w->names[i]);
		(void)digest_parse(w->names[i], &d, &ignored);
		gc_tell(w->s, GC_OTHER, gc_why(w->s, gc_link(w->s->gc,
		    w->r.number, &d)), text, &d, 0);
	}
	return rc;
}

static int
sweep_about(struct links *w, const char *folder, struct err *e)
{
	size_t i;
	int rc;

	forget_names(w);
	rc = each_in(w, folder, take_about, e);
	for (i = 0; i < w->count && rc == 0; i++)
		if (strcmp(folder, "_referrers") == 0)
			rc = sweep_referrers(w, w->names[i], e);
		else
			rc = drop_other(w, folder, w->names[i], e);
	return rc;
}

static bool
is_bare(const struct links *w, size_t left, size_t gone)
{
	return left == 0 && (gone > 0 || w->s->gc->o->only == NULL);
}

/* Where others are below, or anybody has left something, it stays. */
static void
drop_folders(struct links *w)
{
	static const char *const inner[] = {
		"_tags", "_history", "_referrers", "_default", "_held",
		"_manifests"
	};
	char path[STORE_PATH_MAX], parent[STORE_PATH_MAX];
	struct store *st = w->s->gc->st;
	struct err ignored;
	size_t i;

	(void)remove_name(w, "_tags", "list", &ignored);
	for (i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		(void)unlinkat(st->root, path_of(w, inner[i], "", path),
		    AT_REMOVEDIR);
	path_parent(path, parent);
	while (strcmp(parent, "repos") != 0 && strcmp(parent, ".") != 0) {
		snprintf(path, sizeof(path), "%s", parent);
		store_touch_dir(st, path_parent(path, parent));
		if (unlinkat(st->root, path, AT_REMOVEDIR) == -1)
			break;
	}
	st->walked.is_whole = false;
}

/* Lists first, so that none names what is not there. */
static int
sweep_digests(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct links w = { .s = cookie };
	char path[STORE_PATH_MAX], folder[STORE_PATH_MAX];
	struct gc *gc = w.s->gc;
	size_t left, gone;
	int rc;

	gc_repository_of(gc, registry, repository, &w.r);
	rc = sweep_about(&w, "_referrers", e);
	if (rc == 0)
		rc = sweep_about(&w, "_default", e);
	forget_names(&w);
	if (rc == 0)
		rc = each_in(&w, "_manifests", take_digest, e);
	left = w.left;
	gone = w.count;
	if (rc == 0)
		rc = drop_digests(&w, e);
	if (rc == 0 && w.s->act && gone > 0)
		store_note_changed(gc->st, registry, repository);
	if (rc == 0 && is_bare(&w, left, gone)) {
		if (w.s->act)
			drop_folders(&w);
		path_parent(path_of(&w, "_manifests", "", path), folder);
		gc_tell(w.s, GC_OTHER, GC_WHY_UNREACHED, folder, NULL, 0);
	}
	forget_names(&w);
	return rc == 0 ? gc_is_stopped(gc, e) : -1;
}

int
gc_sweep_links(struct gc_sweep *s, struct err *e)
{
	struct store *st = s->gc->st;

	if (store_each_repository(st, sweep_references, s, e) == -1)
		return -1;
	if (s->act && (store_settle_files(st, e) == -1 ||
	    store_sync_dirs(st, e) == -1))
		return -1;
	if (store_each_repository(st, sweep_digests, s, e) == -1)
		return -1;
	return s->act ? store_sync_dirs(st, e) : 0;
}
