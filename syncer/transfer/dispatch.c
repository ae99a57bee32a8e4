#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layout/mem.h"
#include "layout/clock.h"
#include "transfer/dispatch_internal.h"

/* One for each connection that there can be; a stream that has none waits. */
#define BUFFERS		64u
#define WORKERS_MAX	4
/* No wait is longer, so that nothing forgotten waits for ever. */
#define POLL_MAX_MS	1000

/* --- queues ------------------------------------------------------------ */

void
queue_push(struct queue *q, struct fetch *f)
{
	f->next = NULL;
	f->prev = q->last;
	if (q->last != NULL)
		q->last->next = f;
	else
		q->first = f;
	q->last = f;
}

void
queue_push_front(struct queue *q, struct fetch *f)
{
	f->prev = NULL;
	f->next = q->first;
	if (q->first != NULL)
		q->first->prev = f;
	else
		q->last = f;
	q->first = f;
}

void
queue_push_ordered(struct queue *q, struct fetch *f)
{
	struct fetch *after = q->last;

	while (after != NULL && after->priority < f->priority)
		after = after->prev;
	if (after == q->last) {
		queue_push(q, f);
	} else if (after == NULL) {
		queue_push_front(q, f);
	} else {
		f->prev = after;
		f->next = after->next;
		after->next->prev = f;
		after->next = f;
	}
}

void
queue_remove(struct queue *q, struct fetch *f)
{
	if (f->prev != NULL)
		f->prev->next = f->next;
	else
		q->first = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	else
		q->last = f->prev;
	f->next = f->prev = NULL;
}

struct fetch *
queue_pop(struct queue *q)
{
	struct fetch *f = q->first;

	if (f != NULL)
		queue_remove(q, f);
	return f;
}

/* --- making and ending ------------------------------------------------- */

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

struct dispatch *
dispatch_new(const struct dispatch_config *config, struct err *e)
{
	struct dispatch *d = xcalloc(1, sizeof(*d));

	d->config = *config;
	d->http = http_new(e);
	if (d->http == NULL ||
	    store_each_partial(config->store, &d->partials, e) == -1) {
		http_free(d->http);
		free(d);
		return NULL;
	}
	limit_init(&d->limit, config->limit_rate, clock_ms());
	ration_read(d);
	d->pool = pool_new(worker_count(), BUFFERS, wake, d->http);
	d->committer = committer_new(config->store, d->pool);
	return d;
}

void
dispatch_free(struct dispatch *d)
{
	struct source *source;
	struct digest id;
	size_t at = 0;
	void *want;

	if (d == NULL)
		return;
	assert(d->all == NULL);
	committer_free(d->committer);
	pool_free(d->pool);
	http_free(d->http);
	while ((source = d->sources) != NULL) {
		d->sources = source->next;
		upstream_free(source->up);
		free(source);
	}
	while (digest_set_next(&d->wants, &at, &id, &want))
		want_free(want);
	digest_set_done(&d->wants);
	digest_set_done(&d->partials);
	ration_done(d);
	free(d);
}

static int
configure(const struct dispatch *d, const char *registry,
    struct registry_config *ret, struct err *e)
{
	const struct registries *r = d->config.registries;

	return d->config.from != NULL ?
	    registries_config_from(r, registry, d->config.from, ret, e) :
	    registries_config(r, registry, ret, e);
}

struct source *
dispatch_source(struct dispatch *d, const char *registry, struct err *e)
{
	struct registry_config config;
	struct source *source;

	for (source = d->sources; source != NULL; source = source->next)
		if (strcmp(source->up->config.name, registry) == 0)
			return source;
	if (configure(d, registry, &config, e) == -1)
		return NULL;
	source = xcalloc(1, sizeof(*source));
	/* A mirror is not the registry: it sees no credentials. */
	source->up = upstream_new(&config, d->config.from != NULL ||
	    d->config.layout != NULL ? NULL : d->config.keyring);
	if (d->config.layout != NULL)
		source->up->auth = UPSTREAM_OPEN;
	source->next = d->sources;
	d->sources = source;
	return source;
}

