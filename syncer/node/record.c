/* What node-config has written on this node: JSON in a file of root's, without
 * which nothing could be taken back. */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "node/record.h"
#include "node/under.h"

static char *
copy_or_null(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

struct record_file *
record_add(struct record *r)
{
	r->files = xreallocarray(r->files, r->count + 1, sizeof(*r->files));
	r->files[r->count] = (struct record_file){ 0 };
	return &r->files[r->count++];
}

void
record_file_done(struct record_file *f)
{
	free(f->client);
	free(f->path);
	free(f->text);
	free(f->saved);
}

/* The others move: pointers to them are void. */
void
record_drop(struct record *r, struct record_file *f)
{
	size_t at = (size_t)(f - r->files);

	assert(at < r->count);
	record_file_done(f);
	r->count--;
	memmove(f, f + 1, (r->count - at) * sizeof(*f));
}

void
record_add_dir(struct record *r, const char *path)
{
	size_t i;

	for (i = 0; i < r->dir_count; i++)
		if (strcmp(r->dirs[i], path) == 0)
			return;
	r->dirs = xreallocarray(r->dirs, r->dir_count + 1, sizeof(char *));
	r->dirs[r->dir_count++] = xstrdup(path);
}

/* A client of NULL: anybody's. */
struct record_file *
record_find(const struct record *r, const char *client, const char *path)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (strcmp(r->files[i].path, path) == 0 && (client == NULL ||
		    strcmp(r->files[i].client, client) == 0))
			return &r->files[i];
	return NULL;
}

void
record_done(struct record *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		record_file_done(&r->files[i]);
	for (i = 0; i < r->dir_count; i++)
		free(r->dirs[i]);
	free(r->files);
	free(r->dirs);
	*r = (struct record){ 0 };
}

