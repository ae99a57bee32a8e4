#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "transfer/fetch.h"
#include "transfer/fetch_access.h"
#include "transfer/fetch_tempo.h"
#include "transfer/local.h"

/*
 * From the line (QUEUED) by way of what has to come first (NEED_TOKEN,
 * NEED_LOGIN, PREPARE), each of which leads back to the line, onto the wire
 * (RUNNING); what came goes through SETTLE and COMMIT.  BACKOFF waits for the
 * next try.  Nothing leads out of END.
 */
static const bool edge_ok[FETCH_STATES][FETCH_STATES] = {
	[FETCH_QUEUED] = { [FETCH_NEED_TOKEN] = true,
	    [FETCH_NEED_LOGIN] = true, [FETCH_PREPARE] = true,
	    [FETCH_RUNNING] = true, [FETCH_END] = true },
	[FETCH_NEED_TOKEN] = { [FETCH_QUEUED] = true, [FETCH_END] = true },
	[FETCH_NEED_LOGIN] = { [FETCH_QUEUED] = true, [FETCH_END] = true },
	[FETCH_PREPARE] = { [FETCH_QUEUED] = true, [FETCH_SETTLE] = true,
	    [FETCH_END] = true },
	[FETCH_RUNNING] = { [FETCH_QUEUED] = true, [FETCH_SETTLE] = true,
	    [FETCH_BACKOFF] = true, [FETCH_END] = true },
	[FETCH_SETTLE] = { [FETCH_QUEUED] = true, [FETCH_COMMIT] = true,
	    [FETCH_BACKOFF] = true, [FETCH_END] = true },
	[FETCH_BACKOFF] = { [FETCH_QUEUED] = true, [FETCH_END] = true },
	[FETCH_COMMIT] = { [FETCH_END] = true },
};

/* On the wire, and with the workers, it has a body. */
static bool
has_body(enum fetch_state state)
{
	return state == FETCH_RUNNING || state == FETCH_SETTLE;
}

void
fetch_enter(struct fetch *f, enum fetch_state to)
{
	assert(edge_ok[f->state][to]);
	f->state = to;
	if (has_body(to))
		return;
	memory_give(&f->traffic->memory, f->body_held);
	f->body_held = 0;
}

/* --- being there ------------------------------------------------------- */

void *
fetch_new(size_t size, const struct fetch_kind *kind, struct traffic *t,
    struct source *source, const char *repository, const char *reference)
{
	struct fetch *f = xcalloc(1, size);

	f->kind = kind;
	f->traffic = t;
	f->source = source;
	f->home.site = &source->up->self;
	f->repository = xstrdup(repository);
	f->reference = xstrdup(reference);
	f->all_next = t->all;
	if (t->all != NULL)
		t->all->all_prev = f;
	t->all = f;
	return f;
}

void
fetch_free(struct fetch *f)
{
	assert(f->queued.in == NULL && !fetch_is_asking(f));
	assert(!f->pull.is_spending && !f->throttled.waits);
	assert(f->body_held == 0);
	if (f->all_prev != NULL)
		f->all_prev->all_next = f->all_next;
	else
		f->traffic->all = f->all_next;
	if (f->all_next != NULL)
		f->all_next->all_prev = f->all_prev;
	if (f->kind->done != NULL)
		f->kind->done(f);
	free(f->home.scope);
	free(f->other.scope);
	free(f->refused);
	credential_done(&f->other_login);
	free(f->repository);
	free(f->reference);
	free(f);
}

struct fetch *
fetch_of(struct queued *q)
{
	return (struct fetch *)q;
}

struct fetch *
fetch_of_throttled(struct throttle_stream *s)
{
	return (struct fetch *)((char *)s - offsetof(struct fetch, throttled));
}

/* What stands in a registry's place counts none. */
bool
fetch_is_pull(const struct fetch *f)
{
	return !f->traffic->config.is_mirror && f->kind->is_manifest &&
	    !f->is_head;
}

/* --- standing in line -------------------------------------------------- */

void
fetch_queue(struct fetch *f)
{
	struct source *source = f->source;
	struct queue *q = f->share.kind == SHARE_BLOB ? &source->blobs :
	    &source->meta;

	bool is_refused = f->state == FETCH_BACKOFF && f->refusals > 0;

	if (f->state != FETCH_QUEUED)
		fetch_enter(f, FETCH_QUEUED);
	/* What has been started before goes on before what has not; but what
	 * is refused may be so for reasons of its own, and others are asked
	 * first. */
	if (is_refused)
		queue_push_ordered(q, &f->queued);
	else if (f->tries + f->auth_tries + f->data_tries > 0 || f->is_begun)
		queue_push_front(q, &f->queued);
	else
		queue_push_ordered(q, &f->queued);
}

void
fetch_urge(struct fetch *f)
{
	if (f->state != FETCH_QUEUED)
		fetch_enter(f, FETCH_QUEUED);
	queue_push(&f->source->urgent, &f->queued);
}

void
fetch_delay(struct fetch *f, int64_t until_ms)
{
	fetch_enter(f, FETCH_BACKOFF);
	f->not_before_ms = until_ms;
	queue_push(&f->traffic->delayed, &f->queued);
}

