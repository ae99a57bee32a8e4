/*
 * A blob on its way in.  Its bytes may come in any order; they are hashed in
 * theirs: as they come where that is the order, else by reading them back when
 * all before them are there, which is soon after, and from the page cache.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "extents.h"
#include "fsutil.h"
#include "mem.h"
#include "store_internal.h"

#define READ_BYTES	(256u << 10)
/* Writing begins while the rest is still on its way. */
#define WRITEBACK_BYTES	((uint64_t)8 << 20)
/* What a death may cost: an eighth of the blob, between these.  A note has to
 * wait for the disk, and with it what comes behind it. */
#define NOTE_EVERY_MIN	WRITEBACK_BYTES
#define NOTE_EVERY_MAX	((uint64_t)32 << 20)
#define NOTE_PATH_MAX	(STORE_PATH_MAX + 8)
/* How much one put reads back at most: no long wait for those behind it. */
#define CATCH_UP_BYTES	((uint64_t)1 << 20)

struct blob_writer {
	struct store *st;
	struct digest want;
	uint64_t size;
	struct partial *partial;	/* nobody else has its file: */
	char path[STORE_PATH_MAX];
	int fd;
	struct extents have;
	struct hasher *hasher;
	uint64_t hashed;	/* bytes, from the beginning on */
	uint64_t flushed;	/* of the bytes that are here, when the kernel
				 * was last told to write */
	uint64_t noted_bytes;	/* of them, when they were last noted */
	uint64_t found;		/* bytes in the file when it was opened */
	bool may_have_note;	/* an earlier process has left one, perhaps,
				 * or... */
	bool noted;		/* ... the note of what is here exists */
};

/*
 * While there are gaps, the length of the file does not tell what is here: a
 * note beside it does.  It is not synced: what it says wrongly after a power
 * cut the digest finds out.
 */
static char *
note_path(const struct blob_writer *w, char buf[NOTE_PATH_MAX])
{
	snprintf(buf, NOTE_PATH_MAX, "%s" PARTIAL_NOTE, w->path);
	return buf;
}

/*
 * On a full disk there is no room for a new one, but the old one has its block:
 * what came since then need not come again.
 */
static void
overwrite_note(const struct blob_writer *w, const char *path,
    const char *text, size_t len)
{
	struct err ignored;
	int fd;

	if (fs_open_file(w->st->root, path, O_WRONLY, &fd, &ignored) != 1)
		return;
	/* Half of one is found out like any wrong one, by the digest. */
	if (fs_write(fd, text, len, 0) == 0 && ftruncate(fd, (off_t)len) == 0)
		fs_start_writeback(fd, 0, 0);
	close(fd);
}

/* By rename, so that a reader finds the old note or the new one,
 * and no half. */
static int
write_note(struct blob_writer *w, struct err *e)
{
	char path[NOTE_PATH_MAX], tmp[STORE_TMP_MAX];
	size_t len;
	char *text = extents_print(&w->have, &len);
	int fd, rc = 0;

	note_path(w, path);
	fd = store_tmp_create(w->st, tmp);
	if (fd == -1 || fs_write(fd, text, len, 0) == -1 ||
	    renameat(w->st->root, tmp, w->st->root, path) == -1) {
		rc = err_sys(e, "%s: cannot write", path);
		unlinkat(w->st->root, tmp, 0);
		if (w->noted)
			overwrite_note(w, path, text, len);
	} else {
		w->noted = w->may_have_note = true;
	}
	if (fd != -1)
		close(fd);
	free(text);
	return rc;
}

/* Where there is no note, the file's length says what is here.  Most blobs come
 * in order and never have one: nothing is asked of the disk for them. */
static void
drop_note(struct blob_writer *w)
{
	char path[NOTE_PATH_MAX];

	if (w->may_have_note)
		unlinkat(w->st->root, note_path(w, path), 0);
	w->noted = w->may_have_note = false;
}

