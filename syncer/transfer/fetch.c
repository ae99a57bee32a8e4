/*
 * One request, from the queue to its end: start, judge the answer, try again.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image/media.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/clock.h"
#include "transfer/dispatch_internal.h"

/* A try that moved a blob so far forward does not count as a failure. */
#define PROGRESS_BYTES	(1u << 20)

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

void
fetch_enter(struct fetch *f, enum fetch_state to)
{
	assert(edge_ok[f->state][to]);
	f->state = to;
}

struct fetch *
fetch_new(struct dispatch *d, enum fetch_kind kind, struct source *source,
    const char *repository, const char *reference)
{
	struct fetch *f = xcalloc(1, sizeof(*f));

	f->d = d;
	f->kind = kind;
	f->source = source;
	f->repository = xstrdup(repository);
	f->reference = xstrdup(reference);
	f->all_next = d->all;
	if (d->all != NULL)
		d->all->all_prev = f;
	d->all = f;
	d->fetches++;
	return f;
}

void
fetch_free(struct fetch *f)
{
	if (f->all_prev != NULL)
		f->all_prev->all_next = f->all_next;
	else
		f->d->all = f->all_next;
	if (f->all_next != NULL)
		f->all_next->all_prev = f->all_prev;
	f->d->fetches--;
	sink_free(f->sink);
	if (f->form != NULL)
		explicit_bzero(f->form, strlen(f->form));
	free(f->form);
	free(f->scope);
	free(f->repository);
	free(f->reference);
	free(f);
}

void
fetch_queue(struct fetch *f)
{
	struct queue *q = f->kind == FETCH_BLOB || f->kind == FETCH_PIECE ?
	    &f->source->blobs : &f->source->meta;

	if (f->state != FETCH_QUEUED)
		fetch_enter(f, FETCH_QUEUED);
	/* What has been started before goes on before what has not. */
	if (f->tries + f->auth_tries + f->data_tries > 0 || f->sink != NULL)
		queue_push_front(q, f);
	else
		queue_push_ordered(q, f);
}

/* What stands in a registry's place counts none. */
bool
fetch_is_pull(const struct fetch *f)
{
	return f->d->config.from == NULL && f->d->config.layout == NULL &&
	    (f->kind == FETCH_MANIFEST ||
	    (f->kind == FETCH_RESOLVE && f->with_get));
}

bool
fetch_is_asking(const struct fetch *f)
{
	return f->req != NULL || f->local != NULL;
}

static void
cancel_request(struct fetch *f)
{
	if (f->local != NULL)
		local_cancel(f->local);
	else
		http_cancel(f->req);
}

void
fetch_resume(struct fetch *f)
{
	if (f->local != NULL)
		local_resume(f->local);
	else
		http_resume(f->req);
}

/* What the request was for, before what became of it. */
static void
add_context(struct fetch *f)
{
	switch (f->kind) {
	case FETCH_TOKEN:
		err_wrap(&f->err, "token for %s", f->repository);
		break;
	case FETCH_RESOLVE:
		err_wrap(&f->err, "tag");
		break;
	case FETCH_QUERY:
		err_wrap(&f->err, "%s", f->reference);
		break;
	case FETCH_MANIFEST:
		err_wrap(&f->err, "manifest %s", f->reference);
		break;
	case FETCH_BLOB:
		err_wrap(&f->err, "blob %s", f->reference);
		break;
	case FETCH_PIECE:
		break;
	}
}

void
fetch_fail(struct fetch *f)
{
	struct want *want = f->want;

	fetch_enter(f, FETCH_END);
	add_context(f);
	switch (f->kind) {
	case FETCH_TOKEN:
		f->token->fetch = NULL;
		fetch_token_tell(f, &f->err);
		break;
	case FETCH_RESOLVE:
		f->resolve->end(f->resolve, NULL, &f->err);
		break;
	case FETCH_QUERY:
		f->query->end(f->query, NULL, &f->err);
		break;
	case FETCH_PIECE:
		fetch_piece_fail(f);
		return;
	case FETCH_MANIFEST:
	case FETCH_BLOB:
		want->fetch = NULL;
		want->failed_source = f->source;
		free(want->failed_repository);
		want->failed_repository = xstrdup(f->repository);
		want_end(f->d, want, &f->err);
		break;
	}
	fetch_free(f);
}

void
fetch_done(struct fetch *f)
{
	fetch_enter(f, FETCH_END);
	if (f->kind == FETCH_RESOLVE) {
		f->resolve->end(f->resolve, &f->digest, NULL);
	} else if (f->want != NULL) {
		f->want->fetch = NULL;
		want_end(f->d, f->want, NULL);
	}
	fetch_free(f);
}

