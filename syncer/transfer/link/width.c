#include <assert.h>

#include "transfer/link/width.h"

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

static void
look_again(struct width *w, const struct width_view *v)
{
	w->looked_ms = v->now_ms;
	w->looked_bytes = v->bytes;
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

/* What is proven is kept; the next try has to wait longer than this one did. */
static void
take_back(struct width *w)
{
	w->flat = true;
	w->extra_max = w->proven;
	w->patience_ms *= 2;
	if (w->patience_ms > FLAT_MAX_MS)
		w->patience_ms = FLAT_MAX_MS;
}

/*
 * Whether what has just been begun can be judged: most of it brings something,
 * or has had its time.  The way there and back is not measured.
 */
static bool
is_under_way(struct width *w, const struct width_view *v)
{
	if (!w->fresh)
		return true;
	if (v->now_ms - w->looked_ms < SILENT_MS &&
	    4 * v->silent > v->connections)
		return false;
	w->fresh = false;
	look_again(w, v);
	return true;
}

static void
judge(struct width *w, const struct width_view *v, int64_t past_ms)
{
	uint64_t rate = (v->bytes - w->looked_bytes) * 1000 /
	    (uint64_t)past_ms;

	if (rate >= FAST_BYTES_S * v->connections) {
		/* The link is not what holds things up. */
	} else if (w->flat) {
		/* Links change: one more try, from what it brings now. */
		try_more(w, rate, 2);
	} else if (rate * 100 >= w->best_rate * GAIN) {
		w->patience_ms = FLAT_MS;
		try_more(w, rate, rate * 100 >= w->best_rate * LARGE_GAIN ?
		    4 : 2);
	} else {
		take_back(w);
	}
	look_again(w, v);
}

void
width_rest(struct width *w)
{
	w->looked_ms = 0;
}

/* What was learnt from the blobs before is where these begin. */
void
width_begin(struct width *w, const struct width_view *v)
{
	if (w->looked_ms != 0)
		return;
	if (w->patience_ms == 0)
		w->patience_ms = FLAT_MS;
	w->fresh = true;
	look_again(w, v);
}

bool
width_asks_silent(const struct width *w)
{
	return w->fresh;
}

unsigned
width_look(struct width *w, const struct width_view *v)
{
	int64_t past_ms;

	assert(w->looked_ms != 0);
	/* What may be tried has not all been begun. */
	if (!w->flat && v->extra < w->extra_max && v->has_room)
		return w->extra_max;
	if (!is_under_way(w, v))
		return w->extra_max;
	past_ms = v->now_ms - w->looked_ms;
	if (past_ms >= (w->flat ? w->patience_ms : LOOK_MS))
		judge(w, v, past_ms);
	return w->extra_max;
}

void
width_added(struct width *w, const struct width_view *v)
{
	w->fresh = true;
	look_again(w, v);
}

bool
width_is_beyond(const struct width *w, unsigned extra)
{
	return extra > w->extra_max;
}