void
dispatch_resolve(struct dispatch *d, struct resolve *r)
{
	struct fetch *f = fetch_new(d, FETCH_RESOLVE, r->source,
	    r->repository, r->tag);

	f->resolve = r;
	f->priority = r->priority;
	f->with_get = r->with_get;
	fetch_queue(f);
}

void
dispatch_query(struct dispatch *d, struct query *q)
{
	struct fetch *f = fetch_new(d, FETCH_QUERY, q->source, q->repository,
	    q->url);

	f->query = q;
	f->priority = q->priority;
	fetch_queue(f);
}

char *
dispatch_url(const struct source *source, const char *repository,
    const char *kind, const char *reference)
{
	return upstream_url(source->up, repository, kind, reference);
}

struct pool *
dispatch_pool(struct dispatch *d)
{
	return d->pool;
}

struct committer *
dispatch_committer(struct dispatch *d)
{
	return d->committer;
}

const struct dispatch_stats *
dispatch_stats(struct dispatch *d)
{
	return &d->stats;
}

/* Of a blob: what has come, in this run or in an earlier one. */
static uint64_t
here(const struct fetch *f)
{
	uint64_t received = f->sink == NULL ? 0 : sink_received(f->sink);
	uint64_t begun = f->want->object.begun;

	return received > begun ? received : begun;
}

uint64_t
dispatch_left(const struct dispatch *d)
{
	uint64_t all = 0;
	const struct fetch *f;

	for (f = d->all; f != NULL; f = f->all_next)
		if (f->kind == FETCH_BLOB)
			all += here(f);
	return all > d->stats.wanted_bytes ? 0 : d->stats.wanted_bytes - all;
}

uint64_t
dispatch_promised(const struct dispatch *d)
{
	return dispatch_left(d) + pool_lent_bytes(d->pool);
}

bool
dispatch_is_wanted(const struct dispatch *d, const struct digest *id)
{
	const struct want *want = digest_set_get(&d->wants, id);

	return want != NULL && want->waiters != NULL;
}

/* --- telling of failures that are known already ------------------------ */

struct late {
	struct task task;
	struct dispatch *d;
	struct want *want;
};

static void
late_run(struct task *task)
{
	(void)task;
}

static void
late_done(struct task *task)
{
	struct late *late = (struct late *)task;
	struct want *want = late->want;
	struct err e = *want->failed_err;

	if (want->fetch == NULL && want->waiters != NULL)
		want_end(late->d, want, &e);
	free(late);
}

void
dispatch_tell_later(struct dispatch *d, struct want *want)
{
	struct late *late = xcalloc(1, sizeof(*late));

	late->task.run = late_run;
	late->task.done = late_done;
	late->d = d;
	late->want = want;
	pool_start(d->pool, NULL, &late->task);
}

/* --- the pump ---------------------------------------------------------- */

/* What is known to fail fails without a request. */
static bool
fail_early(struct source *source, struct fetch *f)
{
	if (!source->up->down)
		return false;
	f->err = source->up->down_err;
	fetch_fail(f);
	return true;
}

/* Small things first; what shares a connection takes none from the blobs. */
static struct fetch *
next_fetch(const struct dispatch *d, struct source *source)
{
	struct fetch *f;

	if (source->up->down) {
		f = queue_pop(&source->meta);
		return f != NULL ? f : queue_pop(&source->blobs);
	}
	f = source->meta.first;
	if (f != NULL && share_has_room(f))
		return queue_pop(&source->meta);
	if (f != NULL && !share_expects_stream(f))
		return NULL;
	f = source->blobs.first;
	if (f != NULL && throttle_has_room(d) && share_has_room(f))
		return queue_pop(&source->blobs);
	return NULL;
}

