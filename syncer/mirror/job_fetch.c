/* What is missing of an image is asked for: at the registry, and where that has
 * not got a layer, at the layer's own addresses. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "mirror/job_internal.h"

struct wanted {
	struct waiter waiter;
	struct job *job;
	struct object object;
	bool tolerate;
	const char *urls;		/* of a layer, the walk's: those that
					 * have not been tried yet */
	char *url;			/* that is being tried, or NULL */
	struct err first;		/* what the registry says of it */
};

static bool
is_root(const struct job *job, const struct wanted *w)
{
	return digest_equal(&w->object.id, &job->root);
}

/* It has not got it, or has something else under that name. */
static bool
is_not_there(const struct err *e)
{
	return e->code == ERR_NOT_FOUND || e->code == ERR_DENIED ||
	    e->code == ERR_DIGEST || e->code == ERR_DATA;
}

/* The next address of a layer that the registry has not got
 * (quirks.md#foreign-layers).  Return false if there is none, or if ${e} is no
 * reason to look for it elsewhere. */
static bool
ask_elsewhere(struct wanted *w, const struct err *e)
{
	struct job *job = w->job;
	size_t len;

	if (w->url == NULL && !is_not_there(e))
		return false;
	if (w->url == NULL)
		w->first = *e;
	job->elsewhere_err = *e;
	while (e->code != ERR_CANCELLED && e->code != ERR_STORE &&
	    w->urls != NULL && w->urls[0] != '\0') {
		len = strcspn(w->urls, "\n");
		free(w->url);
		w->url = xstrndup(w->urls, len);
		w->urls += len + 1;
		w->waiter.source = dispatch_elsewhere(job->d, job->source,
		    w->url, &job->elsewhere_err);
		w->waiter.repository = w->url;
		if (w->waiter.source != NULL) {
			dispatch_want(job->d, &w->object, &w->waiter);
			return true;
		}
	}
	return false;
}

/* A 404 that the image can do without, or another way to ask. */
static bool
excused(struct job *job, const struct wanted *w, const struct err *e)
{
	if (e->code == ERR_DENIED && w->tolerate && w->url != NULL)
		return digest_set_add(&job->absent, &w->object.id, NULL);
	if (e->code != ERR_NOT_FOUND)
		return false;
	if (w->object.kind == OBJECT_OPAQUE)
		return digest_set_add(&job->as_blobs, &w->object.id, NULL);
	if (w->tolerate)
		return digest_set_add(&job->absent, &w->object.id, NULL);
	return false;
}

/* The registry's reason, and that of the last address which was tried. */
static void
explain(struct job *job, const struct wanted *w, const struct err *e)
{
	if (e == &w->first)
		err_set(&job->err, e->code, "%s; elsewhere: %s", e->msg,
		    job->elsewhere_err.msg);
	else
		job->err = *e;
}

static void
fetched(struct waiter *waiter, const struct err *e)
{
	struct wanted *w = (struct wanted *)waiter;
	struct job *job = w->job;
	bool ask_tag = false;

	assert(job->state == JOB_FETCH && job->pending > 0);
	if (e != NULL && ask_elsewhere(w, e))
		return;
	/* What its addresses say is not the reason. */
	if (e != NULL && w->url != NULL && e->code != ERR_CANCELLED &&
	    e->code != ERR_STORE)
		e = &w->first;
	if (e == NULL) {
		job->objects++;
		job->bytes += waiter->size;
	} else if (is_root(job, w) && e->code == ERR_NOT_FOUND &&
	    job->entry->ref.tag != NULL && !job->entry->ref.has_digest &&
	    !job->is_held && !job->resolve.with_get) {
		/* HEAD named a digest that is not there: it was wrong, or the
		 * tag has moved since. */
		ask_tag = true;
	} else if (!excused(job, w, e) && !job->failed) {
		job->failed = true;
		explain(job, w, e);
	}
	free(w->url);
	free(w);
	if (--job->pending > 0)
		return;
	if (job->failed)
		job_finish(job, job->err.code == ERR_CANCELLED ? JOB_CANCELLED :
		    JOB_FAILED);
	else if (ask_tag)
		job_start_resolve(job, true);
	else
		job_start_walk(job);
}

static bool
is_only_planned(const struct job *job, const struct object *object)
{
	return job->options.plan && object->kind == OBJECT_BLOB;
}

size_t
job_to_fetch(const struct job *job)
{
	size_t i, count = 0;

	for (i = 0; i < job->walk.missing_count; i++)
		count += !is_only_planned(job, &job->walk.missing[i].object);
	return count;
}

void
job_start_fetch(struct job *job)
{
	const struct walk_missing *missing = job->walk.missing;
	size_t i, count = job->walk.missing_count;
	struct wanted *w;

	job_enter(job, JOB_FETCH);
	job->pending = job_to_fetch(job);
	for (i = 0; i < count; i++) {
		if (is_only_planned(job, &missing[i].object))
			continue;
		w = xcalloc(1, sizeof(*w));
		w->job = job;
		w->object = missing[i].object;
		w->tolerate = missing[i].tolerate;
		w->urls = missing[i].urls;
		w->waiter.source = job->source;
		w->waiter.priority = job->entry->priority;
		w->waiter.repository = job->entry->ref.repository;
		w->waiter.end = fetched;
		dispatch_want(job->d, &w->object, &w->waiter);
	}
}
