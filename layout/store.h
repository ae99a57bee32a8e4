#ifndef CDR_STORE_H
#define CDR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "children.h"
#include "digest.h"
#include "err.h"
#include "path.h"

/*
 * The tree of cdr-layout(5).  Readers need no lock; one process writes at a
 * time, and others make steps beside it (STORE_STEP).  Within a process,
 * blob_writer and store_stage functions may be called from several threads,
 * each writer from one at a time; store_commit, store_publish, store_finish and
 * steps from one thread only.
 */
struct store;
struct digest_set;

enum store_mode {
	STORE_READ,
	STORE_WRITE,		/* creates what is absent, and holds the lock */
	STORE_STEP		/* changes a tree that is there, a step at a
				 * time, while a writer is at work or not */
};

/*
 * store_open(root, mode, ret, e).  A new ROOT is first tried for all that the
 * tree needs of a file system.  Return 0, or -1 with ${e} set, always to
 * ERR_STORE: absent (but for STORE_WRITE), not ours, of an unknown version
 * (STORE_STEP: or of an old one), not writable, in use by another writer.
 * store_close accepts NULL.
 */
int store_open(const char *, enum store_mode, struct store **, struct err *);
void store_close(struct store *);

/* store_open_patient(root, patience, ret, e): the same for a writer that waits
 * for another one.  Return 1 with ${e} set if that was still at work then, or
 * ${stop_fd} had become readable. */
struct store_patience {
	unsigned seconds;
	int stop_fd;		/* -1: none */
	bool is_brief;		/* what this one is up to takes moments: others
				 * wait for it, whatever their patience */
};
int store_open_patient(const char *, const struct store_patience *,
    struct store **, struct err *);

/*
 * store_step_begin(st, e): from here to store_step_end nobody else changes
 * links, histories, holds, pins or lists.  A step takes moments: whoever wants
 * to make one waits.  What was opened with STORE_STEP is changed in steps only;
 * a writer may make them, too.  store_step_end(st, e) ends it in any case, and
 * returns 0 when all that was changed is on stable storage.
 */
int store_step_begin(struct store *, struct err *);
int store_step_end(struct store *, struct err *);

/*
 * store_keep(st, patience, e): from here to store_close nothing is removed from
 * the tree.  A writer need not say so.  Of a store that was opened to read it
 * is a promise as far as its lock can be opened.  Return 0; 1 with ${e} set if
 * somebody was removing things all that time; -1.
 */
int store_keep(struct store *, const struct store_patience *, struct err *);

/* store_generation(st): a number that is another one as soon as a tag, a
 * history, a hold or a pin is about to change.  Of a store that was opened to
 * read it is 0. */
uint64_t store_generation(const struct store *);

/* --- what is there (all: 1 yes, 0 no, -1 with e set) ------------------- */

/* store_blob_size(st, digest, ret, e): the size in bytes of a blob. */
int store_blob_size(const struct store *, const struct digest *, uint64_t *,
    struct err *);

/* store_blob_read(st, digest, max, ret_buf, ret_len, e): a whole small blob,
 * with a NUL behind; free(3) it. */
int store_blob_read(const struct store *, const struct digest *, size_t,
    char **, size_t *, struct err *);

/* store_blob_open(st, digest, ret_fd, ret_size, e): to be read, and close(2)d;
 * ERR_DATA where no regular file is there. */
int store_blob_open(const struct store *, const struct digest *, int *,
    uint64_t *, struct err *);

/* store_manifest_find(st, digest, ret, e): a manifest of any repository. */
int store_manifest_find(const struct store *, const struct digest *,
    struct manifest_id *, struct err *);

/* store_manifest_read(st, id, ret_buf, ret_len, e): its bytes, NUL behind. */
int store_manifest_read(const struct store *, const struct manifest_id *,
    char **, size_t *, struct err *);

/* store_reference_get(st, registry, repository, reference, ret, e): what a tag
 * points to, or whether an "alg:hex" belongs to the repository. */
int store_reference_get(const struct store *, const char *, const char *,
    const char *, struct manifest_id *, struct err *);

