/* What has to go because there is no room for it: unlisted images, those that
 * have been for longest first; then what tags were, the oldest first; then the
 * condemned, before their term is over. */
#include <string.h>

#include "gc_internal.h"

/* Images that go may share what they have with the condemned. */
#define ROUNDS_MAX	4u

/* What the tree may have. */
static uint64_t
budget(const struct gc *gc, uint64_t has)
{
	const struct gc_options *o = gc->o;
	uint64_t room = UINT64_MAX, available = store_free_bytes(gc->st);

	if (o->min_free > 0 && available != UINT64_MAX)
		room = has + available > o->min_free ?
		    has + available - o->min_free : 0;
	if (o->max_size > 0 && o->max_size < room)
		room = o->max_size;
	return room;
}

/* Return how much is too much still. */
static uint64_t
give_up_items(struct gc *gc, uint64_t over)
{
	uint64_t bytes;

	if (gc->items_kept > gc->item_count)
		gc->items_kept = gc->item_count;
	while (over > 0 && gc->items_kept > 0) {
		bytes = gc->items[--gc->items_kept].bytes;
		over -= bytes < over ? bytes : over;
	}
	return over;
}

static void
give_up_grace(struct gc *gc, uint64_t over, const uint64_t by_age[GC_PARTS])
{
	size_t part = GC_PARTS;

	while (over > 0 && part > 0) {
		part--;
		over -= by_age[part] < over ? by_age[part] : over;
	}
	gc->grace_max = (uint32_t)((int64_t)part * (gc->o->grace_s + 1) /
	    GC_PARTS);
}

/* The first step is to do without what is bad anyway. */
static int
press(struct gc *gc, struct gc_sweep *s, uint64_t over,
    const uint64_t by_age[GC_PARTS], struct err *e)
{
	if (!gc->is_pressed) {
		gc->is_pressed = true;
		return gc_assess(s, e);
	}
	over = give_up_items(gc, over);
	if (over > 0)
		give_up_grace(gc, over, by_age);
	return gc_mark(gc, e) == -1 ? -1 : gc_assess(s, e);
}

/* Where the file system is full of other things, no list is too long. */
static void
complain(const struct gc *gc, uint64_t has, uint64_t over, struct err *e)
{
	uint64_t available = store_free_bytes(gc->st);

	if (gc->o->min_free > 0 && available != UINT64_MAX &&
	    has + available < gc->o->min_free)
		err_set(e, ERR_ROOM, "%llu bytes more than there is room for: "
		    "without any image there would be %llu free, so other "
		    "files than those of this tree are in the way",
		    (unsigned long long)over,
		    (unsigned long long)(has + available));
	else
		err_set(e, ERR_ROOM, "%llu bytes more than there is room for: "
		    "what is listed, pinned, held or in use has %llu, so "
		    "images of so many bytes would have to leave the list",
		    (unsigned long long)over,
		    (unsigned long long)gc->root_bytes);
}

int
gc_fit(struct gc *gc, struct gc_sweep *s, struct err *e)
{
	uint64_t by_age[GC_PARTS] = { 0 }, room;
	unsigned rounds = 0;

	if (!gc->is_measured)
		return 1;
	s->by_age = by_age;
	if (gc_assess(s, e) == -1)
		return -1;
	room = budget(gc, s->bytes + s->totals.bytes_gone);
	while (s->bytes > room && rounds++ < ROUNDS_MAX &&
	    (gc->items_kept > 0 || gc->grace_max > 0))
		if (press(gc, s, s->bytes - room, by_age, e) == -1)
			return -1;
	s->by_age = NULL;
	if (s->bytes <= room)
		return 1;
	complain(gc, s->bytes + s->totals.bytes_gone, s->bytes - room, e);
	return 0;
}
