#ifndef CDR_TRANSFER_LOCAL_H
#define CDR_TRANSFER_LOCAL_H

#include "registry/http.h"
#include "registry/ocidir.h"
#include "registry/upstream.h"
#include "transfer/pool.h"

/*
 * A request that an OCI image layout answers in a registry's place: the same
 * handlers, in the same order, and all that is above them cannot tell.  The
 * disk is read by workers, piece by piece.
 */
struct local;

struct local_question {
	struct ocidir *dir;		/* borrowed, until the end */
	const struct upstream *up;	/* in whose place; these two are
					 * borrowed for local_start only */
	const char *repository;
	uint64_t blob_bytes;		/* what a blob's descriptor says; 0: it
					 * is no blob */
};

/* local_start(pool, question, spec, handlers, cookie): as http_start; the URL
 * of ${spec} is one of upstream_url. */
struct local *local_start(struct pool *, const struct local_question *,
    const struct http_spec *, const struct http_handlers *, void *cookie);

/* As http_cancel and http_resume. */
void local_cancel(struct local *);
void local_resume(struct local *);

#endif
