#include <stddef.h>
#include <string.h>

#include "registry/ascii.h"
#include "registry/mistake.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define NO_TLS \
	"there is no TLS: if it is to be plain http, write http:// in its " \
	"\"endpoint\""
#define NO_HTTP \
	"there is no plain http: if it speaks TLS, write https:// in its " \
	"\"endpoint\""
#define UNKNOWN_CA \
	"trust the authority that signed it: \"ca_file\" in the registries " \
	"file, or SSL_CERT_FILE"
#define OTHER_NAME \
	"the certificate is for another name: write one of its names in the " \
	"\"endpoint\""
#define TOO_OLD \
	"it knows only TLS or ciphers that are too old: it has to be brought " \
	"up to date"
#define NO_AUTHORITIES \
	"this machine knows no authorities: install ca-certificates, or set " \
	"SSL_CERT_FILE"
#define WANTS_CLIENT \
	"it wants to see a client certificate: \"client_cert\" in the " \
	"registries file"

/* The first that fits.  What OpenSSL says is the same in all languages. */
static const struct mistake mistakes[] = {
	{ "wrong version number", true, NO_TLS },
	{ "packet length too long", true, NO_TLS },
	{ "unknown protocol", true, NO_TLS },
	{ "http/0.9", true, NO_HTTP },
	{ "certificate has expired", true, "it has to be renewed there; or "
	    "this machine's clock is wrong" },
	{ "certificate is not yet valid", true,
	    "this machine's clock may be wrong" },
	{ "self-signed certificate", true, UNKNOWN_CA },
	{ "self signed certificate", true, UNKNOWN_CA },
	{ "unable to get local issuer", true, UNKNOWN_CA },
	{ "unable to get issuer", true, UNKNOWN_CA },
	{ "unable to verify the first", true, UNKNOWN_CA },
	{ "error setting certificate", true, NO_AUTHORITIES },
	{ "subject name", true, OTHER_NAME },
	{ "unrecognized name", true, OTHER_NAME },
	{ "unsupported protocol", true, TOO_OLD },
	{ "protocol version", true, TOO_OLD },
	{ "no protocols available", true, TOO_OLD },
	{ "version too low", true, TOO_OLD },
	{ "legacy sigalg disallowed", true, TOO_OLD },
	{ "unsafe legacy renegotiation", true, TOO_OLD },
	{ "key too small", true, TOO_OLD },
	{ "md too weak", true, TOO_OLD },
	{ "certificate required", true, WANTS_CLIENT },
	{ "alert bad certificate", true, WANTS_CLIENT },
	{ "alert unknown ca", true, WANTS_CLIENT },
	{ "handshake failure", true, "it has no cipher in common with us, or "
	    "wants a \"client_cert\"" },
	{ "could not resolve proxy", false,
	    "check the name of the proxy in the environment" },
	{ "could not resolve host", false, "check the name, and whether a "
	    "proxy has to be asked (https_proxy)" },
};

static bool
has_words(const char *s, const char *lower)
{
	size_t len = strlen(lower);

	for (; *s != '\0'; s++)
		if (ascii_starts(s, lower, len))
			return true;
	return false;
}

const struct mistake *
mistake_find(const char *message)
{
	size_t i;

	for (i = 0; i < COUNT(mistakes); i++)
		if (has_words(message, mistakes[i].words))
			return &mistakes[i];
	return NULL;
}

const struct mistake *
mistake_of_proxy(long status)
{
	static const struct mistake login = { "", true, "it wants a user name "
	    "and a password: write them in its URL" };
	static const struct mistake refused = { "", true, "it has to let us "
	    "through to there; or no_proxy has to name the host" };
	static const struct mistake later = { "", false, "it cannot reach the "
	    "host now; if there is a way without it, name the host in "
	    "no_proxy" };

	if (status == 407)
		return &login;
	return status >= 500 || status == 408 || status == 429 ? &later :
	    &refused;
}

/* nginx, Go and Apache, to whom speaks plain http to a port for TLS. */
const struct mistake *
mistake_of_answer(long status, const char *body)
{
	static const struct mistake no_http = { "", true, NO_HTTP };
	static const struct mistake login = { "", true, "a proxy in between "
	    "wants a user name and a password: write them in the URL of "
	    "http_proxy" };
	static const struct mistake portal = { "", true, "the network wants "
	    "somebody to log in first" };

	switch (status) {
	case 400:
		return has_words(body, "plain http request was sent to https")
		    || has_words(body, "http request to an https server") ||
		    has_words(body, "plain http to an ssl-enabled") ?
		    &no_http : NULL;
	case 407:
		return &login;
	case 511:
		return &portal;
	default:
		return NULL;
	}
}
