#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "gc_table.h"
#include "mem.h"

#define STATE_BITS	7u

/* --- numbers ----------------------------------------------------------- */

/* Without a source of chance the names that anybody could choose are still
 * bound by their own digests. */
void
gc_key_make(struct gc_key *ret)
{
	struct timespec ts;

	if (getrandom(ret, sizeof(*ret), 0) == (ssize_t)sizeof(*ret))
		return;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ret->a = (uint64_t)ts.tv_nsec << 32 ^ (uint64_t)ts.tv_sec;
	ret->b = (uint64_t)getpid() * 0x9e3779b97f4a7c15u;
}

static uint64_t
turn(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = turn(v[1], 13) ^ v[0];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] = turn(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = turn(v[1], 17) ^ v[2];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] = turn(v[2], 32);
}

static void
take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v);
	v[0] ^= word;
}

/* SipHash-1-3, of the kind, what is above it, and the name. */
uint64_t
gc_hash(const struct gc_key *key, enum gc_name kind, uint64_t above,
    const void *buf, size_t len)
{
	uint64_t v[4] = {
		key->a ^ 0x736f6d6570736575u, key->b ^ 0x646f72616e646f6du,
		key->a ^ 0x6c7967656e657261u, key->b ^ 0x7465646279746573u
	};
	const unsigned char *at = buf;
	uint64_t word, name;
	size_t left;

	take(v, (uint64_t)kind);
	take(v, above);
	for (left = len; left >= sizeof(word); left -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		take(v, word);
		at += sizeof(word);
	}
	word = (uint64_t)len << 56;
	memcpy(&word, at, left);
	take(v, word);
	v[2] ^= 0xff;
	mix(v);
	mix(v);
	mix(v);
	name = (v[0] ^ v[1] ^ v[2] ^ v[3]) & ~(uint64_t)STATE_BITS;
	/* 0 is a free slot. */
	return name == 0 ? STATE_BITS + 1 : name;
}

/* --- the table --------------------------------------------------------- */

/* The slot that has it, or the free one where it would be.  Numbers are mixed
 * already; their last bits are no part of them. */
static size_t
find(const struct gc_table *t, uint64_t name)
{
	size_t at = (size_t)(name >> 3) & (t->room - 1);

	assert(t->count < t->room);
	while (t->slots[at] != 0 &&
	    (t->slots[at] & ~(uint64_t)STATE_BITS) != name)
		at = (at + 1) & (t->room - 1);
	return at;
}

/* At most three quarters full. */
static void
make_room(struct gc_table *t)
{
	struct gc_table more = *t;
	size_t i, at;

	if (4 * (t->count + 1) <= 3 * t->room)
		return;
	more.room = t->room == 0 ? 64 : 2 * t->room;
	more.slots = xcalloc(more.room, sizeof(*more.slots));
	if (t->has_ages)
		more.ages = xcalloc(more.room, sizeof(*more.ages));
	for (i = 0; i < t->room; i++) {
		if (t->slots[i] == 0)
			continue;
		at = find(&more, t->slots[i] & ~(uint64_t)STATE_BITS);
		more.slots[at] = t->slots[i];
		if (t->has_ages)
			more.ages[at] = t->ages[i];
	}
	free(t->slots);
	free(t->ages);
	*t = more;
}

bool
gc_table_mark(struct gc_table *t, uint64_t name, enum gc_state state)
{
	size_t at;

	make_room(t);
	at = find(t, name);
	if (t->slots[at] == 0)
		t->count++;
	else if ((t->slots[at] & STATE_BITS) <= (uint64_t)state)
		return false;
	t->slots[at] = name | (uint64_t)state;
	return true;
}

enum gc_state
gc_table_state(const struct gc_table *t, uint64_t name)
{
	size_t at;

	if (t->room == 0)
		return GC_UNKNOWN;
	at = find(t, name);
	return t->slots[at] == 0 ? GC_UNKNOWN :
	    (enum gc_state)(t->slots[at] & STATE_BITS);
}

void
gc_table_put(struct gc_table *t, uint64_t name, enum gc_state state,
    uint32_t age)
{
	size_t at;

	assert(t->has_ages);
	make_room(t);
	at = find(t, name);
	if (t->slots[at] == 0)
		t->count++;
	else if (t->ages[at] <= age)
		return;
	t->slots[at] = name | (uint64_t)state;
	t->ages[at] = age;
}

bool
gc_table_age(const struct gc_table *t, uint64_t name, enum gc_state state,
    uint32_t *ret)
{
	size_t at;

	if (t->room == 0)
		return false;
	at = find(t, name);
	if (t->slots[at] != (name | (uint64_t)state))
		return false;
	*ret = t->ages[at];
	return true;
}

void
gc_table_done(struct gc_table *t)
{
	free(t->slots);
	free(t->ages);
	t->slots = NULL;
	t->ages = NULL;
	t->room = t->count = 0;
}
