/* What is in the tree, read from the tree itself: there is no other record. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fsutil.h"
#include "limits.h"
#include "mem.h"
#include "name.h"
#include "store_internal.h"

/* Where repos/REGISTRY/REPOSITORY/FOLDER/NAME leads.  A link that is no link of
 * ours counts as absent: readers get 404 for it, too. */
static int
follow(const struct store *st, const char *registry, const char *repository,
    const char *folder, const char *name, struct manifest_id *ret,
    struct err *e)
{
	char path[STORE_PATH_MAX], target[STORE_PATH_MAX];
	char inner[TAG_MAX + DIGEST_TEXT_MAX + 16];
	int rc;

	snprintf(inner, sizeof(inner), "%s/%s", folder, name);
	path_repository(registry, repository, inner, path);
	rc = fs_readlink(st->root, path, target, sizeof(target), e);
	if (rc != 1)
		return rc;
	return path_link_parse(target, ret);
}

int
store_reference_get(const struct store *st, const char *registry,
    const char *repository, const char *reference, struct manifest_id *ret,
    struct err *e)
{
	return follow(st, registry, repository, "_manifests", reference, ret,
	    e);
}

int
store_default_get(const struct store *st, const char *registry,
    const char *repository, const struct digest *index,
    struct manifest_id *ret, struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	return follow(st, registry, repository, "_default",
	    digest_text(index, text), ret, e);
}

int
store_published_at(const struct store *st, const char *registry,
    const char *repository, const char *reference, char *ret, struct err *e)
{
	char path[STORE_PATH_MAX], inner[TAG_MAX + DIGEST_TEXT_MAX + 16];
	char *text = NULL, *line, *end;
	struct err why;
	size_t len;
	int rc;

	snprintf(inner, sizeof(inner), "_history/%s", reference);
	rc = fs_read_file(st->root, path_repository(registry, repository,
	    inner, path), HISTORY_BYTES_MAX, &text, &len, &why);
	/* What is no history does not tell; the next publishing takes its
	 * place. */
	if (rc == -1 && (why.code == ERR_DATA || why.code == ERR_LIMIT))
		return 0;
	if (rc == -1)
		*e = why;
	if (rc != 1)
		return rc;
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	line = strrchr(text, '\n');
	line = line == NULL ? text : line + 1;
	end = strchr(line, ' ');
	rc = 0;
	if (end != NULL && end - line < STORE_TIME_MAX) {
		memcpy(ret, line, (size_t)(end - line));
		ret[end - line] = '\0';
		rc = 1;
	}
	free(text);
	return rc;
}

/* A walk through repos/<registry>: every folder with _manifests in it. */
struct walk {
	const struct store *st;
	const char *registry;
	store_repository_fn *fn;
	void *cookie;
};

static int walk_repository(const struct walk *, const char *, struct err *);

/* Names with "_" in front are ours, and no repository can have such a
 * component.  What else is no name is somebody's, and passed over. */
static int
walk_below(const struct walk *w, const char *repository, char **names,
    size_t count, struct err *e)
{
	char child[REPOSITORY_NAME_MAX + 1];
	size_t i;
	int len;

	for (i = 0; i < count; i++) {
		if (names[i][0] == '_')
			continue;
		len = snprintf(child, sizeof(child), "%s%s%s", repository,
		    repository[0] == '\0' ? "" : "/", names[i]);
		if (len < 0 || (size_t)len >= sizeof(child) ||
		    !name_is_repository(child))
			continue;
		if (walk_repository(w, child, e) == -1)
			return -1;
	}
	return 0;
}

static int
walk_repository(const struct walk *w, const char *repository, struct err *e)
{
	char path[STORE_PATH_MAX];
	char **names;
	size_t i, count;
	int rc;

	if (repository[0] == '\0')
		snprintf(path, sizeof(path), "repos/%s", w->registry);
	else
		snprintf(path, sizeof(path), "repos/%s/%s", w->registry,
		    repository);
	rc = fs_list(w->st->root, path, &names, &count, e);
	if (rc != 1)
		return rc;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++)
		if (repository[0] != '\0' &&
		    strcmp(names[i], "_manifests") == 0)
			rc = w->fn(w->cookie, w->registry, repository, e);
	if (rc == 0)
		rc = walk_below(w, repository, names, count, e);
	fs_list_free(names, count);
	return rc;
}

static int
each_walked(const struct walked *w, store_repository_fn *fn, void *cookie,
    struct err *e)
{
	const char *registry, *repository;
	size_t at;

