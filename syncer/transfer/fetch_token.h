#ifndef CDR_TRANSFER_FETCH_TOKEN_H
#define CDR_TRANSFER_FETCH_TOKEN_H

#include "transfer/fetch.h"

/* Credentials for a request, tokens among them, and what a 401 teaches. */

/*
 * fetch_token_authorise(f, spec, ret): fill in what the request has to show, or
 * have ${f} wait for it.  Return true if it can go now.  ${spec} then borrows
 * from ${ret}: credential_done it afterwards, in either case.
 */
bool fetch_token_authorise(struct fetch *, struct http_spec *,
    struct credential *);

/* fetch_token_challenged(f, reply): the registry answered 401: it is tried
 * again with what that asks for, or fails. */
void fetch_token_challenged(struct fetch *, const struct http_reply *);

#endif
