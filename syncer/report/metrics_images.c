/*
 * A series for each of a hundred thousand images is more than who scrapes it
 * wants to keep.  Of many, those are kept that somebody has to look at: each
 * list is a heap whose top is what goes first.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/metrics.h"

struct item {
	char *name;
	struct metrics_image of;	/* its name aside */
	uint64_t images, failed;	/* of a repository */
};

struct heap {
	struct item *items;
	size_t count, max;
	uint64_t all;			/* also those that have no place */
	bool (*is_before)(const struct item *, const struct item *);
};

struct metrics_images {
	struct item *each;		/* NULL: they are too many */
	size_t count;
	uint64_t all;
	struct heap failed, repositories;
	/* Those of which more may come: each name is the beginning of the next
	 * one. */
	struct item *open;
	size_t open_count, open_room;
};

/* What more people wait for: who is listed still; then in order of names. */
static bool
failed_before(const struct item *a, const struct item *b)
{
	if (a->of.last_listed != b->of.last_listed)
		return a->of.last_listed > b->of.last_listed;
	return strcmp(a->name, b->name) < 0;
}

static bool
repository_before(const struct item *a, const struct item *b)
{
	if ((a->failed > 0) != (b->failed > 0))
		return a->failed > 0;
	if (a->images != b->images)
		return a->images > b->images;
	return strcmp(a->name, b->name) < 0;
}

static void
swap(struct item *a, struct item *b)
{
	struct item c = *a;

	*a = *b;
	*b = c;
}

/* Upwards, a parent comes behind its children. */
static void
rise(struct heap *h, size_t at)
{
	size_t parent;

	for (; at > 0; at = parent) {
		parent = (at - 1) / 2;
		if (!h->is_before(&h->items[parent], &h->items[at]))
			return;
		swap(&h->items[parent], &h->items[at]);
	}
}

static void
sink(struct heap *h, size_t at)
{
	size_t child;

	for (; (child = 2 * at + 1) < h->count; at = child) {
		if (child + 1 < h->count && h->is_before(&h->items[child],
		    &h->items[child + 1]))
			child++;
		if (!h->is_before(&h->items[at], &h->items[child]))
			return;
		swap(&h->items[at], &h->items[child]);
	}
}

/* Takes the name. */
static void
heap_add(struct heap *h, struct item *item)
{
	h->all++;
	if (h->count < h->max) {
		h->items[h->count] = *item;
		rise(h, h->count++);
	} else if (h->is_before(item, &h->items[0])) {
		free(h->items[0].name);
		h->items[0] = *item;
		sink(h, 0);
	} else {
		free(item->name);
	}
}

static void
free_items(struct item *items, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(items[i].name);
	free(items);
}

struct metrics_images *
metrics_images_new(void)
{
	struct metrics_images *m = xcalloc(1, sizeof(*m));

	m->each = xcalloc(METRICS_IMAGES_MAX, sizeof(*m->each));
	m->failed.max = METRICS_FAILED_MAX;
	m->failed.is_before = failed_before;
	m->failed.items = xcalloc(METRICS_FAILED_MAX,
	    sizeof(*m->failed.items));
	m->repositories.max = METRICS_REPOSITORIES_MAX;
	m->repositories.is_before = repository_before;
	m->repositories.items = xcalloc(METRICS_REPOSITORIES_MAX,
	    sizeof(*m->repositories.items));
	return m;
}

void
metrics_images_free(struct metrics_images *m)
{
	if (m == NULL)
		return;
	free_items(m->each, m->count);
	free_items(m->failed.items, m->failed.count);
	free_items(m->repositories.items, m->repositories.count);
	free_items(m->open, m->open_count);
	free(m);
}

/* The one with the first ${len} bytes of ${name} as its own.  They come in the
 * order of names: one that is no beginning of this one has come to its end. */
static struct item *
open_repository(struct metrics_images *m, const char *name, size_t len)
{
	struct item *last;
	size_t last_len;

	while (m->open_count > 0) {
		last = &m->open[m->open_count - 1];
		last_len = strlen(last->name);
		if (last_len <= len &&
		    strncmp(last->name, name, last_len) == 0) {
			if (last_len == len)
				return last;
			break;
		}
		heap_add(&m->repositories, last);
		m->open_count--;
	}
	if (m->open_count == m->open_room) {
		m->open_room = m->open_room == 0 ? 8 : 2 * m->open_room;
		m->open = xreallocarray(m->open, m->open_room,
		    sizeof(*m->open));
	}
	last = &m->open[m->open_count++];
	memset(last, 0, sizeof(*last));
	last->name = xstrndup(name, len);
	return last;
}

/* A pattern that found nothing is named as the repository, and comes before
 * others whose name goes on: "a", "a-b:1", "a:1". */
