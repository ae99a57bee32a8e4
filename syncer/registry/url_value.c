/* A URL that has been read, whoever reads them. */
#include <stdlib.h>
#include <string.h>

#include "registry/url.h"

void
url_done(struct url *u)
{
	free(u->text);
	free(u->host);
	*u = (struct url){ 0 };
}

/* RFC 6454 section 5. */
bool
url_same_origin(const struct url *a, const struct url *b)
{
	return a->https == b->https && a->port == b->port &&
	    strcmp(a->host, b->host) == 0;
}
