#ifndef CDR_MIRROR_PLAN_H
#define CDR_MIRROR_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/digest_set.h"
#include "registry/quota_book.h"
#include "mirror/job.h"

/*
 * What a run would do, on standard output: a line an image, and a sum in which
 * an object that several images want stands once.  All zero but for json is a
 * new one.
 */
struct plan {
	bool json;
	size_t images, changed;
	struct digest_set objects;	/* that are not here */
	uint64_t store_bytes;		/* of these */
	uint64_t fetch_bytes;		/* the same without what an earlier run
					 * has begun */
	bool fits;			/* after plan_end */
};

/* plan_add(p, image, r): one image that has been looked at. */
void plan_add(struct plan *, const char *, const struct job_report *);

/* What it is to be held against. */
struct plan_limits {
	uint64_t free_bytes;		/* the file system's */
	uint64_t max_bytes;		/* of a run; 0: any */
	uint64_t pulls;			/* that the plan itself has made */
	const struct quota_book *quotas;
};

/* plan_end(p, limits): the sum.  Releases what is in ${p}. */
void plan_end(struct plan *, const struct plan_limits *);

#endif
