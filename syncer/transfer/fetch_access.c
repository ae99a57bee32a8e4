#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/mem.h"
#include "transfer/fetch_access.h"
#include "transfer/fetch_login.h"
#include "transfer/fetch_token.h"

/* A token that is too old when its turn comes is waited for so often. */
#define TOKEN_WAITS_MAX	2

const struct access *
fetch_access_of(const struct fetch *f, const struct shown *s)
{
	return site_access(s->site, f->repository);
}

static struct token *
token_for(const struct fetch *f, const struct shown *s,
    const struct access *a)
{
	char *standard = upstream_scope(f->source->up, f->repository);
	struct token *token = token_get(&s->site->tokens, &a->want,
	    s->scope != NULL ? s->scope : access_scope(a, standard));

	free(standard);
	return token;
}

/* --- what a request has to show ---------------------------------------- */

bool
fetch_access_use_basic(struct http_spec *spec, const struct credential *c)
{
	if (c->username == NULL || c->password == NULL)
		return false;
	spec->auth = HTTP_AUTH_BASIC;
	spec->username = c->username;
	spec->password = c->password;
	return true;
}

static void
use_token(struct http_spec *spec, struct shown *s, const struct token *token)
{
	spec->auth = HTTP_AUTH_BEARER;
	spec->bearer = token->value;
	s->serial = token->serial;
	s->is_shown = true;
}

/* One that lives for less time than it takes to get here is used as it is. */
static bool
is_good(const struct fetch *f, const struct token *token)
{
	return token_usable(token, clock_ms()) ||
	    (token->value != NULL && f->token_waits >= TOKEN_WAITS_MAX);
}

static bool
has_token(struct fetch *f, struct site *site, struct token *token)
{
	if (is_good(f, token))
		return true;
	f->token_waits++;
	fetch_token_need(f, site, token);
	return false;
}

static bool
authorise_home(struct fetch *f, struct http_spec *spec,
    struct credential *ret)
{
	struct shown *s = &f->home;
	const struct access *a = f->is_cold ? NULL : fetch_access_of(f, s);
	struct token *token;

	if (a == NULL || a->want.scheme == CHALLENGE_NONE)
		return true;
	if (fetch_login(f, s->site, ret) == KEYRING_UNKNOWN)
		return false;
	if (a->want.scheme == CHALLENGE_BASIC) {
		s->is_shown = fetch_access_use_basic(spec, ret);
		return true;
	}
	if (ret->registry_token != NULL) {
		spec->auth = HTTP_AUTH_BEARER;
		spec->bearer = ret->registry_token;
		s->is_shown = true;
		return true;
	}
	f->login_serial = 0;	/* the token server sees it, not this one */
	token = token_for(f, s, a);
	if (!has_token(f, s->site, token))
		return false;
	use_token(spec, s, token);
	return true;
}

/* What the host needs that the registry led to before. */
static bool
authorise_other(struct fetch *f)
{
	struct shown *s = &f->other;
	const struct access *a = s->site == NULL ? NULL : fetch_access_of(f, s);

	if (a == NULL || a->want.scheme == CHALLENGE_NONE)
		return true;
	/* A helper is asked now: on the way there nobody can wait for it. */
	if (a->want.scheme == CHALLENGE_BASIC) {
		credential_done(&f->other_login);
		return fetch_login(f, s->site, &f->other_login) !=
		    KEYRING_UNKNOWN;
	}
	return has_token(f, s->site, token_for(f, s, a));
}

bool
fetch_access_authorise(struct fetch *f, struct http_spec *spec,
    struct credential *ret)
{
	f->login_serial = 0;
	if (f->kind->is_token)
		return fetch_token_authorise(f, spec, ret);
	f->home.is_shown = f->other.is_shown = false;
	f->home.serial = f->other.serial = 0;
	if (!authorise_other(f) || !authorise_home(f, spec, ret))
		return false;
	f->token_waits = 0;
	return true;
}

void
fetch_access_meet(void *cookie, const struct url *there,
    struct http_spec *spec)
{
	struct fetch *f = cookie;
	struct site *site = upstream_find(f->source->up, there);
	struct shown *s = &f->other;
	const struct access *a;
	const struct token *token;

	if (site == NULL)
		return;
	if (s->site != site) {
		free(s->scope);
		memset(s, 0, sizeof(*s));
		s->site = site;
	}
	a = fetch_access_of(f, s);
	if (a == NULL)
		return;
	if (a->want.scheme == CHALLENGE_BASIC) {
		credential_done(&f->other_login);
		if (fetch_login_now(f, site, &f->other_login) == KEYRING_FOUND)
			s->is_shown = fetch_access_use_basic(spec,
			    &f->other_login);
	} else if (a->want.scheme == CHALLENGE_BEARER) {
		token = token_for(f, s, a);
		if (is_good(f, token))
			use_token(spec, s, token);
	}
}

/* --- what an answer teaches -------------------------------------------- */

static void
all_is_well(struct fetch *f)
{
	f->auth_tries = 0;
	f->is_cold = f->was_cold = false;
	f->home.is_renewed = f->other.is_renewed = false;
	free(f->refused);
	f->refused = NULL;
}

static void
note_worked(const struct fetch *f, const struct shown *s)
{
	struct token *token = s->serial == 0 ? NULL :
	    token_of(&s->site->tokens, s->serial);

	if (token == NULL || token->has_worked)
		return;
	token->has_worked = true;
	site_confirm(s->site, f->repository);
}

void
fetch_access_learn(struct fetch *f, const struct http_reply *reply)
{
	static const struct challenge nothing = { .scheme = CHALLENGE_NONE };
	const struct shown *s = &f->home;
	bool success = reply->status == 200 || reply->status == 206;

	if (reply->status == 0)
		return;
	if (reply->elsewhere && reply->status != 401)
		note_worked(f, &f->other);
	if (reply->elsewhere || reply->status != 401) {
		note_worked(f, s);
		if (!s->is_shown && (!site_is_known(s->site) ||
		    (f->is_cold && (success || reply->elsewhere))))
			site_learn(s->site, f->repository, &nothing);
	} else if (!s->is_shown) {
		f->was_cold = true;
	}
	if (success)
		all_is_well(f);
}
