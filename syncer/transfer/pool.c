#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "layout/mem.h"
#include "transfer/pool.h"

struct pool {
	pthread_mutex_t mutex;		/* guards what is below it */
	pthread_cond_t work;
	struct lane *first_lane, *last_lane;	/* those with work to do */
	struct task *ready, **ready_end;	/* tasks without a lane */
	struct task *finished, **finished_end;
	bool stop;

	pthread_t *threads;		/* from here: the network thread's */
	unsigned workers;
	struct buffer *buffers;
	size_t lent;			/* buffers that are elsewhere */
	size_t busy;
	void (*wake)(void *);
	void *cookie;
};

static void
lane_to_end(struct pool *p, struct lane *lane)
{
	lane->next = NULL;
	if (p->last_lane == NULL)
		p->first_lane = lane;
	else
		p->last_lane->next = lane;
	p->last_lane = lane;
}

/* With the mutex held: the next task that may run, or NULL. */
static struct task *
take(struct pool *p)
{
	struct lane *lane = p->first_lane;
	struct task *task = p->ready;

	if (task != NULL) {
		p->ready = task->next;
		if (p->ready == NULL)
			p->ready_end = &p->ready;
		return task;
	}
	if (lane == NULL)
		return NULL;
	p->first_lane = lane->next;
	if (p->first_lane == NULL)
		p->last_lane = NULL;
	task = lane->first;
	assert(task != NULL && lane->busy);
	lane->first = task->next;
	if (lane->first == NULL)
		lane->last = NULL;
	return task;
}

/* With the mutex held.  Return whether the network thread has to be woken. */
static bool
finish(struct pool *p, struct task *task)
{
	bool was_empty = p->finished == NULL;
	struct lane *lane = task->lane;

	if (lane != NULL) {
		if (lane->first != NULL)
			lane_to_end(p, lane);
		else
			lane->busy = false;
	}
	task->next = NULL;
	*p->finished_end = task;
	p->finished_end = &task->next;
	return was_empty;
}

static void *
work(void *cookie)
{
	struct pool *p = cookie;
	struct task *task;
	bool wake;

	pthread_mutex_lock(&p->mutex);
	while (!p->stop) {
		task = take(p);
		if (task == NULL) {
			pthread_cond_wait(&p->work, &p->mutex);
			continue;
		}
		pthread_mutex_unlock(&p->mutex);
		task->run(task);
		pthread_mutex_lock(&p->mutex);
		wake = finish(p, task);
		pthread_mutex_unlock(&p->mutex);
		if (wake)
			p->wake(p->cookie);
		pthread_mutex_lock(&p->mutex);
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

struct pool *
pool_new(unsigned workers, unsigned buffers, void (*wake)(void *),
    void *cookie)
{
	struct pool *p = xcalloc(1, sizeof(*p));
	struct buffer *b;
	unsigned i;

	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->work, NULL);
	p->ready_end = &p->ready;
	p->finished_end = &p->finished;
	p->wake = wake;
	p->cookie = cookie;
	p->lent = buffers;		/* none is here yet */
	for (i = 0; i < buffers; i++) {
		b = xmalloc(sizeof(*b));
		b->is_lent = true;
		pool_buffer_return(p, b);
	}
	p->threads = xcalloc(workers, sizeof(*p->threads));
	for (i = 0; i < workers; i++)
		if (pthread_create(&p->threads[i], NULL, work, p) != 0)
			abort();
	p->workers = workers;
	return p;
}

void
pool_free(struct pool *p)
{
	struct buffer *b;
	unsigned i;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->mutex);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->mutex);
	for (i = 0; i < p->workers; i++)
		pthread_join(p->threads[i], NULL);
	while ((b = p->buffers) != NULL) {
		p->buffers = b->next;
		free(b);
	}
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->mutex);
	free(p->threads);
	free(p);
}

void
pool_start(struct pool *p, struct lane *lane, struct task *task)
{
	task->lane = lane;
	task->next = NULL;
	p->busy++;
	pthread_mutex_lock(&p->mutex);
	if (lane == NULL) {
		*p->ready_end = task;
		p->ready_end = &task->next;
	} else {
		if (lane->last == NULL)
			lane->first = task;
		else
			lane->last->next = task;
		lane->last = task;
		if (!lane->busy) {
			lane->busy = true;
			lane_to_end(p, lane);
		}
	}
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->mutex);
}

void
pool_expect(struct pool *p)
{
	p->busy++;
}

void
pool_post(struct pool *p, struct task *task)
{
	bool wake;

	task->lane = NULL;
	pthread_mutex_lock(&p->mutex);
	wake = finish(p, task);
	pthread_mutex_unlock(&p->mutex);
	if (wake)
		p->wake(p->cookie);
}

size_t
pool_reap(struct pool *p)
{
	struct task *task, *next;
	size_t count = 0;

	pthread_mutex_lock(&p->mutex);
	task = p->finished;
	p->finished = NULL;
	p->finished_end = &p->finished;
	pthread_mutex_unlock(&p->mutex);
	for (; task != NULL; task = next) {
		next = task->next;
		assert(p->busy > 0);
		p->busy--;
		count++;
		task->done(task);
	}
	return count;
}

struct buffer *
pool_buffer(struct pool *p)
{
	struct buffer *b = p->buffers;

	if (b == NULL)
		return NULL;
	assert(!b->is_lent);
	p->buffers = b->next;
	p->lent++;
	b->is_lent = true;
	b->len = 0;
	return b;
}

void
pool_buffer_return(struct pool *p, struct buffer *b)
{
	assert(b->is_lent && p->lent > 0);
	b->is_lent = false;
	b->next = p->buffers;
	p->buffers = b;
	p->lent--;
}

size_t
pool_lent_bytes(const struct pool *p)
{
	return p->lent * BUFFER_BYTES;
}

size_t
pool_busy(const struct pool *p)
{
	return p->busy;
}
