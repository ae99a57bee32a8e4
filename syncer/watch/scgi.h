#ifndef CDR_WATCH_SCGI_H
#define CDR_WATCH_SCGI_H

#include <stddef.h>

#include "layout/limits.h"

/*
 * What nginx's scgi_pass sends: SCGI (a netstring of names and values, each
 * with a NUL behind, and then the body), by its public specification of 2006.
 */
struct scgi_request {
	const char *method;	/* "": not told */
	const char *uri;	/* of the request line; "": not told */
	/* As struct hook_request has them: "X-HUB-SIGNATURE". */
	const char *headers[2 * SCGI_HEADERS_MAX + 1];
	const char *body;
	size_t len;
};

/*
 * scgi_size(buf, len, ret): how many bytes the whole request has, that begins
 * with these.  Return 1; 0 if that is not told yet; -1 if it is none, or is
 * larger than it may be.
 */
int scgi_size(const char *, size_t, size_t *);

/*
 * scgi_parse(buf, len, ret): a whole request, with room for a NUL behind it.
 * It is changed, and ${ret} points into it.  Return 0, or -1 if it is none.
 */
int scgi_parse(char *, size_t, struct scgi_request *);

#endif
