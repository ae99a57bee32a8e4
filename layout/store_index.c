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

struct index_out {
	struct store *st;
	FILE *stream;
	const char *comma;
};

/*
 * Names need no escaping: nothing that passes the grammars of name.h has a
 * quote, a backslash or a control character in it.
 */
static int
index_entry(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct index_out *out = cookie;
	char path[STORE_PATH_MAX], text[DIGEST_TEXT_MAX];
	char name[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + TAG_MAX +
	    DIGEST_TEXT_MAX];
	struct stat sb;

	if (fstatat(out->st->root, path_manifest(id, path), &sb,
	    AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT)
			return 0;	/* the link leads nowhere */
		return err_sys(e, "%s: cannot access", path);
	}
	if (!S_ISREG(sb.st_mode))
		return 0;
	snprintf(name, sizeof(name), "%s/%s%c%s", registry, repository,
	    name_is_tag(reference) ? ':' : '@', reference);
	fprintf(out->stream, "%s\n{\"mediaType\":\"%s\",\"digest\":\"%s\","
	    "\"size\":%llu,\"annotations\":{"
	    "\"io.containerd.image.name\":\"%s\","
	    "\"org.opencontainers.image.ref.name\":\"%s\"}}", out->comma,
	    id->media_type, digest_text(&id->digest, text),
	    (unsigned long long)sb.st_size, name, name);
	out->comma = ",";
	return 0;
}

/* Whole names are sorted: "a/b" comes behind "a-b", but is found before it. */
struct catalog {
	char **names;
	size_t count, room;
};

static int
catalog_entry(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct catalog *c = cookie;

	(void)e;
	if (c->count == c->room) {
		c->room = c->room == 0 ? 64 : 2 * c->room;
		c->names = xreallocarray(c->names, c->room, sizeof(char *));
	}
	c->names[c->count++] = xasprintf("%s/%s", registry, repository);
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Of all references, since one file has them all; a run that changed nothing
 * does not come here. */
static int
write_index(struct store *st, struct err *e)
{
	struct index_out out = { .st = st, .comma = "" };
	struct store_file f;
	struct err ignored;

	if (store_file_open(st, "index.json", &f, e) == -1)
		return -1;
	out.stream = f.stream;
	fputs("{\"schemaVersion\":2,"
	    "\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
	    "\"manifests\":[", f.stream);
	if (store_each_reference(st, index_entry, &out, e) == -1) {
		(void)store_file_close(&f, false, &ignored);
		return -1;
	}
	fputs("]}\n", f.stream);
	return store_file_close(&f, true, e);
}

static int
write_catalog(struct store *st, struct err *e)
{
	struct catalog c = { NULL, 0, 0 };
	struct store_file f;
	size_t i;
	int rc;

	rc = store_each_repository(st, catalog_entry, &c, e);
	if (rc == 0)
		rc = store_file_open(st, "catalog.json", &f, e);
	if (rc == 0) {
		if (c.count > 1)
			qsort(c.names, c.count, sizeof(char *), compare_names);
		fputs("{\"repositories\":[", f.stream);
		for (i = 0; i < c.count; i++)
			fprintf(f.stream, "%s\"%s\"", i > 0 ? "," : "",
			    c.names[i]);
		fputs("]}\n", f.stream);
		rc = store_file_close(&f, true, e);
	}
	fs_list_free(c.names, c.count);
	return rc;
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
	if (write_index(st, e) == -1 || write_catalog(st, e) == -1 ||
	    store_sync_dirs(st, e) == -1)
		return -1;
	if (unlinkat(st->root, STORE_DIRTY_FILE, 0) == -1)
		return err_sys(e, STORE_DIRTY_FILE ": cannot remove");
	st->index_stale = st->index_inherited = false;
	return 0;
}

int
store_finish(struct store *st, struct err *e)
{
	int rc;

	assert(st->lock != -1);
	if (!st->index_stale)
		return 0;
	if (store_lock_publish(st, e) == -1)
		return -1;
	rc = write_lists(st, e);
	if (rc == -1)
		store_drop_files(st);
	store_unlock_publish(st);
	return rc;
}
