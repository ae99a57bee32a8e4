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
#include "transfer/question.h"
#include "transfer/stats.h"

/*
 * Who asks which registry for what, and when: one queue a registry, each
 * missing object once, bounded connections, waiting without sleeping.
 * Everything here is the network thread's.
 */
struct dispatch;

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

struct dispatch *dispatch_new(const struct dispatch_config *, struct err *);

/* dispatch_free(d): nothing may be in flight.  Accepts NULL. */
void dispatch_free(struct dispatch *);

/* dispatch_source(d, registry, e): NULL with ${e} set where the configuration
 * of the registry is wrong. */
struct source *dispatch_source(struct dispatch *, const char *, struct err *);

/*
 * A registry may have several endpoints.  dispatch_source is the first, and a
 * resolve's source becomes the one that has answered.  dispatch_next(source):
 * the endpoint to ask when ${source} does not answer; NULL: none.
 * dispatch_place(source): its host and port.  dispatch_is_down(source): this
 * run has given up on it.
 */
struct source *dispatch_next(const struct source *);
bool dispatch_is_first(const struct source *);
const char *dispatch_place(const struct source *);
bool dispatch_is_down(const struct source *);

/*
 * dispatch_elsewhere(d, home, url, e): where a layer may be that the registry
 * ${home} has not got (quirks.md#foreign-layers): a waiter's source, whose
 * ${repository} is then ${url}.  It is asked without credentials, and may be
 * where ${home} may lead to.  NULL with ${e} set (ERR_NET or ERR_LIMIT).
 */
struct source *dispatch_elsewhere(struct dispatch *, const struct source *,
    const char *, struct err *);

/* dispatch_want(d, object, waiter): ${end} is never called from within. */
void dispatch_want(struct dispatch *, const struct object *, struct waiter *);
void dispatch_resolve(struct dispatch *, struct resolve *);
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

/* Valid until the next call. */
const struct transfer_stats *dispatch_stats(struct dispatch *);

/* dispatch_waits(d): what it waits for, where nothing is in flight.  Valid
 * until the next call. */
const char *dispatch_waits(struct dispatch *);

/* dispatch_left(d): bytes of what is wanted that have not come yet. */
uint64_t dispatch_left(const struct dispatch *);

/* dispatch_promised(d): bytes that the disk still has to take for it: what is
 * left, and what has come and is in buffers, but in no file yet. */
uint64_t dispatch_promised(const struct dispatch *);

/* dispatch_is_wanted(d, id): somebody waits for this object. */
bool dispatch_is_wanted(const struct dispatch *, const struct digest *);

#endif
