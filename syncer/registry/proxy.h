#ifndef CDR_REGISTRY_PROXY_H
#define CDR_REGISTRY_PROXY_H

#include <stdbool.h>

#include "layout/err.h"
#include "registry/url.h"

/*
 * proxy_check(e): can the proxies that the environment names be used, as
 * libcurl would?  A password with a "#" in it, which is not percent-encoded,
 * makes another URL.  Their passwords are struck out from now on
 * (report/outside.h).  Return 0, or -1 with ${e} set (ERR_INPUT): it names the
 * variable, and nothing of its value.
 */
int proxy_check(struct err *);

/* What a request goes through. */
struct proxy {
	const char *url;	/* with its password; the environment's */
	const char *variable;	/* which of it */
	unsigned port;		/* 0: it goes through none */
};

/* proxy_for(u): by the scheme, unless no_proxy has the host. */
struct proxy proxy_for(const struct url *);

/* proxy_is_set(): is there any? */
bool proxy_is_set(void);

#endif
