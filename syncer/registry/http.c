/*
 * libcurl's multi interface, with our own hands at the places where it
 * decides things that are ours to decide: redirects, credentials, what may be
 * told of a failure.  A request is in h->requests from http_start until its
 * end has been told.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/http_internal.h"

#define CONNECTIONS_KEPT	64L

long
http_status(const struct http_request *req)
{
	long status = 0;

	curl_easy_getinfo(req->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* MAXCONNECTS is how many idle ones are kept for the next request. */
struct http *
http_new(struct err *e)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		err_set(e, ERR_SYS, "libcurl cannot start");
		return NULL;
	}
	h = xcalloc(1, sizeof(*h));
	h->multi = curl_multi_init();
	if (h->multi == NULL) {
		err_set(e, ERR_SYS, "libcurl cannot start");
		free(h);
		return NULL;
	}
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
	return h;
}

/* Requests first: their handles are the multi handle's. */
void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	while (h->requests != NULL)
		http_cancel(h->requests);
	http_link_free(h);
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
}

/* For all hosts that are asked. */
static void
set_at(struct http_request *req, const struct http_spec *spec)
{
	char *to;

	if (spec->at == NULL)
		return;
	to = xasprintf("::%s", spec->at);
	req->at = curl_slist_append(NULL, to);
	free(to);
	if (req->at == NULL)
		abort();	/* out of memory */
	curl_easy_setopt(req->easy, CURLOPT_CONNECT_TO, req->at);
}

/* Options rather than a header of our own, which libcurl would send to the next
 * host as well (quirks.md#redirects). */
static void
set_auth(CURL *easy, const struct http_spec *spec)
{
	switch (spec->auth) {
	case HTTP_AUTH_NONE:
		break;
	case HTTP_AUTH_BASIC:
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, spec->username);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, spec->password);
		break;
	case HTTP_AUTH_BEARER:
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, spec->bearer);
		break;
	}
}

/* For good: a redirect that leads back to the registry comes without, too. */
static void
drop_auth(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_USERNAME, NULL);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, NULL);
	curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, NULL);
}

static void
add_header(struct http_request *req, const char *name, const char *value)
{
	char *line = xasprintf("%s: %s", name, value);

	req->headers = curl_slist_append(req->headers, line);
	free(line);
}

static void
set_body(struct http_request *req, const struct http_spec *spec)
{
	CURL *easy = req->easy;

	if (spec->form != NULL) {
		req->has_form = true;
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, spec->form);
	}
	if (spec->post != NULL) {
		add_header(req, "Content-Type", spec->post_type);
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, spec->post);
		/* Over one that dies libcurl would send it again and again. */
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	}
}

/* All that holds for every hop; http_link_hop is for each. */
static void
set_request(struct http_request *req, const struct http_spec *spec)
{
	CURL *easy = req->easy;
	char range[48];
	int len;

	if (spec->accept != NULL)
		add_header(req, "Accept", spec->accept);
	/* Digests are of the bytes as stored (quirks.md#content-encoding). */
	add_header(req, "Accept-Encoding",
	    spec->encoding != NULL ? spec->encoding : "identity");
	set_body(req, spec);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, req->headers);
	/* Some registries refuse who has no name (quirks.md#user-agent). */
	curl_easy_setopt(easy, CURLOPT_USERAGENT,
	    spec->agent != NULL ? spec->agent : "cdr/" CDR_VERSION);
	if (spec->head)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	if (spec->from > 0 || spec->to > 0) {
		len = snprintf(range, sizeof(range), "%llu-",
		    (unsigned long long)spec->from);
		if (spec->to > 0)
			snprintf(range + len, sizeof(range) - (size_t)len,
			    "%llu", (unsigned long long)spec->to - 1);
		curl_easy_setopt(easy, CURLOPT_RANGE, range);
	}
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, req->message);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, req);
	http_body_hook(req);
}

/* A URL that cannot be used is an end like others, told from http_poll: callers
 * have one way to hear of failures. */
