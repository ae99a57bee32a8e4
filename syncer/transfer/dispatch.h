#ifndef CDR_TRANSFER_DISPATCH_H
#define CDR_TRANSFER_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/store.h"
#include "registry/credentials.h"
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
	const struct credentials *credentials;	/* may be NULL */
};

struct dispatch_stats {
	uint64_t bytes;			/* of manifests and blobs, received */
	uint64_t objects;		/* new in the store */
	uint64_t requests;		/* to registries and token servers */
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
	uint64_t size;			/* of the object, when it is there */
	void (*end)(struct waiter *, const struct err *e);
};
void dispatch_want(struct dispatch *, const struct object *, struct waiter *);

/* What a tag points to upstream. */
struct resolve {
	struct source *source;
	const char *repository, *tag;
	bool with_get;			/* GET, and store what comes: HEAD has
					 * led to nothing */
	void (*end)(struct resolve *, const struct digest *,
	    const struct err *);
};
void dispatch_resolve(struct dispatch *, struct resolve *);

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

const struct dispatch_stats *dispatch_stats(struct dispatch *);

/* dispatch_left(d): bytes of what is wanted that have not come yet. */
uint64_t dispatch_left(const struct dispatch *);

#endif
