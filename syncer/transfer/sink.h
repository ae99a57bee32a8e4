#ifndef CDR_TRANSFER_SINK_H
#define CDR_TRANSFER_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/extents.h"
#include "layout/store.h"
#include "registry/http.h"
#include "transfer/pool.h"

/*
 * One blob on its way from the network to the store: bytes come in on the
 * network thread, in one stream or several, are gathered in buffers of the
 * pool, and are written and hashed by its workers.
 */
struct sink;

/* A range of the blob that one request brings. */
struct stream {
	struct stream *next;
	struct sink *sink;
	uint64_t at, end;		/* what it still has to bring */
	uint64_t skip;			/* bytes of an answer that are here */
	uint64_t begun_at;
	int64_t begun_ms;
	struct buffer *buffer;
	uint64_t buffer_at;
	bool open;
};

/*
 * Called on the network thread when everything handed over so far is settled,
 * after sink_prepare, sink_flush, sink_restart or sink_finish.
 */
typedef void sink_settled(void *cookie);

struct sink *sink_new(struct pool *, struct store *, const struct digest *,
    uint64_t, sink_settled *, void *);

/* sink_prepare(s): open the blob and look at what an earlier process left. */
void sink_prepare(struct sink *);

/*
 * sink_open(s, stream, most): give ${stream} the first range that is neither
 * here nor with another stream, and at most so many bytes of it.  Where there
 * is none and ${divide}, half of what another stream still has to bring.
 * Return false if that is not worth it either.
 */
bool sink_open(struct sink *, struct stream *, uint64_t, bool divide);

/* sink_close(stream): what it has not brought is free for others.  Does
 * nothing to one that is not open. */
void sink_close(struct stream *);

/* sink_unassigned(s): bytes that no stream is bringing.  sink_can_open(s): one
 * more stream would have something to do. */
uint64_t sink_unassigned(const struct sink *);
bool sink_can_open(const struct sink *);

/*
 * stream_begin(stream, status, range, e): an answer begins: a 206 has to fit; a
 * 200 has the whole blob, and the bytes before the stream are left out of it; a
 * stream that is alone then takes all that follows, as far as something of it
 * is lacking.  ${range} is the Content-Range header or NULL.
 */
int stream_begin(struct stream *, long, const char *, struct err *);

/* stream_add(stream, buf, len, e): as the data handler of http.h. */
enum http_taken stream_add(struct stream *, const void *, size_t,
    struct err *);

/* stream_is_done(stream): it has brought its range. */
bool stream_is_done(const struct stream *);

/* These want all streams closed. */
void sink_flush(struct sink *);		/* settle */
void sink_restart(struct sink *);	/* forget all bytes, and settle */
void sink_finish(struct sink *);	/* compare size, digest; settle */

/* After settling: NULL, or what went wrong. */
const struct err *sink_error(const struct sink *);

/* sink_take(s): the staged blob after a sink_finish that went well, once. */
struct staged *sink_take(struct sink *);

/* sink_received(s): bytes that are here, or with the workers. */
uint64_t sink_received(const struct sink *);

/* sink_is_whole(s): all bytes are there. */
bool sink_is_whole(const struct sink *);

/* sink_end(s, drop, ended, cookie): settled only.  What is written stays for a
 * later run, unless ${drop}.  ${ended} (or NULL) is called when ${s} is gone
 * and its file is nobody's: another attempt at the blob may go on there. */
void sink_end(struct sink *, bool, sink_settled *, void *);

#endif