static bool
has_dots(const char *path)
{
	const char *p;

	for (p = path; (p = strstr(p, "..")) != NULL; p += 2)
		if ((p == path || p[-1] == '/') &&
		    (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

/* Where nothing is the owner's of the node, or nothing stays. */
static bool
is_of_system(const char *path)
{
	static const char *const dirs[] = {
		"bin", "boot", "dev", "lib", "lib32", "lib64", "libx32", "nix",
		"proc", "run", "sbin", "snap", "sys", "tmp", "usr"
	};
	size_t len = strcspn(path, "/"), i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (strlen(dirs[i]) == len && strncmp(path, dirs[i], len) == 0)
			return true;
	return false;
}

/* What a client is told to read elsewhere is a file of such a name. */
static bool
is_config(const char *path)
{
	static const char *const ends[] = { ".json", ".toml", ".yaml", ".yml",
	    ".conf" };
	size_t len = strlen(path), n, i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		n = strlen(ends[i]);
		if (len > n && strcmp(path + len - n, ends[i]) == 0)
			return true;
	}
	return false;
}

bool
record_takes(enum node_kind kind, const char *path)
{
	if (path[0] == '/' || has_dots(path))
		return false;
	return strncmp(path, "etc/", 4) == 0 || (kind != NODE_WHOLE &&
	    strchr(path, '/') != NULL && !is_of_system(path) &&
	    is_config(path));
}

/* Of a file elsewhere it is beside that; folders go only when empty. */
static bool
takes_saved(const char *path, const char *saved)
{
	size_t len = strlen(path);

	return record_takes(NODE_WHOLE, saved) || (strncmp(saved, path, len) ==
	    0 && strcmp(saved + len, RECORD_SAVED) == 0);
}

static bool
takes_dir(const char *path)
{
	return path[0] != '/' && path[0] != '\0' && !has_dots(path) &&
	    !is_of_system(path);
}

/* What is deleted and put back later goes by these names: each has to be
 * one of ours. */
static int
read_file(json_t *json, struct record *r, struct err *e)
{
	const char *client, *kind, *path, *text, *written, *saved = NULL;
	int edited = 0, pending = 0;
	struct record_file *f, got = { 0 };

	if (json_unpack(json, "{ss ss ss ss ss s?s s?b s?b}", "client", &client,
	    "kind", &kind, "path", &path, "text", &text, "written", &written,
	    "saved", &saved, "edited", &edited, "pending", &pending) == -1 ||
	    node_kind_parse(kind, &got.kind) == -1 ||
	    !record_takes(got.kind, path) ||
	    (saved != NULL && !takes_saved(path, saved)))
		return err_set(e, ERR_DATA, "an entry is not as cdr writes "
		    "it");
	if (digest_parse(written, &got.written, e) == -1)
		return -1;
	f = record_add(r);
	*f = got;
	f->client = xstrdup(client);
	f->path = xstrdup(path);
	f->text = xstrdup(text);
	f->saved = copy_or_null(saved);
	f->edited = edited != 0;
	f->pending = pending != 0;
	return 0;
}

/* Caps, since the file may have been edited. */
static int
read_all(json_t *all, struct record *r, struct err *e)
{
	json_t *item;
	size_t i;

	if (json_array_size(json_object_get(all, "files")) >
	    NODE_RECORDS_MAX ||
	    json_array_size(json_object_get(all, "directories")) >
	    NODE_RECORDS_MAX)
		return err_set(e, ERR_LIMIT, "more than %u entries",
		    NODE_RECORDS_MAX);
	json_array_foreach(json_object_get(all, "files"), i, item) {
		if (read_file(item, r, e) == -1)
			return -1;
	}
	json_array_foreach(json_object_get(all, "directories"), i, item) {
		if (!json_is_string(item) ||
		    !takes_dir(json_string_value(item)))
			return err_set(e, ERR_DATA, "a directory is not as "
			    "cdr writes it");
		record_add_dir(r, json_string_value(item));
	}
	return 0;
}

/* A record that cannot be read stops everything: guessing would overwrite
 * somebody's files. */
int
record_read(int root, struct record *ret, struct err *e)
{
	struct record r = { 0 };
	json_error_t wrong;
	json_t *all;
	char *text;
	int rc = under_read(root, RECORD_PATH, &text, NULL, e);

	if (rc == 0)
		*ret = r;
	if (rc != 1)
		return rc;
	all = json_loads(text, JSON_REJECT_DUPLICATES, &wrong);
	free(text);
	if (all == NULL)
		rc = err_set(e, ERR_DATA, "line %d: %.200s", wrong.line,
		    wrong.text);
	else
		rc = read_all(all, &r, e);
	json_decref(all);
	if (rc == -1) {
		record_done(&r);
		e->code = ERR_INPUT;
		return err_wrap(e, "/" RECORD_PATH ", which says what cdr "
		    "wrote here, cannot be read");
	}
	*ret = r;
	return 0;
}

static json_t *
file_json(const struct record_file *f)
{
	char digest[DIGEST_TEXT_MAX];

	return json_pack("{ss ss ss ss ss ss* sb sb}", "client", f->client,
	    "kind", node_kind_name(f->kind), "path", f->path, "text", f->text,
	    "written", digest_text(&f->written, digest), "saved", f->saved,
	    "edited", f->edited, "pending", f->pending);
}

/* Whole each time: it has a few lines, and half of it would be of no use. */
int
record_write(int root, const struct record *r, struct err *e)
{
	json_t *files = json_array(), *dirs = json_array(), *all;
	char *text, *line;
	size_t i;
	int rc;

	for (i = 0; i < r->count; i++)
		json_array_append_new(files, file_json(&r->files[i]));
	for (i = 0; i < r->dir_count; i++)
		json_array_append_new(dirs, json_string(r->dirs[i]));
	all = json_pack("{si so so}", "version", 1, "files", files,
	    "directories", dirs);
	text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	line = xasprintf("%s\n", text);
	free(text);
	rc = under_write(root, RECORD_PATH, line, NULL, 0644, e);
	free(line);
	return rc;
}
