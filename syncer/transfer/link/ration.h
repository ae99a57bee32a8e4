#ifndef CDR_LINK_RATION_H
#define CDR_LINK_RATION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Pulls that a registry counts: may one more begin, and how long is nothing to
 * be asked for after a refusal?  Pure: the numbers are the caller's.
 */
struct ration {
	bool is_closed;			/* it has refused one, and that is not
					 * over */
	int64_t left;			/* pulls, as it said last; -1: it did
					 * not */
	unsigned flight;		/* pulls that have no answer yet */
	unsigned keep;			/* to be left for others; 0: it does not
					 * matter what is left */
};

enum ration_verdict {
	RATION_GO,
	RATION_WAIT,			/* those in flight may be the last */
	RATION_STOP
};

/* ration_judge(r): may one more pull begin? */
enum ration_verdict ration_judge(const struct ration *);

/*
 * ration_pause_s(is_pull_limit, retry_after_ms): for how many seconds after a
 * pull was refused (429) no other is tried.  -1: to the end of the registry's
 * window; 0: as long as this run lasts, since nobody knows.
 * ${retry_after_ms}: what it asked for; -1: nothing.
 */
int64_t ration_pause_s(bool, int64_t);

#endif
