/*
 * RESOLVE: what does the tag point to?  POLICY: is that signed as it has to be?
 * If not, nothing of it is fetched.  WALK: what of it is not here?  FETCH:
 * ask for that, and walk again, until nothing is missing.  COMPANIONS: what
 * refers to it, each a job of its own.  PUBLISH: only now may the tag move.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "image/list_agree.h"
#include "image/referrer.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/clock.h"
#include "mirror/job_internal.h"
#include "mirror/room.h"
#include "mirror/signed.h"
#include "report/report.h"

/* Each round goes one level deeper, or learns that something is not served. */
#define ROUNDS_MAX	(4 * MANIFEST_DEPTH_MAX)

/* A job begins in RESOLVE, also where its digest is known already.  FETCH leads
 * back to RESOLVE where a tag turns out to have moved meanwhile. */
static const bool edge_ok[JOB_STATES][JOB_STATES] = {
	[JOB_RESOLVE] = { [JOB_RESOLVE] = true, [JOB_POLICY] = true,
	    [JOB_WALK] = true, [JOB_END] = true },
	[JOB_POLICY] = { [JOB_WALK] = true, [JOB_END] = true },
	[JOB_WALK] = { [JOB_FETCH] = true, [JOB_COMPANIONS] = true,
	    [JOB_PUBLISH] = true, [JOB_END] = true },
	[JOB_FETCH] = { [JOB_RESOLVE] = true, [JOB_WALK] = true,
	    [JOB_END] = true },
	[JOB_COMPANIONS] = { [JOB_PUBLISH] = true, [JOB_END] = true },
	[JOB_PUBLISH] = { [JOB_END] = true },
};

void
job_enter(struct job *job, enum job_state to)
{
	assert(edge_ok[job->state][to]);
	job->state = to;
}

void
job_finish(struct job *job, enum job_result result)
{
	bool held = job->is_held && !job->options.plan &&
	    !job->options.companion &&
	    (result == JOB_UPDATED || result == JOB_UNCHANGED);
	struct job_report report = {
		.entry = job->entry,
		.result = held ? JOB_HELD : result,
		.digest = job->root,
		.has_digest = job->has_root,
		.key = job->options.key.path,
		.key_id = job->options.key.id,
		.is_verified = job->options.key.key != NULL &&
		    job->verdict == 1 && job->has_root && !job->is_held,
		.objects = job->objects,
		.bytes = job->bytes,
		.total_bytes = job->walk.bytes,
		.duration_ms = clock_ms() - job->started_ms,
		.foreign = job->walk.foreign,
		.elsewhere = job->walk.elsewhere,
		.elsewhere_err = &job->elsewhere_err,
		.unknown_digests = job->walk.unknown_digests,
		.schema1 = job->walk.schema1,
		.lacking = job->walk.lacking,
		.err = &job->err,
		.walk = &job->walk,
		.companions = job->has_companions ? &job->companions : NULL,
	};

	job_enter(job, JOB_END);
	job->end(job->cookie, &report);
	walk_done(&job->walk);
	companions_done(&job->held);
	companions_done(&job->companions);
	digest_set_done(&job->absent);
	digest_set_done(&job->as_blobs);
	free(job);
}

static void
fail(struct job *job, const struct err *e)
{
	job->err = *e;
	job_finish(job, e->code == ERR_CANCELLED ? JOB_CANCELLED : JOB_FAILED);
}

/* --- PUBLISH ----------------------------------------------------------- */

static void
published(struct task *task)
{
	struct job *job = (struct job *)((char *)task -
	    offsetof(struct job, commit.task));

	if (job->commit.err.code != ERR_NONE) {
		fail(job, &job->commit.err);
		return;
	}
	/* Since this image was begun; what was fetched is not what it has. */
	if (job->commit.publication.held) {
		job->is_held = true;
		job->has_root = false;
	}
	job_finish(job, JOB_UPDATED);
}