/* store_held_get(st, registry, repository, tag, ret, e): is the tag held, at
 * which digest?  It must not be moved to another one then. */
int store_held_get(const struct store *, const char *, const char *,
    const char *, struct digest *, struct err *);

/* store_each_held(st, fn, cookie, e): each tag that is held, also where it
 * cannot be read at what, in that order; as store_each_reference. */
struct held_tag {
	const char *registry, *repository, *tag;
	const char *since;		/* as the file has it; "" */
	const struct digest *digest;	/* NULL: the file does not say it */
};
typedef int store_held_fn(void *cookie, const struct held_tag *, struct err *);
int store_each_held(const struct store *, store_held_fn *, void *,
    struct err *);

/* store_default_get(st, registry, repository, index, ret, e): what stands in
 * for an index, as a publication's default_manifest. */
int store_default_get(const struct store *, const char *, const char *,
    const struct digest *, struct manifest_id *, struct err *);

/* store_referrers_read(st, registry, repository, subject, ret_buf, ret_len, e):
 * the list of what names ${subject} as its subject, NUL behind; free(3) it. */
int store_referrers_read(const struct store *, const char *, const char *,
    const struct digest *, char **, size_t *, struct err *);

/* store_published_at(st, registry, repository, reference, buf, e): when it was
 * last published, RFC 3339, into ${buf} of STORE_TIME_MAX bytes. */
#define STORE_TIME_MAX	32
int store_published_at(const struct store *, const char *, const char *,
    const char *, char *, struct err *);

/* store_history_read(st, registry, repository, reference, ret, e): what it led
 * to when; tag_history_done releases it. */
struct tag_history;
int store_history_read(const struct store *, const char *, const char *,
    const char *, struct tag_history *, struct err *);

/* store_index_stamp(st, buf): a word that is another one whenever index.json
 * has been written anew; "" where there is none.  Return ${buf}. */
#define STORE_STAMP_MAX	80
char *store_index_stamp(const struct store *, char buf[STORE_STAMP_MAX]);

/* store_links_stamp(st, registry, repository, buf): the same for the links of a
 * repository. */
char *store_links_stamp(const struct store *, const char *, const char *,
    char buf[STORE_STAMP_MAX]);

/*
 * store_each_reference(st, fn, cookie, e): call ${fn} for each tag, and for
 * each digest that was published without one, in order of registry, repository
 * and reference.  Stops when ${fn} returns -1 (which it does with ${e} set).
 * Return 0 or -1.
 */
typedef int store_reference_fn(void *cookie, const char *registry,
    const char *repository, const char *reference,
    const struct manifest_id *, struct err *);
int store_each_reference(const struct store *, store_reference_fn *, void *,
    struct err *);

/* store_each_in(st, registry, repository, fn, cookie, e): those of one
 * repository. */
int store_each_in(const struct store *, const char *, const char *,
    store_reference_fn *, void *, struct err *);

/* store_each_linked(st, registry, repository, fn, cookie, e): each manifest
 * that belongs to the repository, with its "alg:hex" as the reference. */
int store_each_linked(const struct store *, const char *, const char *,
    store_reference_fn *, void *, struct err *);

/* store_each_repository(st, fn, cookie, e): in that order; ${fn} as above. */
typedef int store_repository_fn(void *cookie, const char *registry,
    const char *repository, struct err *);
int store_each_repository(const struct store *, store_repository_fn *, void *,
    struct err *);

/*
 * store_links_changed(st, registry, repository, since): may the links of the
 * repository be others than those that were there when a file of the tree was
 * written that has this time?  False is certain, as long as only writers that
 * mark the tree change it.  From the committing thread.
 */
bool store_links_changed(struct store *, const char *, const char *, time_t);

/* store_each_partial(st, set, e): add the digests of blobs that an earlier
 * process has begun.  Return 0 or -1. */
int store_each_partial(const struct store *, struct digest_set *,
    struct err *);

/* store_partial_bytes(st, digest): what the file system holds of a blob that
 * has been begun; 0 where it has not. */
