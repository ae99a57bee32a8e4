#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "layout/mem.h"
#include "transfer/committer.h"

/* Open files in one round; more just wait for the next. */
#define ROUND_MAX	256

struct committer {
	struct store *store;
	struct pool *pool;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t work;
	struct commit *first, **end;	/* guarded by mutex */
	bool stop;			/* guarded by mutex */
};

static void
commit_objects(struct committer *c, struct commit **round, size_t count)
{
	struct staged *staged[ROUND_MAX];
	struct err *results[ROUND_MAX];
	size_t i;

	for (i = 0; i < count; i++) {
		staged[i] = round[i]->staged;
		results[i] = &round[i]->err;
	}
	store_commit(c->store, staged, count, results);
}

static void
publish_images(struct committer *c, struct commit **round, size_t count)
{
	struct publication *publications;
	struct err e = { .code = ERR_NONE };
	size_t i;

	if (count == 0)
		return;
	publications = xcalloc(count, sizeof(*publications));
	for (i = 0; i < count; i++)
		publications[i] = round[i]->publication;
	(void)store_publish(c->store, publications, count, &e);
	for (i = 0; i < count; i++)
		round[i]->err = e;
	/* One that cannot be published does not take the others along. */
	for (i = 0; i < count && count > 1 && e.code != ERR_NONE &&
	    e.code != ERR_STORE; i++) {
		round[i]->err.code = ERR_NONE;
		(void)store_publish(c->store, &publications[i], 1,
		    &round[i]->err);
	}
	/* What it says of holds. */
	for (i = 0; i < count; i++)
		round[i]->publication = publications[i];
	free(publications);
}

/* With the mutex held: up to ROUND_MAX, objects from the front of ${round},
 * images from its end. */
static void
take_round(struct committer *c, struct commit **round, size_t *ret_objects,
    size_t *ret_images)
{
	size_t objects = 0, images = 0;
	struct commit *commit;

	while (c->first != NULL && objects + images < ROUND_MAX) {
		commit = c->first;
		c->first = commit->next;
		if (commit->staged != NULL)
			round[objects++] = commit;
		else
			round[ROUND_MAX - ++images] = commit;
	}
	if (c->first == NULL)
		c->end = &c->first;
	*ret_objects = objects;
	*ret_images = images;
}

static void
do_round(struct committer *c)
{
	struct commit *round[ROUND_MAX];
	size_t objects, images, i;

	take_round(c, round, &objects, &images);
	pthread_mutex_unlock(&c->mutex);
	commit_objects(c, round, objects);
	publish_images(c, round + ROUND_MAX - images, images);
	for (i = 0; i < objects; i++)
		pool_post(c->pool, &round[i]->task);
	for (i = ROUND_MAX - images; i < ROUND_MAX; i++)
		pool_post(c->pool, &round[i]->task);
	pthread_mutex_lock(&c->mutex);
}

static void *
run(void *cookie)
{
	struct committer *c = cookie;

	pthread_mutex_lock(&c->mutex);
	for (;;) {
		if (c->first != NULL)
			do_round(c);
		else if (c->stop)
			break;
		else
			pthread_cond_wait(&c->work, &c->mutex);
	}
	pthread_mutex_unlock(&c->mutex);
	return NULL;
}

struct committer *
committer_new(struct store *store, struct pool *pool)
{
	struct committer *c = xcalloc(1, sizeof(*c));

	c->store = store;
	c->pool = pool;
	c->end = &c->first;
	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->work, NULL);
	if (pthread_create(&c->thread, NULL, run, c) != 0)
		abort();
	return c;
}

void
committer_free(struct committer *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->mutex);
	c->stop = true;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->mutex);
	pthread_join(c->thread, NULL);
	pthread_cond_destroy(&c->work);
	pthread_mutex_destroy(&c->mutex);
	free(c);
}

void
committer_send(struct committer *c, struct commit *commit)
{
	/* An object, or an image: not both. */
	assert((commit->staged == NULL) !=
	    (commit->publication.repository == NULL));
	commit->next = NULL;
	commit->err.code = ERR_NONE;
	pool_expect(c->pool);
	pthread_mutex_lock(&c->mutex);
	*c->end = commit;
	c->end = &commit->next;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->mutex);
}
