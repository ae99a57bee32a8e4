#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "transfer/fetch_blob.h"
#include "transfer/fetch_manifest.h"
#include "transfer/refusals.h"
#include "transfer/want.h"

/* An attempt at a wish, at one source. */
struct attempt {
	struct attempt *next;
	struct want *want;
	struct fetch *fetch;
	struct source *source;
	char *repository;
	bool is_slow;			/* others need not wait for it */
	bool is_called_off;		/* nobody waits for it */
};

/* A source that has not got it, for this reason. */
struct failure {
	struct failure *next;
	struct source *source;
	char *repository;
	struct err err;
};

/*
 * A wish: one object, as those who wait for it describe it.  What others say of
 * the same digest is another wish.  It stays after a failure, so that nobody
 * asks the same source for it twice.
 */
struct want {
	struct want *next;		/* another wish for the same digest */
	struct wants *wants;
	struct object object;
	struct waiter *waiters, **waiters_end;
	struct attempt *attempts;	/* in progress */
	struct failure *failures;
	struct want *late_next;
	bool is_late;			/* who waits is to be told of that */
	bool is_ending;			/* attempts that end now tell nobody */
};

static void end(struct want *, uint64_t, const struct err *);
static void ask_further(struct want *);
static void go_on(struct want *);

/* --- what has failed --------------------------------------------------- */

static const struct failure *
failure_at(const struct want *want, const struct source *source,
    const char *repository)
{
	const struct failure *f;

	for (f = want->failures; f != NULL; f = f->next)
		if (f->source == source &&
		    strcmp(f->repository, repository) == 0)
			return f;
	return NULL;
}

/* The endpoint of ${w}'s registry behind ${source}: first those that come after
 * his own, then those before; NULL: that was the last. */
static struct source *
next_place(const struct waiter *w, struct source *source)
{
	struct source *next = source->after != NULL ? source->after :
	    source->first;

	return next == w->source ? NULL : next;
}

/* By digest any endpoint will do: have all of them failed? */
static bool
has_failed(const struct want *want, const struct waiter *w)
{
	struct source *s;

	for (s = w->source; s != NULL; s = next_place(w, s))
		if (failure_at(want, s, w->repository) == NULL)
			return false;
	return true;
}

/* Why, when they have. */
static void
add_up(const struct want *want, const struct waiter *w, struct err *ret)
{
	struct refusals all = { .weight = 0 };
	const struct failure *f;
	struct source *s;

	if (w->source->first->after == NULL) {
		*ret = failure_at(want, w->source, w->repository)->err;
		return;
	}
	for (s = w->source; s != NULL; s = next_place(w, s)) {
		f = failure_at(want, s, w->repository);
		refusals_add(&all, s->up->config.account, s->up->down,
		    &f->err);
	}
	*ret = all.err;
}

static void
remember(struct want *want, const struct attempt *a, const struct err *e)
{
	struct failure *f = xcalloc(1, sizeof(*f));

	f->source = a->source;
	f->repository = xstrdup(a->repository);
	f->err = *e;
	f->next = want->failures;
	want->failures = f;
}

static void
forgive(struct want *want)
{
	struct failure *f;

	while ((f = want->failures) != NULL) {
		want->failures = f->next;
		free(f->repository);
		free(f);
	}
}

/* --- asking ------------------------------------------------------------ */

static void
add_waiter(struct want *want, struct waiter *w)
{
	struct transfer_stats *stats = &want->wants->traffic->stats;

	if (want->waiters == NULL) {
		stats->wanted++;
		stats->wanted_bytes += want->object.size;
	}
	w->next = NULL;
	*want->waiters_end = w;
	want->waiters_end = &w->next;
}

static const struct attempt *
attempt_at(const struct want *want, const struct source *source,
    const char *repository)
{
	const struct attempt *a;

	for (a = want->attempts; a != NULL; a = a->next)
		if (a->source == source &&
		    strcmp(a->repository, repository) == 0)
			return a;
	return NULL;
}

/* Where nobody has asked yet of all that ${w} knows; NULL: nowhere. */
static struct source *
free_place(const struct want *want, const struct waiter *w)
{
	struct source *s;

	for (s = w->source; s != NULL; s = next_place(w, s))
		if (failure_at(want, s, w->repository) == NULL &&
		    attempt_at(want, s, w->repository) == NULL)
			return s;
	return NULL;
}

static void
attempt_free(struct attempt *a)
{
	struct attempt **at = &a->want->attempts;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	free(a->repository);
	free(a);
}

/* The first that is whole and right is enough. */
static void
call_off(struct want *want)
{
	struct attempt *a, *next;

	for (a = want->attempts; a != NULL; a = next) {
		next = a->next;
		a->is_called_off = true;
		fetch_call_off(a->fetch);
	}
}

static void
fetched(void *owner, struct fetch *f, uint64_t bytes, const struct err *e)
{
	struct attempt *a = owner;
	struct want *want = a->want;

	bool is_called_off = a->is_called_off;

	assert(a->fetch == f);
	if (e != NULL && !is_called_off)
		remember(want, a, e);
	attempt_free(a);
	if (is_called_off && e != NULL)
		go_on(want);
	else
		end(want, bytes, e);
}

static void
slow(void *owner)
{
	struct attempt *a = owner;

	a->is_slow = true;
	ask_further(a->want);
}

