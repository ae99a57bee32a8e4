#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "layout/limits.h"
#include "report/printable.h"
#include "report/runs.h"
#include "report/status_doc.h"
#include "report/status_record.h"
#include "report/status_view.h"

/* So much of it that all of them make a small document. */
static void
set_error(json_t *o, const char *text)
{
	char error[RUN_ERROR_MAX + 1];

	status_set_error(o, text);
	text = json_string_value(json_object_get(o, "error"));
	if (text == NULL || strlen(text) <= RUN_ERROR_MAX)
		return;
	snprintf(error, sizeof(error), "%.*s", (int)RUN_ERROR_MAX, text);
	printable(error);
	json_object_set_new(o, "error", json_string(error));
}

/* All of it is one small document: each entry is read and made anew, so that
 * none is larger than this program makes them. */
static json_t *
run_json(int64_t started, const struct status_end *end, uint64_t only)
{
	json_t *o = json_object(), *totals = status_totals_json(&end->totals);

	status_set_time(o, "started", started);
	status_set_time(o, "finished", end->now);
	status_set_count(o, "seconds", started > 0 && end->now > started ?
	    (uint64_t)(end->now - started) : 0);
	json_object_set_new(o, "result", json_string(end->result));
	status_set_count(o, "exit_code", (uint64_t)end->exit_code);
	if (only > 0)
		status_set_count(o, "only", only);
	set_error(o, end->error);
	json_object_del(totals, "duration_ms");
	json_object_update(o, totals);
	json_decref(totals);
	return o;
}

static json_t *
read_runs(const struct store *store)
{
	json_t *runs = json_array(), *o;
	struct status_end end;
	bool is_damaged;
	int64_t started;
	json_t *doc = status_doc_read(store, RUNS_FILE, &is_damaged);
	size_t i;

	json_array_foreach(json_object_get(doc, "runs"), i, o)
		if (status_run_read(o, o, &started, &end))
			json_array_append_new(runs, run_json(started, &end,
			    status_get_count(o, "only")));
	json_decref(doc);
	return runs;
}

/* Of a clock that was ahead.  Where most are, it is now that it is wrong. */
static void
drop_future(json_t *runs, int64_t now)
{
	size_t i, future = 0, count = json_array_size(runs);

	for (i = 0; i < count; i++)
		future += status_get_time(json_array_get(runs, i),
		    "finished") > now;
	if (future > (count + 1) / 2)
		return;
	for (i = count; i-- > 0;)
		if (status_get_time(json_array_get(runs, i), "finished") > now)
			json_array_remove(runs, i);
}

static bool
is_only(const json_t *run)
{
	return status_get_count(run, "only") > 0;
}

/* The oldest one of the kind that has more than its half. */
static void
drop_one(json_t *runs)
{
	size_t i, count = json_array_size(runs), some = 0;
	bool of_these;

	for (i = 0; i < count; i++)
		some += is_only(json_array_get(runs, i));
	of_these = some > RUNS_MAX / 2;
	for (i = 0; i < count; i++)
		if (is_only(json_array_get(runs, i)) == of_these)
			break;
	json_array_remove(runs, i < count ? i : 0);
}

static void
print(FILE *out, void *cookie)
{
	const json_t *runs = cookie, *run;
	size_t i;

	fputs("{\"version\":1,\"runs\":[\n", out);
	json_array_foreach(runs, i, run) {
		json_dumpf(run, out, JSON_COMPACT | JSON_ENSURE_ASCII);
		fputs(i + 1 < json_array_size(runs) ? ",\n" : "\n", out);
	}
	fputs("]}\n", out);
}

int
runs_save(struct store *store, int64_t started, const struct status_end *end,
    bool is_some, struct err *e)
{
	json_t *runs = read_runs(store);
	uint64_t only = !is_some ? 0 : end->totals.images == 0 ? 1 :
	    end->totals.images;
	int rc;

	drop_future(runs, end->now);
	json_array_append_new(runs, run_json(started, end, only));
	while (json_array_size(runs) > RUNS_MAX)
		drop_one(runs);
	rc = store_write_status(store, RUNS_FILE, print, runs, e);
	json_decref(runs);
	return rc;
}
