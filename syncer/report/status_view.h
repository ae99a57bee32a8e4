#ifndef CDR_REPORT_STATUS_VIEW_H
#define CDR_REPORT_STATUS_VIEW_H

#include <jansson.h>

#include "layout/store.h"
#include "report/lifecycle.h"
#include "report/status.h"
#include "report/status_lists.h"

/* What status.json and metrics are written from. */

/* Since the first run that status.json knows of. */
struct status_counters {
	uint64_t runs[STATUS_RUN_RESULTS];
	uint64_t only_runs[STATUS_RUN_RESULTS];	/* which are none of these */
	uint64_t bytes, objects, requests;
	uint64_t updates;
	uint64_t failures[STATUS_REASONS];
};

struct status_view {
	int64_t started, last_success;	/* of the run; of a run: 0: never */
	int64_t last_listed;		/* a run with images ended; 0: never */
	struct status_lists lists;
	const struct status_end *end;	/* NULL: none has ended so far */
	/* A run with --only, if there was one since; NULL: there was none. */
	const struct status_end *latest;
	int64_t latest_started;
	json_t *pulls;
	struct status_counters counters;
	bool has_space;
	struct store_space space;
	uint64_t images, image_bytes;	/* mirrored at some time */
	struct lifecycle lifecycle;
};

/* status_head_json(view): what all files tell of the run; json_decref it.
 * status_head_read(head, ret): what it has of the runs before; ${head} may be
 * NULL. */
json_t *status_head_json(const struct status_view *);
void status_head_read(const json_t *, struct status_view *);

/* status_totals_json(totals): as they are in a head, with "duration_ms". */
json_t *status_totals_json(const struct report_totals *);

/* status_run_read(run, totals, ret_started, ret): a run of which ${run} tells,
 * and its numbers, which are in ${totals}; ${ret}'s texts are ${run}'s.  False
 * where it tells of none. */
bool status_run_read(const json_t *, const json_t *, int64_t *,
    struct status_end *);

/* status_head_run(head, ret_started, ret): the whole run that it tells of;
 * ${ret}'s texts are ${head}'s.  False where it tells of none.
 * status_head_latest: the same of one with --only. */
bool status_head_run(const json_t *, int64_t *, struct status_end *);
bool status_head_latest(const json_t *, int64_t *, struct status_end *);

#endif
