#ifndef CDR_TESTS_UNIT_SIM_H
#define CDR_TESTS_UNIT_SIM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "transfer/link/share.h"
#include "transfer/link/throttle.h"
#include "transfer/link/width.h"

/*
 * A link and a registry, and somebody who fetches blobs over it as the pump of
 * transfer/dispatch.c does: he asks the advisers of transfer/link/, and does
 * what they say.  Time is virtual.  What a connection brings is a fluid: its
 * own rate, or its share of what the link carries in all.
 */
#define SIM_TICK_MS	5
#define SIM_PIECES_MAX	80
#define SIM_BLOBS_MAX	64
#define SIM_MB		((uint64_t)1000 * 1000)

struct sim_piece {
	bool used, is_small;
	unsigned blob;
	int64_t opened_ms, answers_ms;	/* the first byte comes then */
	uint64_t got, want;
	uint64_t portion;		/* to ask for, after the one before */
	struct share_request request;
	struct throttle_stream stream;
};

struct sim {
	/* what the world is like */
	uint64_t link_rate;		/* bytes a second; 0: any */
	uint64_t connection_rate;
	int64_t round_trip_ms;
	int64_t late_ms;		/* an answer comes so much later */
	unsigned connections_max;	/* unasked */
	unsigned top;			/* as they are rewarded; 0: no more */
	bool is_elsewhere;		/* another host than the registry */
	uint64_t gift;			/* each answer begins with so much */
	unsigned refuses_from;		/* it has enough of so many; 0: never */
	uint64_t limit_rate;		/* --limit-rate; 0: none */
	uint64_t takes_rate;		/* hashed and written; 0: any */
	uint64_t blobs[SIM_BLOBS_MAX];	/* sizes */
	unsigned blob_count;

	/* how it goes */
	int64_t now_ms;
	struct share_totals totals;
	struct share share;
	struct width width;
	struct throttle throttle;
	struct sim_piece pieces[SIM_PIECES_MAX];
	uint64_t begun[SIM_BLOBS_MAX];	/* bytes that are with a piece */
	uint64_t done[SIM_BLOBS_MAX];
	unsigned next_blob, extra;
	uint64_t bytes, pauses;
	uint64_t connection_ms;		/* sum over all of its time */
	unsigned most;			/* connections at once */
	unsigned refusals;
	int64_t ended_ms[SIM_BLOBS_MAX];
};

static inline unsigned
sim_pieces_of(const struct sim *s, unsigned blob)
{
	unsigned i, n = 0;

	for (i = 0; i < SIM_PIECES_MAX; i++)
		n += s->pieces[i].used && s->pieces[i].blob == blob;
	return n;
}

/* A range: what nobody has, or half of what another piece lacks. */
static inline bool
sim_take_range(struct sim *s, struct sim_piece *p)
{
	uint64_t left = s->blobs[p->blob] - s->begun[p->blob];
	uint64_t most = p->portion > 0 ? p->portion : WIDTH_PORTION_MIN;
	struct sim_piece *victim = NULL;
	unsigned i;

	if (s->blobs[p->blob] < ((uint64_t)16 << 20))
		most = UINT64_MAX;
	if (left > 0) {
		p->want = left < most ? left : most;
		s->begun[p->blob] += p->want;
	} else {
		for (i = 0; i < SIM_PIECES_MAX; i++)
			if (s->pieces[i].used && &s->pieces[i] != p &&
			    s->pieces[i].blob == p->blob &&
			    s->pieces[i].want - s->pieces[i].got >
			    ((uint64_t)2 << 20) && (victim == NULL ||
			    s->pieces[i].want - s->pieces[i].got >
			    victim->want - victim->got))
				victim = &s->pieces[i];
		if (victim == NULL)
			return false;
		p->want = (victim->want - victim->got) / 2;
		victim->want -= p->want;
	}
	p->got = 0;
	p->opened_ms = s->now_ms;
	p->answers_ms = s->now_ms + s->round_trip_ms + s->late_ms;
	return true;
}

static inline bool
sim_start(struct sim *s, unsigned blob)
{
	struct sim_piece *p = s->pieces;
	unsigned others = sim_pieces_of(s, blob);

	while (p->used)
		p++;
	memset(p, 0, sizeof(*p));
	p->blob = blob;
	p->request.kind = SHARE_BLOB;
	p->request.bytes = s->blobs[blob];
	if (!sim_take_range(s, p))
		return false;
	p->used = true;
	share_enter(&s->share, &p->request);
	s->extra += others > 0;
	if (s->share.pieces > s->most)
		s->most = s->share.pieces;
	return true;
}

static inline void
sim_end(struct sim *s, struct sim_piece *p)
{
	p->used = false;
	throttle_leave(&s->throttle, &p->stream);
	share_leave(&s->share, &p->request);
	if (sim_pieces_of(s, p->blob) > 0)
		s->extra--;
	else
		s->ended_ms[p->blob] = s->now_ms;
}

static inline unsigned
sim_silent(const struct sim *s)
{
	unsigned i, n = 0;

	for (i = 0; i < SIM_PIECES_MAX; i++)
		n += s->pieces[i].used && s->pieces[i].got == 0;
	return n;
}

static inline unsigned
sim_active(const struct sim *s)
{
	unsigned i, n = 0;

	for (i = 0; i < s->next_blob; i++)
		n += sim_pieces_of(s, i) > 0;
	return n;
}

