/* Bearer tokens (distribution/distribution docs/content/spec/auth/token.md and
 * oauth.md): kept by scope, since that is what a registry gives them for. */
#include <assert.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/token.h"
#include "registry/url.h"
#include "report/outside.h"

/* A token is asked for anew a little before it runs out
 * (quirks.md#tokens-that-run-out): so much, and a part of a short life. */
#define RENEW_EARLY_MS	5000
#define RENEW_EARLY_PART	4
#define TOKENS_KEPT	256u

/* Memory is used again, and dumped. */
static void
wipe(char *s)
{
	if (s == NULL)
		return;
	explicit_bzero(s, strlen(s));
	free(s);
}

static void
token_free(struct token *t)
{
	wipe(t->value);
	challenge_done(&t->from);
	free(t->scope);
	free(t);
}

/* Forget the one that was used longest ago and is not being fetched. */
static void
evict(struct token_cache *cache)
{
	struct token **at, **oldest = NULL, *t;

	for (at = &cache->first; *at != NULL; at = &(*at)->next)
		if ((*at)->fetch == NULL)
			oldest = at;
	if (oldest == NULL)
		return;
	assert(cache->count > 0);
	t = *oldest;
	*oldest = t->next;
	token_free(t);
	cache->count--;
}

struct token *
token_of(const struct token_cache *cache, unsigned long serial)
{
	struct token *t;

	for (t = cache->first; t != NULL; t = t->next)
		if (t->serial == serial && t->value != NULL)
			return t;
	return NULL;
}

bool
token_is_from(const struct token *t, const struct challenge *c)
{
	const char *a = t->from.service, *b = c->service;

	return c->realm != NULL && strcmp(t->from.realm, c->realm) == 0 &&
	    (a == b || (a != NULL && b != NULL && strcmp(a, b) == 0));
}

/* Found or made, it goes to the front: the last one is the one used
 * longest ago. */
struct token *
token_get(struct token_cache *cache, const struct challenge *from,
    const char *scope)
{
	struct token **at, *t;

	for (at = &cache->first; (t = *at) != NULL; at = &t->next)
		if (strcmp(t->scope, scope) == 0 && token_is_from(t, from))
			break;
	if (t != NULL) {
		*at = t->next;
	} else {
		if (cache->count >= TOKENS_KEPT)
			evict(cache);
		t = xcalloc(1, sizeof(*t));
		t->scope = xstrdup(scope);
		t->from.realm = xstrdup(from->realm);
		if (from->service != NULL)
			t->from.service = xstrdup(from->service);
		cache->count++;
	}
	t->next = cache->first;
	cache->first = t;
	return t;
}

bool
token_usable(const struct token *t, int64_t now_ms)
{
	return t->value != NULL && now_ms < t->fresh_until_ms;
}

/* The serial tells those who were refused with the old value that there
 * is a new one. */
void
token_set(struct token_cache *cache, struct token *t, char *value,
    int64_t lifetime_s, int64_t now_ms)
{
	int64_t life_ms = lifetime_s * 1000;
	int64_t early_ms = life_ms / RENEW_EARLY_PART;

	assert(value != NULL);
	outside_token(value);
	wipe(t->value);
	t->value = value;
	t->fresh_until_ms = now_ms + life_ms -
	    (early_ms < RENEW_EARLY_MS ? early_ms : RENEW_EARLY_MS);
	t->has_worked = false;
	t->serial = ++cache->serial;
}

void
token_drop(struct token *t)
{
	wipe(t->value);
	t->value = NULL;
}

void
token_cache_done(struct token_cache *cache)
{
	struct token *t;

	while ((t = cache->first) != NULL) {
		cache->first = t->next;
		token_free(t);
	}
	cache->count = 0;
}

/* A number that is no number of seconds is as good as none.  A short life is
 * not made longer: what is sent after its end is refused. */
static int64_t
lifetime_of(const json_t *root)
{
	const json_t *value = json_object_get(root, "expires_in");
	double seconds = 0;

	if (json_is_number(value))
		seconds = json_number_value(value);
	if (!(seconds > 0))
		return TOKEN_LIFETIME_STANDARD_S;
	if (seconds < TOKEN_LIFETIME_MIN_S)
		return TOKEN_LIFETIME_MIN_S;
	if (seconds > TOKEN_LIFETIME_MAX_S)
		return TOKEN_LIFETIME_MAX_S;
	return (int64_t)seconds;
}

/* It will stand in a header: visible ASCII only. */
static bool
is_sendable(const char *value)
{
	size_t i;

	for (i = 0; value[i] != '\0'; i++)
		if (value[i] <= ' ' || value[i] >= 127)
			return false;
	return i > 0;
}

/* The message has nothing of the body: it may be half a token. */
int
token_parse(const char *buf, size_t len, char **ret_value, int64_t *ret_life,
    struct err *e)
{
	json_t *root = json_loadb(buf, len, 0, NULL);
	const char *value;
	int rc = -1;

	value = json_string_value(json_object_get(root, "token"));
	if (value == NULL || value[0] == '\0')
		value = json_string_value(json_object_get(root,
		    "access_token"));
	if (root == NULL) {
		err_set(e, ERR_NET, "the token server's answer is not JSON");
	} else if (value == NULL || !is_sendable(value)) {
		err_set(e, ERR_NET, "the token server's answer has no token");
	} else {
		*ret_value = xstrdup(value);
		*ret_life = lifetime_of(root);
		rc = 0;
	}
	json_decref(root);
	return rc;
}

static char *
add(char *url, const char *name, const char *value)
{
	char *longer = url_with_query(url, name, value);

	wipe(url);	/* a form has a refresh token in it */
	return longer;
}

/* One scope: some token servers look at no more (quirks.md#scopes). */
char *
token_url(const struct challenge *c, const char *scope)
{
	char *url = xstrdup(c->realm);

	assert(c->realm != NULL);
	if (c->service != NULL && !url_has_query(c->realm, "service"))
		url = add(url, "service", c->service);
	if (!url_has_query(c->realm, "scope"))
		url = add(url, "scope", scope);
	return url;
}

/* RFC 6749 section 6.  It is built as a query, whose "?" is taken off again. */
char *
token_form(const struct challenge *c, const char *scope,
    const struct credential *credential)
{
	char *form = xstrdup("?");

	assert(credential->identity_token != NULL);
	form = add(form, "grant_type", "refresh_token");
	if (c->service != NULL)
		form = add(form, "service", c->service);
	form = add(form, "client_id", "cdr");
	form = add(form, "scope", scope);
	form = add(form, "refresh_token", credential->identity_token);
	memmove(form, form + 1, strlen(form));
	return form;
}