/* Another user's file is of no use if it would not be readable for all when it
 * has its name: its mode is not ours to set.  Ours is left to the next user. */
static bool
may_go_on(const struct store *st, int fd, const struct stat *sb)
{
	if (st->is_shared && fchmod(fd, 0664) == 0)
		return true;
	return sb->st_uid == geteuid() || geteuid() == 0 ||
	    (sb->st_mode & 0444) == 0444;
}

/* What is longer than the blob can be was begun by who was told another size:
 * it is not ours to cut. */
static bool
is_too_long(const struct store *st, const char *path, uint64_t size)
{
	struct stat sb;

	return fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(sb.st_mode) && (uint64_t)sb.st_size > size;
}

/* What an earlier process has left.  Return 1, 0 if it is too long, -1. */
static int
open_old(const struct store *st, const char *path, uint64_t size, int *ret,
    struct stat *sb, struct err *e)
{
	int fd, rc;

	rc = fs_open_stat(st->root, path, O_RDWR | O_CREAT, &fd, sb, e);
	if (rc == -1 && errno == EACCES && is_too_long(st, path, size))
		return 0;
	/* A blob that was whole when its process died may be read-only. */
	if (rc == -1 && errno == EACCES &&
	    fchmodat(st->root, path, 0600, 0) == 0)
		rc = fs_open_stat(st->root, path, O_RDWR, &fd, sb, e);
	if (rc == 1 && (uint64_t)sb->st_size > size) {
		close(fd);
		return 0;
	}
	if (rc == 1 && !may_go_on(st, fd, sb)) {
		close(fd);
		errno = EACCES;
		rc = err_sys(e, "%s: cannot go on with it", path);
		errno = EACCES;
	}
	if (rc == -1 && errno == EACCES && unlinkat(st->root, path, 0) == 0) {
		rc = fs_open_stat(st->root, path, O_RDWR | O_CREAT, &fd, sb,
		    e);
		if (rc == 1)
			(void)may_go_on(st, fd, sb);
	}
	if (rc == 0)
		return err_set(e, ERR_SYS, "%s: cannot create", path);
	if (rc == 1)
		*ret = fd;
	return rc;
}

/* Most are new: what is asked about an old one need not be asked then. */
static int
open_partial(const struct store *st, const char *path, struct blob_writer *w,
    struct err *e)
{
	struct stat sb;
	int rc;

	w->fd = fs_open(st->root, path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (w->fd != -1) {
		if (st->is_shared)
			(void)!fchmod(w->fd, 0664);
		return 1;
	}
	rc = open_old(st, path, w->size, &w->fd, &sb, e);
	if (rc == 1) {
		w->found = (uint64_t)sb.st_size;
		w->may_have_note = true;
	}
	return rc;
}

int
blob_writer_open(struct store *st, const struct digest *id, uint64_t size,
    struct blob_writer **ret, struct err *e)
{
	struct blob_writer *w = xcalloc(1, sizeof(*w));
	struct err why;			/* of one way, where another one may
					 * do */
	int rc;

