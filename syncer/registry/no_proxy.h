#ifndef CDR_REGISTRY_NO_PROXY_H
#define CDR_REGISTRY_NO_PROXY_H

#include <stdbool.h>

/*
 * no_proxy_has(list, host, port): is what no_proxy says about ${host}, as a URL
 * has it (quirks.md#no-proxy)?  Between commas or blanks: "*" for all; a
 * domain, for itself and what is below it; ".domain" and "*.domain", for what
 * is below it; an address, v6 with or without brackets; a network such as
 * 10.0.0.0/8.  All but networks may have a port.  What is none of these is
 * passed over.
 */
bool no_proxy_has(const char *, const char *, unsigned);

#endif
