/* What the end of a transfer means: for another try, and for people. */
#include <string.h>

#include "registry/http_internal.h"
#include "registry/mistake.h"

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

/* By TLS, and no HTTP: not a wrong setting, but something on the way. */
static bool
makes_no_sense(const struct http_request *req, CURLcode code)
{
	return code == CURLE_UNSUPPORTED_PROTOCOL && req->url.https;
}

/* Why it has failed, where somebody has to do something about it. */
static const struct mistake *
mistake_of(const struct http_request *req, CURLcode code)
{
	long status = proxy_status(req);

	if (code == CURLE_OK || makes_no_sense(req, code))
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
	if (makes_no_sense(req, code))
		return TRANSPORT_BROKEN;
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

static void
note_connection(struct http_request *req)
{
	long version = 0, connects = 0;

	curl_easy_getinfo(req->easy, CURLINFO_HTTP_VERSION, &version);
	curl_easy_getinfo(req->easy, CURLINFO_NUM_CONNECTS, &connects);
	req->reply.shared = version == CURL_HTTP_VERSION_2_0;
	req->reply.connected = connects > 0;
}

/* Its query may be signed.  Where there was no answer, the path does not
 * matter. */
void
http_show_url(struct http_request *req)
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

unsigned
http_end_patience_s(const struct http_request *req)
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
		    "stall_timeout_s, %u s)", http_end_patience_s(req),
		    req->config->stall_timeout_s);
	else
		err_set(&req->reply.err, ERR_NET, "no answer in %u s "
		    "(stall_timeout_s)", http_end_patience_s(req));
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

void
http_end_judge(struct http_request *req, CURLcode code)
{
	struct http_reply *reply = &req->reply;

	note_connection(req);
	reply->transport = reply->refused ? TRANSPORT_OK :
	    transport_of(req, code);
	reply->stage = stage_of(req, code);
	http_show_url(req);
	if (reply->transport != TRANSPORT_OK)
		explain(req, code);
}