static void
start_publish(struct job *job)
{
	struct publication *p = &job->commit.publication;
	const struct image_ref *ref = &job->entry->ref;
	struct companions *c = &job->companions;

	/* The tag may move only when all that it reaches is here. */
	assert(job->has_root && job->walk.missing_count == 0);
	job_enter(job, JOB_PUBLISH);
	p->registry = ref->registry;
	p->repository = ref->repository;
	p->tag = ref->tag;
	p->root = job->walk.manifests[0];
	companions_put_first(c, &job->walk);
	p->manifests = c->manifests;
	p->count = c->count;
	p->referrals = c->referrals;
	p->referral_count = c->referral_count;
	p->merge = referrer_merge;
	p->default_manifest = job->walk.has_default ?
	    &job->walk.default_id : NULL;
	job->commit.task.done = published;
	if (job->options.publish != NULL)
		job->options.publish(job->options.publish_cookie, ref,
		    &p->root);
	committer_send(dispatch_committer(job->d), &job->commit);
}

/* --- WALK -------------------------------------------------------------- */

static void
walk_run(struct task *task)
{
	struct job *job = (struct job *)((char *)task -
	    offsetof(struct job, walk_task));
	const struct image_ref *ref = &job->entry->ref;
	struct walk_from from = {
		.store = job->store,
		.registry = ref->registry,
		.repository = ref->repository,
		.tag = ref->tag,
		.root = job->root,
		.platforms = job->entry->platforms,
		.absent = &job->absent,
		.as_blobs = &job->as_blobs,
		.whole = job->options.plan,
	};

	walk_done(&job->walk);
	job->err.code = ERR_NONE;
	(void)walk_image(&from, &job->walk, &job->err);
}

/* --- COMPANIONS -------------------------------------------------------- */

/* All is here, and what belongs to it as well. */
static void
conclude(struct job *job)
{
	bool same = job->walk.published && job->walk.missing_count == 0 &&
	    job->objects == 0 &&
	    (!job->has_companions || job->companions.published);

	if (same)
		job_finish(job, JOB_UNCHANGED);
	else if (job->options.plan)
		job_finish(job, JOB_PLANNED);
	else if (job->options.hold || (job->options.companion &&
	    job->entry->ref.tag == NULL))
		job_finish(job, JOB_UPDATED);
	else
		start_publish(job);
}

static void
gathered(void *cookie, struct companions *c, const struct err *e)
{
	struct job *job = cookie;

	if (e != NULL) {
		fail(job, e);
		return;
	}
	job->companions = *c;
	memset(c, 0, sizeof(*c));
	job->has_companions = true;
	job->objects += job->companions.objects;
	job->bytes += job->companions.bytes;
	conclude(job);
}

static void
complete(struct job *job)
{
	const struct referrer_rule *rule = job->entry->referrers;
	struct companions_of of = {
		.store = job->store,
		.entry = job->entry,
		.subjects = job->walk.manifests,
		.count = job->walk.manifest_count,
		.depth = job->options.depth,
		.all = job->options.referrers,
		.plan = job->options.plan,
		/* Nodes have to be able to verify it as well. */
		.signatures = job->options.key.key != NULL &&
		    !job->has_signature,
	};

	if ((rule == NULL || rule->want == REFERRERS_NO) && !of.signatures) {
		conclude(job);
		return;
	}
	job_enter(job, JOB_COMPANIONS);
	companions_start(job->d, &of, gathered, job);
}

/* Nobody's signature is as large as an image. */
static bool
is_too_large(const struct job *job)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < job->walk.missing_count && job->options.signature;
	    i++) {
		bytes += job->walk.missing[i].object.size;
		if (bytes > SIGNATURES_BYTES_MAX)
			return true;
	}
	return false;
}

