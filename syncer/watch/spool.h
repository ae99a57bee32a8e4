#ifndef CDR_WATCH_SPOOL_H
#define CDR_WATCH_SPOOL_H

#include <stdint.h>

#include "hook/event.h"
#include "layout/err.h"
#include "watch/notice.h"

/*
 * A folder into which others drop what they have to say: bodies of hooks, or
 * lines of a list (events_read_file).  A regular file that has not changed for
 * SPOOL_QUIET_MS is read and removed, understood or not.  What begins with "."
 * or ends with ".tmp" or ".part" is still being written; that, and what is no
 * regular file, is left alone.  Times are milliseconds of the monotonic clock.
 */
#define SPOOL_QUIET_MS	1000
#define SPOOL_LOOK_MS	10000
#define SPOOL_PACE_MS	200		/* and no more often than that */
struct spool;

/* spool_new(path, notice, take, cookie, ret, e): all are borrowed.  ERR_INPUT
 * where it is no folder out of which we may remove files. */
int spool_new(const char *, struct notice *, hook_event_take *, void *cookie,
    struct spool **, struct err *);
void spool_free(struct spool *);

/* spool_look(s, now): take what is there; what is wrong is told.
 * spool_until(s): when to do so at the latest; after a notice at once. */
void spool_look(struct spool *, int64_t);
int64_t spool_until(const struct spool *);

/* What has come since it began. */
struct spool_counts {
	uint64_t taken, not_understood;
};
void spool_counts(const struct spool *, struct spool_counts *);

#endif