struct fetch_commit {
	struct commit commit;
	struct fetch *fetch;
};

static void
commit_done(struct task *task)
{
	struct fetch_commit *c = (struct fetch_commit *)task;
	struct fetch *f = c->fetch;

	f->err = c->commit.err;
	free(c);
	if (f->err.code != ERR_NONE) {
		fetch_fail(f);
		return;
	}
	f->d->stats.objects++;
	fetch_done(f);
}

void
fetch_commit(struct fetch *f, struct staged *staged)
{
	struct fetch_commit *c = xcalloc(1, sizeof(*c));

	fetch_enter(f, FETCH_COMMIT);
	c->fetch = f;
	c->commit.task.done = commit_done;
	c->commit.staged = staged;
	committer_send(f->d->committer, &c->commit);
}

/* --- starting ---------------------------------------------------------- */

static char *
request_url(const struct fetch *f)
{
	if (f->kind == FETCH_QUERY)
		return xstrdup(f->query->url);
	if (f->kind == FETCH_TOKEN)
		return token_url(&f->source->up->challenge, f->scope);
	return upstream_url(f->source->up, f->repository,
	    f->kind == FETCH_PIECE ? "blobs" : "manifests", f->reference);
}

/* Its request is no more. */
static void
off_the_wire(struct fetch *f)
{
	f->req = NULL;
	f->local = NULL;
	share_leave(f);
	if (f->is_probe)
		f->is_probe = f->source->up->probing = false;
	if (f->is_paused)
		queue_remove(&f->d->paused, f);
	f->is_paused = false;
	throttle_leave(f);
	ration_leave(f);
}

void
fetch_ended(void *cookie, const struct http_reply *reply)
{
	struct fetch *f = cookie;
	struct upstream *up = f->source->up;

	share_seen(f, reply);
	off_the_wire(f);
	if (up->auth == UPSTREAM_UNKNOWN && f->kind != FETCH_TOKEN &&
	    reply->status != 0 && reply->status != 401)
		up->auth = UPSTREAM_OPEN;
	f->tries++;
	if (f->d->stopping && f->kind != FETCH_PIECE) {
		err_set(&f->err, ERR_CANCELLED, "interrupted");
		fetch_fail(f);
		return;
	}
	switch (f->kind) {
	case FETCH_TOKEN:
		fetch_token_done(f, reply);
		break;
	case FETCH_RESOLVE:
	case FETCH_MANIFEST:
		fetch_manifest_done(f, reply);
		break;
	case FETCH_QUERY:
		fetch_query_done(f, reply);
		break;
	case FETCH_PIECE:
		fetch_piece_ended(f, reply);
		break;
	case FETCH_BLOB:
		break;
	}
}

static const struct http_handlers plain_handlers = { .end = fetch_ended };

