#ifndef CDR_LINK_TEMPO_H
#define CDR_LINK_TEMPO_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many requests a second somebody takes who refuses (429, 503) those that
 * are too many, and does not say how many that is
 * (quirks.md#limits-without-a-word).  After a refusal they go one
 * at a time, and so far apart as he has shown that he takes them: what he has
 * answered between two refusals is what he allows in that time.  From there
 * they get faster little by little.  Who has never refused is not slowed down,
 * and what he has never refused soon goes freely again.  Pure: times are
 * milliseconds of clock_ms().
 */

/* Limits may be for one of these, or for all. */
enum tempo_kind {
	TEMPO_HEAD,
	TEMPO_MANIFEST,
	TEMPO_LIST,
	TEMPO_BLOB,
	TEMPO_TOKEN,
	TEMPO_KINDS
};

struct tempo {
	unsigned kinds;			/* bits: what he has refused; 0: nothing
					 * is known */
	unsigned running[TEMPO_KINDS];
	unsigned together;		/* of what he refuses, at once */
	unsigned others;		/* of all else, at once; 0: any
					 * number */
	int64_t every_us;		/* one of what he refuses; 0: as they
					 * come */
	int64_t next_us;		/* ... and not before */
	int64_t pause_ms;		/* nothing at all before */
	bool is_measured;		/* that is what he has shown */

	unsigned event;			/* which refusal was the last */
	int64_t since_ms;		/* what he takes is measured from one on
					 * after which nothing was left */
	unsigned taken;			/* of what he refuses, answered since */
	bool is_blurred;		/* by waiting for longer than needed */
	unsigned in_step;		/* answered at this tempo */
	unsigned in_row;		/* refusals, with no answer between */
	unsigned doubt;			/* about answers that may mean
					 * something else */
	uint64_t answers;		/* that were no refusals, ever */
};

/* One request. */
struct tempo_request {
	enum tempo_kind kind;
	bool is_running;
	unsigned event;			/* the last one when it began */
};

/* tempo_wait_ms(t, kind, now_ms): until one may begin, 0: now; -1: when another
 * one has ended. */
int64_t tempo_wait_ms(const struct tempo *, enum tempo_kind, int64_t);

/* tempo_enter, tempo_leave: it begins; it is no more. */
void tempo_enter(struct tempo *, struct tempo_request *, int64_t);
void tempo_leave(struct tempo *, struct tempo_request *);

/* tempo_answered(t, r): it was no refusal. */
void tempo_answered(struct tempo *, const struct tempo_request *);

/* How it was refused. */
struct tempo_refusal {
	bool is_vague;			/* it may mean something else: 503 */
	int64_t after_ms;		/* he wants to be left alone for so
					 * long; -1: he does not say */
	int64_t first_ms;		/* to wait where nothing is known */
};

/*
 * tempo_refused(t, r, refusal, now_ms): learn from that.  Return for how long
 * nothing at all is to be asked of him; 0: it may not have been about how many
 * there are, and the others go on.
 */
int64_t tempo_refused(struct tempo *, const struct tempo_request *,
    const struct tempo_refusal *, int64_t);

/* tempo_in_row(t, r): so many refusals with no answer between are there with
 * that of ${r}; a crowd that is refused together is one. */
unsigned tempo_in_row(const struct tempo *, const struct tempo_request *);

/* tempo_is_slow(t, kind): requests of that kind are dear. */
bool tempo_is_slow(const struct tempo *, enum tempo_kind);

#endif
