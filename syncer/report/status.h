#ifndef CDR_REPORT_STATUS_H
#define CDR_REPORT_STATUS_H

#include "layout/store.h"
#include "report/marks.h"
#include "report/report.h"
#include "report/status_lists.h"
#include "report/status_record.h"

/*
 * status/status.json and status/metrics: what a run has done, and what is known
 * of each image from the runs before; and status/summary.json, which has the
 * run and its failures and no more, for who asks often.  One status is for one
 * run; it belongs to one thread.
 */
struct status;

/* status_new(now): the run begins; seconds since 1970.  status_free accepts
 * NULL. */
struct status *status_new(int64_t now);
void status_free(struct status *);

/* status_list(s, name): which lists the run has, in fewer than
 * STATUS_LIST_NAME_MAX digits (0-9a-f and "-"): runs with the same name have
 * the same ones, as they are then. */
void status_list(struct status *, const char *);

/*
 * status_only(s): the run looks at some of its list (--only).  It unlists
 * nothing, and what the files say of the last whole run stays: this one is told
 * of beside it, as the latest, until there is a whole one again.
 */
void status_only(struct status *);

/*
 * status_image(s, record): what became of an image that is in this run's list.
 * Takes the record.  The last success of one that has not succeeded now need
 * not be filled in.
 */
void status_image(struct status *, struct status_record *);

/*
 * status_pulls(s, pulls): what a registry said of the pulls it has left.  Where
 * it is said twice, for two accounts, the smaller number counts.
 */
struct status_pulls {
	const char *registry;
	int64_t left;			/* pulls; of ${limit} in ${window_s} */
	int64_t limit, window_s;	/* 0: not known */
	int64_t more_at;		/* seconds since 1970; 0: not known */
};
void status_pulls(struct status *, const struct status_pulls *);

/* status_holdings(s, fn, cookie): who writes the lists of what is in the tree:
 * it is told, once status.json is there, what they are to say of images, and
 * before unlisted.json and the summary are written, which go by them.  That it
 * fails is a warning. */
void status_holdings(struct status *, marks_fn *, void *);

/* How the run has ended. */
struct status_end {
	int64_t now;
	int exit_code;
	const char *result;		/* one of status_run_results */
	const char *error;		/* NULL: none but those of images */
	struct report_totals totals;
};
#define STATUS_RUN_RESULTS	4
extern const char *const status_run_results[STATUS_RUN_RESULTS];

/*
 * status_save(s, store, end, e): carry over what status.json has of earlier
 * runs, and put the files into place.  An old file that makes no sense is left
 * behind, with a warning.  Once.  Return 0, or -1 with ${e} set.
 */
int status_save(struct status *, struct store *, const struct status_end *,
    struct err *);

/*
 * status_refresh(store, gone, fn, cookie, e): the tree has changed, and it was
 * not a run of sync that ended: the same files anew, as status_save does.  What
 * they tell of that run stays; an image of ${gone} that is not in the tree is
 * left out.  Where no run has ended so far, there are metrics alone.  ${fn}: as
 * of status_holdings.
 */
struct name_set;
int status_refresh(struct store *, const struct name_set *, marks_fn *, void *,
    struct err *);

#endif
