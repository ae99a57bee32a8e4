#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "transfer/fetch_access.h"
#include "transfer/fetch_again.h"
#include "transfer/fetch_denied.h"
#include "transfer/fetch_login.h"
#include "transfer/fetch_token.h"

struct token_fetch {
	struct fetch fetch;
	struct site *site;		/* that it is for */
	struct token *token;
	char *form;			/* with POST; or NULL */
};

static struct token_fetch *
token_fetch_of(struct fetch *f)
{
	assert(f->kind->is_token);
	return (struct token_fetch *)f;
}

static void
form_drop(struct token_fetch *f)
{
	if (f->form != NULL)
		explicit_bzero(f->form, strlen(f->form));
	free(f->form);
	f->form = NULL;
}

/* ${tf} has ended: those who wait for its token have it, or cannot have it, for
 * ${e}. */
static void
tell_waiting(const struct token_fetch *tf, const struct err *e)
{
	const struct fetch *f = &tf->fetch;
	struct queued *q, *next;
	struct fetch *w;

	for (q = f->traffic->need_token.first; q != NULL; q = next) {
		next = q->next;
		w = fetch_of(q);
		assert(w->state == FETCH_NEED_TOKEN);
		if (w->awaited != tf->token)
			continue;
		queue_leave(q);
		w->awaited = NULL;
		if (e == NULL || fetch_denied_no_token(w, tf->token,
		    &f->outcome, e)) {
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
	const struct token *token = token_fetch_of(f)->token;

	f->to = ANSWER_TO_TOKEN;
	spec->body_max = TOKEN_BYTES_MAX;
	return token_url(&token->from, token->scope);
}

/* 400 is what OAuth2 has for a refresh token that is over (RFC 6749, 5.2). */
static bool
refuses_login(const struct http_reply *reply)
{
	return reply->transport == TRANSPORT_OK && !reply->elsewhere &&
	    (reply->status == 400 || reply->status == 401 ||
	    reply->status == 403);
}

/* The token is known to all who wait for it. */
static void
token_came(struct token_fetch *tf, char *value, int64_t lifetime_s)
{
	struct fetch *f = &tf->fetch;

	assert(tf->token->fetch == f);
	token_set(&tf->site->tokens, tf->token, value, lifetime_s,
	    clock_ms());
	tf->token->fetch = NULL;
	tell_waiting(tf, NULL);
	fetch_enter(f, FETCH_END);
	fetch_free(f);
}

static void
token_ended(struct fetch *f, const struct http_reply *reply)
{
	struct token_fetch *tf = token_fetch_of(f);
	char *value;
	int64_t lifetime_s;

	if (reply->refused) {
		f->err = reply->err;
		fetch_fail(f);
	} else if (refuses_login(reply) && fetch_login_again(f, tf->site)) {
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
	struct token_fetch *tf = token_fetch_of(f);

	assert(tf->token->fetch == f);
	if (tf->site == &f->source->up->self)
		err_wrap(&f->err, "token for %s", f->repository);
	else
		err_wrap(&f->err, "token for %s", tf->site->name);
	tf->token->fetch = NULL;
	tell_waiting(tf, &f->err);
	fetch_free(f);
}

static void
token_done(struct fetch *f)
{
	form_drop(token_fetch_of(f));
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

void
fetch_token_need(struct fetch *f, struct site *site, struct token *token)
{
	struct token_fetch *tf;

	if (token->fetch == NULL) {
		tf = fetch_new(sizeof(*tf), &token_kind, f->traffic,
		    f->source, f->repository, token->scope);
		tf->site = site;
		tf->token = token;
		tf->fetch.share.kind = SHARE_TOKEN;
		token->fetch = tf;
		fetch_urge(&tf->fetch);
	}
	fetch_enter(f, FETCH_NEED_TOKEN);
	f->awaited = token;
	queue_push(&f->traffic->need_token, &f->queued);
}

/* The token server takes a refresh token by POST, all else by GET. */
bool
fetch_token_authorise(struct fetch *f, struct http_spec *spec,
    struct credential *ret)
{
	struct token_fetch *tf = token_fetch_of(f);

	if (fetch_login(f, tf->site, ret) == KEYRING_UNKNOWN)
		return false;
	if (ret->identity_token == NULL) {
		fetch_access_use_basic(spec, ret);
		return true;
	}
	if (tf->form == NULL)
		tf->form = token_form(&tf->token->from, tf->token->scope, ret);
	spec->form = tf->form;
	return true;
}
