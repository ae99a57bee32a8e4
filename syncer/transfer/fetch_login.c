/* Credentials as they are at this moment, and the helpers that have them. */
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/mem.h"
#include "registry/helper.h"
#include "report/report.h"
#include "transfer/dispatch_internal.h"

/* A worker asks one helper. */
struct question {
	struct task task;
	struct dispatch *d;
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
	    &q->d->login.stop, &q->answer, &q->err);
}

/* What waited goes on; those that wait for another helper come back. */
static void
release(struct dispatch *d)
{
	struct queue waiting = d->login.waiting;
	struct fetch *f;

	d->login.waiting.first = d->login.waiting.last = NULL;
	while ((f = queue_pop(&waiting)) != NULL) {
		if (f->kind == FETCH_TOKEN) {
			fetch_enter(f, FETCH_QUEUED);
			fetch_start(f);
		} else {
			fetch_queue(f);
		}
	}
}

static void
asked(struct task *task)
{
	struct question *q = (struct question *)task;
	struct dispatch *d = q->d;

	if (q->end == HELPER_FAILED && !d->stopping)
		report(REPORT_WARNING, "%s; going on without it", q->err.msg);
	keyring_answer(d->config.keyring, q->suffix, q->server,
	    q->end == HELPER_ANSWERED ? &q->answer : NULL, clock_ms());
	credential_done(&q->answer);
	free(q);
	release(d);
}

static void
ask_helper(struct fetch *f)
{
	struct dispatch *d = f->d;
	struct question *q;
	const char *suffix, *server;

	if (keyring_ask(d->config.keyring, f->source->up->config.name,
	    &suffix, &server)) {
		q = xcalloc(1, sizeof(*q));
		q->task.run = ask;
		q->task.done = asked;
		q->d = d;
		q->suffix = suffix;
		q->server = server;
		/* One after the other: workers have other things to do, too. */
		pool_start(d->pool, &d->login.lane, &q->task);
	}
	fetch_enter(f, FETCH_NEED_LOGIN);
	queue_push(&d->login.waiting, f);
}

static void
read_keyring(struct dispatch *d)
{
	struct err e;

	if (keyring_read(d->config.keyring, clock_ms(), &e) == -1)
		report(REPORT_WARNING, "%s; going on with what it said before",
		    e.msg);
}

enum keyring_found
fetch_login(struct fetch *f, struct credential *ret)
{
	enum keyring_found found;

	if (f->d->config.keyring == NULL)
		return KEYRING_NONE;
	read_keyring(f->d);
	found = keyring_find(f->d->config.keyring,
	    f->source->up->config.name, f->repository, clock_ms(), ret,
	    &f->login_serial);
	if (found == KEYRING_UNKNOWN)
		ask_helper(f);
	return found;
}

bool
fetch_login_again(struct fetch *f)
{
	if (f->login_serial == 0 || f->has_login_again)
		return false;
	read_keyring(f->d);
	if (!keyring_again(f->d->config.keyring, f->source->up->config.name,
	    f->login_serial, clock_ms()))
		return false;
	f->has_login_again = true;
	if (f->form != NULL)
		explicit_bzero(f->form, strlen(f->form));
	free(f->form);
	f->form = NULL;
	f->tries--;		/* a question, not a failure */
	return true;
}

void
fetch_login_stop(struct dispatch *d)
{
	atomic_store(&d->login.stop, true);
}
