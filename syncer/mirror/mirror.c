#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layout/clock.h"
#include "layout/mem.h"
#include "mirror/active.h"
#include "mirror/agenda.h"
#include "mirror/ages.h"
#include "mirror/expand.h"
#include "mirror/job.h"
#include "mirror/job_status.h"
#include "mirror/mirror.h"
#include "mirror/plan.h"
#include "mirror/room.h"

/* Images in progress at once: enough to keep the links busy, and few enough
 * that memory does not grow with the list. */
#define ACTIVE_MAX	128u
#define STEP_MS		250
#define WINDOW_LOOK_MS	1000

struct run {
	const struct mirror *mirror;
	struct dispatch *dispatch;
	struct report_totals totals;
	int64_t started_ms;
	struct agenda *agenda;
	struct active active;
	struct names names;
	struct ages *ages;		/* of images, for newest= */
	struct relist patterns;		/* that could not be looked up */
	bool stopping;
	enum mirror_end stopped;	/* why, if it is stopping */
	uint64_t left_bytes;		/* when that began */
	int64_t clock_seen_ms;
	struct err store_err;		/* code ERR_NONE: the store is well */
};

static void
stop(struct run *run, enum mirror_end why)
{
	if (run->stopping)
		return;
	run->stopping = true;
	run->stopped = why;
	run->left_bytes = dispatch_left(run->dispatch);
	dispatch_stop(run->dispatch);
}

static const char *
advice(const struct err *e)
{
	if (e->code == ERR_DENIED)
		return "; check the name, and, if it is private, the "
		    "credentials in config.json, where docker login puts them";
	return "";
}

static void
report_failure(const char *image, const struct job_report *r)
{
	char text[DIGEST_TEXT_MAX], message[ERR_MSG_MAX + 120];
	struct report_image line = {
		.image = image,
		.result = "failed",
		.reason = status_reason(r->err->code),
		.registry = r->entry->ref.registry,
		.digest = r->has_digest ? digest_text(&r->digest, text) : NULL,
		.error = message,
		.objects = (long long)r->objects,
		.bytes = (long long)r->bytes,
		.duration_ms = r->duration_ms,
	};

	snprintf(message, sizeof(message), "%s%s", r->err->msg,
	    advice(r->err));
	report_image(REPORT_ERROR, &line);
}

static void
report_success(const char *image, const struct job_report *r)
{
	char text[DIGEST_TEXT_MAX];
	bool updated = r->result == JOB_UPDATED;
	bool held = r->result == JOB_HELD;
	struct report_image line = {
		.image = image,
		.result = updated ? "updated" : held ? "held" : "unchanged",
		.registry = r->entry->ref.registry,
		.digest = r->has_digest ? digest_text(&r->digest, text) : NULL,
		.objects = (long long)r->objects,
		.bytes = (long long)r->bytes,
		.duration_ms = r->duration_ms,
	};

	report_image(updated || held ? REPORT_INFO : REPORT_DEBUG, &line);
	/* Also when nothing has changed: nobody has put it right yet. */
	if (r->lacking[0] != '\0')
		report(REPORT_WARNING, "%s: upstream has nothing for %s; it "
		    "has %s", image, r->lacking, r->walk == NULL ||
		    r->walk->offered[0] == '\0' ? "others" :
		    r->walk->offered);
	if (!updated)
		return;
	if (r->foreign > r->elsewhere)
		report(REPORT_WARNING, "%s: %zu foreign layer(s): some clients "
		    "fetch these from the URLs in the manifest and not from "
		    "here", image, r->foreign - r->elsewhere);
	if (r->elsewhere > 0)
		report(REPORT_WARNING, "%s: %zu foreign layer(s) left out, "
		    "which clients have to fetch from the URLs in the "
		    "manifest: %s", image, r->elsewhere,
		    r->elsewhere_err->msg);
	if (r->schema1 > 0)
		report(REPORT_WARNING, "%s: %zu Docker schema 1 manifest(s) "
		    "left out, which no current client can use", image,
		    r->schema1);
	if (r->unknown_digests > 0)
		report(REPORT_WARNING, "%s: %zu objects left out: their "
		    "digest algorithm is neither sha256 nor sha512", image,
		    r->unknown_digests);
}

static void
count_lacking(struct run *run, const struct job_report *r)
{
	struct report_totals *t = &run->totals;
	uint64_t bytes = room_needed(run->dispatch, r->walk);

	t->lacking_bytes += bytes;
	if (t->lacking_least == 0 || bytes < t->lacking_least)
		t->lacking_least = bytes;
}

