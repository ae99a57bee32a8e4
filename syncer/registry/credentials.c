/*
 * Reading config.json and its relatives (quirks.md#entries-of-auths).  Every
 * copy of a secret is wiped before its memory is given back, and no message
 * quotes the file.
 */
#include <jansson.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layout/base64.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/credentials_internal.h"
#include "report/outside.h"

/* free(3) as the JSON library gets it; all of the block, slack included. */
static void
wiping_free(void *p)
{
	if (p == NULL)
		return;
	explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void
wipe_string(char *s)
{
	if (s == NULL)
		return;
	explicit_bzero(s, strlen(s));
	free(s);
}

/*
 * The library keeps copies of every string, in its tree and in its scanner;
 * only its allocator sees them all.  It is one for all threads, so that it is
 * set for good, and not just while credentials are read: the rest of what
 * passes through the library is small.  Blocks come from malloc(3) before and
 * after, so that one allocated before may be freed here.
 */
void
credentials_init(void)
{
	json_set_alloc_funcs(malloc, wiping_free);
}

/*
 * The library's own message quotes the source, which may be a password, so that
 * only the place is passed on.
 */
static int
secret_load(const char *buf, size_t len, json_t **ret, struct err *e)
{
	json_error_t where;
	json_t *root;

	if (len > CONFIG_BYTES_MAX)
		return err_set(e, ERR_INPUT, "more than %u bytes",
		    CONFIG_BYTES_MAX);
	root = json_loadb(buf, len, 0, &where);
	if (root == NULL) {
		err_set(e, ERR_INPUT, "line %d, column %d: this is not JSON",
		    where.line, where.column);
		explicit_bzero(&where, sizeof(where));
		return -1;
	}
	if (!json_is_object(root)) {
		json_decref(root);
		return err_set(e, ERR_INPUT, "must be a JSON object");
	}
	*ret = root;
	return 0;
}

/* A member that is a string, copied; NULL where absent, null or empty.  An
 * empty string is what tools write for "none". */
static int
string_member(const json_t *object, const char *name, char **ret,
    struct err *e)
{
	const json_t *value = json_object_get(object, name);

	if (value != NULL && !json_is_null(value) && !json_is_string(value))
		return err_set(e, ERR_INPUT, "\"%s\" must be a string", name);
	if (json_string_length(value) > 0)
		*ret = xstrdup(json_string_value(value));
	return 0;
}

/*
 * Tools fold long lines, and some leave padding out: Go's decoders, by which
 * all other clients read this, pass over line ends.
 */
static char *
base64_plain(const char *text)
{
	char *plain = xmalloc(strlen(text) + 1);
	size_t len = 0;

	for (; *text != '\0'; text++)
		if (strchr(" \t\r\n", *text) == NULL)
			plain[len++] = *text;
	while (len > 0 && plain[len - 1] == '=')
		len--;
	plain[len] = '\0';
	return plain;
}

/*
 * "user:password" in base64.  Old clients padded it with NULs.  What is behind
 * the first colon is the password, whatever is in it; a user name with a colon
 * cannot be written this way (RFC 7617 section 2).
 */
static int
auth_decode(const char *auth, struct credential *c, struct err *e)
{
	size_t len = 0;
	char *plain = base64_plain(auth), *colon;
	char *text = (char *)base64_decode(plain, &len);
	int rc = -1;

	wipe_string(plain);
	if (text == NULL)
		return err_set(e, ERR_INPUT, "\"auth\" is not base64");
	/* The first: a password may have colons, a user name cannot. */
	colon = strchr(text, ':');
	while (len > 0 && text[len - 1] == '\0')
		len--;
	if (strlen(text) != len || colon == NULL || colon == text) {
		err_set(e, ERR_INPUT,
		    "\"auth\" is not user:password in base64");
		goto out;
	}
	wipe_string(c->username);
	wipe_string(c->password);
	c->username = xstrndup(text, (size_t)(colon - text));
	c->password = xstrdup(colon + 1);
	rc = 0;
out:
	explicit_bzero(text, len);
	free(text);
	return rc;
}

/* It goes into a header as it is: a line end would begin another header. */
static bool
is_header_text(const char *s)
{
	for (; *s != '\0'; s++)
		if (ascii_is_control(*s))
			return false;
	return true;
}

/*
 * One entry of "auths".  "auth" wins over "username" and "password", as it
 * does in Kubernetes (quirks.md#entries-of-auths): tools that write all three
 * derive the other two from it.
 */
static int
credential_read(const json_t *object, struct credential *ret, struct err *e)
{
	struct credential c = { 0 };
	char *auth = NULL;
	int rc = -1;

	if (!json_is_object(object)) {
		err_set(e, ERR_INPUT, "must be an object");
		goto out;
	}
	if (string_member(object, "auth", &auth, e) == -1 ||
	    string_member(object, "username", &c.username, e) == -1 ||
	    string_member(object, "password", &c.password, e) == -1 ||
	    string_member(object, "identitytoken", &c.identity_token,
	    e) == -1 ||
	    string_member(object, "registrytoken", &c.registry_token,
	    e) == -1)
		goto out;
	if (auth != NULL && auth_decode(auth, &c, e) == -1)
		goto out;
	if (c.registry_token != NULL && !is_header_text(c.registry_token)) {
		err_set(e, ERR_INPUT,
		    "\"registrytoken\" has a control character");
		goto out;
	}
	*ret = c;
	c = (struct credential){ 0 };
	rc = 0;
out:
	wipe_string(auth);
	credential_done(&c);
	return rc;
}

/* Whoever gets them may repeat them. */
static void
strike_out(const struct credential *c)
{
	outside_secret(c->password);
	outside_secret(c->identity_token);
	outside_secret(c->registry_token);
}

/* A user name alone opens nothing: the password is with a helper. */
static bool
is_usable(const struct credential *c)
{
	return c->registry_token != NULL || c->identity_token != NULL ||
	    (c->username != NULL && c->password != NULL);
}

/* A file is for many registries, most of which are on no list: what is wrong
 * with one entry is told when that one is needed.  The message names the entry;
 * credential_read has named the member.  {} stands for one that a helper
 * keeps. */
static void
entry_add(struct credentials *c, const char *key, const json_t *object)
{
	struct entry *entry;
	struct credential what = { 0 };
	struct err e = { .code = ERR_NONE };

	if (credential_read(object, &what, &e) == -1)
		err_wrap(&e, "%.200s", credentials_key_shown(key));
	strike_out(&what);
	if (!is_usable(&what))
		credential_done(&what);
	c->entries = xreallocarray(c->entries, c->entry_count + 1,
	    sizeof(*c->entries));
	entry = &c->entries[c->entry_count++];
	entry->key = credentials_key_parse(key);
	entry->what = what;
	entry->fault = e.code == ERR_NONE ? NULL : xstrdup(e.msg);
}

static int
auths_read(struct credentials *c, json_t *auths, struct err *e)
{
	const char *key;
	json_t *object;

	if (!json_is_object(auths))
		return err_set(e, ERR_INPUT, "\"auths\" must be an object");
	json_object_foreach(auths, key, object) {
		entry_add(c, key, object);
	}
	return 0;
}

/*
 * .dockercfg: the map that is inside "auths" today.  A config.json without
 * "auths" looks the same, but its members have no dots and colons.
 */
static void
dockercfg_read(struct credentials *c, json_t *root)
{
	const char *key;
	json_t *object;

	json_object_foreach(root, key, object)
		if (strpbrk(key, ".:/") != NULL ||
		    strcmp(key, "localhost") == 0)
			entry_add(c, key, object);
}

/* The suffix becomes part of the name of a program that is run. */
static int
suffix_read(const json_t *value, char **ret, struct err *e)
{
	const char *s = json_string_value(value), *p;

	if (s == NULL)
		return err_set(e, ERR_INPUT, "must be a string");
	for (p = s; *p != '\0'; p++)
		if (!ascii_is_alnum(*p) && strchr("._-", *p) == NULL)
			return err_set(e, ERR_INPUT, "must be what follows "
			    "docker-credential- in the name of a program");
	*ret = xstrdup(s);
	return 0;
}

static int
helpers_read(struct credentials *c, json_t *helpers, struct err *e)
{
	const char *key;
	json_t *value;
	struct helper h;
	struct err why;

	if (!json_is_object(helpers))
		return err_set(e, ERR_INPUT,
		    "\"credHelpers\" must be an object");
	json_object_foreach(helpers, key, value) {
		h.fault = NULL;
		if (suffix_read(value, &h.suffix, &why) == -1) {
			err_wrap(&why, "credHelpers: %.200s",
			    credentials_key_shown(key));
			h.suffix = xstrdup("");
			h.fault = xstrdup(why.msg);
		}
		h.key = credentials_key_parse(key);
		c->helpers = xreallocarray(c->helpers, c->helper_count + 1,
		    sizeof(*c->helpers));
		c->helpers[c->helper_count++] = h;
	}
	return 0;
}

/*
 * Other members are for other programs, and new ones keep coming: they are
 * passed over.  null counts as absent, as it does for Go, which writes it.
 */
static int
config_read(struct credentials *c, json_t *root, struct err *e)
{
	json_t *auths = json_object_get(root, "auths");
	json_t *helpers = json_object_get(root, "credHelpers");
	json_t *store = json_object_get(root, "credsStore");
	bool is_old = auths == NULL && helpers == NULL && store == NULL;

	if (is_old)
		dockercfg_read(c, root);
	if (auths != NULL && !json_is_null(auths) &&
	    auths_read(c, auths, e) == -1)
		return -1;
	if (helpers != NULL && !json_is_null(helpers) &&
	    helpers_read(c, helpers, e) == -1)
		return -1;
	if (store != NULL && !json_is_null(store) &&
	    suffix_read(store, &c->store, e) == -1)
		return err_wrap(e, "credsStore");
	return 0;
}

int
credentials_parse(const char *name, const char *buf, size_t len,
    struct credentials **ret, struct err *e)
{
	struct credentials *c = xcalloc(1, sizeof(*c));
	json_t *root = NULL;
	int rc = 0;

	/* Clients take an empty file for an empty object, too. */
	if (buf != NULL && len > 0) {
		rc = secret_load(buf, len, &root, e);
		if (rc == 0)
			rc = config_read(c, root, e);
		json_decref(root);
	}
	if (rc == -1) {
		credentials_free(c);
		return err_wrap(e, "%s", name);
	}
	*ret = c;
	return 0;
}

void
credentials_free(struct credentials *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->entry_count; i++) {
		credentials_key_done(&c->entries[i].key);
		credential_done(&c->entries[i].what);
		free(c->entries[i].fault);
	}
	for (i = 0; i < c->helper_count; i++) {
		credentials_key_done(&c->helpers[i].key);
		free(c->helpers[i].suffix);
		free(c->helpers[i].fault);
	}
	free(c->entries);
	free(c->helpers);
	free(c->store);
	free(c);
}

