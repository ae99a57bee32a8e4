/*
 * One blob: a FETCH_BLOB owns the sink, and a FETCH_PIECE for each request
 * brings a range of it.  A piece that has brought its range takes the next one;
 * one that fails leaves what it lacks to the others.
 */
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "transfer/dispatch_internal.h"

/* Bytes that do not match are fetched once more, from the beginning. */
#define DATA_TRIES_MAX	1
/* Smaller blobs come in one piece. */
#define SPLIT_BYTES_MIN	((uint64_t)16 << 20)
/* A piece is what a connection brings in about a second, so that the round
 * trip for it does not count; between these. */
#define PIECE_BYTES_MIN	((uint64_t)4 << 20)
#define PIECE_BYTES_MAX	((uint64_t)32 << 20)

/* --- the blob ---------------------------------------------------------- */

static void
settle(struct fetch *b, enum blob_step step)
{
	b->settling = step;
	switch (step) {
	case BLOB_PREPARE:
		fetch_enter(b, FETCH_PREPARE);
		sink_prepare(b->sink);
		return;
	case BLOB_FLUSH:
		sink_flush(b->sink);
		break;
	case BLOB_RESTART:
		sink_restart(b->sink);
		break;
	case BLOB_FINISH:
		sink_finish(b->sink);
		break;
	}
	if (b->state != FETCH_SETTLE)
		fetch_enter(b, FETCH_SETTLE);
}

/* Wrong bytes are dropped in any case: nobody is to go on with them.  For the
 * second time they come in one stream, in case ranges were what went wrong. */
static void
spoilt(struct fetch *b)
{
	b->is_spoilt = b->data_tries++ >= DATA_TRIES_MAX || b->d->stopping;
	b->single = true;
	settle(b, BLOB_RESTART);
}

static void
flushed(struct fetch *b)
{
	if (b->err.code == ERR_DATA) {
		spoilt(b);
	} else if (sink_is_whole(b->sink)) {
		settle(b, BLOB_FINISH);
	} else {
		if (b->d->stopping)
			err_set(&b->err, ERR_CANCELLED, "interrupted");
		fetch_fail(b);
	}
}

static void
settled(void *cookie)
{
	struct fetch *b = cookie;
	const struct err *e = sink_error(b->sink);
	struct staged *staged = sink_take(b->sink);

	if (e != NULL) {
		b->err = *e;
		if ((e->code == ERR_DATA || e->code == ERR_DIGEST) &&
		    b->settling != BLOB_RESTART)
			spoilt(b);
		else
			fetch_fail(b);
		return;
	}
	switch (b->settling) {
	case BLOB_PREPARE:
		if (sink_is_whole(b->sink))
			settle(b, BLOB_FINISH);
		else
			fetch_queue(b);
		break;
	case BLOB_FLUSH:
		flushed(b);
		break;
	case BLOB_RESTART:
		if (b->is_spoilt) {
			fetch_fail(b);
		} else {
			b->err.code = ERR_NONE;
			fetch_queue(b);
		}
		break;
	case BLOB_FINISH:
		fetch_commit(b, staged);
		break;
	}
}

/* All pieces have ended. */
static void
pieces_ended(struct fetch *b)
{
	queue_remove(&b->source->active, b);
	if (b->err.code == ERR_NONE && sink_is_whole(b->sink))
		settle(b, BLOB_FINISH);
	else
		settle(b, BLOB_FLUSH);
}

void
fetch_blob_start(struct fetch *b)
{
	const struct object *o = &b->want->object;

	if (b->sink == NULL) {
		b->sink = sink_new(b->d->pool, b->d->config.store, &o->id,
		    o->size, settled, b);
		/* An empty blob needs no request, just its digest checked. */
		if (o->size == 0 || digest_set_has(&b->d->partials, &o->id)) {
			settle(b, BLOB_PREPARE);
			return;
		}
	}
	fetch_enter(b, FETCH_RUNNING);
	queue_push(&b->source->active, b);
	fetch_blob_widen(b);
}