/* A tag that a pattern is said to match now, and that is not there, is what it
 * would not have found. */
static bool
is_vanished(const struct run *run, const struct job_report *r)
{
	return run->mirror->only != NULL && r->result == JOB_FAILED &&
	    r->err->code == ERR_NOT_FOUND && !r->has_digest &&
	    r->entry->is_found && r->entry->newest == 0;
}

static void
job_ended(void *cookie, const struct job_report *r)
{
	struct run *run = cookie;
	struct report_totals *t = &run->totals;
	char *image = image_ref_text(&r->entry->ref);

	t->active--;
	active_remove(&run->active, r->entry);
	if (run->mirror->plan != NULL && r->result != JOB_CANCELLED)
		plan_add(run->mirror->plan, image, r);
	if (!is_vanished(run, r))
		job_status(run->mirror->status, image, r);
	switch (r->result) {
	case JOB_UNCHANGED:
		t->unchanged++;
		report_success(image, r);
		break;
	case JOB_UPDATED:
		t->updated++;
		report_success(image, r);
		break;
	case JOB_HELD:
		t->held++;
		report_success(image, r);
		break;
	case JOB_PLANNED:
		break;
	case JOB_FAILED:
		if (is_vanished(run, r)) {
			t->images--;
			report(REPORT_INFO, "%s: it is not there (any more)",
			    image);
			break;
		}
		t->failed++;
		report_failure(image, r);
		if (r->err->code == ERR_ROOM && r->walk != NULL)
			count_lacking(run, r);
		if (r->err->code == ERR_STORE &&
		    run->store_err.code == ERR_NONE)
			run->store_err = *r->err;
		break;
	case JOB_CANCELLED:
		t->cancelled++;
		break;
	}
	free(image);
}

/* A pattern was one line; now it is as many images as it has found. */
static void
pattern_ended(void *cookie, const struct list_entry *entry,
    char *const *tags, size_t count, size_t all, const struct err *e)
{
	struct run *run = cookie;
	struct job_report failure = { .entry = entry, .result = JOB_FAILED,
	    .lacking = "", .err = e };

	if (e != NULL) {
		if (e->code == ERR_CANCELLED)
			failure.result = JOB_CANCELLED;
		job_ended(run, &failure);
		relist_add(&run->patterns, entry);
		run->totals.images += agenda_expand(run->agenda, entry, NULL,
		    0, 0);
		return;
	}
	run->totals.active--;
	active_remove(&run->active, entry);
	run->totals.images += agenda_expand(run->agenda, entry, tags, count,
	    all);
	run->totals.images--;
}

/* Two patterns have found it, and want different things of it. */
static void
refuse(struct run *run, const struct agenda_item *item)
{
	struct err e;
	struct job_report failure = { .entry = item->entry,
	    .result = JOB_FAILED, .lacking = "", .err = &e };

	list_dispute(item->line, item->rival, &e);
	job_ended(run, &failure);
}

/* Of a pattern only these tags.  Return false where it is to be looked up. */
static bool
take_tags(struct run *run, const struct list_entry *entry)
{
	struct only *only = run->mirror->only;
	char **tags = NULL;
	size_t count = 0;

	if (only == NULL || only_part(only, entry, &tags, &count) != ONLY_TAGS)
		return false;
	pattern_ended(run, entry, tags, count, count, NULL);
	free(tags);
	return true;
}

static void
start_next(struct run *run, const struct agenda_item *item)
{
	struct job_options options = {
		.plan = run->mirror->plan != NULL,
		.key = policy_key(run->mirror->policy, item->entry),
		.publish = run->mirror->publish,
		.publish_cookie = run->mirror->publish_cookie,
	};

	run->totals.active++;
	active_add(&run->active, item->entry);
	if (item->rival != NULL)
		refuse(run, item);
	else if (item->entry->tags != NULL && take_tags(run, item->entry))
		return;
	else if (item->entry->tags != NULL)
		expand_start(run->dispatch, run->ages, item->entry,
		    item->priority, pattern_ended, run);
	else
		job_start(run->dispatch, run->mirror->config.store,
		    item->entry, &options, job_ended, run);
}

static void
start_jobs(struct run *run)
{
	unsigned jobs = run->mirror->jobs;
	size_t most = jobs > 0 ? jobs : ACTIVE_MAX;
	struct agenda_item item;

	while (!run->stopping && run->totals.active < most &&
	    agenda_next(run->agenda, &item))
		start_next(run, &item);
}