static void
pump_source(struct dispatch *d, struct source *source, int64_t now)
{
	struct fetch *f;

	if (!source->up->down && throttle_in_debt(d))
		return;
	while (source->up->down || now >= source->up->not_before_ms) {
		f = next_fetch(d, source);
		if (f == NULL)
			break;
		if (!fail_early(source, f))
			fetch_start(f);
	}
	if (now >= source->up->not_before_ms && !throttle_is_short(d))
		widen(d, source, now);
}

static void
pump(struct dispatch *d)
{
	int64_t now = clock_ms();
	struct source *source;
	struct fetch *f, *next;

	for (f = d->delayed.first; f != NULL; f = next) {
		next = f->next;
		if (f->not_before_ms > now)
			continue;
		queue_remove(&d->delayed, f);
		if (f->kind == FETCH_TOKEN) {
			fetch_enter(f, FETCH_QUEUED);
			fetch_start(f);
		} else {
			fetch_queue(f);
		}
	}
	for (source = d->sources; source != NULL; source = source->next)
		pump_source(d, source, now);
}

static void
resume_paused(struct dispatch *d)
{
	struct queue paused = d->paused;
	struct buffer *b;
	struct fetch *f;

	d->paused.first = d->paused.last = NULL;
	while ((f = queue_pop(&paused)) != NULL) {
		b = pool_buffer(d->pool);
		if (b == NULL) {
			queue_push(&d->paused, f);
			continue;
		}
		pool_buffer_return(d->pool, b);
		f->is_paused = false;
		fetch_resume(f);
	}
}

/* Until the first thing that waits for a time. */
static int
timeout(const struct dispatch *d, int most_ms)
{
	int64_t now = clock_ms(), first = now + most_ms;
	const struct source *source;
	const struct fetch *f;

	for (f = d->delayed.first; f != NULL; f = f->next)
		if (f->not_before_ms < first)
			first = f->not_before_ms;
	for (source = d->sources; source != NULL; source = source->next)
		if ((source->meta.first != NULL ||
		    source->blobs.first != NULL) &&
		    source->up->not_before_ms > now &&
		    source->up->not_before_ms < first)
			first = source->up->not_before_ms;
	return first <= now ? 0 : (int)(first - now);
}

static void
drop_queue(struct queue *q)
{
	struct fetch *f;

	while ((f = queue_pop(q)) != NULL) {
		err_set(&f->err, ERR_CANCELLED, "interrupted");
		fetch_fail(f);
	}
}

/* What waits for a request will not get one any more. */
static void
drop_all(struct dispatch *d)
{
	struct source *source;

	for (source = d->sources; source != NULL; source = source->next) {
		drop_queue(&source->meta);
		drop_queue(&source->held);
		drop_queue(&source->blobs);
	}
	drop_queue(&d->delayed);
	drop_queue(&d->waiting);
	drop_queue(&d->login.waiting);
}

void
dispatch_step(struct dispatch *d, int timeout_ms, int fd)
{
	if (timeout_ms > POLL_MAX_MS)
		timeout_ms = POLL_MAX_MS;
	if (d->stopping)
		drop_all(d);
	else
		pump(d);
	timeout_ms = throttle_timeout_ms(d, timeout_ms);
	http_poll(d->http, timeout(d, timeout_ms), fd);
	if (pool_reap(d->pool) > 0)
		resume_paused(d);
	throttle_resume(d);
}

bool
dispatch_idle(const struct dispatch *d)
{
	return d->all == NULL && pool_busy(d->pool) == 0;
}

void
dispatch_stop(struct dispatch *d)
{
	struct fetch *f = d->all;

	d->stopping = true;
	fetch_login_stop(d);
	while (f != NULL) {
		if (!fetch_is_asking(f)) {
			f = f->all_next;
			continue;
		}
		fetch_cancel(f);
		f = d->all;	/* others may have ended with it */
	}
	drop_all(d);
}
