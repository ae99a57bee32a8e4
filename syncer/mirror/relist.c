#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "mirror/keep_book.h"
#include "mirror/keep_list.h"
#include "mirror/relist.h"
#include "report/report.h"

void
relist_add(struct relist *r, const struct list_entry *pattern)
{
	if (r->count == r->room) {
		r->room = r->room == 0 ? 16 : 2 * r->room;
		r->patterns = xreallocarray(r->patterns, r->room,
		    sizeof(*r->patterns));
	}
	r->patterns[r->count++] = pattern;
}

struct telling {
	struct keep_list *list;
	struct status *status;
};

static int
tell(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	const struct telling *t = cookie;
	const struct list_entry *entry = NULL;
	struct status_record *r;
	char *image;

	(void)id;
	if (keep_list_find(t->list, registry, repository, reference, &entry,
	    e) == -1)
		return -1;
	if (entry == NULL || entry->tags == NULL)
		return 0;
	image = keep_list_image(registry, repository, reference);
	r = status_record_new(image);
	free(image);
	r->result = STATUS_NOT_REACHED;
	r->keep = entry->keep;
	r->keep_for_s = entry->keep_for_s;
	r->is_guess = true;
	status_image(t->status, r);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct list_entry *const *x = a, *const *y = b;
	int c = strcmp((*x)->ref.registry, (*y)->ref.registry);

	return c != 0 ? c : strcmp((*x)->ref.repository,
	    (*y)->ref.repository);
}

void
relist_end(struct relist *r, const struct image_list *list,
    const struct store *store, struct status *status)
{
	struct telling t = { .status = status };
	const struct image_ref *ref;
	struct keep_book book;
	struct err e;
	size_t i;

	if (r->count > 0) {
		qsort(r->patterns, r->count, sizeof(*r->patterns), compare);
		keep_book_read(store, &book);
		t.list = keep_list_new(list, store, &book);
		for (i = 0; i < r->count; i++) {
			ref = &r->patterns[i]->ref;
			if ((i == 0 || compare(&r->patterns[i - 1],
			    &r->patterns[i]) != 0) && store_each_in(store,
			    ref->registry, ref->repository, tell, &t, &e) == -1)
				report(REPORT_WARNING, "%s", e.msg);
		}
		keep_list_free(t.list);
		keep_book_done(&book);
	}
	relist_drop(r);
}

void
relist_drop(struct relist *r)
{
	free(r->patterns);
	*r = (struct relist){ .count = 0 };
}
