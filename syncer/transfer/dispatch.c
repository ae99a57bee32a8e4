#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/mem.h"
#include "transfer/dispatch.h"
#include "transfer/elsewhere.h"
#include "transfer/fetch_blob.h"
#include "transfer/fetch_login.h"
#include "transfer/fetch_manifest.h"
#include "transfer/fetch_query.h"
#include "transfer/telling.h"
#include "transfer/turn.h"
#include "transfer/want.h"

/* No wait is longer, so that nothing forgotten waits for ever. */
#define POLL_MAX_MS	1000
#define TICK_MS		1000
#define RATE_MS		5000

struct dispatch {
	const struct registries *registries;
	const char *from;
	struct traffic traffic;
	struct wants wants;
	struct transfer_stats stats;	/* as last asked for, and... */
	char waits[TELLING_WAITS_MAX];
};

/* --- making and ending ------------------------------------------------- */

struct dispatch *
dispatch_new(const struct dispatch_config *config, struct err *e)
{
	struct dispatch *d = xcalloc(1, sizeof(*d));
	const struct traffic_config traffic = {
		.store = config->store,
		.keyring = config->keyring,
		.layout = config->layout,
		.is_mirror = config->from != NULL || config->layout != NULL,
		.limit_rate = config->limit_rate,
		.max_bytes = config->max_bytes,
	};

	d->registries = config->registries;
	d->from = config->from;
	if (traffic_init(&d->traffic, &traffic, e) == -1) {
		free(d);
		return NULL;
	}
	want_init(&d->wants, &d->traffic);
	return d;
}

void
dispatch_free(struct dispatch *d)
{
	if (d == NULL)
		return;
	traffic_done(&d->traffic);
	want_done(&d->wants);
	free(d);
}

static int
config_of(const struct dispatch *d, const char *registry,
    struct registry_config *ret, struct err *e)
{
	return d->from != NULL ?
	    registries_config_from(d->registries, registry, d->from, ret, e) :
	    registries_config(d->registries, registry, ret, e);
}

struct source *
dispatch_source(struct dispatch *d, const char *registry, struct err *e)
{
	struct registry_config config;
	struct source *source = d->traffic.sources, *last;
	size_t count;

	for (; source != NULL; source = source->next)
		if (strcmp(source->up->config.name, registry) == 0)
			return source->first;
	if (config_of(d, registry, &config, e) == -1)
		return NULL;
	source = last = traffic_source(&d->traffic, &config, NULL);
	for (count = 1; !d->traffic.config.is_mirror &&
	    registries_config_at(d->registries, registry, count, &config,
	    e) == 1; count++)
		last = traffic_source(&d->traffic, &config, last);
	return source;
}

struct source *
dispatch_next(const struct source *source)
{
	return source->after;
}

bool
dispatch_is_first(const struct source *source)
{
	return source->first == source;
}

bool
dispatch_is_down(const struct source *source)
{
	return source->up->down;
}

const char *
dispatch_place(const struct source *source)
{
	return source->up->config.account;
}

struct source *
dispatch_elsewhere(struct dispatch *d, const struct source *home,
    const char *url, struct err *e)
{
	struct registry_config config;

	/* Who copies from a disk has reason to leave the network alone. */
	if (d->traffic.config.layout != NULL) {
		err_set(e, ERR_NOT_FOUND, "not in the layout");
		return NULL;
	}
	if (config_of(d, home->up->config.name, &config, e) == -1)
		return NULL;
	return elsewhere_source(&d->traffic, home, &config, url, e);
}

/* --- questions --------------------------------------------------------- */

void
dispatch_want(struct dispatch *d, const struct object *object,
    struct waiter *w)
{
	want_add(&d->wants, object, w);
}

void
dispatch_resolve(struct dispatch *d, struct resolve *r)
{
	r->refusals.weight = 0;
	fetch_manifest_resolve(&d->traffic, r);
}

void
dispatch_query(struct dispatch *d, struct query *q)
{
	fetch_query(&d->traffic, q);
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
	return d->traffic.pool;
}

struct committer *
dispatch_committer(struct dispatch *d)
{
	return d->traffic.committer;
}

/* --- numbers ----------------------------------------------------------- */

const struct transfer_stats *
dispatch_stats(struct dispatch *d)
{
	d->stats = d->traffic.stats;
	d->stats.bytes = d->traffic.throttle.bytes;
	d->stats.running = d->traffic.connections.running;
	return &d->stats;
}

const char *
dispatch_waits(struct dispatch *d)
{
	return telling_waits(&d->traffic, d->waits);
}

uint64_t
dispatch_left(const struct dispatch *d)
{
	uint64_t wanted = d->traffic.stats.wanted_bytes, here = 0;
	const struct fetch *f;

	for (f = d->traffic.all; f != NULL; f = f->all_next)
		if (f->kind->here != NULL)
			here += f->kind->here(f);
	return here > wanted ? 0 : wanted - here;
}

uint64_t
dispatch_promised(const struct dispatch *d)
{
	return dispatch_left(d) + pool_lent_bytes(d->traffic.pool);
}

bool
dispatch_is_wanted(const struct dispatch *d, const struct digest *id)
{
	return want_is_waited_for(&d->wants, id);
}

bool
dispatch_is_spent(const struct dispatch *d)
{
	return throttle_is_spent(&d->traffic.throttle);
}

void
dispatch_keep_quotas(struct dispatch *d)
{
	pulls_keep(&d->traffic.pulls);
}

