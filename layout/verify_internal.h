#ifndef CDR_VERIFY_INTERNAL_H
#define CDR_VERIFY_INTERNAL_H

#include <pthread.h>
#include <sys/stat.h>

#include "digest_set.h"
#include "store_internal.h"
#include "verify.h"
#include "verify_reader.h"

/* Shared by the verify*.c files and by nobody else. */

/* Manifests that have been looked at: half a digest and the type are enough to
 * tell them apart. */
struct verify_seen {
	uint64_t (*slots)[2];
	size_t room, count;
};

/* See verify_change. */
struct verify_errand {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void (*fn)(void *);		/* NULL: none, or it has been done */
	void *cookie;
	bool is_through;		/* there will be no more */
};

struct verify {
	struct store *st;
	const struct verify_rules *rules;
	const struct verify_options *options;
	struct verify_totals *totals;
	struct verify_seen seen;
	struct digest_set told;		/* missing ones, once each */
	struct digest_set subjects;	/* of manifests that have one */
	int blobs[2];			/* see verify_blobs */
	uint8_t *buffer;		/* of VERIFY_STEP bytes, aligned */
	struct verify_reader *reading;
	int64_t began_ms;
	int64_t ends_ms;		/* 0: never */
	bool is_first;			/* of the blobs of this run: whatever
					 * the time */
	int64_t paced_ms;		/* for limit_rate */
	uint64_t paced_bytes;
	unsigned suspects;		/* files that looked bad */
	struct verify_progress progress;
	uint64_t bytes_before;		/* of the structure */
	bool is_over;
	enum verify_end end;
	struct err *err;
	struct verify_errand *errand;	/* NULL: it is no thread of its own */
};

/* verify_seen_add(s, id): false if it is there. */
bool verify_seen_add(struct verify_seen *, const struct manifest_id *);

/* verify_is_over(v): nothing more is to be done in this run.  verify_fail(v):
 * because of the error that is set.  Returns -1. */
bool verify_is_over(struct verify *);
int verify_fail(struct verify *);

/* verify_begin_bytes(v, all): from here on it is so many blobs, for who looks
 * on.  verify_at(v, registry, repository): this one is at hand. */
void verify_begin_bytes(struct verify *, uint64_t);
void verify_at(struct verify *, const char *, const char *);

/* verify_change(v, fn, cookie): ${fn} makes a step.  Others wait until that has
 * ended, so it is done by a thread that comes after nobody. */
void verify_change(struct verify *, void (*)(void *), void *);

/* verify_step(v, fn, cookie): the same where ${fn} is to be called in a step.
 * Return 0, or -1: the run is over. */
int verify_step(struct verify *, void (*)(void *), void *);

/* verify_blobs(v, alg): the folder of blobs, open; -1: there is none. */
int verify_blobs(struct verify *, enum digest_alg);

/* verify_tell(v, kind, path, digest, media_type, what): a finding with no more
 * to it. */
void verify_tell(struct verify *, enum verify_kind, const char *,
    const struct digest *, const char *, const char *);
void verify_tell_all(struct verify *, const struct verify_finding *);

/* --- verify_read.c ----------------------------------------------------- */

/*
 * verify_file(v, path, digest, media_type): is this the file that its name
 * says?  1 yes; 0 not there, or not yet known because the run is over; -1 not:
 * it has been told, and taken out if it was bad.
 */
int verify_file(struct verify *, const char *, const struct digest *,
    const char *);

/* --- verify_manifest.c ------------------------------------------------- */

/* Where a manifest was found. */
struct verify_place {
	const char *registry, *repository;
	const char *reference;		/* the link */
};

/*
 * verify_manifest(v, place, id, ret, fn, fn_cookie): look at it and at what it
 * needs, and call ${fn} (or NULL) for its children.  1 it is here and makes
 * sense, and ${ret} is filled; 0 not.  The first time only it is told what is
 * wrong with it; 2: it has been looked at before, and nothing was done.
 */
int verify_manifest(struct verify *, const struct verify_place *,
    const struct manifest_id *, struct verify_look *, child_fn *, void *);

/* --- verify_links.c, verify_objects.c, verify_lists.c, verify_bytes.c -- */

/* All return 0, or -1 if the run is over. */
int verify_links(struct verify *);
int verify_objects(struct verify *);
int verify_bytes(struct verify *);
int verify_images(struct verify *);

/* verify_tags(v, place, names, count): _tags/list, beside the sorted names in
 * _manifests. */
int verify_tags(struct verify *, const struct verify_place *,
    char *const *names, size_t);

/* What the manifests of a repository say of their subjects. */
struct verify_referral {
	struct digest subject, digest;
	struct manifest_id id;
};
struct verify_referrals {
	struct verify_referral *all;
	size_t count, room;
};
void verify_referrals_add(struct verify_referrals *,
    const struct manifest_id *, const struct digest *);

/* verify_referrers(v, place, all): the lists of referrers. */
int verify_referrers(struct verify *, const struct verify_place *,
    struct verify_referrals *);

/* verify_index(v): index.json and catalog.json. */
int verify_index(struct verify *);

/* --- verify_state.c ---------------------------------------------------- */

/* _state/verified */
struct verify_state {
	uint64_t pass;			/* from 1 on */
	int64_t started;
	int64_t before;			/* the one before; 0: there is none */
	bool has_cursor;
	struct digest cursor;		/* the last one */
	uint64_t files, bytes;
};
#define VERIFIED_FILE		"verified"
#define VERIFIED_BYTES_MAX	1024u

/* verify_state_parse(text, ret): 1, or 0 if it makes no sense.
 * verify_state_print(s, buf): for store_write_state. */
int verify_state_parse(const char *, struct verify_state *);
char *verify_state_print(const struct verify_state *,
    char buf[VERIFIED_BYTES_MAX]);

/* --- folders, in no order ---------------------------------------------- */

/* verify_each_name(v, path, fn, cookie): ${fn} returns 0 to go on.  ${type} is
 * d_type, never DT_UNKNOWN.  0, or -1: the run is over; a folder that is not
 * there has no names. */
typedef int verify_name_fn(struct verify *, void *cookie, const char *path,
    const char *name, int type);
int verify_each_name(struct verify *, const char *, verify_name_fn *, void *);

#endif
