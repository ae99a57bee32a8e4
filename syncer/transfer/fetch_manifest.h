#ifndef CDR_TRANSFER_FETCH_MANIFEST_H
#define CDR_TRANSFER_FETCH_MANIFEST_H

#include "transfer/fetch.h"
#include "transfer/question.h"

/* The bytes of manifests, and what a tag points to. */

/* fetch_manifest(t, order, w): queue the object of ${order}, for ${w}, whose
 * source, repository and priority count. */
struct fetch *fetch_manifest(struct traffic *, const struct fetch_order *,
    const struct waiter *);

/* fetch_manifest_resolve(t, r): queue the question. */
void fetch_manifest_resolve(struct traffic *, struct resolve *);

#endif
