#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "image/media.h"
#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/report.h"
#include "transfer/fetch_access.h"
#include "transfer/fetch_again.h"
#include "transfer/fetch_manifest.h"

/* One more time for bytes that do not match. */
#define DATA_TRIES_MAX	1

struct manifest_fetch {
	struct fetch fetch;
	struct resolve *resolve;	/* it is for a tag; NULL: */
	struct fetch_order order;
	struct digest digest;		/* what was found */
	uint64_t bytes;
	int64_t begun_ms;		/* when it was first asked for; or 0 */
	bool is_slow;			/* and that has been told */
};

static struct manifest_fetch *
manifest_of(struct fetch *f)
{
	return (struct manifest_fetch *)f;
}

/* --- the bytes --------------------------------------------------------- */

/* On a worker: hash, parse, write. */
struct check {
	struct task task;
	struct manifest_fetch *owner;
	struct store *store;
	bool opaque;
	bool type_is_header;		/* and may be wrong
					 * (quirks.md#type-of-a-manifest) */
	bool want_digest;		/* false: it is what comes out */
	struct manifest_id id;		/* media_type: what others say it is */
	char *bytes;
	size_t len;
	struct staged *staged;
	struct err err;
	struct err page;		/* what came is a page for people */
};

/* The body's own word first; a header is asked only where it has none
 * (quirks.md#type-of-a-manifest). */
static int
settle_type(struct check *c)
{
	const char *told = c->id.media_type[0] == '\0' ? NULL :
	    c->id.media_type;
	struct manifest m;
	struct err why;
	int rc;

	if (c->opaque)
		return manifest_check_opaque(c->bytes, c->len,
		    c->id.media_type, &c->err);
	rc = manifest_parse(c->bytes, c->len, c->type_is_header ? NULL : told,
	    &m, &c->err);
	if (rc == -1 && told != NULL && c->type_is_header)
		rc = manifest_parse(c->bytes, c->len, told, &m, &why);
	if (rc == -1)
		return -1;
	c->err.code = ERR_NONE;
	snprintf(c->id.media_type, sizeof(c->id.media_type), "%s",
	    m.media_type);
	manifest_done(&m);
	return 0;
}

static void
check_run(struct task *task)
{
	struct check *c = (struct check *)task;
	struct digest have;
	char text[DIGEST_TEXT_MAX];

	digest_of(c->id.digest.alg, c->bytes, c->len, &have);
	if (c->want_digest && !digest_equal(&have, &c->id.digest)) {
		/* A digest that leaves signatures out is not ours to check
		 * (quirks.md#schema-1): say what is wrong with it. */
		if (media_kind(c->id.media_type) == MEDIA_SCHEMA1 &&
		    settle_type(c) == -1)
			return;
		err_set(&c->err, ERR_DIGEST, "the bytes have digest %s",
		    digest_text(&have, text));
		return;
	}
	/* Whatever type it is called, it is what was asked for. */
	if (c->want_digest)
		c->page.code = ERR_NONE;
	c->id.digest = have;
	if (settle_type(c) == 0)
		(void)store_stage_manifest(c->store, &c->id, c->bytes,
		    c->len, &c->staged, &c->err);
}

/* It has a name in the store, and its digest is what is told. */
static void
stored(struct fetch *f)
{
	struct manifest_fetch *m = manifest_of(f);

	if (m->resolve != NULL)
		m->resolve->end(m->resolve, &m->digest, NULL);
	else
		m->order.end(m->order.owner, f, m->bytes, NULL);
	fetch_free(f);
}

static void
check_done(struct task *task)
{
	struct check *c = (struct check *)task;
	struct fetch *f = &c->owner->fetch;

	/* Registries get types wrong; but then the bytes are right. */
	if (c->err.code != ERR_NONE && c->page.code != ERR_NONE)
		c->err = c->page;
	f->err = c->err;
	c->owner->digest = c->id.digest;
	if (c->staged != NULL)
		fetch_commit(f, c->staged, stored);
	else if (c->err.code == ERR_DIGEST &&
	    f->data_tries++ < DATA_TRIES_MAX && !f->traffic->stopping)
		fetch_queue(f);
	else
		fetch_fail(f);
	free(c->bytes);
	free(c);
}

/*
 * The type that goes with the bytes where they do not tell: the parent's
 * descriptor first, then the header (quirks.md#type-of-a-manifest).
 */
static void
hint_type(const struct object *object, const struct http_reply *reply,
    struct check *c)
{
	const char *header = http_header(reply, "content-type", 0);

