#ifndef CDR_TRANSFER_FETCH_DENIED_H
#define CDR_TRANSFER_FETCH_DENIED_H

#include "transfer/fetch.h"

/* What a 401 teaches, and where it leads. */

/* fetch_denied_facts(f, reply): what the table of registry/answer.h has to know
 * of a 401. */
unsigned fetch_denied_facts(struct fetch *, const struct http_reply *);

/* fetch_denied_go(f, reply, way): go the way of a 401: ask again, or fail. */
void fetch_denied_go(struct fetch *, const struct http_reply *,
    enum answer_way);

/* fetch_denied_no_token(f, token, outcome, e): ${f} waited for that, and it
 * does not come, for ${e}.  Return true if ${f} can do without. */
bool fetch_denied_no_token(struct fetch *, const struct token *,
    const struct outcome *, const struct err *);

#endif
