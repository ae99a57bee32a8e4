#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest_set.h"
#include "fsutil.h"
#include "mem.h"
#include "store_internal.h"

#define READ_BYTES	(256u << 10)
/* Writing begins while the rest is still on its way. */
#define WRITEBACK_BYTES	((uint64_t)8 << 20)

struct blob_writer {
	struct store *st;
	struct digest want;
	uint64_t size;
	uint64_t offset;	/* hashed, and on its way to the disk */
	uint64_t flushed;	/* the kernel was told to write up to here */
	int fd;
	struct hasher *hasher;
};

int
store_blob_size(const struct store *st, const struct digest *id, uint64_t *ret,
    struct err *e)
{
	char path[STORE_PATH_MAX];
	struct stat sb;

	path_blob(id, path);
	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT)
			return 0;
		return err_sys(e, "%s: cannot look", path);
	}
	if (!S_ISREG(sb.st_mode))
		return 0;
	*ret = (uint64_t)sb.st_size;
	return 1;
}

int
store_blob_read(const struct store *st, const struct digest *id, size_t max,
    char **ret_buf, size_t *ret_len, struct err *e)
{
	char path[STORE_PATH_MAX];

	return fs_read_file(st->root, path_blob(id, path), max, ret_buf,
	    ret_len, e);
}

int
store_each_partial(const struct store *st, struct digest_set *set,
    struct err *e)
{
	struct err ignored;
	struct digest id;
	char **names;
	size_t i, count;
	int rc;

	rc = fs_list(st->root, "_state/partial", &names, &count, e);
	if (rc != 1)
		return rc;
	for (i = 0; i < count; i++)
		if (digest_parse(names[i], &id, &ignored) == 0)
			digest_set_add(set, &id, NULL);
	fs_list_free(names, count);
	return 0;
}

int
blob_writer_open(struct store *st, const struct digest *id, uint64_t size,
    struct blob_writer **ret, struct err *e)
{
	struct blob_writer *w;
	char path[STORE_PATH_MAX];
	int fd;

	path_partial(id, path);
	fd = openat(st->root, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	/* A blob that was whole when its process died may be read-only. */
	if (fd == -1 && errno == EACCES &&
	    fchmodat(st->root, path, 0600, 0) == 0)
		fd = openat(st->root, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return err_sys(e, "%s: cannot create", path);
	w = xcalloc(1, sizeof(*w));
	w->st = st;
	w->want = *id;
	w->size = size;
	w->fd = fd;
	w->hasher = hasher_new(id->alg);
	*ret = w;
	return 0;
}

int
blob_writer_restart(struct blob_writer *w, struct err *e)
{
	hasher_reset(w->hasher);
	w->offset = w->flushed = 0;
	if (ftruncate(w->fd, 0) == -1)
		return err_sys(e, "cannot empty a partial blob");
	return 0;
}

int
blob_writer_resume(struct blob_writer *w, struct err *e)
{
	unsigned char *buf;
	struct stat sb;
	ssize_t n = 0;

	assert(w->offset == 0);
	if (fstat(w->fd, &sb) == -1)
		return err_sys(e, "cannot look at a partial blob");
	if (sb.st_size == 0)
		return 0;
	if ((uint64_t)sb.st_size > w->size)
		return blob_writer_restart(w, e);
	buf = xmalloc(READ_BYTES);
	for (;;) {
		n = pread(w->fd, buf, READ_BYTES, (off_t)w->offset);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		hasher_add(w->hasher, buf, (size_t)n);
		w->offset += (uint64_t)n;
	}
	free(buf);
	if (n == -1)
		return err_sys(e, "cannot read a partial blob");
	return 0;
}

uint64_t
blob_writer_offset(const struct blob_writer *w)
{
	return w->offset;
}

int
blob_writer_add(struct blob_writer *w, const void *buf, size_t len,
    struct err *e)
{
	if (len > w->size - w->offset)
		return err_set(e, ERR_DATA, "more than the %llu bytes that its "
		    "descriptor says", (unsigned long long)w->size);
	if (fs_write(w->fd, buf, len, (off_t)w->offset) == -1)
		return err_sys(e, "cannot write a blob");
	hasher_add(w->hasher, buf, len);
	w->offset += len;
	if (w->offset - w->flushed >= WRITEBACK_BYTES) {
		fs_start_writeback(w->fd, (off_t)w->flushed,
		    (off_t)(w->offset - w->flushed));
		w->flushed = w->offset;
	}
	return 0;
}

static int
check(struct blob_writer *w, struct err *e)
{
	struct digest have;
	char want_text[DIGEST_TEXT_MAX], have_text[DIGEST_TEXT_MAX];

	if (w->offset != w->size)
		return err_set(e, ERR_DATA, "%llu bytes instead of %llu",
		    (unsigned long long)w->offset, (unsigned long long)w->size);
	hasher_end(w->hasher, &have);
	if (digest_equal(&have, &w->want))
		return 0;
	return err_set(e, ERR_DATA, "the bytes have digest %s, not %s",
	    digest_text(&have, have_text), digest_text(&w->want, want_text));
}

int
blob_writer_finish(struct blob_writer *w, struct staged **ret, struct err *e)
{
	struct staged *s;
	struct err ignored;

	if (check(w, e) == -1) {
		(void)blob_writer_restart(w, &ignored);
		return -1;
	}
	if (fchmod(w->fd, 0444) == -1)
		return err_sys(e, "cannot set the mode of a blob");
	s = xcalloc(1, sizeof(*s));
	s->st = w->st;
	s->fd = w->fd;
	s->keep = true;
	path_partial(&w->want, s->from);
	path_blob(&w->want, s->to);
	hasher_free(w->hasher);
	free(w);
	*ret = s;
	return 0;
}

void
blob_writer_close(struct blob_writer *w)
{
	char path[STORE_PATH_MAX];
	struct stat sb;

	if (w == NULL)
		return;
	if (fstat(w->fd, &sb) == 0 && sb.st_size == 0)
		unlinkat(w->st->root, path_partial(&w->want, path), 0);
	close(w->fd);
	hasher_free(w->hasher);
	free(w);
}