/* --- its pieces -------------------------------------------------------- */

static void
piece_free(struct fetch *p)
{
	struct fetch *b = p->blob;
	struct fetch **at;

	sink_close(&p->stream);
	for (at = &b->pieces; *at != p; at = &(*at)->piece_next)
		continue;
	*at = p->piece_next;
	b->piece_count--;
	if (b->piece_count > 0)
		b->source->extra--;
	fetch_free(p);
	if (b->pieces == NULL)
		pieces_ended(b);
}

void
fetch_piece_fail(struct fetch *p)
{
	struct fetch *b = p->blob;

	/* A real reason is not covered up by the cancelling that follows. */
	if (b->err.code == ERR_NONE)
		b->err = p->err;
	piece_free(p);
}

/* Wrong bytes: what the others bring is of no use either. */
static void
piece_spoils(struct fetch *p)
{
	struct fetch *b = p->blob;
	struct fetch *other, *next;

	b->err = p->err;
	b->err.code = ERR_DATA;
	for (other = b->pieces; other != NULL; other = next) {
		next = other->piece_next;
		if (other == p)
			continue;
		fetch_withdraw(other);
		piece_free(other);
	}
	piece_free(p);
}

void
fetch_blob_widen(struct fetch *b)
{
	struct fetch *p;

	p = fetch_new(b->d, FETCH_PIECE, b->source, b->repository,
	    b->reference);
	p->blob = b;
	p->priority = b->priority;
	p->piece_next = b->pieces;
	b->pieces = p;
	if (b->piece_count++ > 0)
		b->source->extra++;
	fetch_start(p);
}

static bool
may_divide(const struct fetch *b)
{
	return !b->single && b->want->object.size >= SPLIT_BYTES_MIN;
}

bool
fetch_blob_can_widen(const struct fetch *b)
{
	return may_divide(b) && b->err.code == ERR_NONE &&
	    sink_can_open(b->sink);
}

/* How much to ask for: the whole rest, where it is not to be divided. */
static uint64_t
piece_bytes(const struct fetch *p)
{
	const struct fetch *b = p->blob;
	uint64_t most = p->rate;

	if (!may_divide(b))
		return UINT64_MAX;
	if (most < PIECE_BYTES_MIN)
		most = PIECE_BYTES_MIN;
	if (most > PIECE_BYTES_MAX)
		most = PIECE_BYTES_MAX;
	return most;
}

/* The blob is whole: what its other pieces wait for is of no use. */
static void
drop_others(struct fetch *p)
{
	struct fetch *other, *next;

	for (other = p->blob->pieces; other != NULL; other = next) {
		next = other->piece_next;
		/* Who waits for a token is in a list that may be walked now. */
		if (other == p || other->state == FETCH_NEED_TOKEN)
			continue;
		fetch_withdraw(other);
		piece_free(other);
	}
}

bool
fetch_piece_open(struct fetch *p, struct http_spec *spec)
{
	struct fetch *b = p->blob;
	struct stream *st = &p->stream;

	if (!sink_open(b->sink, st, piece_bytes(p), may_divide(b))) {
		if (sink_is_whole(b->sink))
			drop_others(p);
		piece_free(p);
		return false;
	}
	p->opened_ms = clock_ms();
	spec->bulk = true;
	spec->read_max = (size_t)limit_portion(&b->d->limit);
	spec->from = st->at;
	if (st->end < b->want->object.size)
		spec->to = st->end;
	return true;
}

static int
on_start(void *cookie, const struct http_reply *reply, struct err *e)
{
	struct fetch *p = cookie;

	/* A server that does not know ranges is not asked for them again. */
	if (reply->status == 200 &&
	    p->stream.end - p->stream.at < p->blob->want->object.size)
		p->blob->single = true;
	return stream_begin(&p->stream, reply->status,
	    http_header(reply, "content-range", 0), e);
}

