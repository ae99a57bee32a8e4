#include <assert.h>
#include <string.h>

#include "transfer/link/width.h"

/* A look lasts so long, and as long as it took new connections to bring
 * something: their windows open slowly. */
#define LOOK_MS		60
#define RAMP_MAX_MS	500
/* A connection that has brought nothing yet tells nothing; but not for ever. */
#define SILENT_MS	1500
/* How long to rest: at first, at most, and after a refusal. */
#define REST_MS		700
#define REST_MAX_MS	30000
#define REFUSED_MS	10000
/* Fewer are tried where that has gone on for so long. */
#define LESS_MS		5000
/* A connection that brings so much is not what holds things up, and bytes that
 * come in order need not be read back to be hashed. */
#define FAST_BYTES_S	((uint64_t)100 << 20)
/* Nor are connections one of which had to wait for us within so many bytes. */
#define PAUSE_BYTES	((uint64_t)1 << 20)
/* "Far more", "clearly more", "some more" and "hardly less", in percent. */
#define LEAP		150u
#define GAIN		112u
#define SOME		103u
#define HOLDS		95u
/* A portion lasts at least so long, and so many times as long as the wait for
 * it. */
#define PORTION_MS	1000
#define PORTION_WAITS	5
/* So little comes by the first ones that there may be no room for a crowd. */
#define CROWD_BYTES_S	((uint64_t)8 << 20)
/* There, and where a registry itself is asked, a try is of so many times
 * more. */
#define STEP		3u

void
width_init(struct width *w, unsigned first, unsigned top)
{
	memset(w, 0, sizeof(*w));
	w->first = first;
	w->top = top > first ? top : first;
	w->patience_ms = REST_MS;
}

void
width_rest(struct width *w)
{
	w->connections = w->blobs = 0;
}

static void
rest(struct width *w, int64_t now_ms)
{
	w->state = WIDTH_REST;
	w->rest_ms = now_ms;
}

/* The next try of what brought nothing has to wait longer than this one did. */
static void
lose_patience(struct width *w)
{
	w->patience_ms *= 2;
	if (w->patience_ms > REST_MAX_MS)
		w->patience_ms = REST_MAX_MS;
}

/* --- tries ------------------------------------------------------------- */

/* One step that is too long costs less than many that are short; but only a
 * host that is made for it gets all at once, and not where that has brought
 * nothing before.  Nor where little comes: the line may be thin, and what each
 * of a crowd has asked for stands in line there before it can go. */
static void
try_more(struct width *w, const struct width_view *v, uint64_t rate)
{
	bool is_look = w->state == WIDTH_LOOK, is_known = is_look &&
	    w->most > 0;
	unsigned most = is_known ? 2 * v->connections :
	    v->is_elsewhere && rate >= CROWD_BYTES_S ? w->top :
	    STEP * v->connections;

	if (most < w->first && !is_known)
		most = w->first;
	if (most > w->top)
		most = w->top;
	if (most <= v->connections) {
		w->was_more = true;
		lose_patience(w);
		rest(w, v->now_ms);
		return;
	}
	w->state = WIDTH_MORE;
	w->was_more = true;
	if (is_look)
		w->each_rate = rate / v->connections + 1;
	w->before = v->connections;
	w->before_rate = rate > 0 ? rate : 1;
	w->most = most;
}

/* ${back}: so many again, if that was wrong. */
static void
try_less(struct width *w, const struct width_view *v, uint64_t rate,
    unsigned most, unsigned back)
{
	if (most < v->blobs)
		most = v->blobs;
	if (most >= v->connections) {
		w->most = most > w->top ? w->top : most;
		rest(w, v->now_ms);
		return;
	}
	w->state = WIDTH_LESS;
	w->was_more = false;
	w->before = back;
	w->before_rate = rate;
	w->most = most;
}

/* So many would bring what comes now, if each brought what one did while they
 * were few; and some to spare, since they do not all go on at every moment. */
static unsigned
needed(const struct width *w, uint64_t rate)
{
	uint64_t n = (rate + w->each_rate - 1) / w->each_rate;

	n += 1 + n / 8;
	return n > w->top ? w->top : (unsigned)n;
}

