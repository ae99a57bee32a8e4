#ifndef CDR_STORE_INTERNAL_H
#define CDR_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#include "digest_set.h"
#include "store.h"

/* Shared by the store_*.c files and by nobody else. */

#define STORE_VERSION_FILE	"cdr-layout"
#define STORE_VERSION_TEXT	"2\n"
#define STORE_DIRTY_FILE	"_state/dirty"
#define STORE_LOCK_FILE		"_state/lock"
#define STORE_PUBLISH_FILE	"_state/publish"
#define STORE_KEEP_FILE		"_state/keep.lock"
#define STORE_UNCLEAN_FILE	"_state/unclean"
#define STORE_CLEAN_FILE	"_state/clean"
#define STORE_CONDEMNED_FILE	"_state/condemned"
#define STORE_RESERVE_FILE	"_state/reserve"

/* What nobody goes on with stays for so long; and what a bundle has brought of
 * which parts are missing: those come on foot. */
#define STORE_TERM_S		(14 * 24 * 3600)
#define STORE_IMPORT_TERM_S	(90 * 24 * 3600)

/* Of one history file; 200 lines are fewer. */
#define HISTORY_BYTES_MAX	(64u << 10)

/* Of one file of _held, which is a line of the history: a time, a blank, a
 * digest. */
#define HELD_BYTES_MAX	512u

/* Directories whose names have changed and are not yet durable. */
struct dirty_dirs {
	char **paths;
	size_t count, room;
};

/* Files whose bytes are written, without a name so far. */
struct pending_file {
	int fd;
	char *tmp, *to;
};

struct pending_files {
	struct pending_file *files;
	size_t count, room;
};

/* Repositories that this process has published to: store_changed.c. */
struct changed {
	uint64_t *names;
	size_t count, room;
	bool is_sorted;
};

/* The repositories that store_finish has met, so that nobody need walk through
 * all folders once more: registry and repository in turn, each ended. */
struct walked {
	char *names;
	size_t len, room;
	bool is_whole;
};

/* _state/partial: who has which file (store_partial.c). */
#define PARTIAL_SLOTS	1000u
/* Behind the name of a file with gaps: the note of what is there. */
#define PARTIAL_NOTE	".ranges"
#define PARTIAL_NOTE_MAX	(64u << 10)	/* bytes */
struct partial;

struct store {
	char *path;			/* as given, for messages */
	int root;			/* directory */
	int version;			/* of the layout; 0: there is none */
	int lock, publish, keep;	/* -1: reading; only the second one:
					 * STORE_STEP */
	bool is_writer;			/* has the first of them, */
	bool is_brief;			/* and not for long */
	bool in_step;			/* has the second one */
	atomic_ulong serial;		/* of names in _state/tmp */
	bool index_stale;		/* _state/dirty is there, */
	bool all_stale;			/* and speaks of all lists */
	bool was_dirty;			/* and was when we came, */
	bool index_inherited;		/* so that tag lists may be behind as
					 * well; or since, by a failure */
	bool index_distrusted;		/* nothing is copied from the old one */
	struct changed changed;		/* of the committing thread */
	struct walked walked;		/* the same */
	struct dirty_dirs dirs;		/* of the committing thread */
	struct pending_files pending;	/* the same */
	bool is_made;			/* ROOT, by us, just now */
	bool is_shared;			/* the group of ROOT writes as well: */
	gid_t group;
	mode_t setgid;			/* S_ISGID, or 0 */
	bool can_sync_all;		/* see fs_can_sync_all */
	atomic_bool sync_failed;	/* once, in this process */
	bool marked;			/* _state/unclean is there */
	bool unsynced;			/* what the writer before has left */
	pthread_mutex_t partials_lock;	/* of: */
	struct partial *partials;
};

struct staged {
	struct store *st;
	int fd;
	struct partial *partial;	/* ${from} is in _state/partial */
	bool keep;			/* the file outlives this record */
	char from[STORE_PATH_MAX];
	char to[STORE_PATH_MAX];
	struct manifest_id manifest;	/* media_type "" for a blob */
};

/*
 * partial_take(st, digest, buf, e): a file for one attempt at a blob, which
 * nobody else has until partial_give_back; its path goes to ${buf}.  It is to
 * be continued, if an earlier process has left it.  NULL with ${e} set if there
 * are too many.  partial_next(st, p, buf, e): that one is of no use, another
 * instead; 0 or -1.  partial_give_back accepts NULL.  partial_named(st, p): the
 * blob is whole, and what an earlier process left of it is of no use.  All from
 * any thread.
 */
struct partial *partial_take(struct store *, const struct digest *,
    char buf[STORE_PATH_MAX], struct err *);
int partial_next(struct store *, struct partial *, char buf[STORE_PATH_MAX],
    struct err *);
void partial_give_back(struct store *, struct partial *);
void partial_named(struct store *, const struct partial *);

