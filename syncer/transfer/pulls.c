#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layout/mem.h"
#include "layout/store.h"
#include "report/report.h"
#include "report/status.h"
#include "transfer/pulls.h"

#define QUOTA_FILE	"quota.json"

/* --- from run to run --------------------------------------------------- */

void
pulls_init(struct pulls *p, struct store *store, struct pool *pool)
{
	struct err e;
	char *buf;
	size_t len;
	int rc;

	memset(p, 0, sizeof(*p));
	p->store = store;
	p->pool = pool;
	rc = store_read_state(store, QUOTA_FILE, QUOTA_BOOK_BYTES_MAX, &buf,
	    &len, &e);
	if (rc == 1) {
		rc = quota_book_read(&p->book, buf, len, time(NULL), &e);
		if (rc == -1)
			err_wrap(&e, "_state/" QUOTA_FILE);
		free(buf);
	}
	if (rc == -1)
		report(REPORT_WARNING, "%s; it is not used", e.msg);
}

void
pulls_done(struct pulls *p)
{
	quota_book_done(&p->book);
}

struct save {
	struct task task;
	struct pulls *pulls;
	char *text;
	size_t len;
	struct err err;
};

static void
save_run(struct task *task)
{
	struct save *s = (struct save *)task;

	(void)store_write_state(s->pulls->store, QUOTA_FILE, s->text, s->len,
	    &s->err);
}

static void
save_done(struct task *task)
{
	struct save *s = (struct save *)task;

	s->pulls->is_writing = false;
	if (s->err.code != ERR_NONE)
		s->pulls->is_changed = true;	/* once more at the end */
	free(s->text);
	free(s);
}

/* A run that is killed has told the next one all the same. */
static void
save_soon(struct pulls *p)
{
	struct save *s;

	if (p->is_writing)
		return;
	s = xcalloc(1, sizeof(*s));
	s->task.run = save_run;
	s->task.done = save_done;
	s->pulls = p;
	s->text = quota_book_write(&p->book, time(NULL), &s->len);
	p->is_changed = false;
	p->is_writing = true;
	pool_start(p->pool, NULL, &s->task);
}

static void
save_now(struct pulls *p)
{
	struct err e;
	size_t len;
	char *text = quota_book_write(&p->book, time(NULL), &len);

	if (store_write_state(p->store, QUOTA_FILE, text, len, &e) == -1)
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
pulls_keep(struct pulls *p)
{
	const struct quota_entry *n;

	for (n = p->book.entries; n != NULL; n = n->next)
		if (n->quota.refused > 0)
			tell_refused(n);
	if (p->is_changed)
		save_now(p);
	p->is_changed = false;
}

void
pulls_tell(const struct pulls *p, struct status *status)
{
	const struct quota_entry *n;
	struct quota q;
	int64_t now = time(NULL);

	for (n = p->book.entries; n != NULL; n = n->next) {
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

void
pulls_ask(struct pulls *p, struct pull *pull, const char *registry,
    const char *account)
{
	pull->entry = quota_book_of(&p->book, registry, account);
	pull->serial = pull->entry->quota.serial;
}

static void
explain(const struct quota_entry *n, unsigned keep, int64_t now,
    struct err *e)
{
	char when[QUOTA_WHEN_MAX];

	quota_when(&n->quota, now, when);
	if (n->quota.closed && n->err.code != ERR_NONE)
		*e = n->err;
	else if (n->quota.closed)
		err_set(e, ERR_NET, "the registry refused an earlier "
		    "run more pulls until %s: try again then", when);
	else if (when[0] != '\0')
		err_set(e, ERR_NET, "%lld pulls left until %s, "
		    "min_pulls_left keeps %u: try again then",
		    (long long)n->quota.left, when, keep);
	else
		err_set(e, ERR_NET, "%lld pulls left, min_pulls_left "
		    "keeps %u: try again when the registry's window has "
		    "passed", (long long)n->quota.left, keep);
}

enum ration_verdict
pulls_begin(struct pull *pull, unsigned keep, struct err *e)
{
	int64_t now = time(NULL);
	struct quota *q = &pull->entry->quota;
	const struct ration r = {
		.is_closed = quota_is_closed(q, now),
		.left = quota_left(q, now),
		.flight = q->flight,
		.keep = keep,
	};
	enum ration_verdict verdict = ration_judge(&r);

	switch (verdict) {
	case RATION_GO:
		quota_begin(q);
		pull->is_spending = true;
		break;
	case RATION_WAIT:
		break;
	case RATION_STOP:
		q->refused++;
		explain(pull->entry, keep, now, e);
		break;
	}
	return verdict;
}

bool
pulls_end(struct pull *pull)
{
	if (!pull->is_spending)
		return false;
	pull->is_spending = false;
	quota_end(&pull->entry->quota);
	return true;
}

bool
pulls_seen(struct pulls *p, struct pull *pull, const struct http_reply *reply,
    bool is_pull)
{
	struct quota_headers h = { NULL, NULL, NULL };
	bool answered = reply->transport == TRANSPORT_OK;

	/* A 401 would speak of somebody without an account. */
	if (!reply->elsewhere &&
	    (reply->status == 200 || reply->status == 429)) {
		h.limit = http_header(reply, "ratelimit-limit", 0);
		h.remaining = http_header(reply, "ratelimit-remaining", 0);
		h.source = http_header(reply, "docker-ratelimit-source", 0);
	}
	if (quota_seen(&pull->entry->quota, &h, pull->serial,
	    is_pull && answered && reply->status == 200, time(NULL)))
		p->is_changed = true;
	return is_pull && answered && reply->status == 429 &&
	    !reply->elsewhere &&
	    quota_is_pull_limit(reply->body, reply->len, h.remaining);
}

void
pulls_close(struct pulls *p, struct pull *pull, bool is_pull_limit,
    int64_t retry_after_ms)
{
	struct quota *q = &pull->entry->quota;

	quota_close(q, ration_pause_s(is_pull_limit, retry_after_ms),
	    time(NULL));
	q->refused++;
	p->is_changed = true;
	save_soon(p);
}

void
pulls_blame(struct pull *pull, const struct err *e)
{
	pull->entry->err = *e;
}

char *
pulls_when(const struct pull *pull, char buf[QUOTA_WHEN_MAX])
{
	return quota_when(&pull->entry->quota, time(NULL), buf);
}
