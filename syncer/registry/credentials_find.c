/* Which of the credentials is for a repository (quirks.md#keys-of-auths). */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/credentials_internal.h"
#include "registry/registries.h"

/* The key under which every Docker client keeps Docker Hub's password
 * (quirks.md#hub-names). */
#define HUB_SERVER	"https://index.docker.io/v1/"

static const char *
skip_scheme(const char *s)
{
	if (ascii_starts(s, "https://", 8))
		return s + 8;
	if (ascii_starts(s, "http://", 7))
		return s + 7;
	return s;
}

const char *
credentials_key_shown(const char *text)
{
	/* The last one: an "@" and a "/" may both be in a password. */
	const char *at = strrchr(text, '@');

	return at != NULL ? at + 1 : skip_scheme(text);
}

/* The old API version that many keys end in, which is no repository. */
static const char *
skip_version(const char *path)
{
	if ((strncmp(path, "v1", 2) == 0 || strncmp(path, "v2", 2) == 0) &&
	    (path[2] == '/' || path[2] == '\0'))
		path += 2;
	return path + strspn(path, "/");
}

/*
 * Keys come as bare hosts (podman), as URLs of an API (docker) and with paths
 * and globs (Kubernetes): quirks.md#keys-of-auths.  The three names of Docker
 * Hub become one here, for keys and for what is looked up.
 */
struct credentials_key
credentials_key_parse(const char *text)
{
	struct credentials_key k;
	const char *host = credentials_key_shown(text), *path;
	size_t i, len = strcspn(host, "/");

	k.host = xstrndup(host, len);
	for (i = 0; i < len; i++)
		k.host[i] = ascii_lower(k.host[i]);
	if (registries_canonical(k.host) != k.host) {
		free(k.host);
		k.host = xstrdup("docker.io");
	}
	path = skip_version(host + len + strspn(host + len, "/"));
	len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	k.path = xstrndup(path, len);
	return k;
}

void
credentials_key_done(struct credentials_key *k)
{
	free(k->host);
	free(k->path);
}

/*
 * A "*" is any run of characters without dot and colon, so that both sides
 * have the same labels and port.  Going back to the last "*" is enough: a dot
 * in between ties what is before it.
 */
static bool
host_matches(const char *pattern, const char *host)
{
	const char *star = NULL, *resume = NULL;

	while (*host != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			resume = host;
		} else if (*pattern == *host) {
			pattern++;
			host++;
		} else if (star != NULL && *resume != '.' && *resume != ':') {
			pattern = star + 1;
			host = ++resume;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

/* By whole components: "team" covers "team/app" but not "teamwork". */
static bool
path_covers(const char *path, const char *repository)
{
	size_t len = strlen(path);

	return len == 0 || (strncmp(path, repository, len) == 0 &&
	    (repository[len] == '/' || repository[len] == '\0'));
}

/* Both fit: does ${a} say more than ${b}?  An exact host before a pattern,
 * however long that one's path is: a pattern is written for all the others. */
static bool
is_closer(const struct credentials_key *a, const struct credentials_key *b)
{
	bool a_glob = strchr(a->host, '*') != NULL;
	bool b_glob = strchr(b->host, '*') != NULL;

	if (a_glob != b_glob)
		return b_glob;
	if (strlen(a->path) != strlen(b->path))
		return strlen(a->path) > strlen(b->path);
	return strlen(a->host) > strlen(b->host);
}

static char *
copy_or_null(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

/* Nothing of it is here, and nothing is wrong with it: a helper has it. */
static bool
is_empty(const struct entry *entry)
{
	const struct credential *what = &entry->what;

	return entry->fault == NULL && what->registry_token == NULL &&
	    what->identity_token == NULL && what->password == NULL;
}

static const struct entry *
find_entry(const struct credentials *c, const char *registry,
    const char *repository)
{
	struct credentials_key want = credentials_key_parse(registry);
	const struct entry *entry, *best = NULL;
	size_t i;

	assert(c->entries != NULL || c->entry_count == 0);
	for (i = 0; i < c->entry_count; i++) {
		entry = &c->entries[i];
		if (!is_empty(entry) &&
		    host_matches(entry->key.host, want.host) &&
		    path_covers(entry->key.path, repository) &&
		    (best == NULL || is_closer(&entry->key, &best->key)))
			best = entry;
	}
	credentials_key_done(&want);
	return best;
}

int
credentials_find(const struct credentials *c, const char *registry,
    const char *repository, struct credential *ret)
{
	const struct entry *best = find_entry(c, registry, repository);

	if (best == NULL || best->fault != NULL)
		return 0;
	ret->username = copy_or_null(best->what.username);
	ret->password = copy_or_null(best->what.password);
	ret->identity_token = copy_or_null(best->what.identity_token);
	ret->registry_token = copy_or_null(best->what.registry_token);
	return 1;
}

/* Helpers are by host alone: there is no way to ask for a path. */
static const struct helper *
find_helper(const struct credentials *c, const char *registry)
{
	struct credentials_key want = credentials_key_parse(registry);
	const struct helper *found = NULL;
	size_t i;

	for (i = 0; i < c->helper_count && found == NULL; i++)
		if (strcmp(c->helpers[i].key.host, want.host) == 0 &&
		    c->helpers[i].key.path[0] == '\0')
			found = &c->helpers[i];
	credentials_key_done(&want);
	return found;
}

const char *
credentials_fault(const struct credentials *c, const char *registry,
    const char *repository)
{
	const struct helper *helper = find_helper(c, registry);
	const struct entry *best = find_entry(c, registry, repository);

	if (best != NULL)
		return best->fault;
	return helper != NULL ? helper->fault : NULL;
}

bool
credentials_name(const struct credentials *c, const char *registry)
{
	struct credentials_key want = credentials_key_parse(registry);
	bool found = find_helper(c, registry) != NULL;
	size_t i;

	for (i = 0; i < c->entry_count && !found; i++)
		found = strcmp(c->entries[i].key.host, want.host) == 0;
	credentials_key_done(&want);
	return found;
}

const char *
credentials_helper(const struct credentials *c, const char *registry,
    const char **ret_server)
{
	struct credentials_key want = credentials_key_parse(registry);
	const struct helper *helper = find_helper(c, registry);
	const char *suffix = helper != NULL ? helper->suffix : c->store;

	if (suffix != NULL && suffix[0] != '\0')
		*ret_server = strcmp(want.host, "docker.io") == 0 ?
		    HUB_SERVER : registry;
	else
		suffix = NULL;
	credentials_key_done(&want);
	return suffix;
}