static enum http_taken
on_data(void *cookie, const void *buf, size_t len, struct err *e)
{
	struct fetch *p = cookie;
	size_t room = throttle_budget(p->d, len);
	enum http_taken taken;

	/* Out of budget it stays so: the run ends, and then this. */
	if (room == 0 || !throttle_admits(p, room))
		return HTTP_PAUSE;
	taken = stream_add(&p->stream, buf, room, e);
	if (taken == HTTP_TAKEN) {
		throttle_took(p, room);
		p->source->blob_bytes += room;
		if (room < len)
			return HTTP_PAUSE;
	} else if (taken == HTTP_PAUSE && !p->is_paused) {
		p->is_paused = true;
		queue_push(&p->d->paused, p);
	}
	return taken;
}

const struct http_handlers fetch_piece_handlers = {
	.start = on_start,
	.data = on_data,
	.end = fetch_ended
};

/* More of them than help, or others would rather have its connection. */
static bool
is_one_too_many(const struct fetch *p)
{
	const struct source *source = p->source;

	return p->blob->piece_count > 1 &&
	    (source->extra > source->width.extra_max ||
	    source->blobs.first != NULL);
}

/* A huge blob does not keep the others from the connection that it has. */
static bool
others_wait(const struct source *source)
{
	return source->meta.first != NULL || source->blobs.first != NULL;
}

static void
take_next(struct fetch *p)
{
	const struct upstream *up = p->source->up;
	int64_t now = clock_ms(), took_ms = now - p->opened_ms;

	p->rate = (p->stream.end - p->stream.begun_at) * 1000 /
	    (uint64_t)(took_ms > 0 ? took_ms : 1);
	p->tries = p->auth_tries = 0;
	sink_close(&p->stream);
	if (sink_is_whole(p->blob->sink)) {
		drop_others(p);
		piece_free(p);
	} else if (is_one_too_many(p)) {
		piece_free(p);
	} else if (up->down || now < up->not_before_ms || p->d->stopping ||
	    others_wait(p->source)) {
		fetch_queue(p);
	} else {
		fetch_enter(p, FETCH_QUEUED);
		fetch_start(p);
	}
}

/* An answer that ended early, without an error of its own. */
static void
note_short(struct fetch *p)
{
	p->outcome.transport = TRANSPORT_BROKEN;
	err_set(&p->err, ERR_NET, "the answer ends at byte %llu of %llu",
	    (unsigned long long)p->stream.at,
	    (unsigned long long)p->blob->want->object.size);
}

void
fetch_piece_ended(struct fetch *p, const struct http_reply *reply)
{
	bool answered = reply->transport == TRANSPORT_OK && !reply->refused;
	bool success = answered &&
	    (reply->status == 200 || reply->status == 206);

	if (p->stream.open && stream_is_done(&p->stream) &&
	    (success || reply->refused) && reply->err.code != ERR_DATA) {
		take_next(p);
		return;
	}
	if (answered && reply->status == 401 && !reply->elsewhere) {
		sink_close(&p->stream);
		fetch_challenged(p, reply);
		return;
	}
	fetch_note(p, reply);
	p->moved = p->stream.at - p->stream.begun_at;
	if (success)
		note_short(p);
	if (answered && reply->status == 416) {
		err_set(&p->err, ERR_DATA, "the registry has no bytes from "
		    "%llu on", (unsigned long long)p->stream.begun_at);
	}
	sink_close(&p->stream);
	if (p->err.code == ERR_DATA)
		piece_spoils(p);
	else if (reply->refused && p->blob->single && p->blob->piece_count > 1)
		piece_free(p);
	else if (reply->refused && p->blob->single && !p->was_last) {
		/* It came whole while others were there; now it is alone. */
		p->was_last = true;
		fetch_queue(p);
	} else {
		fetch_again(p);
	}
}
