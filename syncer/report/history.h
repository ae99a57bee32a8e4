#ifndef CDR_REPORT_HISTORY_H
#define CDR_REPORT_HISTORY_H

#include <stdint.h>

#include "layout/store.h"
#include "report/holding.h"

/*
 * status/history.json: how the tree has grown.  A point a run; where nothing
 * changes, the last one moves on.  Beyond HISTORY_POINTS_MAX every second one
 * of the older half goes.
 *
 * history_save(store, now, totals, e): add what is there now; ${now} is in
 * seconds since 1970.  A file that makes no sense begins anew.  Points from the
 * future are left out; where they are most of all, the clock is behind, and
 * nothing is written.  Return 0, or -1 with ${e} set.
 */
int history_save(struct store *, int64_t, const struct holding_totals *,
    struct err *);

#endif
