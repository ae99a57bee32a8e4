#ifndef CDR_TRANSFER_TELLING_H
#define CDR_TRANSFER_TELLING_H

#include "transfer/fetch.h"

/* What a person is told who sees that nothing seems to go on. */

/* telling_who(f, reply): note in the outcome of ${f} whose answer that is. */
void telling_who(struct fetch *, const struct http_reply *);

/* telling_again(f, delay_ms): say who failed, why, and when it is tried again.
 * One line at a time for each host and cause, whatever waits for it; with -v
 * alone where that is a moment. */
void telling_again(const struct fetch *, int64_t);

/* telling_waits(t, buf): what all of it waits for, where nothing is in flight;
 * else a registry, if there is one that has to wait.  Return ${buf}, or NULL:
 * nothing. */
#define TELLING_WAITS_MAX	160u
const char *telling_waits(const struct traffic *,
    char buf[TELLING_WAITS_MAX]);

#endif
