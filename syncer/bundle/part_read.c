/*
 * libarchive reads the format, and is fed by the block: one for a header, then
 * what that says, and no more.  So what would need a second block before a
 * member begins, which only records of PAX and GNU do, is refused before it is
 * read, and in a pipe nothing of what follows is taken.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/part_read.h"
#include "bundle/tarfile.h"
#include "layout/digest_set.h"
#include "layout/mem.h"
#include "report/printable.h"

#define BLOCK		512u
#define DATA_BYTES	(256u << 10)
/* What is less is read as fast as it is skipped. */
#define SEEK_MIN	((uint64_t)4 << 20)

struct part {
	int fd;
	char *name;
	struct archive *archive;
	struct archive_entry *entry;	/* the archive's */
	unsigned char *buf;
	bool is_open;			/* libarchive knows what it reads */
	bool is_first;			/* no block has been read so far */
	bool in_header;
	unsigned blocks;		/* of this header */
	bool is_end;			/* the first of them says so */
	bool is_empty;
	bool may_seek;
	int stop_fd;			/* -1: none */
	uint64_t left;			/* of the member, with what fills its
					 * last block */
	char member[BUNDLE_MEMBER_MAX];	/* "": none so far */
	uint64_t size, given;
	unsigned heads;			/* of the three, so many places are
					 * behind us */
	struct digest_set seen;		/* of names */
	struct err why;			/* what feed has to say; or ERR_NONE */
	bool is_over;			/* its end has been read, or: */
	struct err failure;		/* or ERR_NONE */
};

static int
wrong(const struct part *p, struct err *e, enum err_code code,
    const char *what)
{
	return p->member[0] == '\0' ?
	    err_set(e, code, "%s: %s", p->name, what) :
	    err_set(e, code, "%s: %s: %s", p->name, p->member, what);
}

/* --- bytes ------------------------------------------------------------- */

/* A pipe is waited for, but not by who is to end. */
static bool
is_to_end(const struct part *p)
{
	struct pollfd fds[] = {
		{ .fd = p->fd, .events = POLLIN },
		{ .fd = p->stop_fd, .events = POLLIN },
	};

	if (p->stop_fd == -1 || p->may_seek)
		return false;
	while (poll(fds, 2, -1) == -1 && errno == EINTR)
		;
	return fds[1].revents != 0;
}