static void
ask(struct want *want, const struct waiter *first, struct source *source)
{
	struct traffic *t = want->wants->traffic;
	struct waiter there = *first;
	struct attempt *a = xcalloc(1, sizeof(*a));
	const struct fetch_order order = {
		.object = &want->object,
		.end = fetched,
		.slow = slow,
		.owner = a,
		.is_rival = want->attempts != NULL,
	};

	a->want = want;
	a->source = there.source = source;
	a->repository = xstrdup(first->repository);
	a->next = want->attempts;
	want->attempts = a;
	a->fetch = want->object.kind == OBJECT_BLOB ?
	    fetch_blob(t, &order, &there) : fetch_manifest(t, &order, &there);
}

/* Where all that are on their way are slow, who knows another source asks
 * there as well. */
static void
ask_further(struct want *want)
{
	const struct attempt *a;
	const struct waiter *w;
	struct source *source;
	unsigned count = 0;

	for (a = want->attempts; a != NULL; a = a->next, count++)
		if (!a->is_slow || a->is_called_off)
			return;
	if (count >= WANT_ATTEMPTS_MAX || want->wants->traffic->stopping)
		return;
	for (w = want->waiters; w != NULL; w = w->next)
		if ((source = free_place(want, w)) != NULL) {
			ask(want, w, source);
			return;
		}
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
		if (want->attempts != NULL || want->waiters == NULL)
			continue;
		assert(want->failures != NULL);
		e = want->failures->err;
		end(want, 0, &e);
	}
}

/* --- wanting ----------------------------------------------------------- */

/* A manifest is compared with what it was said to be when it is here; a blob
 * has to be told how much to ask for. */
static bool
same_wish(const struct object *a, const struct object *b)
{
	return a->kind == b->kind && (a->kind == OBJECT_BLOB ?
	    a->size == b->size : strcmp(a->media_type, b->media_type) == 0);
}

static struct want *
get(struct wants *wants, const struct object *object)
{
	struct want *first = digest_set_get(&wants->by_digest, &object->id);
	struct want *want;

	for (want = first; want != NULL; want = want->next)
		if (same_wish(&want->object, object))
			return want;
	want = xcalloc(1, sizeof(*want));
	want->wants = wants;
	want->object = *object;
	want->waiters_end = &want->waiters;
	if (first == NULL) {
		digest_set_add(&wants->by_digest, &object->id, want);
	} else {
		want->next = first->next;
		first->next = want;
	}
	return want;
}

void
want_add(struct wants *wants, const struct object *object, struct waiter *w)
{
	struct want *want = get(wants, object);

	add_waiter(want, w);
	if (want->attempts != NULL)
		ask_further(want);
	else if (has_failed(want, w))
		tell_later(want);
	else
		ask(want, w, free_place(want, w));
}

bool
want_is_waited_for(const struct wants *wants, const struct digest *id)
{
	const struct want *want = digest_set_get(&wants->by_digest, id);

	for (; want != NULL; want = want->next)
		if (want->waiters != NULL)
			return true;
	return false;
}

/* --- the end ----------------------------------------------------------- */

static void
want_free(struct want *want)
{
	assert(want->attempts == NULL && want->waiters == NULL);
	not_late(want);
	forgive(want);
	free(want);
}

/* Its failures are remembered, and attempts that are called off come to their
 * end. */
static void
forget(struct want *want)
{
	struct digest_set *all = &want->wants->by_digest;
	struct want *first = digest_set_get(all, &want->object.id);

	if (want->failures != NULL || want->attempts != NULL)
		return;
	if (first != want) {
		while (first->next != want)
			first = first->next;
		first->next = want->next;
	} else {
		digest_set_remove(all, &want->object.id);
		if (want->next != NULL)
			digest_set_add(all, &want->object.id, want->next);
	}
	want_free(want);
}

static struct waiter *
take_waiters(struct want *want)
{
	struct transfer_stats *stats = &want->wants->traffic->stats;
	struct waiter *first = want->waiters;

	if (first != NULL) {
		assert(stats->wanted > 0);
		stats->wanted--;
		stats->wanted_bytes -= want->object.size;
	}
	want->waiters = NULL;
	want->waiters_end = &want->waiters;
	return first;
}

/* Nobody is asking: who waits may know where to. */
static void
go_on(struct want *want)
{
	const struct waiter *w = want->waiters;

	if (want->attempts != NULL || want->is_ending)
		return;
	while (w != NULL && has_failed(want, w))
		w = w->next;
	if (w != NULL)
		ask(want, w, free_place(want, w));
	else if (want->waiters != NULL)
		tell_later(want);
	else
		forget(want);
}

/* Tell those who wait; ${e} NULL: it is there, and has so many bytes.  While
 * somebody is still asking, or can ask elsewhere, none of them is told of a
 * failure. */
static void
end(struct want *want, uint64_t bytes, const struct err *e)
{
	bool stopping = want->wants->traffic->stopping, failed;
	struct waiter *w, *next;
	struct err why;

	if (e == NULL) {
		forgive(want);
		want->is_ending = true;
		call_off(want);
		want->is_ending = false;
	} else if (want->attempts != NULL && !stopping) {
		ask_further(want);
		return;
	}
	for (w = take_waiters(want); w != NULL; w = next) {
		next = w->next;
		failed = e != NULL && has_failed(want, w);
		if (e != NULL && !failed && !stopping) {
			add_waiter(want, w);
			continue;
		}
		if (failed)
			add_up(want, w, &why);
		w->size = bytes;
		w->end(w, failed ? &why : e);
	}
	go_on(want);
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
	struct want *want, *next;
	struct digest id;
	size_t at = 0;
	void *first;

	while (digest_set_next(&wants->by_digest, &at, &id, &first))
		for (want = first; want != NULL; want = next) {
			next = want->next;
			want_free(want);
		}
	digest_set_done(&wants->by_digest);
}
