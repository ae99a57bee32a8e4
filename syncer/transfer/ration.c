/*
 * Pulls that a registry counts: how many are left, whether one more may begin,
 * and what the next run has to know of it.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layout/mem.h"
#include "report/report.h"
#include "report/status.h"
#include "transfer/dispatch_internal.h"

#define QUOTA_FILE	"quota.json"

/* --- from run to run --------------------------------------------------- */

void
ration_read(struct dispatch *d)
{
	struct err e;
	char *buf;
	size_t len;
	int rc;

	rc = store_read_state(d->config.store, QUOTA_FILE,
	    QUOTA_BOOK_BYTES_MAX, &buf, &len, &e);
	if (rc == 1) {
		rc = quota_book_read(&d->ration.book, buf, len, time(NULL),
		    &e);
		if (rc == -1)
			err_wrap(&e, "_state/" QUOTA_FILE);
		free(buf);
	}
	if (rc == -1)
		report(REPORT_WARNING, "%s; it is not used", e.msg);
}

const struct quota_book *
dispatch_quotas(const struct dispatch *d)
{
	return &d->ration.book;
}

void
ration_done(struct dispatch *d)
{
	quota_book_done(&d->ration.book);
}

struct save {
	struct task task;
	struct dispatch *d;
	char *text;
	size_t len;
	struct err err;
};

static void
save_run(struct task *task)
{
	struct save *s = (struct save *)task;

	(void)store_write_state(s->d->config.store, QUOTA_FILE, s->text,
	    s->len, &s->err);
}

static void
save_done(struct task *task)
{
	struct save *s = (struct save *)task;
	struct ration *r = &s->d->ration;

	r->is_writing = false;
	if (s->err.code != ERR_NONE)
		r->is_changed = true;	/* once more at the end */
	free(s->text);
	free(s);
}

/* A run that is killed has told the next one all the same. */
static void
save_soon(struct dispatch *d)
{
	struct save *s;

	if (d->ration.is_writing)
		return;
	s = xcalloc(1, sizeof(*s));
	s->task.run = save_run;
	s->task.done = save_done;
	s->d = d;
	s->text = quota_book_write(&d->ration.book, time(NULL), &s->len);
	d->ration.is_changed = false;
	d->ration.is_writing = true;
	pool_start(d->pool, NULL, &s->task);
}

static void
save_now(struct dispatch *d)
{
	struct err e;
	size_t len;
	char *text = quota_book_write(&d->ration.book, time(NULL), &len);

	if (store_write_state(d->config.store, QUOTA_FILE, text, len,
	    &e) == -1)
		report(REPORT_WARNING, "%s; the next run has to find out "
		    "anew how many pulls are left", e.msg);
	free(text);
}

static void
tell_refused(const struct quota_entry *n)
{
	char when[QUOTA_WHEN_MAX];
	const struct quota *q = &n->quota;

	if (quota_when(q, time(NULL), when)[0] == '\0')
		report(REPORT_WARNING, "%s: %u manifest%s not fetched, since "
		    "pulls are limited; run again later", n->registry,
		    q->refused, q->refused == 1 ? "" : "s");
	else
		report(REPORT_WARNING, "%s: %u manifest%s not fetched, since "
		    "pulls are limited; run again at %s", n->registry,
		    q->refused, q->refused == 1 ? "" : "s", when);
}

void
dispatch_keep_quotas(struct dispatch *d)
{
	const struct quota_entry *n;

	for (n = d->ration.book.entries; n != NULL; n = n->next)
		if (n->quota.refused > 0)
			tell_refused(n);
	if (d->ration.is_changed)
		save_now(d);
	d->ration.is_changed = false;
}

void
dispatch_tell_pulls(const struct dispatch *d, struct status *status)
{
	const struct quota_entry *n;
	struct quota q;
	int64_t now = time(NULL);

	for (n = d->ration.book.entries; n != NULL; n = n->next) {
		q = n->quota;
		if (!quota_tidy(&q, now))
			continue;
		status_pulls(status, &(struct status_pulls){
			.registry = n->registry,
			.left = q.closed ? 0 : q.left,
			.limit = q.limit,
			.window_s = q.window_s,
			.more_at = quota_next(&q, now),
		});
	}
}

