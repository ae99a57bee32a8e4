/*
 * Open addressing over bare 64-bit words: a million blobs are 16 MiB at most.
 * Two blobs that share 63 bits would count as one, which no one would see in
 * these numbers.
 */
#include <assert.h>
#include <stdlib.h>

#include "layout/mem.h"
#include "report/blob_count.h"

#define SHARED	((uint64_t)1)
/* Zero marks a free slot, so the digest that begins with it goes by another
 * name. */
#define ZERO	((uint64_t)2)

static uint64_t
name_of(uint64_t key)
{
	key &= ~SHARED;
	return key == 0 ? ZERO : key;
}

/* Digests are random bits already: no further mixing. */
static size_t
find(const struct blob_count *c, uint64_t name)
{
	size_t at = (size_t)(name >> 1) & (c->room - 1);

	assert(c->room > 0 && (c->room & (c->room - 1)) == 0);
	while (c->slots[at] != 0 && (c->slots[at] & ~SHARED) != name)
		at = (at + 1) & (c->room - 1);
	return at;
}

static void
grow(struct blob_count *c)
{
	struct blob_count bigger = {
		.room = c->room == 0 ? 256 : 2 * c->room,
		.count = c->count,
	};
	size_t i;

	bigger.slots = xcalloc(bigger.room, sizeof(*bigger.slots));
	for (i = 0; i < c->room; i++)
		if (c->slots[i] != 0)
			bigger.slots[find(&bigger, c->slots[i] & ~SHARED)] =
			    c->slots[i];
	free(c->slots);
	*c = bigger;
}

/* Three quarters full at most, so that every look-up meets a free slot. */
bool
blob_count_add(struct blob_count *c, uint64_t key)
{
	uint64_t name = name_of(key);
	size_t at;

	if (c->count + c->count / 3 >= c->room)
		grow(c);
	at = find(c, name);
	if (c->slots[at] != 0) {
		c->slots[at] |= SHARED;
		return false;
	}
	c->slots[at] = name;
	c->count++;
	return true;
}

/* A blob that was never added meets a free slot, whose bits are 0. */
bool
blob_count_has(const struct blob_count *c, uint64_t key)
{
	return c->room > 0 && c->slots[find(c, name_of(key))] != 0;
}

bool
blob_count_shared(const struct blob_count *c, uint64_t key)
{
	return c->room > 0 &&
	    (c->slots[find(c, name_of(key))] & SHARED) != 0;
}

void
blob_count_done(struct blob_count *c)
{
	free(c->slots);
	*c = (struct blob_count){ 0 };
}
