#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "report/report.h"
#include "transfer/fetch_again.h"
#include "transfer/fetch_denied.h"
#include "transfer/fetch_tempo.h"
#include "transfer/telling.h"

/* A try that moved a blob so far forward does not count as a failure. */
#define PROGRESS_BYTES	(1u << 20)
/* Of a request, where there is another endpoint to ask. */
#define TRIES_BEFORE_NEXT	2u

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
fetch_again_note(struct fetch *f, const struct http_reply *reply)
{
	struct outcome *o = &f->outcome;

	o->transport = reply->transport;
	o->status = reply->status;
	o->elsewhere = reply->elsewhere;
	telling_who(f, reply);
	o->retry_after_ms = retry_after(reply);
	o->words[0] = '\0';
	if (reply->transport != TRANSPORT_OK || reply->refused)
		f->err = reply->err;
	else if (f->kind->is_token || reply->elsewhere) {
		upstream_status(reply, &f->err);
		upstream_words(reply, o->words);
	} else {
		upstream_explain(reply, &f->err);
	}
	if (o->transport == TRANSPORT_OK &&
	    answer_judge(f->to, o->status, o->elsewhere ? ANSWER_ELSEWHERE :
	    0) == ANSWER_START)
		o->transport = TRANSPORT_BROKEN;
}

/* A pull limit does not pass while one waits, unless it says so. */
static bool
is_used_up(const struct outcome *o, const struct retry_policy *policy)
{
	return o->transport == TRANSPORT_OK && o->is_pull_limit &&
	    (o->retry_after_ms < 0 || o->retry_after_ms > policy->wait_max_ms);
}

static bool
has_progress(const struct fetch *f)
{
	return f->moved >= PROGRESS_BYTES;
}

/* A try that moved a blob far forward counts as the first again; where somebody
 * has too many requests it is all of them that count. */
static unsigned
tries_of(const struct fetch *f)
{
	if (has_progress(f))
		return 1;
	return fetch_tempo_is_refusal(&f->outcome) ? fetch_tempo_tries(f) :
	    f->tries;
}

/* Rather than wait for this endpoint, the next one is asked. */
static bool
is_for_next(const struct fetch *f)
{
	return f->source->after != NULL &&
	    (f->outcome.transport == TRANSPORT_CONNECT ||
	    tries_of(f) >= TRIES_BEFORE_NEXT);
}

static struct verdict
judge(const struct fetch *f)
{
	const struct retry_policy *policy = &f->source->up->config.retry;
	const struct outcome *o = &f->outcome;
	bool progress = has_progress(f);
	struct verdict verdict;

	verdict = retry_judge(policy, o->transport, o->status,
	    o->retry_after_ms, tries_of(f), progress, arc4random());
	if (is_used_up(o, policy) || (!progress && is_for_next(f)) ||
	    f->traffic->stopping)
		verdict.what = RETRY_NEVER;
	return verdict;
}

static bool
wants_rest(const struct fetch *f)
{
	return f->outcome.retry_after_ms >
	    f->source->up->config.retry.wait_max_ms;
}

enum answer_way
fetch_again_way(struct fetch *f, const struct http_reply *reply)
{
	unsigned facts = reply->elsewhere ? ANSWER_ELSEWHERE : 0;
	enum answer_way way;

	/* What went well may be large, and has no reason in it; a part of what
	 * was asked for as a whole did not. */
	if (reply->status == 200 || reply->status == 206) {
		way = answer_judge(f->to, reply->status, facts);
		if (way != ANSWER_FAIL)
			return way;
	}
	fetch_again_note(f, reply);
	if (reply->status == 401)
		facts |= fetch_denied_facts(f, reply);
	if (f->kind->facts != NULL)
		facts |= f->kind->facts(f);
	if (judge(f).what == RETRY_NEVER && !wants_rest(f))
		facts |= ANSWER_LAST;
	return answer_judge(f->to, reply->status, facts);
}

/* The reason why the next ones need not even try. */
static void
give_up_on_source(struct fetch *f)
{
	struct upstream *up = f->source->up;
	const struct outcome *o = &f->outcome;

	if (o->elsewhere || f->traffic->stopping ||
	    (f->kind->is_token && f->source->after == NULL))
		return;
	if (o->transport == TRANSPORT_OK && o->status != 429)
		return;
	if (o->transport == TRANSPORT_BROKEN)
		return;
	if (o->status == 429 && fetch_is_pull(f)) {
		pulls_blame(&f->pull, &f->err);
	} else if (o->status != 429 || wants_rest(f) ||
	    !fetch_tempo_is_alone(f)) {
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

	if (o->transport != TRANSPORT_OK || f->traffic->stopping)
		return;
	if (wants_rest(f))
		snprintf(f->err.msg + used, room, "; it wants to be left "
		    "alone for %lld s: try again later",
		    (long long)o->retry_after_ms / 1000);
	else if (o->is_pull_limit && pulls_when(&f->pull, when)[0] != '\0')
		snprintf(f->err.msg + used, room, "; try again at %s, or "
		    "with credentials that are allowed more", when);
	else if (o->status == 429)
		snprintf(f->err.msg + used, room, "; try again later, or "
		    "with credentials that are allowed more, or set a larger "
		    "max_tries for this registry");
}

static void
give_up(struct fetch *f)
{
	const struct outcome *o = &f->outcome;

	if (o->transport == TRANSPORT_OK && o->status == 429 &&
	    !o->elsewhere && fetch_is_pull(f))
		pulls_close(&f->traffic->pulls, &f->pull, o->is_pull_limit,
		    o->retry_after_ms);
	add_advice(f);
	/* The log alone has them: status files are for all to read. */
	if (o->transport != TRANSPORT_CONNECT && o->words[0] != '\0')
		report(REPORT_WARNING, "%s/%s: the %s that answers %ld says: "
		    "%s", f->source->up->config.name, f->repository,
		    f->kind->is_token ? "token server" : "other host",
		    o->status, o->words);
	give_up_on_source(f);
	fetch_fail(f);
}

void
fetch_again_with_room(struct fetch *f)
{
	f->tries--;
	f->body_need = MANIFEST_BYTES_MAX;
	fetch_queue(f);
}

void
fetch_again(struct fetch *f)
{
	const struct outcome *o = &f->outcome;
	struct verdict verdict = judge(f);
	int64_t until_ms;

	f->tries = tries_of(f);
	if (verdict.what == RETRY_NEVER) {
		give_up(f);
		return;
	}
	if (fetch_tempo_is_refusal(o))
		fetch_tempo_refused(f, &verdict);
	until_ms = clock_ms() + verdict.delay_ms;
	telling_again(f, verdict.delay_ms);
	fetch_delay(f, until_ms);
}

void
fetch_again_by(struct fetch *f, const struct http_reply *reply,
    enum answer_way way)
{
	if (way == ANSWER_CHALLENGE || way == ANSWER_RENEW ||
	    way == ANSWER_WITHOUT ||
	    (way == ANSWER_FAIL && reply->status == 401))
		fetch_denied_go(f, reply, way);
	else
		fetch_again(f);
}
