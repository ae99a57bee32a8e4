#ifndef CDR_TRANSFER_FETCH_TOKEN_H
#define CDR_TRANSFER_FETCH_TOKEN_H

#include "transfer/fetch.h"

/* The request for a token, which is sent once, whoever waits for it. */

/* fetch_token_need(f, site, token): ${f} waits for that token of ${site}'s;
 * then it stands in line again, or fails. */
void fetch_token_need(struct fetch *, struct site *, struct token *);

/* fetch_token_authorise(f, spec, ret): as fetch_access_authorise, for that
 * request itself. */
bool fetch_token_authorise(struct fetch *, struct http_spec *,
    struct credential *);

#endif
