#ifndef CDR_MIRROR_HOLDINGS_H
#define CDR_MIRROR_HOLDINGS_H

#include <stdint.h>

#include "layout/store.h"

/*
 * status/images.json, blobs.json and history.json: what the tree has, whether
 * it is on a list or not, for the page.  They are made anew only when
 * index.json has been; then each reference costs a look at its link, and only
 * one that has moved has its manifests read: for the rest, the last blobs.json
 * knows.
 *
 * holdings_save(store, now, e): once, at the end of a run; ${now} is in seconds
 * since 1970.  An image that cannot be read is listed as broken.  Return 0, or
 * -1 with ${e} set.
 */
int holdings_save(struct store *, int64_t, struct err *);

#endif
