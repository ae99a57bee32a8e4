/* index.json (OCI image-spec image-layout.md) and catalog.json: once a run. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "mem.h"
#include "name.h"
#include "store_internal.h"

/* Both files are put into place by rename, so that another inode is
 * another text. */
static char *
stamp(const struct store *st, const char *path, char buf[STORE_STAMP_MAX])
{
	struct stat sb;

	buf[0] = '\0';
	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0)
		snprintf(buf, STORE_STAMP_MAX, "%llx-%llx-%llx.%lx",
		    (unsigned long long)sb.st_ino,
		    (unsigned long long)sb.st_size,
		    (unsigned long long)sb.st_mtim.tv_sec,
		    (unsigned long)sb.st_mtim.tv_nsec);
	return buf;
}

char *
store_index_stamp(const struct store *st, char buf[STORE_STAMP_MAX])
{
	return stamp(st, "index.json", buf);
}

char *
store_links_stamp(const struct store *st, const char *registry,
    const char *repository, char buf[STORE_STAMP_MAX])
{
	char path[STORE_PATH_MAX];

	path_repository(registry, repository, "_manifests", path);
	return stamp(st, path, buf);
}

/* Whole names are sorted: "a/b" comes behind "a-b", but is found before it. */
struct catalog {
	char **names;
	size_t count, room;
};

struct index_out {
	struct store *st;
	struct old_index *old;		/* NULL: all is read from the tree */
	FILE *stream;
	const char *comma;
	bool left_out;			/* a link that leads nowhere */
	struct catalog *catalog;	/* of the same walk */
};

/*
 * Names need no escaping: nothing that passes the grammars of name.h has a
 * quote, a backslash or a control character in it.
 */
char *
store_index_line(const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, uint64_t size,
    char buf[STORE_INDEX_LINE_MAX])
{
	char name[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + TAG_MAX +
	    DIGEST_TEXT_MAX], text[DIGEST_TEXT_MAX];

	snprintf(name, sizeof(name), "%s/%s%c%s", registry, repository,
	    name_is_tag(reference) ? ':' : '@', reference);
	snprintf(buf, STORE_INDEX_LINE_MAX, "{\"mediaType\":\"%s\","
	    "\"digest\":\"%s\",\"size\":%llu,\"annotations\":{"
	    "\"io.containerd.image.name\":\"%s\","
	    "\"org.opencontainers.image.ref.name\":\"%s\"}}",
	    id->media_type, digest_text(&id->digest, text),
	    (unsigned long long)size, name, name);
	return buf;
}

static int
index_entry(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct index_out *out = cookie;
	char path[STORE_PATH_MAX], line[STORE_INDEX_LINE_MAX];
	struct stat sb;

	if (fstatat(out->st->root, path_manifest(id, path), &sb,
	    AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT) {
			out->left_out = true;	/* the link leads nowhere */
			return 0;
		}
		return err_sys(e, "%s: cannot access", path);
	}
	if (!S_ISREG(sb.st_mode)) {
		out->left_out = true;
		return 0;
	}
	fprintf(out->stream, "%s\n%s", out->comma, store_index_line(registry,
	    repository, reference, id, (uint64_t)sb.st_size, line));
	out->comma = ",";
	return 0;
}

static void
catalog_add(struct catalog *c, const char *registry, const char *repository)
{
	if (c->count == c->room) {
		c->room = c->room == 0 ? 64 : 2 * c->room;
		c->names = xreallocarray(c->names, c->room, sizeof(char *));
	}
	c->names[c->count++] = xasprintf("%s/%s", registry, repository);
}

