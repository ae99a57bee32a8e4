#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "transfer/fetch_access.h"
#include "transfer/fetch_again.h"
#include "transfer/fetch_blob_internal.h"
#include "transfer/fetch_tempo.h"

static struct piece *
piece_of(struct fetch *f)
{
	assert(f->kind->is_piece);
	return (struct piece *)f;
}

/* --- coming and going ------------------------------------------ */

static void
piece_free(struct piece *p)
{
	struct blob *b = p->blob;
	struct piece **at;

	sink_close(&p->stream);
	for (at = &b->pieces; *at != p; at = &(*at)->next)
		assert(*at != NULL);
	*at = p->next;
	b->piece_count--;
	if (b->piece_count > 0)
		b->fetch.source->extra--;
	fetch_free(&p->fetch);
	assert((b->pieces == NULL) == (b->piece_count == 0));
	if (b->pieces == NULL)
		fetch_blob_pieces_ended(b);
}

static void
piece_failed(struct fetch *f)
{
	struct blob *b = piece_of(f)->blob;

	/* A real reason is not covered up by the cancelling that follows. */
	if (b->fetch.err.code == ERR_NONE)
		b->fetch.err = f->err;
	piece_free(piece_of(f));
}

static void
piece_withdraw(struct piece *p)
{
	fetch_withdraw(&p->fetch);
	piece_free(p);
}

void
fetch_blob_withdraw(struct blob *b)
{
	struct piece *p, *next;

	assert(b->pieces != NULL);
	for (p = b->pieces; p != NULL; p = next) {
		next = p->next;
		piece_withdraw(p);
	}
}

bool
fetch_blob_is_asking(const struct blob *b)
{
	const struct piece *p;

	for (p = b->pieces; p != NULL; p = p->next)
		if (p->fetch.state == FETCH_RUNNING && p->is_heard &&
		    !p->fetch.is_paused && !p->fetch.throttled.waits)
			return true;
	return false;
}

bool
fetch_blob_is_silent(const struct blob *b, int64_t ms, int64_t now_ms)
{
	const struct piece *p;
	bool silent = false;

	for (p = b->pieces; p != NULL; p = p->next) {
		if (p->fetch.state != FETCH_RUNNING)
			continue;
		if (p->is_heard || now_ms - p->opened_ms < ms)
			return false;
		silent = true;
	}
	return silent;
}

/* Wrong bytes: what the others bring is of no use either. */
static void
piece_spoils(struct piece *p)
{
	struct blob *b = p->blob;
	struct piece *other, *next;

	b->fetch.err = p->fetch.err;
	b->fetch.err.code = ERR_DATA;
	for (other = b->pieces; other != NULL; other = next) {
		next = other->next;
		if (other != p)
			piece_withdraw(other);
	}
	piece_free(p);
}

/* The blob is whole: what its other pieces wait for is of no use. */
static void
drop_others(struct piece *p)
{
	struct piece *other, *next;

	for (other = p->blob->pieces; other != NULL; other = next) {
		next = other->next;
		/* Who waits for a token is in a list that may be walked now. */
		if (other != p && other->fetch.state != FETCH_NEED_TOKEN)
			piece_withdraw(other);
	}
}

/* --- what they ask for ----------------------------------------- */

/* How much to ask for: the whole rest, where it is not to be divided. */
static uint64_t
piece_bytes(const struct piece *p)
{
	/* Where requests are dear each asks for all that it may. */
	if (!fetch_blob_may_divide(p->blob) ||
	    tempo_is_slow(&p->fetch.source->tempo, TEMPO_BLOB) ||
	    tempo_is_slow(&p->fetch.source->elsewhere, TEMPO_BLOB))
		return UINT64_MAX;
	return p->portion > 0 ? p->portion : WIDTH_PORTION_MIN;
}

/* Where ranges were refused before, they are not asked for. */
static void
foresee(struct blob *b)
{
	const struct site *from = b->fetch.source->up->blobs_from;

	if (from != NULL && site_refuses_ranges(from))
		b->is_whole = b->single = true;
}

/* What the host that sends a blob is like. */
static void
learn(struct piece *p, const struct http_reply *reply)
{
	struct upstream *up = p->fetch.source->up;
	struct blob *b = p->blob;
	bool is_proof = b->was_refused && reply->status == 200 &&
	    p->fetch.to == ANSWER_TO_BLOB;
	struct site *site = &up->self;

	if (reply->elsewhere)
		site = is_proof ? upstream_site(up, reply->url) :
		    upstream_find(up, reply->url);
	if (is_proof && site != NULL)
		site_no_range(site, b->is_sure);
	b->was_refused &= !is_proof;
	up->blobs_from = site;
}

