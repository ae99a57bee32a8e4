#include <assert.h>
#include <stddef.h>

#include "transfer/queue.h"

/* Between ${before} and what follows it; NULL: in front of all. */
static void
insert(struct queue *q, struct queued *before, struct queued *f)
{
	assert(f->in == NULL);
	f->in = q;
	f->prev = before;
	f->next = before != NULL ? before->next : q->first;
	if (f->next != NULL)
		f->next->prev = f;
	else
		q->last = f;
	if (before != NULL)
		before->next = f;
	else
		q->first = f;
}

void
queue_push(struct queue *q, struct queued *f)
{
	insert(q, q->last, f);
}

void
queue_push_front(struct queue *q, struct queued *f)
{
	insert(q, NULL, f);
}

void
queue_push_ordered(struct queue *q, struct queued *f)
{
	struct queued *before = q->last;

	while (before != NULL && before->priority < f->priority)
		before = before->prev;
	insert(q, before, f);
}

void
queue_leave(struct queued *f)
{
	struct queue *q = f->in;

	assert(q != NULL);
	if (f->prev != NULL)
		f->prev->next = f->next;
	else
		q->first = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	else
		q->last = f->prev;
	f->next = f->prev = NULL;
	f->in = NULL;
}

struct queued *
queue_pop(struct queue *q)
{
	struct queued *f = q->first;

	if (f != NULL)
		queue_leave(f);
	return f;
}

void
queue_move(struct queue *from, struct queue *to)
{
	struct queued *f;

	assert(to->first == NULL);
	while ((f = queue_pop(from)) != NULL)
		queue_push(to, f);
}
