#ifndef CDR_TRANSFER_FETCH_LOGIN_H
#define CDR_TRANSFER_FETCH_LOGIN_H

#include "registry/keyring.h"
#include "transfer/fetch.h"

/* Credentials as they are at this moment, and the helpers that have them. */

/* fetch_login(f, site, ret): that host's own credential for the fetch's
 * repository.  KEYRING_UNKNOWN: the fetch waits in FETCH_NEED_LOGIN.
 * fetch_login_now: the same, and it waits for nothing. */
enum keyring_found fetch_login(struct fetch *, const struct site *,
    struct credential *);
enum keyring_found fetch_login_now(struct fetch *, const struct site *,
    struct credential *);

/* fetch_login_again(f, site): what was sent has been refused.  True, once for
 * each fetch: start it anew, with what is newer. */
bool fetch_login_again(struct fetch *, const struct site *);

/* fetch_login_stop(t): no helper is asked any more, and one that runs ends. */
void fetch_login_stop(struct traffic *);

#endif