/* store_sweep_partials(st, e): what nobody has gone on with for 14 days
 * goes. */
int store_sweep_partials(struct store *, struct err *);

/* store_join_partials(st, e): of what earlier attempts at one blob have left,
 * keep the longest, and notes only beside a file.  Before any
 * partial_take. */
int store_join_partials(struct store *, struct err *);

/* store_now(buf): RFC 3339, in UTC.  Return ${buf}. */
char *store_now(char buf[STORE_TIME_MAX]);

/*
 * store_take_locks(st, patience, e): return 0, 1 with ${e} set if somebody else
 * has one of them, -1.  store_leave_locks(st) also removes the mark if all is
 * durable.
 */
int store_take_locks(struct store *, const struct store_patience *,
    struct err *);
void store_leave_locks(struct store *);

/* store_open_lock(st, path, ret_fd, e): a file of _state to lock, made if it is
 * absent. */
int store_open_lock(struct store *, const char *, int *, struct err *);

/* store_lock_publish(st, e): held for moments, so it is waited for. */
int store_lock_publish(struct store *, struct err *);
void store_unlock_publish(struct store *);

/* store_may_change(st): it is a writer's, or in a step. */
bool store_may_change(const struct store *);

/* store_open_steps(st, e): the rest of store_open for STORE_STEP. */
int store_open_steps(struct store *, struct err *);

/* store_new_generation(st, e): a root is about to change.  With that lock, and
 * before the first change: one that died in between has told of it. */
int store_new_generation(struct store *, struct err *);

/* store_reserve_generation(st): have room for that number, so that a full disk
 * does not keep anybody from making changes that free some. */
void store_reserve_generation(const struct store *);

/* store_reserve_make(st): some room that gc can do without, as long as there is
 * plenty. */
void store_reserve_make(struct store *);

/*
 * store_mark_stale(st, e): from here to store_finish, index.json, the catalog
 * and lists of tags may tell of the past.  store_mark_moved(st, registry,
 * repository, e): only those of this repository do; for steps.  Both are
 * durable but for the name.  store_read_mark(st): what is marked when a writer
 * comes.  store_take_mark(st, e): what others have marked meanwhile; their
 * lists of tags are written, deferred.  All but the third one with the publish
 * lock.
 */
int store_mark_stale(struct store *, struct err *);
int store_mark_moved(struct store *, const char *, const char *,
    struct err *);
void store_read_mark(struct store *);
int store_take_mark(struct store *, struct err *);

/* store_check_version(st, e): is ROOT a tree of a version that we know?  Else
 * the version is 0. */
int store_check_version(struct store *, struct err *);

/* store_recover(st, e): mark that a writer is at work, and make durable what
 * one that died has left. */
int store_recover(struct store *, struct err *);

/*
 * store_modes_settle(st): whose tree it is.  store_modes_check(st, e): may we
 * write to it?  Else ${e} says whose it is, and what to do.
 */
void store_modes_settle(struct store *);
int store_modes_check(const struct store *, struct err *);

/* store_modes_tell_above(path, e): we may make nothing where that is to be: say
 * whose the folder is.  Return -1. */
int store_modes_tell_above(const char *, struct err *);

/* store_modes_folder(st, path, is_private): give a folder of ours its mode; -1
 * with errno set.  store_modes_suffice(st, path): one of somebody else's will
 * do as it is. */
int store_modes_folder(const struct store *, const char *, bool);
bool store_modes_suffice(const struct store *, const char *);

/* store_modes_file(st, fd): a new file for writers alone, which is 0600, is for
 * the next writer as well.  store_modes_readable(fd): for all to read, and for
 * nobody to write; -1 with errno set. */
void store_modes_file(const struct store *, int);
int store_modes_readable(int);

/* store_make_private(st, path, e): a folder for writers alone. */
int store_make_private(struct store *, const char *, struct err *);

#define STORE_TMP_MAX	64

/* store_tmp_create(st, tmp): a new file below _state/tmp, open for writing; -1
 * with errno set.  store_tmp_link: the same of a link to ${target}; 0 or -1. */
int store_tmp_create(struct store *, char tmp[STORE_TMP_MAX]);
int store_tmp_link(struct store *, const char *, char tmp[STORE_TMP_MAX]);

/* store_worth_sync_all(st, count): one syncfs(2) instead of so many fsync(2)s,
 * each of which has the disk empty its cache. */
bool store_worth_sync_all(const struct store *, size_t);

/* store_touch_dir(st, path): its names have changed. */
void store_touch_dir(struct store *, const char *);

/* store_sync_dirs(st, e): make all of them durable; what has been is forgotten,
 * what could not be is tried again the next time. */
int store_sync_dirs(struct store *, struct err *);

/* store_sync_all(st, e): syncfs(2).  After a failure it is not called any more:
 * it would not tell again of bytes that are lost, as fsync(2) does. */
int store_sync_all(struct store *, struct err *);