void
fetch_start(struct fetch *f)
{
	struct upstream *up = f->source->up;
	struct http_spec spec = { .config = &up->config };
	struct credential credential = { NULL, NULL, NULL, NULL };
	const struct http_handlers *handlers = &plain_handlers;
	char *url;

	if (f->kind == FETCH_BLOB) {
		fetch_blob_start(f);
		return;
	}
	if (!fetch_authorise(f, &spec, &credential) ||
	    (f->kind == FETCH_PIECE && !fetch_piece_open(f, &spec)) ||
	    !ration_admits(f, &credential)) {
		credential_done(&credential);
		return;
	}
	url = request_url(f);
	spec.url = url;
	spec.accept = MEDIA_ACCEPT;
	spec.body_max = MANIFEST_BYTES_MAX;
	spec.head = f->kind == FETCH_RESOLVE && !f->with_get;
	if (f->kind == FETCH_TOKEN) {
		spec.accept = NULL;
		spec.body_max = TOKEN_BYTES_MAX;
	} else if (f->kind == FETCH_QUERY) {
		spec.accept = f->query->accept;
		spec.bulk = f->query->data != NULL;
		handlers = &fetch_query_handlers;
	} else if (f->kind == FETCH_PIECE) {
		spec.accept = NULL;
		handlers = &fetch_piece_handlers;
	}
	if (up->auth == UPSTREAM_UNKNOWN && f->kind != FETCH_TOKEN)
		f->is_probe = up->probing = true;
	fetch_enter(f, FETCH_RUNNING);
	spec.shares = share_may(f);
	share_enter(f);
	spec.waits = f->is_stream;
	f->d->stats.requests++;
	if (f->d->config.layout != NULL)
		f->local = local_start(f, &spec, handlers);
	else
		f->req = http_start(f->d->http, &spec, handlers, f);
	free(url);
	credential_done(&credential);
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
fetch_withdraw(struct fetch *f)
{
	switch (f->state) {
	case FETCH_QUEUED:
		queue_remove(f->kind == FETCH_PIECE ? &f->source->blobs :
		    &f->source->meta, f);
		break;
	case FETCH_NEED_TOKEN:
		queue_remove(&f->d->waiting, f);
		break;
	case FETCH_NEED_LOGIN:
		queue_remove(&f->d->login.waiting, f);
		break;
	case FETCH_BACKOFF:
		queue_remove(&f->d->delayed, f);
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

/* --- judging ----------------------------------------------------------- */

static int64_t
retry_after(const struct http_reply *reply)
{
	const char *value;

	if (reply->status == 0)
		return -1;
	value = http_header(reply, "retry-after", 0);
	return value == NULL ? -1 : retry_after_parse(value, time(NULL));
}

void
fetch_note(struct fetch *f, const struct http_reply *reply)
{
	struct outcome *o = &f->outcome;

	o->transport = reply->transport;
	o->status = reply->status;
	o->elsewhere = reply->elsewhere;
	o->retry_after_ms = retry_after(reply);
	if (reply->transport != TRANSPORT_OK || reply->refused)
		f->err = reply->err;
	else
		upstream_explain(reply, &f->err);
	/* A signed URL that has run out: the registry makes a new one. */
	if (o->transport == TRANSPORT_OK && o->elsewhere &&
	    (o->status == 400 || o->status == 401 || o->status == 403))
		o->transport = TRANSPORT_BROKEN;
}

/* The reason why the next ones need not even try. */
static void
give_up_on_source(struct fetch *f)
{
	struct upstream *up = f->source->up;
	const struct outcome *o = &f->outcome;

	if (o->elsewhere || f->kind == FETCH_TOKEN || f->d->stopping)
		return;
	if (o->transport == TRANSPORT_OK && o->status != 429)
		return;
	if (o->transport == TRANSPORT_BROKEN)
		return;
	if (o->status == 429 && fetch_is_pull(f)) {
		f->quota->err = f->err;
	} else {
		up->down = true;
		up->down_err = f->err;
	}
}

/* What to do where a registry has had enough of us. */
static void
add_advice(struct fetch *f)
{
	const struct outcome *o = &f->outcome;
	size_t used = strlen(f->err.msg), room = sizeof(f->err.msg) - used;
	char when[QUOTA_WHEN_MAX] = "";

	if (o->transport != TRANSPORT_OK || f->d->stopping)
		return;
	if (o->retry_after_ms > f->source->up->config.retry.wait_max_ms)
		snprintf(f->err.msg + used, room, "; it wants to be left "
		    "alone for %lld s: try again later",
		    (long long)o->retry_after_ms / 1000);
	else if (o->is_pull_limit && ration_when(f, when)[0] != '\0')
		snprintf(f->err.msg + used, room, "; try again at %s, or "
		    "with credentials that are allowed more", when);
	else if (o->status == 429)
		snprintf(f->err.msg + used, room, "; try again later, or "
		    "with credentials that are allowed more");
}

/* A pull limit does not pass while one waits, unless it says so. */
static bool
is_used_up(const struct outcome *o, const struct retry_policy *policy)
{
	return o->transport == TRANSPORT_OK && o->is_pull_limit &&
	    (o->retry_after_ms < 0 || o->retry_after_ms > policy->wait_max_ms);
}

void
fetch_again(struct fetch *f)
{
	struct upstream *up = f->source->up;
	const struct outcome *o = &f->outcome;
	bool progress = f->moved >= PROGRESS_BYTES;
	struct verdict verdict;

	if (progress)
		f->tries = 1;
	verdict = retry_judge(&up->config.retry, o->transport, o->status,
	    o->retry_after_ms, f->tries, progress, arc4random());
	if (is_used_up(o, &up->config.retry))
		verdict.what = RETRY_NEVER;
	if (verdict.what == RETRY_NEVER || f->d->stopping) {
		if (o->transport == TRANSPORT_OK && o->status == 429 &&
		    !o->elsewhere && fetch_is_pull(f))
			ration_close(f);
		add_advice(f);
		give_up_on_source(f);
		fetch_fail(f);
		return;
	}
	f->not_before_ms = clock_ms() + verdict.delay_ms;
	if (verdict.what == RETRY_REGISTRY && !o->elsewhere &&
	    up->not_before_ms < f->not_before_ms)
		up->not_before_ms = f->not_before_ms;
	fetch_enter(f, FETCH_BACKOFF);
	queue_push(&f->d->delayed, f);
}
