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

/* Takes ${line}. */
static char *
with_keys(const struct list_entry *entry, char *line)
{
	const struct referrer_rule *r = entry->referrers;
	char *longer;
	size_t i;

	if (entry->tags != NULL) {
		longer = xasprintf("%s tags=%s", line, entry->tags->text);
		free(line);
		line = longer;
	}
	if (entry->newest > 0) {
		longer = xasprintf("%s newest=%u", line, entry->newest);
		free(line);
		line = longer;
	}
	if (entry->signed_by != NULL) {
		longer = xasprintf("%s signed=%s", line,
		    entry->signed_by[0] == '\0' ? "no" : entry->signed_by);
		free(line);
		line = longer;
	}
	longer = xasprintf("%s keep=%u keep-for=%us priority=%d "
	    "referrers=%s", line, entry->keep, entry->keep_for_s,
	    entry->priority, r->want == REFERRERS_NO ? "no" :
	    r->want == REFERRERS_YES ? "yes" : "types=");
	free(line);
	line = longer;
	for (i = 0; i < r->count; i++) {
		longer = xasprintf("%s%s%s", line, i > 0 ? "," : "",
		    r->types[i]);
		free(line);
		line = longer;
	}
	return line;
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
	return with_keys(entry, line);
}

static void
check_keys(const struct list_entry *entry)
{
	const struct referrer_rule *r = entry->referrers;
	size_t i;

	must(entry->priority >= -PRIORITY_MAX &&
	    entry->priority <= PRIORITY_MAX);
	must(entry->newest <= NEWEST_MAX);
	must(entry->keep <= KEEP_MAX && entry->keep_for_s <= KEEP_FOR_MAX_S);
	must(entry->newest == 0 || entry->tags != NULL);
	/* One of three: a tag, a digest, a pattern. */
	must((entry->tags == NULL) ==
	    (entry->ref.tag != NULL || entry->ref.has_digest));
	must((r->want == REFERRERS_TYPES) == (r->count > 0));
	must(r->count <= REFERRER_TYPES_MAX);
	for (i = 0; i < r->count; i++)
		must(name_is_media_type(r->types[i]) &&
		    referrer_rule_wants(r, r->types[i]));
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
	check_keys(entry);
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
		must((entry->tags == NULL) == (again->tags == NULL));
		must(entry->tags == NULL ||
		    tag_rule_compare(entry->tags, again->tags) == 0);
		must(entry->newest == again->newest);
		must(entry->priority == again->priority);
		must(entry->keep == again->keep);
		must(entry->keep_for_s == again->keep_for_s);
		must((entry->signed_by == NULL) == (again->signed_by == NULL));
		must(entry->signed_by == NULL ||
		    strcmp(entry->signed_by, again->signed_by) == 0);
		must(referrer_rule_compare(entry->referrers,
		    again->referrers) == 0);
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
			    &list_at(list, j)->ref) != 0 ||
			    list_at(list, i)->tags != list_at(list, j)->tags);
		must(i == 0 || list_at(list, i - 1)->line <
		    list_at(list, i)->line);
	}
	list_free(list);
	return 0;
}
