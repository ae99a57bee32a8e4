/*
 * What a registry has taught us in this run: how it wants to be asked,
 * and for which scope.  The first 401 teaches it; see transfer/ for who
 * waits meanwhile.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/mistake.h"
#include "registry/upstream.h"

/* Of a body that is no JSON so much is shown. */
#define BEGINNING_MAX	120u

struct upstream *
upstream_new(struct registry_config *config, struct keyring *keyring)
{
	struct upstream *up = xcalloc(1, sizeof(*up));

	up->config = *config;
	up->keyring = keyring;
	return up;
}

void
upstream_free(struct upstream *up)
{
	if (up == NULL)
		return;
	registry_config_done(&up->config);
	challenge_done(&up->challenge);
	token_cache_done(&up->tokens);
	free(up->common_scope);
	free(up);
}

char *
upstream_repository(const struct upstream *up, const char *repository)
{
	const char *below = up->config.below;

	return below == NULL ? xstrdup(repository) :
	    xasprintf("%s/%s", below, repository);
}

/* The names have passed the grammars of layout/name.h: nothing to escape. */
char *
upstream_url(const struct upstream *up, const char *repository,
    const char *kind, const char *reference)
{
	const char *base = up->config.endpoint.text;
	size_t len = strlen(base);
	char *there = upstream_repository(up, repository), *url;

	if (up->home != NULL)
		return xstrdup(repository);
	while (len > 0 && base[len - 1] == '/')
		len--;
	url = xasprintf("%.*s/v2/%s/%s/%s", (int)len, base, there, kind,
	    reference);
	free(there);
	return url;
}

char *
upstream_scope(const struct upstream *up, const char *repository)
{
	char *there, *scope;

	if (up->common_scope != NULL)
		return xstrdup(up->common_scope);
	there = upstream_repository(up, repository);
	scope = xasprintf("repository:%s:pull", there);
	free(there);
	return scope;
}

enum keyring_found
upstream_login(struct upstream *up, const char *repository,
    struct credential *ret, unsigned long *ret_serial)
{
	const struct registry_config *config = &up->config;
	char *there = upstream_repository(up, repository);
	enum keyring_found found = KEYRING_NONE;

	up->fault = NULL;
	/* Those of the place itself first, if the file speaks of it. */
	if (!config->is_lent || keyring_names(up->keyring, config->account)) {
		up->whose = config->account;
		found = keyring_find(up->keyring, up->whose, there,
		    clock_ms(), ret, ret_serial);
		if (found == KEYRING_NONE)
			up->fault = keyring_fault(up->keyring, up->whose,
			    there);
	}
	if (config->is_lent && found == KEYRING_NONE && up->fault == NULL) {
		up->whose = config->name;
		found = keyring_find(up->keyring, up->whose, there,
		    clock_ms(), ret, ret_serial);
		if (found == KEYRING_NONE)
			up->fault = keyring_fault(up->keyring, up->whose,
			    there);
	}
	free(there);
	return found;
}

/* A helper that has not been asked yet may have one. */
static bool
has_no_credential(struct upstream *up, const char *repository)
{
	struct credential credential = { 0 };
	enum keyring_found found = KEYRING_NONE;
	unsigned long serial;

	if (up->keyring != NULL)
		found = upstream_login(up, repository, &credential, &serial);
	credential_done(&credential);
	return found == KEYRING_NONE;
}

/* More than CHALLENGES_MAX of them make no sense any more. */
static void
read_challenge(const struct http_reply *reply, struct challenge *ret)
{
	const char *values[CHALLENGES_MAX];
	size_t count = http_headers(reply, "www-authenticate", values,
	    CHALLENGES_MAX);

	challenge_parse(values, count, ret);
}

/* A realm may be relative, and must not lead where a redirect may not. */
static int
resolve_realm(const struct upstream *up, struct challenge *c, struct err *e)
{
	struct url realm;

	if (url_resolve(&up->config.endpoint, c->realm, &realm, e) == -1)
		return err_wrap(e, "token realm");
	if (url_may_follow(&up->config.endpoint, &realm,
	    &up->config.places, e) == -1) {
		url_done(&realm);
		return err_wrap(e, "token realm");
	}
	free(c->realm);
	c->realm = xstrdup(realm.text);
	url_done(&realm);
	return 0;
}

/* Some registries have one scope for everything, such as "aws"
 * (quirks.md#scopes). */
static char *
settle_scope(struct upstream *up, const struct challenge *c,
    const char *repository)
{
	if (c->scope == NULL || c->scope[0] == '\0')
		return upstream_scope(up, repository);
	if (strstr(c->scope, repository) == NULL && up->common_scope == NULL)
		up->common_scope = xstrdup(c->scope);
	return xstrdup(c->scope);
}

