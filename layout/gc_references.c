/* Images that go: their tags, and what is remembered of them. */
#include <stdio.h>
#include <string.h>

#include "gc_links.h"
#include "name.h"
#include "tag_history.h"

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
	    links_remove(w, "_manifests", name, e) == -1)
		return -1;
	if (rc == 1)
		tell_reference(w, name, &id.digest);
	return 0;
}

/* Of a tag that was withdrawn, and comes back: what it was last, or is held at,
 * is here. */
static bool
comes_back(const struct links *w, const char *name)
{
	struct tag_history h = { NULL, 0 };
	char text[DIGEST_TEXT_MAX];
	struct store *st = w->s->gc->st;
	struct err ignored;
	struct digest d;
	uint32_t age;
	bool is_known;

	is_known = store_held_get(st, w->r.registry, w->r.repository, name, &d,
	    &ignored) == 1;
	if (!is_known && store_history_read(st, w->r.registry,
	    w->r.repository, name, &h, &ignored) == 1 && h.count > 0) {
		d = h.lines[h.count - 1].digest;
		is_known = true;
	}
	tag_history_done(&h);
	return is_known && links_has(w, "_manifests", digest_text(&d, text)) &&
	    !gc_goes(w->s, GC_CLASS_LINK, gc_link(w->s->gc, w->r.number, &d),
	    &age);
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
		if (name_is_tag(name) && links_loses(w, name))
			links_add(w, name);
		return 0;
	}
	/* Beside a tag that is not there, they are about nothing. */
	if ((is_digest && links_loses(w, name)) ||
	    (w->s->gc->o->only == NULL && (is_digest || name_is_tag(name)) &&
	    !links_has(w, "_manifests", name) &&
	    (is_digest || !comes_back(w, name))))
		links_add(w, name);
	return 0;
}

static int
drop_notes(struct links *w, const char *folder, struct err *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < w->count && rc == 0 && w->s->act; i++)
		rc = links_remove(w, folder, w->names[i], e);
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

	links_forget(w);
	rc = links_each(w, folder, take_reference, e);
	for (i = 0; i < w->count && rc == 0; i++) {
		name = w->names[i];
		rc = store_reference_get(w->s->gc->st, w->r.registry,
		    w->r.repository, name, &id, e);
		if (rc == 1 && !name_is_tag(name) &&
		    strcmp(folder, "_history") == 0) {
			tell_reference(w, name, &id.digest);
			rc = w->s->act ? links_remove(w, folder, name, e) : 0;
		} else if (rc == 0) {
			rc = links_drop(w, folder, name, e);
		}
	}
	return rc;
}

int
links_sweep_references(void *cookie, const char *registry,
    const char *repository, struct err *e)
{
	struct links w = { .s = cookie };
	size_t i;
	int rc;

	gc_repository_of(w.s->gc, registry, repository, &w.r);
	rc = links_each(&w, "_manifests", take_reference, e);
	/* A hold without its tag would keep what it is held at. */
	if (rc == 0)
		rc = drop_notes(&w, "_held", e);
	for (i = 0; i < w.count && rc == 0; i++)
		rc = drop_reference(&w, w.names[i], e);
	if (rc == 0 && w.count > 0 && w.s->act) {
		store_note_changed(w.s->gc->st, registry, repository);
		rc = store_write_tags(w.s->gc->st, registry, repository, e);
	}
	if (rc == 0)
		rc = drop_notes(&w, "_history", e);
	if (rc == 0)
		rc = sweep_notes(&w, "_history", e);
	if (rc == 0)
		rc = sweep_notes(&w, "_held", e);
	links_forget(&w);
	return rc == 0 ? gc_is_stopped(w.s->gc, e) : -1;
}