static inline void
sim_widen(struct sim *s)
{
	struct width_view v = {
		.now_ms = s->now_ms, .bytes = s->bytes, .pauses = s->pauses,
		.connections = s->share.pieces, .blobs = sim_active(s),
		.is_elsewhere = s->is_elsewhere,
	};
	unsigned most, blob;
	bool more = true;

	if (s->share.pieces == 0) {
		width_rest(&s->width);
		return;
	}
	v.silent = width_asks_silent(&s->width) ? sim_silent(s) : 0;
	most = width_look(&s->width, &v);
	share_widen(&s->share, width_room(&s->width));
	while (more && s->next_blob == s->blob_count) {
		more = false;
		for (blob = 0; blob < s->blob_count; blob++)
			if (s->share.pieces < most &&
			    share_has_room_for_piece(&s->share) &&
			    s->blobs[blob] >= ((uint64_t)16 << 20) &&
			    sim_pieces_of(s, blob) > 0 && sim_start(s, blob))
				more = true;
	}
}

static inline void
sim_pump(struct sim *s)
{
	const struct share_request r = { .kind = SHARE_BLOB,
	    .bytes = UINT64_MAX };

	if (throttle_in_debt(&s->throttle, s->now_ms))
		return;
	while (s->next_blob < s->blob_count &&
	    throttle_has_room(&s->throttle, s->share.pieces) &&
	    share_has_room(&s->share, &r, s->now_ms))
		(void)sim_start(s, s->next_blob++);
	if (!throttle_is_short(&s->throttle, s->now_ms))
		sim_widen(s);
}

static inline unsigned
sim_flowing(const struct sim *s)
{
	unsigned i, n = 0;

	for (i = 0; i < SIM_PIECES_MAX; i++)
		n += s->pieces[i].used &&
		    s->pieces[i].answers_ms <= s->now_ms;
	return n;
}

/* It has its range: the next one, if it is not one too many. */
static inline void
sim_piece_done(struct sim *s, struct sim_piece *p)
{
	int64_t took_ms = s->now_ms - p->opened_ms;

	s->done[p->blob] += p->want;
	p->portion = width_portion(p->want, p->answers_ms - p->opened_ms,
	    took_ms);
	if ((sim_pieces_of(s, p->blob) > 1 &&
	    (width_is_beyond(&s->width, s->share.pieces) ||
	    s->next_blob < s->blob_count)) || !sim_take_range(s, p))
		sim_end(s, p);
}

static inline void
sim_flow(struct sim *s)
{
	unsigned i, flowing = sim_flowing(s);
	uint64_t rate = s->connection_rate, part, left;
	struct sim_piece *p;

	if (flowing == 0)
		return;
	if (s->link_rate > 0 && s->link_rate / flowing < rate)
		rate = s->link_rate / flowing;
	if (s->takes_rate > 0 && s->takes_rate / flowing < rate) {
		rate = s->takes_rate / flowing;
		s->pauses += flowing;
	}
	for (i = 0; i < SIM_PIECES_MAX; i++) {
		p = &s->pieces[i];
		if (!p->used || p->answers_ms > s->now_ms)
			continue;
		part = rate * SIM_TICK_MS / 1000 +
		    (p->got == 0 ? s->gift : 0);
		left = p->want - p->got;
		part = part < left ? part : left;
		if (!throttle_admits(&s->throttle, &p->stream, (size_t)part,
		    s->now_ms))
			continue;
		throttle_took(&s->throttle, &p->stream, (size_t)part,
		    s->now_ms);
		p->got += part;
		s->bytes += part;
		if (p->got == p->want)
			sim_piece_done(s, p);
	}
}

static inline void
sim_init(struct sim *s)
{
	s->now_ms = 1000;
	share_init(&s->share, &s->totals, s->connections_max,
	    s->limit_rate > 0);
	width_init(&s->width, share_first(s->connections_max), s->top);
	throttle_init(&s->throttle, s->limit_rate, 0, s->now_ms);
}

static inline struct sim_piece *
sim_other_piece(struct sim *s, const struct sim_piece *p)
{
	unsigned i;

	for (i = 0; i < SIM_PIECES_MAX; i++)
		if (s->pieces[i].used && &s->pieces[i] != p &&
		    s->pieces[i].blob == p->blob)
			return &s->pieces[i];
	return NULL;
}

/* Those that are too many are answered so, and another one of the same blob
 * brings what they were for. */
static inline void
sim_refuse(struct sim *s)
{
	struct sim_piece *p, *other;
	unsigned i;

	for (i = 0; i < SIM_PIECES_MAX && s->refuses_from > 0 &&
	    s->share.pieces >= s->refuses_from; i++) {
		p = &s->pieces[i];
		if (!p->used || p->answers_ms != s->now_ms || p->got > 0 ||
		    (other = sim_other_piece(s, p)) == NULL)
			continue;
		s->refusals++;
		width_refused(&s->width, s->is_elsewhere, s->now_ms);
		other->want += p->want;
		sim_end(s, p);
	}
}

/* One tick.  Return false when all blobs are there. */
static inline bool
sim_step(struct sim *s)
{
	while (throttle_next(&s->throttle, s->totals.running,
	    s->now_ms) != NULL)
		continue;
	sim_pump(s);
	sim_refuse(s);
	sim_flow(s);
	s->connection_ms += s->share.pieces * (uint64_t)SIM_TICK_MS;
	s->now_ms += SIM_TICK_MS;
	return s->next_blob < s->blob_count || s->share.pieces > 0;
}

/* sim_run(s, most_ms): all of it.  Return how long that took; ${most_ms} if
 * that was not enough. */
static inline int64_t
sim_run(struct sim *s, int64_t most_ms)
{
	int64_t began_ms;

	sim_init(s);
	began_ms = s->now_ms;
	while (sim_step(s))
		if (s->now_ms - began_ms >= most_ms)
			break;
	return s->now_ms - began_ms;
}

#endif
