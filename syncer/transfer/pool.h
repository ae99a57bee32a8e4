#ifndef CDR_TRANSFER_POOL_H
#define CDR_TRANSFER_POOL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The threads that wait for disks and hash, so that the network thread never
 * does; and the fixed set of buffers between the two, which bounds memory
 * whatever is transferred.
 */
struct pool;

/*
 * One piece of work, owned by whoever starts it.  ${run} is called on a worker,
 * then ${done} on the network thread, by pool_reap.
 */
struct task {
	struct task *next;
	struct lane *lane;
	void (*run)(struct task *);
	void (*done)(struct task *);
};

/* Tasks of one lane run one after the other, in the order of pool_start. */
struct lane {
	struct task *first, *last;
	struct lane *next;
	bool busy;
};

#define BUFFER_BYTES	((size_t)64 << 10)

struct buffer {
	struct buffer *next;
	bool is_lent;			/* somebody has it */
	size_t len;
	unsigned char bytes[BUFFER_BYTES];
};

/*
 * pool_new(workers, buffers, wake, cookie): ${wake} is called from any thread
 * when there is something to reap.
 */
struct pool *pool_new(unsigned, unsigned, void (*)(void *), void *);

/* pool_free(p): waits for the workers; what has not run is dropped. */
void pool_free(struct pool *);

/* pool_start(p, lane, task): ${lane} NULL: in no order. */
void pool_start(struct pool *, struct lane *, struct task *);

/*
 * For work that another thread does: pool_expect counts it as busy,
 * pool_post, called by that thread, hands it to ${done}.
 */
void pool_expect(struct pool *);
void pool_post(struct pool *, struct task *);

/* pool_reap(p): call ${done} of all that has run.  Return how many. */
size_t pool_reap(struct pool *);

/* The network thread's alone.  NULL: none left, wait for a pool_reap. */
struct buffer *pool_buffer(struct pool *);
void pool_buffer_return(struct pool *, struct buffer *);

/* pool_lent_bytes(p): what the buffers hold at most that are not here. */
size_t pool_lent_bytes(const struct pool *);

/* pool_busy(p): tasks started and not reaped. */
size_t pool_busy(const struct pool *);

#endif
