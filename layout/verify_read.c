/* Hashing a file; and, where it looks bad, reading it once more from the
 * disk. */
/* For O_DIRECT. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fsutil.h"
#include "verify_internal.h"

/* How long a pause may be before somebody looks whether the run is to end. */
#define PAUSE_MAX_MS	100

/* --- no faster than asked ---------------------------------------------- */

static void
pause_for(int64_t ms)
{
	struct timespec t = { 0, (long)ms * 1000000 };

	(void)nanosleep(&t, NULL);
}

static void
pace(struct verify *v, size_t bytes)
{
	uint64_t rate = v->options->limit_rate;
	int64_t due, now;

	v->totals->bytes += bytes;
	if (rate == 0)
		return;
	v->paced_bytes += bytes;
	due = v->paced_ms + (int64_t)((double)v->paced_bytes * 1000 /
	    (double)rate);
	while ((now = clock_ms()) < due && !verify_is_over(v))
		pause_for(due - now < PAUSE_MAX_MS ? due - now :
		    PAUSE_MAX_MS);
	/* What was not used is not made up for later. */
	if (now > due + 1000) {
		v->paced_ms = now;
		v->paced_bytes = 0;
	}
}

/* --- hashing ----------------------------------------------------------- */

/* Return 0, 1 if the run is over, -1 with errno set. */
static int
hash_part(struct verify *v, int fd, off_t at, off_t end, struct hasher *h)
{
	ssize_t n;

	while (at < end) {
		n = pread(fd, v->buffer, VERIFY_STEP, at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? 0 : -1;
		hasher_add(h, v->buffer, (size_t)n);
		at += n;
		pace(v, (size_t)n);
		if (verify_is_over(v))
			return 1;
	}
	return 0;
}

/* As far as the reader has brought them. */
static int
hash_pieces(struct verify *v, struct verify_reader *r, struct hasher *h)
{
	const uint8_t *piece;
	ssize_t n;

	while ((n = verify_reader_next(r, &piece)) > 0) {
		hasher_add(h, piece, (size_t)n);
		verify_reader_give_back(r);
		pace(v, (size_t)n);
		if (verify_is_over(v))
			return 1;
	}
	return n == -1 ? -1 : 0;
}

/* Return 0, 1 if the run is over, or -1 with errno set. */
static int
hash_fd(struct verify *v, int fd, off_t size, enum digest_alg alg,
    struct digest *ret)
{
	struct hasher *h = hasher_new(alg);
	struct verify_reader *r = verify_reader_open(v->reading, fd, size);
	int rc, num;

	rc = hash_pieces(v, r, h);
	num = errno;
	verify_reader_close(r);
	if (rc == 0)
		hasher_end(h, ret);
	hasher_free(h);
	errno = num;
	return rc;
}

/* What is in memory may be what is wrong, so it is dropped first; and with
 * O_DIRECT, where the file system has it, it does not come into play. */
static int
hash_past_cache(struct verify *v, const char *path, int fd, off_t size,
    enum digest_alg alg, struct digest *ret)
{
	struct hasher *h = hasher_new(alg);
	int direct, rc;

	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	direct = fs_open(v->st->root, path, O_RDONLY | O_DIRECT, 0);
	rc = hash_part(v, direct == -1 ? fd : direct, 0, size, h);
	/* Not every file system that opens a file so also reads it so. */
	if (rc == -1 && direct != -1 && errno == EINVAL) {
		hasher_reset(h);
		rc = hash_part(v, fd, 0, size, h);
	}
	if (direct != -1)
		close(direct);
	if (rc == 0)
		hasher_end(h, ret);
	hasher_free(h);
	return rc;
}

/* --- what looks bad ---------------------------------------------------- */

/* What a disk, or a file system with checksums, says of bytes that it has
 * lost. */
static bool
is_lost(int num)
{
	return num == EIO || num == ENODATA || num == EBADMSG ||
	    num == EUCLEAN || num == EILSEQ;
}

/* Is what was read still what has the name? */
static bool
is_same_file(const struct verify *v, const char *path, const struct stat *sb)
{
	struct stat now;

	return fstatat(v->st->root, path, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_dev == sb->st_dev && now.st_ino == sb->st_ino;
}

static const char *
what_of(enum verify_kind kind)
{
	switch (kind) {
	case VERIFY_BYTES:
		return "its bytes have another digest";
	case VERIFY_UNREADABLE:
		return "it cannot be read from the disk";
	case VERIFY_UNSTEADY:
		return "each time it is read its bytes are others";
	case VERIFY_CACHED:
		return "its bytes were wrong in memory, and are right on the "
		    "disk";
	case VERIFY_MISSING:
	case VERIFY_SIZE:
	case VERIFY_TYPE:
	case VERIFY_LINK:
	case VERIFY_LIST:
	case VERIFY_FOREIGN:
		break;
	}
	return "";
}

/* Many at once are no matter of single files any more. */
static bool
is_too_many(struct verify *v)
{
	if (v->options->go_on || ++v->suspects < VERIFY_BAD_MAX)
		return false;
	v->end = VERIFY_TOO_MANY;
	v->is_over = true;
	return true;
}

struct removal {
	struct verify *v;
	const char *path, *what;
	const struct digest *digest;
	const struct stat *sb;
	int rc;
};

static void
take_out(void *cookie)
{
	struct removal *r = cookie;

	r->rc = store_quarantine(r->v->st, r->path, r->digest, r->sb, r->what,
	    r->v->err);
}

/* Return 0, or -1. */
static int
judge(struct verify *v, enum verify_kind kind, const char *path,
    const struct digest *digest, const char *type, const struct stat *sb)
{
	struct verify_finding f = { .kind = kind, .path = path,
	    .digest = digest, .media_type = type, .what = what_of(kind) };
	bool is_bad = kind == VERIFY_BYTES || kind == VERIFY_UNREADABLE ||
	    (kind == VERIFY_UNSTEADY && v->options->go_on);
	struct removal r = { v, path, kind == VERIFY_UNREADABLE ? "unreadable" :
	    "bytes", digest, sb, 0 };

	if (!is_too_many(v) && is_bad)
		verify_change(v, take_out, &r);
	if (r.rc == -1)
		return verify_fail(v);
	/* Somebody has put another one in its place, or has taken it away. */
	if (r.rc == 0 && is_bad && !v->is_over)
		return 0;
	f.is_out = r.rc == 1;
	verify_tell_all(v, &f);
	return 0;
}

/* The first reading was not right: ${num} is errno, or 0. */
static int
read_again(struct verify *v, const char *path, const struct digest *digest,
    const char *type, int fd, const struct stat *sb, int num,
    const struct digest *first)
{
	enum verify_kind kind = VERIFY_UNSTEADY;
	struct digest second;
	int rc = hash_past_cache(v, path, fd, sb->st_size, digest->alg,
	    &second);

	if (rc == 1 || !is_same_file(v, path, sb))
		return 0;
	if (rc == -1 && !is_lost(errno)) {
		err_sys(v->err, "%s: cannot read", path);
		return verify_fail(v);
	}
	if (rc == 0 && digest_equal(&second, digest))
		kind = VERIFY_CACHED;
	else if (rc == -1 && num != 0)
		kind = VERIFY_UNREADABLE;
	else if (rc == 0 && num == 0 && digest_equal(&second, first))
		kind = VERIFY_BYTES;
	return judge(v, kind, path, digest, type, sb) == -1 ? 0 :
	    kind == VERIFY_CACHED ? 1 : -1;
}

static int
verify_open(struct verify *v, const char *path, const struct digest *digest,
    const char *type, int fd, const struct stat *sb)
{
	struct digest first;
	int rc = hash_fd(v, fd, sb->st_size, digest->alg, &first);

	if (rc == 1)
		return 0;
	if (rc == -1 && !is_lost(errno)) {
		err_sys(v->err, "%s: cannot read", path);
		verify_fail(v);
		return 0;
	}
	if (rc == 0)
		v->totals->files++;
	if (rc == 0 && digest_equal(&first, digest))
		return 1;
	return read_again(v, path, digest, type, fd, sb, rc == 0 ? 0 : errno,
	    &first);
}

int
verify_file(struct verify *v, const char *path, const struct digest *digest,
    const char *type)
{
	struct err why;
	struct stat sb;
	int fd, rc;

	rc = fs_open_stat(v->st->root, path, O_RDONLY, &fd, &sb, &why);
	if (rc == 0)
		return 0;
	if (rc == -1 && why.code == ERR_DATA) {
		verify_tell(v, VERIFY_FOREIGN, path, NULL, NULL,
		    "it is no file");
		return -1;
	}
	if (rc == -1) {
		*v->err = why;
		verify_fail(v);
		return 0;
	}
	rc = verify_open(v, path, digest, type, fd, &sb);
	close(fd);
	return rc;
}
