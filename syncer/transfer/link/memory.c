#include <assert.h>

#include "transfer/link/memory.h"

static uint64_t
large(uint64_t bytes)
{
	return bytes > MEMORY_SMALL ? bytes : 0;
}

bool
memory_has_room(const struct memory *m, uint64_t bytes)
{
	return m->used + bytes <= MEMORY_BYTES_MAX &&
	    m->large + large(bytes) <= MEMORY_LARGE_MAX;
}

void
memory_take(struct memory *m, uint64_t bytes)
{
	m->used += bytes;
	m->large += large(bytes);
}

void
memory_give(struct memory *m, uint64_t bytes)
{
	assert(m->used >= bytes && m->large >= large(bytes));
	m->used -= bytes;
	m->large -= large(bytes);
}

bool
memory_grow(struct memory *m, uint64_t from, uint64_t to)
{
	bool has_room;

	assert(from <= to);
	memory_give(m, from);
	has_room = memory_has_room(m, to);
	memory_take(m, has_room ? to : from);
	return has_room;
}
