#ifndef CDR_TRANSFER_DISPATCH_INTERNAL_H
#define CDR_TRANSFER_DISPATCH_INTERNAL_H

#include <stdatomic.h>

#include "layout/digest_set.h"
#include "registry/http.h"
#include "registry/quota_book.h"
#include "registry/upstream.h"
#include "transfer/dispatch.h"
#include "transfer/limit.h"
#include "transfer/sink.h"

/* Shared by dispatch.c, want.c and fetch*.c. */

struct fetch;

struct queue {
	struct fetch *first, *last;
};

/* What widen.c has seen of the link to a registry. */
struct width {
	int64_t looked_ms;
	uint64_t looked_bytes;
	bool fresh;			/* some have brought nothing yet */
	uint64_t best_rate;		/* bytes a second; 0 before the first
					 * try */
	unsigned extra_max;		/* how many extra pieces are worth it */
	unsigned proven;		/* so many were */
	bool flat;			/* more of them brought nothing */
	int64_t patience_ms;		/* until the next try after that */
};

/* What share.c knows of a registry and of HTTP/2. */
struct share {
	bool answers;			/* it is what small answers come by */
	bool blobs;			/* and small blobs, wherever they are */
	unsigned answer_streams, blob_streams;	/* in flight */
	unsigned apart;			/* how often lately one had a connection
					 * of its own all the same */
	bool refused;			/* too often */
	int64_t credit;			/* thousandths of requests */
	int64_t credit_ms;		/* when that was so; 0: never */
};

struct source {
	struct source *next;
	struct upstream *up;
	struct queue meta, blobs;	/* small things first */
	struct queue active;		/* blobs that have pieces */
	struct share share;
	unsigned blobs_running;		/* connections that pieces have */
	uint64_t blob_bytes;		/* that have come */
	struct width width;		/* how many connections help */
	unsigned extra;			/* pieces beyond one for each blob */
	struct queue held;		/* pulls that wait for what others in
					 * flight leave (ration.c) */
};

/* What registries still hand out, from run to run. */
struct ration {
	struct quota_book book;
	bool is_changed;		/* since it was written */
	bool is_writing;
};

/* Requests that wait for a credential helper. */
struct login {
	struct queue waiting;		/* FETCH_NEED_LOGIN */
	struct lane lane;
	atomic_bool stop;		/* no helper any more */
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
	struct login login;
	struct queue delayed;		/* FETCH_BACKOFF */
	struct queue paused;		/* FETCH_RUNNING without a buffer */
	struct queue throttled;		/* FETCH_RUNNING, too fast */
	struct limit limit;
	struct ration ration;
	unsigned streams;		/* requests that share a connection */
	struct fetch *all;		/* every fetch there is */
	size_t fetches;
	bool stopping;
	struct dispatch_stats stats;
};

void queue_push(struct queue *, struct fetch *);
void queue_push_front(struct queue *, struct fetch *);

/* queue_push_ordered(q, f): behind all of its priority, before lower ones. */
void queue_push_ordered(struct queue *, struct fetch *);
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
	FETCH_QUERY,
	FETCH_MANIFEST,
	FETCH_BLOB,		/* sends no request: its pieces do */
	FETCH_PIECE
};

/* What the workers are doing to a blob while it is settling. */
enum blob_step {
	BLOB_PREPARE,		/* look at what an earlier process left */
	BLOB_FLUSH,
	BLOB_RESTART,
	BLOB_FINISH
};

enum fetch_state {
	FETCH_QUEUED,
	FETCH_NEED_TOKEN,
	FETCH_NEED_LOGIN,	/* a helper is asked for a credential */
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
	bool is_pull_limit;		/* a 429 about pulls */
};

