/*
 * Large blobs over several connections, as many as the link rewards: the number
 * of extra ones grows as long as that moves clearly more bytes.  What brought
 * nothing is taken back, and tried again now and then.
 */
#include "layout/clock.h"
#include "transfer/dispatch_internal.h"

/* No more at once, whatever was learnt. */
#define EXTRA_MAX	63u
#define LOOK_MS		60
/* A connection that has brought nothing yet tells nothing; but not for ever. */
#define SILENT_MS	1500
/* How long to believe that more connections bring nothing: at first, at most */
#define FLAT_MS		700
#define FLAT_MAX_MS	30000
/* A connection that brings so much is not what holds things up, and bytes that
 * come in order need not be read back to be hashed. */
#define FAST_BYTES_S	((uint64_t)100 << 20)
/* "Clearly more", and so much that a larger step is due, in percent. */
#define GAIN		112u
#define LARGE_GAIN	150u

static unsigned
silent_pieces(const struct source *source)
{
	const struct fetch *b, *p;
	unsigned silent = 0;

	for (b = source->active.first; b != NULL; b = b->next)
		for (p = b->pieces; p != NULL; p = p->piece_next)
			silent += !p->is_stream && (!p->stream.open ||
			    p->stream.at == p->stream.begun_at);
	return silent;
}

static void
look_again(struct source *source, int64_t now)
{
	source->width.looked_ms = now;
	source->width.looked_bytes = source->blob_bytes;
}

/* One more try; ${step} is by how much more.  The first one takes all that may
 * be had: one step that is too long costs less than many that are short. */
static void
try_more(struct width *w, uint64_t rate, unsigned step)
{
	bool first = w->best_rate == 0;

	w->flat = false;
	w->best_rate = rate > 0 ? rate : 1;
	w->proven = w->extra_max;
	w->extra_max = step * w->extra_max + step - 1;
	if (first || w->extra_max > EXTRA_MAX)
		w->extra_max = EXTRA_MAX;
}

/*
 * Whether what has just been begun can be judged: most of it brings something,
 * or has had its time.  The way there and back is not measured.
 */
static bool
is_under_way(struct source *source, int64_t now)
{
	struct width *w = &source->width;

	if (!w->fresh)
		return true;
	if (now - w->looked_ms < SILENT_MS &&
	    4 * silent_pieces(source) > source->blobs_running)
		return false;
	w->fresh = false;
	look_again(source, now);
	return true;
}

/* Judge what the number of connections that we have now brings. */
static void
look(const struct dispatch *d, struct source *source, int64_t now)
{
	struct width *w = &source->width;
	int64_t past_ms;
	uint64_t rate;

	if (!w->flat && source->extra < w->extra_max &&
	    share_has_room_for_piece(d, source))
		return;
	if (!is_under_way(source, now))
		return;
	past_ms = now - w->looked_ms;
	if (past_ms < (w->flat ? w->patience_ms : LOOK_MS))
		return;
	rate = (source->blob_bytes - w->looked_bytes) * 1000 /
	    (uint64_t)past_ms;
	if (rate >= FAST_BYTES_S * source->blobs_running) {
		look_again(source, now);
		return;
	}
	if (w->flat) {
		/* Links change: one more try, from what it brings now. */
		try_more(w, rate, 2);
	} else if (rate * 100 >= w->best_rate * GAIN) {
		w->patience_ms = FLAT_MS;
		try_more(w, rate, rate * 100 >= w->best_rate * LARGE_GAIN ?
		    4 : 2);
	} else {
		w->flat = true;
		w->extra_max = w->proven;
		w->patience_ms *= 2;
		if (w->patience_ms > FLAT_MAX_MS)
			w->patience_ms = FLAT_MAX_MS;
	}
	look_again(source, now);
}

void
widen(struct dispatch *d, struct source *source, int64_t now)
{
	struct width *w = &source->width;
	struct fetch *b;
	bool more = true, added = false;

	if (source->active.first == NULL) {
		w->looked_ms = 0;
		return;
	}
	/* What was learnt from the blobs before is where these begin. */
	if (w->looked_ms == 0) {
		if (w->patience_ms == 0)
			w->patience_ms = FLAT_MS;
		w->fresh = true;
		look_again(source, now);
	}
	if (d->stopping || source->blobs.first != NULL)
		return;
	look(d, source, now);
	while (more) {
		more = false;
		for (b = source->active.first; b != NULL; b = b->next) {
			if (source->extra >= w->extra_max ||
			    !share_has_room_for_piece(d, source)) {
				more = false;
				break;
			}
			if (!fetch_blob_can_widen(b))
				continue;
			fetch_blob_widen(b);
			more = added = true;
		}
	}
	if (added) {
		w->fresh = true;
		look_again(source, now);
	}
}
