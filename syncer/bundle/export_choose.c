#include <stdlib.h>
#include <string.h>

#include "bundle/export_choose.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "mirror/keep_book.h"
#include "mirror/keep_list.h"

bool
export_wish_claim(struct export_wishes *w, const char *registry,
    const char *repository, const char *reference)
{
	char *name = keep_list_image(registry, repository, reference);
	struct digest hash;

	digest_of(DIGEST_SHA256, name, strlen(name), &hash);
	free(name);
	return digest_set_add(&w->seen, &hash, NULL);
}

bool
export_wish_add(struct export_wishes *w, const char *registry,
    const char *repository, const char *reference,
    const struct list_entry *entry)
{
	if (!export_wish_claim(w, registry, repository, reference))
		return false;
	if (w->count == w->room) {
		w->room = w->room == 0 ? 64 : 2 * w->room;
		w->items = xreallocarray(w->items, w->room,
		    sizeof(*w->items));
	}
	w->items[w->count++] = (struct export_wish){
		xstrdup(registry), xstrdup(repository), xstrdup(reference),
		entry
	};
	return true;
}

struct choice {
	struct export_wishes *wishes;
	struct keep_list *keep;
	const struct list_entry *entry;
	bool is_met;
};

/* A line of its own says more than the pattern: it has its own place. */
static int
add_match(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct choice *c = cookie;
	const struct list_entry *found;
	int rc;

	(void)id;
	if (!name_is_tag(reference))
		return 0;
	rc = keep_list_find(c->keep, registry, repository, reference, &found,
	    e);
	if (rc != 1)
		return rc;
	c->is_met = true;
	if (found->tags != NULL)
		(void)export_wish_add(c->wishes, registry, repository,
		    reference, found);
	return 0;
}

static int
add_entry(struct choice *c, const struct store *store, struct err *e)
{
	const struct image_ref *ref = &c->entry->ref;
	char text[DIGEST_TEXT_MAX];

	c->is_met = true;
	if (c->entry->tags == NULL) {
		(void)export_wish_add(c->wishes, ref->registry,
		    ref->repository, ref->tag != NULL ? ref->tag :
		    digest_text(&ref->digest, text), c->entry);
		return 0;
	}
	c->is_met = false;
	return store_each_in(store, ref->registry, ref->repository, add_match,
	    c, e);
}

/* A stable order, which qsort(3) does not promise. */
static void
sort(struct export_wishes *w)
{
	struct export_wish *sorted = xcalloc(w->count + 1, sizeof(*sorted));
	size_t i, count = 0;
	int at, next = PRIORITY_MAX;

	while (count < w->count) {
		at = next;
		next = -PRIORITY_MAX - 1;
		for (i = 0; i < w->count; i++)
			if (w->items[i].entry->priority == at)
				sorted[count++] = w->items[i];
			else if (w->items[i].entry->priority < at &&
			    w->items[i].entry->priority > next)
				next = w->items[i].entry->priority;
	}
	free(w->items);
	w->items = sorted;
	w->room = w->count + 1;
}

int
export_choose(const struct image_list *list, const struct store *store,
    struct export_wishes *ret, export_unmet_fn *unmet, void *cookie,
    struct err *e)
{
	struct choice c = { .wishes = ret };
	struct keep_book book = { .finished = 0 };
	size_t i;
	int rc = 0;

	keep_book_read(store, &book);
	c.keep = keep_list_new(list, store, &book);
	for (i = 0; i < list_count(list) && rc == 0; i++) {
		c.entry = list_at(list, i);
		rc = add_entry(&c, store, e);
		if (rc == 0 && !c.is_met)
			unmet(cookie, c.entry);
	}
	keep_list_free(c.keep);
	keep_book_done(&book);
	if (rc == 0)
		sort(ret);
	return rc;
}

void
export_wishes_done(struct export_wishes *w)
{
	while (w->count > 0) {
		w->count--;
		free(w->items[w->count].registry);
		free(w->items[w->count].repository);
		free(w->items[w->count].reference);
	}
	free(w->items);
	digest_set_done(&w->seen);
	memset(w, 0, sizeof(*w));
}
