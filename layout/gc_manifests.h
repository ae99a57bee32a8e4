#ifndef CDR_GC_MANIFESTS_H
#define CDR_GC_MANIFESTS_H

#include "store.h"

/*
 * gc_each_manifest(st, fn, cookie, e): each file of manifests/ that is named as
 * one of ours; ${fn} gets the folder that it is in.  In no order.
 * gc_each_blob(st, fn, cookie, e): each name in blobs/ that is a digest,
 * whatever it is.  0, or what ${fn} returned if that was not 0.
 */
typedef int gc_manifest_fn(void *cookie, int fd, const struct manifest_id *,
    struct err *);
int gc_each_manifest(const struct store *, gc_manifest_fn *, void *,
    struct err *);

typedef int gc_blob_fn(void *cookie, int fd, const char *hex,
    const struct digest *, struct err *);
int gc_each_blob(const struct store *, gc_blob_fn *, void *, struct err *);

#endif