void
credential_done(struct credential *c)
{
	wipe_string(c->username);
	wipe_string(c->password);
	wipe_string(c->identity_token);
	wipe_string(c->registry_token);
	*c = (struct credential){ 0 };
}

/* quirks.md#credential-helpers */
int
credential_from_helper(const char *buf, size_t len, struct credential *ret,
    struct err *e)
{
	json_t *root = NULL;
	char *username = NULL, *secret = NULL;
	int rc = -1;

	if (secret_load(buf, len, &root, e) == -1 ||
	    string_member(root, "Username", &username, e) == -1 ||
	    string_member(root, "Secret", &secret, e) == -1)
		goto out;
	if (username == NULL || secret == NULL) {
		err_set(e, ERR_INPUT, "\"Username\" or \"Secret\" is missing");
		goto out;
	}
	/* Ownership goes to ${ret}, one string at a time. */
	*ret = (struct credential){ 0 };
	if (strcmp(username, "<token>") == 0)
		ret->identity_token = secret;
	else
		ret->password = secret;
	if (ret->password != NULL) {
		ret->username = username;
		username = NULL;
	}
	secret = NULL;
	strike_out(ret);
	rc = 0;
out:
	json_decref(root);
	wipe_string(username);
	wipe_string(secret);
	return rc;
}
