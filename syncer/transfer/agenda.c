#include <stdlib.h>
#include <string.h>

#include "layout/digest_set.h"
#include "layout/mem.h"
#include "transfer/agenda.h"

/* The entries that one pattern has become. */
struct batch {
	struct batch *next;
	struct list_entry *entries;
	size_t count, at;
};

struct agenda {
	const struct image_list *list;
	unsigned *order;		/* indices, highest priority first */
	size_t at;
	struct batch *batches;		/* the latest first */
	struct digest_set known;	/* images, by a hash of their name */
	bool has_patterns;
};

struct rank {
	int priority;
	unsigned index;
};

static int
compare_ranks(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static void
sort_by_priority(struct agenda *a)
{
	size_t i, count = list_count(a->list);
	struct rank *ranks = xcalloc(count, sizeof(*ranks));

	for (i = 0; i < count; i++) {
		ranks[i].priority = list_at(a->list, i)->priority;
		ranks[i].index = (unsigned)i;
	}
	if (count > 1)
		qsort(ranks, count, sizeof(*ranks), compare_ranks);
	a->order = xcalloc(count, sizeof(*a->order));
	for (i = 0; i < count; i++)
		a->order[i] = ranks[i].index;
	free(ranks);
}

/* Return false if it was known. */
static bool
note_image(struct agenda *a, const struct image_ref *ref, const char *tag)
{
	char *name = xasprintf("%s/%s:%s", ref->registry, ref->repository,
	    tag);
	struct digest id;
	bool fresh;

	digest_of(DIGEST_SHA256, name, strlen(name), &id);
	fresh = digest_set_add(&a->known, &id, NULL);
	free(name);
	return fresh;
}

struct agenda *
agenda_new(const struct image_list *list)
{
	struct agenda *a = xcalloc(1, sizeof(*a));
	const struct list_entry *entry;
	size_t i;

	a->list = list;
	sort_by_priority(a);
	for (i = 0; i < list_count(list); i++)
		a->has_patterns |= list_at(list, i)->tags != NULL;
	for (i = 0; a->has_patterns && i < list_count(list); i++) {
		entry = list_at(list, i);
		if (entry->ref.tag != NULL)
			(void)note_image(a, &entry->ref, entry->ref.tag);
	}
	return a;
}

void
agenda_free(struct agenda *a)
{
	struct batch *b;
	size_t i;

	if (a == NULL)
		return;
	while ((b = a->batches) != NULL) {
		a->batches = b->next;
		for (i = 0; i < b->count; i++)
			free(b->entries[i].ref.tag);
		free(b->entries);
		free(b);
	}
	digest_set_done(&a->known);
	free(a->order);
	free(a);
}

const struct list_entry *
agenda_next(struct agenda *a)
{
	struct batch *b;

	for (b = a->batches; b != NULL; b = b->next)
		if (b->at < b->count)
			return &b->entries[b->at++];
	if (a->at < list_count(a->list))
		return list_at(a->list, a->order[a->at++]);
	return NULL;
}

size_t
agenda_expand(struct agenda *a, const struct list_entry *pattern,
    char *const *tags, size_t count)
{
	struct batch *b = xcalloc(1, sizeof(*b));
	size_t i;

	b->entries = xcalloc(count, sizeof(*b->entries));
	for (i = 0; i < count; i++) {
		if (!note_image(a, &pattern->ref, tags[i]))
			continue;
		b->entries[b->count] = *pattern;
		b->entries[b->count].tags = NULL;
		b->entries[b->count++].ref.tag = xstrdup(tags[i]);
	}
	b->next = a->batches;
	a->batches = b;
	return b->count;
}

size_t
agenda_left(const struct agenda *a)
{
	const struct batch *b;
	size_t left = list_count(a->list) - a->at;

	for (b = a->batches; b != NULL; b = b->next)
		left += b->count - b->at;
	return left;
}
