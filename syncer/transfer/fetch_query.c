/* Questions whose answer is no object. */
#include "transfer/dispatch_internal.h"

static int
on_start(void *cookie, const struct http_reply *reply, struct err *e)
{
	struct fetch *f = cookie;

	(void)reply;
	(void)e;
	f->query->begin(f->query);
	return 0;
}

static enum http_taken
on_data(void *cookie, const void *buf, size_t len, struct err *e)
{
	struct fetch *f = cookie;

	throttle_took(f, len);
	return f->query->data(f->query, buf, len, e) == -1 ? HTTP_REFUSED :
	    HTTP_TAKEN;
}

const struct http_handlers fetch_query_handlers = {
	.start = on_start,
	.data = on_data,
	.end = fetch_ended
};

/* Only what a second try may mend is not for the one who asked to judge; 501 is
 * the word of a registry that does not know the question. */
static bool
is_answer(const struct http_reply *reply)
{
	return reply->transport == TRANSPORT_OK && reply->status != 408 &&
	    reply->status != 425 && reply->status != 429 &&
	    (reply->status < 500 || reply->status == 501);
}

void
fetch_query_done(struct fetch *f, const struct http_reply *reply)
{
	if (reply->refused) {
		f->err = reply->err;
		fetch_fail(f);
	} else if (reply->status == 401 && !reply->elsewhere) {
		fetch_challenged(f, reply);
	} else if (!is_answer(reply)) {
		fetch_note(f, reply);
		fetch_again(f);
	} else {
		if (f->query->data == NULL && reply->status == 200)
			throttle_took(f, reply->len);
		fetch_enter(f, FETCH_END);
		f->query->end(f->query, reply, NULL);
		fetch_free(f);
	}
}
