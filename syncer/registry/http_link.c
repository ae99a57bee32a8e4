/* How a host is reached: by which proxy, trusting whom, and whether its address
 * is one that may be asked. */

/* For memfd_create. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "layout/clock.h"
#include "layout/fsutil.h"
#include "layout/mem.h"
#include "registry/http_internal.h"

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

/* To the host or to the proxy on the way. */
static bool
speaks_tls(const struct http_request *req)
{
	return !req->reply.refused && (req->url.https ||
	    (req->proxy.port != 0 &&
	    strncasecmp(req->proxy.url, "https:", strlen("https:")) == 0));
}

/* The client certificate is a credential as well: for the registry alone. */
static void
set_tls(struct http_request *req)
{
	const struct registry_config *config = req->config;
	bool home = !req->reply.refused &&
	    url_same_origin(&req->url, &config->endpoint);
	struct err none;

	/* Hundreds of files, which who asks by http alone does not need. */
	if (req->trusted == NULL && speaks_tls(req))
		req->trusted = trusted_of(req->http, NULL, &none);
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

void
http_link_set(struct http_request *req, const struct http_spec *spec)
{
	const struct registry_config *config = spec->config;
	CURL *easy = req->easy;
	bool bulk = spec->bulk;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* One HTTP/2 connection shares one TCP window, which large bodies
	 * should not (quirks.md#http2-and-large-bodies). */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, spec->shares ?
	    (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	/* Two kinds of connections, not taken for one another: libcurl
	 * uses one again for the same TLS versions alone.  These two mean the
	 * same (quirks.md#http2-and-large-bodies). */
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, spec->shares ?
	    (long)CURL_SSLVERSION_DEFAULT :
	    (long)CURL_SSLVERSION_DEFAULT | CURL_SSLVERSION_MAX_DEFAULT);
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
	if (spec->read_max > 0 && spec->read_max < (size_t)RECEIVE_BYTES)
		curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
		    (long)spec->read_max);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, req);
}

/* Without a file of the registry's own there is nothing that could be wrong. */
int
http_link_trust(struct http_request *req, struct err *e)
{
	if (req->config->ca_file == NULL)
		return 0;
	req->trusted = trusted_of(req->http, req->config->ca_file, e);
	return req->trusted != NULL ? 0 : -1;
}

void
http_link_hop(struct http_request *req)
{
	set_proxy(req);
	set_tls(req);
}

void
http_link_free(struct http *h)
{
	struct trusted *trusted;
	struct home *home;

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
}
