/* Which files containerd reads. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/containerd_internal.h"
#include "node/containerd_toml.h"
#include "node/under.h"
#include "node/units.h"

/* Paths that are still to be read, in their order. */
struct pending {
	char **list;
	size_t count;
};

void
containerd_done(struct containerd *c)
{
	size_t i;

	for (i = 0; i < c->count; i++) {
		free(c->files[i].path);
		free(c->files[i].text);
		toml_free(c->files[i].doc);
	}
	free(c->files);
	free(c->main);
	*c = (struct containerd){ 0 };
}

/* --- which files ---------------------------------------------------------- */

/* As filepath.Clean, of an absolute path; without the "/" in front. */
static char *
clean(const char *path)
{
	char *out = xmalloc(strlen(path) + 1);
	size_t have = 0, len;

	for (; *path != '\0'; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0 || (len == 1 && path[0] == '.'))
			continue;
		if (len == 2 && path[0] == '.' && path[1] == '.') {
			while (have > 0 && out[have - 1] != '/')
				have--;
			have -= have > 0;
			continue;
		}
		if (have > 0)
			out[have++] = '/';
		memcpy(out + have, path, len);
		have += len;
	}
	out[have] = '\0';
	return out;
}

static int
push(struct pending *p, char *path, struct err *e)
{
	if (p->count == NODE_IMPORTS_MAX) {
		free(path);
		return err_set(e, ERR_INPUT, "containerd's files import more "
		    "than %u others, and cdr reads no more", NODE_IMPORTS_MAX);
	}
	p->list = xreallocarray(p->list, p->count + 1, sizeof(char *));
	p->list[p->count++] = path;
	return 0;
}

/* Each name in ${dir} that fits the first part of ${rest}, sorted by its
 * bytes; "*" fits a dot in front as well. */
static int
expand(int root, const char *dir, const char *rest, struct pending *p,
    struct err *e)
{
	size_t len = strcspn(rest, "/"), count = 0, i;
	char *part = xstrndup(rest, len), **names = NULL, *path;
	int rc = under_list(root, dir[0] == '\0' ? "." : dir, &names, &count,
	    e) == -1 ? -1 : 0;

	for (i = 0; rc == 0 && i < count; i++) {
		if (fnmatch(part, names[i], 0) != 0)
			continue;
		path = xasprintf("%s%s%s", dir, dir[0] == '\0' ? "" : "/",
		    names[i]);
		if (rest[len] == '\0') {
			rc = push(p, path, e);
		} else {
			rc = expand(root, path, rest + len + 1, p, e);
			free(path);
		}
	}
	fs_list_free(names, count);
	free(part);
	return rc;
}

/* A path that does not begin with "/" begins where the file is that has it. */
static int
import(int root, const char *parent, const char *value, struct pending *p,
    struct err *e)
{
	const char *slash = strrchr(parent, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - parent);
	char *full = value[0] == '/' ? clean(value) : NULL, *joined;
	int rc;

	if (full == NULL) {
		joined = xasprintf("%.*s/%s", (int)len, parent, value);
		full = clean(joined);
		free(joined);
	}
	if (strchr(full, '*') == NULL)
		return push(p, full, e);
	rc = expand(root, "", full, p, e);
	free(full);
	return rc;
}

static int
read_imports(int root, const struct containerd_file *f, struct pending *p,
    struct err *e)
{
	const struct toml *list = toml_get(f->doc, "imports"), *one;

	if (list == NULL)
		return 0;
	if (list->kind != TOML_ARRAY)
		return err_set(e, ERR_INPUT, "/%s: line %u: imports is no "
		    "list: containerd does not start with it", f->path,
		    list->line);
	for (one = list->child; one != NULL; one = one->next) {
		if (one->kind != TOML_STRING)
			return err_set(e, ERR_INPUT, "/%s: line %u: imports "
			    "has something that is no string: containerd does "
			    "not start with it", f->path, one->line);
		if (import(root, f->path, one->text, p, e) == -1)
			return -1;
	}
	return 0;
}

static bool
is_read(const struct containerd *c, const char *path)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (strcmp(c->files[i].path, path) == 0)
			return true;
	return false;
}

