/*
 * The lines of a list, by repository: an event finds its own by a binary
 * search, and costs nothing where there is none.  What waits is kept with the
 * repository, a tag each, however many lines are about it.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "image/only.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "watch/hints.h"

/* An image, or all of a repository. */
struct wait {
	char *tag;			/* NULL: all */
	int64_t first, last;		/* event */
	int64_t early;			/* a look before it has settled;
					 * INT64_MAX: none, or it was */
	bool is_again;			/* no event, but a run that failed */
	unsigned failed;
};

/* All lines about one repository. */
struct group {
	size_t first, count;		/* in the order: by tag, and then */
	size_t patterns;		/* so many */
	bool is_signed;			/* some of it has to be */
	bool was_heard;			/* there was an event; the last, */
	int64_t heard, early;		/* and a look that it is early for */
	struct wait *waits;		/* by tag; or one for all */
	size_t wait_count, room;
	size_t most;			/* before it is all of them */
	struct group *next;		/* of those in which any waits */
};

struct hints {
	struct image_list *list;
	const struct list_entry **order;	/* its lines */
	struct group *groups;		/* by repository */
	size_t group_count;
	struct group *waiting, **end;	/* who came first is first */
	size_t count;
	int64_t early, settle, most;
	hints_signed_fn *ask;		/* beside the list; NULL: nobody */
	void *ask_cookie;
	int64_t due;			/* the first, or earlier */
};

/* --- the list ---------------------------------------------------------- */

static const struct image_ref *
ref_at(const struct hints *h, size_t at)
{
	return &h->order[at]->ref;
}

static int
compare_name(const struct image_ref *ref, const char *registry,
    const char *repository)
{
	int c = strcmp(ref->registry, registry);

	return c != 0 ? c : strcmp(ref->repository, repository);
}

static bool
is_pattern(const struct list_entry *entry)
{
	return entry->tags != NULL || entry->ref.tag == NULL;
}

static int
compare_lines(const void *a, const void *b)
{
	const struct list_entry *x = *(const struct list_entry *const *)a;
	const struct list_entry *y = *(const struct list_entry *const *)b;
	int c = compare_name(&x->ref, y->ref.registry, y->ref.repository);

	if (c != 0 || (is_pattern(x) && is_pattern(y)))
		return c;
	if (is_pattern(x) || is_pattern(y))
		return is_pattern(x) ? 1 : -1;
	return strcmp(x->ref.tag, y->ref.tag);
}

static bool
is_next_group(const struct hints *h, size_t at)
{
	const struct image_ref *before;

	if (at == 0)
		return true;
	before = ref_at(h, at - 1);
	return compare_name(ref_at(h, at), before->registry,
	    before->repository) != 0;
}

static void
set_groups(struct hints *h)
{
	size_t i, count = list_count(h->list);
	struct group *g = NULL;

	h->order = xcalloc(count + 1, sizeof(*h->order));
	for (i = 0; i < count; i++)
		h->order[i] = list_at(h->list, i);
	if (count > 1)
		qsort(h->order, count, sizeof(*h->order), compare_lines);
	h->group_count = 0;
	for (i = 0; i < count; i++)
		h->group_count += is_next_group(h, i);
	h->groups = xcalloc(h->group_count + 1, sizeof(*h->groups));
	for (i = 0; i < count; i++) {
		if (is_next_group(h, i)) {
			g = g == NULL ? h->groups : g + 1;
			g->first = i;
			g->is_signed = h->ask != NULL && h->ask(h->ask_cookie,
			    ref_at(h, i)->registry);
		}
		g->count++;
		g->patterns += is_pattern(h->order[i]);
		g->is_signed |= h->order[i]->signed_by != NULL &&
		    h->order[i]->signed_by[0] != '\0';
		g->most += h->order[i]->tags == NULL ? 1 : HINT_TAGS_MAX;
	}
}

