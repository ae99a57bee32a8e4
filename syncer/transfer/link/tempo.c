#include <assert.h>

#include "transfer/link/tempo.h"

/* No pause of ours is longer, and no two requests are further apart. */
#define WAIT_MAX_MS	60000
/* Each pause after the first is so many times as long, where nothing is
 * answered between: limits are often for a minute. */
#define WAIT_GROWS	4
/* So many answers between two refusals tell what is allowed. */
#define MEASURE_MIN	3u
/* Before that is known the tempo doubles after so many answers; then it grows
 * by a twentieth after so many, and the faster the longer that goes well. */
#define UNKNOWN_STEP	3u
#define KNOWN_STEP	8u
#define WELL_STEPS	8u
#define VERY_WELL_STEPS	24u
/* Two thousand a second is as good as any number. */
#define FREE_US		500
/* What was not refused goes freely again after so many answers. */
#define OTHERS_FREE	32u
/* An answer that may mean something else is believed when there are three of
 * them among few others. */
#define DOUBT		8u
#define DOUBT_MAX	24u

static unsigned
bit(enum tempo_kind kind)
{
	return 1u << kind;
}

static bool
is_refused(const struct tempo *t, enum tempo_kind kind)
{
	return (t->kinds & bit(kind)) != 0;
}

/* --- may it begin? ----------------------------------------------------- */

/* How many of those that he refuses are running, or of the others. */
static unsigned
running(const struct tempo *t, bool refused)
{
	unsigned kind, n = 0;

	for (kind = 0; kind < TEMPO_KINDS; kind++)
		if (is_refused(t, (enum tempo_kind)kind) == refused)
			n += t->running[kind];
	return n;
}

int64_t
tempo_wait_ms(const struct tempo *t, enum tempo_kind kind, int64_t now_ms)
{
	int64_t at_ms = t->pause_ms;

	if (t->kinds == 0)
		return 0;
	if (is_refused(t, kind)) {
		if (t->every_us == 0)
			return 0;
		if (running(t, true) >= t->together)
			return -1;
		if ((t->next_us + 999) / 1000 > at_ms)
			at_ms = (t->next_us + 999) / 1000;
	} else if (t->others > 0 && running(t, false) >= t->others) {
		return -1;
	}
	return at_ms > now_ms ? at_ms - now_ms : 0;
}

void
tempo_enter(struct tempo *t, struct tempo_request *r, int64_t now_ms)
{
	assert(!r->is_running);
	r->is_running = true;
	r->event = t->event;
	t->running[r->kind]++;
	if (!is_refused(t, r->kind) || t->every_us == 0)
		return;
	/* What was not used is not made good for. */
	if (t->next_us < now_ms * 1000 - t->every_us)
		t->next_us = now_ms * 1000 - t->every_us;
	t->next_us += t->every_us;
	if (t->next_us < now_ms * 1000)
		t->next_us = now_ms * 1000;
}

void
tempo_leave(struct tempo *t, struct tempo_request *r)
{
	if (!r->is_running)
		return;
	assert(t->running[r->kind] > 0);
	t->running[r->kind]--;
	r->is_running = false;
}

/* --- what he takes ----------------------------------------------------- */

static void
go_faster(struct tempo *t)
{
	if (++t->in_step < (t->is_measured ? KNOWN_STEP : UNKNOWN_STEP))
		return;
	t->in_step = 0;
	if (!t->is_measured || t->taken > KNOWN_STEP * VERY_WELL_STEPS)
		t->every_us /= 2;
	else if (t->taken > KNOWN_STEP * WELL_STEPS)
		t->every_us = t->every_us * 4 / 5;
	else
		t->every_us = t->every_us * 20 / 21;
	if (t->every_us < FREE_US)
		t->every_us = 0;
}

