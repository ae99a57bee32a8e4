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
#include "registry/registries_internal.h"

const struct number_setting registries_numbers[NUMBER_COUNT] = {
	[MAX_CONNECTIONS] = { "max_connections", 1, CONNECTIONS_MAX, 0 },
	[MIN_PULLS_LEFT] = { "min_pulls_left", 0, 1000000, 0 },
	[MAX_TRIES] = { "max_tries", 1, 100, 5 },
	[RETRY_DELAY_MS] = { "retry_delay_ms", 1, RETRY_CAP_MS, 1000 },
	[STALL_TIMEOUT_S] = { "stall_timeout_s", 1, 3600, 30 },
	[FIRST_BYTE_TIMEOUT_S] = { "first_byte_timeout_s", 1, 36000, 0 },
	[CONNECT_TIMEOUT_S] = { "connect_timeout_s", 1, 600, 15 },
	[MIN_RATE] = { "min_rate", 1, 1u << 30, 512 },
};

static const char *const texts[TEXT_COUNT] = {
	[ENDPOINT] = "endpoint",
	[CA_FILE] = "ca_file",
	[CLIENT_CERT] = "client_cert",
	[CLIENT_KEY] = "client_key",
	[REQUIRE_SIGNED] = "require_signed",
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
const struct exception *
registries_find(const struct registries *r, const char *name)
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
	const struct number_setting *setting = &registries_numbers[i];
	json_int_t n = json_integer_value(value);

	if (!json_is_integer(value) || n < (json_int_t)setting->min ||
	    n > (json_int_t)setting->max)
		return err_set(e, ERR_INPUT,
		    "%s: must be a whole number from %u to %u",
		    setting->key, setting->min, setting->max);
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
		if (strcmp(key, registries_numbers[i].key) == 0)
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
	if (strcmp(name, "docker.io") == 0 && registries_find(r, name) != NULL)
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
