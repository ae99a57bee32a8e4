/* Manifests that a repository loses, and what is about them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gc_links.h"
#include "name.h"

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
		w->left += !name_is_tag(name) || !links_loses(w, name);
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
		links_add(w, name);
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
	    (w->s->gc->o->only == NULL && !links_has(w, "_manifests", name)))
		links_add(w, name);
	return 0;
}

static bool
stays(void *cookie, const struct digest *d)
{
	const struct links *w = cookie;
	char text[DIGEST_TEXT_MAX];
	uint32_t age;

	return !link_goes(w, d, &age) &&
	    links_has(w, "_manifests", digest_text(d, text));
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

	links_path(w, "_referrers", name, path);
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
		rc = links_drop(w, "_referrers", name, e);
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
			rc = links_remove(w, "_manifests", w->names[i], e);
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

	links_forget(w);
	rc = links_each(w, folder, take_about, e);
	for (i = 0; i < w->count && rc == 0; i++)
		if (strcmp(folder, "_referrers") == 0)
			rc = sweep_referrers(w, w->names[i], e);
		else
			rc = links_drop(w, folder, w->names[i], e);
	return rc;
}

static bool
is_bare(const struct links *w, size_t left, size_t gone)
{
	return left == 0 && (gone > 0 || w->s->gc->o->only == NULL);
}

/* Without that folder it is no repository, and gc_sweep_folders takes the
 * others.  Where anybody has left something, it stays. */
static int
drop_repository(struct links *w, struct err *e)
{
	char path[STORE_PATH_MAX], parent[STORE_PATH_MAX];
	struct store *st = w->s->gc->st;

	links_path(w, "_manifests", "", path);
	store_touch_dir(st, path_parent(path, parent));
	st->walked.is_whole = false;
	if (unlinkat(st->root, path, AT_REMOVEDIR) == -1 && errno != ENOENT &&
	    errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
		return err_sys(e, "%s: cannot remove", path);
	return 0;
}

/* Lists first, so that none names what is not there. */
int
links_sweep_digests(void *cookie, const char *registry, const char *repository,
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
	links_forget(&w);
	if (rc == 0)
		rc = links_each(&w, "_manifests", take_digest, e);
	left = w.left;
	gone = w.count;
	if (rc == 0)
		rc = drop_digests(&w, e);
	if (rc == 0 && w.s->act && gone > 0)
		store_note_changed(gc->st, registry, repository);
	if (rc == 0 && is_bare(&w, left, gone)) {
		if (w.s->act)
			rc = drop_repository(&w, e);
		path_parent(links_path(&w, "_manifests", "", path), folder);
		gc_tell(w.s, GC_OTHER, GC_WHY_UNREACHED, folder, NULL, 0);
	}
	links_forget(&w);
	return rc == 0 ? gc_is_stopped(gc, e) : -1;
}
