/*
 * How many requests at once.  One that has a connection of its own counts as a
 * connection.  Small ones share an HTTP/2 connection where the server knows
 * that: then it is round trips that they would wait for, and many may be on
 * their way together, as long as that is a crowd and no siege.
 */
#include "layout/clock.h"
#include "transfer/dispatch_internal.h"

/* Connections to all registries together. */
#define CONNECTIONS_MAX	64u
/* Requests that share one, for each that there may be, and at most: servers let
 * 100 do that, and libcurl lets no more.  Those among them that are for blobs
 * need a buffer each. */
#define STREAMS_A_CONNECTION	12u
#define STREAMS_MAX	96u
#define BLOB_STREAMS_MAX	48u
/* Larger blobs want a TCP window of their own. */
#define SHARED_BYTES_MAX	((uint64_t)256 << 10)
/*
 * Registries refuse who asks thousands of times a minute (registry-facts A3.5).
 * So many requests come close behind each other; those after them no closer
 * than one at a time for each connection that there may be.
 */
#define CREDIT_MAX	((int64_t)4000 * 1000)
#define CREDIT_A_MS	((int64_t)50)
/* A server that takes fewer streams gets connections beside the first.  More
 * than one for so many answers means that it would rather not. */
#define ANSWERS_A_CONNECTION	16u

static const struct object *
blob_of(const struct fetch *f)
{
	return f->kind == FETCH_PIECE ? &f->blob->want->object :
	    &f->want->object;
}

static bool
is_blob(const struct fetch *f)
{
	return f->kind == FETCH_BLOB || f->kind == FETCH_PIECE;
}

bool
share_may(const struct fetch *f)
{
	if (f->kind == FETCH_QUERY)
		return f->query->data == NULL;
	/* What has its rate limited is not to come at somebody else's. */
	return !is_blob(f) || (blob_of(f)->size <= SHARED_BYTES_MAX &&
	    f->d->limit.rate == 0);
}

bool
share_expects_stream(const struct fetch *f)
{
	const struct share *s = &f->source->share;

	if (s->refused || f->kind == FETCH_TOKEN || !share_may(f))
		return false;
	return is_blob(f) ? s->blobs : s->answers;
}

static void
refill(struct share *s)
{
	int64_t now = clock_ms();

	if (s->credit_ms == 0)
		s->credit = CREDIT_MAX;
	else if (now > s->credit_ms)
		s->credit += (now - s->credit_ms) * CREDIT_A_MS;
	if (s->credit > CREDIT_MAX)
		s->credit = CREDIT_MAX;
	s->credit_ms = now;
}

static unsigned
connections(const struct source *source)
{
	const struct share *s = &source->share;

	return source->up->running - s->answer_streams - s->blob_streams +
	    (s->answer_streams > 0) + (s->blob_streams > 0);
}

static bool
has_room_for_connection(const struct dispatch *d, const struct source *source)
{
	return connections(source) < source->up->config.max_connections &&
	    d->stats.running - d->streams < CONNECTIONS_MAX;
}

static bool
has_room_for_stream(const struct fetch *f)
{
	const struct share *s = &f->source->share;
	unsigned all = s->answer_streams + s->blob_streams;
	unsigned most = f->source->up->config.max_connections;

	if (s->credit >= 1000)
		most *= STREAMS_A_CONNECTION;
	if (most > STREAMS_MAX)
		most = STREAMS_MAX;
	if (all >= most || (is_blob(f) && s->blob_streams >= BLOB_STREAMS_MAX))
		return false;
	return (is_blob(f) ? s->blob_streams : s->answer_streams) > 0 ||
	    has_room_for_connection(f->d, f->source);
}

/* One connection is kept from the blobs: small things need not wait long. */
bool
share_has_room_for_piece(const struct dispatch *d,
    const struct source *source)
{
	unsigned max = source->up->config.max_connections;

	return !source->up->probing && has_room_for_connection(d, source) &&
	    source->blobs_running < (max > 1 ? max - 1 : 1);
}

bool
share_has_room(const struct fetch *f)
{
	/* The first answer tells how all others have to be asked. */
	if (f->source->up->probing)
		return false;
	refill(&f->source->share);
	if (share_expects_stream(f))
		return has_room_for_stream(f);
	if (is_blob(f))
		return share_has_room_for_piece(f->d, f->source);
	return has_room_for_connection(f->d, f->source);
}

void
share_enter(struct fetch *f)
{
	struct share *s = &f->source->share;

	f->is_stream = share_expects_stream(f);
	f->source->up->running++;
	f->d->stats.running++;
	if (f->is_stream) {
		s->credit -= 1000;
		f->d->streams++;
		if (is_blob(f))
			s->blob_streams++;
		else
			s->answer_streams++;
	} else if (is_blob(f)) {
		f->source->blobs_running++;
	}
}

void
share_leave(struct fetch *f)
{
	struct share *s = &f->source->share;

	f->source->up->running--;
	f->d->stats.running--;
	if (f->is_stream) {
		f->d->streams--;
		if (is_blob(f))
			s->blob_streams--;
		else
			s->answer_streams--;
	} else if (is_blob(f)) {
		f->source->blobs_running--;
	}
	f->is_stream = false;
}

void
share_seen(struct fetch *f, const struct http_reply *reply)
{
	struct share *s = &f->source->share;

	if (f->kind == FETCH_TOKEN || !share_may(f) || reply->status == 0)
		return;
	if (reply->status == 429)
		s->credit = 0;
	if (f->is_stream && reply->connected)
		s->apart += ANSWERS_A_CONNECTION;
	else if (f->is_stream && s->apart > 0)
		s->apart--;
	if (s->apart > ANSWERS_A_CONNECTION *
	    f->source->up->config.max_connections)
		s->refused = true;
	/* libcurl may have taken an old HTTP/1.1 connection: that tells
	 * nothing. */
	if (!reply->shared && !reply->connected)
		return;
	if (is_blob(f))
		s->blobs = reply->shared;
	else if (!reply->elsewhere)
		s->answers = reply->shared;
}
