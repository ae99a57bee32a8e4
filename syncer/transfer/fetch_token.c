#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "transfer/fetch_again.h"
#include "transfer/fetch_login.h"
#include "transfer/fetch_token.h"

/* A 401, a token, and one more for a token that was revoked meanwhile. */
#define AUTH_TRIES_MAX	2

/* The request for a token; its reference and scope are the token's scope. */
struct token_fetch {
	struct fetch fetch;
	struct token *token;
	char *form;			/* with POST; or NULL */
};

/* --- the request for a token ------------------------------------------- */

static void
form_drop(struct token_fetch *f)
{
	if (f->form != NULL)
		explicit_bzero(f->form, strlen(f->form));
	free(f->form);
	f->form = NULL;
}

/* ${f} has ended: those who wait for its token have it, or cannot have it, for
 * ${e}. */
static void
tell_waiting(const struct fetch *f, const struct err *e)
{
	struct queued *q, *next;
	struct fetch *w;

	for (q = f->traffic->need_token.first; q != NULL; q = next) {
		next = q->next;
		w = fetch_of(q);
		assert(w->state == FETCH_NEED_TOKEN);
		if (w->source != f->source || w->scope == NULL ||
		    strcmp(w->scope, f->scope) != 0)
			continue;
		queue_leave(q);
		if (e == NULL) {
			fetch_queue(w);
		} else {
			w->err = *e;
			fetch_fail(w);
		}
	}
}

static char *
open_token(struct fetch *f, struct http_spec *spec)
{
	f->to = ANSWER_TO_TOKEN;
	spec->body_max = TOKEN_BYTES_MAX;
	return token_url(&f->source->up->challenge, f->scope);
}

/* 400 is what OAuth2 has for a refresh token that is over (RFC 6749, 5.2). */
static bool
refuses_login(const struct http_reply *reply)
{
	return reply->transport == TRANSPORT_OK && !reply->elsewhere &&
	    (reply->status == 400 || reply->status == 401 ||
	    reply->status == 403);
}

/* The token is known to all who wait for one of this scope. */
static void
token_came(struct token_fetch *tf, char *value, int64_t lifetime_s)
{
	struct fetch *f = &tf->fetch;

	assert(tf->token->fetch == f);
	token_set(&f->source->up->tokens, tf->token, value, lifetime_s,
	    clock_ms());
	tf->token->fetch = NULL;
	tell_waiting(f, NULL);
	fetch_enter(f, FETCH_END);
	fetch_free(f);
}

static void
token_ended(struct fetch *f, const struct http_reply *reply)
{
	struct token_fetch *tf = (struct token_fetch *)f;
	char *value;
	int64_t lifetime_s;

	if (reply->refused) {
		f->err = reply->err;
		fetch_fail(f);
	} else if (refuses_login(reply) && fetch_login_again(f)) {
		form_drop(tf);
		fetch_delay(f, clock_ms());
	} else if (reply->transport != TRANSPORT_OK || reply->status != 200) {
		fetch_again_note(f, reply);
		fetch_again(f);
	} else if (token_parse(reply->body, reply->len, &value, &lifetime_s,
	    &f->err) == -1) {
		(void)upstream_page(reply, &f->err);
		fetch_fail(f);
	} else {
		token_came(tf, value, lifetime_s);
	}
}

static void
token_failed(struct fetch *f)
{
	struct token *token = ((struct token_fetch *)f)->token;

	assert(token->fetch == f);
	err_wrap(&f->err, "token for %s", f->repository);
	token->fetch = NULL;
	tell_waiting(f, &f->err);
	fetch_free(f);
}

static void
token_done(struct fetch *f)
{
	form_drop((struct token_fetch *)f);
}

static const struct http_handlers token_handlers = { .end = fetch_ended };

static const struct fetch_kind token_kind = {
	.is_token = true,
	.handlers = &token_handlers,
	.open = open_token,
	.ended = token_ended,
	.failed = token_failed,
	.done = token_done,
};

/* The token that ${f} has to wait for is asked for once, whoever waits. */
static void
need_token(struct fetch *f, struct token *token)
{
	struct token_fetch *tf;

	if (token->fetch == NULL) {
		tf = fetch_new(sizeof(*tf), &token_kind, f->traffic,
		    f->source, f->repository, f->scope);
		tf->token = token;
		tf->fetch.scope = xstrdup(f->scope);
		tf->fetch.share.kind = SHARE_TOKEN;
		token->fetch = tf;
		fetch_urge(&tf->fetch);
	}
	fetch_enter(f, FETCH_NEED_TOKEN);
	queue_push(&f->traffic->need_token, &f->queued);
}

/* --- what a request has to show ---------------------------------------- */

static void
use_basic(struct http_spec *spec, const struct credential *c)
{
	if (c->username == NULL || c->password == NULL)
		return;
	spec->auth = HTTP_AUTH_BASIC;
	spec->username = c->username;
	spec->password = c->password;
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
		need_token(f, token);
		return false;
	}
	spec->auth = HTTP_AUTH_BEARER;
	spec->bearer = token->value;
	f->sent_serial = token->serial;
	return true;
}

/* The token server takes a refresh token by POST, all else by GET. */
static void
authorise_token(struct token_fetch *f, struct http_spec *spec,
    struct credential *c)
{
	use_basic(spec, c);
	if (c->identity_token == NULL)
		return;
	spec->auth = HTTP_AUTH_NONE;
	if (f->form == NULL)
		f->form = token_form(&f->fetch.source->up->challenge,
		    f->fetch.scope, c);
	spec->form = f->form;
}

bool
fetch_token_authorise(struct fetch *f, struct http_spec *spec,
    struct credential *ret)
{
	struct upstream *up = f->source->up;

	f->login_serial = 0;
	if (!f->kind->is_token && (up->auth == UPSTREAM_UNKNOWN ||
	    up->auth == UPSTREAM_OPEN))
		return true;
	if (fetch_login(f, ret) == KEYRING_UNKNOWN)
		return false;
	if (f->kind->is_token) {
		authorise_token((struct token_fetch *)f, spec, ret);
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

/* --- what a 401 teaches ------------------------------------------------ */

/* The token that was sent is of no use; but somebody else may have fetched a
 * newer one meanwhile. */
static void
drop_sent(struct fetch *f, const char *scope)
{
	struct token *token = token_get(&f->source->up->tokens, scope);

	if (token->value != NULL && f->scope != NULL &&
	    strcmp(f->scope, scope) == 0 && token->serial == f->sent_serial)
		token_drop(token);
}

void
fetch_token_challenged(struct fetch *f, const struct http_reply *reply)
{
	char *scope;

	/* Nobody else than the registry is shown anything. */
	if (f->source->up->home != NULL) {
		upstream_explain(reply, &f->err);
		fetch_fail(f);
		return;
	}
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
	if (upstream_challenged(f->source->up, reply, f->repository, &scope,
	    &f->err) == -1) {
		fetch_fail(f);
		return;
	}
	if (scope != NULL)
		drop_sent(f, scope);
	free(f->scope);
	f->scope = scope;
	f->tries--;		/* a question, not a failure */
	fetch_queue(f);
}
