/* One run of cdr verify. */
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bundle/mend.h"
#include "cmd/cmd.h"
#include "cmd/refresh.h"
#include "cmd/verify_run.h"
#include "image/ref.h"
#include "layout/clock.h"
#include "layout/mem.h"
#include "mirror/found.h"
#include "mirror/repair.h"
#include "mirror/tags_here.h"
#include "mirror/verify_rules.h"
#include "report/holding.h"
#include "report/verify_status.h"

/* Manifests that come back may need others that are missing. */
#define ROUNDS_MAX	8u

struct run {
	const struct verify_wishes *o;
	const struct verify_inputs *in;
	struct store *store;		/* for steps */
	struct verify_rules rules;
	struct verify_totals totals;
	struct found found;
	enum verify_end end;
	int64_t started, began_ms;
	struct holding_totals here;	/* as the last run has counted them */
	bool is_whole;			/* all links have been looked at */
	bool is_stopped;		/* while it was mending */
	bool is_busy;			/* another one had the tree */
	struct err err;
};

/* --- for who looks on -------------------------------------------------- */

static void
show_structure(const struct run *r, const struct verify_progress *p)
{
	struct report_work w = {
		.what = "link",
		.done = p->totals->links,
		.permille = p->all > 0 ? report_permille(p->done, p->all) :
		    report_permille(p->totals->repositories,
		    r->here.repositories),
		.names = image_ref_short(p->at),
	};

	report_work(&w);
}

/* Of what is left: what the status says, or else as those before. */
static uint64_t
left_of(const struct run *r, const struct verify_progress *p)
{
	uint64_t so_far = p->pass_bytes + p->bytes;

	if (p->all_bytes > 0)
		return p->all_bytes > p->bytes ? p->all_bytes - p->bytes : 0;
	if (p->done >= p->all)
		return 0;
	if (r->here.bytes > so_far)
		return r->here.bytes - so_far;
	return p->done == 0 ? 0 : (uint64_t)((double)p->bytes /
	    (double)p->done * (double)(p->all - p->done));
}

static void
show_bytes(const struct run *r, const struct verify_progress *p)
{
	int64_t spent_s = (clock_ms() - r->began_ms) / 1000;
	uint64_t left = left_of(r, p);
	char name[24];
	struct report_work w = {
		.what = "blob",
		.done = p->done,
		.all = p->all,
		.permille = left > 0 ? report_permille(p->bytes,
		    p->bytes + left) : report_permille(p->done, p->all),
		.bytes = p->bytes,
		.left_bytes = left,
		.limit_rate = r->o->limit_rate,
		.names = name,
	};

	if (r->o->max_time > spent_s)
		w.most_s = r->o->max_time - (uint64_t)spent_s;
	snprintf(name, sizeof(name), "%.19s", p->at);
	report_work(&w);
}

static void
show(void *cookie, const struct verify_progress *p)
{
	const struct run *r = cookie;

	if (!report_progress_due())
		return;
	if (p->is_bytes)
		show_bytes(r, p);
	else
		show_structure(r, p);
}

/* --- looking ----------------------------------------------------------- */

static void
tell(void *cookie, const struct verify_finding *finding)
{
	struct run *r = cookie;

	found_tell(&r->found, finding);
}

static bool
is_asked_to_stop(void *cookie)
{
	struct pollfd p = { .fd = cmd_stop_fd(), .events = POLLIN };

	(void)cookie;
	return poll(&p, 1, 0) == 1;
}

static void
look(struct run *r, bool quick, struct verify_totals *ret)
{
	struct verify_options options = {
		.quick = quick,
		.mend = r->o->repair,
		.go_on = r->o->go_on,
		.now = (int64_t)time(NULL),
		.limit_rate = r->o->limit_rate,
		.max_time_s = r->o->max_time,
		.only = r->in->only,
		.only_count = r->in->count,
	};

	r->began_ms = clock_ms();
	r->end = verify_run(r->store, &r->rules, &options, ret, &r->err);
	report_clear();
}

/* --- mending ----------------------------------------------------------- */

/* Return 0, 1 if another one is at work, -1. */
static int
open_writer(struct run *r, struct store **ret)
{
	struct store_patience patience = {
		.seconds = r->o->wait, .stop_fd = cmd_stop_fd(),
	};
	struct err e;
	int rc = store_open_patient(cmd_root(r->o->root), &patience, ret, &e);

	if (rc == 1) {
		r->is_busy = true;
		report(REPORT_ERROR, "nothing has been fetched: %s", e.msg);
	} else if (rc == -1) {
		r->err = e;
	}
	return rc;
}

