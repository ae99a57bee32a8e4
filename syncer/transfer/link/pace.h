#ifndef CDR_LINK_PACE_H
#define CDR_LINK_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is a blob slow, and whose fault is that?  A server that trickles must not
 * hold a run; on a line that is thin all blobs are slow, and none is to blame.
 * Pure: times are milliseconds of clock_ms(), sizes are bytes.
 */
struct pace {
	int64_t seen_ms;		/* when last looked at; 0: never */
	int64_t window_ms;		/* when this window began */
	uint64_t window_bytes;		/* what had come then, of it... */
	uint64_t window_run_bytes;	/* ... and of all */
	double used_ms;			/* its share of the line's time */
	bool is_slow;			/* in the last window */
	unsigned slow_windows;		/* in a row: by its own fault */
	unsigned low_windows;		/* in a row: far too slow, whoever's
					 * fault it is */
	int64_t low_ms;			/* since when */
};

/* What there is to see of it. */
struct pace_view {
	int64_t now_ms;
	uint64_t size;
	uint64_t bytes;			/* of it, that have come */
	uint64_t run_bytes;		/* of all that has come in the run */
	unsigned streams;		/* on the line now, its own included */
	uint64_t min_rate;		/* bytes a second that it has to
					 * bring */
	uint64_t limit_rate;		/* we take no more of all; 0: any */
	uint64_t best_rate;		/* what a connection had on the average,
					 * at its best in this run */
	int64_t lost_ms;		/* when another one lost its place: the
					 * line has more room since; 0: never */
	int64_t window_ms;		/* look at it for so long */
	bool is_asking;			/* it is not waiting for us */
};

enum pace_verdict {
	PACE_FINE,
	PACE_SLOW,			/* who knows another source may ask
					 * there */
	PACE_LATE			/* it loses its place */
};

/* pace_look(p, view): about once a second. */
enum pace_verdict pace_look(struct pace *, const struct pace_view *);

#endif
