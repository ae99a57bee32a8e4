#ifndef CDR_TRANSFER_COMMITTER_H
#define CDR_TRANSFER_COMMITTER_H

#include "layout/store.h"
#include "transfer/pool.h"

/*
 * The one thread that gives names: it takes all that is waiting in one go, so
 * that many small objects share one round of fsync.
 */
struct committer;

/*
 * One thing to make durable: an object (staged) or an image (publication).
 * Owned by whoever sends it; ${task.done} is called on the network thread when
 * it is done, with ${err.code} ERR_NONE if it went well.
 */
struct commit {
	struct task task;
	struct commit *next;
	struct staged *staged;		/* taken; or NULL: */
	struct publication publication;	/* what it points to is borrowed */
	struct err err;
};

struct committer *committer_new(struct store *, struct pool *);

/* committer_free(c): ends when all that was sent is done.  Accepts NULL. */
void committer_free(struct committer *);
void committer_send(struct committer *, struct commit *);

#endif
