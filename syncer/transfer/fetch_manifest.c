/* What a tag points to, and the bytes of manifests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "transfer/dispatch_internal.h"

/* One more time for bytes that do not match. */
#define DATA_TRIES_MAX	1

/* On a worker: hash, parse, write. */
struct check {
	struct task task;
	struct fetch *fetch;
	struct store *store;
	bool opaque;
	bool type_is_header;		/* and may be wrong (A4.5) */
	bool want_digest;		/* false: it is what comes out */
	struct manifest_id id;		/* media_type: what others say it is */
	char *bytes;
	size_t len;
	struct staged *staged;
	struct err err;
};

static int
settle_type(struct check *c)
{
	struct manifest m;

	const char *told = c->id.media_type[0] == '\0' ? NULL :
	    c->id.media_type;
	int rc;

	if (c->opaque)
		return 0;
	rc = manifest_parse(c->bytes, c->len, told, &m, &c->err);
	if (rc == -1 && told != NULL && c->type_is_header) {
		c->err.code = ERR_NONE;
		rc = manifest_parse(c->bytes, c->len, NULL, &m, &c->err);
	}
	if (rc == -1)
		return -1;
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
		 * (registry-facts A8.9): say what is wrong with it. */
		if (media_kind(c->id.media_type) == MEDIA_SCHEMA1 &&
		    settle_type(c) == -1)
			return;
		err_set(&c->err, ERR_DIGEST, "the bytes have digest %s",
		    digest_text(&have, text));
		return;
	}
	c->id.digest = have;
	if (settle_type(c) == 0)
		(void)store_stage_manifest(c->store, &c->id, c->bytes,
		    c->len, &c->staged, &c->err);
}

static void
check_done(struct task *task)
{
	struct check *c = (struct check *)task;
	struct fetch *f = c->fetch;
	f->err = c->err;
	f->digest = c->id.digest;
	if (c->staged != NULL)
		fetch_commit(f, c->staged);
	else if (c->err.code == ERR_DIGEST &&
	    f->data_tries++ < DATA_TRIES_MAX && !f->d->stopping)
		fetch_queue(f);
	else
		fetch_fail(f);
	free(c->bytes);
	free(c);
}

/*
 * The type that goes with the bytes where they do not tell: the parent's
 * descriptor first, then the header (registry-facts A4.5).
 */
static void
hint_type(const struct fetch *f, const struct http_reply *reply,
    struct check *c)
{
	const char *header = http_header(reply, "content-type", 0);

	if (f->want != NULL && f->want->object.media_type[0] != '\0')
		snprintf(c->id.media_type, sizeof(c->id.media_type), "%s",
		    f->want->object.media_type);
	else if (header == NULL || !media_trim(header, c->id.media_type,
	    sizeof(c->id.media_type)) ||
	    media_kind(c->id.media_type) == MEDIA_OTHER)
		c->id.media_type[0] = '\0';
	else
		c->type_is_header = true;
}

static void
check_bytes(struct fetch *f, const struct http_reply *reply)
{
	struct check *c = xcalloc(1, sizeof(*c));

	c->task.run = check_run;
	c->task.done = check_done;
	c->fetch = f;
	c->store = f->d->config.store;
	if (f->want != NULL) {
		c->opaque = f->want->object.kind == OBJECT_OPAQUE;
		c->want_digest = true;
		c->id.digest = f->want->object.id;
	}
	hint_type(f, reply, c);
	c->bytes = xmalloc(reply->len + 1);
	memcpy(c->bytes, reply->body, reply->len);
	c->bytes[reply->len] = '\0';
	c->len = reply->len;
	throttle_took(f, reply->len);
	/* Nobody has told how large a root is. */
	if (f->want != NULL && f->want->object.size == 0) {
		f->want->object.size = reply->len;
		f->d->stats.wanted_bytes += reply->len;
	}
	fetch_enter(f, FETCH_SETTLE);
	pool_start(f->d->pool, NULL, &c->task);
}

/*
 * HEAD says it all, or nothing: without a digest, or where a registry does not
 * know HEAD, the manifest itself has to be asked for (registry-facts A4.4).
 */
static void
resolved_by_head(struct fetch *f, const struct http_reply *reply)
{
	const char *header = http_header(reply, "docker-content-digest", 0);
	struct err ignored;

	if (header != NULL &&
	    digest_parse(header, &f->digest, &ignored) == 0) {
		fetch_done(f);
		return;
	}
	f->with_get = true;
	fetch_queue(f);
}

void
fetch_manifest_done(struct fetch *f, const struct http_reply *reply)
{
	bool head = f->kind == FETCH_RESOLVE && !f->with_get;

	ration_seen(f, reply);
	if (reply->refused) {
		f->err = reply->err;
		fetch_fail(f);
	} else if (reply->transport != TRANSPORT_OK) {
		fetch_note(f, reply);
		fetch_again(f);
	} else if (reply->status == 200) {
		f->auth_tries = 0;
		if (head)
			resolved_by_head(f, reply);
		else
			check_bytes(f, reply);
	} else if (reply->status == 401 && !reply->elsewhere) {
		fetch_challenged(f, reply);
	} else if (head && f->resolve->optional && reply->status == 404) {
		upstream_explain(reply, &f->err);
		fetch_fail(f);
	} else if (head && (reply->status == 400 || reply->status == 404 ||
	    reply->status == 405 || reply->status == 501)) {
		f->with_get = true;
		fetch_queue(f);
	} else {
		fetch_note(f, reply);
		fetch_again(f);
	}
}
