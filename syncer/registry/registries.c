/* Settings of registries: a file of the owner's, so that every mistake in it is
 * told and none is passed over. */
#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "registry/endpoint.h"
#include "registry/registries.h"

#define CONNECTIONS_STANDARD	8u
#define BLOB_CONNECTIONS_STANDARD	32u
#define RETRY_CAP_MS	60000
/* A cache that gets a blob first may say nothing for so many times as long as
 * one that sends (quirks.md#late-first-bytes). */
#define FIRST_BYTE_STALLS	10u
/* Docker Hub counts in windows of hours: those who wait for one come back. */
#define RETRY_WAIT_MAX_MS	300000
#define UNSET	UINT_MAX
/* The entry for all registries. */
#define ANY	"*"

/* The settings are two tables: a new one is one line here, one in the
 * structure of the header and one in config_fill. */
enum number {
	MAX_CONNECTIONS,
	MIN_PULLS_LEFT,
	MAX_TRIES,
	RETRY_DELAY_MS,
	STALL_TIMEOUT_S,
	FIRST_BYTE_TIMEOUT_S,
	CONNECT_TIMEOUT_S,
	MIN_RATE,
	NUMBER_COUNT
};

static const struct {
	const char *key;
	unsigned min, max, standard;
} numbers[NUMBER_COUNT] = {
	[MAX_CONNECTIONS] = { "max_connections", 1, CONNECTIONS_MAX, 0 },
	[MIN_PULLS_LEFT] = { "min_pulls_left", 0, 1000000, 0 },
	[MAX_TRIES] = { "max_tries", 1, 100, 5 },
	[RETRY_DELAY_MS] = { "retry_delay_ms", 1, RETRY_CAP_MS, 1000 },
	[STALL_TIMEOUT_S] = { "stall_timeout_s", 1, 3600, 30 },
	[FIRST_BYTE_TIMEOUT_S] = { "first_byte_timeout_s", 1, 36000, 0 },
	[CONNECT_TIMEOUT_S] = { "connect_timeout_s", 1, 600, 15 },
	[MIN_RATE] = { "min_rate", 1, 1u << 30, 512 },
};

enum text {
	ENDPOINT,
	CA_FILE,
	CLIENT_CERT,
	CLIENT_KEY,
	REQUIRE_SIGNED,
	TEXT_COUNT
};

static const char *const texts[TEXT_COUNT] = {
	[ENDPOINT] = "endpoint",
	[CA_FILE] = "ca_file",
	[CLIENT_CERT] = "client_cert",
	[CLIENT_KEY] = "client_key",
	[REQUIRE_SIGNED] = "require_signed",
};

/* One member of the object. */
struct exception {
	char *name;
	unsigned number[NUMBER_COUNT];	/* UNSET */
	char *text[TEXT_COUNT];		/* NULL: not set */
	char *endpoints[ENDPOINTS_MAX];	/* in their order; endpoint is one */
	size_t endpoint_count;
	struct reach_list places;
};

/* Entries that hold for one place, up to a NULL: of each setting the first that
 * has it counts. */
struct layers {
	const struct exception *at[4];
	size_t count;
};

struct registries {
	struct exception *exceptions;
	size_t count;
	unsigned connections;		/* 0: CONNECTIONS_STANDARD */
};

const char *
registries_canonical(const char *name)
{
	if (strcmp(name, "index.docker.io") == 0 ||
	    strcmp(name, "registry-1.docker.io") == 0)
		return "docker.io";
	return name;
}

static struct exception
exception_new(const char *name)
{
	struct exception x = { .name = xstrdup(name) };
	size_t i;

	for (i = 0; i < NUMBER_COUNT; i++)
		x.number[i] = UNSET;
	return x;
}

static void
exception_done(struct exception *x)
{
	size_t i;

	for (i = 0; i < TEXT_COUNT; i++)
		free(x->text[i]);
	for (i = 0; i < x->endpoint_count; i++)
		free(x->endpoints[i]);
	reach_list_done(&x->places);
	free(x->name);
}

/* Few enough to look at one after the other. */
static const struct exception *
find(const struct registries *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (strcmp(r->exceptions[i].name, name) == 0)
			return &r->exceptions[i];
	return NULL;
}

