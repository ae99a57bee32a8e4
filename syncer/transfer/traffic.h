#ifndef CDR_TRANSFER_TRAFFIC_H
#define CDR_TRANSFER_TRAFFIC_H

#include <stdatomic.h>

#include "layout/digest_set.h"
#include "layout/store.h"
#include "registry/http.h"
#include "registry/keyring.h"
#include "registry/ocidir.h"
#include "registry/upstream.h"
#include "transfer/committer.h"
#include "transfer/link/memory.h"
#include "transfer/link/share.h"
#include "transfer/link/tempo.h"
#include "transfer/link/throttle.h"
#include "transfer/link/width.h"
#include "transfer/pool.h"
#include "transfer/pulls.h"
#include "transfer/queue.h"
#include "transfer/stats.h"

/*
 * What all requests of a run have in common, and the lines in which they stand.
 * All of it is the network thread's.
 */
struct fetch;

/* One registry in this run, or one of its endpoints. */
struct source {
	struct source *next;
	struct source *first;		/* of its registry's endpoints: itself,
					 * where there is but one */
	struct source *after;		/* the endpoint to be asked where this
					 * one is down or lacks it; or NULL */
	bool is_told;			/* that it is down */
	struct upstream *up;
	struct queue urgent;		/* who has a turn already: tokens that
					 * others wait for, and pieces that go
					 * on over the connection they had */
	struct queue meta, blobs;	/* small things first */
	struct queue active;		/* blobs that have pieces */
	struct queue held;		/* pulls that wait for what others in
					 * flight leave */
	struct share share;		/* how many at once */
	struct tempo tempo;		/* how many a second, by the registry,
					 * ... */
	struct tempo tokens;		/* ... its token server, ... */
	struct tempo elsewhere;		/* ... and who brings its blobs */
	struct width width;		/* how many for large blobs */
	uint64_t blob_bytes;		/* that have come */
	bool is_elsewhere;		/* another host brings them */
	unsigned extra;			/* pieces beyond one for each blob */
};

/* Requests that wait for a credential helper. */
struct login {
	struct queue waiting;		/* FETCH_NEED_LOGIN */
	struct lane lane;
	atomic_bool stop;		/* no helper any more */
};

struct traffic_config {
	struct store *store;		/* all are borrowed */
	struct keyring *keyring;	/* may be NULL */
	struct ocidir *layout;		/* answers in the registries' place; or
					 * NULL */
	bool is_mirror;			/* no registry: something in its place,
					 * which counts no pulls and sees no
					 * credentials */
	uint64_t limit_rate;		/* bytes a second; 0: any */
	uint64_t max_bytes;		/* to be received; 0: any */
};

/* What has been said of tries that failed: telling.c. */
#define TOLD_MAX	16u
struct told {
	char host[80];
	enum transport transport;
	long status;
	int64_t until_ms;		/* until then it is not said again */
};

struct telling {
	struct told told[TOLD_MAX];
	unsigned next;
};

struct traffic {
	struct traffic_config config;
	struct http *http;
	struct pool *pool;
	struct committer *committer;
	struct throttle throttle;	/* how fast, and how much */
	struct memory memory;		/* for answers that are kept in it */
	struct share_totals connections;
	struct pulls pulls;
	struct login login;
	struct digest_set partials;	/* blobs that an earlier run began */
	struct source *sources;
	struct queue need_token;	/* FETCH_NEED_TOKEN */
	struct queue delayed;		/* FETCH_BACKOFF */
	struct queue paused;		/* FETCH_RUNNING without a buffer */
	uint64_t pauses;		/* so often that was so */
	struct fetch *all;		/* every fetch there is */
	uint64_t best_rate;		/* bytes a second that a connection had
					 * at its best, on the average */
	int64_t rated_ms;		/* when that was looked at, and... */
	uint64_t rated_bytes;		/* ... what had come then */
	int64_t lost_ms;		/* when a blob last lost its place */
	int64_t ticked_ms;		/* when they were last told the time */
	struct telling telling;
	bool stopping;
	struct transfer_stats stats;	/* but for bytes and running */
};

/* traffic_init(t, config, e): 0, or -1 with ${e} set and nothing to end. */
int traffic_init(struct traffic *, const struct traffic_config *,
    struct err *);

/* traffic_done(t): nothing may be in flight. */
void traffic_done(struct traffic *);

/* traffic_source(t, config, before): takes ${config}; ${before}, or NULL, is
 * the endpoint that is asked before it. */
struct source *traffic_source(struct traffic *, struct registry_config *,
    struct source *before);

#endif