/* store_make_dirs(st, path, e): a directory with its parents, mode 0755
 * whatever the umask; the parents of new ones are touched. */
int store_make_dirs(struct store *, const char *, struct err *);

/* store_make_dirs_in(st, path, names, count, e): so many in one. */
int store_make_dirs_in(struct store *, const char *, const char *const *,
    size_t, struct err *);

/* store_rename(st, from, to, e): touches the directory of ${to}. */
int store_rename(struct store *, const char *, const char *, struct err *);

/* store_set_link(st, path, id, e): a link at ${path} to the manifest, by
 * rename.  Does nothing where it says so already. */
int store_set_link(struct store *, const char *, const struct manifest_id *,
    struct err *);

/* store_write_file(st, path, buf, len, e): new contents by rename, durable but
 * for the name. */
int store_write_file(struct store *, const char *, const void *, size_t,
    struct err *);

/*
 * A file that is written piece by piece, then renamed into place.
 * store_file_open returns NULL with ${e} set; store_file_close(f, e) returns
 * 0 or -1, and ends ${f}; with ${keep} false nothing gets a name.
 */
struct store_file {
	struct store *st;
	FILE *stream;
	char tmp[STORE_TMP_MAX];
	char to[STORE_PATH_MAX];
};
int store_file_open(struct store *, const char *, struct store_file *,
    struct err *);
int store_file_close(struct store_file *, bool keep, struct err *);

/* store_file_defer(f, e): as store_file_close, but the name comes with the next
 * store_settle_files, which waits for all such files together. */
int store_file_defer(struct store_file *, struct err *);
int store_settle_files(struct store *, struct err *);

/* store_read_own(st, path, max, ret, e): a file of ours that is to be written
 * anew; free(3) it.  Return 1; 0 if there is none, or something else, whose
 * place the new one takes; -1. */
int store_read_own(const struct store *, const char *, size_t, char **,
    struct err *);

/* store_add_history(st, registry, repository, reference, digest, is_rollback,
 * e): a line, deferred; none if the last one has this digest. */
int store_add_history(struct store *, const char *, const char *, const char *,
    const struct digest *, bool, struct err *);

/* store_hold(st, registry, repository, tag, at, e): in a step; deferred. */
int store_hold(struct store *, const char *, const char *, const char *,
    const struct digest *, struct err *);

/* store_touch_hold(st, registry, repository): before a tag moves to where it is
 * held. */
void store_touch_hold(struct store *, const char *, const char *);

/* store_write_changed(st, path, buf, len, e): the same, if the file has other
 * contents.  Return 1, 0 where it is as it should be, -1. */
int store_write_changed(struct store *, const char *, const void *, size_t,
    struct err *);

/* store_drop_files(st): they get no name at all. */
void store_drop_files(struct store *);

/* store_write_tags(st, registry, repository, e): _tags/list, deferred. */
int store_write_tags(struct store *, const char *, const char *,
    struct err *);

/* store_note_changed(st, registry, repository): it has other links now. */
void store_note_changed(struct store *, const char *, const char *);

/* store_index_line(registry, repository, reference, id, size, buf): an entry of
 * index.json, a line of it.  Return ${buf}. */
#define STORE_INDEX_LINE_MAX	4096u
char *store_index_line(const char *, const char *, const char *,
    const struct manifest_id *, uint64_t, char buf[STORE_INDEX_LINE_MAX]);

/*
 * The lines that index.json has.  old_index_open returns NULL if there is none
 * that can be relied on; old_index_close accepts NULL.  old_index_written tells
 * when it was.  old_index_next(o, name, ret_len): the next line of that
 * repository ("registry/repository"), or NULL; repositories have to be asked
 * for in order.  old_index_is_damaged: what has come of it is of no use.
 */
#define INDEX_HEAD	"{\"schemaVersion\":2," \
	"\"mediaType\":\"application/vnd.oci.image.index.v1+json\"," \
	"\"manifests\":["
struct old_index;
struct old_index *old_index_open(const struct store *);
void old_index_close(struct old_index *);
time_t old_index_written(const struct old_index *);
const char *old_index_next(struct old_index *, const char *, size_t *);
bool old_index_is_damaged(const struct old_index *);

/* --- store_state.c ----------------------------------------------------- */

/* store_put_private(st, folder, name, buf, len, e): as store_write_state, in a
 * folder below _state, or in that. */
int store_put_private(struct store *, const char *, const char *, const void *,
    size_t, struct err *);

/* --- store_import.c ---------------------------------------------------- */

/* store_import_blobs(st, set, e): add the blobs of all tables that unfinished
 * imports have read: what is begun of them stays.  Return 0 or -1. */
int store_import_blobs(const struct store *, struct digest_set *,
    struct err *);

/* store_partial_is_of(name, set): is this file of _state/partial the beginning
 * of one of these, or a note on it? */
bool store_partial_is_of(const char *, const struct digest_set *);

#endif