struct fetch {
	struct fetch *next, *prev;		/* in a queue */
	struct fetch *all_next, *all_prev;
	struct dispatch *d;
	enum fetch_kind kind;
	enum fetch_state state;
	struct source *source;
	char *repository, *reference;
	int priority;
	struct want *want;		/* FETCH_MANIFEST, FETCH_BLOB */
	struct resolve *resolve;	/* FETCH_RESOLVE */
	struct query *query;		/* FETCH_QUERY */
	struct token *token;		/* FETCH_TOKEN: what is fetched */
	bool with_get;			/* FETCH_RESOLVE */
	struct quota_entry *quota;	/* that it counts against */
	unsigned long quota_serial;	/* when it began */
	bool is_spending;		/* it is a pull in flight */

	struct http_request *req;	/* or: */
	struct local *local;
	bool is_probe, is_paused;
	bool is_stream;			/* it shares a connection */
	bool is_throttled;
	uint64_t short_of, grant;	/* bytes it waits for, and may take */
	char *scope;			/* of the token it needs, or NULL */
	unsigned long sent_serial;	/* which value of that token was sent */
	unsigned long login_serial;	/* of the credential sent, or 0 */
	bool has_login_again;		/* it was refused, and asked for anew */
	unsigned tries;			/* transport and status */
	unsigned auth_tries;		/* 401s in a row */
	unsigned data_tries;		/* wrong bytes */
	int64_t not_before_ms;
	struct outcome outcome;

	/* FETCH_BLOB */
	struct sink *sink;
	struct fetch *pieces;
	unsigned piece_count;
	bool single;			/* not to be divided */
	bool is_spoilt;			/* wrong bytes for the last time */
	enum blob_step settling;

