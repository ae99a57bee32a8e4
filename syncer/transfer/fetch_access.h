#ifndef CDR_TRANSFER_FETCH_ACCESS_H
#define CDR_TRANSFER_FETCH_ACCESS_H

#include "transfer/fetch.h"

/* What a request has to show, to the registry and to where that sends it. */

/*
 * fetch_access_authorise(f, spec, ret): fill in what the request has to show,
 * or have ${f} wait for it.  Return true if it can go now.  ${spec} then borrows
 * from ${ret}: credential_done it afterwards, in either case.
 */
bool fetch_access_authorise(struct fetch *, struct http_spec *,
    struct credential *);

/* fetch_access_use_basic(spec, credential): return true if there is one. */
bool fetch_access_use_basic(struct http_spec *, const struct credential *);

/* fetch_access_meet: the meet handler of all requests but those for tokens. */
void fetch_access_meet(void *, const struct url *, struct http_spec *);

/* fetch_access_learn(f, reply): what an answer, of whatever kind, tells. */
void fetch_access_learn(struct fetch *, const struct http_reply *);

/* fetch_access_of(f, s): what that host wants for the fetch's repository, as
 * far as is known; NULL: ask without. */
const struct access *fetch_access_of(const struct fetch *,
    const struct shown *);

#endif
