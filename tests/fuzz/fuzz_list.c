/*
 * list_read on any bytes: complaints decide the result and are capped, entries
 * pass the grammars, no image is there twice unless complained of, and an entry
 * written as a line of its own is the same entry.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/list.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
hear(void *cookie, const char *where, const char *what)
{
	must(where[0] != '\0' && what[0] != '\0');
	must(strpbrk(what, "\n\r\x1b") == NULL);
	++*(size_t *)cookie;
}

/* The line that asks for just what ${entry} asks for. */
static char *
line_for(const struct list_entry *entry)
{
	char *ref = image_ref_text(&entry->ref), *line, *longer;
	char name[PLATFORM_TEXT_MAX];
	size_t i;

	line = xasprintf("%s platform=%s", ref,
	    entry->platforms->all ? "all" : "");
	free(ref);
	for (i = 0; i < entry->platforms->count; i++) {
		longer = xasprintf("%s%s%s", line, i > 0 ? "," : "",
		    platform_text(&entry->platforms->items[i], name));
		free(line);
		line = longer;
	}
	return line;
}

static void
check_entry(const struct list_entry *entry)
{
	size_t complaints = 0;
	struct image_list *list;
	const struct list_entry *again;
	char *line = line_for(entry);

	must(name_is_registry(entry->ref.registry));
	must(name_is_repository(entry->ref.repository));
	must(entry->ref.tag == NULL || name_is_tag(entry->ref.tag));
	must(entry->line > 0 && strcmp(entry->file, "list") == 0);
	must(entry->platforms->all == (entry->platforms->count == 0));
	must(entry->platforms->count <= PLATFORMS_MAX);
	if (strlen(line) <= LIST_LINE_MAX) {
		list = list_new(hear, &complaints);
		list_add(list, line);
		must(list_end(list) == 0 && list_count(list) == 1);
		again = list_at(list, 0);
		must(image_ref_compare(&entry->ref, &again->ref) == 0);
		must(platform_set_equal(entry->platforms, again->platforms));
		list_free(list);
	}
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t complaints = 0, i, j;
	struct image_list *list = list_new(hear, &complaints);

	list_read(list, "list", (const char *)data, len);
	must((list_end(list) == 0) == (complaints == 0));
	must(complaints <= LIST_COMPLAINTS_MAX + 1);
	for (i = 0; i < list_count(list) && i < 64; i++) {
		check_entry(list_at(list, i));
		for (j = 0; complaints == 0 && j < i; j++)
			must(image_ref_compare(&list_at(list, i)->ref,
			    &list_at(list, j)->ref) != 0);
		must(i == 0 || list_at(list, i - 1)->line <
		    list_at(list, i)->line);
	}
	list_free(list);
	return 0;
}
