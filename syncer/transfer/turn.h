#ifndef CDR_TRANSFER_TURN_H
#define CDR_TRANSFER_TURN_H

#include "transfer/traffic.h"

/* turn_take(t, source, now_ms): begin what may begin there now, and spread
 * large blobs over as many connections as help. */
void turn_take(struct traffic *, struct source *, int64_t);

/* turn_next(source, now_ms, first_ms): when what stands in line there may
 * begin, if that is known and before ${first_ms}; else ${first_ms}. */
int64_t turn_next(const struct source *, int64_t, int64_t);

#endif
