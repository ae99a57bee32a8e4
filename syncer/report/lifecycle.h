#ifndef CDR_REPORT_LIFECYCLE_H
#define CDR_REPORT_LIFECYCLE_H

#include <stdio.h>

#include "layout/store.h"
#include "report/bundle_status.h"
#include "report/gc_status.h"
#include "report/held.h"
#include "report/verify_status.h"
#include "report/watch_status.h"

/* What happens to a tree in the course of its years, for monitoring. */
struct lifecycle {
	struct gc_status gc;
	struct verify_status verify;
	struct bundle_status bundles;
	struct watch_status watch;
	struct held_totals held;
	uint64_t pinned;		/* lines of keep/pins */
	uint64_t unlisted;		/* images */
	uint64_t verified;		/* images, as their lists want it */
	uint64_t bad;			/* lines of status/bad */
	struct store_quarantined quarantined;
};

/* lifecycle_gather(store, marks, ret, e): all but ${unlisted} and ${verified},
 * from status/ and the tree; writes held.json, and marks what is held.  Return
 * 0 or -1. */
int lifecycle_gather(struct store *, struct marks *, struct lifecycle *,
    struct err *);

/* lifecycle_print(l, out): its lines of status/metrics. */
void lifecycle_print(const struct lifecycle *, FILE *);

#endif