void
tempo_answered(struct tempo *t, const struct tempo_request *r)
{
	t->answers++;
	if (t->doubt > 0)
		t->doubt--;
	if (t->kinds == 0 || r->event != t->event)
		return;
	t->in_row = 0;
	if (!is_refused(t, r->kind)) {
		if (t->others > 0 && ++t->others > OTHERS_FREE)
			t->others = 0;
		return;
	}
	t->taken++;
	t->together++;
	if (t->every_us > 0)
		go_faster(t);
}

bool
tempo_is_slow(const struct tempo *t, enum tempo_kind kind)
{
	return is_refused(t, kind) && t->every_us > 0;
}

/* --- when he has had enough -------------------------------------------- */

/* Nothing was left when this began, and nothing is left now. */
static void
measure(struct tempo *t, int64_t first_ms, int64_t now_ms)
{
	int64_t each_us = t->event > 1 && t->taken > 0 ?
	    (now_ms - t->since_ms) * 1000 / (int64_t)t->taken : 0;

	if (t->event > 1 && t->taken < MEASURE_MIN) {
		if (t->every_us < each_us)
			t->every_us = each_us;
		return;
	}
	if (each_us > 0) {
		t->every_us = each_us;
		t->is_measured = !t->is_blurred;
	}
	if (t->every_us == 0)
		t->every_us = first_ms * 1000;
	t->since_ms = now_ms;
	t->taken = 0;
	t->is_blurred = false;
}

static void
bound_tempo(struct tempo *t)
{
	if (t->every_us < FREE_US)
		t->every_us = FREE_US;
	if (t->every_us > (int64_t)WAIT_MAX_MS * 1000)
		t->every_us = (int64_t)WAIT_MAX_MS * 1000;
}

static int64_t
own_wait(const struct tempo *t, int64_t first_ms)
{
	int64_t wait_ms = (t->every_us + 999) / 1000;
	unsigned n;

	if (t->in_row > 1 && wait_ms < first_ms)
		wait_ms = first_ms;
	for (n = 1; n < t->in_row && wait_ms < WAIT_MAX_MS; n++)
		wait_ms *= WAIT_GROWS;
	return wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
}

/* From here on what he takes is learnt anew. */
static void
had_enough(struct tempo *t, int64_t first_ms, int64_t now_ms)
{
	t->event++;
	measure(t, first_ms, now_ms);
	bound_tempo(t);
	t->in_row++;
	if (t->in_row > 1)
		t->is_blurred = true;
	t->in_step = 0;
	t->together = t->others = 1;
}

/* It began before the last refusal was heard of: that is one with it. */
static bool
is_old(const struct tempo *t, const struct tempo_request *r)
{
	return t->every_us > 0 && r->event != t->event;
}

unsigned
tempo_in_row(const struct tempo *t, const struct tempo_request *r)
{
	unsigned n = t->in_row + (is_old(t, r) ? 0 : 1);

	return n > 0 ? n : 1;
}

int64_t
tempo_refused(struct tempo *t, const struct tempo_request *r,
    const struct tempo_refusal *refusal, int64_t now_ms)
{
	bool is_new = !is_refused(t, r->kind);
	int64_t wait_ms;

	if (refusal->is_vague && is_new) {
		t->doubt += DOUBT;
		if (t->doubt < DOUBT_MAX)
			return 0;
	}
	/* The first of its kind tells nothing new of how many he takes. */
	t->kinds |= bit(r->kind);
	if (t->every_us == 0 || (!is_old(t, r) && !is_new))
		had_enough(t, refusal->first_ms, now_ms);
	wait_ms = own_wait(t, refusal->first_ms);
	if (refusal->after_ms > wait_ms)
		wait_ms = refusal->after_ms;
	if (t->pause_ms < now_ms + wait_ms)
		t->pause_ms = now_ms + wait_ms;
	if (t->next_us < t->pause_ms * 1000)
		t->next_us = t->pause_ms * 1000;
	return t->pause_ms - now_ms;
}