static void
take_numbers(struct run *run)
{
	const struct transfer_stats *s = dispatch_stats(run->dispatch);
	struct report_totals *t = &run->totals;

	t->objects = s->objects;
	t->bytes = s->bytes;
	t->requests = s->requests;
	t->pulls = s->pulls;
	t->running = s->running;
	t->waits = dispatch_waits(run->dispatch);
	t->names = active_names(&run->active, &run->names);
	t->limit_rate = run->mirror->config.limit_rate;
	t->wanted = s->wanted;
	t->wanted_bytes = dispatch_left(run->dispatch);
	t->duration_ms = clock_ms() - run->started_ms;
}

static bool
asked_to_stop(const struct mirror *m)
{
	struct pollfd p = { .fd = m->stop_fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Looked at each second: clocks are set, and summer comes and goes. */
static bool
window_is_over(struct run *run)
{
	const struct mirror *m = run->mirror;
	int64_t now = clock_ms();

	if (m->window == NULL || now < run->clock_seen_ms + WINDOW_LOOK_MS)
		return false;
	run->clock_seen_ms = now;
	return !window_is_open(m->window, time(NULL));
}

/* The ends that the user has set to it. */
static void
mind_manners(struct run *run)
{
	if (dispatch_is_spent(run->dispatch))
		stop(run, MIRROR_SPENT);
	else if (window_is_over(run))
		stop(run, MIRROR_CLOSED);
}

static void
loop(struct run *run)
{
	const struct mirror *m = run->mirror;
	bool asked = false;

	for (;;) {
		if (!asked && asked_to_stop(m)) {
			asked = true;
			stop(run, MIRROR_STOPPED);
		}
		if (run->store_err.code != ERR_NONE)
			stop(run, MIRROR_STORE_FAILED);
		mind_manners(run);
		start_jobs(run);
		if (run->totals.active == 0 && dispatch_idle(run->dispatch))
			break;
		/* Once it is readable it stays so: do not spin on it. */
		dispatch_step(run->dispatch, STEP_MS, asked ? -1 : m->stop_fd);
		if (report_progress_due()) {
			take_numbers(run);
			report_progress(&run->totals);
		}
	}
	run->totals.images += agenda_close(run->agenda);
	run->totals.cancelled += agenda_left(run->agenda);
	job_status_rest(m->status, run->agenda, &run->patterns);
	/* Nothing leaves its list by a run that looks at some of it. */
	if (m->only != NULL)
		relist_drop(&run->patterns);
	else
		relist_end(&run->patterns, m->list, m->config.store,
		    m->status);
}

static void
end_plan(const struct run *run)
{
	const struct dispatch_config *config = &run->mirror->config;
	struct plan_limits limits = {
		.free_bytes = store_free_bytes(config->store),
		.max_bytes = config->max_bytes,
		.pulls = run->totals.pulls,
		.quotas = dispatch_quotas(run->dispatch),
	};

	plan_end(run->mirror->plan, &limits);
}

enum mirror_end
mirror_run(const struct mirror *m, struct report_totals *ret, struct err *e)
{
	struct run run = { .mirror = m, .started_ms = clock_ms() };
	enum mirror_end end = MIRROR_DONE;

	run.dispatch = dispatch_new(&m->config, e);
	if (run.dispatch == NULL)
		return MIRROR_STORE_FAILED;
	run.agenda = agenda_new(m->list, m->only);
	run.totals.images = agenda_left(run.agenda);
	run.ages = ages_new(m->config.store);
	loop(&run);
	ages_free(run.ages);
	take_numbers(&run);
	agenda_free(run.agenda);
	active_done(&run.active);
	run.totals.waits = NULL;
	run.totals.names = NULL;
	if (m->plan != NULL)
		end_plan(&run);
	dispatch_keep_quotas(run.dispatch);
	if (m->status != NULL)
		dispatch_tell_pulls(run.dispatch, m->status);
	dispatch_free(run.dispatch);
	if (run.store_err.code != ERR_NONE) {
		*e = run.store_err;
		end = MIRROR_STORE_FAILED;
	} else if (run.stopping && (run.stopped == MIRROR_STOPPED ||
	    run.totals.cancelled > 0)) {
		end = run.stopped;
		run.totals.wanted_bytes = run.left_bytes;
	}
	/* What is published belongs into the index, whatever came then. */
	if (store_finish(m->config.store, e) == -1)
		end = MIRROR_STORE_FAILED;
	run.totals.duration_ms = clock_ms() - run.started_ms;
	*ret = run.totals;
	return end;
}
