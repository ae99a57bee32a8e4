#ifndef CDR_TRANSFER_DISPATCH_H
#define CDR_TRANSFER_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/store.h"
#include "registry/keyring.h"
#include "registry/ocidir.h"
#include "registry/registries.h"
#include "transfer/committer.h"
#include "transfer/object.h"
#include "transfer/pool.h"

/*
 * Who asks which registry for what, and when: one queue a registry, each
 * missing object once, bounded connections, waiting without sleeping.
 * Everything here is the network thread's.
 */
struct dispatch;

/* One registry in this run. */
struct source;

struct dispatch_config {
	struct store *store;			/* all are borrowed */
	const struct registries *registries;
	struct keyring *keyring;		/* may be NULL */
	const char *from;			/* another CDR, to ask in the
						 * registries' place; or NULL */
	struct ocidir *layout;			/* the same, on this disk */
	uint64_t limit_rate;			/* bytes a second; 0: any */
	uint64_t max_bytes;			/* to be received; 0: any */
};

struct dispatch_stats {
	uint64_t bytes;			/* received: of manifests, blobs, lists
					 * of tags and of referrers */
	uint64_t objects;		/* new in the store */
	uint64_t requests;		/* to registries and token servers */
	uint64_t pulls;			/* manifests that registries handed
					 * out, which some count */
	unsigned running;		/* requests in flight */
	size_t wanted;			/* objects wanted and not yet there */
	uint64_t wanted_bytes;		/* their sizes, as far as known */
};

struct dispatch *dispatch_new(const struct dispatch_config *, struct err *);

/* dispatch_free(d): nothing may be in flight.  Accepts NULL. */
void dispatch_free(struct dispatch *);

/* dispatch_source(d, registry, e): NULL with ${e} set where the configuration
 * of the registry is wrong. */
struct source *dispatch_source(struct dispatch *, const char *, struct err *);

/*
 * Somebody who waits for an object.  The caller owns it, and fills in all but
 * next and size; it may be gone when ${end} returns.  ${end} is never called
 * from within dispatch_want.  ${e} is NULL if the object is in the store, and
 * durable.
 */
struct waiter {
	struct waiter *next;
	struct source *source;
	const char *repository;
	int priority;			/* the first one's decides */
	uint64_t size;			/* of the object, when it is there */
	void (*end)(struct waiter *, const struct err *e);
};
void dispatch_want(struct dispatch *, const struct object *, struct waiter *);

/* What a tag points to upstream. */
struct resolve {
	struct source *source;
	const char *repository, *tag;
	int priority;			/* higher ones go first */
	bool with_get;			/* GET, and store what comes: HEAD has
					 * led to nothing */
	bool optional;			/* a 404 is an answer: no GET then */
	void (*end)(struct resolve *, const struct digest *,
	    const struct err *);
};
void dispatch_resolve(struct dispatch *, struct resolve *);

/*
 * A question to a registry whose answer is no object: a list of tags or of
 * referrers.  The caller owns it and keeps it and its strings until ${end},
 * which is called once, from dispatch_step: with the answer, whatever its
 * status (but what retries mend), or with what went wrong.
 */
struct http_reply;
struct query {
	struct source *source;
	const char *repository, *url, *accept;
	int priority;
	/* NULL: a body of at most MANIFEST_BYTES_MAX comes with the answer.
	 * Else: what a 200 brings, piece by piece, after a call of begin each
	 * time it begins (again); 0, or -1 with ${e} set. */
	void (*begin)(struct query *);
	int (*data)(struct query *, const char *, size_t, struct err *);
	void (*end)(struct query *, const struct http_reply *,
	    const struct err *);
};
void dispatch_query(struct dispatch *, struct query *);

/* dispatch_url(source, repository, kind, reference): free(3) it. */
char *dispatch_url(const struct source *, const char *, const char *,
    const char *);

/* For tasks and commits of others. */
struct pool *dispatch_pool(struct dispatch *);
struct committer *dispatch_committer(struct dispatch *);

/*
 * dispatch_step(d, timeout_ms, fd): start what can be started, wait for
 * something to happen (at most so long; also for ${fd}), and act on it.
 */
void dispatch_step(struct dispatch *, int, int);

/* dispatch_idle(d): nothing is queued, in flight, or with a worker. */
bool dispatch_idle(const struct dispatch *);

/* dispatch_stop(d): no new requests; those in flight end with ERR_CANCELLED,
 * and what they have brought is kept. */
void dispatch_stop(struct dispatch *);

/* dispatch_is_spent(d): max_bytes have come, and no more will: dispatch_stop is
 * what is left to do. */
bool dispatch_is_spent(const struct dispatch *);

/* dispatch_keep_quotas(d): at the end of a run: tell what waits for more pulls,
 * and until when, and leave that to the next run. */
void dispatch_keep_quotas(struct dispatch *);

/* dispatch_quotas(d): what registries still hand out, as far as is known. */
struct quota_book;
const struct quota_book *dispatch_quotas(const struct dispatch *);

/* dispatch_tell_pulls(d, status): what registries say they have left. */
struct status;
void dispatch_tell_pulls(const struct dispatch *, struct status *);

const struct dispatch_stats *dispatch_stats(struct dispatch *);

/* dispatch_left(d): bytes of what is wanted that have not come yet. */
uint64_t dispatch_left(const struct dispatch *);

/* dispatch_promised(d): bytes that the disk still has to take for it: what is
 * left, and what has come and is in buffers, but in no file yet. */
uint64_t dispatch_promised(const struct dispatch *);

/* dispatch_is_wanted(d, id): somebody waits for this object. */
bool dispatch_is_wanted(const struct dispatch *, const struct digest *);

#endif
