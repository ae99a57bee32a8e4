/* Requests one by one: doctor is no load on the mirror, and its findings are in
 * the order of its questions. */
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/ask.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/upstream.h"

#define CONNECT_S	5u
#define STALL_S		10u
#define POLL_MS		1000

/* Times are short: a mirror is near. */
int
ask_open(struct ask *a, const struct ask_how *how, struct err *e)
{
	*a = (struct ask){ .stop_fd = how->stop_fd };
	a->config.connect_timeout_s = CONNECT_S;
	a->config.stall_timeout_s = how->patience_s > 0 ? how->patience_s :
	    STALL_S;
	a->config.first_byte_timeout_s = a->config.stall_timeout_s;
	a->config.ca_file = how->ca != NULL ? xstrdup(how->ca) : NULL;
	a->config.client_cert = how->cert != NULL ? xstrdup(how->cert) : NULL;
	a->config.client_key = how->key != NULL ? xstrdup(how->key) : NULL;
	a->base = xstrdup(how->base);
	a->at = how->at != NULL ? xstrdup(how->at) : NULL;
	a->agent = xasprintf("cdr-doctor/" CDR_VERSION " mark/%s", how->mark);
	if (url_parse(how->base, &a->config.endpoint, e) == -1)
		return -1;
	a->http = http_new(e);
	return a->http == NULL ? -1 : 0;
}

int
ask_open_registry(struct ask *a, struct registry_config *config,
    const char *mark, int stop_fd, struct err *e)
{
	*a = (struct ask){ .config = *config, .stop_fd = stop_fd };
	a->base = xstrdup(a->config.endpoint.text);
	a->agent = xasprintf("cdr-doctor/" CDR_VERSION " mark/%s", mark);
	a->http = http_new(e);
	return a->http == NULL ? -1 : 0;
}

void
ask_close(struct ask *a)
{
	http_free(a->http);
	registry_config_done(&a->config);
	free(a->base);
	free(a->at);
	free(a->agent);
	*a = (struct ask){ 0 };
}

/* Of headers that came twice the first one: so do clients. */
static void
copy_header(const struct http_reply *reply, const char *name,
    char to[ASK_HEADER_MAX])
{
	const char *value = http_header(reply, name, 0);
	size_t len = value == NULL ? 0 : strnlen(value, ASK_HEADER_MAX - 1);

	if (len > 0)
		memcpy(to, value, len);
	to[len] = '\0';
}

static void
copy_challenge(const struct http_reply *reply, struct challenge *ret)
{
	const char *values[CHALLENGES_MAX];
	size_t count = http_headers(reply, "www-authenticate", values,
	    CHALLENGES_MAX);

	if (reply->status == 401)
		challenge_parse(values, count, ret);
}

struct waiting {
	struct answer *answer;
	bool is_over;
};

/* All that may be asked of the answer is copied: the request is
 * gone afterwards. */
static void
on_end(void *cookie, const struct http_reply *reply)
{
	struct waiting *w = cookie;
	struct answer *a = w->answer;

	assert(!w->is_over);
	w->is_over = true;
	a->transport = reply->refused ? TRANSPORT_FATAL : reply->transport;
	a->stage = reply->refused ? HTTP_AT_ANSWER : reply->stage;
	a->err = reply->err;
	a->status = reply->status;
	a->len = reply->len;
	a->body = xmalloc(reply->len + 1);
	memcpy(a->body, reply->body, reply->len);
	a->body[reply->len] = '\0';
	snprintf(a->peer, sizeof(a->peer), "%s", http_peer(reply));
	copy_challenge(reply, &a->challenge);
	a->is_page = upstream_page(reply, &a->why);
	if (!a->is_page)
		upstream_explain(reply, &a->why);
	copy_header(reply, "content-type", a->type);
	copy_header(reply, "docker-content-digest", a->digest);
	copy_header(reply, "content-length", a->length);
	copy_header(reply, "content-encoding", a->encoding);
	copy_header(reply, "content-range", a->range);
	copy_header(reply, "location", a->location);
	copy_header(reply, "server", a->server);
	copy_header(reply, "docker-distribution-api-version", a->api);
	copy_header(reply, "etag", a->etag);
	copy_header(reply, "x-cdr-peer", a->peer_by);
	copy_header(reply, "x-cdr-piece", a->piece);
}

/* An interruption is a byte in a pipe, here as everywhere. */
static bool
is_stopped(struct ask *a)
{
	struct pollfd p = { .fd = a->stop_fd, .events = POLLIN };

	if (a->stop_fd != -1 && poll(&p, 1, 0) == 1)
		a->stopped = true;
	return a->stopped;
}

/* Nothing follows a redirect: a mirror must not send its clients away. */
void
ask(struct ask *a, const struct question *q, struct answer *ret)
{
	static const struct http_handlers on = { .end = on_end };
	struct waiting w = { .answer = ret };
	struct http_request *req;
	struct http_spec spec = {
		.config = &a->config,
		.at = a->at,
		.head = q->head,
		.accept = q->accept,
		.header = q->header,
		.from = q->from,
		.to = q->to,
		.body_max = MANIFEST_BYTES_MAX,
		.agent = a->agent,
		.encoding = q->encoding,
		.stay = q->url == NULL,
		.auth = q->bearer != NULL ? HTTP_AUTH_BEARER :
		    q->username != NULL ? HTTP_AUTH_BASIC : HTTP_AUTH_NONE,
		.username = q->username,
		.password = q->password,
		.bearer = q->bearer,
		.form = q->form,
	};
	char *url = q->url != NULL ? xstrdup(q->url) :
	    xasprintf("%s%s", a->base, q->path);

	assert(q->url != NULL || q->path[0] == '/');
	*ret = (struct answer){ .body = NULL };
	spec.url = url;
	req = http_start(a->http, &spec, &on, &w);
	while (!w.is_over && !is_stopped(a))
		http_poll(a->http, POLL_MS, a->stop_fd);
	if (!w.is_over) {
		http_cancel(req);
		ret->transport = TRANSPORT_FATAL;
		ret->stage = HTTP_AT_ANSWER;
		err_set(&ret->err, ERR_CANCELLED, "interrupted");
	}
	if (ret->body == NULL)
		ret->body = xstrdup("");
	free(url);
}

void
answer_done(struct answer *a)
{
	free(a->body);
	a->body = NULL;
	challenge_done(&a->challenge);
}
