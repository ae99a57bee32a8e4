#ifndef CDR_LINK_WIDTH_H
#define CDR_LINK_WIDTH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Large blobs over several connections, as many as the link rewards.  What is
 * learnt is how many in all bring clearly more bytes than fewer do, whatever
 * blobs they are for: when small blobs have ended, the large one that is left
 * gets their connections.  More are tried now and then, and fewer; what brought
 * nothing is taken back.  Pure: times are milliseconds of clock_ms(), rates
 * bytes a second.
 */
enum width_state {
	WIDTH_LOOK,			/* what do these bring? */
	WIDTH_MORE,			/* and more of them? */
	WIDTH_LESS,			/* and fewer? */
	WIDTH_REST			/* as many as help */
};

/* Of connections that are new. */
enum width_phase {
	WIDTH_SILENT,			/* most have brought nothing yet */
	WIDTH_RAMP,			/* their windows open */
	WIDTH_STEADY
};

struct width {
	unsigned first;			/* that anybody may have at once */
	unsigned top;			/* no more, whatever they bring */
	enum width_state state;
	unsigned most;			/* in all; 0: nothing is known */
	unsigned before;		/* before this try, and... */
	uint64_t before_rate;		/* ... what those brought */
	uint64_t each_rate;		/* what one brought, while few were
					 * there */
	bool was_more;			/* the last try was of more */
	int64_t patience_ms;		/* until the next try */
	int64_t rest_ms;		/* rests since */
	bool is_refused;		/* somebody had enough of these */

	/* the look that is under way */
	unsigned connections, blobs;	/* 0: no blobs come */
	enum width_phase phase;
	int64_t changed_ms;		/* when this phase began */
	int64_t ramp_ms;		/* until most brought something */
	int64_t looked_ms;
	uint64_t looked_bytes, looked_pauses;
};

/* What there is at this moment. */
struct width_view {
	int64_t now_ms;
	uint64_t bytes;			/* of blobs, that have come so far */
	uint64_t pauses;		/* so often one had to wait until the
					 * bytes of others were written */
	unsigned connections;		/* that bring blobs */
	unsigned blobs;			/* that they are for */
	unsigned silent;		/* connections that have brought nothing
					 * yet; see width_asks_silent */
	bool is_elsewhere;		/* they lead to another host than the
					 * registry: one made for that */
};

/* width_init(w, first, top): nothing is known.  Without a reward there are
 * ${first}, and never more than ${top}. */
void width_init(struct width *, unsigned, unsigned);

/* width_rest(w): no blobs come now. */
void width_rest(struct width *);

/* width_asks_silent(w): the next width_look needs to know how many are
 * silent. */
bool width_asks_silent(const struct width *);

/* width_look(w, view): judge what the connections that there are bring.
 * Return how many there may be in all, if a blob is to have more than one. */
unsigned width_look(struct width *, const struct width_view *);

/* width_room(w): how many there may be in all, for one more blob. */
unsigned width_room(const struct width *);

/* width_is_beyond(w, connections): so many are more than help. */
bool width_is_beyond(const struct width *, unsigned);

/* width_refused(w, is_elsewhere, now_ms): somebody has answered that these are
 * too many: half of them at once, and for a registry itself never again more
 * than ${first}. */
void width_refused(struct width *, bool, int64_t);

/*
 * width_portion(bytes, waited_ms, took_ms): how much a connection is to ask for
 * next, that has just brought ${bytes} in ${took_ms}, of which it waited so
 * long for the first one: what comes in about a second, and more where waiting
 * would be a large part of that.
 */
#define WIDTH_PORTION_MIN	((uint64_t)4 << 20)
#define WIDTH_PORTION_MAX	((uint64_t)32 << 20)
uint64_t width_portion(uint64_t, int64_t, int64_t);

#endif
