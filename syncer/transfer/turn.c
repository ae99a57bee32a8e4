/*
 * Whose turn it is.  This asks the advisers in link/ how many may go, and does
 * what they say; what a request is for is none of its business.
 */
#include <stddef.h>

#include "transfer/fetch_blob.h"
#include "transfer/fetch_start.h"
#include "transfer/fetch_tempo.h"
#include "transfer/turn.h"

/* --- who is next ------------------------------------------------------- */

/* Connections that blobs have, to all registries. */
static unsigned
pieces(const struct traffic *t)
{
	const struct source *source;
	unsigned all = 0;

	for (source = t->sources; source != NULL; source = source->next)
		all += source->share.pieces;
	return all;
}

static bool
has_room(const struct fetch *f, int64_t now)
{
	return share_has_room(&f->source->share, &f->share, now) &&
	    memory_has_room(&f->traffic->memory, fetch_body_need(f));
}

/* The first whose kind is not to wait: limits may be for one of them. */
static struct fetch *
first_in_tempo(const struct source *source, const struct queue *line,
    int64_t now)
{
	bool may[TEMPO_KINDS];
	struct queued *q;
	unsigned kind;

	for (kind = 0; kind < TEMPO_KINDS; kind++)
		may[kind] = fetch_tempo_wait(source, (enum tempo_kind)kind,
		    now) == 0;
	for (q = line->first; q != NULL; q = q->next)
		if (may[fetch_tempo_kind(fetch_of(q))])
			break;
	return fetch_of(q);
}

static struct fetch *
out_of_line(struct fetch *f)
{
	queue_leave(&f->queued);
	return f;
}

/* Small things first; what shares a connection takes none from the blobs.  The
 * first answer tells how all others have to be asked. */
static struct fetch *
next_fetch(const struct traffic *t, struct source *source, int64_t now)
{
	struct fetch *f;

	if (source->up->probing)
		return NULL;
	f = first_in_tempo(source, &source->meta, now);
	if (f != NULL && has_room(f, now))
		return out_of_line(f);
	if (f != NULL && !share_expects_stream(&source->share, &f->share) &&
	    memory_has_room(&t->memory, fetch_body_need(f)))
		return NULL;
	f = first_in_tempo(source, &source->blobs, now);
	if (f != NULL && throttle_has_room(&t->throttle, pieces(t)) &&
	    has_room(f, now))
		return out_of_line(f);
	return NULL;
}

/* A piece goes on over the connection that it had, unless the registry wants to
 * be left alone since.  A token waits here for its server. */
static void
start_urgent(struct source *source, int64_t now)
{
	const struct upstream *up = source->up;
	struct queue waiting = { NULL, NULL };
	struct fetch *f;
	bool may;

	while ((f = fetch_of(queue_pop(&source->urgent))) != NULL) {
		may = fetch_tempo_wait(source, fetch_tempo_kind(f), now) == 0;
		if (f->kind->is_token && !may)
			queue_push(&waiting, &f->queued);
		else if (f->kind->is_piece &&
		    (!may || up->down || now < up->not_before_ms))
			fetch_queue(f);
		else
			fetch_start(f);
	}
	queue_move(&waiting, &source->urgent);
}

/* What is known to fail fails without a request. */
static void
fail_all(struct source *source)
{
	struct queued *q;
	struct fetch *f;

	while ((q = queue_pop(&source->meta)) != NULL ||
	    (q = queue_pop(&source->blobs)) != NULL) {
		f = fetch_of(q);
		f->err = source->up->down_err;
		fetch_fail(f);
	}
}

static void
start_waiting(struct traffic *t, struct source *source, int64_t now)
{
	struct fetch *f;

	while (!source->up->down && now >= source->up->not_before_ms &&
	    (f = next_fetch(t, source, now)) != NULL) {
		fetch_start(f);
		start_urgent(source, now);
	}
	if (source->up->down)
		fail_all(source);
}

/* --- how many for large blobs ------------------------------------------ */

static bool
has_room_for_piece(const struct source *source, unsigned most, int64_t now)
{
	return !source->up->probing && source->extra < most &&
	    source->share.pieces < most &&
	    fetch_tempo_wait(source, TEMPO_BLOB, now) == 0 &&
	    share_has_room_for_piece(&source->share);
}

/* One more connection for each that can use it, in turn, up to ${most} in all;
 * a piece counts also while it waits for a token. */
static void
add_pieces(struct source *source, unsigned most, int64_t now)
{
	struct queued *q;
	bool more = true;

	while (more) {
		more = false;
		for (q = source->active.first; q != NULL; q = q->next) {
			if (!has_room_for_piece(source, most, now))
				return;
			if (!fetch_blob_can_widen(fetch_of(q)))
				continue;
			fetch_blob_widen(fetch_of(q));
			start_urgent(source, now);
			more = true;
		}
	}
}

static void
widen(const struct traffic *t, struct source *source, int64_t now)
{
	struct width *w = &source->width;
	struct width_view view = {
		.now_ms = now,
		.bytes = source->blob_bytes,
		.pauses = t->pauses,
		.connections = source->share.pieces,
		.blobs = fetch_blob_count(source),
		.is_elsewhere = source->is_elsewhere,
	};
	unsigned most;

	if (view.connections == 0 || view.blobs == 0) {
		width_rest(w);
		return;
	}
	if (width_asks_silent(w))
		view.silent = fetch_blob_silent(source);
	most = width_look(w, &view);
	share_widen(&source->share, width_room(w));
	if (source->blobs.first == NULL)
		add_pieces(source, most, now);
}

/* --- all of it --------------------------------------------------------- */

void
turn_take(struct traffic *t, struct source *source, int64_t now)
{
	start_urgent(source, now);
	if (!source->up->down && throttle_in_debt(&t->throttle, now))
		return;
	start_waiting(t, source, now);
	if (now >= source->up->not_before_ms &&
	    !throttle_is_short(&t->throttle, now))
		widen(t, source, now);
}

int64_t
turn_next(const struct source *source, int64_t now, int64_t first)
{
	int64_t at = source->up->not_before_ms;
	unsigned kind;

	if (source->meta.first == NULL && source->blobs.first == NULL &&
	    source->urgent.first == NULL)
		return first;
	if (at > now && at < first)
		first = at;
	for (kind = 0; kind < TEMPO_KINDS; kind++) {
		at = now + fetch_tempo_wait(source, (enum tempo_kind)kind, now);
		if (at > now && at < first)
			first = at;
	}
	return first;
}