struct hints *
hints_new(struct image_list *list, int64_t first, int64_t settle, int64_t most)
{
	struct hints *h = xcalloc(1, sizeof(*h));

	h->list = list;
	h->early = first;
	h->settle = settle;
	h->most = most;
	h->due = INT64_MAX;
	h->end = &h->waiting;
	set_groups(h);
	return h;
}

void
hints_signed(struct hints *h, hints_signed_fn *fn, void *cookie)
{
	size_t i;

	h->ask = fn;
	h->ask_cookie = cookie;
	for (i = 0; i < h->group_count; i++)
		h->groups[i].is_signed |= fn(cookie,
		    ref_at(h, h->groups[i].first)->registry);
}

static void
drop_waits(struct hints *h, struct group *g)
{
	h->count -= g->wait_count;
	while (g->wait_count > 0)
		free(g->waits[--g->wait_count].tag);
	free(g->waits);
	g->waits = NULL;
	g->room = 0;
}

static void
clear(struct hints *h)
{
	for (; h->waiting != NULL; h->waiting = h->waiting->next)
		drop_waits(h, h->waiting);
}

void
hints_free(struct hints *h)
{
	if (h == NULL)
		return;
	clear(h);
	free(h->order);
	free(h->groups);
	list_free(h->list);
	free(h);
}

size_t
hints_count(const struct hints *h)
{
	return h->count;
}

