#ifndef CDR_LINK_WIDTH_H
#define CDR_LINK_WIDTH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Large blobs over several connections, as many as the link rewards: the number
 * of extra ones, beyond one for each blob, grows as long as that moves clearly
 * more bytes.  What brought nothing is taken back, and tried again now and
 * then.  Pure: times are milliseconds of clock_ms(), rates bytes a second.
 */
struct width {
	int64_t looked_ms;		/* 0: no blobs come */
	uint64_t looked_bytes;
	bool fresh;			/* some have brought nothing yet */
	uint64_t best_rate;		/* 0 before the first try */
	unsigned extra_max;		/* how many extra ones are worth it */
	unsigned proven;		/* so many were */
	bool flat;			/* more of them brought nothing */
	int64_t patience_ms;		/* until the next try after that */
};

/* What there is at this moment. */
struct width_view {
	int64_t now_ms;
	uint64_t bytes;			/* of blobs, that have come so far */
	unsigned connections;		/* that bring blobs */
	unsigned extra;			/* of them beyond one for each blob */
	unsigned silent;		/* of them have brought nothing yet;
					 * see width_asks_silent */
	bool has_room;			/* there may be one more */
};

/* width_rest(w): no blobs come now. */
void width_rest(struct width *);

/* width_begin(w, view): blobs come; does nothing if they did already. */
void width_begin(struct width *, const struct width_view *);

/* width_asks_silent(w): the next width_look needs to know how many are
 * silent. */
bool width_asks_silent(const struct width *);

/* width_look(w, view): judge what the connections that there are
 * bring.  Return how many extra ones there may be. */
unsigned width_look(struct width *, const struct width_view *);

/* width_added(w, view): some more have been begun. */
void width_added(struct width *, const struct width_view *);

/* width_is_beyond(w, extra): so many extra ones are more than help. */
bool width_is_beyond(const struct width *, unsigned);

#endif
