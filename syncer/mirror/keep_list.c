#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "image/newest.h"
#include "image/version.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "mirror/keep_list.h"

/* A pattern of the repository at hand. */
struct pattern {
	const struct list_entry *entry;
	struct tag_matcher *matcher;
	int64_t since;			/* newest=: listed no earlier */
	char *least;			/* or a version no lower; may be NULL */
};

struct keep_list {
	const struct image_list *list;
	const struct store *store;
	const struct keep_book *book;
	struct name_table named;	/* number: the entry's place plus 1 */
	const struct list_entry **patterns;	/* all, by repository */
	size_t pattern_count;
	char *registry, *repository;	/* at hand, or NULL */
	struct pattern *here;
	size_t here_count;
};

char *
keep_list_image(const char *registry, const char *repository,
    const char *reference)
{
	return xasprintf("%s/%s%c%s", registry, repository,
	    name_is_tag(reference) ? ':' : '@', reference);
}

static int
compare_repository(const struct list_entry *a, const char *registry,
    const char *repository)
{
	int c = strcmp(a->ref.registry, registry);

	return c != 0 ? c : strcmp(a->ref.repository, repository);
}

static int
compare_patterns(const void *a, const void *b)
{
	const struct list_entry *const *x = a, *const *y = b;

	return compare_repository(*x, (*y)->ref.registry,
	    (*y)->ref.repository);
}

/* By its tag where it has one, whatever digest that is to have. */
static void
add_named(struct keep_list *l, size_t place)
{
	const struct image_ref *ref = &list_at(l->list, place)->ref;
	char text[DIGEST_TEXT_MAX], *image;

	image = keep_list_image(ref->registry, ref->repository,
	    ref->tag != NULL ? ref->tag : digest_text(&ref->digest, text));
	name_table_add(&l->named, image)->number = (int64_t)place + 1;
	free(image);
}

struct keep_list *
keep_list_new(const struct image_list *list, const struct store *store,
    const struct keep_book *book)
{
	struct keep_list *l = xcalloc(1, sizeof(*l));
	size_t i, count = list_count(list);

	l->list = list;
	l->store = store;
	l->book = book;
	l->patterns = xcalloc(count + 1, sizeof(*l->patterns));
	for (i = 0; i < count; i++)
		if (list_at(list, i)->tags != NULL)
			l->patterns[l->pattern_count++] = list_at(list, i);
		else
			add_named(l, i);
	if (l->pattern_count > 1)
		qsort(l->patterns, l->pattern_count, sizeof(*l->patterns),
		    compare_patterns);
	return l;
}

static void
leave_repository(struct keep_list *l)
{
	size_t i;

	for (i = 0; i < l->here_count; i++) {
		tag_matcher_free(l->here[i].matcher);
		free(l->here[i].least);
	}
	free(l->here);
	free(l->registry);
	free(l->repository);
	l->here = NULL;
	l->here_count = 0;
	l->registry = l->repository = NULL;
}

void
keep_list_free(struct keep_list *l)
{
	if (l == NULL)
		return;
	leave_repository(l);
	name_table_done(&l->named);
	free(l->patterns);
	free(l);
}

/* --- newest= ----------------------------------------------------------- */

struct times {
	struct keep_list *l;
	struct tag_matcher *matcher;
	int64_t *each;
	struct newest_tag *tags;
	size_t count, room;
};

/* 0: never; or a clock that was wrong, then or when the last run ended, has
 * said so, and it is neither before nor after any other. */
static int64_t
listed_at(const struct keep_list *l, const char *registry,
    const char *repository, const char *tag)
{
	char *image = keep_list_image(registry, repository, tag);
	const struct named *known = name_table_find(&l->book->records, image);

	free(image);
	return known == NULL || known->number < KEEP_TIME_MIN ||
	    known->number > l->book->latest ? 0 : known->number;
}

static int
add_time(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct times *t = cookie;

	(void)id;
	(void)e;
	if (!name_is_tag(reference) ||
	    !tag_matcher_wants(t->matcher, reference))
		return 0;
	if (t->count == t->room) {
		t->room = t->room == 0 ? 64 : 2 * t->room;
		t->each = xreallocarray(t->each, t->room, sizeof(*t->each));
		t->tags = xreallocarray(t->tags, t->room, sizeof(*t->tags));
	}
	t->tags[t->count] = (struct newest_tag){ xstrdup(reference), -1 };
	t->each[t->count++] = listed_at(t->l, registry, repository, reference);
	return 0;
}

