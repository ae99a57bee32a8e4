#include <assert.h>
#include <string.h>

#include "transfer/link/share.h"

/* Connections to all registries together. */
#define CONNECTIONS_MAX	64u
/* What blobs have beyond what a registry gets unasked leaves some of these to
 * the others. */
#define BEYOND_MAX	48u
/* Requests that share one, for each that there may be, and at most: servers let
 * 100 do that, and libcurl lets no more.  Those among them that are for blobs
 * need a buffer each. */
#define STREAMS_A_CONNECTION	12u
#define STREAMS_MAX	96u
#define BLOB_STREAMS_MAX	48u
/* Larger blobs want a TCP window of their own. */
#define SHARED_BYTES_MAX	((uint64_t)256 << 10)
/*
 * Registries refuse who asks thousands of times a minute
 * (quirks.md#too-many-requests).  So many requests come close behind each
 * other; those after them no closer than one at a time for each connection that
 * there may be.
 */
#define CREDIT_MAX	((int64_t)4000 * 1000)
#define CREDIT_A_MS	((int64_t)50)
/* A server that takes fewer streams gets connections beside the first.  More
 * than one for so many answers means that it would rather not. */
#define ANSWERS_A_CONNECTION	16u

unsigned
share_first(unsigned max_connections)
{
	return max_connections > 1 ? max_connections - 1 : 1;
}

void
share_init(struct share *s, struct share_totals *totals,
    unsigned max_connections, bool is_limited)
{
	memset(s, 0, sizeof(*s));
	s->totals = totals;
	s->max_connections = max_connections;
	s->wide = share_first(max_connections);
	s->is_limited = is_limited;
}

bool
share_may(const struct share *s, const struct share_request *r)
{
	switch (r->kind) {
	case SHARE_TOKEN:
	case SHARE_ANSWER:
		return true;
	case SHARE_LIST:
		return false;
	case SHARE_BLOB:
		break;
	}
	/* What has its rate limited is not to come at somebody else's. */
	return r->bytes <= SHARED_BYTES_MAX && !s->is_limited;
}

bool
share_expects_stream(const struct share *s, const struct share_request *r)
{
	if (s->refused || r->kind == SHARE_TOKEN || !share_may(s, r))
		return false;
	return r->kind == SHARE_BLOB ? s->blobs : s->answers;
}

/* --- room -------------------------------------------------------------- */

static void
refill(struct share *s, int64_t now_ms)
{
	if (s->credit_ms == 0)
		s->credit = CREDIT_MAX;
	else if (now_ms > s->credit_ms)
		s->credit += (now_ms - s->credit_ms) * CREDIT_A_MS;
	if (s->credit > CREDIT_MAX)
		s->credit = CREDIT_MAX;
	s->credit_ms = now_ms;
}

/* Those beyond what it gets unasked are blobs', and in nobody's way. */
static unsigned
connections(const struct share *s)
{
	unsigned first = share_first(s->max_connections);
	unsigned beyond = s->pieces > first ? s->pieces - first : 0;

	return s->running - s->answer_streams - s->blob_streams - beyond +
	    (s->answer_streams > 0) + (s->blob_streams > 0);
}

static bool
has_room_for_connection(const struct share *s)
{
	return connections(s) < s->max_connections &&
	    s->totals->running - s->totals->streams < CONNECTIONS_MAX;
}

static bool
has_room_for_stream(const struct share *s, const struct share_request *r)
{
	bool is_blob = r->kind == SHARE_BLOB;
	unsigned most = s->max_connections;

	if (s->credit >= 1000)
		most *= STREAMS_A_CONNECTION;
	if (most > STREAMS_MAX)
		most = STREAMS_MAX;
	if (s->answer_streams + s->blob_streams >= most ||
	    (is_blob && s->blob_streams >= BLOB_STREAMS_MAX))
		return false;
	return (is_blob ? s->blob_streams : s->answer_streams) > 0 ||
	    has_room_for_connection(s);
}

/* One connection is kept from the blobs: small things need not wait long. */
bool
share_has_room_for_piece(const struct share *s)
{
	if (s->pieces >= s->wide)
		return false;
	if (s->pieces < share_first(s->max_connections))
		return has_room_for_connection(s);
	return s->totals->running - s->totals->streams < BEYOND_MAX;
}

void
share_widen(struct share *s, unsigned most)
{
	s->wide = most;
}

bool
share_has_room(struct share *s, const struct share_request *r, int64_t now_ms)
{
	refill(s, now_ms);
	if (share_expects_stream(s, r))
		return has_room_for_stream(s, r);
	if (r->kind == SHARE_BLOB)
		return share_has_room_for_piece(s);
	return has_room_for_connection(s);
}

/* --- coming and going -------------------------------------------------- */

void
share_enter(struct share *s, struct share_request *r)
{
	assert(!r->is_stream);
	r->is_stream = share_expects_stream(s, r);
	s->running++;
	s->totals->running++;
	if (r->is_stream) {
		s->credit -= 1000;
		s->totals->streams++;
		if (r->kind == SHARE_BLOB)
			s->blob_streams++;
		else
			s->answer_streams++;
	} else if (r->kind == SHARE_BLOB) {
		s->pieces++;
	}
}

void
share_leave(struct share *s, struct share_request *r)
{
	assert(s->running > 0 && s->totals->running >= s->running);
	s->running--;
	s->totals->running--;
	if (r->is_stream) {
		s->totals->streams--;
		if (r->kind == SHARE_BLOB)
			s->blob_streams--;
		else
			s->answer_streams--;
	} else if (r->kind == SHARE_BLOB) {
		assert(s->pieces > 0);
		s->pieces--;
	}
	r->is_stream = false;
}

void
share_seen(struct share *s, const struct share_request *r,
    const struct share_answer *a)
{
	if (r->kind == SHARE_TOKEN || !share_may(s, r) || a->status == 0)
		return;
	if (a->status == 429)
		s->credit = 0;
	if (r->is_stream && a->connected)
		s->apart += ANSWERS_A_CONNECTION;
	else if (r->is_stream && s->apart > 0)
		s->apart--;
	if (s->apart > ANSWERS_A_CONNECTION * s->max_connections)
		s->refused = true;
	/* libcurl may have taken an old HTTP/1.1 connection: that tells
	 * nothing. */
	if (!a->shared && !a->connected)
		return;
	if (r->kind == SHARE_BLOB)
		s->blobs = a->shared;
	else if (!a->elsewhere)
		s->answers = a->shared;
}