	w->st = st;
	w->want = *id;
	w->size = size;
	w->partial = partial_take(st, id, w->path, e);
	if (w->partial == NULL) {
		free(w);
		return -1;
	}
	while ((rc = open_partial(st, w->path, w, &why)) == 0)
		if (partial_next(st, w->partial, w->path, &why) == -1)
			break;
	if (rc != 1) {
		*e = why;
		partial_give_back(st, w->partial);
		free(w);
		return -1;
	}
	w->hasher = hasher_new(id->alg);
	*ret = w;
	return 0;
}

int
blob_writer_restart(struct blob_writer *w, struct err *e)
{
	hasher_reset(w->hasher);
	extents_clear(&w->have);
	w->hashed = w->flushed = w->noted_bytes = 0;
	/* In this order: without its note, a file with gaps seems whole. */
	if (ftruncate(w->fd, 0) == -1)
		return err_sys(e, "cannot empty a partial blob");
	drop_note(w);
	return 0;
}

/* Hash what is here from where the hash stands, at most so many bytes. */
static int
catch_up(struct blob_writer *w, uint64_t most, struct err *e)
{
	uint64_t end = extents_prefix(&w->have);
	unsigned char *buf;
	size_t want;
	ssize_t n;
	int rc = 0;

	/* The hash is made of bytes that are here, in their order. */
	assert(w->hashed <= end);
	if (w->hashed >= end)
		return 0;
	if (end - w->hashed > most)
		end = w->hashed + most;
	buf = xmalloc(READ_BYTES);
	while (w->hashed < end) {
		want = end - w->hashed < READ_BYTES ?
		    (size_t)(end - w->hashed) : READ_BYTES;
		n = pread(w->fd, buf, want, (off_t)w->hashed);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = EIO;	/* shorter than it was */
			rc = err_sys(e, "cannot read a partial blob");
			break;
		}
		hasher_add(w->hasher, buf, (size_t)n);
		w->hashed += (uint64_t)n;
	}
	free(buf);
	return rc;
}

/*
 * What the note says, or the whole file where there is none.  One that cannot
 * be read or understood says that nothing is here.
 */
static void
read_note(struct blob_writer *w, uint64_t file_size)
{
	char path[NOTE_PATH_MAX];
	struct err ignored;
	char *text;
	size_t len;
	int rc;

	rc = fs_read_file(w->st->root, note_path(w, path), PARTIAL_NOTE_MAX,
	    &text, &len, &ignored);
	extents_clear(&w->have);
	w->noted = w->may_have_note = rc != 0;
	if (rc == 0)
		extents_add(&w->have, 0, file_size);
	if (rc != 1)
		return;
	if (strlen(text) != len || !extents_parse(text, file_size, &w->have))
		extents_clear(&w->have);
	free(text);
}

/* Nobody else has the file: it is as it was when it was opened. */
int
blob_writer_resume(struct blob_writer *w, struct err *e)
{
	assert(w->hashed == 0);
	if (!w->may_have_note)
		return 0;	/* it is new */
	read_note(w, w->found);
	w->flushed = w->noted_bytes = extents_total(&w->have);
	return catch_up(w, UINT64_MAX, e);
}

/* Not what is hashed: bytes may be here that catch_up has not come to yet. */
uint64_t
blob_writer_offset(const struct blob_writer *w)
{
	return extents_prefix(&w->have);
}

const struct extents *
blob_writer_extents(const struct blob_writer *w)
{
	return &w->have;
}

/* From time to time: have the kernel write, and note what is here. */
static int
keep_books(struct blob_writer *w, struct err *e)
{
	uint64_t total = extents_total(&w->have), every = w->size / 8;

	if (every < NOTE_EVERY_MIN)
		every = NOTE_EVERY_MIN;
	if (every > NOTE_EVERY_MAX)
		every = NOTE_EVERY_MAX;
	assert(total >= w->flushed && total >= w->noted_bytes);
	if (total - w->flushed < WRITEBACK_BYTES)
		return 0;
	fs_start_writeback(w->fd, 0, 0);
	w->flushed = total;
	/* Without gaps the length of the file tells it all. */
	if ((!w->noted && w->have.count < 2) ||
	    total - w->noted_bytes < every)
		return 0;
	w->noted_bytes = total;
	return write_note(w, e);
}