/* Return 1 when it is there, 0, or -1. */
static int
read_file(int root, const char *path, bool counts, struct containerd *c,
    struct err *e)
{
	struct containerd_file f = { .counts = counts };
	struct err why;
	int rc = under_read(root, path, &f.text, NULL, e);

	if (rc != 1)
		return rc;
	if (toml_read(path, f.text, &f.doc, &why) == -1) {
		free(f.text);
		c->cannot_start = counts;
		return err_set(e, ERR_INPUT, "%s: containerd does not start "
		    "with it: mend it first", why.msg);
	}
	f.path = xstrdup(path);
	f.version = containerd_version(f.doc);
	if (f.version == 0 && c->count > 0)
		f.version = c->files[0].version;
	c->files = xreallocarray(c->files, c->count + 1, sizeof(f));
	c->files[c->count++] = f;
	return 1;
}

/* A root of which only some folders are mounted has not all that the node
 * has. */
static int
not_there(int root, const char *path, struct containerd *c, struct err *e)
{
	char *top = xstrndup(path, strcspn(path, "/")), **names = NULL;
	size_t count = 0;
	struct err ignored;

	c->cannot_start = under_list(root, top, &names, &count, &ignored) == 1;
	fs_list_free(names, count);
	free(top);
	return err_set(e, ERR_INPUT, c->cannot_start ? "/%s: is imported, and "
	    "is not there: containerd does not start without it: put it "
	    "there, or take it out of imports" : "/%s: is imported, and cdr "
	    "cannot see it: have that folder below --prefix as well", path);
}

static int
read_pending(int root, struct pending *p, struct containerd *c, struct err *e)
{
	size_t i;
	int rc;

	for (i = 0; i < p->count; i++) {
		if (is_read(c, p->list[i]))
			continue;
		rc = read_file(root, p->list[i], true, c, e);
		if (rc == -1)
			return -1;
		if (rc == 0 && i > 0)
			return not_there(root, p->list[i], c, e);
		if (rc == 1 && read_imports(root, &c->files[c->count - 1], p,
		    e) == -1)
			return -1;
	}
	return 0;
}

/* The folder of 2.2 and later, where nobody imports it: a containerd of a later
 * release, or who imports it tomorrow, would read it. */
static int
read_conf_d(int root, struct containerd *c, struct err *e)
{
	struct pending p = { 0 };
	int rc = expand(root, CONTAINERD_CONF_D, "*.toml", &p, e);
	struct err ignored;
	size_t i;

	for (i = 0; i < p.count; i++) {
		if (rc == 0 && !is_read(c, p.list[i]))
			(void)read_file(root, p.list[i], false, c, &ignored);
		free(p.list[i]);
	}
	free(p.list);
	return rc;
}

/* --- all of it ------------------------------------------------------------ */

/* What --config says in its unit (quirks.md#containerds-unit). */
static char *
main_of(int root, bool *has_unit)
{
	static const char *const flags[] = { "--config", "-c" };
	const char *said = "/" CONTAINERD_CONFIG;
	struct unit_words words;
	char *path;
	size_t at, i;

	units_read(root, "containerd.service", &words);
	for (i = 0; i < 2; i++)
		for (at = 0; units_flag(&words, flags[i], &at, &said) != NULL;)
			;
	path = clean(said[0] == '/' ? said : CONTAINERD_CONFIG);
	*has_unit = words.unit != NULL;
	units_done(&words);
	return path;
}

/* A conf.d that nobody imports counts for what could break only. */
int
containerd_read(int root, struct containerd *ret, struct err *e)
{
	struct pending p = { 0 };
	size_t i;
	int rc;

	*ret = (struct containerd){ .count = 0 };
	ret->main = main_of(root, &ret->has_unit);
	rc = push(&p, xstrdup(ret->main), e);
	if (rc == 0)
		rc = read_pending(root, &p, ret, e);
	if (rc == 0 && ret->count > 0)
		rc = read_conf_d(root, ret, e);
	for (i = 0; i < p.count; i++)
		free(p.list[i]);
	free(p.list);
	containerd_evaluate(ret);
	return rc;
}