static void
add_to_repository(struct metrics_images *m, const struct metrics_image *one)
{
	const char *slash = strrchr(one->image, '/');
	struct item *r;

	slash = slash == NULL ? one->image : slash;
	r = open_repository(m, one->image, (size_t)(slash - one->image) +
	    strcspn(slash, ":@"));
	r->images++;
	r->failed += one->has_failed;
	r->of.size += one->size;
	if (one->last_listed > r->of.last_listed)
		r->of.last_listed = one->last_listed;
}

void
metrics_images_add(struct metrics_images *m, const struct metrics_image *one)
{
	struct item item = { .of = *one };

	m->all++;
	if (m->all == METRICS_IMAGES_MAX + 1) {
		free_items(m->each, m->count);
		m->each = NULL;
		m->count = 0;
	}
	if (m->each != NULL) {
		item.name = xstrdup(one->image);
		m->each[m->count++] = item;
	}
	if (one->has_failed) {
		item.name = xstrdup(one->image);
		heap_add(&m->failed, &item);
	}
	add_to_repository(m, one);
}

/* --- printing ---------------------------------------------------------- */

struct family {
	const char *name, *help;
	uint64_t (*value)(const struct item *);
};

static uint64_t
last_success(const struct item *i)
{
	return (uint64_t)i->of.last_success;
}

static uint64_t
last_listed(const struct item *i)
{
	return (uint64_t)i->of.last_listed;
}

static uint64_t
is_well(const struct item *i)
{
	return i->of.is_well;
}

static uint64_t
size(const struct item *i)
{
	return i->of.size;
}

static uint64_t
images(const struct item *i)
{
	return i->images;
}

static uint64_t
failed(const struct item *i)
{
	return i->failed;
}

/* By family and not by image, as the format wants it. */
static void
print_families(FILE *out, const struct family *families, size_t count,
    const char *key, const struct item *items, size_t item_count)
{
	size_t i, j;

	for (i = 0; i < count && item_count > 0; i++) {
		metrics_family(out, families[i].name, "gauge",
		    families[i].help);
		for (j = 0; j < item_count; j++)
			metrics_labelled(out, families[i].name, key,
			    items[j].name, families[i].value(&items[j]));
	}
}

static int
compare_names(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
print_left_out(const struct metrics_images *m, uint64_t images_said,
    FILE *out)
{
	static const char name[] = "cdr_metrics_left_out";

	metrics_family(out, name, "gauge", "What has no series of its own: "
	    "there are too many.");
	metrics_labelled(out, name, "kind", "images", m->all - images_said);
	metrics_labelled(out, name, "kind", "failed_images",
	    m->each != NULL ? 0 : m->failed.all - m->failed.count);
	metrics_labelled(out, name, "kind", "repositories",
	    m->repositories.all - m->repositories.count);
}

void
metrics_images_print(const struct metrics_images *m, FILE *out)
{
	static const struct family of_images[] = {
		{ "cdr_image_last_success_timestamp_seconds", "When the image "
		    "was last mirrored, or found unchanged; 0: never.",
		    last_success },
		{ "cdr_image_last_listed_timestamp_seconds", "When a run that "
		    "had the image in its list last ended.", last_listed },
		{ "cdr_image_sync_success", "1 if the last run that had the "
		    "image in its list mirrored it or found it unchanged.",
		    is_well },
		{ "cdr_image_size_bytes", "Bytes of all that the image "
		    "reaches.", size },
	};
	static const struct family of_repositories[] = {
		{ "cdr_repository_images", "Images of the repository.",
		    images },
		{ "cdr_repository_images_failed", "Those that failed in the "
		    "last run that had them in its list.", failed },
		{ "cdr_repository_last_listed_timestamp_seconds", "When a run "
		    "that had any of them in its list last ended.",
		    last_listed },
		{ "cdr_repository_size_bytes", "The sum of their sizes; a blob "
		    "that several share counts for each.", size },
	};
	const struct item *items = m->each != NULL ? m->each :
	    m->failed.items;
	size_t count = m->each != NULL ? m->count : m->failed.count;

	print_families(out, of_images, sizeof(of_images) /
	    sizeof(of_images[0]), "image", items, count);
	print_families(out, of_repositories, sizeof(of_repositories) /
	    sizeof(of_repositories[0]), "repository", m->repositories.items,
	    m->repositories.count);
	print_left_out(m, count, out);
}

void
metrics_images_end(struct metrics_images *m)
{
	struct heap *const heaps[] = { &m->failed, &m->repositories };
	size_t i;

	while (m->open_count > 0)
		heap_add(&m->repositories, &m->open[--m->open_count]);
	for (i = 0; i < sizeof(heaps) / sizeof(heaps[0]); i++)
		if (heaps[i]->count > 1)
			qsort(heaps[i]->items, heaps[i]->count,
			    sizeof(*heaps[i]->items), compare_names);
}
