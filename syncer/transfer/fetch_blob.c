#include <assert.h>
#include <string.h>

#include "layout/clock.h"
#include "transfer/fetch_blob_internal.h"

/* Bytes that do not match are fetched once more, from the beginning. */
#define DATA_TRIES_MAX	1
/* Smaller blobs come in one piece. */
#define SPLIT_BYTES_MIN	((uint64_t)16 << 20)

static struct blob *
blob_of(struct fetch *f)
{
	return (struct blob *)f;
}

uint64_t
fetch_blob_size(const struct blob *b)
{
	return b->order.object->size;
}

bool
fetch_blob_may_divide(const struct blob *b)
{
	return !b->single && fetch_blob_size(b) >= SPLIT_BYTES_MIN;
}

/* --- the blob, and what workers do to it ------------------------------- */

static void
settle(struct blob *b, enum blob_step step)
{
	assert(b->pieces == NULL);
	b->settling = step;
	switch (step) {
	case BLOB_PREPARE:
		fetch_enter(&b->fetch, FETCH_PREPARE);
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
	if (b->fetch.state != FETCH_SETTLE)
		fetch_enter(&b->fetch, FETCH_SETTLE);
}

/* Wrong bytes are dropped in any case: nobody is to go on with them.  For the
 * second time they come in one stream, in case ranges were what went wrong. */
static void
spoilt(struct blob *b)
{
	b->is_spoilt = b->fetch.data_tries++ >= DATA_TRIES_MAX ||
	    b->fetch.traffic->stopping;
	b->single = true;
	settle(b, BLOB_RESTART);
}

static void
flushed(struct blob *b)
{
	struct fetch *f = &b->fetch;

	if (f->err.code == ERR_DATA && !b->is_called_off) {
		spoilt(b);
	} else if (sink_is_whole(b->sink)) {
		settle(b, BLOB_FINISH);
	} else {
		if (f->traffic->stopping)
			err_set(&f->err, ERR_CANCELLED, "interrupted");
		fetch_fail(f);
	}
}

static void
named(struct fetch *f)
{
	struct blob *b = blob_of(f);

	b->order.end(b->order.owner, f, fetch_blob_size(b), NULL);
	fetch_free(f);
}

static void
settled(void *cookie)
{
	struct blob *b = cookie;
	struct fetch *f = &b->fetch;
	const struct err *e = sink_error(b->sink);
	struct staged *staged = sink_take(b->sink);

	if (b->is_called_off && staged == NULL) {
		fetch_fail(f);
		return;
	}
	if (e != NULL) {
		f->err = *e;
		if ((e->code == ERR_DATA || e->code == ERR_DIGEST) &&
		    b->settling != BLOB_RESTART)
			spoilt(b);
		else
			fetch_fail(f);
		return;
	}
	switch (b->settling) {
	case BLOB_PREPARE:
		if (sink_is_whole(b->sink))
			settle(b, BLOB_FINISH);
		else
			fetch_queue(f);
		break;
	case BLOB_FLUSH:
		flushed(b);
		break;
	case BLOB_RESTART:
		if (b->is_spoilt) {
			fetch_fail(f);
		} else {
			f->err.code = ERR_NONE;
			fetch_queue(f);
		}
		break;
	case BLOB_FINISH:
		fetch_commit(f, staged, named);
		break;
	}
}

void
fetch_blob_pieces_ended(struct blob *b)
{
	queue_leave(&b->fetch.queued);
	if (b->fetch.err.code == ERR_NONE && sink_is_whole(b->sink))
		settle(b, BLOB_FINISH);
	else
		settle(b, BLOB_FLUSH);
}

static void
blob_start(struct fetch *f)
{
	struct blob *b = blob_of(f);
	const struct object *o = b->order.object;

	if (b->sink == NULL) {
		b->sink = sink_new(f->traffic->pool, f->traffic->config.store,
		    &o->id, o->size, settled, b);
		f->is_begun = true;
		/* An empty blob needs no request, just its digest checked. */
		if (o->size == 0 ||
		    digest_set_has(&f->traffic->partials, &o->id)) {
			settle(b, BLOB_PREPARE);
			return;
		}
	}
	fetch_enter(f, FETCH_RUNNING);
	memset(&b->pace, 0, sizeof(b->pace));
	queue_push(&f->source->active, &f->queued);
	fetch_blob_widen(f);
}

static void
closed(void *cookie)
{
	struct blob *b = cookie;

	b->order.end(b->order.owner, &b->fetch, 0, &b->fetch.err);
	fetch_free(&b->fetch);
}

/* Told when its file is nobody's: then another attempt may go on there. */
static void
blob_failed(struct fetch *f)
{
	struct blob *b = blob_of(f);
	struct sink *sink = b->sink;

	if (f->source->up->home != NULL)
		err_wrap(&f->err, "%s", f->source->up->config.name);
	err_wrap(&f->err, "blob %s", f->reference);
	b->sink = NULL;
	if (sink == NULL)
		closed(b);
	else
		sink_end(sink, b->is_called_off, closed, b);
}

static void
blob_done(struct fetch *f)
{
	struct blob *b = blob_of(f);

	assert(b->pieces == NULL);
	if (b->sink != NULL)
		sink_end(b->sink, false, NULL, NULL);
}

/* --- how fast it comes ------------------------------------------------- */

static void
blob_call_off(struct fetch *f)
{
	struct blob *b = blob_of(f);

	if (f->state == FETCH_END || f->state == FETCH_COMMIT)
		return;
	b->is_called_off = true;
	err_set(&f->err, ERR_CANCELLED, "it has come from elsewhere");
	if (f->state == FETCH_RUNNING) {
		fetch_blob_withdraw(b);
	} else if (f->state == FETCH_QUEUED) {
		queue_leave(&f->queued);
		fetch_fail(f);
	}
	/* Workers are busy with it otherwise; then `settled` sees to it. */
}

static void
lose_place(struct blob *b)
{
	const struct registry_config *config =
	    &b->fetch.source->up->config;

	b->fetch.traffic->lost_ms = clock_ms();
	err_set(&b->fetch.err, ERR_NET, "too slow: %llu bytes in this try, "
	    "and less than %u a second (min_rate); the next run goes on with "
	    "it", (unsigned long long)b->brought, config->min_rate);
	fetch_blob_withdraw(b);
}

/* While it waits for its turn, its registry may be what is slow. */
static uint64_t
bytes_seen(const struct blob *b)
{
	return b->fetch.state == FETCH_QUEUED ? b->fetch.source->blob_bytes :
	    b->brought;
}

static void
blob_tick(struct fetch *f, int64_t now)
{
	struct blob *b = blob_of(f);
	const struct traffic *t = f->traffic;
	const struct registry_config *config = &f->source->up->config;
	const struct pace_view view = {
		.now_ms = now,
		.size = fetch_blob_size(b),
		.best_rate = t->best_rate,
		.lost_ms = t->lost_ms,
		.bytes = bytes_seen(b),
		.run_bytes = t->throttle.bytes,
		.streams = t->connections.running > 0 ?
		    t->connections.running : 1,
		.min_rate = config->min_rate,
		.limit_rate = t->config.limit_rate,
		.window_ms = (int64_t)config->stall_timeout_s * 1000,
		.is_asking = f->state == FETCH_QUEUED ||
		    fetch_blob_is_asking(b),
	};
	enum pace_verdict verdict;

	if (f->state != FETCH_RUNNING && f->state != FETCH_QUEUED)
		return;
	verdict = pace_look(&b->pace, &view);
	if (verdict == PACE_LATE && f->state == FETCH_RUNNING) {
		lose_place(b);
	} else if (!b->is_slow && (verdict != PACE_FINE ||
	    fetch_blob_is_silent(b, view.window_ms, now))) {
		b->is_slow = true;
		b->order.slow(b->order.owner);
	}
}

/* In this run or in an earlier one. */
static uint64_t
blob_here(const struct fetch *f)
{
	const struct blob *b = (const struct blob *)f;
	uint64_t received = b->sink == NULL ? 0 : sink_received(b->sink);
	uint64_t begun = b->order.object->begun;

	if (b->order.is_rival || b->is_called_off)
		return 0;	/* counted with the other one */
	return received > begun ? received : begun;
}

static const struct fetch_kind blob_kind = {
	.start = blob_start,
	.failed = blob_failed,
	.done = blob_done,
	.here = blob_here,
	.tick = blob_tick,
	.call_off = blob_call_off,
};

struct fetch *
fetch_blob(struct traffic *t, const struct fetch_order *order,
    const struct waiter *w)
{
	char text[DIGEST_TEXT_MAX];
	struct blob *b = fetch_new(sizeof(*b), &blob_kind, t, w->source,
	    w->repository, digest_text(&order->object->id, text));

	b->order = *order;
	b->fetch.queued.priority = w->priority;
	b->fetch.share.kind = SHARE_BLOB;
	b->fetch.share.bytes = fetch_blob_size(b);
	fetch_queue(&b->fetch);
	return &b->fetch;
}

/* --- how many ---------------------------------------------------------- */

bool
fetch_blob_can_widen(const struct fetch *f)
{
	const struct blob *b = (const struct blob *)f;

	return fetch_blob_may_divide(b) && f->err.code == ERR_NONE &&
	    sink_can_open(b->sink);
}

void
fetch_blob_widen(struct fetch *f)
{
	assert(f->state == FETCH_RUNNING);
	fetch_blob_piece(blob_of(f));
}

unsigned
fetch_blob_count(const struct source *source)
{
	const struct queued *q;
	const struct piece *p;
	unsigned count = 0;

	for (q = source->active.first; q != NULL; q = q->next) {
		p = ((const struct blob *)q)->pieces;
		count += p != NULL && !p->fetch.share.is_stream;
	}
	return count;
}

unsigned
fetch_blob_silent(const struct source *source)
{
	const struct queued *q;
	const struct piece *p;
	unsigned silent = 0;

	for (q = source->active.first; q != NULL; q = q->next)
		for (p = ((const struct blob *)q)->pieces; p != NULL;
		    p = p->next)
			silent += !p->fetch.share.is_stream &&
			    (!p->stream.open ||
			    p->stream.at == p->stream.begun_at);
	return silent;
}