/* 8.0 is no whole number here: who writes that may mean something else. */
static int
number_set(struct exception *x, size_t i, const json_t *value, struct err *e)
{
	json_int_t n = json_integer_value(value);

	if (!json_is_integer(value) || n < (json_int_t)numbers[i].min ||
	    n > (json_int_t)numbers[i].max)
		return err_set(e, ERR_INPUT,
		    "%s: must be a whole number from %u to %u", numbers[i].key,
		    numbers[i].min, numbers[i].max);
	x->number[i] = (unsigned)n;
	return 0;
}

/* Parsed now, while the file and the key can be named. */
static int
endpoint_add(struct exception *x, const char *text, struct err *e)
{
	struct endpoint place;

	if (x->endpoint_count == ENDPOINTS_MAX)
		return err_set(e, ERR_INPUT, "more than %u", ENDPOINTS_MAX);
	if (endpoint_parse(text, &place, e) == -1)
		return -1;
	endpoint_done(&place);
	x->endpoints[x->endpoint_count++] = xstrdup(text);
	return 0;
}

static int
place_add(struct exception *x, const char *text, struct err *e)
{
	return reach_list_add(&x->places, text, e);
}

/* All texts of an array: ${what} they are. */
static int
each_text(struct exception *x, const char *key, const char *what,
    int (*add)(struct exception *, const char *, struct err *),
    const json_t *value, struct err *e)
{
	const char *text;
	size_t i;

	for (i = 0; i < json_array_size(value); i++) {
		text = json_string_value(json_array_get(value, i));
		if (text == NULL)
			break;
		if (add(x, text, e) == -1)
			return err_wrap(e, "%s: number %zu", key, i + 1);
	}
	if (i == 0 || i < json_array_size(value))
		return err_set(e, ERR_INPUT, "%s: must be an array of %s, not "
		    "empty", key, what);
	return 0;
}

static int
text_set(struct exception *x, size_t i, const json_t *value, struct err *e)
{
	const char *text = json_string_value(value);

	if (text == NULL || text[0] == '\0')
		return err_set(e, ERR_INPUT, "%s: must be a string, not empty",
		    texts[i]);
	if (i == ENDPOINT && endpoint_add(x, text, e) == -1)
		return err_wrap(e, "%s", texts[i]);
	x->text[i] = xstrdup(text);
	return 0;
}

/* For all registries is what is no secret, lets in nobody and leads nowhere. */
static bool
is_for_all(const char *key)
{
	static const char *const own[] = {
		"endpoint", "endpoints", "client_cert", "client_key",
		"require_signed", "private", "min_pulls_left",
	};
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(key, own[i]) == 0)
			return false;
	return true;
}

/* A key that nobody knows is a misspelt one: silence would leave the default
 * in force, and its owner wondering. */
static int
setting_set(struct exception *x, const char *key, const json_t *value,
    struct err *e)
{
	size_t i;

	if (strcmp(x->name, ANY) == 0 && !is_for_all(key))
		return err_set(e, ERR_INPUT, "%s: not for all registries at "
		    "once: give it to each that it is for (\"" ANY "\" takes "
		    "ca_file, timeouts, tries and connections)", key);
	for (i = 0; i < NUMBER_COUNT; i++)
		if (strcmp(key, numbers[i].key) == 0)
			return number_set(x, i, value, e);
	for (i = 0; i < TEXT_COUNT; i++)
		if (strcmp(key, texts[i]) == 0)
			return text_set(x, i, value, e);
	if (strcmp(key, "private") == 0)
		return each_text(x, key, "hosts and networks", place_add, value,
		    e);
	if (strcmp(key, "endpoints") == 0)
		return each_text(x, key, "URLs", endpoint_add, value, e);
	return err_set(e, ERR_INPUT, "%.80s: no such setting", key);
}

