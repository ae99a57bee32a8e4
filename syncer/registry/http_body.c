/* What comes, headers and bodies, from libcurl: each has its bound. */
#include <assert.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/http_internal.h"

/* Slower than this for stall_timeout_s is a stall (quirks.md#stalls). */
#define STALL_BYTES_S		32L

static bool
is_success(long status)
{
	return status >= 200 && status < 300;
}

/* A callback records what is wrong and stops the transfer; `end` reports it. */
static size_t
refuse(struct http_request *req)
{
	req->reply.refused = true;
	return CURL_WRITEFUNC_ERROR;
}

static void
append(struct http_request *req, const char *buf, size_t len)
{
	size_t need = req->len + len + 1;

	if (need > req->room) {
		req->room = need + need / 2;
		if (req->room > req->granted + 1 && need <= req->granted + 1)
			req->room = req->granted + 1;
		req->body = xreallocarray(req->body, req->room, 1);
	}
	memcpy(req->body + req->len, buf, len);
	req->len += len;
	req->body[req->len] = '\0';
}

/* Of an error page the beginning is enough, and what has come in time: the rest
 * is not waited for, however long it goes on. */
static size_t
collect_error(struct http_request *req, const char *buf, size_t len)
{
	int64_t now = clock_ms();
	size_t left = ERROR_BODY_BYTES_MAX - req->len;

	if (req->error_ms == 0)
		req->error_ms = now;
	append(req, buf, len < left ? len : left);
	if (len <= left && now - req->error_ms <
	    (int64_t)req->config->stall_timeout_s * 1000)
		return len;
	req->is_cut = true;
	return CURL_WRITEFUNC_ERROR;
}

static bool
may_grow(struct http_request *req, size_t len)
{
	size_t want = req->len + len;

	if (want <= req->granted)
		return true;
	want = want > req->body_max / 2 ? req->body_max : 2 * want;
	if (req->on->room != NULL && !req->on->room(req->cookie, want))
		return false;
	req->granted = want;
	return true;
}

static size_t
collect(struct http_request *req, long status, const char *buf, size_t len)
{
	req->reply.received += len;
	/* A large one comes by 200 or 206, or is not what was asked for. */
	if (!is_success(status) || req->bulk)
		return collect_error(req, buf, len);
	assert(req->len <= req->body_max);
	if (len > req->body_max - req->len) {
		err_set(&req->reply.err, ERR_LIMIT,
		    "the answer is larger than %zu bytes", req->body_max);
		return refuse(req);
	}
	if (!may_grow(req, len)) {
		req->reply.no_room = true;
		err_set(&req->reply.err, ERR_LIMIT, "no room for the answer");
		return refuse(req);
	}
	append(req, buf, len);
	return len;
}

/* From here on it is libcurl that looks whether something comes. */
static void
hear(struct http_request *req)
{
	if (req->is_heard)
		return;
	req->is_heard = true;
	curl_easy_setopt(req->easy, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_S);
	curl_easy_setopt(req->easy, CURLOPT_LOW_SPEED_TIME,
	    (long)req->config->stall_timeout_s);
}

/* Runs inside of libcurl: what it records, `finish` acts on. */
static size_t
on_body(char *buf, size_t size, size_t count, void *cookie)
{
	struct http_request *req = cookie;
	long status = http_status(req);
	size_t len = size * count;

	hear(req);
	if (!req->bulk || (status != 200 && status != 206))
		return collect(req, status, buf, len);
	if (!req->started) {
		req->started = true;
		req->reply.status = status;
		http_show_url(req);
		if (req->on->start(req->cookie, &req->reply,
		    &req->reply.err) == -1)
			return refuse(req);
	}
	switch (req->on->data(req->cookie, buf, len, &req->reply.err)) {
	case HTTP_TAKEN:
		return len;
	case HTTP_PAUSE:
		return CURL_WRITEFUNC_PAUSE;
	case HTTP_REFUSED:
		break;
	}
	return refuse(req);
}

/*
 * RFC 9112 section 6.1: "chunked" is for everybody; what compresses has to be
 * asked for, and never is here.  libcurl would inflate it all the same.
 */
static bool
is_odd_coding(const char *line, size_t len)
{
	static const char name[] = "transfer-encoding:";
	const char *end = line + len, *s = line + strlen(name);
	size_t word;

	if (len < strlen(name) || !ascii_starts(line, name, strlen(name)))
		return false;
	while (s < end) {
		for (word = 0; s + word < end &&
		    memchr(", \t\r\n", s[word], 5) == NULL; word++)
			continue;
		if (word == 0)
			word = 1;
		else if (!(word == 7 && ascii_starts(s, "chunked", 7)) &&
		    !(word == 8 && ascii_starts(s, "identity", 8)))
			return true;
		s += word;
	}
	return false;
}

/* Not every libcurl bounds all of them together. */
static size_t
on_header(char *buf, size_t size, size_t count, void *cookie)
{
	struct http_request *req = cookie;
	long status = http_status(req);

	if (is_odd_coding(buf, size * count)) {
		err_set(&req->reply.err, ERR_NET, "the answer has another "
		    "Transfer-Encoding than chunked, which was not asked for");
		return refuse(req);
	}
	/* Of what is large the first byte is that of the body: headers tell
	 * nothing of when it will come. */
	if (!req->bulk || (status != 200 && status != 206))
		hear(req);
	req->header_bytes += size * count;
	if (req->header_bytes <= HEADER_BYTES_MAX)
		return size * count;
	err_set(&req->reply.err, ERR_LIMIT,
	    "the headers are larger than %u bytes", HEADER_BYTES_MAX);
	req->reply.refused = true;
	return CURL_WRITEFUNC_ERROR;
}

void
http_body_hook(struct http_request *req)
{
	curl_easy_setopt(req->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(req->easy, CURLOPT_WRITEDATA, req);
	curl_easy_setopt(req->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(req->easy, CURLOPT_HEADERDATA, req);
}
