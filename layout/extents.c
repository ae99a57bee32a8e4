/* Few ranges, mostly one: a sorted array, searched from the front. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extents.h"
#include "mem.h"

/* "start end\n" of two 64-bit numbers. */
#define LINE_BYTES_MAX	44

void
extents_add(struct extents *x, uint64_t start, uint64_t end)
{
	size_t first = 0, last;

	if (start >= end)
		return;
	while (first < x->count && x->items[first].end < start)
		first++;
	/* All that the new one touches is [first, last). */
	for (last = first; last < x->count && x->items[last].start <= end;
	    last++) {
		if (x->items[last].start < start)
			start = x->items[last].start;
		if (x->items[last].end > end)
			end = x->items[last].end;
	}
	if (x->count == x->room) {
		x->room = x->room == 0 ? 8 : 2 * x->room;
		x->items = xreallocarray(x->items, x->room,
		    sizeof(*x->items));
	}
	memmove(x->items + first + 1, x->items + last,
	    (x->count - last) * sizeof(*x->items));
	x->count = x->count - (last - first) + 1;
	x->items[first].start = start;
	x->items[first].end = end;
	assert(first == 0 || x->items[first - 1].end < start);
	assert(first + 1 == x->count || end < x->items[first + 1].start);
}

uint64_t
extents_prefix(const struct extents *x)
{
	return x->count > 0 && x->items[0].start == 0 ? x->items[0].end : 0;
}

/* What is here and begins at or before ${from} moves it on; the next one that
 * begins behind it ends the gap. */
bool
extents_gap(const struct extents *x, uint64_t from, uint64_t size,
    struct extent *ret)
{
	size_t i;

	for (i = 0; i < x->count && x->items[i].start <= from; i++)
		if (x->items[i].end > from)
			from = x->items[i].end;
	if (from >= size)
		return false;
	ret->start = from;
	ret->end = i < x->count && x->items[i].start < size ?
	    x->items[i].start : size;
	assert(ret->start < ret->end && ret->end <= size);
	return true;
}

uint64_t
extents_total(const struct extents *x)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < x->count; i++)
		total += x->items[i].end - x->items[i].start;
	return total;
}

/* The memory stays, for what comes next. */
void
extents_clear(struct extents *x)
{
	x->count = 0;
}

void
extents_done(struct extents *x)
{
	free(x->items);
	memset(x, 0, sizeof(*x));
}

char *
extents_print(const struct extents *x, size_t *ret_len)
{
	char *text = xmalloc(x->count * LINE_BYTES_MAX + 1);
	size_t i, len = 0;

	text[0] = '\0';
	for (i = 0; i < x->count; i++)
		len += (size_t)snprintf(text + len, LINE_BYTES_MAX + 1,
		    "%" PRIu64 " %" PRIu64 "\n", x->items[i].start,
		    x->items[i].end);
	assert(len <= x->count * LINE_BYTES_MAX);
	*ret_len = len;
	return text;
}

/* Decimal digits up to ${stop}.  NULL if it is something else. */
static const char *
parse_number(const char *s, char stop, uint64_t *ret)
{
	uint64_t n = 0;
	const char *begin = s;

	for (; *s >= '0' && *s <= '9' && s - begin < 16; s++)
		n = n * 10 + (uint64_t)(*s - '0');
	if (s == begin || *s != stop)
		return NULL;
	*ret = n;
	return s + 1;
}

/* It was written by a process that may have died, on a disk that may be odd: no
 * range is believed that the file does not have. */
int
extents_parse(const char *text, uint64_t size, struct extents *x)
{
	uint64_t start, end;

	while (*text != '\0') {
		text = parse_number(text, ' ', &start);
		if (text == NULL)
			return 0;
		text = parse_number(text, '\n', &end);
		if (text == NULL || start >= end || end > size)
			return 0;
		extents_add(x, start, end);
	}
	return 1;
}
