/*
 * Posting to children, many at once.  Those that have taken all so far come
 * first and are asked twice; those that have not been there for a while may not
 * hold up a run for long.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "notify/notify_internal.h"
#include "registry/http.h"
#include "report/report.h"

#define TYPE		"application/vnd.docker.distribution.events.v2+json"
#define AT_ONCE		128u
#define STEP_MS		250
#define AGAIN_MS	2000
#define BEHIND_MS	5000
#define ANSWER_BYTES_MAX	(16u << 10)
/* So many are told one by one when they fail. */
#define NAMED_MAX	10u

enum posting_state {
	POST_WAITS,
	POST_RUNS,
	POST_OVER
};

struct posting {
	struct round *round;
	struct notify_child *child;
	enum posting_state state;
	struct http_request *request;
	int64_t not_before_ms;
	unsigned tries;			/* of this body */
	uint64_t upto;			/* when it is taken */
	size_t images;			/* in it */
	size_t told;			/* in those that were taken */
	struct err err;			/* why it is over */
};

struct round {
	struct notify *n;
	struct http *http;
	struct posting *postings;
	unsigned running;
	int64_t end_ms, behind_end_ms;
};

/* What people do about it. */
static void
explain(struct posting *p, long status)
{
	struct err *e = &p->err;

	if (status >= 300 && status < 400)
		err_set(e, ERR_NET, "it answers %ld, and nothing follows a "
		    "redirect, which would get the secret: the url has to be "
		    "where it leads", status);
	else if (status == 401 || status == 403)
		err_set(e, ERR_DENIED, "it answers %ld: the hook there has "
		    "another secret, or another name", status);
	else if (status == 404 || status == 405)
		err_set(e, ERR_NOT_FOUND, "it answers %ld: no hook is at that "
		    "url", status);
	else if (status == 429 || status >= 500)
		err_set(e, ERR_NET, "it answers %ld: its cdr watch is not at "
		    "work, or has too much of it", status);
	else
		err_set(e, ERR_NET, "it answers %ld", status);
}

static bool
may_pass(const struct http_reply *reply)
{
	if (reply->refused)
		return false;
	if (reply->transport != TRANSPORT_OK)
		return reply->transport != TRANSPORT_FATAL;
	return reply->status == 429 || reply->status == 502 ||
	    reply->status == 503 || reply->status == 504;
}

static void
post_taken(struct posting *p)
{
	p->child->taken = p->upto;
	p->told += p->images;
	p->tries = 0;
	p->state = POST_WAITS;
}

static void
on_end(void *cookie, const struct http_reply *reply)
{
	struct posting *p = cookie;

	p->request = NULL;
	p->round->running--;
	if (reply->transport == TRANSPORT_OK && !reply->refused &&
	    reply->status >= 200 && reply->status < 300) {
		post_taken(p);
		return;
	}
	if (reply->transport != TRANSPORT_OK || reply->refused)
		p->err = reply->err;
	else
		explain(p, reply->status);
	if (may_pass(reply) && !p->child->was_behind && p->tries < 2) {
		p->not_before_ms = clock_ms() + AGAIN_MS;
		p->state = POST_WAITS;
	} else {
		p->state = POST_OVER;
	}
}

static void
post_start(struct posting *p)
{
	static const struct http_handlers on = { .end = on_end };
	struct round *round = p->round;
	struct http_spec spec = {
		.url = p->child->url,
		.config = &p->child->config,
		.post_type = TYPE,
		.auth = HTTP_AUTH_BEARER,
		.bearer = p->child->secret,
		.body_max = ANSWER_BYTES_MAX,
	};
	char *body = notify_body(&round->n->queue, p->child->taken, &p->upto,
	    &p->images);

	if (body == NULL) {
		p->state = POST_OVER;
		return;
	}
	spec.post = body;
	p->tries++;
	p->err.code = ERR_NONE;
	p->request = http_start(round->http, &spec, &on, p);
	p->state = POST_RUNS;
	round->running++;
	free(body);
}

