#ifndef CDR_REGISTRY_TOKEN_H
#define CDR_REGISTRY_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"
#include "registry/challenge.h"
#include "registry/credentials.h"

/*
 * Bearer tokens (distribution token.md, oauth.md).  A token is the registry's
 * answer to one scope.  Token values are never logged.
 */
struct token {
	struct token *next;
	char *scope;
	char *value;		/* NULL: being fetched, or none yet */
	int64_t expires_ms;	/* clock_ms */
	unsigned long serial;	/* changes with each new value */
	void *fetch;		/* the request for it that is in flight */
};

/* The tokens of one registry, the latest used first. */
struct token_cache {
	struct token *first;
	size_t count;
	unsigned long serial;
};

/* token_get(cache, scope): the entry for a scope, made where there is none. */
struct token *token_get(struct token_cache *, const char *);

/* token_usable(t, now_ms): its value can be sent. */
int token_usable(const struct token *, int64_t);

/* token_set(cache, t, value, lifetime_s, now_ms): takes ${value}. */
void token_set(struct token_cache *, struct token *, char *, int64_t,
    int64_t);

/* token_drop(t): forget the value. */
void token_drop(struct token *);
void token_cache_done(struct token_cache *);

/*
 * token_parse(buf, len, ret_value, ret_lifetime_s, e): the token server's JSON:
 * "token" or "access_token"; "expires_in" is 60 where absent, and at least that
 * (quirks.md#token-answers).  "issued_at" is left aside, since clocks differ.
 * Return 0, or -1 with ${e} set and nothing of the body in it.
 */
int token_parse(const char *, size_t, char **, int64_t *, struct err *);

/*
 * token_url(challenge, scope): what to GET.  The realm's own query is kept and
 * a scope that it already has is not added twice.  free(3) it.
 */
char *token_url(const struct challenge *, const char *);

/* token_form(challenge, scope, credential): the fields of an OAuth2 refresh
 * grant (quirks.md#identity-tokens); free(3) it. */
char *token_form(const struct challenge *, const char *,
    const struct credential *);

#endif