/* So many, or less at the end of the file; -1 with errno set. */
static ssize_t
read_some(const struct part *p, size_t want, bool all)
{
	size_t have = 0;
	ssize_t n;

	do {
		if (is_to_end(p)) {
			errno = ECANCELED;
			return -1;
		}
		n = read(p->fd, p->buf + have, want - have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	} while (have < want && (all || n == -1));
	return n == -1 ? -1 : (ssize_t)have;
}

static bool
is_zero(const unsigned char *block)
{
	size_t i;

	for (i = 0; i < BLOCK && block[i] == 0; i++)
		;
	return i == BLOCK;
}

/* Whatever errno says: it is not the tree's file system. */
static int
unread(struct part *p)
{
	if (errno == ECANCELED)
		return err_set(&p->why, ERR_CANCELLED, "interrupted");
	if (p->member[0] == '\0')
		err_sys(&p->why, "%s", p->name);
	else
		err_sys(&p->why, "%s: %s", p->name, p->member);
	p->why.code = ERR_SYS;
	return -1;
}

/* The first block says whether there is a member; then only the end may take a
 * second one. */
static la_ssize_t
feed_header(struct part *p)
{
	ssize_t n;

	if (p->blocks > 0 && !p->is_end)
		return wrong(p, &p->why, ERR_DATA, "behind it is a record "
		    "that a bundle has not got (PAX or GNU)");
	n = read_some(p, BLOCK, true);
	if (n == -1)
		return unread(p);
	p->is_empty = p->is_first && n == 0;
	p->is_first = false;
	if (n == 0)
		return 0;
	if (n != BLOCK)
		return wrong(p, &p->why, ERR_DATA, "it is cut behind this");
	if (p->blocks++ == 0)
		p->is_end = is_zero(p->buf);
	else if (!is_zero(p->buf))
		return wrong(p, &p->why, ERR_DATA, "its end is no end");
	return n;
}

static la_ssize_t
feed(struct archive *a, void *cookie, const void **ret)
{
	struct part *p = cookie;
	ssize_t n;

	(void)a;
	*ret = p->buf;
	if (p->in_header)
		return feed_header(p);
	n = read_some(p, p->left < DATA_BYTES ? (size_t)p->left : DATA_BYTES,
	    false);
	if (n == -1)
		return unread(p);
	if (n == 0)
		return wrong(p, &p->why, ERR_DATA, "it is cut in the middle "
		    "of this");
	p->left -= (uint64_t)n;
	return n;
}

/* What is behind the end of the file is found out by the next header. */
static la_int64_t
skip(struct archive *a, void *cookie, la_int64_t want)
{
	struct part *p = cookie;

	(void)a;
	if (p->in_header || !p->may_seek || want < (la_int64_t)SEEK_MIN ||
	    (uint64_t)want > p->left || lseek(p->fd, want, SEEK_CUR) == -1)
		return 0;
	p->left -= (uint64_t)want;
	return want;
}

int
part_open(int fd, const char *name, struct part **ret, struct err *e)
{
	struct part *p = xcalloc(1, sizeof(*p));

	p->fd = fd;
	p->name = xstrdup(name);
	printable(p->name);
	p->buf = xmalloc(DATA_BYTES);
	p->is_first = true;
	p->stop_fd = -1;
	p->may_seek = lseek(fd, 0, SEEK_CUR) != -1;
	/* A hint: a stick is read ahead of us. */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	p->archive = archive_read_new();
	if (p->archive == NULL ||
	    archive_read_support_format_tar(p->archive) != ARCHIVE_OK ||
	    archive_read_set_read_callback(p->archive, feed) != ARCHIVE_OK ||
	    archive_read_set_skip_callback(p->archive, skip) != ARCHIVE_OK ||
	    archive_read_set_callback_data(p->archive, p) != ARCHIVE_OK) {
		part_close(p);
		return err_set(e, ERR_SYS, "libarchive does not begin");
	}
	*ret = p;
	return 0;
}

void
part_close(struct part *p)
{
	if (p == NULL)
		return;
	if (p->archive != NULL)
		archive_read_free(p->archive);
	digest_set_done(&p->seen);
	free(p->buf);
	free(p->name);
	free(p);
}

void
part_stop_by(struct part *p, int fd)
{
	p->stop_fd = fd;
}

bool
part_is_empty(const struct part *p)
{
	return p->is_empty;
}

/* --- members ----------------------------------------------------------- */

/* libarchive's words are not passed on: they may quote the file. */
static int
unreadable(struct part *p, struct err *e)
{
	if (p->why.code != ERR_NONE) {
		*e = p->why;
		return -1;
	}
	return wrong(p, e, ERR_DATA, "it is no tar file from here on");
}

/* The three at the head come first, and in their order. */
static int
check_name(struct part *p, struct err *e)
{
	static const char *const heads[] = {
		BUNDLE_STATEMENT, BUNDLE_SIGNATURE, BUNDLE_TABLE
	};
	const unsigned count = sizeof(heads) / sizeof(heads[0]);
	struct digest digest, name;
	uint64_t offset;
	bool is_piece;
	unsigned i;

	for (i = 0; i < count && strcmp(p->member, heads[i]) != 0; i++)
		;
	if (i < count) {
		if (i < p->heads)
			return wrong(p, e, ERR_DATA, "it stands there twice, "
			    "or not where it belongs");
		p->heads = i + 1;
		return 0;
	}
	p->heads = count;
	if (bundle_member_parse(p->member, &digest, &is_piece, &offset) != 1)
		return wrong(p, e, ERR_DATA, "a bundle has nothing of this "
		    "name");
	digest_of(DIGEST_SHA256, p->member, strlen(p->member), &name);
	if (!digest_set_add(&p->seen, &name, NULL))
		return wrong(p, e, ERR_DATA, "it stands there twice");
	return 0;
}

static int
check_entry(struct part *p, struct err *e)
{
	const char *name = archive_entry_pathname(p->entry);
	la_int64_t size = archive_entry_size(p->entry);

	snprintf(p->member, sizeof(p->member), "%s", name == NULL ? "?" :
	    name);
	printable(p->member);
	if (name == NULL || strlen(name) >= sizeof(p->member))
		return wrong(p, e, ERR_DATA, "a bundle has no such names");
	if (archive_format(p->archive) != ARCHIVE_FORMAT_TAR_USTAR)
		return wrong(p, e, ERR_DATA, "its header is not that of ustar");
	if (archive_entry_filetype(p->entry) != AE_IFREG ||
	    archive_entry_hardlink(p->entry) != NULL ||
	    archive_entry_symlink(p->entry) != NULL)
		return wrong(p, e, ERR_DATA, "it is no regular file");
	if (!archive_entry_size_is_set(p->entry) || size < 0 ||
	    (uint64_t)size > TARFILE_MEMBER_MAX)
		return wrong(p, e, ERR_DATA, "it has a size that cannot be");
	p->size = (uint64_t)size;
	return check_name(p, e);
}

/* The end of the file is not the end of a part. */
static int
check_end(struct part *p, struct err *e)
{
	return p->is_end || p->is_empty ? 0 :
	    wrong(p, e, ERR_DATA, "it is cut behind this");
}

static int
open_archive(struct part *p, struct err *e)
{
	if (archive_read_open1(p->archive) == ARCHIVE_OK) {
		p->is_open = true;
		return 0;
	}
	return p->is_empty ? 0 : unreadable(p, e);
}

static int
next_member(struct part *p, struct part_member *ret, struct err *e)
{
	int rc;

	if (p->is_open && (archive_read_data_skip(p->archive) < ARCHIVE_OK ||
	    p->left > 0))
		return unreadable(p, e);
	p->in_header = true;
	p->blocks = 0;
	p->is_end = false;
	if (!p->is_open && open_archive(p, e) == -1)
		return -1;
	if (!p->is_open)
		return 0;
	rc = archive_read_next_header(p->archive, &p->entry);
	if (rc == ARCHIVE_EOF && p->why.code == ERR_NONE)
		return check_end(p, e);
	if (rc != ARCHIVE_OK)
		return unreadable(p, e);
	p->in_header = false;
	p->given = 0;
	if (check_entry(p, e) == -1)
		return -1;
	p->left = (p->size + BLOCK - 1) / BLOCK * BLOCK;
	snprintf(ret->name, sizeof(ret->name), "%s", p->member);
	ret->size = p->size;
	return 1;
}

bool
part_has_failed(const struct part *p)
{
	return p->failure.code != ERR_NONE;
}

int
part_next(struct part *p, struct part_member *ret, struct err *e)
{
	int rc;

	if (part_has_failed(p)) {
		*e = p->failure;
		return -1;
	}
	if (p->is_over)
		return 0;
	rc = next_member(p, ret, e);
	p->is_over = rc == 0;
	if (rc == -1)
		p->failure = *e;
	return rc;
}

static int
next_data(struct part *p, const void **ret, size_t *ret_len, struct err *e)
{
	la_int64_t offset = 0;
	int rc = archive_read_data_block(p->archive, ret, ret_len, &offset);

	if (rc == ARCHIVE_EOF && p->given == p->size)
		return 0;
	if (rc != ARCHIVE_OK)
		return unreadable(p, e);
	if ((uint64_t)offset != p->given || *ret_len > p->size - p->given)
		return wrong(p, e, ERR_DATA, "it has holes");
	p->given += *ret_len;
	return 1;
}

int
part_data(struct part *p, const void **ret, size_t *ret_len, struct err *e)
{
	int rc = next_data(p, ret, ret_len, e);

	if (rc == -1)
		p->failure = *e;
	return rc;
}

int
part_text(struct part *p, size_t max, char **ret, size_t *ret_len,
    struct err *e)
{
	const void *bytes;
	char *text;
	size_t have = 0, len;
	int rc;

	if (p->size > max)
		return wrong(p, e, ERR_LIMIT, "it is larger than anything of "
		    "this kind");
	text = xmalloc((size_t)p->size + 1);
	while ((rc = part_data(p, &bytes, &len, e)) == 1) {
		memcpy(text + have, bytes, len);
		have += len;
	}
	if (rc == -1) {
		free(text);
		return -1;
	}
	text[have] = '\0';
	*ret = text;
	*ret_len = have;
	return 0;
}
