/*
 * libcurl's multi interface, with our own hands at the places where it
 * decides things that are ours to decide: redirects, credentials, what may be
 * told of a failure.  A request is in h->requests from http_start until its
 * end has been told.
 */

/* For memfd_create. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "layout/clock.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/authorities.h"
#include "registry/http.h"
#include "registry/mistake.h"
#include "registry/proxy.h"
#include "registry/url.h"
#include "report/outside.h"

#define CONNECTIONS_KEPT	64L
/* Slower than this for stall_timeout_s is a stall (quirks.md#stalls). */
#define STALL_BYTES_S		32L
#define RECEIVE_BYTES		(32L << 10)

struct http_request {
	struct http_request *next, *prev;
	struct http *http;
	CURL *easy;
	struct curl_slist *headers;
	const struct registry_config *config;
	const struct trusted *trusted;
	struct url url;			/* of the hop in flight */
	struct proxy proxy;		/* and what it goes through */
	unsigned hops;
	bool bulk, started, has_form, stays;
	int64_t asked_ms;		/* when this hop was; or 0 */
	bool is_heard;			/* its first byte has come */
	bool is_given_up;		/* it came too late */
	size_t body_max;
	char *body;
	size_t len, room;
	size_t granted;			/* the body may have so many bytes */
	int64_t error_ms;		/* when an error's body began; or 0 */
	bool is_cut;			/* enough of it has come */
	size_t header_bytes;
	struct http_reply reply;
	const struct http_handlers *on;
	void *cookie;
	char message[CURL_ERROR_SIZE];
	char shown[OUTSIDE_WORDS_MAX];	/* reply.shown */
};

/* How far a registry's name has led. */
struct home {
	struct home *next;
	enum reach reach;
	char host[];
};

/* Whom to trust, as a file: libcurl compares and copies names rather than
 * certificates. */
struct trusted {
	struct trusted *next;
	char *ca_file;			/* NULL: none */
	char *path;			/* NULL: libcurl's own */
	int fd;				/* -1: it is a file of somebody's */
	bool no_folder;			/* and of the system's there is none */
};

struct http {
	CURLM *multi;
	struct http_request *requests;
	struct home *homes;
	struct trusted *trusted;
};