	if (object != NULL && object->media_type[0] != '\0')
		snprintf(c->id.media_type, sizeof(c->id.media_type), "%s",
		    object->media_type);
	else if (header == NULL || !media_trim(header, c->id.media_type,
	    sizeof(c->id.media_type)) ||
	    media_kind(c->id.media_type) == MEDIA_OTHER)
		c->id.media_type[0] = '\0';
	else
		c->type_is_header = true;
}

static void
check_bytes(struct manifest_fetch *m, const struct http_reply *reply)
{
	struct check *c = xcalloc(1, sizeof(*c));
	struct traffic *t = m->fetch.traffic;
	const struct object *object = m->order.object;

	c->task.run = check_run;
	c->task.done = check_done;
	c->owner = m;
	c->store = t->config.store;
	if (object != NULL) {
		c->opaque = object->kind == OBJECT_OPAQUE;
		c->want_digest = true;
		c->id.digest = object->id;
	}
	hint_type(object, reply, c);
	if (!upstream_page(reply, &c->page))
		c->page.code = ERR_NONE;
	c->bytes = http_take_body(reply);
	if (c->bytes == NULL)
		c->bytes = xcalloc(1, 1);
	c->len = reply->len;
	m->bytes = reply->len;
	fetch_enter(&m->fetch, FETCH_SETTLE);
	pool_start(t->pool, NULL, &c->task);
}

/* --- the request ------------------------------------------------------- */

static enum answer_to
what_for(const struct manifest_fetch *m)
{
	if (!m->fetch.is_head)
		return ANSWER_TO_MANIFEST;
	return m->resolve->optional ? ANSWER_TO_OPTIONAL : ANSWER_TO_TAG;
}

static char *
open_manifest(struct fetch *f, struct http_spec *spec)
{
	if (manifest_of(f)->begun_ms == 0)
		manifest_of(f)->begun_ms = clock_ms();
	spec->accept = MEDIA_ACCEPT;
	spec->body_max = MANIFEST_BYTES_MAX;
	spec->head = f->is_head;
	f->to = what_for(manifest_of(f));
	return upstream_url(f->source->up, f->repository, "manifests",
	    f->reference);
}

/*
 * HEAD says it all, or nothing: without a digest, or where a registry does not
 * know HEAD, the manifest itself has to be asked for
 * (quirks.md#head-of-a-manifest).
 */
static void
ask_with_get(struct fetch *f)
{
	f->is_head = false;
	fetch_queue(f);
}

static void
resolved_by_head(struct manifest_fetch *m, const struct http_reply *reply)
{
	const char *header = http_header(reply, "docker-content-digest", 0);
	struct err ignored;

	if (header == NULL ||
	    digest_parse(header, &m->digest, &ignored) == -1) {
		ask_with_get(&m->fetch);
		return;
	}
	fetch_enter(&m->fetch, FETCH_END);
	m->resolve->end(m->resolve, &m->digest, NULL);
	fetch_free(&m->fetch);
}

/* What it says of the pulls that are left.  What stands in a registry's place
 * speaks of itself. */
static void
count(struct fetch *f, const struct http_reply *reply)
{
	struct traffic *t = f->traffic;
	bool is_pull = fetch_is_pull(f);

	f->outcome.is_pull_limit = false;
	if (t->config.is_mirror)
		return;
	if (is_pull && reply->transport == TRANSPORT_OK &&
	    reply->status == 200)
		t->stats.pulls++;
	f->outcome.is_pull_limit = pulls_seen(&t->pulls, &f->pull, reply,
	    is_pull);
}

static void
took(struct manifest_fetch *m, const struct http_reply *reply)
{
	if (m->fetch.is_head)
		resolved_by_head(m, reply);
	else
		check_bytes(m, reply);
}

static void
answered(struct fetch *f, const struct http_reply *reply)
{
	enum answer_way way = fetch_again_way(f, reply);

	switch (way) {
	case ANSWER_TAKE:
		took(manifest_of(f), reply);
		break;
	case ANSWER_GET:
		ask_with_get(f);
		break;
	case ANSWER_ABSENT:
		fetch_fail(f);
		break;
	case ANSWER_CHALLENGE:
	case ANSWER_RENEW:
	case ANSWER_WITHOUT:
	case ANSWER_START:
	case ANSWER_LATER:
	case ANSWER_FAIL:
	case ANSWER_WHOLE:
	case ANSWER_TAG_SCHEMA:
		fetch_again_by(f, reply, way);
		break;
	}
}

