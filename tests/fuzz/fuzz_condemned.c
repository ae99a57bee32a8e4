/*
 * What gc reads of the tree's own notes: lines of _state/condemned, and of a
 * history.  The first line is a number of digests to keep, all behind it both.
 * A line that is understood has an age within bounds and a name without a
 * blank; of a history no digest is kept twice, nor the current one, and with
 * all kept none is missing that is kept with fewer.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/gc_condemned.h"
#include "layout/gc_history.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define NOW	1795910400

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_line(const char *line)
{
	enum gc_class class;
	const char *name;
	uint32_t age;
	int64_t when;

	if (gc_condemned_head(line, &when))
		must(when >= 0);
	if (!gc_condemned_line(line, &age, &class, &name))
		return;
	must(age <= CONDEMNED_AGE_MAX && name > line);
	must(name < line + strlen(line) && class <= GC_CLASS_IMPORT);
}

static bool
has(const struct gc_past *past, size_t count, const struct digest *d)
{
	size_t i, found = 0;

	for (i = 0; i < count; i++)
		found += digest_equal(&past[i].digest, d);
	must(found <= 1);
	return found == 1;
}

static void
check_history(const char *text, unsigned keep)
{
	struct gc_past *some, *all;
	size_t i, some_count, all_count;
	struct digest current;

	digest_of(DIGEST_SHA256, "a", 1, &current);
	gc_history_choose(text, &current, keep, 24 * 3600, NOW, &some,
	    &some_count);
	gc_history_choose(text, &current, UINT_MAX, 0, NOW, &all, &all_count);
	must(!has(all, all_count, &current));
	for (i = 0; i < some_count; i++) {
		must(some[i].since <= NOW);
		must(has(all, all_count, &some[i].digest));
	}
	free(some);
	free(all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len), *at, *end;
	char *first = strchr(text, '\n');

	if (first == NULL || len > 16384) {
		free(text);
		return 0;
	}
	*first++ = '\0';
	check_history(first, (unsigned)strtoul(text, NULL, 10) % 300);
	for (at = first; *at != '\0'; at = end) {
		end = at + strcspn(at, "\n");
		if (*end != '\0')
			*end++ = '\0';
		check_line(at);
	}
	free(text);
	return 0;
}
