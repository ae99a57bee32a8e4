#ifndef CDR_TRANSFER_FETCH_H
#define CDR_TRANSFER_FETCH_H

#include "registry/answer.h"
#include "registry/credentials.h"
#include "registry/site.h"
#include "report/outside.h"
#include "transfer/object.h"
#include "transfer/traffic.h"

/*
 * An attempt at one request: its states, the lines that it stands in, how it
 * ends.  What it is for is its kind's business: fetch_token.h, fetch_manifest.h
 * (and tags), fetch_query.h, fetch_blob.h (and pieces).  They embed a struct
 * fetch as their first member, and fill in what is theirs.
 */
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

#define OUTCOME_HOST_MAX	80u

/* How a try ended, kept while workers settle what it brought. */
struct outcome {
	enum transport transport;
	long status;
	bool elsewhere;
	int64_t retry_after_ms;
	bool is_pull_limit;		/* a 429 about pulls */
	char words[OUTSIDE_WORDS_MAX];	/* of another host: for the log alone */
	char host[OUTCOME_HOST_MAX];	/* who answered so, or was to */
};

/* What a host has been shown, and how it took that: fetch_access.c. */
struct shown {
	struct site *site;		/* NULL: none */
	char *scope;			/* that it wants for this, or NULL */
	bool is_told;			/* it has said what it wants */
	bool is_shown;			/* something was, in this try... */
	unsigned long serial;		/* ... that token, or 0 */
	bool is_renewed;		/* it refused one before */
};

/* What one kind of them does. */
struct fetch_kind {
	bool is_manifest;		/* it asks for one, and for nothing that
					 * is large */
	bool is_token;			/* it asks a token server */
	bool is_piece;			/* what has come is kept when a run is
					 * stopped */
	const struct http_handlers *handlers;

	/* NULL, or: it sends no request, but does this. */
	void (*start)(struct fetch *);

	/* Its turn has come: fill in the question.  Return the URL, free(3) it;
	 * or NULL if there is nothing left to ask, and it is gone. */
	char *(*open)(struct fetch *, struct http_spec *);

	/* The answer, or what there is instead, has come. */
	void (*ended)(struct fetch *, const struct http_reply *);

	/* It is in FETCH_END for the reason in its err: tell who waits, and
	 * fetch_free it. */
	void (*failed)(struct fetch *);

	/* NULL, or: what the kind has in it is no more. */
	void (*done)(struct fetch *);

	/* NULL, or: bytes of it that are here. */
	uint64_t (*here)(const struct fetch *);

	/* NULL, or: a second has passed.  It may end. */
	void (*tick)(struct fetch *, int64_t now_ms);

	/* NULL, or: what registry/answer.h has to know of such a request. */
	unsigned (*facts)(const struct fetch *);

	/* NULL, or: see fetch_call_off. */
	void (*call_off)(struct fetch *);
};

/* Room for an answer of which nobody has told how large it is. */
#define BODY_NEED	((uint64_t)64 << 10)

struct fetch {
	struct queued queued;		/* first: a queue holds these */
	struct fetch *all_next, *all_prev;
	const struct fetch_kind *kind;
	struct traffic *traffic;
	struct source *source;
	enum fetch_state state;
	char *repository, *reference;
	enum answer_to to;		/* what it asks for */
	bool is_head;			/* of a manifest: not a pull */
	bool is_begun;			/* it has something to go on with */

	/* on the wire */
	struct http_request *req;	/* or: */
	struct local *local;
	struct share_request share;
	struct throttle_stream throttled;
	struct tempo_request tempo, tempo_elsewhere;
	struct pull pull;
	bool is_probe, is_paused;
	uint64_t body_need;		/* room in memory to begin with */
	uint64_t body_held;		/* what it has of it */

