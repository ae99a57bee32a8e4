#ifndef CDR_REGISTRY_HTTP_H
#define CDR_REGISTRY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"
#include "registry/registries.h"
#include "registry/retry.h"

/*
 * HTTP requests, many at once, on one thread: the only file that knows
 * libcurl's transfers.  Redirects are followed here, by hand, so that
 * credentials never reach another origin (distribution-spec, "API";
 * quirks.md#redirects).
 */
struct http;
struct http_request;

/* A small answer may take so many times stall_timeout_s in all. */
#define HTTP_SMALL_STALLS	10

enum http_auth {
	HTTP_AUTH_NONE,
	HTTP_AUTH_BASIC,
	HTTP_AUTH_BEARER
};

/* What to ask.  All pointers are borrowed for the call of http_start only, but
 * for config, which has to outlive the request. */
struct http_spec {
	const char *url;
	const char *at;		/* "HOST:PORT" to connect to; the URL's host is
				 * then only a name, as on a certificate.
				 * NULL: the URL's own */
	const struct registry_config *config;
	bool head;
	const char *form;	/* a POST with these fields; NULL: none */
	const char *post;	/* a POST with this text: a redirect is an
				 * answer then, and not followed; NULL: none */
	const char *post_type;	/* its media type */
	const char *header;	/* one more, "Name: value"; NULL: none */
	const char *accept;	/* NULL: anything */
	enum http_auth auth;
	const char *username, *password;	/* Basic */
	const char *bearer;
	uint64_t from, to;	/* the bytes [from, to); to 0: up to the end;
				 * both 0: all, without Range */
	size_t body_max;	/* a successful body that is longer fails */
	size_t body_room;	/* more than so much of it has to be asked for:
				 * the room handler; 0: body_max */
	bool bulk;		/* successful bodies go to the data handler */
	bool shares;		/* an HTTP/2 connection with others, where the
				 * server knows that; else HTTP/1.1 */
	bool waits;		/* it is known to: for a connection that is
				 * being made, rather than make another */
	size_t read_max;	/* of these, at most so much at once; 0: any */
	const char *agent;	/* who asks; NULL: "cdr/VERSION" */
	const char *encoding;	/* Accept-Encoding; NULL: identity.  The body
				 * comes as it was sent. */
	bool stay;		/* a redirect is an answer, and not followed */
};

/* How far a request came that got no answer. */
enum http_stage {
	HTTP_AT_NAME,		/* the host's name has no address */
	HTTP_AT_CONNECT,
	HTTP_AT_TLS,		/* no TLS there, or none in common */
	HTTP_AT_CERTIFICATE,	/* not trusted, of another name, too old */
	HTTP_AT_ANSWER
};

struct http_reply {
	enum transport transport;
	long status;		/* 0 without an answer */
	enum http_stage stage;	/* valid unless transport is TRANSPORT_OK */
	bool elsewhere;		/* the answer is another origin's */
	const struct url *url;	/* that was answered, after redirects; NULL: in
				 * this process */
	bool is_home;		/* it is that of config's endpoint */
	const char *shown;	/* it, for people, without a query; or NULL */
	const char *body;	/* NUL-terminated; not of bulk bodies */
	char **owner;		/* who has it, for http_take_body; or NULL */
	size_t len;
	size_t received;	/* bytes of bodies, whatever the status, but not
				 * those that the data handler was given */
	bool no_room;		/* the room handler said no: then refused */
	bool shared;		/* it came over HTTP/2 */
	bool connected;		/* over a connection made for it */
	bool refused;		/* a handler said no: its reason is in err */
	const char *const *headers;	/* names and values, up to a NULL: of an
				 * answer that was made in this process; then
				 * err says why it is no success */
	struct err err;		/* set unless transport is TRANSPORT_OK and not
				 * refused */
	void *easy;		/* for http_header */
};

enum http_taken {
	HTTP_TAKEN,
	HTTP_PAUSE,		/* not now; http_resume will be called */
	HTTP_REFUSED		/* stop: the err is set */
};

struct http_handlers {
	/* The headers of a 200 or 206 are there (bulk only).  0 or -1. */
	int (*start)(void *cookie, const struct http_reply *, struct err *);
	enum http_taken (*data)(void *cookie, const void *, size_t,
	    struct err *);
	/* NULL, or: may the body be so many bytes? */
	bool (*room)(void *cookie, size_t);
	/* NULL, or: a redirect leads to another origin, which gets nothing of
	 * what was for the first one.  Fill in auth and what it needs, if that
	 * host is to be shown something of its own. */
	void (*meet)(void *cookie, const struct url *, struct http_spec *);
	/* Called once, from http_poll.  The request is gone when it returns. */
	void (*end)(void *cookie, const struct http_reply *);
};

/* http_new(e): NULL with ${e} set.  http_free silently ends what is in
 * flight. */
struct http *http_new(struct err *);
void http_free(struct http *);

/* http_start: the handlers are not called before the next http_poll. */
struct http_request *http_start(struct http *, const struct http_spec *,
    const struct http_handlers *, void *cookie);

/* http_cancel(req): no handler is called any more.  Accepts NULL. */
void http_cancel(struct http_request *);
void http_resume(struct http_request *);

/*
 * http_poll(h, timeout_ms, fd): wait for something to happen, at most so long,
 * on the requests, on ${fd} (-1: none) or by http_wakeup; then do it.
 */
void http_poll(struct http *, int timeout_ms, int fd);

/* http_wakeup(h): from any thread. */
void http_wakeup(struct http *);

/* http_take_body(reply): the body, whose bytes are then the caller's, to be
 * free(3)d; NULL where it has none. */
char *http_take_body(const struct http_reply *);

/* http_header(reply, name, index): value of the header's appearance number
 * ${index} (from 0), or NULL.  Valid during the handler. */
const char *http_header(const struct http_reply *, const char *, size_t);

/* http_headers(reply, name, ret, max): the first ${max} of them.  Return how
 * many there are. */
size_t http_headers(const struct http_reply *, const char *, const char **,
    size_t);

/* http_peer(reply): the address that was connected to, "" where none was.
 * Valid during the handler. */
const char *http_peer(const struct http_reply *);

#endif
