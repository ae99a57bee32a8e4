#include <stdlib.h>
#include <string.h>

#include "layout/digest_set.h"
#include "layout/mem.h"
#include "mirror/agenda.h"
#include "mirror/overlap.h"

/* What the patterns of one repository have become. */
struct batch {
	struct batch *next;
	struct overlap_image *images;	/* by priority */
	size_t count, at;
};

struct agenda {
	const struct image_list *list;
	struct rank *ranks;		/* highest priority first */
	size_t count, at;
	struct batch *batches;		/* the one with the next image first,
					 * the latest of equal ones */
	struct batch *spent;		/* whose images others work on */
	struct digest_set known;	/* images of the list, by a hash of
					 * their name */
	struct digest_set overlaps;	/* struct overlap, by a hash of the
					 * repository */
};

struct rank {
	int priority;
	unsigned index;
};

static struct digest
id_of(const struct image_ref *ref, const char *tag)
{
	char *name = xasprintf("%s/%s%s%s", ref->registry, ref->repository,
	    tag == NULL ? "" : ":", tag == NULL ? "" : tag);
	struct digest id;

	digest_of(DIGEST_SHA256, name, strlen(name), &id);
	free(name);
	return id;
}

static struct overlap *
overlap_of(const struct agenda *a, const struct list_entry *pattern)
{
	struct digest id = id_of(&pattern->ref, NULL);

	return digest_set_get(&a->overlaps, &id);
}

static void
add_pattern(struct agenda *a, const struct list_entry *pattern)
{
	struct digest id = id_of(&pattern->ref, NULL);
	struct overlap *o = digest_set_get(&a->overlaps, &id);

	if (o == NULL) {
		o = overlap_new();
		digest_set_add(&a->overlaps, &id, o);
	}
	overlap_add(o, pattern);
}

static void
note_names(struct agenda *a)
{
	const struct list_entry *entry;
	struct digest id;
	size_t i;

	for (i = 0; i < list_count(a->list); i++) {
		entry = list_at(a->list, i);
		if (entry->tags != NULL)
			add_pattern(a, entry);
	}
	for (i = 0; a->overlaps.count > 0 && i < list_count(a->list); i++) {
		entry = list_at(a->list, i);
		if (entry->ref.tag == NULL)
			continue;
		id = id_of(&entry->ref, entry->ref.tag);
		digest_set_add(&a->known, &id, NULL);
	}
}

