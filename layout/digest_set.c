#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "digest_set.h"
#include "mem.h"

/* Open addressing; a removed entry leaves a gap that look-ups step over. */
enum slot_state { SLOT_FREE = 0, SLOT_USED, SLOT_GAP };

struct digest_slot {
	enum slot_state state;
	struct digest digest;
	void *value;
};

/* Of honest digests, none is so far from its place in a table that is half
 * full. */
#define STEPS_MAX	256u

static uint64_t keys[DIGEST_BYTES_MAX / 4];
static pthread_once_t keys_once = PTHREAD_ONCE_INIT;

static void
make_keys(void)
{
	if (getrandom(keys, sizeof(keys), 0) != (ssize_t)sizeof(keys))
		abort();	/* 512 bytes or less are not cut short */
}

/* Which ones fall on one place cannot be foreseen without the keys: the sum of
 * words, each times a random number, is a universal hash. */
static size_t
mix(const struct digest *d)
{
	uint64_t sum = 0;
	uint32_t word;
	size_t i;

	pthread_once(&keys_once, make_keys);
	for (i = 0; i < DIGEST_BYTES_MAX / 4; i++) {
		memcpy(&word, d->bytes + 4 * i, sizeof(word));
		sum += keys[i] * word;
	}
	return (size_t)(sum >> 32);
}

/* Digests are random bits already, and are not mixed, as long as they look like
 * that. */
static size_t
place(const struct digest_set *set, const struct digest *d)
{
	return (set->is_mixed ? mix(d) : (size_t)digest_key(d)) &
	    (set->room - 1);
}

static struct digest_slot *
find(const struct digest_set *set, const struct digest *d)
{
	struct digest_slot *slot;
	size_t at;

	if (set->room == 0)
		return NULL;
	assert((set->room & (set->room - 1)) == 0);
	at = place(set, d);
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
 * be gone around for ever.  Return how far it is from its place. */
static size_t
put(struct digest_set *set, const struct digest *d, void *value)
{
	size_t at = place(set, d), steps = 0;

	assert(set->count < set->room);
	while (set->slots[at].state != SLOT_FREE) {
		at = (at + 1) & (set->room - 1);
		steps++;
	}
	set->slots[at].state = SLOT_USED;
	set->slots[at].digest = *d;
	set->slots[at].value = value;
	set->count++;
	return steps;
}

/* Without the gaps, which count as used until then. */
static void
rebuild(struct digest_set *set, size_t room, bool is_mixed)
{
	struct digest_set other = { .room = room, .is_mixed = is_mixed };
	size_t i;

	other.slots = xcalloc(room, sizeof(*other.slots));
	for (i = 0; i < set->room; i++)
		if (set->slots[i].state == SLOT_USED)
			(void)put(&other, &set->slots[i].digest,
			    set->slots[i].value);
	assert(2 * (other.count + 1) <= other.room || room == set->room);
	free(set->slots);
	*set = other;
}

/* With twice the room, unless there is enough without the gaps. */
static void
grow(struct digest_set *set)
{
	size_t i, used = 0, room = set->room;

	for (i = 0; i < set->room; i++)
		used += set->slots[i].state == SLOT_USED;
	if (4 * (used + 1) > set->room)
		room = set->room == 0 ? 16 : 2 * set->room;
	rebuild(set, room, set->is_mixed);
}

/* At most half full: beyond that, runs of used slots grow long quickly. */
bool
digest_set_add(struct digest_set *set, const struct digest *d, void *value)
{
	if (find(set, d) != NULL)
		return false;
	if (2 * (set->count + 1) > set->room)
		grow(set);
	if (put(set, d, value) > STEPS_MAX && !set->is_mixed)
		rebuild(set, set->room, true);
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
