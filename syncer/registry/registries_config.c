/* What the settings of registries say of one place. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "registry/registries_internal.h"

#define CONNECTIONS_STANDARD	8u
#define BLOB_CONNECTIONS_STANDARD	32u
/* A cache that gets a blob first may say nothing for so many times as long as
 * one that sends (quirks.md#late-first-bytes). */
#define FIRST_BYTE_STALLS	10u
/* Docker Hub counts in windows of hours: those who wait for one come back. */
#define RETRY_WAIT_MAX_MS	300000

/* Entries that hold for one place, up to a NULL: of each setting the first that
 * has it counts. */
struct layers {
	const struct exception *at[4];
	size_t count;
};

static char *
copy_or_null(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

static void
layers_add(struct layers *l, const struct exception *x)
{
	if (x != NULL)
		l->at[l->count++] = x;
}

static unsigned
number_of(const struct layers *l, enum number n)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (l->at[i]->number[n] != UNSET)
			return l->at[i]->number[n];
	return registries_numbers[n].standard;
}

static char *
text_of(const struct layers *l, enum text t)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (l->at[i]->text[t] != NULL)
			return xstrdup(l->at[i]->text[t]);
	return NULL;
}

static void
fill_numbers(const struct registries *r, const struct layers *l,
    struct registry_config *c)
{
	c->max_connections = number_of(l, MAX_CONNECTIONS);
	if (c->max_connections == 0)
		c->max_connections = r->connections;
	c->max_blob_connections = c->max_connections;
	if (c->max_connections == 0) {
		c->max_connections = CONNECTIONS_STANDARD;
		c->max_blob_connections = BLOB_CONNECTIONS_STANDARD;
	}
	c->min_pulls_left = number_of(l, MIN_PULLS_LEFT);
	c->retry.max_tries = number_of(l, MAX_TRIES);
	c->retry.base_ms = number_of(l, RETRY_DELAY_MS);
	c->retry.cap_ms = RETRY_CAP_MS;
	c->retry.wait_max_ms = RETRY_WAIT_MAX_MS;
	c->stall_timeout_s = number_of(l, STALL_TIMEOUT_S);
	c->first_byte_timeout_s = number_of(l, FIRST_BYTE_TIMEOUT_S);
	if (c->first_byte_timeout_s == 0)
		c->first_byte_timeout_s = FIRST_BYTE_STALLS *
		    c->stall_timeout_s;
	c->connect_timeout_s = number_of(l, CONNECT_TIMEOUT_S);
	c->min_rate = number_of(l, MIN_RATE);
}

/* Whom to trust, and where it may lead. */
static void
fill_trust(const struct layers *l, struct registry_config *c)
{
	size_t i;

	c->ca_file = text_of(l, CA_FILE);
	for (i = 0; i < l->count && c->places.count == 0; i++) {
		reach_list_done(&c->places);
		reach_list_copy(&c->places, &l->at[i]->places);
	}
}

/* Who we are, to a registry that wants to see a certificate.  The key goes with
 * the certificate. */
static void
fill_client(const struct exception *x, struct registry_config *c)
{
	if (x == NULL || x->text[CLIENT_CERT] == NULL)
		return;
	c->client_cert = xstrdup(x->text[CLIENT_CERT]);
	c->client_key = copy_or_null(x->text[CLIENT_KEY]);
}

void
registries_connections(struct registries *r, unsigned n)
{
	assert(n > 0 && n <= CONNECTIONS_MAX);
	r->connections = n;
}

/* The host's own entry, with or without the port that goes without saying. */
static const struct exception *
find_place(const struct registries *r, const struct url *u)
{
	char *place = endpoint_place(u->text);
	const struct exception *x;

	x = registries_find(r, registries_canonical(place));
	free(place);
	if (x != NULL)
		return x;
	place = xasprintf("%s:%u", u->host, u->port);
	x = registries_find(r, place);
	free(place);
	return x;
}