int
upstream_challenged(struct upstream *up, const struct http_reply *reply,
    const char *repository, char **ret_scope, struct err *e)
{
	struct challenge c;
	int rc = 0;

	read_challenge(reply, &c);
	switch (c.scheme) {
	case CHALLENGE_NONE:
		rc = err_set(e, ERR_DENIED, "the registry answers 401 and "
		    "does not say what it wants");
		break;
	case CHALLENGE_BASIC:
		up->auth = UPSTREAM_BASIC;
		*ret_scope = NULL;
		if (has_no_credential(up, repository))
			rc = err_set(e, ERR_DENIED, "the registry wants a "
			    "user name and a password, and config.json has "
			    "none for %s%s%s%s", up->keyring != NULL ?
			    up->whose : "it", up->fault != NULL ?
			    " that can be used (" : "", up->fault != NULL ?
			    up->fault : "", up->fault != NULL ? ")" : "");
		break;
	case CHALLENGE_BEARER:
		rc = resolve_realm(up, &c, e);
		if (rc == -1)
			break;
		up->auth = UPSTREAM_BEARER;
		*ret_scope = settle_scope(up, &c, repository);
		challenge_done(&up->challenge);
		up->challenge = c;
		return 0;
	}
	challenge_done(&c);
	return rc;
}

/* The first error (OCI distribution-spec, "Error Codes"), or the beginning of
 * what is no JSON.  A page of HTML says nothing to who reads a log. */
char *
upstream_words(const struct http_reply *reply, char to[OUTSIDE_WORDS_MAX])
{
	json_t *root = json_loadb(reply->body, reply->len, 0, NULL);
	const json_t *first;
	const char *code, *message;
	char *both;

	first = json_array_get(json_object_get(root, "errors"), 0);
	code = json_string_value(json_object_get(first, "code"));
	message = json_string_value(json_object_get(first, "message"));
	to[0] = '\0';
	if (code != NULL || message != NULL) {
		both = xasprintf("%s%s%s", code != NULL ? code : "",
		    code != NULL && message != NULL ? ": " : "",
		    message != NULL ? message : "");
		outside_quote(to, OUTSIDE_WORDS_MAX, both, strlen(both));
		free(both);
	} else if (root == NULL && reply->len > 0 && reply->body[0] != '<') {
		outside_quote(to, BEGINNING_MAX, reply->body, reply->len);
	}
	json_decref(root);
	return to;
}

static enum err_code
code_of(long status)
{
	switch (status) {
	case 404:
		return ERR_NOT_FOUND;
	case 401:
	case 403:
		return ERR_DENIED;
	default:
		return ERR_NET;
	}
}

/* Who, what, to which question, and what to do about it. */
static int
say_status(const struct http_reply *reply, const char *words, struct err *e)
{
	const struct mistake *mistake = reply->elsewhere ? NULL :
	    mistake_of_answer(reply->status, reply->body);
	bool is_other = reply->url != NULL && !reply->is_home;
	const char *who = is_other ? reply->url : "the registry";
	const char *to = reply->url != NULL && !is_other ? reply->url : "";

	return err_set(e, code_of(reply->status),
	    "%s answers %ld%s%s%s%s%s%s%s", who, reply->status,
	    words[0] != '\0' ? " (" : "", words, words[0] != '\0' ? ")" : "",
	    to[0] != '\0' ? " to " : "", to, mistake != NULL ? "; " : "",
	    mistake != NULL ? mistake->advice : "");
}

int
upstream_status(const struct http_reply *reply, struct err *e)
{
	if (reply->headers != NULL) {
		*e = reply->err;
		return -1;
	}
	return say_status(reply, "", e);
}

int
upstream_explain(const struct http_reply *reply, struct err *e)
{
	char text[OUTSIDE_WORDS_MAX];

	upstream_status(reply, e);
	if (reply->headers != NULL || reply->elsewhere ||
	    upstream_words(reply, text)[0] == '\0')
		return -1;
	return say_status(reply, text, e);
}

bool
upstream_page(const struct http_reply *reply, struct err *e)
{
	const char *type = reply->easy == NULL || reply->status / 100 != 2 ?
	    NULL : http_header(reply, "content-type", 0);

	if (type == NULL || !(ascii_starts(type, "text/html", 9) ||
	    ascii_starts(type, "application/xhtml", 17)))
		return false;
	err_set(e, ERR_NET, "%s answers with text/html: a proxy or login "
	    "page? Check \"endpoint\", and whether a proxy is in between",
	    reply->url != NULL ? reply->url : "the registry");
	return true;
}
