#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "digest_set.h"
#include "mem.h"

/* Open addressing; a removed entry leaves a gap that look-ups step over. */
enum slot_state { SLOT_FREE = 0, SLOT_USED, SLOT_GAP };

struct digest_slot {
	enum slot_state state;
	struct digest digest;
	void *value;
};

/* Digests are random bits already: no further mixing. */
static struct digest_slot *
find(const struct digest_set *set, const struct digest *d)
{
	struct digest_slot *slot;
	size_t at;

	if (set->room == 0)
		return NULL;
	assert((set->room & (set->room - 1)) == 0);
	at = (size_t)digest_key(d) & (set->room - 1);
	for (;;) {
		slot = &set->slots[at];
		if (slot->state == SLOT_FREE)
			return NULL;
		if (slot->state == SLOT_USED && digest_equal(&slot->digest, d))
			return slot;
		at = (at + 1) & (set->room - 1);
	}
}

/* The caller has made room, and knows that it is not there: a full table would
 * be gone around for ever. */
static void
put(struct digest_set *set, const struct digest *d, void *value)
{
	size_t at = (size_t)digest_key(d) & (set->room - 1);

	assert(set->count < set->room);
	while (set->slots[at].state != SLOT_FREE)
		at = (at + 1) & (set->room - 1);
	set->slots[at].state = SLOT_USED;
	set->slots[at].digest = *d;
	set->slots[at].value = value;
	set->count++;
}

/*
 * Without the gaps, which count as used until then; and with twice the room,
 * unless there is enough without them.
 */
static void
grow(struct digest_set *set)
{
	struct digest_set bigger = { 0 };
	size_t i, used = 0;

	for (i = 0; i < set->room; i++)
		used += set->slots[i].state == SLOT_USED;
	bigger.room = set->room;
	if (4 * (used + 1) > set->room)
		bigger.room = set->room == 0 ? 16 : 2 * set->room;
	bigger.slots = xcalloc(bigger.room, sizeof(*bigger.slots));
	for (i = 0; i < set->room; i++)
		if (set->slots[i].state == SLOT_USED)
			put(&bigger, &set->slots[i].digest,
			    set->slots[i].value);
	assert(2 * (bigger.count + 1) <= bigger.room);
	free(set->slots);
	*set = bigger;
}

/* At most half full: beyond that, runs of used slots grow long quickly. */
bool
digest_set_add(struct digest_set *set, const struct digest *d, void *value)
{
	if (find(set, d) != NULL)
		return false;
	if (2 * (set->count + 1) > set->room)
		grow(set);
	put(set, d, value);
	return true;
}

bool
digest_set_has(const struct digest_set *set, const struct digest *d)
{
	return find(set, d) != NULL;
}

void *
digest_set_get(const struct digest_set *set, const struct digest *d)
{
	const struct digest_slot *slot = find(set, d);

	return slot == NULL ? NULL : slot->value;
}

void *
digest_set_remove(struct digest_set *set, const struct digest *d)
{
	struct digest_slot *slot = find(set, d);

	if (slot == NULL)
		return NULL;
	/* count keeps the gap, so that a full turn always ends at SLOT_FREE */
	slot->state = SLOT_GAP;
	return slot->value;
}

/* Removing on the way is fine, since a slot never moves then; adding is not. */
bool
digest_set_next(const struct digest_set *set, size_t *at, struct digest *d,
    void **ret)
{
	for (; *at < set->room; (*at)++) {
		if (set->slots[*at].state != SLOT_USED)
			continue;
		*d = set->slots[*at].digest;
		*ret = set->slots[(*at)++].value;
		return true;
	}
	return false;
}

void
digest_set_done(struct digest_set *set)
{
	free(set->slots);
	memset(set, 0, sizeof(*set));
}