struct http_request *
http_start(struct http *h, const struct http_spec *spec,
    const struct http_handlers *on, void *cookie)
{
	struct http_request *req = xcalloc(1, sizeof(*req));
	struct err why;

	assert(spec->url != NULL && spec->config != NULL && on->end != NULL);
	assert(!spec->bulk || (on->start != NULL && on->data != NULL));
	assert(spec->to == 0 || spec->from < spec->to);
	assert(spec->auth != HTTP_AUTH_BEARER || spec->bearer != NULL);
	assert(spec->post == NULL || (spec->form == NULL && !spec->bulk &&
	    spec->post_type != NULL));
	req->http = h;
	req->on = on;
	req->cookie = cookie;
	req->config = spec->config;
	req->bulk = spec->bulk;
	req->stays = spec->stay || spec->post != NULL;
	req->body_max = spec->body_max;
	req->granted = spec->body_room > 0 ? spec->body_room : spec->body_max;
	req->easy = curl_easy_init();
	if (req->easy == NULL)
		abort();	/* out of memory */
	req->reply.easy = req->easy;
	req->reply.url = &req->url;
	http_link_set(req, spec);
	if (spec->header != NULL)
		req->headers = curl_slist_append(NULL, spec->header);
	set_request(req, spec);
	set_at(req, spec);
	set_auth(req->easy, spec);
	/* libcurl gets what url_parse has understood, and nothing else. */
	req->reply.refused = url_parse(spec->url, &req->url,
	    &req->reply.err) == -1;
	if (http_link_trust(req, &why) == -1 && !req->reply.refused) {
		req->reply.refused = true;
		req->reply.err = why;
	}
	curl_easy_setopt(req->easy, CURLOPT_URL,
	    req->reply.refused ? "" : req->url.text);
	http_link_hop(req);
	req->next = h->requests;
	if (req->next != NULL)
		req->next->prev = req;
	h->requests = req;
	curl_multi_add_handle(h->multi, req->easy);
	return req;
}

/* The easy handle is no longer in the multi handle. */
static void
request_free(struct http_request *req)
{
	assert(req->prev != NULL || req->http->requests == req);
	if (req->prev != NULL)
		req->prev->next = req->next;
	else
		req->http->requests = req->next;
	if (req->next != NULL)
		req->next->prev = req->prev;
	curl_easy_cleanup(req->easy);
	curl_slist_free_all(req->headers);
	curl_slist_free_all(req->at);
	url_done(&req->url);
	free(req->body);
	free(req);
}

void
http_cancel(struct http_request *req)
{
	if (req == NULL)
		return;
	curl_multi_remove_handle(req->http->multi, req->easy);
	request_free(req);
}

void
http_resume(struct http_request *req)
{
	curl_easy_pause(req->easy, CURLPAUSE_CONT);
}

/* The Location itself is not shown: it may be signed, or have a password. */
static void
refuse_hop(struct http_request *req)
{
	char host[OUTSIDE_WORDS_MAX];

	req->reply.refused = true;
	err_wrap(&req->reply.err, "redirect by %s", outside_quote(host,
	    sizeof(host), req->url.host, strlen(req->url.host)));
}

/* A form has a refresh token in it, which is for one host alone. */
static bool
refuse_form(struct http_request *req, const struct url *next)
{
	char host[OUTSIDE_WORDS_MAX];

	if (!req->has_form)
		return false;
	err_set(&req->reply.err, ERR_NET,
	    "credentials are not passed on to %s", outside_quote(host,
	    sizeof(host), next->host, strlen(next->host)));
	refuse_hop(req);
	return true;
}

/*
 * Return true if the answer was a redirect and the next hop is under way, or
 * refused (then reply.refused is set and it is false).
 */
static bool
follow(struct http_request *req)
{
	struct err *e = &req->reply.err;
	const struct reach_list *places = &req->config->places;
	const char *where = http_header(&req->reply, "location", 0);
	struct http_spec show = { .auth = HTTP_AUTH_NONE };
	struct url next;
	long status = http_status(req);

	if ((status != 301 && status != 302 && status != 303 &&
	    status != 307 && status != 308) || where == NULL)
		return false;
	if (++req->hops > REDIRECTS_MAX) {
		err_set(e, ERR_NET, "more than %u redirects", REDIRECTS_MAX);
		refuse_hop(req);
		return false;
	}
	if (url_resolve(&req->url, where, &next, e) == -1) {
		refuse_hop(req);
		return false;
	}
	if (url_may_follow(&req->config->endpoint, &next, places, e) == -1 ||
	    url_may_follow(&req->url, &next, places, e) == -1) {
		refuse_hop(req);
		url_done(&next);
		return false;
	}
	if (!url_same_origin(&req->url, &next)) {
		if (refuse_form(req, &next)) {
			url_done(&next);
			return false;
		}
		drop_auth(req->easy);
		if (req->on->meet != NULL)
			req->on->meet(req->cookie, &next, &show);
		set_auth(req->easy, &show);
		req->reply.elsewhere = true;
	}
	curl_easy_setopt(req->easy, CURLOPT_URL, next.text);
	url_done(&req->url);
	req->url = next;
	http_link_hop(req);
	req->len = 0;
	req->error_ms = 0;
	req->is_cut = false;
	req->header_bytes = 0;
	req->asked_ms = 0;
	req->is_heard = false;
	curl_easy_setopt(req->easy, CURLOPT_LOW_SPEED_TIME, 0L);
	curl_multi_add_handle(req->http->multi, req->easy);
	return true;
}