/* Out of a folder's parts. */
static int
take_from_bundles(struct run *r, struct store *writer)
{
	struct repair_object *objects = r->found.objects;
	size_t i, count = r->found.count;
	struct mend_object *all = xcalloc(count + 1, sizeof(*all));
	int rc;

	for (i = 0; i < count; i++) {
		all[i].id.digest = objects[i].digest;
		snprintf(all[i].id.media_type, sizeof(all[i].id.media_type),
		    "%s", objects[i].media_type);
		all[i].is_mended = objects[i].is_mended;
		err_set(&all[i].err, ERR_NOT_FOUND, "no bundle there has it");
	}
	rc = mend_run(writer, r->o->from + strlen(VERIFY_BUNDLE),
	    cmd_stop_fd(), all, count, &r->err);
	for (i = 0; i < count; i++) {
		objects[i].is_mended = all[i].is_mended;
		objects[i].err = all[i].err;
	}
	free(all);
	return rc;
}

static bool
is_from_bundles(const struct run *r)
{
	return r->o->from != NULL && strncmp(r->o->from, VERIFY_BUNDLE,
	    strlen(VERIFY_BUNDLE)) == 0;
}

static int
fetch(struct run *r, struct store *writer)
{
	struct dispatch_config config = {
		.store = writer,
		.registries = r->in->registries,
		.keyring = r->in->keyring,
		.from = r->in->layout == NULL ? r->o->from : NULL,
		.layout = r->in->layout,
		.limit_rate = r->o->limit_rate,
	};
	int rc;

	if (found_sources(&r->found, r->store, &r->rules, &r->err) == -1)
		return -1;
	if (is_from_bundles(r))
		rc = take_from_bundles(r, writer);
	else
		rc = repair_run(&config, cmd_stop_fd(), r->found.objects,
		    r->found.count, &r->err);
	r->is_stopped = rc == 1;
	return rc;
}

/* Manifests that have come may need what nobody knew to be missing; and they
 * belong into index.json, which is without them if it was written meanwhile. */
static bool
has_manifests_back(const struct run *r, size_t from)
{
	size_t i;

	for (i = from; i < r->found.count; i++)
		if (r->found.objects[i].is_mended &&
		    r->found.objects[i].media_type[0] != '\0')
			return true;
	return false;
}

static int
fetch_all(struct run *r, struct store *writer)
{
	enum verify_end end = r->end;
	struct verify_totals again;
	unsigned round;
	size_t from = 0;
	int rc = 0;

	for (round = 0; round < ROUNDS_MAX; round++) {
		rc = fetch(r, writer);
		if (rc != 0 || !has_manifests_back(r, from))
			break;
		from = r->found.count;
		r->found.is_again = true;
		look(r, true, &again);
		if (r->end == VERIFY_FAILED)
			return -1;
		r->is_stopped = r->end == VERIFY_STOPPED;
		if (r->is_stopped || r->found.count == from)
			break;
	}
	r->end = end;
	return rc == -1 ? -1 : 0;
}

/* Nothing is written to a disk that is failing. */
static bool
is_to_mend(const struct run *r)
{
	return r->o->repair && (r->end == VERIFY_DONE ||
	    r->end == VERIFY_TIME) &&
	    (r->found.count > 0 || r->found.bad_lists > 0);
}

static int
mend_with(struct run *r, struct store *writer)
{
	if (r->found.count > 0 && fetch_all(r, writer) == -1)
		return -1;
	if ((r->found.bad_lists > 0 || has_manifests_back(r, 0)) &&
	    store_rewrite_lists(writer, &r->err) == -1)
		return -1;
	if (r->found.bad_lists > 0) {
		report_result(REPORT_INFO, "the lists have been written anew");
		r->found.structure -= r->found.bad_lists;
		r->found.mended += r->found.bad_lists;
		r->found.bad_lists = 0;
	}
	return 0;
}

static void
mend(struct run *r)
{
	struct store *writer;
	int rc;

	if (!is_to_mend(r))
		return;
	rc = open_writer(r, &writer);
	if (rc == 0) {
		rc = mend_with(r, writer);
		store_close(writer);
	}
	if (rc == -1)
		r->end = VERIFY_FAILED;
	found_settle(&r->found);
}

