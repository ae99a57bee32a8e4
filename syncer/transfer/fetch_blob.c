/* The body of a blob: from where it stood, into the store. */
#include <stdlib.h>

#include "transfer/dispatch_internal.h"

/* Bytes that do not match are fetched once more, from the beginning. */
#define DATA_TRIES_MAX	1

static void try_again_or_fail(struct fetch *);

static void
settled(void *cookie)
{
	struct fetch *f = cookie;
	const struct err *e = sink_error(f->sink);
	struct staged *staged = sink_take(f->sink);

	if (staged != NULL) {
		fetch_commit(f, staged);
	} else if (e != NULL && e->code == ERR_DATA) {
		f->err = *e;
		try_again_or_fail(f);
	} else if (e != NULL) {
		f->err = *e;
		fetch_fail(f);
	} else if (f->is_spoilt) {
		fetch_fail(f);
	} else if (f->d->stopping) {
		err_set(&f->err, ERR_CANCELLED, "interrupted");
		fetch_fail(f);
	} else if (f->broken && f->err.code == ERR_DATA) {
		try_again_or_fail(f);
	} else if (sink_is_whole(f->sink)) {
		if (f->state == FETCH_PREPARE)
			fetch_enter(f, FETCH_SETTLE);
		sink_finish(f->sink);
	} else if (f->broken) {
		f->broken = false;
		fetch_again(f);
	} else {
		fetch_queue(f);
	}
}

/* Wrong bytes are dropped in any case: nobody is to go on with them. */
static void
try_again_or_fail(struct fetch *f)
{
	f->is_spoilt = f->data_tries++ >= DATA_TRIES_MAX || f->d->stopping;
	f->broken = false;
	sink_restart(f->sink);
}

bool
fetch_blob_ready(struct fetch *f)
{
	const struct object *o = &f->want->object;

	if (f->sink != NULL)
		return true;
	f->sink = sink_new(f->d->pool, f->d->config.store, &o->id, o->size,
	    settled, f);
	/* An empty blob needs no request, just its digest checked. */
	if (o->size > 0 && !digest_set_has(&f->d->partials, &o->id))
		return true;
	fetch_enter(f, FETCH_PREPARE);
	sink_prepare(f->sink);
	return false;
}

static int
on_start(void *cookie, const struct http_reply *reply, struct err *e)
{
	struct fetch *f = cookie;

	return sink_begin(f->sink, reply->status,
	    http_header(reply, "content-range", 0), e);
}

static enum http_taken
on_data(void *cookie, const void *buf, size_t len, struct err *e)
{
	struct fetch *f = cookie;
	enum http_taken taken = sink_add(f->sink, buf, len, e);

	if (taken == HTTP_TAKEN) {
		f->d->stats.bytes += len;
	} else if (taken == HTTP_PAUSE && !f->is_paused) {
		f->is_paused = true;
		queue_push(&f->d->paused, f);
	}
	return taken;
}

const struct http_handlers fetch_blob_handlers = {
	.start = on_start,
	.data = on_data,
	.end = fetch_ended
};

/*
 * A try ended; what came is settled first, since it decides where to go on.
 * Afterwards f->err tells wrong bytes (ERR_DATA) from all else.
 */
static void
settle_then_again(struct fetch *f, const struct http_reply *reply,
    bool success)
{
	f->broken = true;
	fetch_note(f, reply);
	if (success) {
		f->outcome.transport = TRANSPORT_BROKEN;
		err_set(&f->err, ERR_NET, "the answer ends at byte %llu of "
		    "%llu", (unsigned long long)sink_offset(f->sink),
		    (unsigned long long)f->want->object.size);
	} else if (reply->status == 416 && !reply->refused) {
		err_set(&f->err, ERR_DATA, "the registry has no bytes from "
		    "%llu on", (unsigned long long)f->from);
	}
	fetch_enter(f, FETCH_SETTLE);
	sink_flush(f->sink);
}

void
fetch_blob_ended(struct fetch *f, const struct http_reply *reply)
{
	bool answered = reply->transport == TRANSPORT_OK && !reply->refused;
	bool success = answered &&
	    (reply->status == 200 || reply->status == 206);

	if (success)
		f->auth_tries = 0;
	if (success && sink_is_whole(f->sink)) {
		fetch_enter(f, FETCH_SETTLE);
		sink_finish(f->sink);
	} else if (answered && reply->status == 401 && !reply->elsewhere) {
		fetch_challenged(f, reply);
	} else {
		settle_then_again(f, reply, success);
	}
}
