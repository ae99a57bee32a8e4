#ifndef CDR_REPORT_GC_STATUS_H
#define CDR_REPORT_GC_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/gc.h"

/*
 * status/gc.json: what the last run of gc did, what it left, and what all runs
 * have removed.  Written by who runs gc, while the tree is open for writing.
 */
#define GC_STATUS_FILE	"gc.json"

/* How a run ended, by enum gc_end: "ok", "no_room", ... */
#define GC_STATUS_RESULTS	(GC_FAILED + 1)
extern const char *const gc_status_results[GC_STATUS_RESULTS];

struct gc_status_run {
	int64_t started, now;		/* seconds since 1970 */
	int exit_code;
	enum gc_end end;
	const char *error;		/* NULL: none */
	const struct gc_totals *totals;	/* as gc_run left them */
};

/*
 * gc_status_save(store, run, e): a run has ended, however it did; not a dry
 * one.  What is there (unlisted, condemned, reclaimable) is taken from one
 * that came to its end, GC_DONE or GC_NO_ROOM; after another one what was said
 * before stays.  Return 0, or -1 with ${e} set.
 */
int gc_status_save(struct store *, const struct gc_status_run *,
    struct err *);

/* gc_status_add(store, totals, e): "cdr rm" has removed that; it counts, and
 * is no run. */
int gc_status_add(struct store *, const struct gc_totals *, struct err *);

/* What the file says. */
struct gc_status {
	int64_t started, finished, last_success;
	int exit_code;
	uint64_t images;		/* left */
	uint64_t unlisted, condemned, condemned_bytes, reclaimable_bytes;
	uint64_t bytes;			/* of the tree */
	struct gc_counters {
		uint64_t runs[GC_STATUS_RESULTS];
		uint64_t images, manifests, blobs, others, bytes;
	} counters;
};

/* gc_status_read(store, ret): false, and all of it 0, where no run has written
 * anything, or what it wrote is damaged. */
bool gc_status_read(const struct store *, struct gc_status *);

#endif