/* --- one request ------------------------------------------------------- */

static void
explain(struct fetch *f, int64_t now)
{
	const struct quota_entry *n = f->quota;
	unsigned keep = f->source->up->config.min_pulls_left;
	char when[QUOTA_WHEN_MAX];

	quota_when(&n->quota, now, when);
	if (n->quota.closed && n->err.code != ERR_NONE)
		f->err = n->err;
	else if (n->quota.closed)
		err_set(&f->err, ERR_NET, "the registry refused an earlier "
		    "run more pulls until %s: try again then", when);
	else if (when[0] != '\0')
		err_set(&f->err, ERR_NET, "%lld pulls left until %s, "
		    "min_pulls_left keeps %u: try again then",
		    (long long)n->quota.left, when, keep);
	else
		err_set(&f->err, ERR_NET, "%lld pulls left, min_pulls_left "
		    "keeps %u: try again when the registry's window has "
		    "passed", (long long)n->quota.left, keep);
}

bool
ration_admits(struct fetch *f, const struct credential *c)
{
	int64_t now = time(NULL);
	struct quota *q;

	if (f->kind != FETCH_RESOLVE && f->kind != FETCH_MANIFEST)
		return true;
	f->quota = quota_book_of(&f->d->ration.book, f->source->up->config.name,
	    c->username == NULL ? "" : c->username);
	q = &f->quota->quota;
	f->quota_serial = q->serial;
	if (!fetch_is_pull(f))
		return true;
	switch (quota_may_spend(q, f->source->up->config.min_pulls_left,
	    now)) {
	case QUOTA_YES:
		break;
	case QUOTA_WAIT:
		queue_push(&f->source->held, f);
		return false;
	case QUOTA_NO:
		q->refused++;
		explain(f, now);
		fetch_fail(f);
		return false;
	}
	quota_begin(q);
	f->is_spending = true;
	return true;
}

void
ration_leave(struct fetch *f)
{
	struct queue *held = &f->source->held;
	struct fetch *other;

	if (!f->is_spending)
		return;
	f->is_spending = false;
	quota_end(&f->quota->quota);
	while ((other = held->last) != NULL) {
		queue_remove(held, other);
		queue_push_front(&f->source->meta, other);
	}
}

void
ration_seen(struct fetch *f, const struct http_reply *reply)
{
	struct quota_headers h = { NULL, NULL, NULL };
	bool got = reply->transport == TRANSPORT_OK && reply->status == 200 &&
	    fetch_is_pull(f);

	f->outcome.is_pull_limit = false;
	/* What stands in a registry's place speaks of itself. */
	if (f->d->config.from != NULL || f->d->config.layout != NULL)
		return;
	if (got)
		f->d->stats.pulls++;
	/* A 401 would speak of somebody without an account. */
	if (!reply->elsewhere &&
	    (reply->status == 200 || reply->status == 429)) {
		h.limit = http_header(reply, "ratelimit-limit", 0);
		h.remaining = http_header(reply, "ratelimit-remaining", 0);
		h.source = http_header(reply, "docker-ratelimit-source", 0);
	}
	if (quota_seen(&f->quota->quota, &h, f->quota_serial, got, time(NULL)))
		f->d->ration.is_changed = true;
	f->outcome.is_pull_limit = reply->transport == TRANSPORT_OK &&
	    reply->status == 429 && !reply->elsewhere && fetch_is_pull(f) &&
	    quota_is_pull_limit(reply->body, reply->len, h.remaining);
}

void
ration_close(struct fetch *f)
{
	const struct outcome *o = &f->outcome;
	struct quota *q = &f->quota->quota;
	int64_t wait_s = 0;

	if (o->is_pull_limit)
		wait_s = o->retry_after_ms > 0 ?
		    (o->retry_after_ms + 999) / 1000 : -1;
	quota_close(q, wait_s, time(NULL));
	q->refused++;
	f->d->ration.is_changed = true;
	save_soon(f->d);
}

char *
ration_when(const struct fetch *f, char buf[QUOTA_WHEN_MAX])
{
	return quota_when(&f->quota->quota, time(NULL), buf);
}
