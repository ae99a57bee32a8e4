/*
 * A challenge belongs to the repository and the host that it came for.  What a
 * token that is refused brings with it is not taken for one: registries send
 * what they like with that (quirks.md#stale-tokens).  It is renewed where it is
 * from; then the registry is asked once without any.
 */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "transfer/fetch_access.h"
#include "transfer/fetch_denied.h"
#include "transfer/fetch_login.h"

/* The table ends all that repeats itself; this ends what it does not know of,
 * such as two hosts that send us to each other. */
#define AUTH_TRIES_MAX	6

static struct shown *
shown_of(struct fetch *f, const struct http_reply *reply)
{
	struct site *site;

	if (!reply->elsewhere)
		return &f->home;
	site = upstream_site(f->source->up, reply->url);
	if (site == NULL || site != f->other.site) {
		free(f->other.scope);
		memset(&f->other, 0, sizeof(f->other));
		f->other.site = site;
	}
	return &f->other;
}

static bool
is_same(const struct shown *s, const struct challenge *c)
{
	const struct token *token = token_of(&s->site->tokens, s->serial);

	return token != NULL && c->scheme == CHALLENGE_BEARER &&
	    token_is_from(token, c);
}

/* A token that is gone, others have found to be stale.  What this fetch has
 * been told need not be on the site's list, which leaves out what is like the
 * nearest repository's. */
static bool
is_proven(const struct fetch *f, const struct shown *s)
{
	const struct token *token = token_of(&s->site->tokens, s->serial);
	const struct access *a = fetch_access_of(f, s);

	return s->serial != 0 && (token == NULL || token->has_worked ||
	    (a != NULL && (s->is_told || access_is_of(a, f->repository)) &&
	    token_is_from(token, &a->want)));
}

unsigned
fetch_denied_facts(struct fetch *f, const struct http_reply *reply)
{
	const struct shown *s = shown_of(f, reply);
	struct challenge c;
	struct err e;
	unsigned facts = 0;

	if (s->site == NULL)
		return 0;
	/* A realm that is refused is told when it is gone to. */
	if (site_challenge(s->site, reply, &f->source->up->config, &c,
	    &e) == -1) {
		facts |= ANSWER_CHALLENGED;
	} else {
		if (c.scheme != CHALLENGE_NONE)
			facts |= ANSWER_CHALLENGED;
		if (is_same(s, &c))
			facts |= ANSWER_SAME;
		challenge_done(&c);
	}
	if (is_proven(f, s))
		facts |= ANSWER_PROVEN;
	if (s->is_shown)
		facts |= ANSWER_SHOWN;
	if (s->is_renewed)
		facts |= ANSWER_RENEWED;
	if (f->was_cold)
		facts |= ANSWER_COLD;
	return facts;
}

/* What a challenge asks for, in one string. */
static char *
key_of(const struct challenge *c, const char *scope)
{
	if (c->realm == NULL)
		return xstrdup("");
	return xasprintf("%s\n%s\n%s", c->realm,
	    c->service == NULL ? "" : c->service, scope);
}

static void
explain_denied(struct fetch *f, const struct http_reply *reply)
{
	if (reply->elsewhere) {
		err_set(&f->err, ERR_DENIED, "access denied: %s, where the "
		    "registry sends us, answers 401", f->other.site == NULL ?
		    "a host" : f->other.site->name);
		return;
	}
	upstream_explain(reply, &f->err);
	err_wrap(&f->err, "access denied");
}

/* Somebody else may have fetched a newer one meanwhile. */
static void
drop_sent(struct shown *s)
{
	struct token *token = token_of(&s->site->tokens, s->serial);

	if (token != NULL)
		token_drop(token);
}

static bool
may_have_login(struct fetch *f, const struct site *site)
{
	struct credential c = { 0 };
	unsigned long serial = f->login_serial;
	enum keyring_found found = fetch_login_now(f, site, &c);

	f->login_serial = serial;
	credential_done(&c);
	return found != KEYRING_NONE;
}

