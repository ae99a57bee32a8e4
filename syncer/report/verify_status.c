#include <assert.h>
#include <string.h>

#include "report/report.h"
#include "report/status_doc.h"
#include "report/status_record.h"
#include "report/verify_status.h"

#define VERIFY_STATUS_VERSION	1

const char *const verify_status_results[VERIFY_STATUS_RESULTS] = {
	[VERIFY_STATUS_OK] = "ok",
	[VERIFY_STATUS_BAD] = "bad",
	[VERIFY_STATUS_TOO_MANY] = "too_many",
	[VERIFY_STATUS_INTERRUPTED] = "interrupted",
	[VERIFY_STATUS_STORE] = "store",
};

/* --- reading ----------------------------------------------------------- */

static void
read_counters(const json_t *o, struct verify_counters *c)
{
	const json_t *runs = json_object_get(o, "runs");
	size_t i;

	for (i = 0; i < VERIFY_STATUS_RESULTS; i++)
		c->runs[i] = status_get_count(runs, verify_status_results[i]);
	c->files = status_get_count(o, "files");
	c->bytes = status_get_count(o, "bytes");
	c->bad = status_get_count(o, "bad");
	c->mended = status_get_count(o, "mended");
	c->withdrawn = status_get_count(o, "withdrawn");
}

/* All zero where it is NULL. */
static void
read_object(const json_t *o, struct verify_status *s)
{
	const json_t *pass = json_object_get(o, "pass");
	uint64_t exit_code = status_get_count(o, "exit_code");

	memset(s, 0, sizeof(*s));
	s->started = status_get_time(o, "started");
	s->finished = status_get_time(o, "finished");
	s->last_success = status_get_time(o, "last_success");
	s->exit_code = exit_code > UINT8_MAX ? UINT8_MAX : (int)exit_code;
	s->structure_bad = status_get_count(o, "structure_bad");
	s->pass = status_get_count(pass, "number");
	s->pass_started = status_get_time(pass, "started");
	s->pass_files = status_get_count(pass, "files");
	s->pass_bytes = status_get_count(pass, "bytes");
	s->is_pass_whole = json_is_true(json_object_get(pass, "whole"));
	s->oldest = status_get_time(o, "oldest");
	read_counters(json_object_get(o, "counters"), &s->counters);
}

bool
verify_status_read(const struct store *store, struct verify_status *ret)
{
	bool is_damaged;
	json_t *o = status_doc_read(store, VERIFY_STATUS_FILE, &is_damaged);
	bool is_there = o != NULL;

	read_object(o, ret);
	json_decref(o);
	return is_there;
}

/* --- writing ----------------------------------------------------------- */

/* As gc_status.c does: who has lost the file begins anew. */
static void
load(const struct store *store, struct verify_status *ret)
{
	bool is_damaged;
	json_t *o = status_doc_read(store, VERIFY_STATUS_FILE, &is_damaged);

	if (is_damaged)
		report(REPORT_WARNING, "status/" VERIFY_STATUS_FILE
		    " is damaged; its counters begin anew");
	read_object(o, ret);
	json_decref(o);
}

static void
take_run(struct verify_status *s, const struct verify_status_run *run)
{
	struct verify_counters *c = &s->counters;

	s->started = run->started;
	s->finished = run->now;
	s->exit_code = run->exit_code;
	if (!run->is_partial || run->structure_bad > s->structure_bad)
		s->structure_bad = run->structure_bad;
	if (run->exit_code == 0)
		s->last_success = run->now;
	c->runs[run->result]++;
	c->bad += run->bad - run->known;
	c->mended += run->mended;
	c->withdrawn += run->withdrawn;
	if (run->is_quick)
		return;
	c->files += run->files;
	c->bytes += run->bytes;
	s->pass = run->pass;
	s->pass_started = run->pass_started;
	s->pass_files = run->pass_files;
	s->pass_bytes = run->pass_bytes;
	s->is_pass_whole = run->is_pass_whole;
	s->oldest = run->oldest;
}

static json_t *
pass_json(const struct verify_status *s)
{
	json_t *o = json_object();

	status_set_count(o, "number", s->pass);
	status_set_time(o, "started", s->pass_started);
	status_set_count(o, "files", s->pass_files);
	status_set_count(o, "bytes", s->pass_bytes);
	json_object_set_new(o, "whole", json_boolean(s->is_pass_whole));
	return o;
}

static json_t *
counters_json(const struct verify_counters *c)
{
	json_t *o = json_object(), *runs = json_object();
	size_t i;

	for (i = 0; i < VERIFY_STATUS_RESULTS; i++)
		status_set_count(runs, verify_status_results[i], c->runs[i]);
	json_object_set_new(o, "runs", runs);
	status_set_count(o, "files", c->files);
	status_set_count(o, "bytes", c->bytes);
	status_set_count(o, "bad", c->bad);
	status_set_count(o, "mended", c->mended);
	status_set_count(o, "withdrawn", c->withdrawn);
	return o;
}

static void
set_run(json_t *o, const struct verify_status_run *run,
    uint64_t structure_bad)
{
	json_object_set_new(o, "result",
	    json_string(verify_status_results[run->result]));
	status_set_count(o, "exit_code", (uint64_t)run->exit_code);
	status_set_error(o, run->error);
	json_object_set_new(o, "quick", json_boolean(run->is_quick));
	status_set_count(o, "structure_bad", structure_bad);
	status_set_count(o, "bad", run->bad);
	status_set_count(o, "mended", run->mended);
	status_set_count(o, "withdrawn", run->withdrawn);
	status_set_count(o, "files", run->is_quick ? 0 : run->files);
	status_set_count(o, "bytes", run->is_quick ? 0 : run->bytes);
}

int
verify_status_save(struct store *store, const struct verify_status_run *run,
    struct err *e)
{
	struct verify_status s;
	json_t *o = json_object();

	assert((size_t)run->result < VERIFY_STATUS_RESULTS);
	load(store, &s);
	take_run(&s, run);
	status_set_count(o, "version", VERIFY_STATUS_VERSION);
	status_set_time(o, "started", s.started);
	status_set_time(o, "finished", s.finished);
	set_run(o, run, s.structure_bad);
	status_set_time(o, "last_success", s.last_success);
	status_set_time(o, "oldest", s.oldest);
	json_object_set_new(o, "pass", pass_json(&s));
	json_object_set_new(o, "counters", counters_json(&s.counters));
	return status_doc_write(store, VERIFY_STATUS_FILE, o, e);
}
