/* The folders of objects: what is in them that is none, and links in blobs/
 * that lead nowhere.  A million names go by one at a time. */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "name.h"
#include "verify_internal.h"

/* Of fs_each: nobody wants to hear more. */
#define OVER	2

struct each {
	struct verify *v;
	const char *path;
	verify_name_fn *fn;
	void *cookie;
};

static int
each_name(void *cookie, int fd, const char *name, unsigned type,
    struct err *e)
{
	const struct each *each = cookie;
	struct stat sb;

	(void)e;
	if (type == DT_UNKNOWN) {
		if (fstatat(fd, name, &sb, AT_SYMLINK_NOFOLLOW) == -1)
			return 0;
		type = IFTODT(sb.st_mode);
	}
	return each->fn(each->v, each->cookie, each->path, name, (int)type) ==
	    -1 ? OVER : 0;
}

int
verify_each_name(struct verify *v, const char *path, verify_name_fn *fn,
    void *cookie)
{
	struct each each = { v, path, fn, cookie };
	int rc = fs_each(v->st->root, path, each_name, &each, v->err);

	if (rc == -1)
		return verify_fail(v);
	return rc == OVER ? -1 : 0;
}

static void
tell_foreign(struct verify *v, const char *folder, const char *name,
    const char *what)
{
	char path[STORE_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	verify_tell(v, VERIFY_FOREIGN, path, NULL, NULL, what);
}

/* --- blobs ------------------------------------------------------------- */

/* A link that led nowhere when it was read may have been of a manifest that was
 * being removed: then it is gone by now, too. */
static void
check_link(struct verify *v, const char *folder, const char *name,
    const struct digest *digest)
{
	char path[STORE_PATH_MAX], target[STORE_PATH_MAX];
	char want[STORE_PATH_MAX];
	struct manifest_id id;
	struct stat sb;
	struct err e;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (fs_readlink(v->st->root, path, target, sizeof(target), &e) != 1)
		return;
	if (path_link_parse(target, &id) == 0 ||
	    !digest_equal(&id.digest, digest) ||
	    strcmp(path_link(path, &id, want), target) != 0) {
		verify_tell(v, VERIFY_LINK, path, NULL, NULL,
		    "it leads to another place than its name says");
		return;
	}
	path_manifest(&id, target);
	if (fstatat(v->st->root, target, &sb, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	/* Of a manifest that is missing that is told already. */
	if (digest_set_has(&v->told, digest) ||
	    fstatat(v->st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	verify_tell(v, VERIFY_FOREIGN, path, NULL, NULL,
	    "it leads to a manifest that is not here, and nothing needs it");
}

static int
blob_name(struct verify *v, void *cookie, const char *path, const char *name,
    int type)
{
	const enum digest_alg *alg = cookie;
	struct digest digest;
	struct err e;

	if (digest_parse_hex(*alg, name, &digest, &e) == -1)
		tell_foreign(v, path, name, "no digest has that name");
	else if (type == DT_LNK)
		check_link(v, path, name, &digest);
	else if (type != DT_REG)
		tell_foreign(v, path, name, "it is no file");
	return verify_is_over(v) ? -1 : 0;
}

/* --- manifests --------------------------------------------------------- */

static int
manifest_name(struct verify *v, void *cookie, const char *path,
    const char *name, int type)
{
	const enum digest_alg *alg = cookie;
	struct digest digest;
	struct err e;

	if (digest_parse_hex(*alg, name, &digest, &e) == -1)
		tell_foreign(v, path, name, "no digest has that name");
	else if (type != DT_REG)
		tell_foreign(v, path, name, "it is no file");
	return verify_is_over(v) ? -1 : 0;
}

static int
alg_name(struct verify *v, void *cookie, const char *path, const char *name,
    int type)
{
	verify_name_fn *fn = manifest_name;
	char child[STORE_PATH_MAX];
	enum digest_alg alg;

	if (cookie != NULL)
		fn = blob_name;
	if (type != DT_DIR || !digest_alg_parse(name, &alg)) {
		tell_foreign(v, path, name, "nothing here has that name");
		return 0;
	}
	snprintf(child, sizeof(child), "%s/%s", path, name);
	return verify_each_name(v, child, fn, &alg);
}

static int
subtype_name(struct verify *v, void *cookie, const char *path,
    const char *name, int type)
{
	char child[STORE_PATH_MAX];

	(void)cookie;
	snprintf(child, sizeof(child), "%s/%s", path, name);
	if (type == DT_DIR &&
	    name_is_manifest_type(child + strlen("manifests/")))
		return verify_each_name(v, child, alg_name, NULL);
	tell_foreign(v, path, name, "it is no type of a manifest");
	return 0;
}

static int
type_name(struct verify *v, void *cookie, const char *path, const char *name,
    int type)
{
	char child[STORE_PATH_MAX];

	(void)cookie;
	snprintf(child, sizeof(child), "%s/%s", path, name);
	if (type == DT_DIR && strcmp(name, "application") == 0)
		return verify_each_name(v, child, subtype_name, NULL);
	tell_foreign(v, path, name, "it is no type of a manifest");
	return 0;
}

/* --- the top ----------------------------------------------------------- */

static int
top_name(struct verify *v, void *cookie, const char *path, const char *name,
    int type)
{
	static const char *const files[] = {
		"oci-layout", "index.json", "catalog.json", "cdr-layout"
	};
	static const char *const folders[] = {
		"blobs", "manifests", "repos", "status", "keep", "_state",
		"lost+found"
	};
	size_t i;

	(void)cookie;
	(void)path;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (type == DT_REG && strcmp(name, files[i]) == 0)
			return 0;
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (type == DT_DIR && strcmp(name, folders[i]) == 0)
			return 0;
	verify_tell(v, VERIFY_FOREIGN, name, NULL, NULL,
	    "nothing here has that name");
	return 0;
}

int
verify_objects(struct verify *v)
{
	bool is_blobs = true;

	if (verify_each_name(v, ".", top_name, NULL) == -1 ||
	    verify_each_name(v, "blobs", alg_name, &is_blobs) == -1)
		return -1;
	return verify_each_name(v, "manifests", type_name, NULL);
}
