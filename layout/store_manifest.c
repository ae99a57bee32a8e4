/* Manifests lie by their media type, so that a server can say the type from the
 * path alone; who has only a digest goes by the link in blobs/. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "limits.h"
#include "mem.h"
#include "name.h"
#include "store_internal.h"

/* Is it there as manifests/${type}/${subtype}/...?  1, 0 or -1.  The folder's
 * names are read from the disk: each has to be a media type again. */
static int
has_type(const struct store *st, const char *type, const char *subtype,
    struct manifest_id *id, struct err *e)
{
	char path[STORE_PATH_MAX];
	struct stat sb;
	int len;

	len = snprintf(id->media_type, sizeof(id->media_type), "%s/%s", type,
	    subtype);
	if (len < 0 || (size_t)len >= sizeof(id->media_type) ||
	    !name_is_manifest_type(id->media_type))
		return 0;
	if (fstatat(st->root, path_manifest(id, path), &sb,
	    AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISREG(sb.st_mode);
	return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e,
	    "%s: cannot access", path);
}

static int
find_below(const struct store *st, const char *type, struct manifest_id *id,
    struct err *e)
{
	char path[STORE_PATH_MAX];
	char **names;
	size_t i, count;
	int rc;

	snprintf(path, sizeof(path), "manifests/%s", type);
	rc = fs_list(st->root, path, &names, &count, e);
	if (rc != 1)
		return rc;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++)
		rc = has_type(st, type, names[i], id, e);
	fs_list_free(names, count);
	return rc;
}

/* Some ten folders, and only for what is a manifest here and a layer there. */
static int
find_by_type(const struct store *st, const struct digest *digest,
    struct manifest_id *ret, struct err *e)
{
	struct manifest_id id = { .digest = *digest };
	char **names;
	size_t i, count;
	int rc;

	rc = fs_list(st->root, "manifests", &names, &count, e);
	if (rc != 1)
		return rc;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++)
		rc = find_below(st, names[i], &id, e);
	fs_list_free(names, count);
	if (rc == 1)
		*ret = id;
	return rc;
}

/* The link in blobs/ says where it is.  A file there instead is a blob with the
 * same bytes, which is looked for by type. */
int
store_manifest_find(const struct store *st, const struct digest *id,
    struct manifest_id *ret, struct err *e)
{
	char path[STORE_PATH_MAX], target[STORE_PATH_MAX];
	uint64_t size;
	int rc;

	path_blob(id, path);
	rc = fs_readlink(st->root, path, target, sizeof(target), e);
	if (rc == -1)
		return -1;
	if (rc == 1)
		return path_link_parse(target, ret);
	rc = store_blob_size(st, id, &size, e);
	return rc == 1 ? find_by_type(st, id, ret, e) : rc;
}

int
store_manifest_read(const struct store *st, const struct manifest_id *id,
    char **ret_buf, size_t *ret_len, struct err *e)
{
	char path[STORE_PATH_MAX];

	return fs_read_file(st->root, path_manifest(id, path),
	    MANIFEST_BYTES_MAX, ret_buf, ret_len, e);
}

/* The mode is set twice: the first one goes through the umask. */
int
store_stage_manifest(struct store *st, const struct manifest_id *id,
    const void *buf, size_t len, struct staged **ret, struct err *e)
{
	struct staged *s;
	struct digest have;
	char text[DIGEST_TEXT_MAX], tmp[STORE_TMP_MAX];

	assert(st->is_writer);
	if (!name_is_manifest_type(id->media_type))
		return err_set(e, ERR_DATA, "its type is %s: only "
		    "application/... is kept, and no script",
		    id->media_type);
	digest_of(id->digest.alg, buf, len, &have);
	if (!digest_equal(&have, &id->digest))
		return err_set(e, ERR_DIGEST, "the bytes have digest %s",
		    digest_text(&have, text));
	s = xcalloc(1, sizeof(*s));
	s->st = st;
	s->manifest = *id;
	path_manifest(id, s->to);
	s->fd = store_tmp_create(st, tmp);
	snprintf(s->from, sizeof(s->from), "%s", tmp);
	if (s->fd == -1 || fs_write(s->fd, buf, len, 0) == -1 ||
	    fchmod(s->fd, 0444) == -1) {
		err_sys(e, "cannot write a manifest");
		staged_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}

int
store_referrers_read(const struct store *st, const char *registry,
    const char *repository, const struct digest *subject, char **ret,
    size_t *ret_len, struct err *e)
{
	char path[STORE_PATH_MAX];

	return fs_read_file(st->root, path_referrers(registry, repository,
	    subject, path), REFERRERS_BYTES_MAX, ret, ret_len, e);
}
