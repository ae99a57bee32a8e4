/* Credentials for a request, and what a 401 teaches. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "layout/clock.h"
#include "transfer/dispatch_internal.h"

/* A 401, a token, and one more for a token that was revoked meanwhile. */
#define AUTH_TRIES_MAX	2

static void
use_basic(struct http_spec *spec, const struct credential *c)
{
	if (c->username == NULL || c->password == NULL)
		return;
	spec->auth = HTTP_AUTH_BASIC;
	spec->username = c->username;
	spec->password = c->password;
}

/* The request for the token that ${f} has to wait for. */
static void
fetch_token(struct fetch *f, struct token *token)
{
	struct fetch *t;

	if (token->fetch == NULL) {
		t = fetch_new(f->d, FETCH_TOKEN, f->source, f->repository,
		    f->scope);
		t->token = token;
		t->scope = xstrdup(f->scope);
		token->fetch = t;
		fetch_start(t);
	}
	fetch_enter(f, FETCH_NEED_TOKEN);
	queue_push(&f->d->waiting, f);
}

static bool
authorise_bearer(struct fetch *f, struct http_spec *spec,
    struct credential *c)
{
	struct upstream *up = f->source->up;
	struct token *token;

	if (c->registry_token != NULL) {
		spec->auth = HTTP_AUTH_BEARER;
		spec->bearer = c->registry_token;
		return true;
	}
	f->login_serial = 0;	/* the token server sees it, not this one */
	if (f->scope == NULL)
		f->scope = upstream_scope(up, f->repository);
	token = token_get(&up->tokens, f->scope);
	if (!token_usable(token, clock_ms())) {
		fetch_token(f, token);
		return false;
	}
	spec->auth = HTTP_AUTH_BEARER;
	spec->bearer = token->value;
	f->sent_serial = token->serial;
	return true;
}

/* The token server takes a refresh token by POST, all else by GET. */
static void
authorise_token(struct fetch *f, struct http_spec *spec,
    struct credential *c)
{
	use_basic(spec, c);
	if (c->identity_token == NULL)
		return;
	spec->auth = HTTP_AUTH_NONE;
	if (f->form == NULL)
		f->form = token_form(&f->source->up->challenge, f->scope, c);
	spec->form = f->form;
}

bool
fetch_authorise(struct fetch *f, struct http_spec *spec,
    struct credential *ret)
{
	struct upstream *up = f->source->up;

	f->login_serial = 0;
	if (f->kind != FETCH_TOKEN && (up->auth == UPSTREAM_UNKNOWN ||
	    up->auth == UPSTREAM_OPEN))
		return true;
	if (fetch_login(f, ret) == KEYRING_UNKNOWN)
		return false;
	if (f->kind == FETCH_TOKEN) {
		authorise_token(f, spec, ret);
		return true;
	}
	switch (up->auth) {
	case UPSTREAM_UNKNOWN:
	case UPSTREAM_OPEN:
		return true;
	case UPSTREAM_BASIC:
		use_basic(spec, ret);
		return true;
	case UPSTREAM_BEARER:
		return authorise_bearer(f, spec, ret);
	}
	return true;
}

void
fetch_challenged(struct fetch *f, const struct http_reply *reply)
{
	struct upstream *up = f->source->up;
	struct token *token;
	char *scope;

	if (fetch_login_again(f)) {
		fetch_queue(f);
		return;
	}
	if (++f->auth_tries > AUTH_TRIES_MAX) {
		upstream_explain(reply, &f->err);
		err_wrap(&f->err, "access denied");
		fetch_fail(f);
		return;
	}
	if (upstream_challenged(up, reply, f->repository, &scope,
	    &f->err) == -1) {
		fetch_fail(f);
		return;
	}
	/* Somebody else may have fetched a newer token meanwhile. */
	if (scope != NULL) {
		token = token_get(&up->tokens, scope);
		if (token->value != NULL && f->scope != NULL &&
		    strcmp(f->scope, scope) == 0 &&
		    token->serial == f->sent_serial)
			token_drop(token);
	}
	free(f->scope);
	f->scope = scope;
	f->tries--;		/* a question, not a failure */
	fetch_queue(f);
}

void
fetch_token_tell(struct fetch *f, const struct err *e)
{
	struct queue *waiting = &f->d->waiting;
	struct fetch *w, *next;

	for (w = waiting->first; w != NULL; w = next) {
		next = w->next;
		if (w->source != f->source || w->scope == NULL ||
		    strcmp(w->scope, f->scope) != 0)
			continue;
		queue_remove(waiting, w);
		if (e == NULL) {
			fetch_queue(w);
		} else {
			w->err = *e;
			fetch_fail(w);
		}
	}
}

/* 400 is what OAuth2 has for a refresh token that is over (RFC 6749, 5.2). */
static bool
refuses_login(const struct http_reply *reply)
{
	return reply->transport == TRANSPORT_OK && !reply->elsewhere &&
	    (reply->status == 400 || reply->status == 401 ||
	    reply->status == 403);
}

void
fetch_token_done(struct fetch *f, const struct http_reply *reply)
{
	char *value;
	int64_t lifetime_s;

	if (reply->refused) {
		f->err = reply->err;
		fetch_fail(f);
		return;
	}
	if (refuses_login(reply) && fetch_login_again(f)) {
		f->not_before_ms = clock_ms();
		fetch_enter(f, FETCH_BACKOFF);
		queue_push(&f->d->delayed, f);
		return;
	}
	if (reply->transport != TRANSPORT_OK || reply->status != 200) {
		fetch_note(f, reply);
		fetch_again(f);
		return;
	}
	if (token_parse(reply->body, reply->len, &value, &lifetime_s,
	    &f->err) == -1) {
		fetch_fail(f);
		return;
	}
	token_set(&f->source->up->tokens, f->token, value, lifetime_s,
	    clock_ms());
	f->token->fetch = NULL;
	fetch_token_tell(f, NULL);
	fetch_done(f);
}
