#ifndef CDR_MIRROR_JOB_H
#define CDR_MIRROR_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "image/list.h"
#include "transfer/dispatch.h"
#include "mirror/policy.h"

/* One image of the list, from its tag upstream to its tag here. */
struct job;

enum job_result {
	JOB_UNCHANGED,		/* all was here and published already */
	JOB_UPDATED,
	JOB_PLANNED,		/* what is missing is known: nothing was
				 * published */
	JOB_HELD,		/* the tag stays where somebody has set it */
	JOB_FAILED,
	JOB_CANCELLED		/* the run ends before it could */
};

struct walk;
struct companions;

/* What became of it. */
struct job_report {
	const struct list_entry *entry;
	enum job_result result;
	struct digest digest;		/* where it is known */
	bool has_digest;
	const char *key, *key_id;	/* whose signature it has to have, as
					 * policy_key has it; NULL: nobody's */
	bool is_verified;		/* the digest has it */
	size_t objects;			/* fetched for it, or with others */
	uint64_t bytes;			/* of these */
	uint64_t total_bytes;		/* of all that the image reaches here */
	int64_t duration_ms;
	size_t foreign;			/* see struct walk */
	size_t elsewhere;
	const struct err *elsewhere_err;	/* why these are not here */
	size_t unknown_digests;
	size_t schema1;
	const char *lacking;
	const struct err *err;		/* JOB_FAILED, JOB_CANCELLED */
	const struct walk *walk;	/* what it reaches, so far */
	const struct companions *companions;	/* NULL: not asked for */
};

typedef void job_end(void *cookie, const struct job_report *);

/* job_publish: it is about to be published, as this manifest. */
typedef void job_publish(void *cookie, const struct image_ref *,
    const struct manifest_id *);

struct job_options {
	bool companion;		/* of another image: by digest it is published
				 * with that; under a tag it may be absent */
	unsigned depth;		/* how many subjects away from an image */
	size_t *referrers;	/* of that image, so far; NULL for itself */
	bool plan;		/* fetch what tells, the manifests, and stop */
	bool hold;		/* fetch a signature, and publish nothing */
	bool signature;		/* that is what it may be: refuse what is too
				 * large for one */
	struct policy_key key;	/* what it has to be signed with, if anything */
	job_publish *publish;	/* is told from dispatch_step; NULL: nobody */
	void *publish_cookie;
};

/*
 * job_start(d, store, entry, options, end, cookie): ${end} is called once, from
 * dispatch_step, and the job is gone when it returns.  ${options} NULL: an
 * image of the list.
 */
void job_start(struct dispatch *, const struct store *,
    const struct list_entry *, const struct job_options *, job_end *,
    void *);

#endif
