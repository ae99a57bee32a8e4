#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/mem.h"
#include "registry/helper.h"
#include "report/report.h"
#include "transfer/fetch_login.h"

/* A worker asks one helper. */
struct question {
	struct task task;
	struct traffic *traffic;
	const char *suffix, *server;	/* the keyring's */
	enum helper_end end;
	struct credential answer;
	struct err err;
};

static void
ask(struct task *task)
{
	struct question *q = (struct question *)task;

	q->end = helper_get(q->suffix, q->server, HELPER_TIMEOUT_MS,
	    &q->traffic->login.stop, &q->answer, &q->err);
}

/* What waited goes on; those that wait for another helper come back. */
static void
release(struct traffic *t)
{
	struct queue waiting = { NULL, NULL };
	struct fetch *f;

	queue_move(&t->login.waiting, &waiting);
	while ((f = fetch_of(queue_pop(&waiting))) != NULL) {
		assert(f->state == FETCH_NEED_LOGIN);
		if (f->kind->is_token)
			fetch_urge(f);
		else
			fetch_queue(f);
	}
}

static void
asked(struct task *task)
{
	struct question *q = (struct question *)task;
	struct traffic *t = q->traffic;

	if (q->end == HELPER_FAILED && !t->stopping)
		report(REPORT_WARNING, "%s; going on without it", q->err.msg);
	keyring_answer(t->config.keyring, q->suffix, q->server,
	    q->end == HELPER_ANSWERED ? &q->answer : NULL, clock_ms());
	credential_done(&q->answer);
	free(q);
	release(t);
}

static const char *
whose(const struct fetch *f, const struct site *site)
{
	const struct upstream *up = f->source->up;

	return site == &up->self ? up->whose : site->name;
}

static void
ask_helper(struct fetch *f, const struct site *site)
{
	struct traffic *t = f->traffic;
	struct question *q;
	const char *suffix, *server;

	if (keyring_ask(t->config.keyring, whose(f, site), &suffix, &server)) {
		q = xcalloc(1, sizeof(*q));
		q->task.run = ask;
		q->task.done = asked;
		q->traffic = t;
		q->suffix = suffix;
		q->server = server;
		/* One after the other: workers have other things to do, too. */
		pool_start(t->pool, &t->login.lane, &q->task);
	}
	fetch_enter(f, FETCH_NEED_LOGIN);
	queue_push(&t->login.waiting, &f->queued);
}

static void
read_keyring(struct traffic *t)
{
	struct err e;

	if (keyring_read(t->config.keyring, clock_ms(), &e) == -1)
		report(REPORT_WARNING, "%s; going on with what it said before",
		    e.msg);
}

/* Not for what stands in a registry's place: its upstream has no keyring.  Who
 * the registry is, its owner says; who another host is, only a certificate. */
enum keyring_found
fetch_login_now(struct fetch *f, const struct site *site,
    struct credential *ret)
{
	struct upstream *up = f->source->up;
	enum keyring_found found;

	if (up->keyring == NULL ||
	    (site != &up->self && !site_may_show(site)))
		return KEYRING_NONE;
	read_keyring(f->traffic);
	if (site != &up->self)
		return keyring_find(up->keyring, site->name, f->repository,
		    clock_ms(), ret, &f->login_serial);
	found = upstream_login(up, f->repository, ret, &f->login_serial);
	if (up->fault != NULL && !up->told_fault)
		report(REPORT_WARNING, "config.json: %s: asking %s without it",
		    up->fault, up->config.account);
	up->told_fault |= up->fault != NULL;
	return found;
}

enum keyring_found
fetch_login(struct fetch *f, const struct site *site, struct credential *ret)
{
	enum keyring_found found = fetch_login_now(f, site, ret);

	if (found == KEYRING_UNKNOWN)
		ask_helper(f, site);
	return found;
}

bool
fetch_login_again(struct fetch *f, const struct site *site)
{
	if (f->login_serial == 0 || f->has_login_again)
		return false;
	read_keyring(f->traffic);
	if (!keyring_again(f->source->up->keyring, whose(f, site),
	    f->login_serial, clock_ms()))
		return false;
	f->has_login_again = true;
	f->tries--;		/* a question, not a failure */
	return true;
}

void
fetch_login_stop(struct traffic *t)
{
	atomic_store(&t->login.stop, true);
}
