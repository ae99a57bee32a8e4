/* What sync would meet, one question after the other, and told in full. */
#include <stdlib.h>
#include <string.h>

#include "doctor/ask.h"
#include "doctor/registry_check.h"
#include "image/media.h"
#include "layout/clock.h"
#include "layout/mem.h"
#include "registry/helper.h"
#include "registry/token.h"
#include "registry/upstream.h"

/* One endpoint. */
struct place {
	const struct registry_visit *visit;
	struct ask ask;
	struct upstream up;		/* its config is ask's */
	struct credential credential;
	char *token;
};

static void
add_failure(struct place *p, const char *check, const struct answer *a)
{
	finding_add(p->visit->findings, FINDING_FAIL, check, "%s",
	    a->transport != TRANSPORT_OK ? a->err.msg : a->why.msg);
}

/* --- who we are ---------------------------------------------------------- */

/* A helper may take its time: nobody else waits here. */
static enum keyring_found
find_credential(struct place *p)
{
	const struct registry_visit *v = p->visit;
	struct credential answer = { NULL, NULL, NULL, NULL };
	const char *suffix, *server;
	enum keyring_found found;
	enum helper_end end;
	unsigned long serial;
	struct err e;

	for (;;) {
		found = upstream_login(&p->up, v->image->repository,
		    &p->credential, &serial);
		if (found != KEYRING_UNKNOWN || !keyring_ask(v->keyring,
		    p->up.whose, &suffix, &server))
			return found;
		end = helper_get(suffix, server, HELPER_TIMEOUT_MS, NULL,
		    &answer, &e);
		if (end == HELPER_FAILED)
			finding_add(v->findings, FINDING_WARN, "login", "%s",
			    e.msg);
		keyring_answer(v->keyring, suffix, server,
		    end == HELPER_ANSWERED ? &answer : NULL, clock_ms());
		credential_done(&answer);
	}
}

static void
say_login(struct place *p, enum keyring_found found)
{
	struct findings *f = p->visit->findings;
	const char *whose = p->up.whose;

	if (p->up.fault != NULL)
		finding_add(f, FINDING_FAIL, "login", "config.json: %s",
		    p->up.fault);
	else if (found == KEYRING_FOUND)
		finding_add(f, FINDING_OK, "login",
		    "there are credentials for %s", whose);
	else
		finding_add(f, FINDING_OK, "login", "config.json has no "
		    "credentials for %s: it is asked without any", whose);
}

/* Where the realm may be, sync knows as well. */
static int
resolve_realm(struct place *p, struct challenge *c, struct err *e)
{
	const struct registry_config *config = &p->ask.config;
	struct url realm;

	if (url_resolve(&config->endpoint, c->realm, &realm, e) == -1)
		return -1;
	if (url_may_follow(&config->endpoint, &realm, &config->places,
	    e) == -1) {
		url_done(&realm);
		return -1;
	}
	free(c->realm);
	c->realm = xstrdup(realm.text);
	url_done(&realm);
	return 0;
}