static int
latest_first(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x > *y ? -1 : *x < *y;
}

static bool
is_version(const char *tag)
{
	struct version v;

	return version_parse(tag, &v) == 1;
}

/* Of the versions that a run would choose among those that are here the lowest.
 * Others may have been listed later: by themselves, or by another list. */
static char *
find_least(struct times *t, size_t newest)
{
	size_t n = newest_choose(t->tags, t->count, newest);

	while (n > 0 && !is_version(t->tags[n - 1].name))
		n--;
	return n == 0 ? NULL : xstrdup(t->tags[n - 1].name);
}

/* Those of one run have one time. */
static int
find_since(struct keep_list *l, struct pattern *p, struct err *e)
{
	struct times t = { .l = l, .matcher = p->matcher };
	int rc;

	if (p->entry->newest == 0)
		return 0;
	rc = store_each_in(l->store, l->registry, l->repository, add_time, &t,
	    e);
	if (rc == 0 && t.count >= p->entry->newest) {
		qsort(t.each, t.count, sizeof(*t.each), latest_first);
		p->since = t.each[p->entry->newest - 1];
		p->least = find_least(&t, p->entry->newest);
	}
	while (t.count > 0)
		free(t.tags[--t.count].name);
	free(t.tags);
	free(t.each);
	return rc;
}

/* --- one image --------------------------------------------------------- */

static size_t
first_of(const struct keep_list *l, const char *registry,
    const char *repository)
{
	size_t low = 0, high = l->pattern_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare_repository(l->patterns[middle], registry,
		    repository) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
enter_repository(struct keep_list *l, const char *registry,
    const char *repository, struct err *e)
{
	size_t i, first = first_of(l, registry, repository);
	struct pattern *p;

	leave_repository(l);
	l->registry = xstrdup(registry);
	l->repository = xstrdup(repository);
	for (i = first; i < l->pattern_count && compare_repository(
	    l->patterns[i], registry, repository) == 0; i++)
		;
	l->here = xcalloc(i - first + 1, sizeof(*l->here));
	for (; l->here_count < i - first; l->here_count++) {
		p = &l->here[l->here_count];
		p->entry = l->patterns[first + l->here_count];
		p->matcher = tag_matcher_new(p->entry->tags);
		if (find_since(l, p, e) == -1) {
			l->here_count++;
			leave_repository(l);
			return -1;
		}
	}
	return 0;
}

static bool
is_no_lower(const char *tag, char *least)
{
	char *name = xstrdup(tag);
	struct newest_tag both[] = { { name, -1 }, { least, -1 } };
	bool ret;

	(void)newest_choose(both, 2, 1);
	ret = both[0].name == name || strcmp(name, least) == 0;
	free(name);
	return ret;
}

static bool
names(const struct keep_list *l, const struct pattern *p, const char *tag)
{
	int64_t when;

	if (!tag_matcher_wants(p->matcher, tag))
		return false;
	if (p->since == 0)
		return true;
	when = listed_at(l, l->registry, l->repository, tag);
	return when == 0 || when >= p->since ||
	    (p->least != NULL && is_no_lower(tag, p->least));
}

/* A line of its own comes before any pattern; of patterns the first one whose
 * keys ask for most is as good as another, since they agree. */
int
keep_list_find(struct keep_list *l, const char *registry,
    const char *repository, const char *reference,
    const struct list_entry **ret, struct err *e)
{
	char *image = keep_list_image(registry, repository, reference);
	const struct named *named = name_table_find(&l->named, image);
	size_t i;

	free(image);
	if (named != NULL) {
		*ret = list_at(l->list, (size_t)named->number - 1);
		return 1;
	}
	if (l->pattern_count == 0 || !name_is_tag(reference))
		return 0;
	if ((l->registry == NULL || strcmp(l->registry, registry) != 0 ||
	    strcmp(l->repository, repository) != 0) &&
	    enter_repository(l, registry, repository, e) == -1)
		return -1;
	for (i = 0; i < l->here_count; i++)
		if (names(l, &l->here[i], reference)) {
			*ret = l->here[i].entry;
			return 1;
		}
	return 0;
}
