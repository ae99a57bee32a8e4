/*
 * Who may change the tree, and what is not certain to be on the disk.
 *
 * The locks are flock(2), which the kernel takes back however a process ends.
 * What is in their files is for people.  That a writer died is told by a mark
 * of its own: made before its first change, removed after its last sync.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fsutil.h"
#include "store_internal.h"

#define LOOK_MS		200

/* So long others wait for a writer that says that it takes moments. */
#define BRIEF_MAX_S	60u
#define BRIEF_WORD	" brief\n"
#define HOLDER_MAX	128u

char *
store_now(char buf[STORE_TIME_MAX])
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(buf, STORE_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buf;
}

/* --- locks ------------------------------------------------------------- */

/* _state is for writers alone: partial blobs have not been judged yet. */
int
store_make_private(struct store *st, const char *path, struct err *e)
{
	struct stat sb;

	if (fstatat(st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISDIR(sb.st_mode))
		return err_set(e, ERR_DATA, "%s: not a directory", path);
	if (mkdirat(st->root, path, 0700) == -1 && errno != EEXIST)
		return err_sys(e, "%s: cannot make the directory", path);
	if (store_modes_folder(st, path, true) == -1 &&
	    !(errno == EPERM && store_modes_suffice(st, path)))
		return err_sys(e, "%s: cannot set the mode", path);
	return 0;
}

/* Only what is absent is made: who is refused has changed nothing. */
int
store_open_lock(struct store *st, const char *path, int *ret, struct err *e)
{
	int rc = fs_open_file(st->root, path, O_RDWR, ret, e);

	if (rc == 0) {
		rc = fs_open_file(st->root, path, O_RDWR | O_CREAT, ret, e);
		if (rc == 1)
			store_modes_file(st, *ret);
	}
	if (rc == 0)
		return err_set(e, ERR_STORE, "%s: cannot create", path);
	return rc == 1 ? 0 : -1;
}

static bool
is_stopped(const struct store_patience *p, int wait_ms)
{
	struct pollfd fd = { .fd = p->stop_fd, .events = POLLIN };

	return poll(&fd, 1, wait_ms) == 1;
}

/* Return 0, 1 if somebody else has had it all the time, -1. */
static int
wait_for(int fd, int operation, const struct store_patience *p,
    struct err *e)
{
	int64_t end = clock_ms() + (int64_t)p->seconds * 1000;

	for (;;) {
		if (flock(fd, operation | LOCK_NB) == 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return err_sys(e, "the file system has no file locks");
		if (clock_ms() >= end || is_stopped(p, LOOK_MS))
			return 1;
	}
}

/* Such a word, or "" from there on.  Anybody may have written it. */
static const char *
next_word(char **at, const char *accept)
{
	char *word = *at;
	size_t len = strspn(word, accept);

	if (len == 0 || (word[len] != ' ' && word[len] != '\n' &&
	    word[len] != '\0')) {
		word[0] = '\0';
		return "";
	}
	*at = word + len + (word[len] != '\0');
	word[len] = '\0';
	return word;
}

#define DIGITS	"0123456789"
#define LETTERS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* "process 7 on host since 2026-11-20T10:53:07Z": as much as is there. */
static int
tell_holder(const struct store *st, struct err *e)
{
	char text[HOLDER_MAX], *at = text;
	const char *pid, *host, *since;
	ssize_t n = pread(st->lock, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	pid = next_word(&at, DIGITS);
	host = next_word(&at, DIGITS LETTERS "-._");
	since = next_word(&at, DIGITS "-:TZ");
	err_set(e, ERR_STORE, "another cdr is writing to this tree: process "
	    "%s%s%s%s%s; try again when it has ended, or wait with --wait",
	    pid[0] == '\0' ? "unknown" : pid, host[0] == '\0' ? "" : " on ",
	    host, since[0] == '\0' ? "" : " since ", since);
	return 1;
}

/* In a cluster the number alone says nothing: the name is that of the pod.  A
 * full disk is no reason to do without the lock. */
static void
write_holder(const struct store *st)
{
	char host[65], text[HOLDER_MAX], now[STORE_TIME_MAX];
	int len;

	if (gethostname(host, sizeof(host)) == -1)
		host[0] = '\0';
	host[sizeof(host) - 1] = '\0';
	len = snprintf(text, sizeof(text), "%ld %s %s%s", (long)getpid(),
	    host[0] == '\0' ? "-" : host, store_now(now),
	    st->is_brief ? BRIEF_WORD : "\n");
	if (ftruncate(st->lock, 0) == 0)
		(void)!fs_write(st->lock, text, (size_t)len, 0);
}

/* Who has only just begun has not said so yet. */
static bool
is_brief(const struct store *st, bool is_first_look)
{
	char text[HOLDER_MAX];
	ssize_t n = pread(st->lock, text, sizeof(text) - 1, 0);
	size_t len = strlen(BRIEF_WORD);

	if (n <= 0)
		return is_first_look;
	return (size_t)n > len &&
	    memcmp(text + (size_t)n - len, BRIEF_WORD, len) == 0;
}

/* The first lock, and the only one without which nothing may be made. */
static int
take_first(struct store *st, const struct store_patience *p, struct err *e)
{
	struct store_patience second = { .seconds = 1, .stop_fd = p->stop_fd };
	struct err ignored;
	unsigned waited;
	int rc;

	if (fs_open_file(st->root, STORE_LOCK_FILE, O_RDWR, &st->lock,
	    &ignored) != 1 && (store_make_private(st, "_state", e) == -1 ||
	    store_open_lock(st, STORE_LOCK_FILE, &st->lock, e) == -1))
		return -1;
	rc = wait_for(st->lock, LOCK_EX, p, e);
	for (waited = 0; rc == 1 && waited < BRIEF_MAX_S &&
	    is_brief(st, waited == 0 && !p->is_brief) && !is_stopped(p, 0);
	    waited++)
		rc = wait_for(st->lock, LOCK_EX, &second, e);
	return rc == 1 ? tell_holder(st, e) : rc;
}

static int
share_keep(struct store *st, const struct store_patience *p, struct err *e)
{
	int rc = wait_for(st->keep, LOCK_SH, p, e);

	if (rc == 1)
		err_set(e, ERR_STORE, "what nothing needs any more is being "
		    "removed from this tree; try again when that has ended, "
		    "or wait with --wait");
	return rc;
}

int
store_take_locks(struct store *st, const struct store_patience *p,
    struct err *e)
{
	int rc = take_first(st, p, e);

	if (rc != 0)
		return rc;
	st->is_writer = true;
	if (store_make_private(st, "_state", e) == -1 ||
	    store_open_lock(st, STORE_PUBLISH_FILE, &st->publish, e) == -1 ||
	    store_open_lock(st, STORE_KEEP_FILE, &st->keep, e) == -1)
		return -1;
	store_reserve_generation(st);
	return share_keep(st, p, e);
}

/* A tree that has no such file, or shows it to nobody but its writers, may be
 * read all the same. */
int
store_keep(struct store *st, const struct store_patience *p, struct err *e)
{
	struct err ignored;

	if (st->keep != -1)
		return 0;
	if (st->publish != -1) {
		if (store_open_lock(st, STORE_KEEP_FILE, &st->keep, e) == -1)
			return -1;
	} else if (fs_open_file(st->root, STORE_KEEP_FILE, O_RDONLY, &st->keep,
	    &ignored) != 1) {
		return 0;
	}
	return share_keep(st, p, e);
}

int
store_lock_publish(struct store *st, struct err *e)
{
	while (flock(st->publish, LOCK_EX) == -1)
		if (errno != EINTR)
			return err_sys(e, STORE_PUBLISH_FILE ": cannot lock");
	return 0;
}

void
store_unlock_publish(struct store *st)
{
	(void)flock(st->publish, LOCK_UN);
}

/* --- the mark ---------------------------------------------------------- */

/* What a good end has left is renamed, so that a disk without a free file is no
 * reason to do nothing. */
static int
open_mark(struct store *st, int *ret, struct err *e)
{
	struct stat sb;
	int rc;

	if (fstatat(st->root, STORE_CLEAN_FILE, &sb,
	    AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(sb.st_mode))
		(void)fs_remove(st->root, STORE_CLEAN_FILE);
	(void)!renameat(st->root, STORE_CLEAN_FILE, st->root,
	    STORE_UNCLEAN_FILE);
	rc = fs_open_file(st->root, STORE_UNCLEAN_FILE, O_WRONLY | O_CREAT,
	    ret, e);
	/* Another user's: its being there is all that it says. */
	if (rc == -1 && errno == EACCES &&
	    unlinkat(st->root, STORE_UNCLEAN_FILE, 0) == 0)
		rc = fs_open_file(st->root, STORE_UNCLEAN_FILE,
		    O_WRONLY | O_CREAT, ret, e);
	if (rc == 1)
		store_modes_file(st, *ret);
	if (rc == 0)
		return err_set(e, ERR_STORE, STORE_UNCLEAN_FILE
		    ": cannot create");
	return rc == 1 ? 0 : -1;
}

static void
drop_mark(struct store *st)
{
	if (renameat(st->root, STORE_UNCLEAN_FILE, st->root,
	    STORE_CLEAN_FILE) == -1)
		(void)unlinkat(st->root, STORE_UNCLEAN_FILE, 0);
}

/* Before the first change it is on the disk.  It is made at once and not with
 * the first change: blobs on their way may have the last free file by then. */
static int
make_mark(struct store *st, struct err *e)
{
	int fd, rc;

	if (st->marked)
		return 0;
	if (open_mark(st, &fd, e) == -1)
		return -1;
	rc = fsync(fd);
	if (rc == -1)
		err_sys(e, STORE_UNCLEAN_FILE ": cannot sync");
	close(fd);
	if (rc == 0)
		rc = fs_sync_dir(st->root, "_state", e);
	/* Nothing is changed without it, so nobody misses it. */
	if (rc == -1 && !st->unsynced)
		drop_mark(st);
	st->marked = rc == 0;
	return rc;
}

/* Version 1 had the number in its lock for this, and emptied it at a good
 * end. */
static bool
old_writer_died(const struct store *st)
{
	char byte;

	return st->version < 2 && pread(st->lock, &byte, 1, 0) == 1;
}

/* Where syncfs(2) may leave something out, each file is asked for. */
static int
sync_everything(const struct store *st, struct err *e)
{
	static const char *const tops[] = {
		"blobs", "manifests", "repos", "status"
	};
	size_t i;

	if (st->can_sync_all)
		return fs_sync_all(st->root, e);
	if (fs_sync_all(st->root, e) == -1 && errno != ENOSYS)
		return -1;
	for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (fs_sync_tree(st->root, tops[i], e) == -1)
			return -1;
	return fs_sync_dir(st->root, ".", e);
}

/*
 * A writer that died may have given names that are not durable, and which we
 * build upon.  The mark is there before the number of version 1 goes.
 */
int
store_recover(struct store *st, struct err *e)
{
	struct stat sb;

	if (fstatat(st->root, STORE_UNCLEAN_FILE, &sb,
	    AT_SYMLINK_NOFOLLOW) == 0) {
		st->unsynced = true;
		st->marked = S_ISREG(sb.st_mode);
		if (!st->marked)
			(void)fs_remove(st->root, STORE_UNCLEAN_FILE);
	} else if (old_writer_died(st)) {
		st->unsynced = true;
	}
	if (make_mark(st, e) == -1)
		return -1;
	write_holder(st);
	if (!st->unsynced)
		return 0;
	if (sync_everything(st, e) == -1)
		return err_wrap(e, "the last writer died, and what it has "
		    "written cannot be made durable");
	st->unsynced = false;
	return 0;
}

/* With anything that is not synced the mark stays, and the next writer syncs
 * it.  Its own name needs no sync: who finds it once more syncs once more. */
void
store_leave_locks(struct store *st)
{
	struct err ignored;

	if (st->is_writer && store_sync_dirs(st, &ignored) == 0 &&
	    st->marked && !st->unsynced)
		drop_mark(st);
	if (st->is_writer)
		(void)!ftruncate(st->lock, 0);
	if (st->keep != -1)
		close(st->keep);
	if (st->publish != -1)
		close(st->publish);
	if (st->lock != -1)
		close(st->lock);
}
