#ifndef CDR_REPORT_RUNS_H
#define CDR_REPORT_RUNS_H

#include <stdbool.h>

#include "layout/store.h"
#include "report/status.h"

/*
 * status/runs.json: the last RUNS_MAX runs, the oldest first.  Runs with --only
 * may be a hundred a day: they have half of the places.
 *
 * runs_save(store, started, end, is_only, e): one more has ended.  A file that
 * makes no sense begins anew.  Return 0, or -1 with ${e} set.
 */
#define RUNS_FILE	"runs.json"
int runs_save(struct store *, int64_t, const struct status_end *, bool,
    struct err *);

#endif
