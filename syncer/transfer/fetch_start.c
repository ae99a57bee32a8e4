#include <stdlib.h>

#include "layout/limits.h"
#include "transfer/fetch_access.h"
#include "transfer/fetch_start.h"
#include "transfer/fetch_tempo.h"
#include "transfer/local.h"

/* What manifests say of themselves counts against what a registry hands out;
 * false: it has failed, or waits for what others leave. */
static bool
may_pull(struct fetch *f, const struct credential *c)
{
	const struct registry_config *config = &f->source->up->config;

	if (!f->kind->is_manifest)
		return true;
	pulls_ask(&f->traffic->pulls, &f->pull,
	    config->is_lent ? config->name : config->account,
	    c->username == NULL ? "" : c->username);
	if (!fetch_is_pull(f))
		return true;
	switch (pulls_begin(&f->pull, config->min_pulls_left, &f->err)) {
	case RATION_GO:
		return true;
	case RATION_WAIT:
		queue_push(&f->source->held, &f->queued);
		return false;
	case RATION_STOP:
		break;
	}
	fetch_fail(f);
	return false;
}

static void
send_local(struct fetch *f, const struct http_spec *spec)
{
	struct traffic *t = f->traffic;
	const struct local_question q = {
		.dir = t->config.layout,
		.up = f->source->up,
		.repository = f->repository,
		.blob_bytes = f->kind->is_piece ? f->share.bytes : 0,
	};

	f->local = local_start(t->pool, &q, spec, f->kind->handlers, f);
}

static void
send(struct fetch *f, struct http_spec *spec)
{
	struct upstream *up = f->source->up;
	struct share *share = &f->source->share;

	/* The first answer tells how all others have to be asked. */
	if (!site_is_known(&up->self) && !f->kind->is_token)
		f->is_probe = up->probing = true;
	fetch_enter(f, FETCH_RUNNING);
	f->body_held = fetch_body_need(f);
	memory_take(&f->traffic->memory, f->body_held);
	spec->body_room = (size_t)f->body_held;
	spec->shares = share_may(share, &f->share);
	share_enter(share, &f->share);
	fetch_tempo_enter(f);
	spec->waits = f->share.is_stream;
	f->traffic->stats.requests++;
	if (f->traffic->config.layout != NULL)
		send_local(f, spec);
	else
		f->req = http_start(f->traffic->http, spec, f->kind->handlers,
		    f);
}

void
fetch_start(struct fetch *f)
{
	struct http_spec spec = { .config = &f->source->up->config };
	struct credential credential = { NULL, NULL, NULL, NULL };
	char *url = NULL;

	if (f->kind->start != NULL) {
		f->kind->start(f);
		return;
	}
	if (fetch_access_authorise(f, &spec, &credential) &&
	    (url = f->kind->open(f, &spec)) != NULL &&
	    may_pull(f, &credential)) {
		spec.url = url;
		send(f, &spec);
	}
	free(url);
	credential_done(&credential);
}
