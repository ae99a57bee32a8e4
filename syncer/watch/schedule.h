#ifndef CDR_WATCH_SCHEDULE_H
#define CDR_WATCH_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When the whole list is looked at: by the clock, when it has changed, and
 * again soon after a run that could not begin.  Numbers in, numbers out:
 * milliseconds of the monotonic clock.
 */
struct schedule {
	int64_t every, jitter;		/* every 0: not by the clock */
	int64_t clock;			/* the next one by it; INT64_MAX */
	int64_t other;			/* for another reason; INT64_MAX */
	int64_t hint_jitter;		/* 0: hints are looked at when due, */
	int64_t hint_wait;		/* or so much later, this time */
};

/* After a run that could not begin, or has died. */
#define SCHEDULE_AGAIN_MS	60000

/*
 * schedule_retry(failed): how much later to look once more at what was pushed,
 * where ${failed} runs have failed since; -1: by the clock.
 */
int64_t schedule_retry(unsigned);

/* schedule_init(s, every, jitter, now): the first run is due at once. */
void schedule_init(struct schedule *, int64_t, int64_t, int64_t);

/* schedule_soon(s, when): a run is to begin then. */
void schedule_soon(struct schedule *, int64_t);

/* schedule_due(s): when one is. */
int64_t schedule_due(const struct schedule *);

/* schedule_begin(s, now, random): one begins.  ${random} is any number, and
 * another one each time: how much of ${jitter} is added. */
void schedule_begin(struct schedule *, int64_t, uint64_t);

/*
 * schedule_hint_jitter(s, jitter): not all mirrors that are told of a push at
 * one moment ask for it at one moment.  schedule_hints(s, due): when hints that
 * are due then are looked at.  schedule_hinted(s, random): they are; for the
 * next ones it is a random part of ${jitter} later.
 */
void schedule_hint_jitter(struct schedule *, int64_t, uint64_t);
int64_t schedule_hints(const struct schedule *, int64_t);
void schedule_hinted(struct schedule *, uint64_t);

#endif
