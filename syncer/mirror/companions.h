#ifndef CDR_MIRROR_COMPANIONS_H
#define CDR_MIRROR_COMPANIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "image/list.h"
#include "layout/store.h"
#include "transfer/dispatch.h"

/*
 * What belongs to an image without being reached from it: signatures,
 * attestations, SBOMs, and what refers to these.  Found by the referrers API,
 * by the referrers tag schema where a registry does not have that
 * (quirks.md#referrers), and by cosign's tags (quirks.md#tags-of-cosign).
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
	struct err flaw;			/* of what was asked for only as
						 * it may be a signature */
};

/* Whose, and which. */
struct companions_of {
	const struct store *store;
	const struct list_entry *entry;		/* its rule: referrers= */
	const struct manifest_id *subjects;
	size_t count;
	unsigned depth;		/* 0: of an image, 1: of its signature, ... */
	size_t *all;		/* what refers to the image, counted through
				 * all depths; NULL at the first */
	bool plan;		/* fetch the manifests of them, and stop */
	bool signatures;	/* those of the first subject in any case;
				 * what makes no sense is left out */
	bool hold;		/* these alone, and publish nothing of them */
};

/* ${c} may be taken over (then zeroed).  ${e}: NULL, or what went wrong. */
typedef void companions_end(void *cookie, struct companions *c,
    const struct err *e);

/* companions_start(d, of, end, cookie): ${end} is called once, from
 * dispatch_step.  What ${of} points to is borrowed until then; subjects until
 * it returns. */
void companions_start(struct dispatch *, const struct companions_of *,
    companions_end *, void *);
void companions_done(struct companions *);

/* companions_put_first(c, walk): the manifests of the image itself, its root
 * the first of all. */
struct walk;
void companions_put_first(struct companions *, const struct walk *);

#endif
