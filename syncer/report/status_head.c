/* What status.json and summary.json say of a run. */
#include <string.h>

#include "report/status_doc.h"
#include "report/status_view.h"

const char *const status_run_results[STATUS_RUN_RESULTS] = {
	"ok", "failed", "interrupted", "store",
};

/* Members that are not there are 0: an older version did not write them. */
void
status_head_read(const json_t *head, struct status_view *ret)
{
	struct status_counters *c = &ret->counters;
	const json_t *from = json_object_get(head, "counters"), *of;
	size_t i;

	ret->last_success = status_get_time(head, "last_success");
	ret->last_listed = status_get_time(head, "last_listed");
	if (ret->last_listed == 0)
		ret->last_listed = status_get_time(head, "finished");
	status_lists_read(head, &ret->lists);
	c->bytes = status_get_count(from, "bytes");
	c->objects = status_get_count(from, "objects");
	c->requests = status_get_count(from, "requests");
	c->updates = status_get_count(from, "updates");
	of = json_object_get(from, "runs");
	for (i = 0; i < STATUS_RUN_RESULTS; i++)
		c->runs[i] = status_get_count(of, status_run_results[i]);
	of = json_object_get(from, "only_runs");
	for (i = 0; i < STATUS_RUN_RESULTS; i++)
		c->only_runs[i] = status_get_count(of, status_run_results[i]);
	of = json_object_get(from, "failures");
	for (i = 0; i < STATUS_REASONS; i++)
		c->failures[i] = status_get_count(of,
		    status_reason((enum err_code)i));
}

/* As status_totals_json wrote them. */
static void
totals_read(const json_t *o, struct report_totals *t)
{
	t->images = status_get_count(o, "images");
	t->unchanged = status_get_count(o, "unchanged");
	t->updated = status_get_count(o, "updated");
	t->held = status_get_count(o, "held");
	t->failed = status_get_count(o, "failed");
	t->cancelled = status_get_count(o, "not_reached");
	t->objects = status_get_count(o, "objects");
	t->bytes = status_get_count(o, "bytes");
	t->requests = status_get_count(o, "requests");
	t->pulls = status_get_count(o, "pulls");
	t->duration_ms = (int64_t)status_get_count(o, "duration_ms");
}

bool
status_run_read(const json_t *head, const json_t *totals, int64_t *ret_started,
    struct status_end *ret)
{
	const char *result = json_string_value(json_object_get(head,
	    "result"));
	uint64_t exit_code = status_get_count(head, "exit_code");
	struct status_end end = { 0 };
	size_t i;

	for (i = 0; i < STATUS_RUN_RESULTS; i++)
		if (result != NULL && strcmp(result, status_run_results[i]) ==
		    0)
			end.result = status_run_results[i];
	end.now = status_get_time(head, "finished");
	if (end.result == NULL || end.now == 0)
		return false;
	end.exit_code = exit_code > UINT8_MAX ? UINT8_MAX : (int)exit_code;
	end.error = json_string_value(json_object_get(head, "error"));
	totals_read(totals, &end.totals);
	*ret_started = status_get_time(head, "started");
	*ret = end;
	return true;
}

bool
status_head_run(const json_t *head, int64_t *ret_started,
    struct status_end *ret)
{
	return status_run_read(head, json_object_get(head, "totals"),
	    ret_started, ret);
}

bool
status_head_latest(const json_t *head, int64_t *ret_started,
    struct status_end *ret)
{
	return status_head_run(json_object_get(head, "latest"), ret_started,
	    ret);
}

json_t *
status_totals_json(const struct report_totals *t)
{
	json_t *o = json_object();

	status_set_count(o, "images", t->images);
	status_set_count(o, "unchanged", t->unchanged);
	status_set_count(o, "updated", t->updated);
	status_set_count(o, "held", t->held);
	status_set_count(o, "failed", t->failed);
	status_set_count(o, "not_reached", t->cancelled);
	status_set_count(o, "objects", t->objects);
	status_set_count(o, "bytes", t->bytes);
	status_set_count(o, "requests", t->requests);
	status_set_count(o, "pulls", t->pulls);
	status_set_count(o, "duration_ms", (uint64_t)t->duration_ms);
	return o;
}

static json_t *
runs_json(const uint64_t runs[STATUS_RUN_RESULTS])
{
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < STATUS_RUN_RESULTS; i++)
		status_set_count(o, status_run_results[i], runs[i]);
	return o;
}

static json_t *
counters_json(const struct status_counters *c)
{
	json_t *o = json_object(), *failures = json_object();
	size_t i;

	for (i = 0; i < STATUS_REASONS; i++)
		if (c->failures[i] > 0)
			status_set_count(failures,
			    status_reason((enum err_code)i), c->failures[i]);
	json_object_set_new(o, "runs", runs_json(c->runs));
	json_object_set_new(o, "only_runs", runs_json(c->only_runs));
	status_set_count(o, "bytes", c->bytes);
	status_set_count(o, "objects", c->objects);
	status_set_count(o, "requests", c->requests);
	status_set_count(o, "updates", c->updates);
	json_object_set_new(o, "failures", failures);
	return o;
}

/* Of a file system that tells nothing, nothing is said. */
static json_t *
store_json(const struct status_view *v)
{
	json_t *o = json_object(), *fs;

	status_set_count(o, "images", v->images);
	status_set_count(o, "image_bytes", v->image_bytes);
	if (!v->has_space)
		return o;
	fs = json_object();
	status_set_count(fs, "bytes", v->space.bytes);
	status_set_count(fs, "bytes_free", v->space.bytes_free);
	status_set_count(fs, "files", v->space.files);
	status_set_count(fs, "files_free", v->space.files_free);
	json_object_set_new(o, "filesystem", fs);
	return o;
}

static void
set_run(json_t *o, int64_t started, const struct status_end *end)
{
	status_set_time(o, "started", started);
	status_set_time(o, "finished", end->now);
	json_object_set_new(o, "result", json_string(end->result));
	status_set_count(o, "exit_code", (uint64_t)end->exit_code);
	status_set_error(o, end->error);
	json_object_set_new(o, "totals", status_totals_json(&end->totals));
}

/* How many images it was about stands where nobody takes them for all. */
static json_t *
latest_json(const struct status_view *v)
{
	json_t *o = json_object();

	status_set_count(o, "only", v->latest->totals.images);
	set_run(o, v->latest_started, v->latest);
	return o;
}

json_t *
status_head_json(const struct status_view *v)
{
	json_t *o = json_object();

	status_set_count(o, "layout", 2);
	json_object_set_new(o, "version", json_string(CDR_VERSION));
	if (v->end != NULL)
		set_run(o, v->started, v->end);
	if (v->latest != NULL)
		json_object_set_new(o, "latest", latest_json(v));
	status_set_time(o, "last_success", v->last_success);
	status_set_time(o, "last_listed", v->last_listed);
	json_object_set_new(o, "lists", status_lists_json(&v->lists));
	json_object_set_new(o, "counters", counters_json(&v->counters));
	json_object_set_new(o, "store", store_json(v));
	json_object_set(o, "pulls_left", v->pulls);
	return o;
}