static int
no_login(struct fetch *f, const struct shown *s)
{
	const struct upstream *up = f->source->up;

	if (s == &f->home)
		return err_set(&f->err, ERR_DENIED, "the registry wants a user "
		    "name and a password, and config.json has none for "
		    "%s%s%s%s", up->keyring != NULL ? up->whose : "it",
		    up->fault != NULL ? " that can be used (" : "",
		    up->fault != NULL ? up->fault : "",
		    up->fault != NULL ? ")" : "");
	return err_set(&f->err, ERR_DENIED, "%s, where the registry sends us, "
	    "wants a user name and a password%s", s->site->name,
	    site_may_show(s->site) ? ", and config.json has none for it" :
	    ", which are not sent over plain http");
}

/* Take what it wants: 0, or -1 with f->err set. */
static int
take_challenge(struct fetch *f, struct shown *s, const struct challenge *c)
{
	char *standard = upstream_scope(f->source->up, f->repository);
	char *key = key_of(c, c->scope != NULL ? c->scope : standard);
	bool again = f->refused != NULL && s == &f->home &&
	    strcmp(f->refused, key) == 0;

	free(key);
	free(standard);
	if (again) {
		f->err = f->refused_err;
		return -1;
	}
	site_learn(s->site, f->repository, c);
	s->is_told = true;
	free(s->scope);
	s->scope = c->scope == NULL ? NULL : xstrdup(c->scope);
	if (c->scheme == CHALLENGE_BASIC && !may_have_login(f, s->site))
		return no_login(f, s);
	return 0;
}

/* Do as ${way} says: 0, or -1 with f->err set. */
static int
go(struct fetch *f, const struct http_reply *reply, enum answer_way way)
{
	struct shown *s = shown_of(f, reply);
	struct challenge c;
	struct err e;
	int rc = 0;

	if (++f->auth_tries > AUTH_TRIES_MAX || s->site == NULL)
		way = ANSWER_FAIL;
	explain_denied(f, reply);
	if (way == ANSWER_WITHOUT) {
		f->is_cold = true;
		drop_sent(s);
		return 0;
	}
	if (way != ANSWER_CHALLENGE && way != ANSWER_RENEW)
		return -1;
	f->is_cold = false;
	if (site_challenge(s->site, reply, &f->source->up->config, &c,
	    &e) == -1) {
		f->err = e;
		return way == ANSWER_RENEW ? 0 : -1;
	}
	if (way == ANSWER_CHALLENGE) {
		rc = take_challenge(f, s, &c);
	} else {
		s->is_renewed = true;
		if (is_same(s, &c) && c.scope != NULL) {
			free(s->scope);
			s->scope = xstrdup(c.scope);
		}
		drop_sent(s);
	}
	challenge_done(&c);
	return rc;
}

static void
nothing_said(struct fetch *f, const struct http_reply *reply)
{
	const char *name = reply->elsewhere && f->other.site != NULL ?
	    f->other.site->name : "the registry";

	err_set(&f->err, ERR_DENIED, "%s answers 401 and does not say what it "
	    "wants", name);
}

void
fetch_denied_go(struct fetch *f, const struct http_reply *reply,
    enum answer_way way)
{
	struct shown *s = shown_of(f, reply);
	unsigned facts = fetch_denied_facts(f, reply);

	/* Nobody else than the registry, and where it leads, is shown
	 * anything. */
	if (f->source->up->home != NULL) {
		upstream_explain(reply, &f->err);
		fetch_fail(f);
		return;
	}
	if (s->is_shown && s->site != NULL && fetch_login_again(f, s->site)) {
		fetch_queue(f);
		return;
	}
	if (go(f, reply, way) == -1) {
		if ((facts & (ANSWER_CHALLENGED | ANSWER_SHOWN)) == 0 &&
		    f->refused == NULL)
			nothing_said(f, reply);
		fetch_fail(f);
		return;
	}
	f->err.code = ERR_NONE;
	f->tries--;		/* a question, not a failure */
	fetch_queue(f);
}

bool
fetch_denied_no_token(struct fetch *f, const struct token *token,
    const struct outcome *o, const struct err *e)
{
	const struct access *a = fetch_access_of(f, &f->home);

	/* Only a guess is worth another look. */
	if (f->traffic->stopping || f->was_cold || a == NULL ||
	    access_is_of(a, f->repository) || !token_is_from(token, &a->want))
		return false;
	if (o->transport != TRANSPORT_OK || o->status < 400 ||
	    answer_is_later(o->status))
		return false;
	free(f->refused);
	f->refused = key_of(&token->from, token->scope);
	f->refused_err = *e;
	f->is_cold = true;
	return true;
}