const struct quota_book *
dispatch_quotas(const struct dispatch *d)
{
	return &d->traffic.pulls.book;
}

void
dispatch_tell_pulls(const struct dispatch *d, struct status *status)
{
	pulls_tell(&d->traffic.pulls, status);
}

/* --- stopping ---------------------------------------------------------- */

static void
drop_queue(struct queue *q)
{
	struct fetch *f;

	while ((f = fetch_of(queue_pop(q))) != NULL) {
		err_set(&f->err, ERR_CANCELLED, "interrupted");
		fetch_fail(f);
	}
}

/* What waits for a request will not get one any more. */
static void
drop_all(struct traffic *t)
{
	struct source *source;

	for (source = t->sources; source != NULL; source = source->next) {
		drop_queue(&source->urgent);
		drop_queue(&source->meta);
		drop_queue(&source->held);
		drop_queue(&source->blobs);
	}
	drop_queue(&t->delayed);
	drop_queue(&t->need_token);
	drop_queue(&t->login.waiting);
}

void
dispatch_stop(struct dispatch *d)
{
	struct fetch *f = d->traffic.all;

	d->traffic.stopping = true;
	fetch_login_stop(&d->traffic);
	while (f != NULL) {
		if (!fetch_is_asking(f)) {
			f = f->all_next;
			continue;
		}
		fetch_cancel(f);
		f = d->traffic.all;	/* others may have ended with it */
	}
	drop_all(&d->traffic);
}

/* --- the pump ---------------------------------------------------------- */

/* What this line can do shows in what it has done. */
static void
rate(struct traffic *t, int64_t now)
{
	unsigned streams = t->connections.running;
	uint64_t rate;

	if (now - t->rated_ms < RATE_MS)
		return;
	rate = (t->throttle.bytes - t->rated_bytes) * 1000 /
	    (uint64_t)(now - t->rated_ms) / (streams > 0 ? streams : 1);
	if (t->rated_ms > 0 && rate > t->best_rate)
		t->best_rate = rate;
	t->rated_ms = now;
	t->rated_bytes = t->throttle.bytes;
}

/* A blob may end its pieces, which are newer and so stand before it: the next
 * one is still there. */
static void
tick(struct traffic *t, int64_t now)
{
	struct fetch *f, *next;

	if (now - t->ticked_ms < TICK_MS)
		return;
	t->ticked_ms = now;
	rate(t, now);
	for (f = t->all; f != NULL; f = next) {
		next = f->all_next;
		if (f->kind->tick != NULL)
			f->kind->tick(f, now);
	}
}

static void
pump(struct traffic *t)
{
	int64_t now = clock_ms();
	struct source *source;
	struct queued *q, *next;
	struct fetch *f;

	tick(t, now);

	for (q = t->delayed.first; q != NULL; q = next) {
		next = q->next;
		f = fetch_of(q);
		if (f->not_before_ms > now)
			continue;
		queue_leave(q);
		if (f->kind->is_token)
			fetch_urge(f);
		else
			fetch_queue(f);
	}
	for (source = t->sources; source != NULL; source = source->next)
		turn_take(t, source, now);
}

static void
resume_paused(struct traffic *t)
{
	struct queue paused = { NULL, NULL };
	struct buffer *b;
	struct fetch *f;

	queue_move(&t->paused, &paused);
	while ((f = fetch_of(queue_pop(&paused))) != NULL) {
		b = pool_buffer(t->pool);
		if (b == NULL) {
			queue_push(&t->paused, &f->queued);
			continue;
		}
		pool_buffer_return(t->pool, b);
		f->is_paused = false;
		fetch_resume(f);
	}
}

static void
resume_throttled(struct traffic *t)
{
	int64_t now = clock_ms();
	struct throttle_stream *s;

	while ((s = throttle_next(&t->throttle, t->connections.running,
	    now)) != NULL)
		fetch_resume(fetch_of_throttled(s));
}

/* Until the first thing that waits for a time. */
static int
timeout(const struct traffic *t, int most_ms)
{
	int64_t now = clock_ms(), first = now + most_ms;
	const struct source *source;
	const struct queued *q;
	const struct fetch *f;

	for (q = t->delayed.first; q != NULL; q = q->next) {
		f = (const struct fetch *)q;
		if (f->not_before_ms < first)
			first = f->not_before_ms;
	}
	for (source = t->sources; source != NULL; source = source->next)
		first = turn_next(source, now, first);
	return first <= now ? 0 : (int)(first - now);
}

void
dispatch_step(struct dispatch *d, int timeout_ms, int fd)
{
	struct traffic *t = &d->traffic;

	if (timeout_ms > POLL_MAX_MS)
		timeout_ms = POLL_MAX_MS;
	if (t->stopping)
		drop_all(t);
	else
		pump(t);
	/* Who is to be told does not wait for the network. */
	if (d->wants.late != NULL)
		timeout_ms = 0;
	timeout_ms = throttle_wait_ms(&t->throttle, t->connections.running,
	    timeout_ms, clock_ms());
	http_poll(t->http, timeout(t, timeout_ms), fd);
	if (pool_reap(t->pool) > 0)
		resume_paused(t);
	want_tell_late(&d->wants);
	resume_throttled(t);
}

bool
dispatch_idle(const struct dispatch *d)
{
	return d->traffic.all == NULL && d->wants.late == NULL &&
	    pool_busy(d->traffic.pool) == 0;
}