	/* FETCH_PIECE */
	struct fetch *blob, *piece_next;
	bool was_last;			/* asked once more as the only one */
	struct stream stream;
	int64_t opened_ms;
	uint64_t rate;			/* of the one before, bytes a second */
	uint64_t moved;			/* bytes that a try brought */

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

/* fetch_is_asking(f): its request is under way. */
bool fetch_is_asking(const struct fetch *);
void fetch_resume(struct fetch *);

/* fetch_ended: the end handler of every request. */
void fetch_ended(void *, const struct http_reply *);

/* fetch_note(f, reply): keep in ${f} how the try ended, and why. */
void fetch_note(struct fetch *, const struct http_reply *);

/* fetch_again(f): the try that was noted ended badly; back off or fail. */
void fetch_again(struct fetch *);

/* fetch_commit(f, staged): hand it to the committer; then fetch_done. */
void fetch_commit(struct fetch *, struct staged *);

/*
 * local_start(f, spec, handlers): what http_start does, with the layout of
 * --from oci: in the registry's place (local.c).  local_cancel, local_resume:
 * as http_cancel and http_resume.
 */
struct local *local_start(struct fetch *, const struct http_spec *,
    const struct http_handlers *);
void local_cancel(struct local *);
void local_resume(struct local *);

/* fetch_query_done(f, reply): the answer to a query came. */
void fetch_query_done(struct fetch *, const struct http_reply *);
extern const struct http_handlers fetch_query_handlers;

/* fetch_manifest_done(f, reply): the bytes of a manifest came. */
void fetch_manifest_done(struct fetch *, const struct http_reply *);

/* widen(d, source, now_ms): more connections for large blobs, where that moves
 * more bytes (widen.c). */
void widen(struct dispatch *, struct source *, int64_t);

/* --- connections, and who shares them (share.c) ------------------------ */

/* share_has_room(f): can its request begin now, as far as connections go? */
bool share_has_room(const struct fetch *);

/* share_has_room_for_piece(d, source): one more connection for a large blob. */
bool share_has_room_for_piece(const struct dispatch *,
    const struct source *);

/* share_expects_stream(f): its request will share a connection. */
bool share_expects_stream(const struct fetch *);

/* share_may(f): it is small enough to, whatever the server knows. */
bool share_may(const struct fetch *);

/* share_enter, share_leave: its request begins, is no more. */
void share_enter(struct fetch *);
void share_leave(struct fetch *);

/* share_seen(f, reply): learn from an answer. */
void share_seen(struct fetch *, const struct http_reply *);

/* --- how fast, and how much (throttle.c) ------------------------------- */

/* throttle_budget(d, len): how much of that max_bytes leaves. */
size_t throttle_budget(const struct dispatch *, size_t);

/* throttle_admits(p, len): may it come now?  If not, ${p} stands in line. */
bool throttle_admits(struct fetch *, size_t);

/* throttle_took(f, len): so much has come, and counts. */
void throttle_took(struct fetch *, size_t);

/* throttle_leave(f): its request is no more. */
void throttle_leave(struct fetch *);

/* throttle_resume(d): let those go on whose turn has come. */
void throttle_resume(struct dispatch *);
int throttle_timeout_ms(struct dispatch *, int);

/* throttle_in_debt(d): more has come than may; nothing new is to begin. */
bool throttle_in_debt(struct dispatch *);

/* throttle_has_room(d): for one more stream, at the rate that is left for it.
 * throttle_is_short(d): more streams would only share what may come. */
bool throttle_has_room(const struct dispatch *);
bool throttle_is_short(struct dispatch *);

/* --- counted pulls (ration.c) ------------------------------------------ */

/* ration_read, ration_done: with the dispatch. */
void ration_read(struct dispatch *);
void ration_done(struct dispatch *);

/*
 * ration_admits(f, credential): may it begin, as far as pulls are counted?
 * False: it has failed, or waits in its source's queue ${held}.
 */
bool ration_admits(struct fetch *, const struct credential *);

/* ration_leave(f): its request is no more. */
void ration_leave(struct fetch *);

/* ration_seen(f, reply): learn from the answer to a manifest's GET or HEAD. */
void ration_seen(struct fetch *, const struct http_reply *);

/* ration_close(f): the last try of a pull got a 429. */
void ration_close(struct fetch *);

/* ration_when(f, buf): until when; "" if that is not known. */
char *ration_when(const struct fetch *, char buf[QUOTA_WHEN_MAX]);

/* --- blobs and their pieces (fetch_blob.c) ----------------------------- */

void fetch_blob_start(struct fetch *);

/* fetch_blob_can_widen(b): one more connection would have something to do;
 * fetch_blob_widen starts one. */
bool fetch_blob_can_widen(const struct fetch *);
void fetch_blob_widen(struct fetch *);

/* fetch_piece_open(p, spec): choose its range; false: nothing is left, and it
 * is gone. */
bool fetch_piece_open(struct fetch *, struct http_spec *);
void fetch_piece_ended(struct fetch *, const struct http_reply *);
void fetch_piece_fail(struct fetch *);
extern const struct http_handlers fetch_piece_handlers;

/* fetch_withdraw(f): take it out of wherever it is waiting or running. */
void fetch_withdraw(struct fetch *);
void fetch_free(struct fetch *);

/*
 * fetch_login(f, ret): the credential for its repository.  KEYRING_UNKNOWN: the
 * fetch waits in FETCH_NEED_LOGIN.  fetch_login_again(f): what was sent has
 * been refused; true, once for each fetch: start it anew, with what is newer.
 */
enum keyring_found fetch_login(struct fetch *, struct credential *);
bool fetch_login_again(struct fetch *);
void fetch_login_stop(struct dispatch *);

/* fetch_token_*: credentials for the next try.  fetch_authorise returns true if
 * the request can go now. */
bool fetch_authorise(struct fetch *, struct http_spec *,
    struct credential *);
void fetch_challenged(struct fetch *, const struct http_reply *);
void fetch_token_done(struct fetch *, const struct http_reply *);

/* fetch_token_tell(f, e): those who wait for the token of ${f} have it, or
 * cannot have it, for ${e}. */
void fetch_token_tell(struct fetch *, const struct err *);

#endif
