/* Content-Range */
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/range.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check(int64_t first, int64_t last, int64_t total)
{
	must(first >= -1 && last >= -1 && total >= -1);
	must((first == -1) == (last == -1));
	must(first != -1 || total != -1);
	must(first <= last);
	must(total == -1 || last < total);
}

/* The same in the specification's own spelling. */
static char *
spelled(int64_t first, int64_t last, int64_t total)
{
	if (first == -1)
		return xasprintf("bytes */%" PRId64, total);
	if (total == -1)
		return xasprintf("bytes %" PRId64 "-%" PRId64 "/*", first,
		    last);
	return xasprintf("bytes %" PRId64 "-%" PRId64 "/%" PRId64, first, last,
	    total);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *again;
	int64_t first = -7, last = -7, total = -7, f, l, t;

	if (range_parse(text, &first, &last, &total) == 0) {
		must(first == -7 && last == -7 && total == -7);
	} else {
		check(first, last, total);
		again = spelled(first, last, total);
		must(range_parse(again, &f, &l, &t) == 1);
		must(f == first && l == last && t == total);
		free(again);
	}
	free(text);
	return 0;
}