/* --- verdicts ---------------------------------------------------------- */

/* More of them brought little or nothing: as many as before then, or a few
 * more; and fewer, if those were more than it takes. */
static void
settle(struct width *w, const struct width_view *v, uint64_t rate, unsigned n)
{
	unsigned before = w->before;

	if (n < before) {
		try_less(w, v, rate, n, before);
		return;
	}
	w->most = rate * 100 < w->before_rate * SOME ? before : n;
	if (w->most > v->connections)
		w->most = v->connections;
	rest(w, v->now_ms);
}

static void
judge_more(struct width *w, const struct width_view *v, uint64_t rate)
{
	unsigned n = needed(w, rate);

	if (v->connections <= w->before) {
		/* Nothing was left for more of them. */
		lose_patience(w);
		rest(w, v->now_ms);
	} else if (rate * 100 < w->before_rate * GAIN) {
		lose_patience(w);
		settle(w, v, rate, n);
	} else if (n > v->connections) {
		w->patience_ms = REST_MS;
		try_more(w, v, rate);
	} else {
		w->patience_ms = REST_MS;
		try_less(w, v, rate, n, v->connections);
	}
}

static void
judge_less(struct width *w, const struct width_view *v, uint64_t rate)
{
	if (rate * 100 < w->before_rate * HOLDS) {
		w->most = w->before;
		lose_patience(w);
	}
	rest(w, v->now_ms);
}

/* What comes waits for the disk and the processor. */
static bool
is_held_up(const struct width *w, const struct width_view *v)
{
	return (v->pauses - w->looked_pauses) * PAUSE_BYTES >
	    v->bytes - w->looked_bytes;
}

/* Links change, and so does what is asked for: more, or fewer, in turn. */
static void
judge_look(struct width *w, const struct width_view *v, uint64_t rate)
{
	if (w->patience_ms >= LESS_MS && w->was_more &&
	    v->connections > v->blobs)
		try_less(w, v, rate, v->connections - v->connections / 4,
		    v->connections);
	else if (rate < FAST_BYTES_S * v->connections && !is_held_up(w, v))
		try_more(w, v, rate);
	/* Else it is not the link what holds things up: look again. */
}

static void
judge(struct width *w, const struct width_view *v, uint64_t rate)
{
	switch (w->state) {
	case WIDTH_LOOK:
		judge_look(w, v, rate);
		break;
	case WIDTH_MORE:
		w->is_refused = false;
		judge_more(w, v, rate);
		break;
	case WIDTH_LESS:
		judge_less(w, v, rate);
		break;
	case WIDTH_REST:
		break;
	}
}

/* --- looking ----------------------------------------------------------- */

static void
look_again(struct width *w, const struct width_view *v)
{
	w->looked_ms = v->now_ms;
	w->looked_bytes = v->bytes;
	w->looked_pauses = v->pauses;
}

/* Another number of blobs is another question, and soon asked. */
static bool
has_changed(struct width *w, const struct width_view *v)
{
	bool begins = w->blobs == 0;

	if (v->connections == w->connections && v->blobs == w->blobs)
		return false;
	if (v->blobs != w->blobs && !w->is_refused)
		w->patience_ms = REST_MS;
	if (begins && w->most > 0)
		w->state = WIDTH_REST;
	w->rest_ms = v->now_ms;
	if (begins || v->connections > w->connections)
		w->phase = WIDTH_SILENT;
	w->changed_ms = v->now_ms;
	w->connections = v->connections;
	w->blobs = v->blobs;
	look_again(w, v);
	return true;
}

/* Whether what has been begun can be judged: most of it brings something, or
 * has had its time, and so long again.  The way there and back is not
 * measured. */
static bool
is_under_way(struct width *w, const struct width_view *v)
{
	int64_t past_ms = v->now_ms - w->changed_ms;

	switch (w->phase) {
	case WIDTH_SILENT:
		if (past_ms < SILENT_MS && 4 * v->silent > v->connections)
			return false;
		w->ramp_ms = past_ms < RAMP_MAX_MS ? past_ms : RAMP_MAX_MS;
		w->changed_ms = v->now_ms;
		w->phase = WIDTH_RAMP;
		look_again(w, v);
		return false;
	case WIDTH_RAMP:
		if (past_ms < w->ramp_ms)
			return false;
		w->phase = WIDTH_STEADY;
		look_again(w, v);
		return false;
	case WIDTH_STEADY:
		return true;
	}
	return true;
}

