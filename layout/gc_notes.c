/* What is met again when all roots have been walked through. */
#include <string.h>

#include "gc_roots.h"
#include "mem.h"

static size_t
place_of(struct repository_walk *w)
{
	struct gc *gc = w->gc;
	struct gc_place *place;

	if (w->place != SIZE_MAX)
		return w->place;
	if (gc->place_count == gc->place_room) {
		gc->place_room = gc->place_room == 0 ? 16 :
		    2 * gc->place_room;
		gc->places = xreallocarray(gc->places, gc->place_room,
		    sizeof(*gc->places));
	}
	place = &gc->places[gc->place_count];
	place->registry = xstrdup(w->r.registry);
	place->repository = xstrdup(w->r.repository);
	place->follow_first = w->r.follow_first;
	place->follow_count = w->r.follow_count;
	w->place = gc->place_count++;
	return w->place;
}

struct gc_item *
gc_note(struct repository_walk *w, enum gc_state state, int64_t order)
{
	struct gc *gc = w->gc;
	struct gc_item *item;

	if (gc->item_count == gc->item_room) {
		gc->item_room = gc->item_room == 0 ? 16 : 2 * gc->item_room;
		gc->items = xreallocarray(gc->items, gc->item_room,
		    sizeof(*gc->items));
	}
	item = &gc->items[gc->item_count];
	memset(item, 0, sizeof(*item));
	item->place = place_of(w);
	item->number = gc->item_count;
	item->state = state;
	item->order = order;
	gc->item_count++;
	return item;
}

void
gc_note_image(struct repository_walk *w, enum gc_state state,
    const struct found *f)
{
	struct gc_item *item = gc_note(w, state, f->verdict.unlisted_s);

	item->reference = xstrdup(f->name);
	item->digest = f->id.digest;
	item->keep = f->verdict.keep;
	item->keep_for_s = f->verdict.keep_for_s;
}

void
gc_note_follow(struct repository_walk *w, const struct found *f)
{
	struct gc *gc = w->gc;
	struct digest subject;

	if (!gc_subject(f->name, &subject))
		return;
	if (gc->follow_count == gc->follow_room) {
		gc->follow_room = gc->follow_room == 0 ? 16 :
		    2 * gc->follow_room;
		gc->follows = xreallocarray(gc->follows, gc->follow_room,
		    sizeof(*gc->follows));
	}
	gc->follows[gc->follow_count].subject = gc_link(gc, w->r.number,
	    &subject);
	gc->follows[gc->follow_count++].tag = xstrdup(f->name);
}