/* --- on the wire ------------------------------------------------------- */

bool
fetch_is_asking(const struct fetch *f)
{
	return f->req != NULL || f->local != NULL;
}

static void
cancel_request(struct fetch *f)
{
	assert(fetch_is_asking(f));
	if (f->local != NULL)
		local_cancel(f->local);
	else
		http_cancel(f->req);
}

void
fetch_resume(struct fetch *f)
{
	assert(f->state == FETCH_RUNNING && fetch_is_asking(f));
	if (f->local != NULL)
		local_resume(f->local);
	else
		http_resume(f->req);
}

void
fetch_pause(struct fetch *f)
{
	if (f->is_paused)
		return;
	f->is_paused = true;
	f->traffic->pauses++;
	queue_push(&f->traffic->paused, &f->queued);
}

uint64_t
fetch_body_need(const struct fetch *f)
{
	return f->is_head ? 0 : f->body_need;
}

bool
fetch_room(void *cookie, size_t bytes)
{
	struct fetch *f = cookie;

	if (bytes <= f->body_held)
		return true;
	if (!memory_grow(&f->traffic->memory, f->body_held, bytes))
		return false;
	f->body_held = bytes;
	return true;
}

/* One pull less is in flight: those that waited for that look again. */
static void
release_held(struct source *source)
{
	struct queued *other;

	while ((other = source->held.last) != NULL) {
		queue_leave(other);
		queue_push_front(&source->meta, other);
	}
}

/* Its request is no more. */
static void
off_the_wire(struct fetch *f)
{
	f->req = NULL;
	f->local = NULL;
	share_leave(&f->source->share, &f->share);
	fetch_tempo_leave(f);
	if (f->is_probe)
		f->is_probe = f->source->up->probing = false;
	if (f->is_paused)
		queue_leave(&f->queued);
	f->is_paused = false;
	throttle_leave(&f->traffic->throttle, &f->throttled);
	if (pulls_end(&f->pull))
		release_held(f->source);
}

static void
learn(struct fetch *f, const struct http_reply *reply)
{
	const struct share_answer answer = {
		.status = reply->status,
		.shared = reply->shared,
		.connected = reply->connected,
		.elsewhere = reply->elsewhere,
	};

	share_seen(&f->source->share, &f->share, &answer);
	fetch_tempo_seen(f, reply);
	if (!f->kind->is_token)
		fetch_access_learn(f, reply);
}

void
fetch_ended(void *cookie, const struct http_reply *reply)
{
	struct fetch *f = cookie;

	learn(f, reply);
	off_the_wire(f);
	throttle_took(&f->traffic->throttle, NULL, reply->received,
	    clock_ms());
	f->tries++;
	if (f->traffic->stopping && !f->kind->is_piece) {
		err_set(&f->err, ERR_CANCELLED, "interrupted");
		fetch_fail(f);
		return;
	}
	f->kind->ended(f, reply);
}

/* --- the end ----------------------------------------------------------- */

void
fetch_fail(struct fetch *f)
{
	fetch_enter(f, FETCH_END);
	f->kind->failed(f);
}

void
fetch_cancel(struct fetch *f)
{
	struct http_reply reply = { .transport = TRANSPORT_BROKEN };

	if (!fetch_is_asking(f))
		return;
	cancel_request(f);
	err_set(&reply.err, ERR_CANCELLED, "interrupted");
	fetch_ended(f, &reply);
}

void
fetch_call_off(struct fetch *f)
{
	f->kind->call_off(f);
}

void
fetch_withdraw(struct fetch *f)
{
	switch (f->state) {
	case FETCH_QUEUED:
	case FETCH_NEED_TOKEN:
	case FETCH_NEED_LOGIN:
	case FETCH_BACKOFF:
		queue_leave(&f->queued);
		break;
	case FETCH_RUNNING:
		cancel_request(f);
		off_the_wire(f);
		break;
	case FETCH_PREPARE:
	case FETCH_SETTLE:
	case FETCH_COMMIT:
	case FETCH_END:
	case FETCH_STATES:
		break;
	}
}

struct fetch_commit {
	struct commit commit;
	struct fetch *fetch;
	void (*done)(struct fetch *);
};

static void
commit_done(struct task *task)
{
	struct fetch_commit *c = (struct fetch_commit *)task;
	struct fetch *f = c->fetch;
	void (*done)(struct fetch *) = c->done;

	f->err = c->commit.err;
	free(c);
	if (f->err.code != ERR_NONE) {
		fetch_fail(f);
		return;
	}
	f->traffic->stats.objects++;
	fetch_enter(f, FETCH_END);
	done(f);
}

void
fetch_commit(struct fetch *f, struct staged *staged,
    void (*done)(struct fetch *))
{
	struct fetch_commit *c = xcalloc(1, sizeof(*c));

	assert(staged != NULL);
	fetch_enter(f, FETCH_COMMIT);
	c->fetch = f;
	c->done = done;
	c->commit.task.done = commit_done;
	c->commit.staged = staged;
	committer_send(f->traffic->committer, &c->commit);
}
