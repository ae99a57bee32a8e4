#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layout/clock.h"
#include "layout/mem.h"
#include "transfer/traffic.h"

/* One for each connection that there can be; a stream that has none waits. */
#define BUFFERS		64u
#define WORKERS_MAX	4

static void
wake(void *cookie)
{
	http_wakeup(cookie);
}

static unsigned
worker_count(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus < 2)
		return 2;	/* one waits for a disk, one hashes */
	return cpus > WORKERS_MAX ? WORKERS_MAX : (unsigned)cpus;
}

int
traffic_init(struct traffic *t, const struct traffic_config *config,
    struct err *e)
{
	memset(t, 0, sizeof(*t));
	t->config = *config;
	t->http = http_new(e);
	if (t->http == NULL ||
	    store_each_partial(config->store, &t->partials, e) == -1) {
		http_free(t->http);
		return -1;
	}
	throttle_init(&t->throttle, config->limit_rate, config->max_bytes,
	    clock_ms());
	t->pool = pool_new(worker_count(), BUFFERS, wake, t->http);
	pulls_init(&t->pulls, config->store, t->pool);
	t->committer = committer_new(config->store, t->pool);
	return 0;
}

static void
source_free(struct source *s)
{
	assert(s->urgent.first == NULL && s->meta.first == NULL &&
	    s->blobs.first == NULL && s->active.first == NULL &&
	    s->held.first == NULL);
	assert(s->share.running == 0 && s->extra == 0);
	upstream_free(s->up);
	free(s);
}

void
traffic_done(struct traffic *t)
{
	struct source *source;

	assert(t->all == NULL);
	committer_free(t->committer);
	pool_free(t->pool);
	http_free(t->http);
	while ((source = t->sources) != NULL) {
		t->sources = source->next;
		source_free(source);
	}
	digest_set_done(&t->partials);
	pulls_done(&t->pulls);
}

struct source *
traffic_source(struct traffic *t, struct registry_config *config,
    struct source *before)
{
	static const struct challenge nothing = { .scheme = CHALLENGE_NONE };
	struct source *source = xcalloc(1, sizeof(*source));
	const struct registry_config *c;

	source->up = upstream_new(config,
	    t->config.is_mirror ? NULL : t->config.keyring);
	if (t->config.layout != NULL)
		site_learn(&source->up->self, "", &nothing);
	c = &source->up->config;
	share_init(&source->share, &t->connections, c->max_connections,
	    t->config.limit_rate > 0);
	width_init(&source->width, share_first(c->max_connections),
	    c->max_blob_connections > c->max_connections ?
	    c->max_blob_connections : 0);
	source->first = before != NULL ? before->first : source;
	if (before != NULL)
		before->after = source;
	source->next = t->sources;
	t->sources = source;
	return source;
}