/* Those that are too many end with what they are at, and until then tell
 * nothing; a blob keeps one. */
static bool
is_draining(const struct width *w, const struct width_view *v)
{
	if (w->state != WIDTH_LESS && w->state != WIDTH_LOOK)
		return false;
	return w->most > 0 && v->connections > w->most &&
	    v->connections > v->blobs;
}

static uint64_t
rate_of(const struct width *w, const struct width_view *v)
{
	int64_t past_ms = v->now_ms - w->looked_ms;

	return (v->bytes - w->looked_bytes) * 1000 /
	    (uint64_t)(past_ms > 0 ? past_ms : 1);
}

/* While the windows of the new ones still open, they bring so much more that
 * even more of them are worth a try. */
static bool
leaps(const struct width *w, const struct width_view *v)
{
	return w->state == WIDTH_MORE && w->phase == WIDTH_RAMP &&
	    v->connections > w->before && v->connections < w->top &&
	    v->now_ms - w->looked_ms >= LOOK_MS &&
	    rate_of(w, v) * 100 >= w->before_rate * LEAP;
}

bool
width_asks_silent(const struct width *w)
{
	return w->phase == WIDTH_SILENT;
}

unsigned
width_look(struct width *w, const struct width_view *v)
{
	int64_t past_ms, least_ms = LOOK_MS;

	assert(v->connections > 0 && w->first > 0);
	if (has_changed(w, v) || !is_under_way(w, v) || is_draining(w, v)) {
		if (leaps(w, v))
			try_more(w, v, rate_of(w, v));
		return w->most;
	}
	if (w->state == WIDTH_REST) {
		if (v->now_ms - w->rest_ms >= w->patience_ms) {
			w->state = WIDTH_LOOK;
			look_again(w, v);
		}
		return w->most;
	}
	if (w->ramp_ms > least_ms)
		least_ms = w->ramp_ms;
	past_ms = v->now_ms - w->looked_ms;
	if (past_ms >= least_ms) {
		judge(w, v, rate_of(w, v));
		look_again(w, v);
	}
	return w->most;
}

bool
width_is_beyond(const struct width *w, unsigned connections)
{
	return connections > w->most;
}

void
width_refused(struct width *w, bool is_elsewhere, int64_t now_ms)
{
	unsigned had = w->most > w->connections ? w->most : w->connections;

	if (!is_elsewhere)
		w->top = w->first;
	w->most = had > 2 ? had / 2 : 1;
	if (w->most > w->top)
		w->most = w->top;
	if (w->patience_ms < REFUSED_MS)
		w->patience_ms = REFUSED_MS;
	else
		lose_patience(w);
	w->is_refused = true;
	rest(w, now_ms);
}

/* Each blob may have one, as long as nobody has had enough of them. */
unsigned
width_room(const struct width *w)
{
	return w->is_refused || w->most > w->first ? w->most : w->first;
}

uint64_t
width_portion(uint64_t bytes, int64_t waited_ms, int64_t took_ms)
{
	int64_t brought_ms = took_ms > waited_ms ? took_ms - waited_ms : 1;
	int64_t lasts_ms = waited_ms * PORTION_WAITS;
	uint64_t portion;

	if (lasts_ms < PORTION_MS)
		lasts_ms = PORTION_MS;
	/* Longer than a minute makes no difference any more. */
	if (lasts_ms > 60 * PORTION_MS)
		lasts_ms = 60 * PORTION_MS;
	portion = bytes / (uint64_t)brought_ms * (uint64_t)lasts_ms;
	if (portion > WIDTH_PORTION_MAX)
		return WIDTH_PORTION_MAX;
	return portion < WIDTH_PORTION_MIN ? WIDTH_PORTION_MIN : portion;
}