/* Is the registry itself there? */
static bool
is_home(const char *name, const struct url *u)
{
	struct endpoint own;
	struct err ignored;
	bool yes;

	if (endpoint_standard(name, &own, &ignored) == -1)
		return false;
	yes = strcmp(own.url.host, u->host) == 0 && own.url.port == u->port;
	endpoint_done(&own);
	return yes;
}

/* What is said of the place itself goes first; who we are to the registry, only
 * its own place and its one endpoint are told. */
static void
config_fill(const struct registries *r, const struct exception *own,
    const struct endpoint *place, struct registry_config *c)
{
	const struct exception *there = find_place(r, &place->url);
	bool ours = own == NULL || own->text[ENDPOINT] != NULL ||
	    is_home(c->name, &place->url);
	struct layers l = { .count = 0 };

	layers_add(&l, there);
	layers_add(&l, own);
	layers_add(&l, registries_find(r, ANY));
	fill_numbers(r, &l, c);
	fill_trust(&l, c);
	fill_client(there, c);
	c->account = endpoint_place(place->url.text);
	c->is_lent = ours && place->below == NULL;
	if (c->client_cert == NULL && ours)
		fill_client(own, c);
}

int
registries_config_at(const struct registries *r, const char *registry,
    size_t index, struct registry_config *ret, struct err *e)
{
	const char *name = registries_canonical(registry);
	const struct exception *x;
	struct registry_config c = { 0 };
	struct endpoint place;
	size_t count;
	int rc;

	assert(r != NULL);
	if (!name_is_registry(name))
		return err_set(e, ERR_INPUT, "\"%.80s\" is not a registry",
		    registry);
	x = registries_find(r, name);
	count = x != NULL ? x->endpoint_count : 0;
	if (index >= (count > 0 ? count : 1))
		return 0;
	rc = count > 0 ? endpoint_parse(x->endpoints[index], &place, e) :
	    endpoint_standard(name, &place, e);
	if (rc == -1)
		return err_wrap(e, "%s", name);
	c.name = xstrdup(name);
	config_fill(r, x, &place, &c);
	c.endpoint = place.url;
	c.below = place.below;
	*ret = c;
	return 1;
}

int
registries_config(const struct registries *r, const char *registry,
    struct registry_config *ret, struct err *e)
{
	int rc = registries_config_at(r, registry, 0, ret, e);

	assert(rc != 0);
	return rc == 1 ? 0 : -1;
}

const char *
registries_require_signed(const struct registries *r, const char *registry)
{
	const struct exception *x;

	x = registries_find(r, registries_canonical(registry));
	return x == NULL ? NULL : x->text[REQUIRE_SIGNED];
}

/* Who the registry is, where it may lead, and who we are to it, is nothing to
 * another. */
int
registries_config_from(const struct registries *r, const char *registry,
    const char *mirror, struct registry_config *ret, struct err *e)
{
	const char *name = registries_canonical(registry);
	struct registry_config c = { 0 };
	const struct exception *there;
	struct layers pace = { .count = 0 }, trust = { .count = 0 };
	struct endpoint place;
	char *host;

	assert(r != NULL && mirror != NULL);
	if (!name_is_registry(name))
		return err_set(e, ERR_INPUT, "\"%.80s\" is not a registry",
		    registry);
	if (endpoint_mirror(mirror, name, &place, e) == -1)
		return -1;
	host = endpoint_place(mirror);
	there = registries_find(r, host);
	layers_add(&pace, there != NULL ? there : registries_find(r, name));
	layers_add(&pace, registries_find(r, ANY));
	layers_add(&trust, there);
	layers_add(&trust, registries_find(r, ANY));
	fill_numbers(r, &pace, &c);
	fill_trust(&trust, &c);
	fill_client(there, &c);
	c.name = xstrdup(name);
	c.account = host;
	c.endpoint = place.url;
	*ret = c;
	return 0;
}

void
registry_config_done(struct registry_config *c)
{
	free(c->name);
	url_done(&c->endpoint);
	free(c->below);
	free(c->account);
	reach_list_done(&c->places);
	free(c->ca_file);
	free(c->client_cert);
	free(c->client_key);
	*c = (struct registry_config){ 0 };
}