/* On failure too the caller releases ${x}. */
static int
exception_fill(struct exception *x, json_t *settings, struct err *e)
{
	const char *key;
	json_t *value;

	if (!json_is_object(settings))
		return err_set(e, ERR_INPUT, "the settings must be an object");
	json_object_foreach(settings, key, value)
		if (setting_set(x, key, value, e) == -1)
			return -1;
	if (x->text[ENDPOINT] != NULL &&
	    json_object_get(settings, "endpoints") != NULL)
		return err_set(e, ERR_INPUT, "endpoint, and endpoints: one of "
		    "them is enough");
	if (x->text[CLIENT_KEY] != NULL && x->text[CLIENT_CERT] == NULL)
		return err_set(e, ERR_INPUT, "client_key: needs client_cert");
	return 0;
}

static int
exception_add(struct registries *r, const char *key, json_t *settings,
    struct err *e)
{
	const char *name = registries_canonical(key);
	struct exception x;

	if (strcmp(key, ANY) != 0 && !name_is_registry(key))
		return err_set(e, ERR_INPUT, "\"%.80s\" is not a registry: "
		    "write host or host:port, in lower case, or \"" ANY "\" "
		    "for what holds for all", key);
	/* The JSON parser refuses a key twice, but Docker Hub has several. */
	if (strcmp(name, "docker.io") == 0 && find(r, name) != NULL)
		return err_set(e, ERR_INPUT, "%s: Docker Hub is named twice",
		    key);
	x = exception_new(name);
	if (exception_fill(&x, settings, e) == -1) {
		exception_done(&x);
		return err_wrap(e, "%s", key);
	}
	r->exceptions = xreallocarray(r->exceptions, r->count + 1,
	    sizeof(*r->exceptions));
	r->exceptions[r->count++] = x;
	return 0;
}

/* Unlike that for credentials this file holds no secrets: the parser's own
 * message, which quotes it, helps. */
static int
exceptions_read(struct registries *r, const char *buf, size_t len,
    struct err *e)
{
	json_error_t where;
	json_t *root = NULL, *settings;
	const char *key;
	int rc = -1;

	if (len > CONFIG_BYTES_MAX) {
		err_set(e, ERR_INPUT, "more than %u bytes", CONFIG_BYTES_MAX);
		goto out;
	}
	root = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &where);
	if (root == NULL) {
		err_set(e, ERR_INPUT, "line %d: %s", where.line, where.text);
		goto out;
	}
	if (!json_is_object(root)) {
		err_set(e, ERR_INPUT, "must be a JSON object that maps names "
		    "of registries to settings");
		goto out;
	}
	json_object_foreach(root, key, settings)
		if (exception_add(r, key, settings, e) == -1)
			goto out;
	rc = 0;
out:
	json_decref(root);
	return rc;
}

int
registries_parse(const char *name, const char *buf, size_t len,
    struct registries **ret, struct err *e)
{
	struct registries *r = xcalloc(1, sizeof(*r));

	if (buf != NULL && exceptions_read(r, buf, len, e) == -1) {
		registries_free(r);
		return err_wrap(e, "%s", name);
	}
	*ret = r;
	return 0;
}

int
registries_check(const struct registries *r, struct err *e)
{
	const struct exception *x;
	const char *path;
	size_t i;
	int t;

	for (i = 0; i < r->count; i++)
		for (t = CA_FILE; t < TEXT_COUNT; t++) {
			x = &r->exceptions[i];
			path = x->text[t];
			if (path != NULL && access(path, R_OK) == -1)
				return err_set(e, ERR_INPUT, "%s: %s: cannot "
				    "read %s: %s", x->name, texts[t], path,
				    strerror(errno));
		}
	return 0;
}

void
registries_free(struct registries *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->count; i++)
		exception_done(&r->exceptions[i]);
	free(r->exceptions);
	free(r);
}

static char *
copy_or_null(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

/* --- what holds where -------------------------------------------------- */

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
	return numbers[n].standard;
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
	const struct exception *x = find(r, registries_canonical(place));

	free(place);
	if (x != NULL)
		return x;
	place = xasprintf("%s:%u", u->host, u->port);
	x = find(r, place);
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
	layers_add(&l, find(r, ANY));
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
	x = find(r, name);
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
	const struct exception *x = find(r, registries_canonical(registry));

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
	there = find(r, host);
	layers_add(&pace, there != NULL ? there : find(r, name));
	layers_add(&pace, find(r, ANY));
	layers_add(&trust, there);
	layers_add(&trust, find(r, ANY));
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
