#ifndef CDR_TRANSFER_JOB_H
#define CDR_TRANSFER_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "image/list.h"
#include "transfer/dispatch.h"

/* One image of the list, from its tag upstream to its tag here. */
struct job;

enum job_result {
	JOB_UNCHANGED,		/* all was here and published already */
	JOB_UPDATED,
	JOB_FAILED,
	JOB_CANCELLED		/* the run ends before it could */
};

/* What became of it. */
struct job_report {
	const struct list_entry *entry;
	enum job_result result;
	struct digest digest;		/* where it is known */
	bool has_digest;
	size_t objects;			/* fetched for it, or with others */
	uint64_t bytes;			/* of these */
	uint64_t total_bytes;		/* of all that the image reaches here */
	int64_t duration_ms;
	size_t foreign;			/* see struct walk */
	size_t unknown_digests;
	const char *lacking;
	const struct err *err;		/* JOB_FAILED, JOB_CANCELLED */
};

typedef void job_end(void *cookie, const struct job_report *);

/*
 * job_start(d, store, entry, end, cookie): ${end} is called once, from
 * dispatch_step, and the job is gone when it returns.
 */
void job_start(struct dispatch *, const struct store *,
    const struct list_entry *, job_end *, void *);

#endif