static void
walked(struct task *task)
{
	struct job *job = (struct job *)((char *)task -
	    offsetof(struct job, walk_task));

	if (job->err.code != ERR_NONE) {
		fail(job, &job->err);
	} else if (is_too_large(job)) {
		err_set(&job->err, ERR_LIMIT, "more than %llu bytes, which is "
		    "no signature", (unsigned long long)SIGNATURES_BYTES_MAX);
		job_finish(job, JOB_FAILED);
	} else if (job->walk.missing_count == 0 ||
	    (job->options.plan && job_to_fetch(job) == 0)) {
		complete(job);
	} else if (++job->rounds > ROUNDS_MAX) {
		err_set(&job->err, ERR_LIMIT, "it is not complete after %u "
		    "rounds", ROUNDS_MAX);
		job_finish(job, JOB_FAILED);
	} else if (!job->options.plan &&
	    room_check(job->store, job->d, &job->walk, &job->err) == -1) {
		job_finish(job, JOB_FAILED);
	} else {
		job_start_fetch(job);
	}
}

void
job_start_walk(struct job *job)
{
	job_enter(job, JOB_WALK);
	job->walk_task.run = walk_run;
	job->walk_task.done = walked;
	pool_start(dispatch_pool(job->d), NULL, &job->walk_task);
}

/* --- POLICY ------------------------------------------------------------ */

static void
policy_run(struct task *task)
{
	struct job *job = (struct job *)((char *)task -
	    offsetof(struct job, policy_task));
	const struct companions *held = &job->held;
	struct signed_from from = {
		.store = job->store,
		.registry = job->entry->ref.registry,
		.repository = job->entry->ref.repository,
		.image = job->root,
		.key = &job->options.key,
		.manifests = held->manifests,
		.count = held->count,
		.flaw = held->flaw.code == ERR_NONE ? NULL : &held->flaw,
	};

	job->verdict = signed_check(&from, &job->err);
}

static void
was_signed(struct task *task)
{
	struct job *job = (struct job *)((char *)task -
	    offsetof(struct job, policy_task));

	if (job->verdict == 1)
		job_start_walk(job);
	else
		fail(job, &job->err);
}

static void
check_signed(struct job *job, void (*done)(struct task *))
{
	job->policy_task.run = policy_run;
	job->policy_task.done = done;
	pool_start(dispatch_pool(job->d), NULL, &job->policy_task);
}

static void
held(void *cookie, struct companions *c, const struct err *e)
{
	struct job *job = cookie;

	if (e != NULL) {
		fail(job, e);
		return;
	}
	job->held = *c;
	memset(c, 0, sizeof(*c));
	job->objects += job->held.objects;
	job->bytes += job->held.bytes;
	check_signed(job, was_signed);
}

/* Not by what is here: the registry may have more. */
static void
was_signed_here(struct task *task)
{
	struct job *job = (struct job *)((char *)task -
	    offsetof(struct job, policy_task));
	struct manifest_id root = { .digest = job->root };
	struct companions_of of = {
		.store = job->store,
		.entry = job->entry,
		.subjects = &root,
		.count = 1,
		.signatures = true,
		.hold = true,
	};

	job->has_signature = job->verdict == 1;
	if (job->verdict == 0)
		companions_start(job->d, &of, held, job);
	else
		was_signed(task);
}

/* What the image is, is known: on to what is in it, if it may come here. */
static void
start_image(struct job *job)
{
	if (job->options.key.key == NULL) {
		job_start_walk(job);
		return;
	}
	job_enter(job, JOB_POLICY);
	companions_done(&job->held);
	check_signed(job, was_signed_here);
}

/* --- RESOLVE ----------------------------------------------------------- */

/*
 * Not the first of its registry's endpoints has the tag.  It may be behind the
 * times: what is here stays.
 */
static int
mind_order(struct job *job, struct err *e)
{
	const struct image_ref *ref = &job->entry->ref;
	const char *place = dispatch_place(job->source);
	struct manifest_id here;
	int rc;

	rc = store_reference_get(job->store, ref->registry, ref->repository,
	    ref->tag, &here, e);
	if (rc == -1)
		return -1;
	if (rc == 0) {
		report(REPORT_INFO, "%s/%s:%s is new, and is taken from %s, "
		    "which is not the first endpoint", ref->registry,
		    ref->repository, ref->tag, place);
	} else if (!digest_equal(&here.digest, &job->root)) {
		report(REPORT_WARNING, "%s/%s:%s stays as it is: %s, which is "
		    "not the first endpoint, has another digest",
		    ref->registry, ref->repository, ref->tag, place);
		job->root = here.digest;
	}
	return 0;
}