static int
compare_ranks(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static enum only_part
part_of(struct only *only, const struct list_entry *entry)
{
	char **tags = NULL;
	size_t count;
	enum only_part part;

	if (only == NULL)
		return ONLY_ALL;
	part = only_part(only, entry, &tags, &count);
	free(tags);
	return part;
}

static bool *
choose(const struct agenda *a, struct only *only)
{
	size_t i, count = list_count(a->list);
	bool *chosen = xcalloc(count + 1, sizeof(*chosen));
	const struct list_entry *entry;

	for (i = 0; i < count; i++) {
		entry = list_at(a->list, i);
		chosen[i] = part_of(only, entry) != ONLY_NOTHING;
		if (chosen[i] && entry->newest > 0)
			overlap_choose(overlap_of(a, entry));
	}
	for (i = 0; i < count; i++) {
		entry = list_at(a->list, i);
		if (entry->newest > 0)
			chosen[i] = overlap_is_chosen(overlap_of(a, entry));
	}
	return chosen;
}

/* Nobody waits for patterns that are not looked up: what they say of images
 * that others find is asked of them all the same. */
static void
sort_by_priority(struct agenda *a, struct only *only)
{
	size_t i, count = list_count(a->list);
	bool *chosen = choose(a, only);
	const struct list_entry *entry;
	struct overlap *o;
	struct rank *rank;

	a->ranks = xcalloc(count, sizeof(*a->ranks));
	for (i = 0; i < count; i++) {
		entry = list_at(a->list, i);
		o = entry->tags == NULL ? NULL : overlap_of(a, entry);
		if (!chosen[i]) {
			if (o != NULL)
				(void)overlap_ended(o);
			continue;
		}
		rank = &a->ranks[a->count++];
		rank->priority = o == NULL ? entry->priority :
		    overlap_priority(o);
		rank->index = (unsigned)i;
	}
	free(chosen);
	if (a->count > 1)
		qsort(a->ranks, a->count, sizeof(*a->ranks), compare_ranks);
}

struct agenda *
agenda_new(const struct image_list *list, struct only *only)
{
	struct agenda *a = xcalloc(1, sizeof(*a));

	a->list = list;
	note_names(a);
	sort_by_priority(a, only);
	return a;
}

static void
free_batches(struct batch *b)
{
	struct batch *next;
	size_t i;

	for (; b != NULL; b = next) {
		next = b->next;
		for (i = 0; i < b->count; i++)
			free(b->images[i].entry.ref.tag);
		free(b->images);
		free(b);
	}
}

void
agenda_free(struct agenda *a)
{
	struct digest id;
	size_t at = 0;
	void *o;

	if (a == NULL)
		return;
	free_batches(a->batches);
	free_batches(a->spent);
	while (digest_set_next(&a->overlaps, &at, &id, &o))
		overlap_free(o);
	digest_set_done(&a->overlaps);
	digest_set_done(&a->known);
	free(a->ranks);
	free(a);
}

/* --- what is next ------------------------------------------------------ */

static int
priority_of(const struct batch *b)
{
	return b->images[b->at].entry.priority;
}

static void
insert(struct agenda *a, struct batch *b)
{
	struct batch **at = &a->batches;

	while (*at != NULL && priority_of(*at) > priority_of(b))
		at = &(*at)->next;
	b->next = *at;
	*at = b;
}

static void
take_found(struct agenda *a, struct agenda_item *ret)
{
	struct batch *b = a->batches;
	const struct overlap_image *image = &b->images[b->at++];

	*ret = (struct agenda_item){ &image->entry, image->entry.priority,
	    image->line, image->rival };
	if (b->at < b->count && priority_of(b) == ret->priority)
		return;
	a->batches = b->next;
	if (b->at < b->count) {
		insert(a, b);
		return;
	}
	b->next = a->spent;
	a->spent = b;
}

bool
agenda_next(struct agenda *a, struct agenda_item *ret)
{
	const struct rank *rank = NULL;

	if (a->at < a->count)
		rank = &a->ranks[a->at];
	if (a->batches != NULL && (rank == NULL ||
	    priority_of(a->batches) >= rank->priority)) {
		take_found(a, ret);
		return true;
	}
	if (rank == NULL)
		return false;
	a->at++;
	ret->entry = ret->line = list_at(a->list, rank->index);
	ret->priority = rank->priority;
	ret->rival = NULL;
	return true;
}

size_t
agenda_left(const struct agenda *a)
{
	const struct batch *b;
	size_t left = a->count - a->at;

	for (b = a->batches; b != NULL; b = b->next)
		left += b->count - b->at;
	return left;
}

/* --- what patterns find ------------------------------------------------ */

static size_t
add_batch(struct agenda *a, struct overlap *o)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->count = overlap_take(o, &b->images);
	if (b->count > 0) {
		insert(a, b);
		return b->count;
	}
	free_batches(b);
	return 0;
}

size_t
agenda_expand(struct agenda *a, const struct list_entry *pattern,
    char *const *tags, size_t count, size_t all)
{
	struct overlap *o = overlap_of(a, pattern);
	struct digest id;
	size_t i;

	for (i = 0; i < all; i++) {
		id = id_of(&pattern->ref, tags[i]);
		if (digest_set_has(&a->known, &id))
			continue;
		if (i < count)
			overlap_found(o, pattern, tags[i]);
		else
			overlap_left_out(o, pattern, tags[i]);
	}
	return overlap_ended(o) ? add_batch(a, o) : 0;
}

size_t
agenda_close(struct agenda *a)
{
	struct digest id;
	size_t at = 0, count = 0;
	void *o;

	while (digest_set_next(&a->overlaps, &at, &id, &o))
		count += add_batch(a, o);
	return count;
}