	for (at = 0; at < w->len;
	    at = (size_t)(repository - w->names) + strlen(repository) + 1) {
		registry = w->names + at;
		repository = registry + strlen(registry) + 1;
		if (fn(cookie, registry, repository, e) == -1)
			return -1;
	}
	return 0;
}

/* By folder, so that a registry with its repositories comes whole, and in the
 * order of bytes. */
int
store_each_repository(const struct store *st, store_repository_fn *fn,
    void *cookie, struct err *e)
{
	struct walk w = { .st = st, .fn = fn, .cookie = cookie };
	char **names;
	size_t i, count;
	int rc;

	if (st->walked.is_whole)
		return each_walked(&st->walked, fn, cookie, e);
	rc = fs_list(st->root, "repos", &names, &count, e);
	if (rc != 1)
		return rc;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++) {
		w.registry = names[i];
		if (name_is_registry(names[i]))
			rc = walk_repository(&w, "", e);
	}
	fs_list_free(names, count);
	return rc;
}

/* What one of a repository's folders names.  A link that has gone since the
 * folder was listed is passed over. */
static int
each_named(const struct store *st, const char *registry,
    const char *repository, const char *folder, store_reference_fn *fn,
    void *cookie, struct err *e)
{
	bool is_links = strcmp(folder, "_manifests") == 0;
	char path[STORE_PATH_MAX];
	char **names;
	size_t i, count;
	struct manifest_id id;
	int rc;

	path_repository(registry, repository, folder, path);
	rc = fs_list(st->root, path, &names, &count, e);
	if (rc != 1)
		return rc;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++) {
		if (is_links && strchr(names[i], ':') == NULL)
			continue;	/* a tag */
		rc = store_reference_get(st, registry, repository, names[i],
		    &id, e);
		if (rc == 1)
			rc = fn(cookie, registry, repository, names[i], &id,
			    e);
	}
	fs_list_free(names, count);
	return rc == -1 ? -1 : 0;
}

/* Tags, and digests that have a history: those were asked for by themselves and
 * are not just part of something else. */
int
store_each_in(const struct store *st, const char *registry,
    const char *repository, store_reference_fn *fn, void *cookie,
    struct err *e)
{
	return each_named(st, registry, repository, "_history", fn, cookie, e);
}

int
store_each_linked(const struct store *st, const char *registry,
    const char *repository, store_reference_fn *fn, void *cookie,
    struct err *e)
{
	return each_named(st, registry, repository, "_manifests", fn, cookie,
	    e);
}

struct reference_walk {
	const struct store *st;
	store_reference_fn *fn;
	void *cookie;
};

static int
each_in_repository(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	const struct reference_walk *w = cookie;

	return store_each_in(w->st, registry, repository, w->fn, w->cookie, e);
}

int
store_each_reference(const struct store *st, store_reference_fn *fn,
    void *cookie, struct err *e)
{
	struct reference_walk w = { .st = st, .fn = fn, .cookie = cookie };

	return store_each_repository(st, each_in_repository, &w, e);
}

/* All tags, from the links themselves: the list follows what is there, and a
 * run that died before it leaves nothing wrong for long.  Where a tag has only
 * moved, the list is as it was. */
int
store_write_tags(struct store *st, const char *registry,
    const char *repository, struct err *e)
{
	char path[STORE_PATH_MAX];
	const char *comma = "";
	char **names, *text = NULL;
	size_t i, count, len = 0;
	FILE *out;
	int rc;

	path_repository(registry, repository, "_manifests", path);
	rc = fs_list(st->root, path, &names, &count, e);
	if (rc != 1)
		return rc;
	out = xtext_open(&text, &len);
	fprintf(out, "{\"name\":\"%s\",\"tags\":[", repository);
	for (i = 0; i < count; i++) {
		if (!name_is_tag(names[i]))
			continue;	/* a digest link */
		fprintf(out, "%s\"%s\"", comma, names[i]);
		comma = ",";
	}
	fputs("]}\n", out);
	xtext_close(out);
	fs_list_free(names, count);
	/* A repository whose making was cut short may lack the folder. */
	path_repository(registry, repository, "_tags", path);
	rc = store_make_dirs(st, path, e);
	path_repository(registry, repository, "_tags/list", path);
	if (rc == 0)
		rc = store_write_changed(st, path, text, len, e);
	free(text);
	return rc == -1 ? -1 : 0;
}
