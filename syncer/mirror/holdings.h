#ifndef CDR_MIRROR_HOLDINGS_H
#define CDR_MIRROR_HOLDINGS_H

#include <stdint.h>

#include "layout/store.h"
#include "report/marks.h"

/*
 * status/images.json, blobs.json and history.json: what the tree has, whether
 * it is on a list or not, for the page.  The first two are made anew
 * only when index.json has been; then each reference costs a look at its link,
 * and only one that has moved has its manifests read: for the rest, the last
 * blobs.json knows.
 *
 * holdings_save(store, now, marks, e): once, at the end of a run; ${now} is in
 * seconds since 1970.  An image that cannot be read is listed as broken.  Where
 * the marks alone have changed, images.json is made anew from blobs.json.
 * Return 0, or -1 with ${e} set.
 */
int holdings_save(struct store *, int64_t, struct marks *, struct err *);

/* holdings_around(store, registry, repository, h): of its digest, the
 * referrers, and whether there is a signature. */
struct holding;
void holdings_around(const struct store *, const char *, const char *,
    struct holding *);

/* The same for status_holdings: ${store} and ${now} are in ${cookie}. */
struct holdings_end {
	struct store *store;
	int64_t now;
};
marks_fn holdings_end;

#endif
