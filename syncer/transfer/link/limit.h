#ifndef CDR_LINK_LIMIT_H
#define CDR_LINK_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A token bucket: how many bytes may come now, where so many a second may.
 * Pure: times are the caller's, in milliseconds of clock_ms(), which nobody who
 * sets the wall clock can move.
 */
struct limit {
	uint64_t rate;		/* bytes a second; 0: no limit */
	uint64_t burst;		/* bytes that may come at once after a pause */
	int64_t level;		/* thousandths of a byte; below 0: a debt */
	int64_t at_ms;		/* when the level was that */
};

/* So slow that the smallest read of libcurl is a tenth of a second's worth. */
#define LIMIT_RATE_MIN	((uint64_t)10 << 10)
#define LIMIT_RATE_MAX	((uint64_t)1 << 40)

/* limit_init(l, rate, now_ms): the bucket is empty.  ${rate} is at most
 * LIMIT_RATE_MAX. */
void limit_init(struct limit *, uint64_t, int64_t);

/* limit_admits(l, bytes, now_ms): may so many come now?  More than the burst
 * may when the bucket is full. */
bool limit_admits(struct limit *, uint64_t, int64_t);

/* limit_take(l, bytes, now_ms): they have come, admitted or not.
 * limit_give(l, bytes): they were taken, and have not come. */
void limit_take(struct limit *, uint64_t, int64_t);
void limit_give(struct limit *, uint64_t);

/* limit_wait_ms(l, bytes, now_ms): until limit_admits says yes; 0: it does. */
int64_t limit_wait_ms(struct limit *, uint64_t, int64_t);

/*
 * limit_portion(l): the most bytes to ask limit_admits for at once; 0: any.
 * Much less than the burst: a bucket that has to be full for one portion runs
 * over when that is fetched a moment late.
 */
uint64_t limit_portion(const struct limit *);

/* limit_is_low(l, now_ms): it is the limit that holds things up, and not the
 * link. */
bool limit_is_low(struct limit *, int64_t);

#endif
