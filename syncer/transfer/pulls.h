#ifndef CDR_TRANSFER_PULLS_H
#define CDR_TRANSFER_PULLS_H

#include "registry/http.h"
#include "registry/quota_book.h"
#include "transfer/link/ration.h"
#include "transfer/pool.h"

/*
 * The pulls that registries count: the book of what they have left, kept from
 * run to run in _state/quota.json, and what a request has to do with it.  Times
 * are seconds since 1970.
 */
struct store;
struct status;

struct pulls {
	struct store *store;		/* borrowed, as is: */
	struct pool *pool;
	struct quota_book book;
	bool is_changed;		/* since it was written */
	bool is_writing;
};

/* One request for a manifest. */
struct pull {
	struct quota_entry *entry;	/* that it counts against; NULL: it does
					 * not count */
	unsigned long serial;		/* when it began */
	bool is_spending;		/* it is a pull in flight */
};

/* pulls_init(p, store, pool): with what the last run left.  A book that cannot
 * be read is a warning. */
void pulls_init(struct pulls *, struct store *, struct pool *);
void pulls_done(struct pulls *);

/* pulls_ask(p, pull, registry, account): it is a question to that registry.
 * ${account} "": none. */
void pulls_ask(struct pulls *, struct pull *, const char *, const char *);

/*
 * pulls_begin(pull, keep, e): it is the GET of a manifest: may it begin?  Not
 * where it would leave less than ${keep} for others.  RATION_GO: it has, until
 * pulls_end.  RATION_STOP: ${e} says why.
 */
enum ration_verdict pulls_begin(struct pull *, unsigned, struct err *);

/* pulls_end(pull): it is no more.  Return true if it was one in flight: others
 * may go on. */
bool pulls_end(struct pull *);

/*
 * pulls_seen(p, pull, reply, is_pull): learn from the answer to the GET
 * (${is_pull}) or HEAD of a manifest.  Return true if it is a 429 about pulls,
 * and not about requests of any kind.
 */
bool pulls_seen(struct pulls *, struct pull *, const struct http_reply *, bool);

/* pulls_close(p, pull, is_pull_limit, retry_after_ms): its last try got a 429.
 * pulls_blame(pull, e): those that are not even tried fail for this reason. */
void pulls_close(struct pulls *, struct pull *, bool, int64_t);
void pulls_blame(struct pull *, const struct err *);

/* pulls_when(pull, buf): until when; "" if that is not known.  Return
 * ${buf}. */
char *pulls_when(const struct pull *, char buf[QUOTA_WHEN_MAX]);

/* pulls_keep(p): at the end of a run: tell what waits for more pulls, and until
 * when, and leave that to the next run. */
void pulls_keep(struct pulls *);

/* pulls_tell(p, status): what registries say they have left. */
void pulls_tell(const struct pulls *, struct status *);

#endif
