#ifndef CDR_TRANSFER_SINK_H
#define CDR_TRANSFER_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/store.h"
#include "registry/http.h"
#include "transfer/pool.h"

/*
 * One blob on its way from the network to the store: bytes come in on the
 * network thread, are gathered in buffers of the pool, and are hashed and
 * written in order by its workers.
 */
struct sink;

/*
 * Called on the network thread when everything handed over so far is settled,
 * after sink_prepare, sink_flush or sink_finish.
 */
typedef void sink_settled(void *cookie);

struct sink *sink_new(struct pool *, struct store *, const struct digest *,
    uint64_t, sink_settled *, void *);

/* sink_prepare(s): open the blob and hash what an earlier process left. */
void sink_prepare(struct sink *);

/*
 * sink_begin(s, status, range, e): an answer to a request from sink_offset
 * begins: 206 has to fit; a 200 has the whole blob, and what is here already is
 * left out of it.  ${range} is the Content-Range header or NULL.
 */
int sink_begin(struct sink *, long, const char *, struct err *);

/* sink_add(s, buf, len, e): as the data handler of http.h. */
enum http_taken sink_add(struct sink *, const void *, size_t, struct err *);

/* sink_flush(s): hand over what is gathered, and settle. */
void sink_flush(struct sink *);

/* sink_restart(s): forget all bytes, and settle. */
void sink_restart(struct sink *);

/* sink_finish(s): hand over the rest, then compare size and digest. */
void sink_finish(struct sink *);

/* After settling: NULL, or what went wrong. */
const struct err *sink_error(const struct sink *);

/* sink_take(s): the staged blob after a sink_finish that went well, once. */
struct staged *sink_take(struct sink *);

/* sink_offset(s): where the next byte goes. */
uint64_t sink_offset(const struct sink *);

/* sink_is_whole(s): all bytes are there. */
bool sink_is_whole(const struct sink *);

/* sink_free(s): settled only.  What is written stays for a later run.  Accepts
 * NULL. */
void sink_free(struct sink *);

#endif
