#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "bundle/tarfile.h"
#include "layout/mem.h"

#define RECORD		512u
#define BUFFER		(64u << 10)

struct tarfile {
	struct archive *archive;
	struct archive_entry *entry;
	uint64_t left;			/* of the member's bytes */
	int fd;
	int error;			/* of write(2) */
	bool has_ended, is_given_up;
};

/*
 * A pipe takes less than it is given, and a file has its place: write(2).
 * libarchive is not told of an error: it would not release its memory then, and
 * it has no other way to end than by writing the rest, which goes nowhere.
 */
static la_ssize_t
write_some(struct archive *archive, void *cookie, const void *buf, size_t len)
{
	struct tarfile *t = cookie;
	ssize_t n;

	(void)archive;
	if (t->is_given_up || t->error != 0)
		return (la_ssize_t)len;
	do
		n = write(t->fd, buf, len);
	while (n == -1 && errno == EINTR);
	if (n == -1) {
		t->error = errno;
		return (la_ssize_t)len;
	}
	return n;
}

/* What libarchive and write(2) say of a call. */
static int
judge(struct tarfile *t, bool is_done, const char *what, struct err *e)
{
	if (t->error != 0) {
		errno = t->error;
		return err_sys(e, "cannot write the tar file");
	}
	if (!is_done)
		return err_set(e, ERR_SYS, "%s: %s", what,
		    archive_error_string(t->archive));
	return 0;
}

int
tarfile_new(int fd, struct tarfile **ret, struct err *e)
{
	struct tarfile *t = xcalloc(1, sizeof(*t));

	t->fd = fd;
	t->archive = archive_write_new();
	t->entry = archive_entry_new();
	/* The end is two records of zeros, and no block is made full. */
	if (t->archive == NULL || t->entry == NULL ||
	    archive_write_set_format_ustar(t->archive) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(t->archive, BUFFER) !=
	    ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(t->archive, 1) !=
	    ARCHIVE_OK ||
	    archive_write_open(t->archive, t, NULL, write_some, NULL) !=
	    ARCHIVE_OK) {
		tarfile_free(t);
		return err_set(e, ERR_SYS,
		    "libarchive cannot write a tar file");
	}
	*ret = t;
	return 0;
}

void
tarfile_free(struct tarfile *t)
{
	if (t == NULL)
		return;
	t->is_given_up = true;
	(void)archive_write_free(t->archive);
	archive_entry_free(t->entry);
	free(t);
}

int
tarfile_member(struct tarfile *t, const char *name, uint64_t size,
    struct err *e)
{
	assert(t->left == 0 && !t->has_ended);
	if (size > TARFILE_MEMBER_MAX)
		return err_set(e, ERR_LIMIT,
		    "%s: %llu bytes, and a tar file has room for %llu", name,
		    (unsigned long long)size,
		    (unsigned long long)TARFILE_MEMBER_MAX);
	archive_entry_clear(t->entry);
	archive_entry_set_pathname(t->entry, name);
	archive_entry_set_size(t->entry, (la_int64_t)size);
	archive_entry_set_filetype(t->entry, AE_IFREG);
	archive_entry_set_perm(t->entry, 0644);
	archive_entry_set_mtime(t->entry, 0, 0);
	if (judge(t, archive_write_header(t->archive, t->entry) == ARCHIVE_OK,
	    name, e) == -1)
		return -1;
	t->left = size;
	return 0;
}

int
tarfile_put(struct tarfile *t, const void *buf, size_t len, struct err *e)
{
	la_ssize_t n;

	assert(len <= t->left);
	if (len == 0)
		return 0;
	n = archive_write_data(t->archive, buf, len);
	if (judge(t, n == (la_ssize_t)len, "cannot write the tar file", e) ==
	    -1)
		return -1;
	t->left -= len;
	return 0;
}

int
tarfile_end(struct tarfile *t, struct err *e)
{
	assert(t->left == 0 && !t->has_ended);
	t->has_ended = true;
	return judge(t, archive_write_close(t->archive) == ARCHIVE_OK,
	    "cannot write the tar file", e);
}

uint64_t
tarfile_room(uint64_t size)
{
	return RECORD + (size + RECORD - 1) / RECORD * RECORD;
}
