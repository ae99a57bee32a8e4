#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "limits.h"
#include "mem.h"
#include "store_internal.h"

int
store_manifest_find(const struct store *st, const struct digest *id,
    struct manifest_id *ret, struct err *e)
{
	char path[STORE_PATH_MAX], target[STORE_PATH_MAX];
	int rc;

	path_blob(id, path);
	rc = fs_readlink(st->root, path, target, sizeof(target), e);
	if (rc != 1)
		return rc;
	return path_link_parse(target, ret);
}

int
store_manifest_read(const struct store *st, const struct manifest_id *id,
    char **ret_buf, size_t *ret_len, struct err *e)
{
	char path[STORE_PATH_MAX];

	return fs_read_file(st->root, path_manifest(id, path),
	    MANIFEST_BYTES_MAX, ret_buf, ret_len, e);
}

int
store_stage_manifest(struct store *st, const struct manifest_id *id,
    const void *buf, size_t len, struct staged **ret, struct err *e)
{
	struct staged *s;
	struct digest have;
	char text[DIGEST_TEXT_MAX], tmp[STORE_TMP_MAX];

	digest_of(id->digest.alg, buf, len, &have);
	if (!digest_equal(&have, &id->digest))
		return err_set(e, ERR_DATA, "the bytes have digest %s",
		    digest_text(&have, text));
	s = xcalloc(1, sizeof(*s));
	s->st = st;
	s->manifest = *id;
	snprintf(s->from, sizeof(s->from), "%s", store_tmp_name(st, tmp));
	path_manifest(id, s->to);
	s->fd = openat(st->root, s->from,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (s->fd == -1 || fs_write(s->fd, buf, len, 0) == -1 ||
	    fchmod(s->fd, 0444) == -1) {
		err_sys(e, "cannot write a manifest");
		staged_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}
