#ifndef CDR_REGISTRY_CHALLENGE_H
#define CDR_REGISTRY_CHALLENGE_H

#include <stddef.h>

enum challenge_scheme {
	CHALLENGE_NONE,
	CHALLENGE_BASIC,
	CHALLENGE_BEARER
};

/* RFC 9110 section 11.6.1; distribution token.md.  NULL where absent or
 * empty. */
struct challenge {
	enum challenge_scheme scheme;
	char *realm;		/* may be relative to the request's URL */
	char *service;
	char *scope;
	char *error;		/* "insufficient_scope", "invalid_token" */
};

/*
 * challenge_parse(headers, count, ret): the challenge to answer out of
 * ${count} WWW-Authenticate header values, each of which may hold several:
 * the first Bearer with a realm, else the first Basic.  Takes what registries
 * really send (quirks.md#challenge-headers): any case, unquoted values, commas
 * and escapes inside quotes, missing parameters, token68.  What makes no sense
 * is passed over; with nothing usable the scheme is CHALLENGE_NONE.
 * challenge_done releases.
 */
void challenge_parse(const char *const *, size_t, struct challenge *);
void challenge_done(struct challenge *);

#endif
