#ifndef CDR_VERIFY_H
#define CDR_VERIFY_H

#include "children.h"
#include "limits.h"
#include "store.h"

/*
 * Is the tree what it says it is?  First what holds it together: links,
 * manifests, what these need, lists; then the bytes of each blob, in the order
 * of digests, as far as the time goes: the next run goes on from there
 * (_state/verified).  What is wrong on the disk is renamed into
 * _state/quarantine, so that nobody is served with it: cdr-layout(5), "What is
 * wrong".
 */

enum verify_kind {
	VERIFY_BYTES,		/* they are others than its name says */
	VERIFY_UNREADABLE,	/* the disk does not give them */
	VERIFY_UNSTEADY,	/* others at each reading: stays, but with
				 * go_on */
	VERIFY_CACHED,		/* wrong in memory, right on the disk */
	VERIFY_MISSING,		/* a manifest that is linked needs it */
	VERIFY_SIZE,		/* right, but a manifest says another size */
	VERIFY_TYPE,		/* a manifest under another type than its own,
				 * or one that makes no sense */
	VERIFY_LINK,		/* leads nowhere, or elsewhere, or is absent */
	VERIFY_LIST,		/* says something else than the links */
	VERIFY_FOREIGN		/* is not of this tree */
};
#define VERIFY_KINDS	(VERIFY_FOREIGN + 1)

struct verify_finding {
	enum verify_kind kind;
	const char *path;		/* in ROOT */
	const char *what;		/* what is wrong with it */
	const struct digest *digest;	/* of an object; else NULL */
	const char *media_type;		/* of a manifest; else NULL */
	uint64_t size;			/* of a blob that is missing, as its
					 * manifest says */
	bool is_out;			/* in quarantine, just now */
	bool is_mended;
};

/* What a manifest says of itself. */
struct verify_look {
	char media_type[MEDIA_TYPE_MAX + 1];	/* what it is; "": does not
						 * say */
	bool has_subject;
	struct digest subject;
};

enum verify_list {
	VERIFY_TAGS,			/* _tags/list */
	VERIFY_REFERRERS,		/* _referrers/ALG:HEX */
	VERIFY_INDEX,			/* index.json */
	VERIFY_CATALOG			/* catalog.json */
};

/* An entry of a list: a name, "" for referrers, and for index.json with a blank
 * and the media type behind it; and a digest, for these two. */
typedef void verify_entry_fn(void *cookie, const char *name,
    const struct digest *);

/* How far a run is, for who looks on. */
#define VERIFY_AT_MAX	(REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + 2)
struct verify_progress {
	const struct verify_totals *totals;
	bool is_bytes;			/* else it looks at the structure */
	char at[VERIFY_AT_MAX];		/* the repository at hand, or the blob's
					 * digest; or "" */
	uint64_t done, all;		/* blobs that are read in this run, or
					 * images of ${only}; 0: not known */
	uint64_t bytes;			/* of these blobs, so far; */
	uint64_t all_bytes;		/* and in all; 0: not known */
	uint64_t pass_bytes;		/* what earlier runs of the pass have
					 * read */
};

struct verify_rules {
	/* look(cookie, id, buf, len, fn, fn_cookie, ret, e): as children_fn;
	 * and what it is. */
	int (*look)(void *, const struct manifest_id *, const char *buf,
	    size_t len, child_fn *, void *fn_cookie, struct verify_look *,
	    struct err *);
	/* list(cookie, kind, buf, len, fn, fn_cookie): call ${fn} for each
	 * entry.  0, or -1 where it is none. */
	int (*list)(void *, enum verify_list, const char *buf, size_t len,
	    verify_entry_fn *, void *fn_cookie);
	/* describe(buf, len, id, ret, e): as it stands in a list of referrers;
	 * free(3) it.  0 or -1. */
	int (*describe)(const char *, size_t, const struct manifest_id *,
	    char **, struct err *);
	store_merge_fn *merge;
	void (*tell)(void *cookie, const struct verify_finding *);
	bool (*is_stopped)(void *cookie);	/* the run is to end */
	/* progress(cookie, p): now and again; may be NULL. */
	void (*progress)(void *cookie, const struct verify_progress *);
	void *cookie;
};

struct verify_reference {
	const char *registry, *repository;
	const char *reference;		/* a tag, or "alg:hex" */
};

struct verify_options {
	bool quick;			/* no bytes but those of manifests */
	bool mend;			/* links, and lists but for index.json
					 * and catalog.json */
	bool go_on;			/* whatever looks like a failing disk */
	int64_t now;			/* seconds since 1970 */
	uint64_t limit_rate;		/* bytes a second; 0: any */
	unsigned max_time_s;		/* 0: any */
	const struct verify_reference *only;	/* these, and what they reach */
	size_t only_count;
};

struct verify_totals {
	uint64_t found[VERIFY_KINDS];
	uint64_t out, mended;
	uint64_t repositories, links, manifests;	/* looked at */
	uint64_t files, bytes;		/* hashed, in this run */
	/* Of the pass that this run was part of. */
	uint64_t pass, pass_files, pass_bytes;
	int64_t pass_started;
	bool pass_ended;
	unsigned percent;		/* how far it is */
	int64_t oldest;			/* no blob that was here then was
					 * verified before; 0: not all have
					 * been */
	bool cut;			/* the time was over before all links
					 * were looked at */
};

enum verify_end {
	VERIFY_DONE,
	VERIFY_TIME,			/* max_time_s: the next run goes on */
	VERIFY_STOPPED,			/* is_stopped said so: the same */
	VERIFY_TOO_MANY,		/* VERIFY_BAD_MAX files: a disk or the
					 * memory is failing */
	VERIFY_ABSENT,			/* of ${only}: ${e} says which */
	VERIFY_FAILED			/* ${e} */
};

/* So many files that looked bad, and nothing more is touched. */
#define VERIFY_BAD_MAX	10u

/*
 * verify_run(st, rules, options, ret, e): ${st} was opened with STORE_STEP.  It
 * works in a thread of its own, which reads after everybody else, and, where it
 * hashes blobs, computes after everybody else; the functions of ${rules} are
 * called there.
 */
enum verify_end verify_run(struct store *, const struct verify_rules *,
    const struct verify_options *, struct verify_totals *, struct err *);

/*
 * verify_reach(st, look, cookie, set, fn, fn_cookie, e): call ${fn} for each
 * link of each repository, and each object of ${set} that it reaches.  ${size}
 * is a parent's word; ${media_type} is of a manifest, else NULL.  0 or -1.
 */
struct verify_reached {
	const char *registry, *repository;
	const char *reference;		/* a tag, or "alg:hex" */
	const struct manifest_id *root;	/* what that leads to */
	const struct digest *digest;
	const char *media_type;
	uint64_t size;
};
typedef void verify_reach_fn(void *cookie, const struct verify_reached *);
int verify_reach(const struct store *, const struct verify_rules *,
    const struct digest_set *, verify_reach_fn *, void *, struct err *);

#endif
