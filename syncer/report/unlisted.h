#ifndef CDR_REPORT_UNLISTED_H
#define CDR_REPORT_UNLISTED_H

#include "layout/store.h"
#include "report/metrics.h"

/*
 * status/unlisted.json: which images of the tree no run has had in its list for
 * UNLISTED_AFTER_S before the last one ended, so that a list of which a run
 * comes once a week unlists nothing; and those of which no run knows.
 * Signature tags and the like are as long as what they belong to, and are not
 * in it.
 */
#define UNLISTED_AFTER_S	(8 * 24 * 3600)
#define UNLISTED_FILE		"unlisted.json"

struct unlisted;

/* unlisted_begin(store, now): ${now} is the end of the last run that came to
 * its list, in seconds since 1970; 0: there was none. */
struct unlisted *unlisted_begin(struct store *, int64_t);

/* unlisted_see(u, image): each image of status.json.  Is it one of these? */
bool unlisted_see(struct unlisted *, const struct metrics_image *);

/* unlisted_end(u, ret, e): write the file, if it would say something else than
 * it does.  ${u} is gone.  ${ret}: how many there are.  Return 0 or -1.
 * unlisted_drop(u): not all images have been seen, so nothing is written. */
int unlisted_end(struct unlisted *, uint64_t *, struct err *);
void unlisted_drop(struct unlisted *);

#endif
