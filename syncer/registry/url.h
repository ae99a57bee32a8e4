#ifndef CDR_REGISTRY_URL_H
#define CDR_REGISTRY_URL_H

#include <stdbool.h>

#include "layout/err.h"
#include "registry/reach.h"

/*
 * What the program has to know of a URL to decide where credentials may go.
 * Parsed by libcurl's URL API, so that we see what libcurl will connect to.
 */
struct url {
	char *text;		/* normalised, absolute, without fragment */
	bool https;
	char *host;		/* lower case; addresses in their usual
				 * spelling, v6 in brackets */
	unsigned port;		/* the scheme's where none is written */
};

/*
 * url_parse(text, ret, e): http or https only, no user name in it, a host in
 * ASCII, no v6 zone, at most URL_MAX bytes.  Spaces and bytes above ASCII
 * behind the host are escaped.  Return 0, or -1 with ${e} set (ERR_NET); the
 * message shows neither a query, which may be signed, nor a user name.
 * url_done releases.
 */
int url_parse(const char *, struct url *, struct err *);

/*
 * url_resolve(base, text, ret, e): ${text} may be relative to ${base}.  An
 * empty reference is an error: no header that we read means "this page".
 */
int url_resolve(const struct url *, const char *, struct url *, struct err *);
void url_done(struct url *);

/*
 * url_proxy(text, ret_password, ret_port, e): the setting of a proxy: a scheme
 * that libcurl has proxies for, or none, a host, a port, a user and a password,
 * and nothing else.  ${ret_password}, which may become NULL, is decoded;
 * free(3) it.  Return 0, or -1 with ${e} set (ERR_INPUT), and nothing of
 * ${text} in it.
 */
int url_proxy(const char *, char **, unsigned *, struct err *);

/* url_same_origin(a, b): scheme, host and port are equal: credentials for one
 * may go to the other. */
bool url_same_origin(const struct url *, const struct url *);

/* url_is_loopback(u): localhost, 127.0.0.0/8 or [::1] by its text. */
bool url_is_loopback(const struct url *);

/*
 * url_may_follow(from, to, allowed, e): may a registry at ${from} send us to
 * ${to}, by a redirect or as a token realm?  Not from https to http, and not to
 * localhost, a name below it, or a literal address that is loopback,
 * link-local, private or otherwise not of the Internet (any spelling that
 * libcurl takes for an IPv4 address, and IPv4 inside v6, included) unless
 * ${from} is such a place itself, or the same host, or ${allowed} has it
 * (quirks.md#private-addresses).  Names are not resolved here.  Return 0, or -1
 * with ${e} set (ERR_NET).
 *
 * url_may_connect(home, home_reach, to, peer, allowed, e): the same of the
 * address ${peer} that a connection for ${to} has; a registry, ${home}, whose
 * name has led to ${home_reach} counts as being there.
 */
int url_may_follow(const struct url *, const struct url *,
    const struct reach_list *, struct err *);
int url_may_connect(const struct url *, enum reach, const struct url *,
    const char *, const struct reach_list *, struct err *);

/* url_with_query(text, name, value): ${text} with name=value appended to its
 * query, escaped, and without a fragment; free(3) it. */
char *url_with_query(const char *, const char *, const char *);

/* url_has_query(text, name): does the query have a parameter ${name}?  A
 * realm may bring its own scope (quirks.md#realms-with-a-query). */
bool url_has_query(const char *, const char *);

#endif
