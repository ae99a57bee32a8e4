#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/mem.h"
#include "transfer/job.h"
#include "transfer/mirror.h"

/* Images in progress at once: enough to keep the links busy, and few enough
 * that memory does not grow with the list. */
#define ACTIVE_MAX	128u
#define STEP_MS		250

struct run {
	const struct mirror *mirror;
	struct dispatch *dispatch;
	struct report_totals totals;
	int64_t started_ms;
	size_t next;			/* entry of the list */
	bool stopping;
	struct err store_err;		/* code ERR_NONE: the store is well */
};

static void
stop(struct run *run)
{
	if (run->stopping)
		return;
	run->stopping = true;
	dispatch_stop(run->dispatch);
}

static const char *
advice(const struct err *e)
{
	if (e->code == ERR_DENIED)
		return "; check the name, and the credentials in config.json";
	return "";
}

static void
report_failure(const char *image, const struct job_report *r)
{
	char text[DIGEST_TEXT_MAX], message[ERR_MSG_MAX + 80];
	struct report_image line = {
		.image = image,
		.result = "failed",
		.digest = r->has_digest ? digest_text(&r->digest, text) : NULL,
		.error = message,
		.objects = -1,
		.bytes = -1,
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
	struct report_image line = {
		.image = image,
		.result = updated ? "updated" : "unchanged",
		.digest = digest_text(&r->digest, text),
		.objects = (long long)r->objects,
		.bytes = (long long)r->bytes,
		.duration_ms = r->duration_ms,
	};

	report_image(updated ? REPORT_INFO : REPORT_DEBUG, &line);
	/* Also when nothing has changed: nobody has put it right yet. */
	if (r->lacking[0] != '\0')
		report(REPORT_WARNING, "%s: upstream has nothing for %s",
		    image, r->lacking);
	if (!updated)
		return;
	if (r->foreign > 0)
		report(REPORT_WARNING, "%s: %zu foreign layer(s): some clients "
		    "fetch these from the URLs in the manifest and not from "
		    "here", image, r->foreign);
	if (r->unknown_digests > 0)
		report(REPORT_WARNING, "%s: %zu objects left out: their "
		    "digest algorithm is neither sha256 nor sha512", image,
		    r->unknown_digests);
}

static void
job_ended(void *cookie, const struct job_report *r)
{
	struct run *run = cookie;
	struct report_totals *t = &run->totals;
	char *image = image_ref_text(&r->entry->ref);

	t->active--;
	switch (r->result) {
	case JOB_UNCHANGED:
		t->unchanged++;
		report_success(image, r);
		break;
	case JOB_UPDATED:
		t->updated++;
		report_success(image, r);
		break;
	case JOB_FAILED:
		t->failed++;
		report_failure(image, r);
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

static void
start_jobs(struct run *run)
{
	const struct mirror *m = run->mirror;

	while (!run->stopping && run->totals.active < ACTIVE_MAX &&
	    run->next < list_count(m->list)) {
		run->totals.active++;
		job_start(run->dispatch, m->config.store,
		    list_at(m->list, run->next++), job_ended, run);
	}
}

static void
take_numbers(struct run *run)
{
	const struct dispatch_stats *s = dispatch_stats(run->dispatch);
	struct report_totals *t = &run->totals;

	t->objects = s->objects;
	t->bytes = s->bytes;
	t->requests = s->requests;
	t->running = s->running;
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

static void
loop(struct run *run)
{
	const struct mirror *m = run->mirror;
	bool asked = false;

	for (;;) {
		if (!asked && asked_to_stop(m)) {
			asked = true;
			stop(run);
		}
		if (run->store_err.code != ERR_NONE)
			stop(run);
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
	run->totals.cancelled += list_count(m->list) - run->next;
}

enum mirror_end
mirror_run(const struct mirror *m, struct report_totals *ret, struct err *e)
{
	struct run run = { .mirror = m, .started_ms = clock_ms() };
	enum mirror_end end = MIRROR_DONE;

	run.totals.images = list_count(m->list);
	run.dispatch = dispatch_new(&m->config, e);
	if (run.dispatch == NULL)
		return MIRROR_STORE_FAILED;
	loop(&run);
	take_numbers(&run);
	dispatch_free(run.dispatch);
	if (run.store_err.code != ERR_NONE) {
		*e = run.store_err;
		end = MIRROR_STORE_FAILED;
	} else if (run.stopping) {
		end = MIRROR_STOPPED;
	}
	/* What is published belongs into the index, whatever came then. */
	if (store_finish(m->config.store, e) == -1)
		end = MIRROR_STORE_FAILED;
	run.totals.duration_ms = clock_ms() - run.started_ms;
	*ret = run.totals;
	return end;
}