/* Of the hop in flight: libcurl begins at 0 with each. */
static long
status_of(const struct http_request *req)
{
	long status = 0;

	curl_easy_getinfo(req->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

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

/* Its query may be signed.  Where there was no answer, the path does not
 * matter. */
static void
show_url(struct http_request *req)
{
	const char *text = req->url.text;
	size_t len;

	if (text == NULL)
		return;
	len = strcspn(text, "?#");
	if (req->reply.transport != TRANSPORT_OK &&
	    req->reply.stage != HTTP_AT_ANSWER)
		len = (size_t)(strstr(text, "://") + 3 - text) +
		    strcspn(strstr(text, "://") + 3, "/?#");
	req->reply.shown = outside_quote(req->shown, sizeof(req->shown), text,
	    len);
	req->reply.is_home = url_same_origin(&req->url,
	    &req->config->endpoint);
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
	long status = status_of(req);
	size_t len = size * count;

	hear(req);
	if (!req->bulk || (status != 200 && status != 206))
		return collect(req, status, buf, len);
	if (!req->started) {
		req->started = true;
		req->reply.status = status;
		show_url(req);
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
	long status = status_of(req);

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

static struct home *
home_of(struct http *h, const char *host)
{
	size_t size = strlen(host) + 1;
	struct home *home;

	for (home = h->homes; home != NULL; home = home->next)
		if (strcmp(home->host, host) == 0)
			return home;
	home = xcalloc(1, sizeof(*home) + size);
	memcpy(home->host, host, size);
	home->next = h->homes;
	h->homes = home;
	return home;
}

/*
 * Before each request, also over a connection that others have used: names are
 * resolved by then, and cannot change any more.  What a proxy connects to is
 * not known here.
 */
static int
on_connected(void *cookie, char *peer, char *local, int port, int local_port)
{
	struct http_request *req = cookie;
	const struct registry_config *config = req->config;
	struct home *home = home_of(req->http, config->endpoint.host);
	uint8_t address[16];

	(void)local;
	(void)local_port;
	req->asked_ms = clock_ms();
	if (req->proxy.port != 0 && (unsigned)port == req->proxy.port)
		return CURL_PREREQFUNC_OK;
	if (url_may_connect(&config->endpoint, home->reach, &req->url, peer,
	    &config->places, &req->reply.err) == -1) {
		req->reply.refused = true;
		return CURL_PREREQFUNC_ABORT;
	}
	if (strcmp(config->endpoint.host, req->url.host) == 0 &&
	    reach_parse(peer, address))
		home->reach = reach_of(address);
	return CURL_PREREQFUNC_OK;
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
	struct trusted *trusted;
	struct home *home;

	if (h == NULL)
		return;
	while (h->requests != NULL)
		http_cancel(h->requests);
	while ((trusted = h->trusted) != NULL) {
		h->trusted = trusted->next;
		if (trusted->fd != -1)
			close(trusted->fd);
		free(trusted->ca_file);
		free(trusted->path);
		free(trusted);
	}
	while ((home = h->homes) != NULL) {
		h->homes = home->next;
		free(home);
	}
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
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

/* Return the descriptor of a file without a name, or -1. */
static int
nameless(const void *buf, size_t len)
{
	int fd = memfd_create("authorities", MFD_CLOEXEC);

	if (fd != -1 && fs_write(fd, buf, len, 0) == 0)
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

/* Without /proc there is the one file, or what libcurl has. */
static void
name_authorities(struct trusted *t, const struct authorities *a)
{
	if (t->ca_file == NULL && !a->is_set)
		return;
	t->no_folder = a->has_folders;
	t->fd = nameless(a->pem, a->len);
	if (t->fd != -1)
		t->path = xasprintf("/proc/self/fd/%d", t->fd);
	if (t->path != NULL && access(t->path, R_OK) == 0)
		return;
	free(t->path);
	t->path = t->ca_file != NULL ? xstrdup(t->ca_file) : NULL;
}

/* Read once.  NULL with ${e} set. */
static const struct trusted *
trusted_of(struct http *h, const char *ca_file, struct err *e)
{
	struct authorities a;
	struct trusted *t;

	for (t = h->trusted; t != NULL; t = t->next)
		if ((t->ca_file == NULL && ca_file == NULL) ||
		    (t->ca_file != NULL && ca_file != NULL &&
		    strcmp(t->ca_file, ca_file) == 0))
			return t;
	if (authorities_read(curl_version_info(CURLVERSION_NOW)->cainfo,
	    ca_file, &a, e) == -1) {
		err_wrap(e, "ca_file");
		return NULL;
	}
	t = xcalloc(1, sizeof(*t));
	t->fd = -1;
	t->ca_file = ca_file != NULL ? xstrdup(ca_file) : NULL;
	name_authorities(t, &a);
	authorities_done(&a);
	t->next = h->trusted;
	h->trusted = t;
	return t;
}

/* What libcurl would do by itself, but for the forms of no_proxy. */
static void
set_proxy(struct http_request *req)
{
	if (!req->reply.refused)
		req->proxy = proxy_for(&req->url);
	curl_easy_setopt(req->easy, CURLOPT_PROXY,
	    req->proxy.port != 0 ? req->proxy.url : "");
	curl_easy_setopt(req->easy, CURLOPT_NOPROXY, "");
}

/* The client certificate is a credential as well: for the registry alone. */
static void
set_tls(struct http_request *req)
{
	const struct registry_config *config = req->config;
	bool home = !req->reply.refused &&
	    url_same_origin(&req->url, &config->endpoint);

	if (req->trusted != NULL && req->trusted->path != NULL) {
		curl_easy_setopt(req->easy, CURLOPT_CAINFO,
		    req->trusted->path);
		curl_easy_setopt(req->easy, CURLOPT_PROXY_CAINFO,
		    req->trusted->path);
	}
	if (req->trusted != NULL && req->trusted->no_folder) {
		curl_easy_setopt(req->easy, CURLOPT_CAPATH, NULL);
		curl_easy_setopt(req->easy, CURLOPT_PROXY_CAPATH, NULL);
	}
	curl_easy_setopt(req->easy, CURLOPT_SSLCERT,
	    home ? config->client_cert : NULL);
	curl_easy_setopt(req->easy, CURLOPT_SSLKEY,
	    home ? config->client_key : NULL);
}

static void
set_link(CURL *easy, const struct registry_config *config,
    const struct http_spec *spec)
{
	bool bulk = spec->bulk;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* One HTTP/2 connection shares one TCP window, which large bodies
	 * should not (quirks.md#http2-and-large-bodies). */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, spec->shares ?
	    (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	/* Where it is not known, libcurl would wait for the first answer, and,
	 * over HTTP/1.1, for the end of it. */
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, spec->waits ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, bulk && !spec->shares ?
	    RECEIVE_BYTES : (long)CURL_MAX_WRITE_SIZE);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT,
	    (long)config->connect_timeout_s);
	/* A blob takes as long as it takes; a small answer that trickles does
	 * not get all night. */
	if (!bulk)
		curl_easy_setopt(easy, CURLOPT_TIMEOUT,
		    HTTP_SMALL_STALLS * (long)config->stall_timeout_s);
}

/* All that holds for every hop; set_tls is for each. */
static void
set_request(struct http_request *req, const struct http_spec *spec)
{
	CURL *easy = req->easy;
	char range[48];
	char *line;
	int len;

	if (spec->accept != NULL) {
		line = xasprintf("Accept: %s", spec->accept);
		req->headers = curl_slist_append(req->headers, line);
		free(line);
	}
	/* Digests are of the bytes as stored (quirks.md#content-encoding). */
	line = xasprintf("Accept-Encoding: %s",
	    spec->encoding != NULL ? spec->encoding : "identity");
	req->headers = curl_slist_append(req->headers, line);
	free(line);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, req->headers);
	/* Some registries refuse who has no name (quirks.md#user-agent). */
	curl_easy_setopt(easy, CURLOPT_USERAGENT,
	    spec->agent != NULL ? spec->agent : "cdr/" CDR_VERSION);
	if (spec->head)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	if (spec->form != NULL) {
		req->has_form = true;
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, spec->form);
	}
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
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, req);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, req);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, req);
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
	req->http = h;
	req->on = on;
	req->cookie = cookie;
	req->config = spec->config;
	req->bulk = spec->bulk;
	req->stays = spec->stay;
	req->body_max = spec->body_max;
	req->granted = spec->body_room > 0 ? spec->body_room : spec->body_max;
	req->easy = curl_easy_init();
	if (req->easy == NULL)
		abort();	/* out of memory */
	req->reply.easy = req->easy;
	req->reply.url = &req->url;
	set_link(req->easy, spec->config, spec);
	if (spec->read_max > 0 && spec->read_max < (size_t)RECEIVE_BYTES)
		curl_easy_setopt(req->easy, CURLOPT_BUFFERSIZE,
		    (long)spec->read_max);
	set_request(req, spec);
	set_auth(req->easy, spec);
	/* libcurl gets what url_parse has understood, and nothing else. */
	req->reply.refused = url_parse(spec->url, &req->url,
	    &req->reply.err) == -1;
	req->trusted = trusted_of(h, spec->config->ca_file, &why);
	if (req->trusted == NULL && !req->reply.refused) {
		req->reply.refused = true;
		req->reply.err = why;
	}
	curl_easy_setopt(req->easy, CURLOPT_URL,
	    req->reply.refused ? "" : req->url.text);
	set_proxy(req);
	set_tls(req);
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

/* A time-out before the request could be sent: nobody is there. */
static bool
never_connected(const struct http_request *req, CURLcode code)
{
	curl_off_t sent_us = 0;

	if (code != CURLE_OPERATION_TIMEDOUT)
		return false;
	curl_easy_getinfo(req->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_us);
	return sent_us == 0;
}

/* What a proxy has said to CONNECT, or 0. */
static long
proxy_status(const struct http_request *req)
{
	long status = 0;

	curl_easy_getinfo(req->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status >= 300 ? status : 0;
}

/* Why it has failed, where somebody has to do something about it. */
static const struct mistake *
mistake_of(const struct http_request *req, CURLcode code)
{
	long status = proxy_status(req);

	if (code == CURLE_OK)
		return NULL;
	return status != 0 ? mistake_of_proxy(status) :
	    mistake_find(req->message);
}

/* What another try may mend, and what it will not: a certificate that is wrong
 * now is wrong in a second. */
static enum transport
transport_of(const struct http_request *req, CURLcode code)
{
	const struct mistake *mistake = mistake_of(req, code);

	if (mistake != NULL && mistake->is_final)
		return TRANSPORT_FATAL;
	if (never_connected(req, code) || proxy_status(req) != 0)
		return TRANSPORT_CONNECT;
	/* An open-ended list of libcurl's: what is not named was cut. */
	switch ((int)code) {
	case CURLE_OK:
		return TRANSPORT_OK;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		return TRANSPORT_CONNECT;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_ENGINE_NOTFOUND:
		return TRANSPORT_FATAL;
	default:
		return TRANSPORT_BROKEN;
	}
}

static enum http_stage
stage_of(const struct http_request *req, CURLcode code)
{
	curl_off_t connected_us = 0;

	/* What is not named had a connection, or not. */
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_AT_NAME;
	case CURLE_SSL_CONNECT_ERROR:
		return HTTP_AT_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTP_AT_CERTIFICATE;
	default:
		curl_easy_getinfo(req->easy, CURLINFO_CONNECT_TIME_T,
		    &connected_us);
		return connected_us > 0 ? HTTP_AT_ANSWER : HTTP_AT_CONNECT;
	}
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
	long status = status_of(req);

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
	set_proxy(req);
	set_tls(req);
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

static void
note_connection(struct http_request *req)
{
	long version = 0, connects = 0;

	curl_easy_getinfo(req->easy, CURLINFO_HTTP_VERSION, &version);
	curl_easy_getinfo(req->easy, CURLINFO_NUM_CONNECTS, &connects);
	req->reply.shared = version == CURL_HTTP_VERSION_2_0;
	req->reply.connected = connects > 0;
}

static unsigned
patience_s(const struct http_request *req)
{
	return req->bulk ? req->config->first_byte_timeout_s :
	    req->config->stall_timeout_s;
}

static void
explain_silence(struct http_request *req)
{
	if (req->bulk)
		err_set(&req->reply.err, ERR_NET, "no byte of it has come in "
		    "%u s (first_byte_timeout_s; between bytes that would be "
		    "stall_timeout_s, %u s)", patience_s(req),
		    req->config->stall_timeout_s);
	else
		err_set(&req->reply.err, ERR_NET, "no answer in %u s "
		    "(stall_timeout_s)", patience_s(req));
}

/* Which time it was that is over. */
static void
name_setting(struct http_request *req, CURLcode code)
{
	const struct registry_config *config = req->config;
	struct err *e = &req->reply.err;
	size_t used = strlen(e->msg);

	if (never_connected(req, code))
		snprintf(e->msg + used, sizeof(e->msg) - used,
		    " (connect_timeout_s is %u)", config->connect_timeout_s);
	else
		snprintf(e->msg + used, sizeof(e->msg) - used,
		    " (stall_timeout_s is %u)", config->stall_timeout_s);
}

/* libcurl's words: they have names of hosts in them, settings of the
 * environment, and what is in certificates. */
static void
explain(struct http_request *req, CURLcode code)
{
	/* Of each code it has a fixed text. */
	const char *fixed = curl_easy_strerror(code);
	const char *words = req->message[0] != '\0' ? req->message : fixed;
	const struct mistake *mistake = mistake_of(req, code);
	struct err *e = &req->reply.err;
	char shown[CURL_ERROR_SIZE];
	long status = proxy_status(req);
	size_t used;

	if (req->is_given_up)
		explain_silence(req);
	else
		err_set(e, ERR_NET, "%s", outside_is_mute() ? fixed :
		    outside_quote(shown, sizeof(shown), words,
		    strlen(words)));
	if (status != 0)
		err_wrap(e, "the proxy that %s names answers %ld",
		    req->proxy.port != 0 ? req->proxy.variable :
		    "the environment", status);
	else if (req->proxy.port != 0 &&
	    req->reply.transport == TRANSPORT_CONNECT)
		err_wrap(e, "by way of the proxy that %s names",
		    req->proxy.variable);
	if (code == CURLE_OPERATION_TIMEDOUT && !req->is_given_up &&
	    status == 0)
		name_setting(req, code);
	/* Doctor has words of its own. */
	if (req->config->name == NULL)
		return;
	if (req->reply.shown != NULL)
		err_wrap(e, "%s", req->reply.shown);
	used = strlen(e->msg);
	if (mistake != NULL)
		snprintf(e->msg + used, sizeof(e->msg) - used, "; %s",
		    mistake->advice);
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
	reply->status = status_of(req);
	note_connection(req);
	reply->body = req->body != NULL && req->len > 0 ? req->body : "";
	reply->owner = &req->body;
	reply->len = req->len;
	reply->transport = reply->refused ? TRANSPORT_OK :
	    transport_of(req, code);
	reply->stage = stage_of(req, code);
	show_url(req);
	if (reply->transport != TRANSPORT_OK)
		explain(req, code);
	req->on->end(req->cookie, reply);
	request_free(req);
}

/* The first byte may take longer than those after it: caches get the whole
 * blob first (quirks.md#late-first-bytes). */
static bool
is_silent(const struct http_request *req, int64_t now)
{
	return req->asked_ms > 0 && !req->is_heard &&
	    now - req->asked_ms >= (int64_t)patience_s(req) * 1000;
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
