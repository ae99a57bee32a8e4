#include <stdlib.h>

#include "layout/clock.h"
#include "transfer/fetch_tempo.h"

/* What is refused for so many times while others are answered has it coming
 * itself, and takes its time; in the end that counts. */
#define REFUSED_OFTEN	3u
#define REFUSED_MAX	50u

enum tempo_kind
fetch_tempo_kind(const struct fetch *f)
{
	if (f->kind->is_token)
		return TEMPO_TOKEN;
	if (f->share.kind == SHARE_BLOB)
		return TEMPO_BLOB;
	if (!f->kind->is_manifest)
		return TEMPO_LIST;
	return f->is_head ? TEMPO_HEAD : TEMPO_MANIFEST;
}

/* Token servers have limits of their own. */
static struct tempo *
tempo_of(const struct fetch *f)
{
	return f->kind->is_token ? &f->source->tokens : &f->source->tempo;
}

static int64_t
later(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return -1;
	return a > b ? a : b;
}

int64_t
fetch_tempo_wait(const struct source *source, enum tempo_kind kind,
    int64_t now_ms)
{
	int64_t wait_ms;

	if (kind == TEMPO_TOKEN)
		return tempo_wait_ms(&source->tokens, kind, now_ms);
	wait_ms = tempo_wait_ms(&source->tempo, kind, now_ms);
	if (kind != TEMPO_BLOB || !source->is_elsewhere)
		return wait_ms;
	return later(wait_ms, tempo_wait_ms(&source->elsewhere, kind,
	    now_ms));
}

void
fetch_tempo_enter(struct fetch *f)
{
	int64_t now = clock_ms();

	f->tempo.kind = fetch_tempo_kind(f);
	tempo_enter(tempo_of(f), &f->tempo, now);
	f->tempo_elsewhere.kind = TEMPO_BLOB;
	if (f->tempo.kind == TEMPO_BLOB && f->source->is_elsewhere)
		tempo_enter(&f->source->elsewhere, &f->tempo_elsewhere, now);
}

void
fetch_tempo_leave(struct fetch *f)
{
	tempo_leave(tempo_of(f), &f->tempo);
	tempo_leave(&f->source->elsewhere, &f->tempo_elsewhere);
}

static bool
is_refusal(long status)
{
	return status == 429 || status == 503;
}

bool
fetch_tempo_is_refusal(const struct outcome *o)
{
	return o->transport == TRANSPORT_OK && is_refusal(o->status);
}

/* Who has sent us elsewhere has answered. */
void
fetch_tempo_seen(struct fetch *f, const struct http_reply *reply)
{
	if (reply->status == 0 || !f->tempo.is_running)
		return;
	if (reply->elsewhere || !is_refusal(reply->status))
		tempo_answered(tempo_of(f), &f->tempo);
	if (reply->elsewhere && !is_refusal(reply->status) &&
	    f->tempo.kind == TEMPO_BLOB)
		tempo_answered(&f->source->elsewhere, &f->tempo_elsewhere);
}

void
fetch_tempo_begun(struct fetch *f, const struct http_reply *reply)
{
	fetch_tempo_seen(f, reply);
	fetch_tempo_leave(f);
}

/* Who has refused it. */
static struct tempo *
refuser(const struct fetch *f)
{
	return f->outcome.elsewhere ? &f->source->elsewhere : tempo_of(f);
}

static const struct tempo_request *
refused_request(const struct fetch *f)
{
	return f->outcome.elsewhere ? &f->tempo_elsewhere : &f->tempo;
}

/* A 503 may be about itself alone, until it is known better. */
unsigned
fetch_tempo_tries(const struct fetch *f)
{
	const struct tempo *tempo = refuser(f);
	unsigned tries = tempo_in_row(tempo, refused_request(f));

	if (f->refusals >= REFUSED_MAX ||
	    (f->outcome.status != 429 && tempo->kinds == 0) ||
	    (tempo->answers == f->answers_seen && f->tries > tries))
		return f->tries;
	return tries;
}

bool
fetch_tempo_is_alone(const struct fetch *f)
{
	return f->refusals > 0 && refuser(f)->answers != f->answers_seen;
}

/* Spread, as those that failed together. */
static int64_t
first_wait(const struct retry_policy *p)
{
	return p->base_ms - (int64_t)arc4random_uniform(
	    (uint32_t)(p->base_ms / 2 + 1));
}

static int64_t
own_wait(const struct fetch *f, const struct retry_policy *p)
{
	int64_t wait_ms = 0;
	unsigned n;

	for (n = REFUSED_OFTEN; n < f->refusals && wait_ms < p->cap_ms; n++)
		wait_ms = wait_ms == 0 ? p->base_ms : 2 * wait_ms;
	return wait_ms < p->cap_ms ? wait_ms : p->cap_ms;
}

void
fetch_tempo_refused(struct fetch *f, struct verdict *v)
{
	struct source *source = f->source;
	struct upstream *up = source->up;
	const struct outcome *o = &f->outcome;
	const struct retry_policy *policy = &up->config.retry;
	const struct tempo_refusal refusal = {
		.is_vague = v->what != RETRY_REGISTRY,
		.after_ms = o->retry_after_ms,
		.first_ms = first_wait(policy),
	};
	struct tempo *tempo = refuser(f);
	unsigned event = tempo->event;
	int64_t now = clock_ms(), wait_ms;

	f->refusals++;
	f->answers_seen = tempo->answers;
	wait_ms = tempo_refused(tempo, refused_request(f), &refusal, now);
	if (wait_ms == 0)
		return;
	if (tempo->event != event && !f->kind->is_token &&
	    (o->elsewhere ? f->kind->is_piece : !source->is_elsewhere))
		width_refused(&source->width, o->elsewhere, now);
	if (tempo == &source->tempo && up->not_before_ms < now + wait_ms)
		up->not_before_ms = now + wait_ms;
	v->delay_ms = later(wait_ms, own_wait(f, policy));
}
