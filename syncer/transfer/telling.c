#include <stdio.h>
#include <string.h>

#include "layout/clock.h"
#include "report/report.h"
#include "transfer/fetch_tempo.h"
#include "transfer/telling.h"

/* Who waits for less sees nothing of it. */
#define TOLD_MS		500
/* And who waits for less while others work. */
#define NOTED_MS	2000
#define SECONDS_MAX	24u

static const char *
seconds(int64_t ms, char buf[SECONDS_MAX])
{
	if (ms < 10000)
		snprintf(buf, SECONDS_MAX, "%.1f s", (double)ms / 1000);
	else
		snprintf(buf, SECONDS_MAX, "%lld s",
		    (long long)(ms + 500) / 1000);
	return buf;
}

/* --- a try that failed ------------------------------------------------- */

void
telling_who(struct fetch *f, const struct http_reply *reply)
{
	const struct url *u = reply->url;
	char *host = f->outcome.host;

	host[0] = '\0';
	if (u == NULL || u->host == NULL)
		return;
	if (u->port == (u->https ? 443 : 80))
		snprintf(host, OUTCOME_HOST_MAX, "%s", u->host);
	else
		snprintf(host, OUTCOME_HOST_MAX, "%s:%u", u->host, u->port);
}

static bool
is_same(const struct told *a, const struct told *b)
{
	return strcmp(a->host, b->host) == 0 && a->transport == b->transport &&
	    a->status == b->status;
}

/* Has this been said, and is the time that was told then not over? */
static bool
is_told(struct telling *t, const struct told *what, int64_t now)
{
	unsigned i;

	for (i = 0; i < TOLD_MAX; i++)
		if (is_same(&t->told[i], what) && t->told[i].until_ms > now)
			return true;
	t->told[t->next++ % TOLD_MAX] = *what;
	return false;
}

/* Who is slow stays so for a while. */
static void
tell_tempo(const struct fetch *f, char *buf, size_t len)
{
	const struct source *source = f->source;
	const struct tempo *t = f->outcome.elsewhere ? &source->elsewhere :
	    f->kind->is_token ? &source->tokens : &source->tempo;
	char each[SECONDS_MAX];

	if (fetch_tempo_is_refusal(&f->outcome) && t->every_us >= TOLD_MS *
	    (int64_t)1000)
		snprintf(buf, len, ", then one request each %s",
		    seconds(t->every_us / 1000, each));
}

void
telling_again(const struct fetch *f, int64_t delay_ms)
{
	const char *name = f->source->up->config.name;
	const struct outcome *o = &f->outcome;
	int64_t now = clock_ms();
	struct told what = {
		.transport = o->transport,
		.status = o->status,
		.until_ms = now + delay_ms,
	};
	char when[SECONDS_MAX], tempo[80] = "";
	bool is_named;

	snprintf(what.host, sizeof(what.host), "%s", o->host);
	if (is_told(&f->traffic->telling, &what, now))
		return;
	tell_tempo(f, tempo, sizeof(tempo));
	is_named = o->host[0] == '\0' || strcmp(o->host, name) == 0;
	report(delay_ms >= TOLD_MS ? REPORT_INFO : REPORT_DEBUG,
	    "%s%s%s%s: %s; trying again in %s%s", name,
	    is_named ? "" : " (", is_named ? "" : o->host, is_named ? "" : ")",
	    f->err.msg, seconds(delay_ms, when), tempo);
}

/* --- nothing in flight ------------------------------------------------- */

struct first {
	const char *name;
	int64_t at_ms;
};

static void
consider(struct first *first, const struct source *source, int64_t at_ms)
{
	if (first->name != NULL && first->at_ms <= at_ms)
		return;
	first->name = source->up->config.name;
	first->at_ms = at_ms;
}

/* What stands in line, and is not yet to begin. */
static void
consider_lines(struct first *first, const struct source *source, int64_t now)
{
	const struct queue *lines[] = { &source->urgent, &source->meta,
	    &source->blobs };
	const struct fetch *f;
	int64_t wait_ms;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		f = (const struct fetch *)lines[i]->first;
		if (f == NULL)
			continue;
		wait_ms = fetch_tempo_wait(source, fetch_tempo_kind(f), now);
		if (wait_ms > 0)
			consider(first, source, now + wait_ms);
		else if (source->up->not_before_ms > now)
			consider(first, source, source->up->not_before_ms);
	}
}

const char *
telling_waits(const struct traffic *t, char buf[TELLING_WAITS_MAX])
{
	int64_t now = clock_ms();
	const struct source *source;
	const struct queued *q;
	const struct fetch *f;
	struct first first = { NULL, 0 };
	char when[SECONDS_MAX];

	for (q = t->delayed.first; q != NULL; q = q->next) {
		f = (const struct fetch *)q;
		consider(&first, f->source, f->not_before_ms);
	}
	for (source = t->sources; source != NULL; source = source->next)
		consider_lines(&first, source, now);
	if (t->connections.running > 0 && first.at_ms < now + NOTED_MS)
		return NULL;
	if (first.name != NULL && first.at_ms > now)
		snprintf(buf, TELLING_WAITS_MAX, "waits for %.100s: %s",
		    first.name, seconds(first.at_ms - now, when));
	else if (t->login.waiting.first != NULL)
		snprintf(buf, TELLING_WAITS_MAX,
		    "waits for a credential helper");
	else
		snprintf(buf, TELLING_WAITS_MAX, "waits for the disk");
	return buf;
}
