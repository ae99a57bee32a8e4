#ifndef CDR_TRANSFER_FETCH_START_H
#define CDR_TRANSFER_FETCH_START_H

#include "transfer/fetch.h"

/* fetch_start(f): its turn has come: send it; or have it wait for what has to
 * come first; or end it. */
void fetch_start(struct fetch *);

#endif
