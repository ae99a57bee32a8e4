#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/containers_conf.h"
#include "node/toml.h"
#include "node/under.h"
#include "node/wish.h"

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

/* *.conf of a folder, in the order of their names. */
static void
look_at_all(const struct looking *l, const char *dir)
{
	char **names = NULL, *path;
	size_t count = 0, i, len;
	struct err e;

	if (under_list(l->root, dir, &names, &count, &e) == -1 &&
	    l->bad != NULL)
		l->bad(l->cookie, e.msg);
	for (i = 0; i < count; i++) {
		len = strlen(names[i]);
		if (len < 6 || strcmp(names[i] + len - 5, ".conf") != 0)
			continue;
		path = xasprintf("%s/%s", dir, names[i]);
		look_at(l, path);
		free(path);
	}
	fs_list_free(names, count);
}

void
containers_conf_each(int root, containers_conf_fn *fn,
    void (*bad)(void *, const char *), void *cookie)
{
	struct looking l = {
		.root = root, .fn = fn, .bad = bad, .cookie = cookie
	};
	char *named = containers_conf_named(root);

	look_at(&l, named != NULL ? named : CONTAINERS_CONF);
	look_at_all(&l, CONTAINERS_DROP_INS);
	free(named);
}

/* --- whose environment ---------------------------------------------------- */

/* Is it the very root of this machine? */
static bool
is_here(int root)
{
	struct stat a, b;

	return fstat(root, &a) == 0 && stat("/", &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The last line of environment(5) that sets it. */
static char *
named_for_all(int root)
{
	char *text = NULL, *line, *at, *ret = NULL;
	size_t len;
	struct err ignored;

	if (under_read(root, "etc/environment", &text, NULL, &ignored) != 1)
		return NULL;
	for (at = text; (line = strsep(&at, "\n")) != NULL;) {
		line += strspn(line, " \t");
		line += strncmp(line, "export ", 7) == 0 ? 7 : 0;
		len = strlen(CONTAINERS_VARIABLE "=");
		if (strncmp(line, CONTAINERS_VARIABLE "=", len) != 0)
			continue;
		line += len + strspn(line + len, "\"'");
		free(ret);
		ret = xstrndup(line, strcspn(line, "\"'\r#"));
	}
	free(text);
	return ret;
}

char *
containers_conf_named(int root)
{
	const char *ours = is_here(root) ? getenv(CONTAINERS_VARIABLE) : NULL;
	char *said = ours != NULL && ours[0] != '\0' ? xstrdup(ours) :
	    named_for_all(root), *ret = NULL;
	struct err ignored;

	if (said != NULL && node_wish_path("", said, &ignored) == 0)
		ret = xstrdup(said + strspn(said, "/"));
	free(said);
	return ret;
}

/* --- users' own ----------------------------------------------------------- */

/* One home may be in passwd(5) and below /home. */
struct homes {
	char **list;
	size_t count;
};

static void
add_home(struct homes *h, char *path)
{
	size_t i;

	for (i = 0; i < h->count && strcmp(h->list[i], path) != 0; i++)
		;
	if (i < h->count || path[0] == '\0' || h->count == NODE_USES_MAX) {
		free(path);
		return;
	}
	h->list = xreallocarray(h->list, h->count + 1, sizeof(char *));
	h->list[h->count++] = path;
}

/* The sixth field of each line. */
static void
add_passwd(int root, struct homes *h)
{
	char *text = NULL, *at, *line, *field = NULL;
	struct err ignored;
	size_t i;

	if (under_read(root, "etc/passwd", &text, NULL, &ignored) != 1)
		return;
	for (at = text; (line = strsep(&at, "\n")) != NULL;) {
		for (i = 0; i < 6 && line != NULL; i++)
			field = strsep(&line, ":");
		if (i == 6 && node_wish_path("", field, &ignored) == 0)
			add_home(h, xstrdup(field + strspn(field, "/")));
	}
	free(text);
}

void
containers_conf_users(int root, containers_conf_fn *fn, void *cookie)
{
	struct looking l = { .root = root, .fn = fn, .cookie = cookie };
	struct homes homes = { .count = 0 };
	char **names = NULL, *named = containers_conf_named(root), *path;
	size_t count = 0, i;
	struct err ignored;

	add_home(&homes, xstrdup("root"));
	(void)under_list(root, "home", &names, &count, &ignored);
	for (i = 0; i < count; i++)
		add_home(&homes, xasprintf("home/%s", names[i]));
	fs_list_free(names, count);
	add_passwd(root, &homes);
	for (i = 0; i < homes.count; i++) {
		path = xasprintf("%s/" CONTAINERS_OF_USER, homes.list[i]);
		if (named == NULL)
			look_at(&l, path);
		free(path);
		path = xasprintf("%s/" CONTAINERS_OF_USER ".d",
		    homes.list[i]);
		look_at_all(&l, path);
		free(path);
		free(homes.list[i]);
	}
	free(homes.list);
	free(named);
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