static void
ended(struct fetch *f, const struct http_reply *reply)
{
	count(f, reply);
	if (reply->no_room) {
		fetch_again_with_room(f);
	} else if (reply->refused) {
		f->err = reply->err;
		fetch_fail(f);
	} else if (reply->transport != TRANSPORT_OK) {
		fetch_again_note(f, reply);
		fetch_again(f);
	} else {
		answered(f, reply);
	}
}

/* Tags come from the first endpoint that has them: is there one more to ask? */
static bool
asked_next(struct manifest_fetch *m)
{
	struct fetch *f = &m->fetch;
	struct resolve *r = m->resolve;
	struct source *source = f->source;
	const char *place = source->up->config.account;

	if (source->first->after == NULL || f->err.code == ERR_CANCELLED)
		return false;
	refusals_add(&r->refusals, place, source->up->down, &f->err);
	f->err = r->refusals.err;
	if (source->after == NULL || f->traffic->stopping)
		return false;
	if (source->up->down && !source->is_told)
		report(REPORT_WARNING, "%s: %s; going on with %s",
		    source->up->config.name, f->err.msg,
		    source->after->up->config.account);
	source->is_told = source->up->down;
	r->source = source->after;
	fetch_manifest_resolve(f->traffic, r);
	return true;
}

static void
failed(struct fetch *f)
{
	struct manifest_fetch *m = manifest_of(f);

	if (m->resolve != NULL) {
		err_wrap(&f->err, "tag");
		if (!asked_next(m))
			m->resolve->end(m->resolve, NULL, &f->err);
	} else {
		err_wrap(&f->err, "manifest %s", f->reference);
		m->order.end(m->order.owner, f, 0, &f->err);
	}
	fetch_free(f);
}

/* Who knows another source does not wait for more than a stall.  Waiting for
 * its turn is none: a rival would be one more pull that counts. */
static void
tick(struct fetch *f, int64_t now)
{
	struct manifest_fetch *m = manifest_of(f);
	const struct registry_config *config = &f->source->up->config;

	if (m->resolve != NULL || m->is_slow || m->begun_ms == 0 ||
	    f->state == FETCH_SETTLE || f->state == FETCH_COMMIT ||
	    now - m->begun_ms < (int64_t)config->stall_timeout_s * 1000)
		return;
	m->is_slow = true;
	m->order.slow(m->order.owner);
}

static void
call_off(struct fetch *f)
{
	/* With workers it is as good as here. */
	if (f->state == FETCH_SETTLE || f->state == FETCH_COMMIT ||
	    f->state == FETCH_END)
		return;
	fetch_withdraw(f);
	err_set(&f->err, ERR_CANCELLED, "it has come from elsewhere");
	fetch_fail(f);
}

static const struct http_handlers handlers = {
	.room = fetch_room,
	.meet = fetch_access_meet,
	.end = fetch_ended,
};

static const struct fetch_kind manifest_kind = {
	.is_manifest = true,
	.handlers = &handlers,
	.open = open_manifest,
	.ended = ended,
	.failed = failed,
	.tick = tick,
	.call_off = call_off,
};

/* A descriptor may lie: that is found out when more comes. */
static uint64_t
body_need(const struct object *object)
{
	if (object->any_size || object->size == 0)
		return BODY_NEED;
	return object->size > BODY_NEED ? BODY_NEED : object->size;
}

struct fetch *
fetch_manifest(struct traffic *t, const struct fetch_order *order,
    const struct waiter *w)
{
	char text[DIGEST_TEXT_MAX];
	struct manifest_fetch *m = fetch_new(sizeof(*m), &manifest_kind, t,
	    w->source, w->repository, digest_text(&order->object->id, text));

	m->order = *order;
	m->fetch.body_need = body_need(order->object);
	m->fetch.queued.priority = w->priority;
	m->fetch.share.kind = SHARE_ANSWER;
	fetch_queue(&m->fetch);
	return &m->fetch;
}

void
fetch_manifest_resolve(struct traffic *t, struct resolve *r)
{
	struct manifest_fetch *m = fetch_new(sizeof(*m), &manifest_kind, t,
	    r->source, r->repository, r->tag);

	m->resolve = r;
	m->fetch.body_need = BODY_NEED;
	m->fetch.is_head = !r->with_get;
	m->fetch.queued.priority = r->priority;
	m->fetch.share.kind = SHARE_ANSWER;
	fetch_queue(&m->fetch);
}