	/* credentials: fetch_access.c, fetch_token.c, fetch_login.c */
	struct shown home, other;	/* the registry; where it sends us */
	struct credential other_login;	/* while it is being shown */
	struct token *awaited;		/* in FETCH_NEED_TOKEN */
	unsigned token_waits;		/* in a row */
	unsigned long login_serial;	/* of the credential sent, or 0 */
	bool has_login_again;		/* it was refused, and asked for anew */
	bool is_cold;			/* ask the registry without */
	bool was_cold;			/* which it has refused */
	char *refused;			/* the token that there is none of, for
					 * that reason: */
	struct err refused_err;

	unsigned tries;			/* transport and status */
	unsigned refusals;		/* 429, 503: fetch_tempo.c; and at the
					 * last one... */
	uint64_t answers_seen;		/* ... what others had got */
	unsigned auth_tries;		/* 401s in a row */
	unsigned data_tries;		/* wrong bytes */
	int64_t not_before_ms;
	uint64_t moved;			/* bytes that a try brought */
	struct outcome outcome;
	struct err err;
};

/* Who wants an object fetched; he is told once, just before the fetch is gone:
 * how many bytes it has, or ${e}. */
struct fetch_order {
	const struct object *object;	/* borrowed, until then */
	void (*end)(void *owner, struct fetch *, uint64_t bytes,
	    const struct err *e);
	/* Before that, once: it is slow, and may be asked for elsewhere. */
	void (*slow)(void *owner);
	void *owner;
	bool is_rival;			/* another one is at it already */
};

/* fetch_new(size, kind, traffic, source, repository, reference): ${size} bytes,
 * which begin with a struct fetch; copies the strings.  fetch_queue it after
 * filling in the rest. */
void *fetch_new(size_t, const struct fetch_kind *, struct traffic *,
    struct source *, const char *, const char *);

/* fetch_free(f): it is in no line and not on the wire. */
void fetch_free(struct fetch *);

/* fetch_of(queued): whose it is; NULL for NULL. */
struct fetch *fetch_of(struct queued *);

/* fetch_of_throttled(s): whose stream it is. */
struct fetch *fetch_of_throttled(struct throttle_stream *);

/* fetch_enter(f, state): the edges that there are, are in a table. */
void fetch_enter(struct fetch *, enum fetch_state);

/* fetch_queue(f): in the line for its turn.  fetch_urge(f): it has its turn
 * already, and goes before all others. */
void fetch_queue(struct fetch *);
void fetch_urge(struct fetch *);

/* fetch_delay(f, until_ms): in no line before that. */
void fetch_delay(struct fetch *, int64_t);

/* fetch_is_pull(f): the GET of a manifest, which registries count. */
bool fetch_is_pull(const struct fetch *);

/* fetch_is_asking(f): its request is under way.  fetch_resume(f): go on with
 * it after a pause. */
bool fetch_is_asking(const struct fetch *);
void fetch_resume(struct fetch *);

/* fetch_pause(f): until there are buffers again. */
void fetch_pause(struct fetch *);

/* fetch_ended: the end handler of every request. */
void fetch_ended(void *, const struct http_reply *);

/* fetch_fail(f): end it for the reason in f->err. */
void fetch_fail(struct fetch *);

/* fetch_room(f, bytes): the room handler of requests whose body is kept in
 * memory; see http.h.  fetch_body_need(f): the room that it begins with. */
bool fetch_room(void *, size_t);
uint64_t fetch_body_need(const struct fetch *);

/* fetch_cancel(f): end its request, if there is one, as interrupted. */
void fetch_cancel(struct fetch *);

/* fetch_call_off(f): what it is for has come from elsewhere.  It comes to its
 * end, soon or before this returns, and what it has brought goes. */
void fetch_call_off(struct fetch *);

/* fetch_withdraw(f): take it out of wherever it is waiting or running. */
void fetch_withdraw(struct fetch *);

/* fetch_commit(f, staged, done): hand ${staged} over for a name.  ${done} is
 * called where that went well; else the fetch fails. */
void fetch_commit(struct fetch *, struct staged *,
    void (*done)(struct fetch *));

#endif