/* --- telling ----------------------------------------------------------- */

static int
exit_code(const struct run *r)
{
	if (r->end == VERIFY_FAILED)
		return EXIT_STORE;
	if (r->end == VERIFY_ABSENT)
		return EXIT_INPUT;
	if (r->end == VERIFY_STOPPED || r->is_stopped)
		return EXIT_INTERRUPTED;
	if (r->end == VERIFY_TOO_MANY || r->found.structure > 0 ||
	    r->found.bad > 0 || found_unmended(&r->found) > 0)
		return EXIT_SOME_FAILED;
	return EXIT_OK;
}

static enum verify_result
result_of(const struct run *r, int code)
{
	if (r->end == VERIFY_TOO_MANY)
		return VERIFY_STATUS_TOO_MANY;
	return code == EXIT_STORE ? VERIFY_STATUS_STORE :
	    code == EXIT_INTERRUPTED ? VERIFY_STATUS_INTERRUPTED :
	    code == EXIT_SOME_FAILED ? VERIFY_STATUS_BAD : VERIFY_STATUS_OK;
}

/* What some images are like says nothing of the pass. */
static void
save(struct run *r, int code)
{
	const struct verify_totals *t = &r->totals;
	struct verify_status_run s = {
		.started = r->started,
		.now = (int64_t)time(NULL),
		.exit_code = code,
		.result = result_of(r, code),
		.error = code == EXIT_STORE ? r->err.msg : NULL,
		.is_quick = r->o->quick || r->in->count > 0 || t->pass == 0,
		.is_partial = !r->is_whole,
		.structure_bad = r->found.structure,
		.bad = r->found.bad + r->found.count + r->found.left_out,
		.known = r->found.known,
		.mended = r->found.mended,
		.withdrawn = r->found.withdrawn,
		.files = t->files,
		.bytes = t->bytes,
		.pass = t->pass,
		.pass_started = t->pass_started,
		.pass_files = t->pass_files,
		.pass_bytes = t->pass_bytes,
		.is_pass_whole = t->pass_ended,
		.oldest = t->oldest,
	};
	struct err e;

	if (store_step_begin(r->store, &e) == -1) {
		report(REPORT_WARNING, "cannot write the status: %s", e.msg);
		return;
	}
	if (verify_status_save(r->store, &s, &e) == -1)
		report(REPORT_WARNING, "cannot write the status: %s", e.msg);
	if (store_step_end(r->store, &e) == -1)
		report(REPORT_WARNING, "cannot write the status: %s", e.msg);
}

