/* Counters only grow; a file that is lost begins them anew, which monitoring
 * takes for a restart. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "report/gc_status.h"
#include "report/report.h"
#include "report/status_doc.h"
#include "report/status_record.h"

#define GC_STATUS_VERSION	1

const char *const gc_status_results[GC_STATUS_RESULTS] = {
	[GC_DONE] = "ok",
	[GC_TOO_MANY] = "too_many",
	[GC_NO_ROOM] = "no_room",
	[GC_UNREADABLE] = "unreadable",
	[GC_STOPPED] = "interrupted",
	[GC_BUSY] = "busy",
	[GC_FAILED] = "failed",
};

/* What a member of the file is in memory. */
struct member {
	const char *name;
	size_t offset;
};
#define MEMBER(name, field)	{ name, offsetof(struct gc_status, field) }

static const struct member gauges[] = {
	MEMBER("images", images),
	MEMBER("unlisted", unlisted),
	MEMBER("condemned", condemned),
	MEMBER("condemned_bytes", condemned_bytes),
	MEMBER("reclaimable_bytes", reclaimable_bytes),
	MEMBER("bytes", bytes),
	{ NULL, 0 }
};

static const struct member counters[] = {
	MEMBER("images", counters.images),
	MEMBER("manifests", counters.manifests),
	MEMBER("blobs", counters.blobs),
	MEMBER("others", counters.others),
	MEMBER("bytes", counters.bytes),
	{ NULL, 0 }
};

static uint64_t *
at(struct gc_status *s, const struct member *m)
{
	return (uint64_t *)(void *)((char *)s + m->offset);
}

static void
read_members(const json_t *o, const struct member *m, struct gc_status *s)
{
	for (; m->name != NULL; m++)
		*at(s, m) = status_get_count(o, m->name);
}

static void
set_members(json_t *o, const struct member *m, struct gc_status *s)
{
	for (; m->name != NULL; m++)
		status_set_count(o, m->name, *at(s, m));
}

/* --- reading ----------------------------------------------------------- */

/* All zero where it is NULL. */
static void
read_object(const json_t *o, struct gc_status *s)
{
	const json_t *all = json_object_get(o, "counters");
	const json_t *runs = json_object_get(all, "runs");
	uint64_t exit_code = status_get_count(o, "exit_code");
	size_t i;

	memset(s, 0, sizeof(*s));
	s->started = status_get_time(o, "started");
	s->finished = status_get_time(o, "finished");
	s->last_success = status_get_time(o, "last_success");
	s->exit_code = exit_code > UINT8_MAX ? UINT8_MAX : (int)exit_code;
	read_members(o, gauges, s);
	read_members(all, counters, s);
	for (i = 0; i < GC_STATUS_RESULTS; i++)
		s->counters.runs[i] = status_get_count(runs,
		    gc_status_results[i]);
}

bool
gc_status_read(const struct store *store, struct gc_status *ret)
{
	bool is_damaged;
	json_t *o = status_doc_read(store, GC_STATUS_FILE, &is_damaged);
	bool is_there = o != NULL;

	read_object(o, ret);
	json_decref(o);
	return is_there;
}

/* --- writing ----------------------------------------------------------- */

static json_t *
load(const struct store *store, struct gc_status *ret)
{
	bool is_damaged;
	json_t *o = status_doc_read(store, GC_STATUS_FILE, &is_damaged);

	if (is_damaged)
		report(REPORT_WARNING, "status/" GC_STATUS_FILE
		    " is damaged; its counters begin anew");
	read_object(o, ret);
	return o;
}

static void
count_gone(struct gc_status *s, const struct gc_totals *t)
{
	struct gc_counters *c = &s->counters;

	c->images += t->images_gone;
	c->manifests += t->manifests_gone;
	c->blobs += t->blobs_gone;
	c->others += t->others_gone;
	c->bytes += t->bytes_gone;
}

static void
take_run(struct gc_status *s, const struct gc_status_run *run)
{
	const struct gc_totals *t = run->totals;

	count_gone(s, t);
	s->started = run->started;
	s->finished = run->now;
	s->exit_code = run->exit_code;
	if (run->exit_code == 0)
		s->last_success = run->now;
	s->counters.runs[run->end]++;
	if (run->end != GC_DONE && run->end != GC_NO_ROOM)
		return;
	s->images = t->images - t->images_gone;
	s->unlisted = t->unlisted;
	s->condemned = t->condemned;
	s->condemned_bytes = t->condemned_bytes;
	s->reclaimable_bytes = t->reclaimable_bytes;
	s->bytes = t->bytes;
}

static json_t *
removed_json(const struct gc_totals *t)
{
	json_t *o = json_object();

	status_set_count(o, "images", t->images_gone);
	status_set_count(o, "manifests", t->manifests_gone);
	status_set_count(o, "blobs", t->blobs_gone);
	status_set_count(o, "others", t->others_gone);
	status_set_count(o, "bytes", t->bytes_gone);
	return o;
}

static json_t *
counters_json(struct gc_status *s)
{
	json_t *o = json_object(), *runs = json_object();
	size_t i;

	for (i = 0; i < GC_STATUS_RESULTS; i++)
		status_set_count(runs, gc_status_results[i],
		    s->counters.runs[i]);
	json_object_set_new(o, "runs", runs);
	set_members(o, counters, s);
	return o;
}

int
gc_status_save(struct store *store, const struct gc_status_run *run,
    struct err *e)
{
	struct gc_status s;
	json_t *o;

	assert((size_t)run->end < GC_STATUS_RESULTS);
	json_decref(load(store, &s));
	take_run(&s, run);
	o = json_object();
	status_set_count(o, "version", GC_STATUS_VERSION);
	status_set_time(o, "started", s.started);
	status_set_time(o, "finished", s.finished);
	json_object_set_new(o, "result",
	    json_string(gc_status_results[run->end]));
	status_set_count(o, "exit_code", (uint64_t)s.exit_code);
	status_set_error(o, run->error);
	status_set_time(o, "last_success", s.last_success);
	json_object_set_new(o, "removed", removed_json(run->totals));
	status_set_count(o, "free_before", run->totals->free_before);
	status_set_count(o, "free_after", run->totals->free_after);
	set_members(o, gauges, &s);
	json_object_set_new(o, "counters", counters_json(&s));
	return status_doc_write(store, GC_STATUS_FILE, o, e);
}

/* What the last run said of itself stays. */
int
gc_status_add(struct store *store, const struct gc_totals *totals,
    struct err *e)
{
	struct gc_status s;
	json_t *o = load(store, &s);

	if (o == NULL)
		o = json_object();
	count_gone(&s, totals);
	s.images -= totals->images_gone < s.images ? totals->images_gone :
	    s.images;
	status_set_count(o, "version", GC_STATUS_VERSION);
	status_set_count(o, "images", s.images);
	json_object_set_new(o, "counters", counters_json(&s));
	return status_doc_write(store, GC_STATUS_FILE, o, e);
}
