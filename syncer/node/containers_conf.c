#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/mem.h"
#include "node/containers_conf.h"
#include "node/toml.h"
#include "node/under.h"

#define USERS_CONF	".config/containers/registries.conf"

/* --- which files --------------------------------------------------------- */

struct looking {
	int root;
	containers_conf_fn *fn;
	void (*bad)(void *, const char *);
	void *cookie;
};

static void
look_at(const struct looking *l, const char *path)
{
	char *text = NULL;
	struct err e;
	int rc = under_read(l->root, path, &text, NULL, &e);

	if (rc == -1 && l->bad != NULL)
		l->bad(l->cookie, e.msg);
	if (rc == 1)
		l->fn(l->cookie, path, text);
	free(text);
}

void
containers_conf_each(int root, containers_conf_fn *fn,
    void (*bad)(void *, const char *), void *cookie)
{
	struct looking l = {
		.root = root, .fn = fn, .bad = bad, .cookie = cookie
	};
	char **names = NULL, *path;
	size_t count = 0, i, len;
	struct err e;

	look_at(&l, "etc/containers/registries.conf");
	if (under_list(root, CONTAINERS_DROP_INS, &names, &count, &e) == -1)
		bad(cookie, e.msg);
	for (i = 0; i < count; i++) {
		len = strlen(names[i]);
		if (len < 6 || strcmp(names[i] + len - 5, ".conf") != 0)
			continue;
		path = xasprintf(CONTAINERS_DROP_INS "/%s", names[i]);
		look_at(&l, path);
		free(path);
	}
	fs_list_free(names, count);
}

void
containers_conf_users(int root, containers_conf_fn *fn, void *cookie)
{
	struct looking l = { .root = root, .fn = fn, .cookie = cookie };
	char **names = NULL, *path;
	size_t count = 0, i;
	struct err ignored;

	look_at(&l, "root/" USERS_CONF);
	(void)under_list(root, "home", &names, &count, &ignored);
	for (i = 0; i < count; i++) {
		path = xasprintf("home/%s/" USERS_CONF, names[i]);
		look_at(&l, path);
		free(path);
	}
	fs_list_free(names, count);
}

/* --- what one says ------------------------------------------------------- */

struct reading {
	const char *client, *path;
	struct node_entries *entries;
	size_t first;			/* of this file */
};

static int
wrong(const struct reading *r, const struct toml *at, const char *what,
    struct err *e)
{
	return err_set(e, ERR_INPUT, "/%s:%u: %s", r->path, at->line, what);
}

/* false where it is not there. */
static int
take_bool(const struct reading *r, const struct toml *table, const char *key,
    bool *ret, struct err *e)
{
	const struct toml *value = toml_get(table, key);

	if (value == NULL)
		return 0;
	if (value->kind != TOML_BOOLEAN)
		return wrong(r, value, "must be true or false, without quotes",
		    e);
	*ret = strcmp(value->text, "true") == 0;
	return 0;
}

/* NULL where it is not there. */
static int
take_text(const struct reading *r, const struct toml *table, const char *key,
    const char **ret, struct err *e)
{
	const struct toml *value = toml_get(table, key);

	*ret = toml_string(value);
	return value == NULL || *ret != NULL ? 0 : wrong(r, value,
	    "must be a text, in quotes", e);
}

/* "[registry]" instead of "[[registry]]" is what people write. */
static int
take_tables(const struct reading *r, const struct toml *list, struct err *e)
{
	const struct toml *one;

	if (list->kind != TOML_ARRAY)
		return wrong(r, list, "write it with two brackets, as "
		    "[[registry]] and [[registry.mirror]], the former first",
		    e);
	for (one = list->child; one != NULL; one = one->next)
		if (one->kind != TOML_TABLE)
			return wrong(r, one, "must be a table", e);
	return 0;
}

static int
read_mirror(const struct reading *r, const struct toml *mirror, bool by_digest,
    struct node_entry *entry, struct err *e)
{
	const char *location, *pull;
	struct node_lead *lead;
	bool insecure = false;