static struct group *
find_group(const struct hints *h, const char *registry,
    const char *repository)
{
	size_t low = 0, high = h->group_count, middle;
	int c;

	while (low < high) {
		middle = low + (high - low) / 2;
		c = compare_name(ref_at(h, h->groups[middle].first), registry,
		    repository);
		if (c == 0)
			return &h->groups[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* --- what waits -------------------------------------------------------- */

static int64_t
settled_of(const struct hints *h, const struct wait *w)
{
	int64_t latest = w->first > INT64_MAX - h->most ? INT64_MAX :
	    w->first + h->most;
	int64_t settled = w->last > INT64_MAX - h->settle ? INT64_MAX :
	    w->last + h->settle;

	return settled < latest ? settled : latest;
}

static int64_t
due_of(const struct hints *h, const struct wait *w)
{
	return settled_of(h, w) < w->early ? settled_of(h, w) : w->early;
}

/* When to look at what an event is about before it has settled: soon, where the
 * repository was quiet, and with others of the same push. */
static int64_t
early_of(const struct hints *h, struct group *g, int64_t now)
{
	if (h->early >= h->settle || g->is_signed)
		return INT64_MAX;
	if (!g->was_heard || now - g->heard >= h->settle)
		g->early = now + h->early;
	g->was_heard = true;
	g->heard = now;
	return now <= g->early ? g->early : INT64_MAX;
}

/* Where the tag is, or belongs. */
static size_t
place_of(const struct group *g, const char *tag)
{
	size_t low = 0, high = g->wait_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(g->waits[middle].tag, tag) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
waits_for_all(const struct group *g)
{
	return g->wait_count > 0 && g->waits[0].tag == NULL;
}

/* Of an event that comes again only the time counts; what is due again after a
 * run that failed is due when it has settled, if there was an event since. */
static void
move(struct wait *old, const struct wait *w)
{
	if (old->is_again && !w->is_again) {
		old->first = w->first;
		old->last = w->last;
		old->is_again = false;
	} else if (old->is_again == w->is_again) {
		old->first = w->first < old->first ? w->first : old->first;
		old->last = w->last > old->last ? w->last : old->last;
	}
	if (!w->is_again && w->early < old->early)
		old->early = w->early;
	if (w->failed < old->failed)
		old->failed = w->failed;
}

/* All of the repository: since the first event about any of it. */
static struct wait
all_of(const struct group *g, const struct wait *w)
{
	struct wait all = *w;
	size_t i;

	all.tag = NULL;
	for (i = 0; i < g->wait_count; i++)
		move(&all, &g->waits[i]);
	return all;
}

static void
insert(struct hints *h, struct group *g, size_t at, const struct wait *w)
{
	if (g->wait_count == g->room) {
		g->room = g->room == 0 ? 2 : 2 * g->room;
		g->waits = xreallocarray(g->waits, g->room, sizeof(*w));
	}
	memmove(&g->waits[at + 1], &g->waits[at],
	    (g->wait_count - at) * sizeof(*w));
	g->waits[at] = *w;
	if (w->tag != NULL)
		g->waits[at].tag = xstrdup(w->tag);
	if (g->wait_count++ == 0) {
		g->next = NULL;
		*h->end = g;
		h->end = &g->next;
	}
	h->count++;
}

static void
leave(struct hints *h, struct group *g)
{
	struct group **at = &h->waiting;

	if (g->wait_count == 0)
		return;
	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	if (g->next == NULL)
		h->end = at;
	drop_waits(h, g);
}

static void
put(struct hints *h, struct group *g, const struct wait *w)
{
	struct wait all;
	size_t at;

	if (due_of(h, w) < h->due)
		h->due = due_of(h, w);
	if (waits_for_all(g)) {
		move(&g->waits[0], w);
		return;
	}
	at = w->tag == NULL ? 0 : place_of(g, w->tag);
	if (w->tag != NULL && at < g->wait_count &&
	    strcmp(g->waits[at].tag, w->tag) == 0) {
		move(&g->waits[at], w);
	} else if (w->tag != NULL && g->wait_count < g->most) {
		insert(h, g, at, w);
	} else {
		all = all_of(g, w);
		leave(h, g);
		insert(h, g, 0, &all);
		if (due_of(h, &all) < h->due)
			h->due = due_of(h, &all);
	}
}

/* How many of its lines are about that tag. */
static size_t
count_lines(const struct hints *h, const struct group *g, const char *tag)
{
	size_t end = g->first + g->count, plain = end - g->patterns;
	size_t low = g->first, high = plain, middle, i, count = 0;

	if (tag == NULL || tag_is_signature(tag))
		return g->count;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(ref_at(h, middle)->tag, tag) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < plain && strcmp(ref_at(h, low)->tag, tag) == 0; low++)
		count++;
	for (i = plain; i < end; i++)
		count += only_hears(h->order[i], tag);
	return count;
}

/* ${w}'s tag is any; what belongs to an image is about all of them. */
static size_t
put_named(struct hints *h, const char *registry, const char *repository,
    struct wait w, bool is_event)
{
	struct group *g = find_group(h, registry, repository);
	size_t count = g == NULL ? 0 : count_lines(h, g, w.tag);

	if (count == 0)
		return 0;
	if (w.tag != NULL && tag_is_signature(w.tag))
		w.tag = NULL;
	if (is_event)
		w.early = early_of(h, g, w.last);
	put(h, g, &w);
	return count;
}

/* As in a list: Docker Hub has several names, and its own images a folder. */
size_t
hints_put(struct hints *h, const struct hook_event *event, int64_t now)
{
	/* It is only read. */
	struct wait w = { .tag = (char *)(uintptr_t)event->tag, .first = now,
	    .last = now };
	const char *registry = event->registry;
	char *longer = NULL;
	size_t count;

	if (strcmp(registry, "index.docker.io") == 0 ||
	    strcmp(registry, "registry-1.docker.io") == 0)
		registry = "docker.io";
	if (strcmp(registry, "docker.io") == 0 &&
	    strchr(event->repository, '/') == NULL)
		longer = xasprintf("library/%s", event->repository);
	count = put_named(h, registry, longer != NULL ? longer :
	    event->repository, w, true);
	free(longer);
	return count;
}

void
hints_again(struct hints *h, const struct hint *hint, int64_t when)
{
	struct image_ref parsed;
	struct wait w = { .first = when - h->settle, .last = when - h->settle,
	    .early = INT64_MAX, .is_again = true, .failed = hint->failed };
	struct err ignored;

	if (image_ref_parse(hint->ref, &parsed, &ignored) == -1)
		return;
	if (!image_ref_is_bare(hint->ref))
		w.tag = parsed.tag;
	(void)put_named(h, parsed.registry, parsed.repository, w, false);
	image_ref_done(&parsed);
}

int64_t
hints_due(const struct hints *h)
{
	return h->due;
}

void
hints_list(struct hints *h, struct image_list *list)
{
	struct hints old = *h;
	struct group *g;
	size_t i;

	h->list = list;
	h->waiting = NULL;
	h->end = &h->waiting;
	h->count = 0;
	h->due = INT64_MAX;
	set_groups(h);
	for (g = old.waiting; g != NULL; g = g->next)
		for (i = 0; i < g->wait_count; i++)
			(void)put_named(h, ref_at(&old, g->first)->registry,
			    ref_at(&old, g->first)->repository, g->waits[i],
			    false);
	clear(&old);
	free(old.order);
	free(old.groups);
	list_free(old.list);
}

/* --- what is due ------------------------------------------------------- */

struct taking {
	int64_t now;
	bool is_whole;			/* a run of the whole list */
	struct hint *hints;
	size_t count, room;
};

static void
take(struct taking *t, const struct image_ref *ref, const struct wait *w)
{
	const char *tag = w->tag;
	struct hint *hint;

	if (t->count == t->room) {
		t->room = t->room == 0 ? 16 : 2 * t->room;
		t->hints = xreallocarray(t->hints, t->room, sizeof(*t->hints));
	}
	hint = &t->hints[t->count++];
	hint->ref = xasprintf("%s/%s%s%s", ref->registry, ref->repository,
	    tag == NULL ? "" : ":", tag == NULL ? "" : tag);
	hint->failed = w->failed;
}

/* Nothing of it is left to wait for; else it is looked at again. */
static bool
is_over(const struct hints *h, const struct wait *w, const struct taking *t)
{
	return (t->is_whole && w->is_again) || settled_of(h, w) <= t->now;
}

static bool
is_due(const struct hints *h, const struct wait *w, const struct taking *t)
{
	return (t->is_whole || t->count < HINTS_RUN_MAX) &&
	    (is_over(h, w, t) || due_of(h, w) <= t->now);
}

static void
take_group(struct hints *h, struct group *g, struct taking *t)
{
	size_t i, left = 0;
	struct wait *w;

	for (i = 0; i < g->wait_count; i++) {
		w = &g->waits[i];
		if (is_due(h, w, t)) {
			take(t, ref_at(h, g->first), w);
			w->early = INT64_MAX;
			if (is_over(h, w, t)) {
				free(w->tag);
				continue;
			}
		}
		if (due_of(h, w) < h->due)
			h->due = due_of(h, w);
		g->waits[left++] = *w;
	}
	h->count -= g->wait_count - left;
	g->wait_count = left;
	if (left == 0)
		drop_waits(h, g);
}

static void
take_due(struct hints *h, struct taking *t)
{
	struct group **at = &h->waiting;

	h->due = INT64_MAX;
	while (*at != NULL) {
		take_group(h, *at, t);
		if ((*at)->wait_count == 0)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
	h->end = at;
}

size_t
hints_take(struct hints *h, int64_t now, struct hint **ret)
{
	struct taking t = { .now = now };

	take_due(h, &t);
	*ret = t.hints;
	return t.count;
}

size_t
hints_take_all(struct hints *h, int64_t now, struct hint **ret)
{
	struct taking t = { .now = now, .is_whole = true };

	take_due(h, &t);
	*ret = t.hints;
	return t.count;
}

void
hints_done(struct hint *hints, size_t count)
{
	while (count > 0)
		free(hints[--count].ref);
	free(hints);
}