static void
put_json(struct run *r, int code)
{
	const struct verify_totals *t = &r->totals;
	json_t *o = json_pack("{ss si sI sI sI sI sI sI sI sI}", "result",
	    verify_status_results[result_of(r, code)], "exit_code", code,
	    "manifests", (json_int_t)t->manifests,
	    "links", (json_int_t)t->links, "files", (json_int_t)t->files,
	    "bytes", (json_int_t)t->bytes,
	    "bad", (json_int_t)(r->found.bad + r->found.count),
	    "structure", (json_int_t)r->found.structure,
	    "mended", (json_int_t)r->found.mended,
	    "withdrawn", (json_int_t)r->found.withdrawn);

	if (t->pass > 0) {
		json_object_set_new(o, "pass",
		    json_integer((json_int_t)t->pass));
		json_object_set_new(o, "percent",
		    json_integer((json_int_t)t->percent));
	}
	json_object_set(o, "findings", r->found.json);
	json_dumpf(o, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(o);
}

/* Of some images no links are looked at but those that lead to them. */
static void
tell_pass(const struct run *r)
{
	const struct verify_totals *t = &r->totals;
	char size[REPORT_BYTES_MAX], links[48] = "", pass[80] = "";

	if (t->cut)
		report(REPORT_WARNING, "--max-time was too short to look at "
		    "all links and manifests");
	if (r->in->count == 0)
		snprintf(links, sizeof(links), "%llu link%s and ",
		    (unsigned long long)t->links, t->links == 1 ? "" : "s");
	if (t->pass_ended)
		snprintf(pass, sizeof(pass), "; pass %llu has come to its end",
		    (unsigned long long)t->pass);
	else if (t->pass > 0)
		snprintf(pass, sizeof(pass), "; pass %llu is at %u%%: the next "
		    "run goes on from there", (unsigned long long)t->pass,
		    t->percent);
	report_result(REPORT_INFO, "looked at %s%llu manifest%s, read %s%s",
	    links, (unsigned long long)t->manifests,
	    t->manifests == 1 ? "" : "s", report_bytes(t->bytes, size), pass);
}

/* Which of the images that were asked for is none, the error says. */
static void
tell_absent(const struct run *r)
{
	const struct verify_reference *ref;
	struct manifest_id id;
	char *others = NULL;
	struct err ignored;
	size_t i;

	for (i = 0; i < r->in->count && others == NULL; i++) {
		ref = &r->in->only[i];
		if (store_reference_get(r->store, ref->registry,
		    ref->repository, ref->reference, &id, &ignored) == 0)
			others = tags_here(r->store, ref->registry,
			    ref->repository);
	}
	report(REPORT_ERROR, "%s%s", r->err.msg, others == NULL ? "" : others);
	free(others);
}

static void
tell_end(const struct run *r, int code)
{
	if (r->end == VERIFY_FAILED)
		report(REPORT_ERROR, "%s", r->err.msg);
	if (r->end == VERIFY_ABSENT)
		tell_absent(r);
	if (r->end == VERIFY_TOO_MANY)
		report(REPORT_ERROR, "stopped after %u files that looked bad, "
		    "and nothing more is touched: so many mean that a disk, "
		    "its cable or the memory is failing.  Look at the kernel's "
		    "log; --go-on goes on all the same", VERIFY_BAD_MAX);
	if (r->totals.found[VERIFY_CACHED] > 0)
		report(REPORT_WARNING, "%llu file(s) were wrong in memory and "
		    "right on the disk: test the memory",
		    (unsigned long long)r->totals.found[VERIFY_CACHED]);
	if (r->end != VERIFY_FAILED && r->end != VERIFY_ABSENT)
		tell_pass(r);
	if (code == EXIT_OK && r->found.bad + r->found.count +
	    r->found.structure + r->found.mended == 0)
		report_result(REPORT_INFO, "all of that is as it should be");
	if (code == EXIT_SOME_FAILED && !r->o->repair)
		report(REPORT_INFO, "--repair mends what can be mended, and so "
		    "does the next sync of images that lack something");
	if (code == EXIT_INTERRUPTED)
		report(REPORT_WARNING, "interrupted; the next run goes on from "
		    "here");
}

int
verify_all(const struct verify_wishes *o, const struct verify_inputs *in)
{
	struct run r = { .o = o, .in = in, .started = (int64_t)time(NULL) };
	int code;

	if (store_open(cmd_root(o->root), STORE_STEP, &r.store, &r.err) ==
	    -1) {
		report(REPORT_ERROR, "%s", r.err.msg);
		return EXIT_STORE;
	}
	found_init(&r.found, o->json);
	verify_rules_json(&r.rules);
	r.rules.tell = tell;
	r.rules.is_stopped = is_asked_to_stop;
	r.rules.progress = show;
	r.rules.cookie = &r;
	holding_totals_read(r.store, &r.here);
	look(&r, o->quick, &r.totals);
	found_recognize(&r.found, r.store);
	r.is_whole = (r.end == VERIFY_DONE || r.end == VERIFY_TIME) &&
	    !r.totals.cut && in->count == 0 && !(o->quick &&
	    r.end == VERIFY_TIME);
	mend(&r);
	if (r.end != VERIFY_FAILED && r.end != VERIFY_ABSENT &&
	    (found_note(&r.found, r.store, r.is_whole, &r.err) == -1 ||
	    found_name(&r.found, r.store, &r.rules, o->withdraw &&
	    r.end != VERIFY_TOO_MANY, &r.err) == -1))
		r.end = VERIFY_FAILED;
	code = exit_code(&r);
	report_clear();
	tell_end(&r, code);
	save(&r, code);
	if (o->json)
		put_json(&r, code);
	found_done(&r.found);
	store_close(r.store);
	if (code != EXIT_STORE && code != EXIT_INPUT)
		refresh_if_free(cmd_root(o->root));
	if (code == EXIT_OK && (fflush(stdout) != 0 || ferror(stdout)))
		return EXIT_STORE;
	return code;
}