	if (take_text(r, mirror, "location", &location, e) == -1 ||
	    take_text(r, mirror, "pull-from-mirror", &pull, e) == -1 ||
	    take_bool(r, mirror, "insecure", &insecure, e) == -1)
		return -1;
	if (location == NULL || location[0] == '\0')
		return wrong(r, mirror, "a mirror has no location", e);
	if (pull != NULL && pull[0] != '\0' && by_digest)
		return wrong(r, mirror, "pull-from-mirror cannot be here, "
		    "where mirror-by-digest-only is set", e);
	if (pull != NULL && strcmp(pull, "") != 0 && strcmp(pull, "all") !=
	    0 && strcmp(pull, "digest-only") != 0 &&
	    strcmp(pull, "tag-only") != 0)
		return wrong(r, mirror, "pull-from-mirror must be \"all\", "
		    "\"digest-only\" or \"tag-only\"", e);
	lead = node_entry_lead(entry, location);
	lead->insecure = insecure;
	lead->by_digest = by_digest || (pull != NULL &&
	    strcmp(pull, "digest-only") == 0);
	lead->by_tag = pull != NULL && strcmp(pull, "tag-only") == 0;
	return 0;
}

static int
read_mirrors(const struct reading *r, const struct toml *table, bool by_digest,
    struct node_entry *entry, struct err *e)
{
	const struct toml *list = toml_get(table, "mirror"), *one;

	if (list == NULL)
		return 0;
	if (take_tables(r, list, e) == -1)
		return -1;
	for (one = list->child; one != NULL; one = one->next)
		if (read_mirror(r, one, by_digest, entry, e) == -1)
			return -1;
	return 0;
}

/* Two of one prefix in a file have to agree in these. */
static int
check_twice(const struct reading *r, const struct toml *table, struct err *e)
{
	const struct node_entry *last =
	    &r->entries->list[r->entries->count - 1], *one;

	for (one = &r->entries->list[r->first]; one < last; one++)
		if (strcmp(one->prefix, last->prefix) == 0 &&
		    (one->blocked != last->blocked ||
		    one->insecure != last->insecure))
			return wrong(r, table, "this prefix stands twice, with "
			    "another \"blocked\" or \"insecure\"", e);
	return 0;
}

static int
read_registry(const struct reading *r, const struct toml *table, struct err *e)
{
	bool insecure = false, blocked = false, by_digest = false;
	const char *prefix, *location;
	struct node_entry *entry;

	if (take_text(r, table, "prefix", &prefix, e) == -1 ||
	    take_text(r, table, "location", &location, e) == -1 ||
	    take_bool(r, table, "insecure", &insecure, e) == -1 ||
	    take_bool(r, table, "blocked", &blocked, e) == -1 ||
	    take_bool(r, table, "mirror-by-digest-only", &by_digest, e) == -1)
		return -1;
	if (location != NULL && location[0] == '\0')
		location = NULL;
	if (prefix == NULL || prefix[0] == '\0')
		prefix = location;
	if (prefix == NULL || (location == NULL &&
	    strncmp(prefix, "*.", 2) != 0))
		return wrong(r, table, "a registry has no location", e);
	entry = node_entries_add(r->entries, r->client, r->path, table->line,
	    prefix);
	entry->location = location == NULL ? NULL : xstrdup(location);
	entry->insecure = insecure;
	entry->blocked = blocked;
	if (read_mirrors(r, table, by_digest, entry, e) == -1)
		return -1;
	return check_twice(r, table, e);
}

int
containers_conf_read(const char *client, const char *path, const char *text,
    struct node_entries *entries, struct err *e)
{
	struct reading r = {
		.client = client, .path = path, .entries = entries,
		.first = entries->count
	};
	const struct toml *list, *one;
	struct toml *root;
	int rc;

	if (toml_read(path, text, &root, e) == -1)
		return -1;
	list = toml_get(root, "registry");
	rc = list == NULL ? 0 : take_tables(&r, list, e);
	for (one = list != NULL ? list->child : NULL; rc == 0 && one != NULL;
	    one = one->next)
		rc = read_registry(&r, one, e);
	toml_free(root);
	return rc;
}
