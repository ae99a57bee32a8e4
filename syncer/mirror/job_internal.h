#ifndef CDR_MIRROR_JOB_INTERNAL_H
#define CDR_MIRROR_JOB_INTERNAL_H

#include "layout/digest_set.h"
#include "mirror/companions.h"
#include "mirror/job.h"
#include "mirror/walk.h"

/* Shared by job.c and job_fetch.c, which is its state FETCH. */

enum job_state {
	JOB_RESOLVE,
	JOB_POLICY,
	JOB_WALK,
	JOB_FETCH,
	JOB_COMPANIONS,
	JOB_PUBLISH,
	JOB_END,
	JOB_STATES
};

struct job {
	struct dispatch *d;
	const struct store *store;
	const struct list_entry *entry;
	struct source *source;
	job_end *end;
	void *cookie;
	enum job_state state;
	int64_t started_ms;
	struct resolve resolve;
	struct digest root;
	bool has_root;
	bool is_held;			/* its tag, at ${root} */
	struct task walk_task;
	struct walk walk;
	struct digest_set absent, as_blobs;
	struct job_options options;
	struct companions held;		/* signatures that may be the ones */
	struct task policy_task;
	int verdict;			/* of signed_check */
	bool has_signature;		/* published here already */
	struct companions companions;	/* referrers= */
	bool has_companions;
	unsigned rounds;
	size_t pending;			/* objects asked for */
	struct err elsewhere_err;	/* of a foreign layer: why it is not
					 * here */
	struct commit commit;
	size_t objects;
	uint64_t bytes;
	bool failed;
	struct err err;			/* the first thing that went wrong */
};

/* job_enter(job, state): by an edge that is allowed. */
void job_enter(struct job *, enum job_state);

/* job_finish(job, result): tell of it; it is gone. */
void job_finish(struct job *, enum job_result);

/*
 * job_start_resolve(job, with_get): ask where the tag points to.
 * job_start_walk(job): look what is missing.  job_start_fetch(job): ask for
 * that, and walk again when all has come.  job_to_fetch(job): how many objects
 * that is.
 */
void job_start_resolve(struct job *, bool with_get);
void job_start_walk(struct job *);
void job_start_fetch(struct job *);
size_t job_to_fetch(const struct job *);

#endif
