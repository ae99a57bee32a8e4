#ifndef CDR_TRANSFER_QUEUE_H
#define CDR_TRANSFER_QUEUE_H

/*
 * Lines in which requests stand.  What stands in one has a struct queued in it;
 * it is in one line at a time, and that is asserted.  No line owns anything.
 */
struct queue;

struct queued {
	struct queued *next, *prev;
	struct queue *in;		/* NULL: in none */
	int priority;			/* higher ones go first */
};

struct queue {
	struct queued *first, *last;
};

void queue_push(struct queue *, struct queued *);
void queue_push_front(struct queue *, struct queued *);

/* queue_push_ordered(q, f): behind all of its priority, before lower ones. */
void queue_push_ordered(struct queue *, struct queued *);

/* queue_pop(q): the first, or NULL. */
struct queued *queue_pop(struct queue *);

/* queue_leave(f): out of the line that it is in. */
void queue_leave(struct queued *);

/* queue_move(from, to): all of ${from}, in its order, into ${to}, which is
 * empty. */
void queue_move(struct queue *from, struct queue *to);

#endif
