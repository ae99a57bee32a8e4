#ifndef CDR_TRANSFER_PLAN_H
#define CDR_TRANSFER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/digest_set.h"
#include "layout/err.h"
#include "transfer/job.h"

/*
 * What a run would do, on standard output: a line an image, and a sum in which
 * an object that several images want stands once.  All zero but for json is a
 * new one.
 */
struct plan {
	bool json;
	size_t images, changed;
	struct digest_set objects;	/* that are not here */
	uint64_t bytes;			/* of these */
};

/* plan_add(p, image, r): one image that has been looked at. */
void plan_add(struct plan *, const char *, const struct job_report *);

/* plan_end(p, free_bytes): the sum; ${free_bytes} is what the file system has
 * room for.  Return whether that is enough.  Releases what is in ${p}. */
bool plan_end(struct plan *, uint64_t);

#endif