static void
wipe(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* By POST where there is an identity token, as sync does it. */
static bool
fetch_token(struct place *p, struct challenge *c)
{
	struct findings *f = p->visit->findings;
	char *scope = c->scope != NULL ? xstrdup(c->scope) :
	    upstream_scope(&p->up, p->visit->image->repository), *url;
	char *form = p->credential.identity_token == NULL ? NULL :
	    token_form(c, scope, &p->credential);
	struct question q = { .form = form };
	int64_t lifetime_s;
	struct answer a;
	struct err e;

	if (resolve_realm(p, c, &e) == -1) {
		finding_add(f, FINDING_FAIL, "token", "%s", e.msg);
		goto out;
	}
	if (form == NULL) {
		q.username = p->credential.username;
		q.password = p->credential.password;
	}
	q.url = url = token_url(c, scope);
	ask(&p->ask, &q, &a);
	if (a.transport != TRANSPORT_OK || a.status != 200 || a.is_page)
		add_failure(p, "token", &a);
	else if (token_parse(a.body, a.len, &p->token, &lifetime_s,
	    &e) == -1)
		finding_add(f, FINDING_FAIL, "token", "%s: %s", c->realm,
		    e.msg);
	else
		finding_add(f, FINDING_OK, "token", "%s gives one for %s",
		    c->realm, scope);
	answer_done(&a);
	free(url);
out:
	wipe(form);
	free(scope);
	return p->token != NULL;
}

/* What the 401 wants, we have. */
static bool
log_in(struct place *p, struct answer *a)
{
	enum keyring_found found = find_credential(p);

	say_login(p, found);
	switch (a->challenge.scheme) {
	case CHALLENGE_BEARER:
		if (p->credential.registry_token != NULL) {
			p->token = xstrdup(p->credential.registry_token);
			return true;
		}
		return fetch_token(p, &a->challenge);
	case CHALLENGE_BASIC:
		if (found == KEYRING_FOUND)
			return true;
		finding_add(p->visit->findings, FINDING_FAIL, "login",
		    "%s wants a user name and a password: docker login %s",
		    p->ask.config.endpoint.text, p->ask.config.account);
		return false;
	case CHALLENGE_NONE:
		break;
	}
	finding_add(p->visit->findings, FINDING_FAIL, "login", "%s answers "
	    "401, and does not say what it wants: a proxy in between?",
	    p->ask.config.endpoint.text);
	return false;
}

/* --- the image ----------------------------------------------------------- */

static void
ask_manifest(struct place *p, struct answer *ret)
{
	const struct image_ref *image = p->visit->image;
	char digest[DIGEST_TEXT_MAX];
	char *url = upstream_url(&p->up, image->repository, "manifests",
	    image->has_digest ? digest_text(&image->digest, digest) :
	    image->tag);
	struct question q = {
		.url = url,
		.head = true,
		.accept = MEDIA_ACCEPT,
		.bearer = p->token,
	};

	if (p->token == NULL) {
		q.username = p->credential.username;
		q.password = p->credential.password;
	}
	ask(&p->ask, &q, ret);
	free(url);
}

static void
check_image(struct place *p)
{
	struct findings *f = p->visit->findings;
	char *name = image_ref_text(p->visit->image);
	char *there = upstream_repository(&p->up,
	    p->visit->image->repository);
	struct answer a;

	ask_manifest(p, &a);
	if (a.status == 401 && log_in(p, &a)) {
		answer_done(&a);
		ask_manifest(p, &a);
	} else if (a.status == 401) {
		goto out;
	}
	if (a.transport != TRANSPORT_OK || a.is_page)
		add_failure(p, "image", &a);
	else if (a.status == 200)
		finding_add(f, FINDING_OK, "image", "%s is there%s%s", name,
		    a.digest[0] != '\0' ? ", at " : "", a.digest);
	else if (a.status == 404)
		finding_add(f, FINDING_FAIL, "image", "%s is not there: check "
		    "the name; it is asked for as %s", name, there);
	else if (a.status == 401 || a.status == 403)
		finding_add(f, FINDING_FAIL, "image", "%s: check the name, "
		    "and the credentials for %s in config.json", a.why.msg,
		    p->up.whose != NULL ? p->up.whose : p->ask.config.account);
	else
		add_failure(p, "image", &a);
out:
	answer_done(&a);
	free(there);
	free(name);
}

/* --- the way there ------------------------------------------------------- */

/* Any answer of a registry's will do; what it wants is asked for the image. */
static bool
check_ping(struct place *p)
{
	const struct registry_config *config = &p->ask.config;
	struct findings *f = p->visit->findings;
	char *url = xasprintf("%sv2/", config->endpoint.text);
	struct question q = { .url = url };
	struct answer a;
	bool is_good = false;

	ask(&p->ask, &q, &a);
	if (a.transport != TRANSPORT_OK) {
		add_failure(p, "connect", &a);
	} else if (a.is_page || a.status >= 500 || a.status == 400 ||
	    a.status == 407) {
		add_failure(p, "ping", &a);
	} else {
		finding_add(f, FINDING_OK, "connect", "%s is %s",
		    config->endpoint.host, a.peer);
		finding_add(f, a.status == 200 || a.status == 401 ?
		    FINDING_OK : FINDING_WARN, "ping", "%s answers %ld%s%s",
		    url, a.status, config->below != NULL ?
		    "; repositories begin with " : "",
		    config->below != NULL ? config->below : "");
		is_good = true;
	}
	answer_done(&a);
	free(url);
	return is_good;
}

static void
check_place(struct place *p)
{
	if (check_ping(p) && !findings_stopped(p->visit->findings))
		check_image(p);
}

void
registry_check(const struct registry_visit *v)
{
	struct registry_config config;
	struct place p;
	struct err e;
	size_t i;

	for (i = 0; !findings_stopped(v->findings) &&
	    registries_config_at(v->registries, v->image->registry, i,
	    &config, &e) == 1; i++) {
		p = (struct place){ .visit = v };
		if (ask_open_registry(&p.ask, &config, v->mark, v->stop_fd,
		    &e) == -1) {
			finding_add(v->findings, FINDING_FAIL, "connect",
			    "%s", e.msg);
		} else {
			p.up.config = p.ask.config;
			p.up.keyring = v->keyring;
			check_place(&p);
		}
		ask_close(&p.ask);
		credential_done(&p.credential);
		wipe(p.token);
	}
}
