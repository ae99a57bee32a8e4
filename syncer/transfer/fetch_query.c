#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "transfer/fetch_access.h"
#include "transfer/fetch_again.h"
#include "transfer/fetch_query.h"

struct list_fetch {
	struct fetch fetch;
	struct query *query;
	int64_t begun_ms;		/* when the answer of this try began */
	uint64_t bytes;			/* of it */
};

static struct list_fetch *
list_of(struct fetch *f)
{
	return (struct list_fetch *)f;
}

static struct query *
query_of(const struct fetch *f)
{
	return ((const struct list_fetch *)f)->query;
}

static int
on_start(void *cookie, const struct http_reply *reply, struct err *e)
{
	struct query *q = query_of(cookie);
	struct list_fetch *l = list_of(cookie);

	(void)reply;
	(void)e;
	l->begun_ms = clock_ms();
	l->bytes = 0;
	q->begin(q);
	return 0;
}

/* As long as for what is small, and longer for what is large. */
static bool
is_too_slow(const struct list_fetch *l, int64_t now)
{
	const struct registry_config *config = &l->fetch.source->up->config;
	int64_t allowed_ms = HTTP_SMALL_STALLS * 1000 *
	    (int64_t)config->stall_timeout_s +
	    (int64_t)(l->bytes * 1000 / config->min_rate);

	return now - l->begun_ms > allowed_ms;
}

static enum http_taken
on_data(void *cookie, const void *buf, size_t len, struct err *e)
{
	struct fetch *f = cookie;
	struct query *q = query_of(f);
	int64_t now = clock_ms();

	throttle_took(&f->traffic->throttle, NULL, len, now);
	list_of(f)->bytes += len;
	if (is_too_slow(list_of(f), now)) {
		err_set(e, ERR_NET, "too slow: %llu bytes in %lld s (min_rate)",
		    (unsigned long long)list_of(f)->bytes,
		    (long long)(now - list_of(f)->begun_ms) / 1000);
		return HTTP_REFUSED;
	}
	return q->data(q, buf, len, e) == -1 ? HTTP_REFUSED : HTTP_TAKEN;
}

static char *
open_query(struct fetch *f, struct http_spec *spec)
{
	const struct query *q = query_of(f);

	f->to = q->to;
	spec->accept = q->accept;
	spec->body_max = MANIFEST_BYTES_MAX;
	spec->bulk = q->data != NULL;
	return xstrdup(q->url);
}

static void
answered(struct fetch *f, const struct http_reply *reply)
{
	struct query *q = query_of(f);

	fetch_enter(f, FETCH_END);
	q->end(q, reply, NULL);
	fetch_free(f);
}

/* Only what another try may mend is not for the one who asked to judge. */
static void
judge(struct fetch *f, const struct http_reply *reply)
{
	enum answer_way way = fetch_again_way(f, reply);

	if (way == ANSWER_TAKE || way == ANSWER_TAG_SCHEMA ||
	    (way == ANSWER_FAIL && reply->status != 401))
		answered(f, reply);
	else
		fetch_again_by(f, reply, way);
}

static void
ended(struct fetch *f, const struct http_reply *reply)
{
	if (reply->no_room) {
		fetch_again_with_room(f);
	} else if (reply->refused) {
		f->err = reply->err;
		(void)upstream_page(reply, &f->err);
		fetch_fail(f);
	} else if (reply->transport != TRANSPORT_OK) {
		fetch_again_note(f, reply);
		fetch_again(f);
	} else {
		judge(f, reply);
	}
}

static void
failed(struct fetch *f)
{
	struct query *q = query_of(f);

	err_wrap(&f->err, "%s", f->reference);
	q->end(q, NULL, &f->err);
	fetch_free(f);
}

static const struct http_handlers handlers = {
	.start = on_start,
	.data = on_data,
	.room = fetch_room,
	.meet = fetch_access_meet,
	.end = fetch_ended,
};

static const struct fetch_kind query_kind = {
	.handlers = &handlers,
	.open = open_query,
	.ended = ended,
	.failed = failed,
};

void
fetch_query(struct traffic *t, struct query *q)
{
	struct list_fetch *f = fetch_new(sizeof(*f), &query_kind, t,
	    q->source, q->repository, q->url);

	f->query = q;
	f->fetch.queued.priority = q->priority;
	f->fetch.share.kind = q->data == NULL ? SHARE_ANSWER : SHARE_LIST;
	f->fetch.body_need = q->data == NULL ? BODY_NEED : 0;
	fetch_queue(&f->fetch);
}
