#ifndef CDR_REGISTRY_TOKEN_H
#define CDR_REGISTRY_TOKEN_H

#include <stdbool.h>
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
	struct challenge from;	/* realm and service of its server */
	char *scope;
	char *value;		/* NULL: being fetched, or none yet */
	int64_t fresh_until_ms;	/* clock_ms */
	unsigned long serial;	/* changes with each new value, and is that of
				 * no other token; 0 before the first */
	bool has_worked;	/* the value has been taken once */
	void *fetch;		/* the request for it that is in flight */
};

/* The tokens for one host, the latest used first. */
struct token_cache {
	struct token *first;
	size_t count;
	unsigned long serial;
};

/* token_get(cache, challenge, scope): the entry for a scope at that realm and
 * service, made where there is none.  token_of(cache, serial): the one with
 * that value, or NULL; no value has 0. */
struct token *token_get(struct token_cache *, const struct challenge *,
    const char *);
struct token *token_of(const struct token_cache *, unsigned long);

/* token_is_from(t, challenge): it is that realm's and service's. */
bool token_is_from(const struct token *, const struct challenge *);

/* token_usable(t, now_ms): its value can be sent, and will not run out on the
 * way. */
bool token_usable(const struct token *, int64_t);

/* token_set(cache, t, value, lifetime_s, now_ms): takes ${value}. */
void token_set(struct token_cache *, struct token *, char *, int64_t,
    int64_t);

/* token_drop(t): forget the value. */
void token_drop(struct token *);
void token_cache_done(struct token_cache *);

/*
 * token_parse(buf, len, ret_value, ret_lifetime_s, e): the token server's JSON:
 * "token" or "access_token"; "expires_in" is 60 where it is absent or no number
 * of seconds, and at least 1 (quirks.md#token-answers).  "issued_at" is left
 * aside, since clocks differ.  Return 0, or -1 with ${e} set and nothing of the body in it.
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
