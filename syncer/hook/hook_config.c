/* The file of --hook-config: the owner's, so that every mistake in it is told.
 * It names files of secrets, and has none itself. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "hook/hook_internal.h"
#include "image/readjson.h"
#include "image/ref.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

static const struct {
	const char *key;
	enum hook_place place;
	enum secret_kind kind;
} members[] = {
	{ "url_secret_file", HOOK_URL, SECRET_TEXT },
	{ "hmac_secret_file", HOOK_SIGNATURE, SECRET_HMAC_SHA256 },
	{ "hmac_sha1_secret_file", HOOK_SIGNATURE, SECRET_HMAC_SHA1 },
	{ "authorization_file", HOOK_AUTHORIZATION, SECRET_TEXT },
	{ "bearer_file", HOOK_BEARER, SECRET_TEXT },
	{ "basic_file", HOOK_BASIC, SECRET_TEXT },
	{ "header_file", HOOK_HEADER, SECRET_TEXT },
};

#define MEMBERS		(sizeof(members) / sizeof(members[0]))
#define LETTERS		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS		"0123456789"
/* RFC 3986 section 2.3: what nobody on the way has to encode. */
#define UNRESERVED	LETTERS DIGITS "-._~"
/* Of a token (RFC 9110 section 5.6.2) what headers really have. */
#define HEADER_NAME	LETTERS DIGITS "-"

static bool
consists_of(const char *text, const char *characters)
{
	return *text != '\0' && text[strspn(text, characters)] == '\0';
}

/* ${path} is relative to the file ${config}; free(3) it. */
static char *
beside(const char *config, const char *path)
{
	const char *slash = strrchr(config, '/');

	if (*path == '/' || slash == NULL)
		return xstrdup(path);
	return xasprintf("%.*s/%s", (int)(slash - config), config, path);
}

/* What could not come this way at all is a mistake, and better known now. */
static int
check_secret(enum hook_place place, const char *text, size_t len,
    struct err *e)
{
	size_t i, least = HOOK_SECRET_MIN;
	const char *colon;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return err_set(e, ERR_INPUT, "has a control character "
			    "in it: a secret is one line");
	if (place == HOOK_BASIC) {
		colon = memchr(text, ':', len);
		if (colon == NULL)
			return err_set(e, ERR_INPUT,
			    "has to be USER:PASSWORD");
		least += (size_t)(colon + 1 - text);
	}
	if (len < least)
		return err_set(e, ERR_INPUT,
		    "a secret of fewer than %u characters",
		    HOOK_SECRET_MIN);
	if (len > HOOK_SECRET_MAX)
		return err_set(e, ERR_INPUT,
		    "a secret of more than %u characters", HOOK_SECRET_MAX);
	if (place == HOOK_URL && !consists_of(text, UNRESERVED))
		return err_set(e, ERR_INPUT, "a secret for a URL has letters, "
		    "digits, \"-\", \".\", \"_\" and \"~\" only");
	if (place != HOOK_SIGNATURE && (text[0] == ' ' || text[len - 1] == ' '))
		return err_set(e, ERR_INPUT, "begins or ends with a blank, "
		    "which no header keeps");
	return 0;
}

static int
read_secret(struct hook *hook, const char *path, enum secret_kind kind,
    struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	int rc = fs_read_named(path, HOOK_SECRET_MAX + 2, &text, &len, e);

	if (rc == 0)
		return err_set(e, ERR_INPUT, "%s: no such file", path);
	if (rc == -1) {
		e->code = ERR_INPUT;
		return -1;
	}
	rc = 0;
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len > 0 && text[len - 1] == '\r')
		text[--len] = '\0';
	if (check_secret(hook->place, text, len, e) == -1)
		rc = err_wrap(e, "%s", path);
	else
		hook->secret = secret_new(kind, text, len);
	secret_wipe(text, len);
	free(text);
	return rc;
}

static int
set_secret(struct hook *hook, const char *config, size_t i, const char *path,
    struct err *e)
{
	char *file;
	int rc;

	if (hook->secret != NULL)
		return err_set(e, ERR_INPUT, "%s: a second secret: a hook has "
		    "one", members[i].key);
	hook->place = members[i].place;
	file = beside(config, path);
	rc = read_secret(hook, file, members[i].kind, e);
	free(file);
	return rc == -1 ? err_wrap(e, "%s", members[i].key) : 0;
}