static char *
piece_open(struct fetch *f, struct http_spec *spec)
{
	struct piece *p = piece_of(f);
	struct blob *b = p->blob;
	struct stream *st = &p->stream;

	foresee(b);
	if ((b->is_whole && b->piece_count > 1) || !sink_open(b->sink, st,
	    piece_bytes(p), fetch_blob_may_divide(b))) {
		if (sink_is_whole(b->sink))
			drop_others(p);
		piece_free(p);
		return NULL;
	}
	p->opened_ms = p->began_ms = clock_ms();
	p->is_heard = false;
	spec->bulk = true;
	spec->body_max = MANIFEST_BYTES_MAX;
	spec->read_max = throttle_portion(&f->traffic->throttle);
	if (!b->is_whole) {
		spec->from = st->at;
		if (st->end < fetch_blob_size(b))
			spec->to = st->end;
	}
	f->to = spec->from > 0 || spec->to > 0 ? ANSWER_TO_RANGE :
	    ANSWER_TO_BLOB;
	return upstream_url(f->source->up, f->repository, "blobs",
	    f->reference);
}

/* By its type and its length: some have the type alone wrong. */
static bool
is_page(const struct piece *p, const struct http_reply *reply, struct err *e)
{
	const char *length = http_header(reply, "content-length", 0);
	char whole[24];

	snprintf(whole, sizeof(whole), "%llu",
	    (unsigned long long)fetch_blob_size(p->blob));
	return reply->status == 200 && length != NULL &&
	    strcmp(length, whole) != 0 && upstream_page(reply, e);
}

static int
on_start(void *cookie, const struct http_reply *reply, struct err *e)
{
	struct piece *p = piece_of(cookie);

	p->began_ms = clock_ms();
	p->fetch.source->is_elsewhere = reply->elsewhere;
	fetch_tempo_begun(&p->fetch, reply);
	p->is_heard = true;
	/* It would spoil what is here. */
	if (is_page(p, reply, e))
		return -1;
	learn(p, reply);
	/* A server that does not know ranges is not asked for them again. */
	if (reply->status == 200 &&
	    p->stream.end - p->stream.at < fetch_blob_size(p->blob))
		p->blob->single = true;
	return stream_begin(&p->stream, reply->status,
	    http_header(reply, "content-range", 0), e);
}

static enum http_taken
on_data(void *cookie, const void *buf, size_t len, struct err *e)
{
	struct fetch *f = cookie;
	struct throttle *throttle = &f->traffic->throttle;
	size_t room = throttle_budget(throttle, len);
	enum http_taken taken;

	/* Out of budget it stays so: the run ends, and then this. */
	if (room == 0 ||
	    !throttle_admits(throttle, &f->throttled, room, clock_ms()))
		return HTTP_PAUSE;
	taken = stream_add(&piece_of(f)->stream, buf, room, e);
	if (taken == HTTP_TAKEN) {
		throttle_took(throttle, &f->throttled, room, clock_ms());
		f->source->blob_bytes += room;
		piece_of(f)->blob->brought += room;
		if (room < len)
			return HTTP_PAUSE;
	} else if (taken == HTTP_PAUSE) {
		fetch_pause(f);
	}
	return taken;
}

/* --- how they end ---------------------------------------------- */

/* More of them than help, or others would rather have its connection. */
static bool
is_one_too_many(const struct piece *p)
{
	const struct source *source = p->fetch.source;

	return p->blob->piece_count > 1 &&
	    (width_is_beyond(&source->width, source->share.pieces + 1) ||
	    source->blobs.first != NULL);
}

/* A huge blob does not keep the others from the connection that it has. */
static bool
others_wait(const struct source *source)
{
	return source->meta.first != NULL || source->blobs.first != NULL;
}

