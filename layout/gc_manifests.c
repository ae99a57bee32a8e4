#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "fsutil.h"
#include "gc_manifests.h"
#include "name.h"
#include "store_internal.h"

struct walk {
	const struct store *st;
	gc_manifest_fn *manifest;
	gc_blob_fn *blob;
	void *cookie;
	const char *type;
	struct manifest_id id;
};

static int
take_file(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	struct walk *w = cookie;
	struct err ignored;

	if (digest_parse_hex(w->id.digest.alg, name, &w->id.digest,
	    &ignored) == -1)
		return 0;
	if (w->blob != NULL)
		return w->blob(w->cookie, fd, name, &w->id.digest, e);
	return type == DT_REG || type == DT_UNKNOWN ?
	    w->manifest(w->cookie, fd, &w->id, e) : 0;
}

/* Below FOLDER/sha256 and FOLDER/sha512. */
static int
each_algorithm(struct walk *w, const char *folder, struct err *e)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA512 };
	char path[STORE_PATH_MAX];
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]) && rc != -1; i++) {
		memset(&w->id.digest, 0, sizeof(w->id.digest));
		w->id.digest.alg = algs[i];
		snprintf(path, sizeof(path), "%s/%s", folder,
		    digest_alg_name(algs[i]));
		rc = fs_each(w->st->root, path, take_file, w, e);
	}
	return rc == -1 ? -1 : 0;
}

static int
take_subtype(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	struct walk *w = cookie;
	char path[STORE_PATH_MAX];
	int len;

	(void)fd;
	(void)type;
	len = snprintf(w->id.media_type, sizeof(w->id.media_type), "%s/%s",
	    w->type, name);
	if (len < 0 || (size_t)len >= sizeof(w->id.media_type) ||
	    !name_is_manifest_type(w->id.media_type))
		return 0;
	snprintf(path, sizeof(path), "manifests/%s", w->id.media_type);
	return each_algorithm(w, path, e);
}

/* All of them are below application/. */
int
gc_each_manifest(const struct store *st, gc_manifest_fn *fn, void *cookie,
    struct err *e)
{
	struct walk w = { .st = st, .manifest = fn, .cookie = cookie,
	    .type = "application" };

	return fs_each(st->root, "manifests/application", take_subtype, &w,
	    e) == -1 ? -1 : 0;
}

int
gc_each_blob(const struct store *st, gc_blob_fn *fn, void *cookie,
    struct err *e)
{
	struct walk w = { .st = st, .blob = fn, .cookie = cookie };

	return each_algorithm(&w, "blobs", e);
}
