#ifndef CDR_TRANSFER_FETCH_BLOB_H
#define CDR_TRANSFER_FETCH_BLOB_H

#include "transfer/fetch.h"
#include "transfer/question.h"

/*
 * One blob: it owns the sink, and a piece for each request brings a range of
 * it.  A piece that has brought its range takes the next one; one that fails
 * leaves what it lacks to the others.
 */

/* fetch_blob(t, order, w): queue the object of ${order}, for ${w}, whose
 * source, repository and priority count. */
struct fetch *fetch_blob(struct traffic *, const struct fetch_order *,
    const struct waiter *);

/* fetch_blob_can_widen(f): one more connection would have something to do.
 * fetch_blob_widen(f): a piece for it is urged. */
bool fetch_blob_can_widen(const struct fetch *);
void fetch_blob_widen(struct fetch *);

/* fetch_blob_count(source): blobs that have connections of their own.
 * fetch_blob_silent(source): such connections that have brought nothing yet. */
unsigned fetch_blob_count(const struct source *);
unsigned fetch_blob_silent(const struct source *);

#endif
