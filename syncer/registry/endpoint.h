#ifndef CDR_REGISTRY_ENDPOINT_H
#define CDR_REGISTRY_ENDPOINT_H

#include "layout/err.h"
#include "registry/url.h"

/*
 * Where a registry is asked.  A path before "v2" stands before all requests; a
 * path behind it is that of a proxy project or a cache, and stands before the
 * names of repositories (quirks.md#proxy-projects):
 * https://harbor.example/v2/dockerhub-proxy.
 */
struct endpoint {
	struct url url;		/* what "v2/" is below; its text ends in "/" */
	char *below;		/* "dockerhub-proxy"; NULL: nothing */
};

/* endpoint_parse(text, ret, e): a URL without a query.  The first component
 * "v2" of its path is the API's.  Return 0, or -1 with ${e} set (ERR_INPUT).
 * endpoint_done releases. */
int endpoint_parse(const char *, struct endpoint *, struct err *);

/* endpoint_standard(name, ret, e): of a registry that nobody has said anything
 * about; by http where its name is loopback. */
int endpoint_standard(const char *, struct endpoint *, struct err *);

/* endpoint_mirror(mirror, name, ret, e): of a registry at a CDR, which has each
 * below its name (quirks.md#shapes-of-a-request). */
int endpoint_mirror(const char *, const char *, struct endpoint *,
    struct err *);
void endpoint_done(struct endpoint *);

/* endpoint_place(text): a URL's host and port as they are written there, in
 * lower case as names of registries are; free(3) it. */
char *endpoint_place(const char *);

#endif
