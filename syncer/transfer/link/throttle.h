#ifndef CDR_LINK_THROTTLE_H
#define CDR_LINK_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transfer/link/limit.h"

/*
 * Good manners on the link: how fast bytes may come, and how many.  A stream
 * that may not have more yet stands in line; each in turn gets a little, so
 * that a huge blob leaves their share to the small ones.  Pure: times are
 * milliseconds of clock_ms(), sizes are bytes.
 */
struct throttle_stream {
	struct throttle_stream *next, *prev;
	bool waits;			/* it stands in line */
	uint64_t short_of;		/* for so many bytes */
	uint64_t grant;			/* it may take so many */
};

struct throttle {
	struct limit limit;
	uint64_t max_bytes;		/* of the run; 0: any */
	uint64_t bytes;			/* that have come */
	struct throttle_stream *first, *last;	/* who waits */
};

/* throttle_init(t, rate, max_bytes, now_ms): ${rate} in bytes a second, at most
 * LIMIT_RATE_MAX; 0: any, for both. */
void throttle_init(struct throttle *, uint64_t, uint64_t, int64_t);

/* throttle_budget(t, len): how much of that max_bytes leaves.
 * throttle_is_spent(t): it leaves nothing, and no more will come. */
size_t throttle_budget(const struct throttle *, size_t);
bool throttle_is_spent(const struct throttle *);

/* throttle_admits(t, stream, len, now_ms): may so much of it come now?  If not,
 * it stands in line. */
bool throttle_admits(struct throttle *, struct throttle_stream *, size_t,
    int64_t);

/* throttle_took(t, stream, len, now_ms): so much has come, and counts.
 * ${stream} NULL: of something that does not wait. */
void throttle_took(struct throttle *, struct throttle_stream *, size_t,
    int64_t);

/* throttle_leave(t, stream): it takes no more, and gives back what it may. */
void throttle_leave(struct throttle *, struct throttle_stream *);

/*
 * throttle_next(t, running, now_ms): the first in line, if its turn has come:
 * it is out of the line, and may take what it lacked.  NULL: nobody yet.
 * ${running} requests are in flight.
 */
struct throttle_stream *throttle_next(struct throttle *, unsigned, int64_t);

/* throttle_wait_ms(t, running, most_ms, now_ms): look again after so long, at
 * most ${most_ms}. */
int throttle_wait_ms(struct throttle *, unsigned, int, int64_t);

/* throttle_in_debt(t, now_ms): more has come than may; nothing new is to
 * begin. */
bool throttle_in_debt(struct throttle *, int64_t);

/* throttle_has_room(t, streams): for one more beside so many, at the rate that
 * is left for it. */
bool throttle_has_room(const struct throttle *, unsigned);

/* throttle_is_short(t, now_ms): more streams would only share what may come. */
bool throttle_is_short(struct throttle *, int64_t);

/* throttle_portion(t): what a stream is to read at once at most; 0: any. */
size_t throttle_portion(const struct throttle *);

#endif
