/* The entries of a list, which may be hundreds of thousands: one array, and
 * little memory for each. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "image/entries.h"
#include "layout/mem.h"

#define ENTRIES_FIRST	64u

/*
 * Move the three strings of ${ref} into one piece of memory, which
 * ref->registry then owns: a list has many, and malloc(3) rounds up.
 */
static void
pack(struct image_ref *ref)
{
	size_t registry = strlen(ref->registry) + 1;
	size_t repository = strlen(ref->repository) + 1;
	size_t tag = ref->tag == NULL ? 0 : strlen(ref->tag) + 1;
	struct image_ref packed = *ref;

	packed.registry = xmalloc(registry + repository + tag);
	packed.repository = packed.registry + registry;
	memcpy(packed.registry, ref->registry, registry);
	memcpy(packed.repository, ref->repository, repository);
	if (ref->tag != NULL) {
		packed.tag = packed.repository + repository;
		memcpy(packed.tag, ref->tag, tag);
	}
	image_ref_done(ref);
	*ref = packed;
}

/* Half as much again each time: a copy or two for each, and little spare. */
void
entries_add(struct entries *all, const struct list_entry *entry)
{
	struct list_entry *added;

	assert(all->count <= all->room);
	if (all->count == all->room) {
		all->room += all->room / 2 + ENTRIES_FIRST;
		all->items = xreallocarray(all->items, all->room,
		    sizeof(all->items[0]));
	}
	added = &all->items[all->count++];
	*added = *entry;
	pack(&added->ref);
}

void
entries_done(struct entries *all)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		free(all->items[i].ref.registry);
	free(all->items);
	memset(all, 0, sizeof(*all));
}

/*
 * The image that an entry is about; a tag may be pinned to any digest.  Several
 * patterns for one repository are several entries.
 */
static int
compare_images(const struct list_entry *a, const struct list_entry *b)
{
	struct image_ref x = a->ref, y = b->ref;
	int order;

	if (x.tag != NULL)
		x.has_digest = false;
	if (y.tag != NULL)
		y.has_digest = false;
	order = image_ref_compare(&x, &y);
	if (order != 0 || a->tags == NULL || b->tags == NULL)
		return order;
	return tag_rule_compare(a->tags, b->tags);
}

/* Of the same image, the one read first comes first. */
static int
compare_entries(const void *a, const void *b)
{
	const struct list_entry *x = *(const struct list_entry *const *)a;
	const struct list_entry *y = *(const struct list_entry *const *)b;
	int order = compare_images(x, y);

	if (order != 0)
		return order;
	return x < y ? -1 : x > y;
}

/* Twins stand beside each other when sorted, and the first of them is the one
 * read first: n log n comparisons, where each with each would take hours. */
unsigned *
entries_twins(const struct entries *all)
{
	const struct list_entry **order, *first = NULL;
	unsigned *twins = xcalloc(all->count, sizeof(twins[0]));
	size_t i;

	/* Pointers are sorted, since the entries keep the order of the file;
	 * their addresses tell which came first. */
	order = xcalloc(all->count, sizeof(order[0]));
	for (i = 0; i < all->count; i++)
		order[i] = &all->items[i];
	qsort(order, all->count, sizeof(order[0]), compare_entries);
	for (i = 0; i < all->count; i++)
		if (first != NULL && compare_images(first, order[i]) == 0) {
			assert(first < order[i]);
			twins[order[i] - all->items] =
			    (unsigned)(first - all->items) + 1;
		} else {
			first = order[i];
		}
	free(order);
	return twins;
}

/* The order stays, so that what is read first is done first. */
void
entries_drop(struct entries *all, const unsigned *drop)
{
	size_t i, kept = 0;

	for (i = 0; i < all->count; i++)
		if (drop[i] != 0)
			free(all->items[i].ref.registry);
		else
			all->items[kept++] = all->items[i];
	all->count = all->room = kept;
	all->items = xreallocarray(all->items, kept,
	    sizeof(all->items[0]));
}
