#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/site.h"
#include "registry/url.h"

/* Of so many repositories it is known; the others are asked without. */
#define ACCESSES_KEPT	256u
/* A server that has trouble is not taken for one that refuses ranges, unless it
 * has it so often. */
#define REFUSALS_MIN	2u
/* No name of a repository is so long. */
#define NAME_BYTES_MAX	4096u

void
site_init(struct site *s, const struct url *origin, const char *name)
{
	memset(s, 0, sizeof(*s));
	s->origin.text = xstrdup(origin->text);
	s->origin.https = origin->https;
	s->origin.host = xstrdup(origin->host);
	s->origin.port = origin->port;
	s->name = xstrdup(name);
}

static void
access_free(struct access *a)
{
	challenge_done(&a->want);
	free(a->repository);
	free(a);
}

void
site_done(struct site *s)
{
	struct access *a;

	while ((a = s->accesses) != NULL) {
		s->accesses = a->next;
		access_free(a);
	}
	token_cache_done(&s->tokens);
	url_done(&s->origin);
	free(s->name);
}

bool
site_is_known(const struct site *s)
{
	return s->accesses != NULL;
}

/* --- what is known ----------------------------------------------------- */

bool
access_is_of(const struct access *a, const char *repository)
{
	return strcmp(a->repository, repository) == 0;
}

/* How much they have in common, from the left: components, then bytes. */
static unsigned
nearness(const char *a, const char *b)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; a[i] == b[i] && a[i] != '\0'; i++)
		n += a[i] == '/';
	if ((a[i] == '\0' && b[i] == '/') || (b[i] == '\0' && a[i] == '/'))
		n++;
	return n * NAME_BYTES_MAX + (unsigned)i;
}

/* A realm that has the scope in it is for one repository. */
static bool
tells_of_others(const struct access *a)
{
	return a->want.realm == NULL || !url_has_query(a->want.realm, "scope");
}

/* Of those that are equally near one that wants something, since a token does
 * no harm where none is wanted; then the one known longest, so that what has
 * been right for others stays so. */
static const struct access *
nearest(const struct site *s, const char *repository)
{
	const struct access *a, *best = NULL;
	unsigned most = 0, n;

	for (a = s->accesses; a != NULL; a = a->next) {
		if (access_is_of(a, repository) || !tells_of_others(a))
			continue;
		n = 2 * nearness(a->repository, repository) +
		    (a->want.scheme != CHALLENGE_NONE);
		if (best == NULL || n >= most) {
			best = a;
			most = n;
		}
	}
	return best;
}

const struct access *
site_access(const struct site *s, const char *repository)
{
	const struct access *a;

	for (a = s->accesses; a != NULL; a = a->next)
		if (access_is_of(a, repository))
			return a;
	return nearest(s, repository);
}

const char *
access_scope(const struct access *a, const char *standard)
{
	return a->want.scope != NULL ? a->want.scope : standard;
}

/* --- learning ---------------------------------------------------------- */

static void
forget(struct site *s, const char *repository)
{
	struct access **at, *a;

	for (at = &s->accesses; (a = *at) != NULL; at = &a->next)
		if (access_is_of(a, repository)) {
			*at = a->next;
			access_free(a);
			s->count--;
			return;
		}
}

static void
forget_oldest(struct site *s)
{
	const struct access *a;

	for (a = s->accesses; a->next != NULL; a = a->next)
		continue;
	forget(s, a->repository);
}

static struct access *
access_add(struct site *s, const char *repository)
{
	struct access *a = xcalloc(1, sizeof(*a));

	if (s->count >= ACCESSES_KEPT)
		forget_oldest(s);
	a->repository = xstrdup(repository);
	a->next = s->accesses;
	s->accesses = a;
	s->count++;
	return a;
}

static char *
copy(const char *text)
{
	return text == NULL ? NULL : xstrdup(text);
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Some registries have one scope for everything, such as "aws"
 * (quirks.md#scopes); one that names the repository is told anew. */
static const char *
common_scope(const struct challenge *c, const char *repository)
{
	if (c->scope == NULL || c->scope[0] == '\0' ||
	    strstr(c->scope, repository) != NULL)
		return NULL;
	return c->scope;
}

void
site_learn(struct site *s, const char *repository, const struct challenge *c)
{
	const char *scope = common_scope(c, repository);
	const struct access *like = nearest(s, repository);
	struct access *a;

	forget(s, repository);
	/* What goes without saying is not kept of each of 10,000. */
	if (like != NULL && like->want.scheme == c->scheme &&
	    same_text(like->want.realm, c->realm) &&
	    same_text(like->want.service, c->service) &&
	    same_text(like->want.scope, scope))
		return;
	a = access_add(s, repository);
	a->want.scheme = c->scheme;
	a->want.realm = copy(c->realm);
	a->want.service = copy(c->service);
	a->want.scope = copy(scope);
}

/* --- a challenge ------------------------------------------------------- */

static int
resolve_realm(const struct site *s, const struct registry_config *config,
    struct challenge *c, struct err *e)
{
	const struct reach_list *places = &config->places;
	struct url realm;

	if (url_resolve(&s->origin, c->realm, &realm, e) == -1)
		return err_wrap(e, "token realm");
	if (url_may_follow(&config->endpoint, &realm, places, e) == -1 ||
	    url_may_follow(&s->origin, &realm, places, e) == -1) {
		url_done(&realm);
		return err_wrap(e, "token realm");
	}
	free(c->realm);
	c->realm = xstrdup(realm.text);
	url_done(&realm);
	return 0;
}

/* More than CHALLENGES_MAX of them make no sense any more. */
int
site_challenge(const struct site *s, const struct http_reply *reply,
    const struct registry_config *config, struct challenge *ret,
    struct err *e)
{
	const char *values[CHALLENGES_MAX];
	size_t count = http_headers(reply, "www-authenticate", values,
	    CHALLENGES_MAX);

	challenge_parse(values, count, ret);
	if (ret->scheme == CHALLENGE_BEARER &&
	    resolve_realm(s, config, ret, e) == -1) {
		challenge_done(ret);
		return -1;
	}
	return 0;
}

bool
site_may_show(const struct site *s)
{
	return s->origin.https || url_is_loopback(&s->origin);
}

void
site_confirm(struct site *s, const char *repository)
{
	const struct access *a = site_access(s, repository);
	struct access *own;

	if (a == NULL || s->count < 2 || s->count >= ACCESSES_KEPT ||
	    access_is_of(a, repository))
		return;
	own = access_add(s, repository);
	own->want.scheme = a->want.scheme;
	own->want.realm = copy(a->want.realm);
	own->want.service = copy(a->want.service);
	own->want.scope = copy(a->want.scope);
}

bool
site_refuses_ranges(const struct site *s)
{
	return s->range_refusals >= REFUSALS_MIN;
}

void
site_no_range(struct site *s, bool sure)
{
	s->range_refusals += sure ? REFUSALS_MIN : 1;
}
