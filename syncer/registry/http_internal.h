#ifndef CDR_REGISTRY_HTTP_INTERNAL_H
#define CDR_REGISTRY_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "registry/authorities.h"
#include "registry/http.h"
#include "registry/proxy.h"
#include "registry/url.h"
#include "report/outside.h"

/*
 * What the files of http.h share: a request, and what all requests have in
 * common.  http.c has its way from start to end, http_link.c how its host is
 * reached and whether it may be, http_body.c what comes, http_end.c what its
 * end means.
 */

#define RECEIVE_BYTES		(32L << 10)

struct http_request {
	struct http_request *next, *prev;
	struct http *http;
	CURL *easy;
	struct curl_slist *headers, *at;
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

/* http_status(request): of the hop in flight; libcurl begins at 0 with each. */
long http_status(const struct http_request *);

/* http_show_url(request): into reply.shown, for people. */
void http_show_url(struct http_request *);

/* http_body_hook(request): have libcurl hand over what comes. */
void http_body_hook(struct http_request *);

/*
 * http_link_set(request, spec): what holds for every hop.
 * http_link_trust(request, e): the registry's ca_file, once; -1 with ${e} set.
 * http_link_hop(request): what is of this hop's host: its proxy, whom to trust,
 * and whether the client certificate is shown.
 * http_link_free(http): what these have kept.
 */
void http_link_set(struct http_request *, const struct http_spec *);
int http_link_trust(struct http_request *, struct err *);
void http_link_hop(struct http_request *);
void http_link_free(struct http *);

/* http_end_patience_s(request): so long the first byte may take. */
unsigned http_end_patience_s(const struct http_request *);

/* http_end_judge(request, code): into its reply, what libcurl's code means:
 * whether another try may mend it, how far it had come, and for people why. */
void http_end_judge(struct http_request *, CURLcode);

#endif
