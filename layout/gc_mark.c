/*
 * All that is to stay: roots; what an unfinished run has brought; histories and
 * unlisted images, as far as there is room.  Then what has to go at once, and
 * what the condemned lead to, which stays as long as they do, whoever else led
 * to it.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "fsutil.h"
#include "gc_history.h"
#include "gc_internal.h"
#include "gc_manifests.h"
#include "name.h"

/* --- unfinished runs --------------------------------------------------- */

/* No repository has it, and none has had it: it was not condemned then. */
static bool
is_unfinished(const struct gc *gc, uint64_t name)
{
	uint32_t age;

	if (gc_table_state(&gc->marks, name) != GC_UNKNOWN)
		return false;
	if (gc->o->only != NULL)
		return true;
	if (gc_age(&gc->ages, GC_CLASS_MANIFEST, name, gc->o->grace_s, &age))
		return false;
	(void)gc_age(&gc->ages, GC_CLASS_UNFINISHED, name, GC_TERM_S, &age);
	return age < GC_TERM_S;
}

static int
take_manifest(void *cookie, int fd, const struct manifest_id *id,
    struct err *e)
{
	struct gc *gc = cookie;

	(void)fd;
	if (!is_unfinished(gc, gc_object(gc, &id->digest)))
		return 0;
	return gc_reach(gc, NULL, id, GC_KEPT, e);
}

/* --- the condemned ----------------------------------------------------- */

struct grace {
	struct gc *gc;
	struct gc_repository r;
};

static int
take_condemned(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	struct grace *w = cookie;
	struct gc *gc = w->gc;
	struct err ignored;
	struct digest d;
	uint32_t age;
	uint64_t number;

	(void)fd;
	(void)type;
	if (digest_parse(name, &d, &ignored) == -1)
		return 0;
	number = gc_link(gc, w->r.number, &d);
	if (gc_table_state(&gc->marks, number) != GC_UNKNOWN)
		return 0;
	age = gc_age_of(gc, GC_CLASS_LINK, number);
	if (gc_is_due(gc, age))
		return 0;
	return gc_reach_digest(gc, &w->r, &d, GC_GRACE, e);
}

static int
grace_repository(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct grace w = { .gc = cookie };
	char path[STORE_PATH_MAX];

	gc_repository_of(w.gc, registry, repository, &w.r);
	path_repository(registry, repository, "_manifests", path);
	return fs_each(w.gc->st->root, path, take_condemned, &w, e) == -1 ?
	    -1 : 0;
}

/* --- as long as there is room ------------------------------------------ */

static int
compare_items(const void *a, const void *b)
{
	const struct gc_item *x = a, *y = b;

	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int
reach_image(struct gc *gc, const struct gc_repository *r,
    const struct gc_item *item, enum gc_state state, struct err *e)
{
	struct gc_past *past = NULL;
	struct manifest_id id;
	size_t i, count = 0;
	int rc;

	gc_table_mark(&gc->marks, gc_reference(gc, r->number, item->reference),
	    state);
	rc = store_reference_get(gc->st, r->registry, r->repository,
	    item->reference, &id, e);
	if (rc == 1)
		rc = gc_reach(gc, r, &id, state, e);
	/* All that it ever had, where it goes. */
	if (rc == 0)
		rc = gc_history_of(gc, r, item->reference, &item->digest,
		    state == GC_EVICTED ? UINT32_MAX : item->keep,
		    item->keep_for_s, &past,
		    &count, e);
	for (i = 0; i < count && rc == 0; i++)
		rc = gc_reach_digest(gc, r, &past[i].digest, state, e);
	free(past);
	return rc;
}

static int
reach_held(struct gc *gc, const struct gc_repository *r,
    const struct gc_item *item, struct err *e)
{
	struct err ignored;
	struct digest held;

	if (!name_is_tag(item->reference) || store_held_get(gc->st,
	    r->registry, r->repository, item->reference, &held,
	    &ignored) != 1)
		return 0;
	return gc_reach_digest(gc, r, &held, GC_EVICTED, e);
}

static int
reach_item(struct gc *gc, struct gc_item *item, enum gc_state state,
    struct err *e)
{
	const struct gc_place *place = &gc->places[item->place];
	uint64_t before = gc->bytes;
	struct gc_repository r;
	int rc;

	gc_repository_of(gc, place->registry, place->repository, &r);
	r.follow_first = place->follow_first;
	r.follow_count = place->follow_count;
	if (item->reference == NULL)
		rc = gc_reach_digest(gc, &r, &item->digest, state, e);
	else
		rc = reach_image(gc, &r, item, state, e);
	if (rc == 0 && item->state == GC_EVICTED)
		rc = reach_held(gc, &r, item, e);
	item->bytes = gc->bytes - before;
	return rc;
}

static int
reach_items(struct gc *gc, bool evicted, struct err *e)
{
	struct gc_item *item;
	size_t i;
	bool stays;
	int rc = 0;

	for (i = 0; i < gc->item_count && rc == 0; i++) {
		item = &gc->items[i];
		stays = i < gc->items_kept && item->state != GC_EVICTED;
		if (stays == !evicted)
			rc = reach_item(gc, item, stays ? item->state :
			    GC_EVICTED, e);
	}
	return rc;
}

/* --- all of it --------------------------------------------------------- */

static void
forget_notes(struct gc *gc)
{
	size_t i;

	for (i = 0; i < gc->item_count; i++)
		free(gc->items[i].reference);
	for (i = 0; i < gc->place_count; i++) {
		free(gc->places[i].registry);
		free(gc->places[i].repository);
	}
	for (i = 0; i < gc->follow_count; i++)
		free(gc->follows[i].tag);
	gc->item_count = gc->place_count = gc->follow_count = 0;
}

int
gc_mark(struct gc *gc, struct err *e)
{
	forget_notes(gc);
	gc_table_done(&gc->marks);
	gc->bytes = 0;
	gc->progress.done = 0;
	if (gc->rules->begin != NULL)
		gc->rules->begin(gc->rules->cookie);
	if (gc_roots(gc, e) == -1 ||
	    gc_imports_mark(gc, e) == -1 ||
	    gc_each_manifest(gc->st, take_manifest, gc, e) == -1)
		return -1;
	gc->root_bytes = gc->bytes;
	if (gc->item_count > 1)
		qsort(gc->items, gc->item_count, sizeof(*gc->items),
		    compare_items);
	if (reach_items(gc, false, e) == -1 || reach_items(gc, true, e) == -1)
		return -1;
	return gc_is_settled(gc) ? 0 : store_each_repository(gc->st,
	    grace_repository, gc, e);
}

void
gc_mark_done(struct gc *gc)
{
	forget_notes(gc);
	gc_table_done(&gc->marks);
	free(gc->items);
	free(gc->places);
	free(gc->follows);
	free(gc->todo);
}