int
blob_writer_put(struct blob_writer *w, uint64_t offset, const void *bytes,
    size_t len, struct err *e)
{
	const unsigned char *buf = bytes;
	size_t known;

	if (offset > w->size || len > w->size - offset)
		return err_set(e, ERR_DATA, "more than the %llu bytes that its "
		    "descriptor says", (unsigned long long)w->size);
	/* What is hashed never changes any more: the file is to have the bytes
	 * that the digest was made of. */
	if (offset < w->hashed) {
		known = len < w->hashed - offset ? len :
		    (size_t)(w->hashed - offset);
		offset += known;
		buf += known;
		len -= known;
	}
	if (len == 0)
		return 0;
	assert(offset >= w->hashed);
	/* Before the file gets a hole, so that its length never lies. */
	if (offset > extents_prefix(&w->have) && !w->noted &&
	    write_note(w, e) == -1)
		return -1;
	if (fs_write(w->fd, buf, len, (off_t)offset) == -1)
		return err_sys(e, "cannot write a blob");
	extents_add(&w->have, offset, offset + len);
	if (offset == w->hashed) {
		hasher_add(w->hasher, buf, len);
		w->hashed += len;
	}
	if (catch_up(w, CATCH_UP_BYTES, e) == -1)
		return -1;
	return keep_books(w, e);
}

int
blob_writer_add(struct blob_writer *w, const void *buf, size_t len,
    struct err *e)
{
	return blob_writer_put(w, blob_writer_offset(w), buf, len, e);
}

/* Size before digest: that bytes are missing says more than that the digest is
 * another one. */
static int
check(struct blob_writer *w, struct err *e)
{
	struct digest have;
	char want_text[DIGEST_TEXT_MAX], have_text[DIGEST_TEXT_MAX];

	assert(w->hashed <= w->size);
	if (w->hashed != w->size)
		return err_set(e, ERR_DATA, "%llu bytes instead of %llu",
		    (unsigned long long)w->hashed, (unsigned long long)w->size);
	hasher_end(w->hasher, &have);
	if (digest_equal(&have, &w->want))
		return 0;
	return err_set(e, ERR_DIGEST, "the bytes have digest %s, not %s",
	    digest_text(&have, have_text), digest_text(&w->want, want_text));
}

/* Not the descriptor: it goes on to the staged blob, or is closed before. */
static void
writer_free(struct blob_writer *w)
{
	extents_done(&w->have);
	hasher_free(w->hasher);
	free(w);
}

/* The file keeps its name in _state/partial until store_commit gives it the one
 * that readers know: a death in between costs no byte. */
int
blob_writer_finish(struct blob_writer *w, struct staged **ret, struct err *e)
{
	struct staged *s;
	struct err ignored;

	if (catch_up(w, UINT64_MAX, e) == -1)
		return -1;
	if (check(w, e) == -1) {
		(void)blob_writer_restart(w, &ignored);
		return -1;
	}
	if (store_modes_readable(w->fd) == -1)
		return err_sys(e, "cannot set the mode of a blob");
	drop_note(w);
	s = xcalloc(1, sizeof(*s));
	s->st = w->st;
	s->fd = w->fd;
	s->keep = true;
	memcpy(s->from, w->path, sizeof(s->from));
	s->partial = w->partial;
	path_blob(&w->want, s->to);
	writer_free(w);
	*ret = s;
	return 0;
}

static void
remove_file(struct blob_writer *w)
{
	drop_note(w);
	unlinkat(w->st->root, w->path, 0);
}

/* What the disk did not take is still in memory, where the next process would
 * read it and find it right: fsync(2) of a descriptor that was open then
 * tells. */
static bool
is_lost(const struct blob_writer *w)
{
	return w->st->sync_failed && fsync(w->fd) == -1;
}

/* An empty file would say no more than none, and many would fill the folder. */
void
blob_writer_close(struct blob_writer *w)
{
	struct err ignored;
	struct stat sb;

	if (w == NULL)
		return;
	if ((fstat(w->fd, &sb) == 0 && sb.st_size == 0) || is_lost(w))
		remove_file(w);
	else if (w->noted)
		(void)write_note(w, &ignored);
	close(w->fd);
	partial_give_back(w->st, w->partial);
	writer_free(w);
}

void
blob_writer_drop(struct blob_writer *w)
{
	if (w == NULL)
		return;
	remove_file(w);
	close(w->fd);
	partial_give_back(w->st, w->partial);
	writer_free(w);
}
