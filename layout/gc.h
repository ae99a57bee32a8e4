#ifndef CDR_GC_H
#define CDR_GC_H

#include "children.h"
#include "limits.h"
#include "store.h"

/*
 * What nothing keeps is dropped from the tree.  The caller says which
 * references are kept, and for what reason; this library finds what they reach,
 * remembers since when the rest has been unreachable (_state/condemned), and
 * takes away what has been for long enough, in the order of publishing
 * backwards: cdr-layout(5), "What goes".
 */

/* What is to become of a tag, or of a digest that was published without one. */
enum gc_verdict_kind {
	GC_KEEP,		/* whatever happens */
	GC_UNLISTED,		/* unless there is no room for it */
	GC_FOLLOW,		/* a signature tag or the like: as long as the
				 * subject that its name says */
	GC_GO			/* its term is over */
};

struct gc_verdict {
	enum gc_verdict_kind kind;
	int64_t unlisted_s;	/* GC_UNLISTED: for so long: who has been for
				 * longest makes room first */
	unsigned keep;		/* other digests of its history */
	int64_t keep_for_s;	/* and those younger than that; 0: none */
};

struct gc_reference {
	const char *registry, *repository;
	const char *reference;	/* a tag, or "alg:hex" */
	struct manifest_id id;
};

/* What has gone or would go, for people. */
enum gc_kind {
	GC_IMAGE,		/* a reference */
	GC_MANIFEST,
	GC_BLOB,
	GC_PARTIAL,		/* of _state/partial */
	GC_QUARANTINE,
	GC_OTHER		/* links and lists that lead nowhere */
};

enum gc_why {
	GC_WHY_TERM,		/* images: unlisted for too long */
	GC_WHY_ROOM,		/* there was no room for it */
	GC_WHY_SUBJECT,		/* what it belongs to has gone */
	GC_WHY_ASKED,		/* gc_options.only */
	GC_WHY_UNREACHED	/* nothing keeps it, for the whole grace */
};

struct gc_event {
	enum gc_kind kind;
	enum gc_why why;
	const char *name;	/* a full reference, a digest, or a path */
	const struct digest *digest;	/* images, manifests, blobs */
	uint64_t bytes;		/* on the disk; of an image 0 */
};

/* How far a run is, for who looks on. */
enum gc_phase {
	GC_AT_IMAGES,		/* which stay? */
	GC_AT_FILES,		/* which does that reach? */
	GC_REMOVES
};
struct gc_progress {
	enum gc_phase phase;
	uint64_t done;		/* of these */
	uint64_t removals;	/* so many there are */
	char at[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + 2];
				/* the repository, of images */
};

struct gc_rules {
	/* judge(cookie, reference, ret, e): in the order of
	 * store_each_reference. */
	int (*judge)(void *, const struct gc_reference *, struct gc_verdict *,
	    struct err *);
	/* in_use(cookie, digest): is it one of the digests (manifest, index or
	 * configuration) that are in use?  What reaches it is kept.  NULL: none
	 * is known. */
	bool (*in_use)(void *, const struct digest *);
	/* pinned(cookie, registry, repository, digest): keep this manifest of
	 * the repository, whatever the tags say?  NULL: none is. */
	bool (*pinned)(void *, const char *, const char *,
	    const struct digest *);
	children_fn *children;
	/* filter(cookie, list, keep, keep_cookie, ret, e): a list of referrers
	 * without those that are not kept; 1 and ${ret} to free(3), 0 where
	 * nothing changes, 2 where nothing is left, -1. */
	int (*filter)(void *, const char *list,
	    bool (*keep)(void *, const struct digest *), void *keep_cookie,
	    char **ret, struct err *);
	/* tell(cookie, event): may be NULL. */
	void (*tell)(void *, const struct gc_event *);
	/* is_stopped(cookie): the run is to end; may be NULL. */
	bool (*is_stopped)(void *);
	/* progress(cookie, p): now and again; may be NULL. */
	void (*progress)(void *, const struct gc_progress *);
	void *cookie;
	/* begin(cookie): all is judged from here on, maybe once more: nothing
	 * that others may have changed since is known.  May be NULL. */
	void (*begin)(void *);
};

struct gc_options {
	bool dry_run;			/* of a store that was opened to read */
	int64_t now;			/* seconds since 1970 */
	int64_t grace_s;
	unsigned max_delete;		/* of 100 images; 100: any number */
	uint64_t min_free;		/* bytes; 0: no matter */
	uint64_t max_size;		/* bytes; 0: no matter */
	/* Not NULL: take out this image at once, with what only it reaches, and
	 * nothing else; the references's own ${id} is not looked at. */
	const struct gc_reference *only;
};

struct gc_totals {
	uint64_t images;		/* references before */
	uint64_t images_gone, manifests_gone, blobs_gone, others_gone;
	uint64_t unlisted;		/* references that are here and are not
					 * on a list */
	uint64_t condemned;		/* objects that are within their term */
	uint64_t condemned_bytes;
	uint64_t reclaimable_bytes;	/* if all that is unlisted or condemned
					 * went at once */
	uint64_t bytes_gone;		/* of the files that went, on the
					 * disk */
	uint64_t free_before, free_after;	/* of the file system */
	uint64_t bytes;			/* of the tree, afterwards */
	uint64_t lacking;		/* manifests that are kept, and are not
					 * here: until they are, the condemned
					 * stay for longer */
};

enum gc_end {
	GC_DONE,
	GC_TOO_MANY,		/* max_delete: nothing was touched */
	GC_NO_ROOM,		/* what may go has gone, and min_free or
				 * max_size is not reached */
	GC_UNREADABLE,		/* something that is kept cannot be read, so
				 * nothing was touched: ${e} names it */
	GC_STOPPED,		/* is_stopped said so: run it again */
	GC_BUSY,		/* somebody relies on all that is here */
	GC_FAILED		/* ${e} */
};

/*
 * gc_run(st, rules, options, ret, e): ${st} is open for writing (a dry run's:
 * to read).  The lists of the tree are behind when it returns, as after
 * store_publish: store_finish.
 */
enum gc_end gc_run(struct store *, const struct gc_rules *,
    const struct gc_options *, struct gc_totals *, struct err *);

#endif
