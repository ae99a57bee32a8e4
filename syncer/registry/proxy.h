#ifndef CDR_REGISTRY_PROXY_H
#define CDR_REGISTRY_PROXY_H

#include <stdbool.h>

#include "layout/err.h"

/*
 * proxy_check(e): can the proxies that the environment names be used, as
 * libcurl would?  A password with a "#" in it, which is not percent-encoded,
 * makes another URL.  Their passwords are struck out from now on
 * (report/outside.h).  Return 0, or -1 with ${e} set (ERR_INPUT): it names the
 * variable, and nothing of its value.
 */
int proxy_check(struct err *);

/* proxy_port(https): the port of the proxy that such URLs go to, if no_proxy
 * does not say otherwise; 0: to none. */
unsigned proxy_port(bool);

#endif
