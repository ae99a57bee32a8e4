#include <stdlib.h>
#include <string.h>

#include "layout/digest.h"
#include "layout/mem.h"
#include "mirror/name_table.h"

#define ROOM_MIN	64u

static void
make_key(const char *name, uint64_t key[2])
{
	struct digest d;

	digest_of(DIGEST_SHA256, name, strlen(name), &d);
	memcpy(key, d.bytes, 2 * sizeof(*key));
	/* An empty slot has this. */
	if (key[0] == 0)
		key[0] = 1;
}

/* Where it is, or belongs.  There is always a free slot. */
static struct named *
find(const struct name_table *t, const uint64_t key[2])
{
	size_t at = (size_t)key[0] & (t->room - 1);

	while (t->slots[at].key[0] != 0 && (t->slots[at].key[0] != key[0] ||
	    t->slots[at].key[1] != key[1]))
		at = (at + 1) & (t->room - 1);
	return &t->slots[at];
}

static void
grow(struct name_table *t)
{
	struct name_table more = {
		.room = t->room == 0 ? ROOM_MIN : 2 * t->room,
		.count = t->count,
	};
	size_t i;

	more.slots = xcalloc(more.room, sizeof(*more.slots));
	for (i = 0; i < t->room; i++)
		if (t->slots[i].key[0] != 0)
			*find(&more, t->slots[i].key) = t->slots[i];
	free(t->slots);
	*t = more;
}

struct named *
name_table_add(struct name_table *t, const char *name)
{
	struct named *slot;
	uint64_t key[2];

	if (4 * (t->count + 1) > 3 * t->room)
		grow(t);
	make_key(name, key);
	slot = find(t, key);
	if (slot->key[0] == 0) {
		memcpy(slot->key, key, sizeof(slot->key));
		t->count++;
	}
	return slot;
}

struct named *
name_table_find(const struct name_table *t, const char *name)
{
	struct named *slot;
	uint64_t key[2];

	if (t->count == 0)
		return NULL;
	make_key(name, key);
	slot = find(t, key);
	return slot->key[0] == 0 ? NULL : slot;
}

void
name_table_done(struct name_table *t)
{
	free(t->slots);
	*t = (struct name_table){ 0 };
}