static void
take_next(struct piece *p)
{
	struct fetch *f = &p->fetch;
	const struct upstream *up = f->source->up;
	int64_t now = clock_ms();

	p->portion = width_portion(p->stream.end - p->stream.begun_at,
	    p->began_ms - p->opened_ms, now - p->opened_ms);
	f->tries = 0;
	sink_close(&p->stream);
	if (sink_is_whole(p->blob->sink)) {
		drop_others(p);
		piece_free(p);
	} else if (is_one_too_many(p)) {
		piece_free(p);
	} else if (up->down || now < up->not_before_ms ||
	    f->traffic->stopping || others_wait(f->source)) {
		fetch_queue(f);
	} else {
		fetch_urge(f);
	}
}

/* An answer that ended early, without an error of its own. */
static void
note_short(struct piece *p)
{
	p->fetch.outcome.transport = TRANSPORT_BROKEN;
	err_set(&p->fetch.err, ERR_NET, "the answer ends at byte %llu of %llu",
	    (unsigned long long)p->stream.at,
	    (unsigned long long)fetch_blob_size(p->blob));
}

/* A part is refused: ask for all of it, when nothing else of it is under way.
 * What is here does not come twice into the file. */
static void
ask_whole(struct piece *p, long status)
{
	struct blob *b = p->blob;

	b->is_whole = b->single = b->was_refused = true;
	b->is_sure = !answer_is_later(status);
	p->fetch.err.code = ERR_NONE;
	if (b->is_sure)
		p->fetch.tries = 0;	/* a question that is answered */
	if (b->piece_count > 1)
		piece_free(p);
	else
		fetch_queue(&p->fetch);
}

static void
ended_badly(struct piece *p, const struct http_reply *reply, bool answered,
    bool success)
{
	struct fetch *f = &p->fetch;
	struct blob *b = p->blob;

	f->moved = p->stream.at - p->stream.begun_at;
	if (answered && !success &&
	    fetch_again_way(f, reply) == ANSWER_WHOLE) {
		sink_close(&p->stream);
		ask_whole(p, reply->status);
		return;
	}
	fetch_again_note(f, reply);
	if (success)
		note_short(p);
	if (answered && reply->status == 416)
		err_set(&f->err, ERR_DATA, "the registry has no bytes from "
		    "%llu on", (unsigned long long)p->stream.begun_at);
	sink_close(&p->stream);
	if (f->err.code == ERR_DATA) {
		piece_spoils(p);
	} else if (reply->refused && b->single && b->piece_count > 1) {
		piece_free(p);
	} else if (reply->refused && b->single && !p->was_last) {
		/* It came whole while others were there; now it is alone. */
		p->was_last = true;
		fetch_queue(f);
	} else {
		fetch_again(f);
	}
}

static void
piece_ended(struct fetch *f, const struct http_reply *reply)
{
	struct piece *p = piece_of(f);
	bool answered = reply->transport == TRANSPORT_OK && !reply->refused;
	bool success = answered &&
	    (reply->status == 200 || reply->status == 206);

	if (p->stream.open && stream_is_done(&p->stream) &&
	    (success || reply->refused) && reply->err.code != ERR_DATA) {
		take_next(p);
	} else if (answered && reply->status == 401) {
		sink_close(&p->stream);
		f->moved = 0;
		fetch_again_by(f, reply, fetch_again_way(f, reply));
	} else {
		ended_badly(p, reply, answered, success);
	}
}

static const struct http_handlers piece_handlers = {
	.start = on_start,
	.data = on_data,
	.meet = fetch_access_meet,
	.end = fetch_ended,
};

static unsigned
piece_facts(const struct fetch *f)
{
	const struct piece *p = (const struct piece *)f;
	unsigned facts = 0;

	if (f->tries > 1)
		facts |= ANSWER_AGAIN;
	if (sink_received(p->blob->sink) > 0)
		facts |= ANSWER_PART;
	return facts;
}

static const struct fetch_kind piece_kind = {
	.is_piece = true,
	.facts = piece_facts,
	.handlers = &piece_handlers,
	.open = piece_open,
	.ended = piece_ended,
	.failed = piece_failed,
};

void
fetch_blob_piece(struct blob *b)
{
	struct fetch *f = &b->fetch;
	struct piece *p = fetch_new(sizeof(*p), &piece_kind, f->traffic,
	    f->source, f->repository, f->reference);

	p->blob = b;
	p->fetch.queued.priority = f->queued.priority;
	p->fetch.share.kind = SHARE_BLOB;
	p->fetch.share.bytes = fetch_blob_size(b);
	p->next = b->pieces;
	b->pieces = p;
	if (b->piece_count++ > 0)
		f->source->extra++;
	fetch_urge(&p->fetch);
}
