#ifndef CDR_TRANSFER_COMPANIONS_H
#define CDR_TRANSFER_COMPANIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "image/list.h"
#include "layout/store.h"
#include "transfer/dispatch.h"

/*
 * What belongs to an image without being reached from it: signatures,
 * attestations, SBOMs, and what refers to these.  Found by the referrers API,
 * by the referrers tag schema where a registry does not have that
 * (distribution-spec, "Listing Referrers"), and by cosign's tags
 * (registry-facts A8.7, A8.8).
 */
struct companions {
	struct manifest_id *manifests;		/* complete in the store */
	size_t count;
	struct referral *referrals;
	size_t referral_count;
	size_t objects;				/* that had to be fetched */
	uint64_t bytes;
	bool published;				/* nothing of it is new here */
	struct walk_missing *missing;		/* only of a plan, which stops
						 * before these */
	size_t missing_count;
};

/* ${c} may be taken over (then zeroed).  ${e}: NULL, or what went wrong. */
typedef void companions_end(void *cookie, struct companions *c,
    const struct err *e);

/*
 * companions_start(d, store, entry, subjects, count, options, end, cookie):
 * those of ${count} manifests, as entry->referrers has it.  ${options} are
 * those of the image's own job: its depth, and whether it is only a plan.
 * ${end} is called once, from dispatch_step.
 */
struct job_options;
void companions_start(struct dispatch *, const struct store *,
    const struct list_entry *, const struct manifest_id *, size_t,
    const struct job_options *, companions_end *, void *);
void companions_done(struct companions *);

/* companions_put_first(c, walk): the manifests of the image itself, its root
 * the first of all. */
struct walk;
void companions_put_first(struct companions *, const struct walk *);

#endif