static int
compare_names(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void
note_walked(struct walked *w, const char *name)
{
	size_t len = strlen(name) + 1;

	if (w->room - w->len < len) {
		w->room = w->room == 0 ? 4096 : 2 * w->room;
		w->names = xreallocarray(w->names, w->room, 1);
	}
	memcpy(w->names + w->len, name, len);
	w->len += len;
}

/* One file has all references, but those of a repository that has not changed
 * are copied from the old one. */
static int
index_repository(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct index_out *out = cookie;
	char name[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + 2];
	const char *line;
	size_t len;

	catalog_add(out->catalog, registry, repository);
	note_walked(&out->st->walked, registry);
	note_walked(&out->st->walked, repository);
	if (out->old == NULL || store_links_changed(out->st, registry,
	    repository, old_index_written(out->old)))
		return store_each_in(out->st, registry, repository,
		    index_entry, out, e);
	snprintf(name, sizeof(name), "%s/%s", registry, repository);
	while ((line = old_index_next(out->old, name, &len)) != NULL) {
		fputs(out->comma, out->stream);
		fputc('\n', out->stream);
		fwrite(line, 1, len, out->stream);
		out->comma = ",";
	}
	return 0;
}

/* Return 1, 0 if the old file is none of ours, or -1. */
static int
write_index_from(struct store *st, struct old_index *old, struct catalog *c,
    struct err *e)
{
	struct index_out out = { .st = st, .old = old, .comma = "",
	    .catalog = c };
	struct store_file f;
	struct err ignored;
	bool is_right;

	if (store_file_open(st, "index.json", &f, e) == -1)
		return -1;
	st->walked.is_whole = false;
	st->walked.len = 0;
	out.stream = f.stream;
	fputs(INDEX_HEAD, f.stream);
	if (store_each_repository(st, index_repository, &out, e) == -1) {
		(void)store_file_close(&f, false, &ignored);
		return -1;
	}
	/* What comes back has no new link: such an end is not relied on. */
	fputs(out.left_out ? "\n]}\n" : "]}\n", f.stream);
	is_right = old == NULL || !old_index_is_damaged(old);
	if (store_file_close(&f, is_right, e) == -1)
		return -1;
	return is_right ? 1 : 0;
}

static void
catalog_done(struct catalog *c)
{
	fs_list_free(c->names, c->count);
	*c = (struct catalog){ NULL, 0, 0 };
}

/* Most runs bring no new repository. */
static int
write_catalog(struct store *st, struct catalog *c, struct err *e)
{
	char *text = NULL;
	size_t i, len = 0;
	FILE *out = xtext_open(&text, &len);
	int rc;

	if (c->count > 1)
		qsort(c->names, c->count, sizeof(char *), compare_names);
	fputs("{\"repositories\":[", out);
	for (i = 0; i < c->count; i++)
		fprintf(out, "%s\"%s\"", i > 0 ? "," : "", c->names[i]);
	fputs("]}\n", out);
	xtext_close(out);
	rc = store_write_changed(st, "catalog.json", text, len, e);
	free(text);
	return rc == 1 ? store_settle_files(st, e) : rc;
}

static int
write_index_and_catalog(struct store *st, struct err *e)
{
	struct old_index *old = st->index_distrusted ? NULL :
	    old_index_open(st);
	struct catalog c = { NULL, 0, 0 };
	int rc = write_index_from(st, old, &c, e);

	old_index_close(old);
	if (rc == 0) {
		catalog_done(&c);
		rc = write_index_from(st, NULL, &c, e);
	}
	st->walked.is_whole = rc == 1;
	if (rc == 1)
		rc = write_catalog(st, &c, e);
	catalog_done(&c);
	return rc == -1 ? -1 : 0;
}

/* After a writer that died: its tags may have moved without their lists. */
static int
rewrite_tags(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	return store_write_tags(cookie, registry, repository, e);
}

/* The mark goes last: a crash before it has the next run do all of this
 * again. */
static int
write_lists(struct store *st, struct err *e)
{
	if (st->index_inherited &&
	    (store_each_repository(st, rewrite_tags, st, e) == -1 ||
	    store_settle_files(st, e) == -1))
		return -1;
	if (write_index_and_catalog(st, e) == -1 ||
	    store_sync_dirs(st, e) == -1)
		return -1;
	if (unlinkat(st->root, STORE_DIRTY_FILE, 0) == -1)
		return err_sys(e, STORE_DIRTY_FILE ": cannot remove");
	st->index_stale = st->all_stale = false;
	st->index_inherited = st->index_distrusted = false;
	return 0;
}

int
store_finish(struct store *st, struct err *e)
{
	struct stat sb;
	int rc;

	assert(st->is_writer);
	/* Another process may have moved a tag meanwhile. */
	if (!st->index_stale && fstatat(st->root, STORE_DIRTY_FILE, &sb,
	    AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if (store_lock_publish(st, e) == -1)
		return -1;
	rc = store_take_mark(st, e);
	if (rc == 0)
		rc = store_settle_files(st, e);
	if (rc == 0)
		rc = write_lists(st, e);
	if (rc == -1)
		store_drop_files(st);
	store_unlock_publish(st);
	return rc;
}