static bool
has_time(const struct posting *p, int64_t now)
{
	return now < (p->child->was_behind ? p->round->behind_end_ms :
	    p->round->end_ms);
}

/* Return false when there is nothing left to wait for. */
static bool
step(struct round *round)
{
	int64_t now = clock_ms();
	struct posting *p;
	bool any = false;
	size_t i;

	for (i = 0; i < round->n->count; i++) {
		p = &round->postings[i];
		if (p->state == POST_OVER)
			continue;
		if (!has_time(p, now)) {
			if (p->request != NULL) {
				http_cancel(p->request);
				round->running--;
			}
			p->request = NULL;
			if (p->err.code == ERR_NONE)
				err_set(&p->err, ERR_NET, "no answer in time");
			p->state = POST_OVER;
			continue;
		}
		if (p->state == POST_WAITS && now >= p->not_before_ms &&
		    round->running < AT_ONCE)
			post_start(p);
		any = any || p->state != POST_OVER;
	}
	return any;
}

static size_t
waits_for(const struct notify *n, const struct notify_child *c)
{
	size_t count = 0;

	while (count < n->queue.count &&
	    n->queue.events[n->queue.count - 1 - count]->number > c->taken)
		count++;
	return count;
}

static void
tell_one(const struct round *round, const struct posting *p)
{
	size_t count = waits_for(round->n, p->child);

	report(REPORT_WARNING, "%s has not been told of %zu image%s, which "
	    "the next run does: %s", p->child->name, count,
	    count == 1 ? "" : "s", p->err.msg);
}

static void
tell(const struct round *round)
{
	const struct posting *p;
	size_t i, told = 0, failed = 0;

	for (i = 0; i < round->n->count; i++) {
		p = &round->postings[i];
		if (p->told > 0) {
			told++;
			report(REPORT_DEBUG, "%s has been told of %zu "
			    "image%s", p->child->name, p->told,
			    p->told == 1 ? "" : "s");
		}
		if (p->err.code == ERR_NONE)
			continue;
		if (failed++ < NAMED_MAX)
			tell_one(round, p);
	}
	if (failed > NAMED_MAX)
		report(REPORT_WARNING, "%zu more children have not been told",
		    failed - NAMED_MAX);
	if (told > 0)
		report(REPORT_INFO, "%zu of %zu children have been told what "
		    "is new", told, round->n->count);
}

static bool
is_stopped(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd != -1 && poll(&p, 1, 0) == 1;
}

/* Those that are behind come last, and of them another one first each time:
 * some may answer, and many of the others take all the time there is. */
static void
fill(struct round *round)
{
	struct notify *n = round->n;
	struct posting *p = round->postings;
	struct notify_child *c;
	size_t i, first = n->count > 0 ? (size_t)clock_ms() % n->count : 0;
	int turn;

	for (turn = 0; turn < 2; turn++)
		for (i = 0; i < n->count; i++) {
			c = &n->children[(first + i) % n->count];
			if (c->was_behind != (turn == 1))
				continue;
			p->round = round;
			p->child = c;
			p++;
		}
}

void
notify_post(struct notify *n, int timeout_ms, int stop_fd)
{
	int64_t now = clock_ms();
	struct round round = {
		.n = n,
		.end_ms = now + timeout_ms,
		.behind_end_ms = now + (timeout_ms < BEHIND_MS ? timeout_ms :
		    BEHIND_MS),
	};
	struct err e;

	if (n->queue.count == 0 || is_stopped(stop_fd))
		return;
	round.http = http_new(&e);
	if (round.http == NULL) {
		report(REPORT_WARNING, "children: %s", e.msg);
		return;
	}
	round.postings = xcalloc(n->count + 1, sizeof(*round.postings));
	fill(&round);
	while (step(&round) && !is_stopped(stop_fd))
		http_poll(round.http, STEP_MS, stop_fd);
	http_free(round.http);
	tell(&round);
	free(round.postings);
}
