#ifndef CDR_TRANSFER_FETCH_QUERY_H
#define CDR_TRANSFER_FETCH_QUERY_H

#include "transfer/fetch.h"
#include "transfer/question.h"

/* fetch_query(t, q): queue a question whose answer is no object. */
void fetch_query(struct traffic *, struct query *);

#endif
