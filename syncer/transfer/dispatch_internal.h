#ifndef CDR_TRANSFER_DISPATCH_INTERNAL_H
#define CDR_TRANSFER_DISPATCH_INTERNAL_H

#include "layout/digest_set.h"
#include "registry/http.h"
#include "registry/upstream.h"
#include "transfer/dispatch.h"
#include "transfer/sink.h"

/* Shared by dispatch.c, want.c and fetch*.c. */

struct fetch;

struct queue {
	struct fetch *first, *last;
};

struct source {
	struct source *next;
	struct upstream *up;
	struct queue meta, blobs;	/* small things first */
	unsigned blobs_running;
	bool limited;			/* 429 until the tries ran out: no more
					 * manifests, for limited_err */
	struct err limited_err;
};

struct dispatch {
	struct dispatch_config config;
	struct http *http;
	struct pool *pool;
	struct committer *committer;
	struct source *sources;
	struct digest_set wants;
	struct digest_set partials;	/* blobs that an earlier run began */
	struct queue waiting;		/* FETCH_NEED_TOKEN */
	struct queue delayed;		/* FETCH_BACKOFF */
	struct queue paused;		/* FETCH_RUNNING without a buffer */
	struct fetch *all;		/* every fetch there is */
	size_t fetches;
	bool stopping;
	struct dispatch_stats stats;
};

void queue_push(struct queue *, struct fetch *);
void queue_push_front(struct queue *, struct fetch *);
struct fetch *queue_pop(struct queue *);
void queue_remove(struct queue *, struct fetch *);

/*
 * A wish: one object, whoever wants it, wherever it comes from.  It stays after
 * a failure, so that nobody asks the same source for it twice.
 */
struct want {
	struct object object;
	struct waiter *waiters, **waiters_end;
	struct fetch *fetch;		/* in progress; NULL after a failure */
	struct source *failed_source;
	char *failed_repository;
	struct err *failed_err;
};

/* want_end(d, w, e): tell those who wait; ${e} NULL: it is there. */
void want_end(struct dispatch *, struct want *, const struct err *);
void want_free(struct want *);

/* dispatch_tell_later(d, w): want_end with the known failure, but from
 * dispatch_step. */
void dispatch_tell_later(struct dispatch *, struct want *);

/* --- fetch: an attempt at one request ---------------------------------- */

enum fetch_kind {
	FETCH_TOKEN,
	FETCH_RESOLVE,
	FETCH_MANIFEST,
	FETCH_BLOB
};

enum fetch_state {
	FETCH_QUEUED,
	FETCH_NEED_TOKEN,
	FETCH_PREPARE,		/* a worker looks at an earlier partial blob */
	FETCH_RUNNING,
	FETCH_SETTLE,		/* workers finish what came */
	FETCH_COMMIT,
	FETCH_BACKOFF,
	FETCH_END,
	FETCH_STATES
};

/* How a try ended, kept while workers settle what it brought. */
struct outcome {
	enum transport transport;
	long status;
	bool elsewhere;
	int64_t retry_after_ms;
};

struct fetch {
	struct fetch *next, *prev;		/* in a queue */
	struct fetch *all_next, *all_prev;
	struct dispatch *d;
	enum fetch_kind kind;
	enum fetch_state state;
	struct source *source;
	char *repository, *reference;
	struct want *want;		/* FETCH_MANIFEST, FETCH_BLOB */
	struct resolve *resolve;	/* FETCH_RESOLVE */
	struct token *token;		/* FETCH_TOKEN: what is fetched */
	bool with_get;			/* FETCH_RESOLVE */

	struct http_request *req;
	bool is_probe, is_paused;
	char *scope;			/* of the token it needs, or NULL */
	unsigned long sent_serial;	/* which value of that token was sent */
	unsigned tries;			/* transport and status */
	unsigned auth_tries;		/* 401s in a row */
	unsigned data_tries;		/* wrong bytes */
	int64_t not_before_ms;
	uint64_t from;			/* asked for the bytes from here */
	bool broken;			/* after settling: judge the outcome */
	bool is_spoilt;			/* after settling: fail, for err */
	struct outcome outcome;
	struct sink *sink;
	char *form;			/* FETCH_TOKEN by POST */
	struct digest digest;		/* FETCH_RESOLVE: what was found */
	struct err err;
};

/* fetch_new(d, kind, source, repository, reference): queue it after filling in
 * the rest. */
struct fetch *fetch_new(struct dispatch *, enum fetch_kind, struct source *,
    const char *, const char *);
void fetch_queue(struct fetch *);
void fetch_start(struct fetch *);

/* fetch_is_pull(f): the GET of a manifest, which registries count. */
bool fetch_is_pull(const struct fetch *);

/* fetch_fail(f): end it for the reason in f->err. */
void fetch_fail(struct fetch *);
void fetch_done(struct fetch *);
void fetch_cancel(struct fetch *);
void fetch_enter(struct fetch *, enum fetch_state);

/* fetch_ended: the end handler of every request. */
void fetch_ended(void *, const struct http_reply *);

/* fetch_note(f, reply): keep in ${f} how the try ended, and why. */
void fetch_note(struct fetch *, const struct http_reply *);

/* fetch_again(f): the try that was noted ended badly; back off or fail. */
void fetch_again(struct fetch *);

/* fetch_commit(f, staged): hand it to the committer; then fetch_done. */
void fetch_commit(struct fetch *, struct staged *);

/* fetch_manifest_done(f, reply): the bytes of a manifest came. */
void fetch_manifest_done(struct fetch *, const struct http_reply *);

/* fetch_blob_*: the life of a blob's body. */
bool fetch_blob_ready(struct fetch *);
void fetch_blob_ended(struct fetch *, const struct http_reply *);
extern const struct http_handlers fetch_blob_handlers;

/* fetch_token_*: credentials for the next try.  fetch_authorise returns true if
 * the request can go now. */
bool fetch_authorise(struct fetch *, struct http_spec *,
    struct credential *);
void fetch_challenged(struct fetch *, const struct http_reply *);
void fetch_token_done(struct fetch *, const struct http_reply *);

#endif
