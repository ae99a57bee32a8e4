#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "transfer/fetch_blob.h"
#include "transfer/fetch_manifest.h"
#include "transfer/want.h"

/*
 * A wish: one object.  It stays after a failure, so that nobody asks the same
 * source for it twice; an attempt at it is a fetch.
 */
struct want {
	struct wants *wants;
	struct object object;
	struct waiter *waiters, **waiters_end;
	struct fetch *fetch;		/* in progress; NULL after a failure */
	struct source *failed_source;
	char *failed_repository;
	struct err *failed_err;
	struct want *late_next;
	bool is_late;			/* who waits is to be told of that */
};

static void end(struct want *, uint64_t, const struct err *);

/* --- asking ------------------------------------------------------------ */

static void
add_waiter(struct want *want, struct waiter *w)
{
	w->next = NULL;
	*want->waiters_end = w;
	want->waiters_end = &w->next;
}

static void
fetched(void *owner, struct fetch *f, uint64_t bytes, const struct err *e)
{
	struct want *want = owner;

	assert(want->fetch == f);
	want->fetch = NULL;
	if (e != NULL) {
		want->failed_source = f->source;
		free(want->failed_repository);
		want->failed_repository = xstrdup(f->repository);
	}
	end(want, bytes, e);
}

static void
ask(struct want *want, const struct waiter *first)
{
	const struct fetch_order order = { &want->object, fetched, want };
	struct traffic *t = want->wants->traffic;

	assert(want->fetch == NULL && want->waiters != NULL);
	want->fetch = want->object.kind == OBJECT_BLOB ?
	    fetch_blob(t, &order, first) : fetch_manifest(t, &order, first);
}

static bool
has_failed_at(const struct want *want, const struct waiter *w)
{
	return want->failed_err != NULL &&
	    want->failed_source == w->source &&
	    strcmp(want->failed_repository, w->repository) == 0;
}

/* --- telling of failures that are known already ------------------------ */

/* Not while he asks: from the next dispatch_step. */
static void
tell_later(struct want *want)
{
	if (want->is_late)
		return;
	want->is_late = true;
	want->late_next = want->wants->late;
	want->wants->late = want;
}

static void
not_late(struct want *want)
{
	struct want **at = &want->wants->late;

	if (!want->is_late)
		return;
	while (*at != want)
		at = &(*at)->late_next;
	*at = want->late_next;
	want->is_late = false;
}

void
want_tell_late(struct wants *wants)
{
	struct want *want;
	struct err e;

	while ((want = wants->late) != NULL) {
		not_late(want);
		/* Another attempt may be on its way by now. */
		if (want->fetch != NULL || want->waiters == NULL)
			continue;
		assert(want->failed_err != NULL);
		e = *want->failed_err;
		end(want, 0, &e);
	}
}

/* --- wanting ----------------------------------------------------------- */

/* What could not be had as a manifest may be asked for as a blob; and what one
 * descriptor told lies about another may describe right. */
static bool
same_object(const struct object *a, const struct object *b)
{
	return a->kind == b->kind && a->size == b->size;
}

static struct want *
get(struct wants *wants, const struct object *object)
{
	struct want *want = digest_set_get(&wants->by_digest, &object->id);

	if (want != NULL)
		return want;
	want = xcalloc(1, sizeof(*want));
	want->wants = wants;
	want->object = *object;
	want->waiters_end = &want->waiters;
	digest_set_add(&wants->by_digest, &object->id, want);
	return want;
}

void
want_add(struct wants *wants, const struct object *object, struct waiter *w)
{
	struct transfer_stats *stats = &wants->traffic->stats;
	struct want *want = get(wants, object);
	bool again, was_wanted = want->waiters != NULL;

	if (!was_wanted) {
		stats->wanted++;
		stats->wanted_bytes += object->size;
	}
	again = same_object(&want->object, object);
	add_waiter(want, w);
	if (want->fetch != NULL)
		return;
	/* Others may wait to be told of a failure, with another size. */
	if (was_wanted)
		stats->wanted_bytes += object->size - want->object.size;
	want->object = *object;
	if (again && has_failed_at(want, w))
		tell_later(want);
	else
		ask(want, w);
}

bool
want_is_waited_for(const struct wants *wants, const struct digest *id)
{
	const struct want *want = digest_set_get(&wants->by_digest, id);

	return want != NULL && want->waiters != NULL;
}

/* --- the end ----------------------------------------------------------- */

static void
want_free(struct want *want)
{
	assert(want->fetch == NULL && want->waiters == NULL);
	not_late(want);
	free(want->failed_repository);
	free(want->failed_err);
	free(want);
}

static void
forget(struct want *want)
{
	struct transfer_stats *stats = &want->wants->traffic->stats;

	assert(stats->wanted > 0);
	stats->wanted--;
	stats->wanted_bytes -= want->object.size;
	if (want->failed_err == NULL) {
		digest_set_remove(&want->wants->by_digest, &want->object.id);
		want_free(want);
	}
}

/* A failure is remembered, unless it is just that the run ends. */
static void
remember(struct want *want, const struct err *e)
{
	if (e == NULL) {
		free(want->failed_err);
		want->failed_err = NULL;
		return;
	}
	if (want->failed_err == NULL)
		want->failed_err = xmalloc(sizeof(*want->failed_err));
	*want->failed_err = *e;
}

/* Tell those who wait; ${e} NULL: it is there, and has so many bytes.  Who
 * knows another place to get it from waits on, for an attempt there. */
static void
end(struct want *want, uint64_t bytes, const struct err *e)
{
	bool stopping = want->wants->traffic->stopping;
	struct waiter *w, *next, *first = want->waiters;

	remember(want, e);
	want->waiters = NULL;
	want->waiters_end = &want->waiters;
	for (w = first; w != NULL; w = next) {
		next = w->next;
		if (e != NULL && !stopping && !has_failed_at(want, w)) {
			add_waiter(want, w);
			continue;
		}
		w->size = bytes;
		w->end(w, want->failed_err);
	}
	if (want->waiters != NULL && want->fetch == NULL)
		ask(want, want->waiters);
	else if (want->waiters == NULL)
		forget(want);
}

void
want_init(struct wants *wants, struct traffic *t)
{
	memset(wants, 0, sizeof(*wants));
	wants->traffic = t;
}

void
want_done(struct wants *wants)
{
	struct digest id;
	size_t at = 0;
	void *want;

	while (digest_set_next(&wants->by_digest, &at, &id, &want))
		want_free(want);
	digest_set_done(&wants->by_digest);
}
