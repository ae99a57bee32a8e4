#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/mistake.h"
#include "registry/upstream.h"

/* Hosts that it sends us to, and that want to see something. */
#define SITES_MAX	64u
/* Of a body that is no JSON so much is shown. */
#define BEGINNING_MAX	120u

struct upstream *
upstream_new(struct registry_config *config, struct keyring *keyring)
{
	struct upstream *up = xcalloc(1, sizeof(*up));

	up->config = *config;
	up->keyring = keyring;
	site_init(&up->self, &up->config.endpoint, up->config.name);
	return up;
}

void
upstream_free(struct upstream *up)
{
	struct site *s;

	if (up == NULL)
		return;
	while ((s = up->others) != NULL) {
		up->others = s->next;
		site_done(s);
		free(s);
	}
	site_done(&up->self);
	registry_config_done(&up->config);
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
	char *there, *url;

	if (up->home != NULL)
		return xstrdup(repository);
	there = upstream_repository(up, repository);
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
	char *there = upstream_repository(up, repository);
	char *scope = xasprintf("repository:%s:pull", there);

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

/* --- others, where it sends us ----------------------------------------- */

struct site *
upstream_find(struct upstream *up, const struct url *url)
{
	struct site *s;

	for (s = up->others; s != NULL; s = s->next)
		if (url_same_origin(&s->origin, url))
			return s;
	return NULL;
}

struct site *
upstream_site(struct upstream *up, const struct url *url)
{
	struct site *s = upstream_find(up, url);
	char *name;

	if (s != NULL || up->other_count >= SITES_MAX)
		return s;
	if (url->port == (url->https ? 443 : 80))
		name = xstrdup(url->host);
	else
		name = xasprintf("%s:%u", url->host, url->port);
	s = xcalloc(1, sizeof(*s));
	site_init(s, url, registries_canonical(name));
	free(name);
	s->next = up->others;
	up->others = s;
	up->other_count++;
	return s;
}

/* --- words ------------------------------------------------------------- */

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
	bool is_other = reply->shown != NULL && !reply->is_home;
	const char *who = is_other ? reply->shown : "the registry";
	const char *to = reply->shown != NULL && !is_other ? reply->shown : "";

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
	    reply->shown != NULL ? reply->shown : "the registry");
	return true;
}