static void
resolved(struct resolve *r, const struct digest *digest, const struct err *e)
{
	struct job *job = (struct job *)((char *)r -
	    offsetof(struct job, resolve));
	struct err why;

	assert(job->state == JOB_RESOLVE);
	if (digest == NULL) {
		fail(job, e);
		return;
	}
	job->root = *digest;
	job->has_root = true;
	job->source = r->source;
	if ((!dispatch_is_first(job->source) &&
	    mind_order(job, &why) == -1) ||
	    list_agree(job->entry, &job->root, &why) == -1)
		fail(job, &why);
	else
		start_image(job);
}

void
job_start_resolve(struct job *job, bool with_get)
{
	struct resolve *r = &job->resolve;

	job_enter(job, JOB_RESOLVE);
	r->source = job->source;
	r->priority = job->entry->priority;
	r->repository = job->entry->ref.repository;
	r->tag = job->entry->ref.tag;
	r->with_get = with_get;
	r->optional = job->options.companion;
	r->end = resolved;
	dispatch_resolve(job->d, r);
}

/* The end is told from dispatch_step here as well. */
static void
nothing(struct task *task)
{
	(void)task;
}

static void
no_source(struct task *task)
{
	struct job *job = (struct job *)((char *)task -
	    offsetof(struct job, walk_task));

	job_finish(job, JOB_FAILED);
}

/* Whoever holds it, and whoever has written that line, have to agree. */
static int
refuse_pin(struct job *job, const struct digest *at)
{
	char held[DIGEST_TEXT_MAX], pinned[DIGEST_TEXT_MAX];
	const struct list_entry *entry = job->entry;
	char *place = list_place(entry->file, entry->line);

	err_set(&job->err, ERR_INPUT, "%.200s pins it to %s, but it is held at "
	    "%s here: 'cdr rollback --release' lets it go", place,
	    digest_text(&entry->ref.digest, pinned), digest_text(at, held));
	free(place);
	return -1;
}

/*
 * A tag that is held is taken for one that is pinned to what it is held at:
 * nobody asks the registry where it points to, and what it has lost here comes
 * again.  Return 1, 0 if it is not, -1 with the job's error set.
 */
static int
look_for_hold(struct job *job)
{
	const struct image_ref *ref = &job->entry->ref;
	struct digest at;
	int rc;

	if (ref->tag == NULL)
		return 0;
	rc = store_held_get(job->store, ref->registry, ref->repository,
	    ref->tag, &at, &job->err);
	if (rc == 1 && ref->has_digest && !digest_equal(&ref->digest, &at))
		return refuse_pin(job, &at);
	if (rc == 1 && list_agree(job->entry, &at, &job->err) == -1)
		return -1;
	if (rc == 1) {
		job->root = at;
		job->has_root = job->is_held = true;
	}
	return rc;
}

void
job_start(struct dispatch *d, const struct store *store,
    const struct list_entry *entry, const struct job_options *options,
    job_end *end, void *cookie)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->d = d;
	job->store = store;
	job->entry = entry;
	job->end = end;
	job->cookie = cookie;
	job->started_ms = clock_ms();
	if (options != NULL)
		job->options = *options;
	job->source = dispatch_source(d, entry->ref.registry, &job->err);
	if (job->source == NULL ||
	    list_agree(entry, NULL, &job->err) == -1 ||
	    look_for_hold(job) == -1) {
		job->walk_task.run = nothing;
		job->walk_task.done = no_source;
		pool_start(dispatch_pool(d), NULL, &job->walk_task);
	} else if (job->is_held) {
		job_start_walk(job);
	} else if (entry->ref.has_digest) {
		job->root = entry->ref.digest;
		job->has_root = true;
		start_image(job);
	} else {
		job_start_resolve(job, false);
	}
}
