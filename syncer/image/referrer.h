#ifndef CDR_IMAGE_REFERRER_H
#define CDR_IMAGE_REFERRER_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"
#include "layout/limits.h"
#include "layout/path.h"

/*
 * What a registry answers to "who refers to this manifest?" (OCI
 * distribution-spec, "Listing Referrers"): an index with one descriptor for
 * each manifest that names it as its subject.
 */

/*
 * referrer_tag(id, suffix, buf): the tag that stands for the referrers of a
 * manifest: "" of the referrers tag schema, ".sig" and others of cosign's.  No
 * more than 32 characters of the algorithm and 64 of the digest
 * (quirks.md#referrers).  Return ${buf}.
 */
char *referrer_tag(const struct digest *, const char *, char [TAG_MAX + 1]);

/*
 * referrer_describe(buf, len, id, ret, e): the descriptor of the manifest ${id}
 * with the bytes ${buf}, as it stands in such an index: with its artifactType
 * (an image's is the media type of its configuration) and its annotations,
 * which are texts; without these if it had more than REFERRER_BYTES_MAX.
 * Return 0 and JSON text in ${ret}, free(3) it; or -1 with ${e} set.
 */
int referrer_describe(const char *, size_t, const struct manifest_id *, char **,
    struct err *);

/*
 * referrer_merge(old, descriptors, count, ret, e): the index ${old} (NULL: none
 * yet) with the ${count} ${descriptors} in it; the entries are sorted by
 * digest, so that the order in which they came leaves no trace.  Where it would
 * be more than readers take, none of them has annotations any more.  Return 1
 * and JSON text in ${ret}, free(3) it; 0 if all are in there already; or -1
 * with ${e} set: to ERR_LIMIT for more than MANIFEST_CHILDREN_MAX or
 * REFERRERS_BYTES_MAX.
 */
int referrer_merge(const char *, const char *const *, size_t, char **,
    struct err *);

/*
 * referrer_filter(list, keep, cookie, ret, e): such an index without the
 * manifests for which ${keep} says no.  Return 1 and JSON text in ${ret},
 * free(3) it; 0 where nothing changes; 2 where nothing is left; or -1 with ${e}
 * set.
 */
int referrer_filter(const char *, bool (*keep)(void *, const struct digest *),
    void *cookie, char **, struct err *);

/*
 * referrer_is_list(buf, len): is an answer to that question a list at all,
 * right or wrong?  Not a page of HTML, and no object that is about something
 * else, as "{}" (quirks.md#referrers).
 */
bool referrer_is_list(const char *, size_t);

/*
 * referrer_count(buf, len, ret_signed): how many descriptors such an index has,
 * and whether one of them is a signature: cosign's, of the Sigstore bundle
 * format or of the Notary Project, by its artifact type.  0 for what is no
 * index.
 */
size_t referrer_count(const char *, size_t, bool *);

#endif
