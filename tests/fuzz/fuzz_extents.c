/* The note of which parts of a blob are here. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/extents.h"
#include "layout/mem.h"

#define SIZE	((uint64_t)1 << 40)

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check(const struct extents *x)
{
	struct extent gap;
	uint64_t total = 0, gaps = 0, from = 0;
	size_t i;

	for (i = 0; i < x->count; i++) {
		must(x->items[i].start < x->items[i].end);
		must(x->items[i].end <= SIZE);
		must(i == 0 || x->items[i - 1].end < x->items[i].start);
		total += x->items[i].end - x->items[i].start;
	}
	must(extents_total(x) == total);
	must(extents_prefix(x) <= total);
	for (; extents_gap(x, from, SIZE, &gap); from = gap.end) {
		must(gap.start >= from && gap.start < gap.end);
		gaps += gap.end - gap.start;
	}
	must(total + gaps == SIZE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *once, *twice;
	struct extents x = { 0 }, again = { 0 };
	size_t len;

	if (extents_parse(text, SIZE, &x)) {
		once = extents_print(&x, &len);
		must(len == strlen(once));
		must(extents_parse(once, SIZE, &again));
		twice = extents_print(&again, &len);
		must(strcmp(once, twice) == 0);
		free(twice);
		free(once);
	}
	check(&x);
	extents_done(&x);
	extents_done(&again);
	free(text);
	return 0;
}
