/* index.json (OCI image-spec image-layout.md) and catalog.json: once a run. */
#include <errno.h>
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>

#include "name.h"
#include "store_internal.h"

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

	if (fstatat(out->st->root, path_manifest(id, path), &sb, 0) == -1) {
		if (errno == ENOENT)
			return 0;	/* the link leads nowhere */
		return err_sys(e, "%s: cannot look", path);
	}
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

static int
catalog_entry(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct index_out *out = cookie;

	(void)e;
	fprintf(out->stream, "%s\"%s/%s\"", out->comma, registry, repository);
	out->comma = ",";
	return 0;
}

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
	struct index_out out = { .st = st, .comma = "" };
	struct store_file f;
	struct err ignored;

	if (store_file_open(st, "catalog.json", &f, e) == -1)
		return -1;
	out.stream = f.stream;
	fputs("{\"repositories\":[", f.stream);
	if (store_each_repository(st, catalog_entry, &out, e) == -1) {
		(void)store_file_close(&f, false, &ignored);
		return -1;
	}
	fputs("]}\n", f.stream);
	return store_file_close(&f, true, e);
}

static int
rewrite_tags(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	return store_write_tags(cookie, registry, repository, e);
}

int
store_finish(struct store *st, struct err *e)
{
	if (!st->index_stale)
		return 0;
	if (st->index_inherited &&
	    store_each_repository(st, rewrite_tags, st, e) == -1)
		return -1;
	if (write_index(st, e) == -1 || write_catalog(st, e) == -1 ||
	    store_sync_dirs(st, e) == -1)
		return -1;
	if (unlinkat(st->root, STORE_DIRTY_FILE, 0) == -1)
		return err_sys(e, STORE_DIRTY_FILE ": cannot remove");
	st->index_stale = st->index_inherited = false;
	return 0;
}
