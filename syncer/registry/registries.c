/* Settings of registries: a file of the owner's, so that every mistake in it is
 * told and none is passed over. */
#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "registry/registries.h"

#define CONNECTIONS_STANDARD	8u
#define RETRY_CAP_MS	60000
/* Docker Hub counts in windows of hours: those who wait for one come back. */
#define RETRY_WAIT_MAX_MS	300000

/* The settings are two tables: a new one is one line here, one in the
 * structure of the header and one in config_fill. */
enum number {
	MAX_CONNECTIONS,
	MIN_PULLS_LEFT,
	MAX_TRIES,
	RETRY_DELAY_MS,
	STALL_TIMEOUT_S,
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
	unsigned number[NUMBER_COUNT];
	char *text[TEXT_COUNT];		/* NULL: not set */
	struct reach_list places;
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

/* What holds for a registry that nobody has said anything about. */
static struct exception
exception_standard(const char *name)
{
	struct exception x = { .name = xstrdup(name) };
	size_t i;

	for (i = 0; i < NUMBER_COUNT; i++)
		x.number[i] = numbers[i].standard;
	return x;
}

static void
exception_done(struct exception *x)
{
	size_t i;

	for (i = 0; i < TEXT_COUNT; i++)
		free(x->text[i]);
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

/*
 * An endpoint has a place for "v2/…" behind it, hence the "/" at its end and
 * no query.  The text is not quoted before url_parse has seen it: people write
 * passwords into URLs.
 */
static int
endpoint_parse(const char *text, struct url *ret, struct err *e)
{
	struct url u = { 0 };
	char *longer;
	int rc;

	if (strpbrk(text, "?#") != NULL)
		return err_set(e, ERR_INPUT,
		    "must be a URL without query and fragment");
	if (url_parse(text, &u, e) == -1) {
		e->code = ERR_INPUT;
		return -1;
	}
	if (u.text[strlen(u.text) - 1] == '/') {
		*ret = u;
		return 0;
	}
	longer = xasprintf("%s/", u.text);
	rc = url_parse(longer, ret, e);
	free(longer);
	url_done(&u);
	if (rc == -1)
		e->code = ERR_INPUT;
	return rc;
}

static int
text_set(struct exception *x, size_t i, const json_t *value, struct err *e)
{
	const char *text = json_string_value(value);
	struct url u;

	if (text == NULL || text[0] == '\0')
		return err_set(e, ERR_INPUT, "%s: must be a string, not empty",
		    texts[i]);
	/* Now, while the file and the key can be named. */
	if (i == ENDPOINT) {
		if (endpoint_parse(text, &u, e) == -1)
			return err_wrap(e, "%s", texts[i]);
		url_done(&u);
	}
	x->text[i] = xstrdup(text);
	return 0;
}

static int
places_set(struct exception *x, const json_t *value, struct err *e)
{
	const char *text;
	size_t i;

	for (i = 0; i < json_array_size(value); i++) {
		text = json_string_value(json_array_get(value, i));
		if (text == NULL)
			break;
		if (reach_list_add(&x->places, text, e) == -1)
			return err_wrap(e, "private");
	}
	if (i == 0 || i < json_array_size(value))
		return err_set(e, ERR_INPUT, "private: must be an array of "
		    "hosts and networks, not empty");
	return 0;
}

/* A key that nobody knows is a misspelt one: silence would leave the default
 * in force, and its owner wondering. */
static int
setting_set(struct exception *x, const char *key, const json_t *value,
    struct err *e)
{
	size_t i;

	for (i = 0; i < NUMBER_COUNT; i++)
		if (strcmp(key, numbers[i].key) == 0)
			return number_set(x, i, value, e);
	for (i = 0; i < TEXT_COUNT; i++)
		if (strcmp(key, texts[i]) == 0)
			return text_set(x, i, value, e);
	if (strcmp(key, "private") == 0)
		return places_set(x, value, e);
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

	if (!name_is_registry(key))
		return err_set(e, ERR_INPUT, "\"%.80s\" is not a registry: "
		    "write host or host:port, in lower case", key);
	/* The JSON parser refuses a key twice, but Docker Hub has several. */
	if (strcmp(name, "docker.io") == 0 && find(r, name) != NULL)
		return err_set(e, ERR_INPUT, "%s: Docker Hub is named twice",
		    key);
	x = exception_standard(name);
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

/*
 * Where a registry is that has no endpoint of its own.  The name is parsed as
 * a URL before it is judged: 0x7f.1 is loopback, 127.0.0.1.nip.io is not.
 */
static int
endpoint_standard(const char *name, struct url *ret, struct err *e)
{
	struct url u = { 0 };
	char *text = NULL;
	int rc = -1;

	text = strcmp(name, "docker.io") == 0 ?
	    xstrdup("https://registry-1.docker.io/") :
	    xasprintf("https://%s/", name);
	if (endpoint_parse(text, &u, e) == -1)
		goto out;
	if (!url_is_loopback(&u)) {
		*ret = u;
		u = (struct url){ 0 };
		rc = 0;
		goto out;
	}
	free(text);
	text = xasprintf("http://%s/", name);
	rc = endpoint_parse(text, ret, e);
out:
	url_done(&u);
	free(text);
	return rc;
}

static char *
copy_or_null(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

/* All but the name and the endpoint. */
static void
config_fill(const struct registries *r, const struct exception *x,
    struct registry_config *c)
{
	c->max_connections = x->number[MAX_CONNECTIONS];
	if (c->max_connections == 0)
		c->max_connections = r->connections > 0 ? r->connections :
		    CONNECTIONS_STANDARD;
	c->min_pulls_left = x->number[MIN_PULLS_LEFT];
	c->retry.max_tries = x->number[MAX_TRIES];
	c->retry.base_ms = x->number[RETRY_DELAY_MS];
	c->retry.cap_ms = RETRY_CAP_MS;
	c->retry.wait_max_ms = RETRY_WAIT_MAX_MS;
	c->stall_timeout_s = x->number[STALL_TIMEOUT_S];
	c->connect_timeout_s = x->number[CONNECT_TIMEOUT_S];
	c->min_rate = x->number[MIN_RATE];
	reach_list_done(&c->places);
	reach_list_copy(&c->places, &x->places);
	c->ca_file = copy_or_null(x->text[CA_FILE]);
	c->client_cert = copy_or_null(x->text[CLIENT_CERT]);
	c->client_key = copy_or_null(x->text[CLIENT_KEY]);
}

void
registries_connections(struct registries *r, unsigned n)
{
	assert(n > 0 && n <= CONNECTIONS_MAX);
	r->connections = n;
}

int
registries_config(const struct registries *r, const char *registry,
    struct registry_config *ret, struct err *e)
{
	const char *name = registries_canonical(registry);
	const struct exception *x = NULL;
	struct exception standard = exception_standard(name);
	struct registry_config c = { 0 };
	int rc = -1;

	assert(r != NULL);
	if (!name_is_registry(name)) {
		err_set(e, ERR_INPUT, "\"%.80s\" is not a registry", registry);
		goto out;
	}
	x = find(r, name);
	if (x == NULL)
		x = &standard;
	rc = x->text[ENDPOINT] != NULL ?
	    endpoint_parse(x->text[ENDPOINT], &c.endpoint, e) :
	    endpoint_standard(name, &c.endpoint, e);
	if (rc == -1) {
		err_wrap(e, "%s", name);
		goto out;
	}
	c.name = xstrdup(name);
	config_fill(r, x, &c);
	*ret = c;
out:
	exception_done(&standard);
	return rc;
}

const char *
registries_require_signed(const struct registries *r, const char *registry)
{
	const struct exception *x = find(r, registries_canonical(registry));

	return x == NULL ? NULL : x->text[REQUIRE_SIGNED];
}

static void
drop_tls(struct registry_config *c)
{
	free(c->ca_file);
	free(c->client_cert);
	free(c->client_key);
	c->ca_file = c->client_cert = c->client_key = NULL;
}

/* A URL's host and port as they are written there, in lower case as names of
 * registries are; free(3) it. */
static char *
authority_of(const char *url)
{
	const char *scheme_end = strstr(url, "://");
	const char *at = scheme_end == NULL ? url : scheme_end + 3;
	char *name = xstrndup(at, strcspn(at, "/?#")), *p;

	for (p = name; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return name;
}

/* The mirror's path for a registry.  A CDR has each registry below its name
 * (quirks.md#shapes-of-a-request). */
static int
endpoint_below(const char *mirror, const char *name, struct url *ret,
    struct err *e)
{
	size_t len = strlen(mirror);
	char *below;
	int rc;

	while (len > 0 && mirror[len - 1] == '/')
		len--;
	below = xasprintf("%.*s/%s/", (int)len, mirror, name);
	rc = url_parse(below, ret, e);
	free(below);
	return rc;
}

int
registries_config_from(const struct registries *r, const char *registry,
    const char *mirror, struct registry_config *ret, struct err *e)
{
	struct registry_config c;
	const struct exception *x;
	struct url endpoint;
	char *name;

	assert(r != NULL && mirror != NULL);
	if (registries_config(r, registry, &c, e) == -1)
		return -1;
	if (endpoint_below(mirror, c.name, &endpoint, e) == -1) {
		registry_config_done(&c);
		return -1;
	}
	url_done(&c.endpoint);
	c.endpoint = endpoint;
	/* Who the registry is, where it may lead, and who we are to it, is
	 * nothing to another. */
	drop_tls(&c);
	reach_list_done(&c.places);
	name = authority_of(mirror);
	x = find(r, name);
	free(name);
	if (x != NULL)
		config_fill(r, x, &c);
	*ret = c;
	return 0;
}

void
registry_config_done(struct registry_config *c)
{
	free(c->name);
	url_done(&c->endpoint);
	reach_list_done(&c->places);
	drop_tls(c);
	*c = (struct registry_config){ 0 };
}
