/* The file of --notify: an owner's, so that every mistake in it is told. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/slips.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "notify/notify_internal.h"
#include "report/outside.h"

/* Shorter than any wait between two runs. */
#define CONNECT_S	5u
#define STALL_S		10u

/* Where the file is, so that others can be found from there. */
static char *
path_beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	if (name[0] == '/' || slash == NULL)
		return xstrdup(name);
	return xasprintf("%.*s/%s", (int)(slash - path), path, name);
}

static bool
is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NOTIFY_NAME_MAX && strspn(name,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789._-") == len;
}

/* It becomes part of a header. */
static int
check_secret(const char *secret, size_t len, struct err *e)
{
	size_t i;

	if (len < HOOK_SECRET_MIN || len > HOOK_SECRET_MAX)
		return err_set(e, ERR_INPUT, "the secret has to have %u to %u "
		    "bytes, and has %zu", HOOK_SECRET_MIN, HOOK_SECRET_MAX,
		    len);
	for (i = 0; i < len; i++)
		if (secret[i] <= ' ' || secret[i] > '~')
			return err_set(e, ERR_INPUT, "the secret has to be "
			    "one word of ASCII, and byte %zu is none of one",
			    i + 1);
	return 0;
}

static int
read_secret(struct notify_child *c, const char *path, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	int rc;

	rc = fs_read_named(path, HOOK_SECRET_MAX + 1, &text, &len, e);
	if (rc == 0)
		return err_set(e, ERR_INPUT, "%s: no such file", path);
	if (rc == -1) {
		e->code = ERR_INPUT;
		return -1;
	}
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	c->secret = text;
	if (check_secret(text, len, e) == -1)
		return err_wrap(e, "%s", path);
	outside_secret(text);
	return 0;
}

static int
set_file(char **to, const char *path, struct err *e)
{
	*to = xstrdup(path);
	if (access(path, R_OK) == -1)
		return err_set(e, ERR_INPUT, "%s: %s", path, strerror(errno));
	return 0;
}

static int
set_url(struct notify_child *c, const char *url, struct err *e)
{
	c->url = xstrdup(url);
	if (slips_scheme(url, e) == -1 ||
	    url_parse(url, &c->config.endpoint, e) == -1) {
		e->code = ERR_INPUT;
		return -1;
	}
	return 0;
}

static int
set_member(struct notify_child *c, const char *path, const char *key,
    const char *value, struct err *e)
{
	char *file;
	int rc;

	if (strcmp(key, "url") == 0)
		return set_url(c, value, e);
	file = path_beside(path, value);
	if (strcmp(key, "bearer_file") == 0)
		rc = read_secret(c, file, e);
	else if (strcmp(key, "ca_file") == 0)
		rc = set_file(&c->config.ca_file, file, e);
	else if (strcmp(key, "client_cert") == 0)
		rc = set_file(&c->config.client_cert, file, e);
	else if (strcmp(key, "client_key") == 0)
		rc = set_file(&c->config.client_key, file, e);
	else
		rc = err_set(e, ERR_INPUT, "no such setting: there are url, "
		    "bearer_file, ca_file, client_cert and client_key");
	free(file);
	return rc;
}

static int
check_child(const struct notify_child *c, struct err *e)
{
	if (c->url == NULL)
		return err_set(e, ERR_INPUT, "url is missing");
	if (c->secret == NULL)
		return err_set(e, ERR_INPUT, "bearer_file is missing: a hook "
		    "takes nothing without a secret");
	if (c->config.client_key != NULL && c->config.client_cert == NULL)
		return err_set(e, ERR_INPUT, "client_key needs client_cert");
	return 0;
}

/* On failure too the caller releases it. */
static int
fill_child(struct notify_child *c, const char *path, const char *name,
    json_t *settings, struct err *e)
{
	const char *key, *text;
	json_t *value;

	if (!is_name(name))
		return err_set(e, ERR_INPUT, "\"%.80s\": the name of a child "
		    "is of letters, digits, \".\", \"_\" and \"-\", at most "
		    "%u", name, NOTIFY_NAME_MAX);
	c->name = xstrdup(name);
	c->config.connect_timeout_s = CONNECT_S;
	c->config.stall_timeout_s = STALL_S;
	c->config.first_byte_timeout_s = STALL_S;
	if (!json_is_object(settings))
		return err_set(e, ERR_INPUT, "%s: must be an object", name);
	json_object_foreach(settings, key, value) {
		text = json_string_value(value);
		if (text == NULL || text[0] == '\0')
			return err_set(e, ERR_INPUT, "%s: %.80s: must be a "
			    "string, not empty", name, key);
		if (set_member(c, path, key, text, e) == -1)
			return err_wrap(e, "%s: %.80s", name, key);
	}
	return check_child(c, e) == -1 ? err_wrap(e, "%s", name) : 0;
}

static int
fill(struct notify *n, const char *path, json_t *root, struct err *e)
{
	const char *name;
	json_t *settings;

	if (!json_is_object(root))
		return err_set(e, ERR_INPUT, "must be an object: names of "
		    "children to their settings");
	if (json_object_size(root) > NOTIFY_CHILDREN_MAX)
		return err_set(e, ERR_INPUT, "more than %u children",
		    NOTIFY_CHILDREN_MAX);
	n->children = xcalloc(json_object_size(root) + 1,
	    sizeof(*n->children));
	json_object_foreach(root, name, settings)
		if (fill_child(&n->children[n->count++], path, name, settings,
		    e) == -1)
			return -1;
	return 0;
}

/* Jansson quotes the source behind "near", which may be a secret that somebody
 * has written there. */
static int
parse(const char *buf, size_t len, json_t **ret, struct err *e)
{
	json_error_t where;
	char *near;

	*ret = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &where);
	if (*ret != NULL)
		return 0;
	near = strstr(where.text, " near ");
	if (near != NULL)
		*near = '\0';
	return err_set(e, ERR_INPUT, "line %d: %s", where.line, where.text);
}

int
notify_read(const char *path, struct notify **ret, struct err *e)
{
	struct notify *n = xcalloc(1, sizeof(*n));
	json_t *root = NULL;
	char *buf = NULL;
	size_t len = 0;
	int rc;

	rc = fs_read_named(path, CONFIG_BYTES_MAX, &buf, &len, e);
	if (rc == 0)
		rc = err_set(e, ERR_INPUT, "%s: no such file", path);
	else if (rc == 1)
		rc = parse(buf, len, &root, e) == -1 ||
		    fill(n, path, root, e) == -1 ? err_wrap(e, "%s", path) : 0;
	free(buf);
	json_decref(root);
	if (rc == -1) {
		e->code = ERR_INPUT;
		notify_free(n);
		return -1;
	}
	*ret = n;
	return 0;
}

void
notify_free(struct notify *n)
{
	struct notify_child *c;

	if (n == NULL)
		return;
	for (c = n->children; c < n->children + n->count; c++) {
		if (c->secret != NULL)
			explicit_bzero(c->secret, strlen(c->secret));
		free(c->secret);
		free(c->name);
		free(c->url);
		registry_config_done(&c->config);
	}
	free(n->children);
	notify_queue_done(&n->queue);
	free(n);
}