/* The handler may start the next request, and cancel any but this one. */
static void
finish(struct http_request *req, CURLcode code)
{
	struct http_reply *reply = &req->reply;

	curl_multi_remove_handle(req->http->multi, req->easy);
	/* Of an error the beginning is enough, also where the rest is lost. */
	if (req->is_cut || (req->error_ms > 0 && !req->reply.refused))
		code = CURLE_OK;
	if (code == CURLE_OK && !reply->refused && !req->stays && follow(req))
		return;
	reply->status = http_status(req);
	reply->body = req->body != NULL && req->len > 0 ? req->body : "";
	reply->owner = &req->body;
	reply->len = req->len;
	http_end_judge(req, code);
	req->on->end(req->cookie, reply);
	request_free(req);
}

/* The first byte may take longer than those after it: caches get the whole
 * blob first (quirks.md#late-first-bytes). */
static bool
is_silent(const struct http_request *req, int64_t now)
{
	return req->asked_ms > 0 && !req->is_heard &&
	    now - req->asked_ms >= (int64_t)http_end_patience_s(req) * 1000;
}

/* Its end may begin others, and cancel some: then look anew. */
static bool
end_silent(struct http *h)
{
	int64_t now = clock_ms();
	struct http_request *req = h->requests;
	bool any = false;

	while (req != NULL) {
		if (!is_silent(req, now)) {
			req = req->next;
			continue;
		}
		req->is_given_up = true;
		finish(req, CURLE_OPERATION_TIMEDOUT);
		any = true;
		req = h->requests;
	}
	return any;
}

/* All that has ended is told before the wait, and then there is no wait: a
 * handler may have started something. */
void
http_poll(struct http *h, int timeout_ms, int fd)
{
	struct curl_waitfd extra = { .fd = fd, .events = CURL_WAIT_POLLIN };
	struct http_request *req;
	CURLMsg *message;
	int left;

	curl_multi_perform(h->multi, &left);
	while ((message = curl_multi_info_read(h->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		timeout_ms = 0;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &req);
		assert(req->easy == message->easy_handle);
		finish(req, message->data.result);
	}
	if (end_silent(h))
		timeout_ms = 0;
	if (timeout_ms > 0)
		curl_multi_poll(h->multi, &extra, fd == -1 ? 0 : 1, timeout_ms,
		    NULL);
}

void
http_wakeup(struct http *h)
{
	curl_multi_wakeup(h->multi);
}

char *
http_take_body(const struct http_reply *reply)
{
	char *body = reply->owner == NULL ? NULL : *reply->owner;

	if (reply->owner != NULL)
		*reply->owner = NULL;
	return body;
}

/* Of an answer that was made in this process there are our own headers,
 * and no handle. */
const char *
http_header(const struct http_reply *reply, const char *name, size_t index)
{
	struct curl_header *header;
	const char *const *own;

	for (own = reply->headers; own != NULL && *own != NULL; own += 2)
		if (index == 0 && strcasecmp(own[0], name) == 0)
			return own[1];
	if (reply->easy == NULL || curl_easy_header(reply->easy, name, index,
	    CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

size_t
http_headers(const struct http_reply *reply, const char *name,
    const char **ret, size_t max)
{
	size_t count;

	for (count = 0; count < max; count++) {
		ret[count] = http_header(reply, name, count);
		if (ret[count] == NULL)
			break;
	}
	return count;
}

const char *
http_peer(const struct http_reply *reply)
{
	char *peer = NULL;

	curl_easy_getinfo(reply->easy, CURLINFO_PRIMARY_IP, &peer);
	return peer != NULL ? peer : "";
}