uint64_t store_partial_bytes(const struct store *, const struct digest *);

/* store_partial_has(st, digest, from, to): by the note beside it, or by its
 * length, has what has been begun these bytes?  They were not looked at.
 * store_partial_drop(st, digest): it is not wanted any more; of a writer that
 * has not begun it. */
bool store_partial_has(const struct store *, const struct digest *, uint64_t,
    uint64_t);
void store_partial_drop(struct store *, const struct digest *);

/* store_free_bytes(st): what the file system has room for. */
uint64_t store_free_bytes(const struct store *);

/* --- new objects ------------------------------------------------------- */

/* Bytes that are whole and right, waiting for store_commit. */
struct staged;

/*
 * A blob being written.  It lives in _state/partial under its digest until it
 * is whole, so that a later process can go on where this one stopped.
 */
struct blob_writer;

/*
 * blob_writer_open(st, digest, size, ret, e): what an earlier process left of
 * the blob is kept but not yet trusted: blob_writer_resume has to hash it.
 */
int blob_writer_open(struct store *, const struct digest *, uint64_t,
    struct blob_writer **, struct err *);

/* blob_writer_resume(w, e): read and hash what is there. */
int blob_writer_resume(struct blob_writer *, struct err *);

/* blob_writer_offset(w): how many bytes are here from the beginning on. */
uint64_t blob_writer_offset(const struct blob_writer *);

/* blob_writer_extents(w): which bytes are here, hashed or not. */
struct extents;
const struct extents *blob_writer_extents(const struct blob_writer *);

/*
 * blob_writer_put(w, offset, buf, len, e): bytes that belong at ${offset}; they
 * may come in any order, and more than once: then what was hashed first stays.
 * ERR_DATA if they go beyond the size.
 */
int blob_writer_put(struct blob_writer *, uint64_t, const void *, size_t,
    struct err *);

/* blob_writer_add(w, buf, len, e): the same, at blob_writer_offset. */
int blob_writer_add(struct blob_writer *, const void *, size_t, struct err *);

/* blob_writer_restart(w, e): forget all bytes. */
int blob_writer_restart(struct blob_writer *, struct err *);

/*
 * blob_writer_finish(w, ret, e): compare size and digest.  Return 0, ${w} is
 * gone and ${ret} holds the blob; or -1 with ${e} set, ERR_DATA where they are
 * not as many, ERR_DIGEST where they are others, and ${w} is as after
 * blob_writer_restart.
 */
int blob_writer_finish(struct blob_writer *, struct staged **, struct err *);

/* blob_writer_close(w): leave the bytes for a later run.  blob_writer_drop(w):
 * they are not wanted.  Both accept NULL. */
void blob_writer_close(struct blob_writer *);
void blob_writer_drop(struct blob_writer *);

/*
 * store_stage_manifest(st, id, buf, len, ret, e): check the digest and write
 * the bytes, verbatim.  A type that name_is_manifest_type refuses is ERR_DATA.
 */
int store_stage_manifest(struct store *, const struct manifest_id *,
    const void *, size_t, struct staged **, struct err *);

/*
 * store_commit(st, staged, count, results): put all of them on stable storage,
 * then give each its name.  The entries are released whatever happens.  Each
 * has a result of its own: ERR_NONE, or why it must not be counted on.
 */
void store_commit(struct store *, struct staged **, size_t,
    struct err *const *);

/* staged_free(s): not wanted after all.  Accepts NULL. */
void staged_free(struct staged *);

/* --- publishing -------------------------------------------------------- */

/*
 * A manifest of an image that names another one as its subject.  The lists of
 * referrers are JSON, which this library does not read: ${merge} puts
 * ${count} descriptors into the list ${old} (NULL: none yet).  It returns 1 and
 * the new list in ${ret}, which is free(3)d and has at most
 * REFERRERS_BYTES_MAX; 0 where nothing changes; -1 with ${e} set.  It is called
 * once for all that name the same subject.
 */
struct referral {
	struct digest subject;
	char *descriptor;
};
typedef int store_merge_fn(const char *old, const char *const *descriptors,
    size_t count, char **ret, struct err *);

