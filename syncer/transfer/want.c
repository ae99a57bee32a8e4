#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "transfer/dispatch_internal.h"

static void
add_waiter(struct want *want, struct waiter *w)
{
	w->next = NULL;
	*want->waiters_end = w;
	want->waiters_end = &w->next;
}

static void
fetch_want(struct dispatch *d, struct want *want, struct waiter *first)
{
	char text[DIGEST_TEXT_MAX];
	struct fetch *f;

	f = fetch_new(d, want->object.kind == OBJECT_BLOB ? FETCH_BLOB :
	    FETCH_MANIFEST, first->source, first->repository,
	    digest_text(&want->object.id, text));
	f->want = want;
	f->priority = first->priority;
	want->fetch = f;
	fetch_queue(f);
}

static bool
has_failed_at(const struct want *want, const struct waiter *w)
{
	return want->failed_err != NULL &&
	    want->failed_source == w->source &&
	    strcmp(want->failed_repository, w->repository) == 0;
}

/* What could not be had as a manifest may be asked for as a blob; and what one
 * descriptor told lies about another may describe right. */
static bool
same_object(const struct object *a, const struct object *b)
{
	return a->kind == b->kind && a->size == b->size;
}

void
dispatch_want(struct dispatch *d, const struct object *object,
    struct waiter *w)
{
	struct want *want = digest_set_get(&d->wants, &object->id);
	bool again, was_wanted;

	if (want == NULL) {
		want = xcalloc(1, sizeof(*want));
		want->object = *object;
		want->waiters_end = &want->waiters;
		digest_set_add(&d->wants, &object->id, want);
	}
	was_wanted = want->waiters != NULL;
	if (!was_wanted) {
		d->stats.wanted++;
		d->stats.wanted_bytes += object->size;
	}
	again = same_object(&want->object, object);
	add_waiter(want, w);
	if (want->fetch != NULL)
		return;
	/* Others may wait to be told of a failure, with another size. */
	if (was_wanted)
		d->stats.wanted_bytes += object->size - want->object.size;
	want->object = *object;
	if (again && has_failed_at(want, w))
		dispatch_tell_later(d, want);
	else
		fetch_want(d, want, w);
}

static void
forget(struct dispatch *d, struct want *want)
{
	d->stats.wanted--;
	d->stats.wanted_bytes -= want->object.size;
	if (want->failed_err == NULL) {
		digest_set_remove(&d->wants, &want->object.id);
		want_free(want);
	}
}

/* A failure is remembered, unless it is just that the run ends. */
static void
remember(struct want *want, const struct err *e)
{
	if (want->failed_err == NULL)
		want->failed_err = xmalloc(sizeof(*want->failed_err));
	*want->failed_err = *e;
}

void
want_end(struct dispatch *d, struct want *want, const struct err *e)
{
	struct waiter *w, *next, *first = want->waiters;

	if (e != NULL)
		remember(want, e);
	else
		free(want->failed_err);
	if (e == NULL)
		want->failed_err = NULL;
	want->waiters = NULL;
	want->waiters_end = &want->waiters;
	for (w = first; w != NULL; w = next) {
		next = w->next;
		if (e != NULL && !d->stopping && !has_failed_at(want, w))
			add_waiter(want, w);
		else {
			w->size = want->object.size;
			w->end(w, want->failed_err);
		}
	}
	/* Others know another place to get it from. */
	if (want->waiters != NULL && want->fetch == NULL)
		fetch_want(d, want, want->waiters);
	else if (want->waiters == NULL)
		forget(d, want);
}

void
want_free(struct want *want)
{
	free(want->failed_repository);
	free(want->failed_err);
	free(want);
}
