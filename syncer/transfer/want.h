#ifndef CDR_TRANSFER_WANT_H
#define CDR_TRANSFER_WANT_H

#include "transfer/object.h"
#include "transfer/question.h"
#include "transfer/traffic.h"

/* One that is slow may have rivals. */
#define WANT_ATTEMPTS_MAX	3u

/*
 * The objects of a run that somebody wants: each is fetched once, whoever wants
 * it, wherever it comes from.
 */
struct wants {
	struct traffic *traffic;	/* borrowed */
	struct digest_set by_digest;	/* struct want */
	struct want *late;		/* those whose failure is to be told */
};

void want_init(struct wants *, struct traffic *);

/* want_done(w): nobody may wait any more. */
void want_done(struct wants *);

/* want_add(w, object, waiter): see dispatch_want. */
void want_add(struct wants *, const struct object *, struct waiter *);

/* want_tell_late(w): tell those who asked for what had failed before. */
void want_tell_late(struct wants *);

/* want_is_waited_for(w, id): somebody waits for this object. */
bool want_is_waited_for(const struct wants *, const struct digest *);

#endif