/* One image to be made visible.  All that it reaches has been committed. */
struct publication {
	const char *registry;
	const char *repository;
	const char *tag;			/* NULL: by digest alone */
	struct manifest_id root;
	const struct manifest_id *manifests;	/* all, the root included */
	size_t count;
	const struct manifest_id *default_manifest;	/* one of these, for
					 * clients that accept no index; or
					 * NULL */
	const struct referral *referrals;
	size_t referral_count;
	store_merge_fn *merge;			/* where there are referrals */
	/* Told by store_publish: the tag is held, at what, so that nothing was
	 * done. */
	bool held;
	struct digest held_at;
};

/*
 * store_publish(st, publications, count, e): digest links and referrers, then
 * the tags by one rename each, then the tag lists (design: the order of
 * publishing).  What is returned 0 for is on stable storage.
 */
int store_publish(struct store *, struct publication *, size_t,
    struct err *);

/*
 * store_finish(st, e): write index.json and catalog.json anew if anything has
 * been published since they were written, in this run or one that died.
 */
int store_finish(struct store *, struct err *);

/* --- setting back ------------------------------------------------------ */

/*
 * store_is_whole(st, registry, repository, id, children, cookie, e): can the
 * manifest of this repository be served with all that was asked for of it?
 * Return 1; 0 with ${e} set to what is missing or wrong; -1 with ${e} set.
 */
int store_is_whole(const struct store *, const char *, const char *,
    const struct manifest_id *, children_fn *, void *, struct err *);

/* A tag that is to lead to another digest of its repository, and to stay
 * there. */
struct store_rollback {
	const char *registry, *repository, *tag;
	const struct digest *to;	/* NULL: */
	unsigned back;			/* so many steps: tag_history_judge;
					 * 0: where it is */
	children_fn *children;
	void *cookie;
	/* Told, when it could be found: */
	struct manifest_id from, at;
};

/*
 * store_rollback(st, r, e): one step of its own.  Return 1 if the tag has moved
 * or is held now; 0 if it was there and held; -1 with ${e} set, ERR_NOT_FOUND
 * and ERR_DATA if it cannot be set to that: nothing has been done then.  The
 * lists are behind: store_finish.
 */
int store_rollback(struct store *, struct store_rollback *, struct err *);

/* store_release(st, registry, repository, tag, e): hold it no more; a step.
 * Return 1, 0 if it was not held, -1 with ${e} set. */
int store_release(struct store *, const char *, const char *, const char *,
    struct err *);

/* --- pins -------------------------------------------------------------- */

/* store_pins_read(st, ret, e): 0, or -1 with ${e} set: they cannot be
 * understood.  store_pins_write(st, p, e): in a step. */
struct pins;
int store_pins_read(const struct store *, struct pins *, struct err *);
int store_pins_write(struct store *, const struct pins *, struct err *);

/* --- status ------------------------------------------------------------ */

/* store_open_status(st, name, ret, e): status/NAME, to be read and fclose(3)d.
 * Return 1; 0 where it is absent; -1 with ${e} set. */
int store_open_status(const struct store *, const char *, FILE **,
    struct err *);

/*
 * store_write_status(st, name, print, cookie, e): put what ${print} writes in
 * the place of status/NAME.  At most STATUS_BYTES_MAX; an error of the stream
 * is found here.  store_sync_status(st, e): the names are durable, too.  Both
 * from the committing thread.
 */
typedef void store_print_fn(FILE *, void *cookie);
int store_write_status(struct store *, const char *, store_print_fn *, void *,
    struct err *);
int store_sync_status(struct store *, struct err *);

/* store_scratch(st, ret, e): an empty file without a name, to be written, read
 * and fclose(3)d. */
int store_scratch(struct store *, FILE **, struct err *);

/* store_space(st, ret, e): the file system that the tree is on; free is what is
 * there for this process. */
struct store_space {
	uint64_t bytes, bytes_free;
	uint64_t files, files_free;	/* 0: it does not count them */
};
int store_space(const struct store *, struct store_space *, struct err *);

