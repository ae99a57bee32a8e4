#ifndef CDR_REPORT_TRAFFIC_H
#define CDR_REPORT_TRAFFIC_H

#include <stdint.h>

#include "layout/store.h"

/*
 * status/traffic.json: how many bytes of images nginx has sent on each of the
 * last TRAFFIC_DAYS_MAX days, by its log (nginx/cdr-log.conf), and how far that
 * has been read: one file, so that who dies counts nothing twice.
 *
 * traffic_save(store, log, now, e): count what has come since, ${now} being in
 * seconds since 1970; at most TRAFFIC_BYTES_MAX of it, the rest next time.  A
 * log is known again by its first line, and is another one if it is shorter
 * than it was.  Then the one that it was is looked for among those that it has
 * been rotated to (rotated.h), and all that came after it are read; the new one
 * from its beginning, as soon as it has a line.  Where it is not there any
 * more, those that begin later than what was counted are read.  Days of a clock
 * that was wrong go when it is right.
 * Return 0; 1 with ${e} saying what may not have been counted; or -1 with ${e}
 * set.
 */
#define TRAFFIC_FILE	"traffic.json"
int traffic_save(struct store *, const char *, int64_t, struct err *);

#endif
