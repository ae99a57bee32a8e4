#ifndef CDR_TRANSFER_QUESTION_H
#define CDR_TRANSFER_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/digest.h"
#include "layout/err.h"
#include "registry/answer.h"
#include "transfer/refusals.h"

/*
 * What can be asked of a registry: an object, what a tag points to, a list.
 * Who asks owns the struct, and keeps it until its ${end} is called, once,
 * from dispatch_step.
 */

/* One registry in this run. */
struct source;

/*
 * Somebody who waits for an object.  He fills in all but next and size; the
 * struct may be gone when ${end} returns.  ${e} is NULL if the object is in the
 * store, and durable.
 */
struct waiter {
	struct waiter *next;
	struct source *source;
	const char *repository;
	int priority;			/* the first one's decides */
	uint64_t size;			/* of the object, when it is there */
	void (*end)(struct waiter *, const struct err *e);
};

/* What a tag points to upstream. */
struct resolve {
	struct source *source;
	const char *repository, *tag;
	int priority;			/* higher ones go first */
	bool with_get;			/* GET, and store what comes: HEAD has
					 * led to nothing */
	bool optional;			/* a 404 is an answer: no GET then */
	struct refusals refusals;	/* of the endpoints asked before */
	void (*end)(struct resolve *, const struct digest *,
	    const struct err *);
};

/*
 * A question whose answer is no object: a list of tags or of referrers.  Its
 * strings are kept as it is.  ${end} is told the answer, whatever its status
 * (but what retries mend), or what went wrong.
 */
struct http_reply;
struct query {
	struct source *source;
	enum answer_to to;		/* ..._LIST or ..._REFERRERS */
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

#endif