/* --- what is wrong ----------------------------------------------------- */

/*
 * store_bad_each(st, fn, cookie): call ${fn} for each line of status/bad: an
 * object that was found wrong or missing, and where it is when it is here.
 * Return how many.  store_bad_parse(line, ret): 1, or 0 if it is no such line;
 * ${ret} points into it.
 */
struct store_bad {
	const char *time, *what, *path;
	struct digest digest;
};
typedef void store_bad_fn(void *cookie, const struct store_bad *);
int store_bad_each(const struct store *, store_bad_fn *, void *);
int store_bad_parse(char *, struct store_bad *);

/*
 * store_bad_update(st, bad, count, only, e): note these, with the time of now.
 * What is here again is no longer bad, and stands in status/mended for 90
 * days; nor is, where ${only} is not NULL, what it does not have: nobody needs
 * it.  In a step.
 */
int store_bad_update(struct store *, const struct store_bad *, size_t,
    const struct digest_set *, struct err *);

/*
 * store_quarantine(st, path, digest, sb, what, e): take out of service what has
 * been found bad, if it is still the file of ${sb}; it is noted as ${what}.
 * Makes a step.  Return 1; 0 if another one is there, or none; -1.
 */
struct stat;
int store_quarantine(struct store *, const char *, const struct digest *,
    const struct stat *, const char *, struct err *);

/* store_quarantine_size(st, ret, e): how many files lie there by now, and what
 * they take of the disk.  Return 0 or -1. */
struct store_quarantined {
	uint64_t files, bytes;
};
int store_quarantine_size(const struct store *, struct store_quarantined *,
    struct err *);

/* store_withdraw(st, registry, repository, tag, digest, e): the tag is not to
 * be served any more, if it still leads there: the next run publishes it anew.
 * Makes a step.  Return 1, 0 if it leads elsewhere, -1. */
int store_withdraw(struct store *, const char *, const char *, const char *,
    const struct digest *, struct err *);

/* store_rewrite_lists(st, e): all lists of tags, index.json and catalog.json
 * anew, from the links alone.  A writer's. */
int store_rewrite_lists(struct store *, struct err *);

/* --- from run to run --------------------------------------------------- */

/* store_read_state(st, name, max, ret_buf, ret_len, e): _state/NAME, with a NUL
 * behind; free(3) it.  Return 1; 0 where it is absent; -1 with ${e} set. */
int store_read_state(const struct store *, const char *, size_t, char **,
    size_t *, struct err *);

/* store_write_state(st, name, buf, len, e): put it in place, mode 0600, by
 * rename and durably.  From any thread. */
int store_write_state(struct store *, const char *, const void *, size_t,
    struct err *);

/* store_append_state(st, name, buf, len, e): at the end of that file, at once:
 * a process that is killed has written it, or none of it.  A power cut may take
 * it back.  From one thread. */
int store_append_state(struct store *, const char *, const void *, size_t,
    struct err *);

/* --- imports that are not finished ------------------------------------- */

/*
 * _state/import/ID/NAME; both are of 0-9, a-z and "-".  store_import_read is as
 * store_read_state, and store_import_write as store_write_state, but from the
 * committing thread.  store_import_drop(st, id, keep, e): all of it, but for
 * the file ${keep} (or NULL).  store_import_each(st, fn, cookie, e): stops when
 * ${fn} returns other than 0, and returns that.  store_import_files(st, id,
 * ret, ret_count, e): 1 and names that fs_list_free releases; 0; -1.
 */
int store_import_read(const struct store *, const char *, const char *, size_t,
    char **, size_t *, struct err *);
int store_import_write(struct store *, const char *, const char *,
    const void *, size_t, struct err *);
int store_import_drop(struct store *, const char *, const char *,
    struct err *);
typedef int store_import_fn(void *cookie, const char *id, struct err *);
int store_import_each(const struct store *, store_import_fn *, void *,
    struct err *);
int store_import_files(const struct store *, const char *, char ***, size_t *,
    struct err *);

#endif