/* A name that a list could not have would never meet one of its lines. */
static int
set_registry(struct hook *hook, const char *name, struct err *e)
{
	if (!name_is_registry(name) || (strpbrk(name, ".:") == NULL &&
	    strcmp(name, "localhost") != 0))
		return err_set(e, ERR_INPUT, "registry: \"%.80s\" is no "
		    "registry: write its host as lists have it, with :port",
		    name);
	hook->registry = xstrdup(name);
	return 0;
}

static int
set_header(struct hook *hook, const char *name, struct err *e)
{
	if (!consists_of(name, HEADER_NAME) || strlen(name) > HOOK_NAME_MAX)
		return err_set(e, ERR_INPUT, "header: \"%.80s\" is no "
		    "header's name", name);
	hook->header = xstrdup(name);
	return 0;
}

static int
set_member(struct hook *hook, const char *config, const char *key,
    const json_t *value, struct err *e)
{
	const char *text = json_string_value(value);
	size_t i;

	if (text == NULL || *text == '\0')
		return err_set(e, ERR_INPUT, "%.80s: must be a string, not "
		    "empty", key);
	if (strcmp(key, "registry") == 0)
		return set_registry(hook, text, e);
	if (strcmp(key, "header") == 0)
		return set_header(hook, text, e);
	for (i = 0; i < MEMBERS; i++)
		if (strcmp(key, members[i].key) == 0)
			return set_secret(hook, config, i, text, e);
	return err_set(e, ERR_INPUT, "%.80s: no such member", key);
}

static int
fill_hook(struct hook *hook, const char *config, json_t *settings,
    struct err *e)
{
	const char *key;
	json_t *value;

	if (strlen(hook->name) > HOOK_NAME_MAX ||
	    !consists_of(hook->name, UNRESERVED))
		return err_set(e, ERR_INPUT, "a hook's name has letters, "
		    "digits, \"-\", \".\", \"_\" and \"~\" only, at most %u",
		    HOOK_NAME_MAX);
	if (!json_is_object(settings))
		return err_set(e, ERR_INPUT, "must be an object");
	json_object_foreach(settings, key, value)
		if (set_member(hook, config, key, value, e) == -1)
			return -1;
	if (hook->secret == NULL)
		return err_set(e, ERR_INPUT, "has no secret: give it one of "
		    "url_secret_file, hmac_secret_file, authorization_file, "
		    "bearer_file, basic_file, or header and header_file");
	if (hook->place == HOOK_HEADER && hook->header == NULL)
		return err_set(e, ERR_INPUT, "header_file: needs header, its "
		    "name");
	if (hook->header != NULL && hook->place != HOOK_HEADER &&
	    hook->place != HOOK_SIGNATURE)
		return err_set(e, ERR_INPUT, "header: goes with header_file, "
		    "or with a signature");
	return 0;
}

static int
fill_hooks(struct hooks *h, const char *config, json_t *root, struct err *e)
{
	const char *key;
	json_t *value;

	if (json_object_size(root) > HOOKS_MAX)
		return err_set(e, ERR_INPUT, "more than %u hooks", HOOKS_MAX);
	if (json_object_size(root) == 0)
		return err_set(e, ERR_INPUT, "no hook in it");
	h->all = xcalloc(json_object_size(root), sizeof(*h->all));
	json_object_foreach(root, key, value) {
		h->all[h->count].name = xstrdup(key);
		if (fill_hook(&h->all[h->count++], config, value, e) == -1)
			return err_wrap(e, "\"%.80s\"", key);
	}
	return 0;
}

int
hooks_read(const char *path, struct hooks **ret, struct err *e)
{
	struct hooks *h = xcalloc(1, sizeof(*h));
	char *text = NULL;
	json_t *root = NULL;
	size_t len;
	int rc = fs_read_named(path, CONFIG_BYTES_MAX, &text, &len, e);

	if (rc == 0)
		err_set(e, ERR_INPUT, "%s: no such file", path);
	if (rc != 1) {
		e->code = ERR_INPUT;
		rc = -1;
		goto out;
	}
	rc = -1;
	if (readjson_load(text, len, JSON_REJECT_DUPLICATES, &root, e) == -1 ||
	    fill_hooks(h, path, root, e) == -1) {
		err_wrap(e, "%s", path);
		e->code = ERR_INPUT;
		goto out;
	}
	*ret = h;
	h = NULL;
	rc = 0;
out:
	hooks_free(h);
	json_decref(root);
	free(text);
	return rc;
}

void
hooks_free(struct hooks *h)
{
	size_t i;

	if (h == NULL)
		return;
	for (i = 0; i < h->count; i++) {
		free(h->all[i].name);
		free(h->all[i].registry);
		free(h->all[i].header);
		secret_free(h->all[i].secret);
	}
	free(h->all);
	free(h);
}
