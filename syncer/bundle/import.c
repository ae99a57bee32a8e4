#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/import.h"
#include "layout/mem.h"
#include "report/printable.h"

/* --- what was brought -------------------------------------------------- */

void
import_look(struct import *im, const char *path)
{
	stick_look(&im->stick, path);
}

/* The next part of the pipe; false at its end, or where it makes no sense: then
 * nobody knows where the one behind it begins. */
static bool
next_in_pipe(struct import *im)
{
	struct err e;
	int rc;

	part_close(im->part);
	stick_head_done(&im->head);
	im->part = NULL;
	im->bundle = NULL;
	snprintf(im->part_name, sizeof(im->part_name),
	    "standard input, part %zu", ++im->part_number);
	if (part_open(STDIN_FILENO, im->part_name, &im->part, &e) == -1) {
		rc = -1;
	} else {
		part_stop_by(im->part, im->stop_fd);
		rc = stick_head_read(im->part, &im->head, &e);
	}
	if (rc == 1) {
		im->bundle = stick_add(&im->stick, &im->head, im->part_name);
		return im->bundle != NULL;
	}
	if (rc == -1 && e.code != ERR_CANCELLED) {
		im->stick.bad++;
		printable(e.msg);
		report(REPORT_ERROR, "%s", e.msg);
	}
	return false;
}

void
import_look_pipe(struct import *im)
{
	(void)next_in_pipe(im);
}

/* One that is met in the pipe later is judged then. */
static void
judge(struct import *im, struct stick_bundle *b)
{
	if (b->is_judged)
		return;
	b->is_judged = true;
	stick_judge(b, im->keys, im->site);
	if (b->err.code != ERR_NONE)
		report(REPORT_ERROR, "%s", b->err.msg);
}

size_t
import_judge(struct import *im)
{
	size_t i, count = 0;

	for (i = 0; i < im->stick.count; i++) {
		judge(im, im->stick.bundles[i]);
		count += im->stick.bundles[i]->err.code == ERR_NONE;
	}
	stick_sort(&im->stick);
	return count;
}

size_t
import_refused(const struct import *im)
{
	size_t i, count = im->stick.bad;

	for (i = 0; i < im->stick.count; i++)
		count += im->stick.bundles[i]->err.code != ERR_NONE;
	return count;
}

void
import_done(struct import *im)
{
	part_close(im->part);
	stick_head_done(&im->head);
	stick_done(&im->stick);
}

/* --- files ------------------------------------------------------------- */

static bool
take_paths(struct intake *in)
{
	size_t i;
	bool goes_on = true;

	for (i = 0; i < in->b->path_count && goes_on; i++)
		goes_on = intake_path(in, in->b->paths[i]);
	return goes_on;
}

/* What was begun by an earlier run, and was wrong, is read once more. */
static void
take_bundle(struct intake *in)
{
	if (!take_paths(in) || !intake_is_again(in))
		return;
	(void)take_paths(in);
}

static bool
ends_run(enum intake_end end)
{
	return end == INTAKE_STORE_FAILED || end == INTAKE_STOPPED;
}

/* Nothing was written where there is no room: others may fit. */
static bool
import_bundle(const struct intake_rules *rules, const struct stick_bundle *b,
    import_ended *ended, void *cookie)
{
	enum intake_end end;
	struct intake in;

	if (intake_begin(&in, rules, b))
		take_bundle(&in);
	end = intake_end(&in);
	ended(cookie, &in, end);
	intake_done(&in);
	return !ends_run(end) || in.is_refused;
}

static void
run_files(struct import *im, const struct intake_rules *rules,
    import_ended *ended, void *cookie)
{
	size_t i;
	bool goes_on = true;

	for (i = 0; i < im->stick.count && goes_on; i++)
		if (im->stick.bundles[i]->err.code == ERR_NONE)
			goes_on = import_bundle(rules, im->stick.bundles[i],
			    ended, cookie);
}

/* --- a pipe ------------------------------------------------------------ */

#define BUNDLES_MAX	64u

/* Parts of several bundles may follow one another. */
struct begun {
	struct intake in;
	bool is_on;
};

struct pipe {
	const struct intake_rules *rules;
	struct begun *all[BUNDLES_MAX];
	size_t count;
	struct begun *last;		/* which one the flow is at */
};

/* Not begun so far, and with no room for it: NULL. */
static struct begun *
begun_of(struct pipe *pipe, const struct stick_bundle *bundle)
{
	struct begun *b;
	size_t i;

	for (i = 0; i < pipe->count; i++)
		if (pipe->all[i]->in.b == bundle)
			return pipe->all[i];
	if (pipe->count == BUNDLES_MAX)
		return NULL;
	b = xcalloc(1, sizeof(*b));
	b->is_on = intake_begin(&b->in, pipe->rules, bundle);
	pipe->all[pipe->count++] = b;
	return b;
}

/* What is on its way is of the bundle that was read last. */
static bool
settle_last(const struct pipe *pipe)
{
	return pipe->last == NULL || !pipe->last->is_on ||
	    intake_settle(&pipe->last->in);
}

/* What is of a bundle that is refused is read past. */
static bool
skip_part(struct import *im)
{
	struct part_member m;
	struct err e;
	int rc;

	/* That has been told. */
	if (part_has_failed(im->part))
		return false;
	while ((rc = part_next(im->part, &m, &e)) == 1)
		;
	if (rc == -1 && e.code != ERR_CANCELLED) {
		im->stick.bad++;
		printable(e.msg);
		report(REPORT_ERROR, "%s", e.msg);
	}
	return rc == 0;
}

static bool
take_from_pipe(struct import *im, struct pipe *pipe)
{
	struct begun *b;

	judge(im, im->bundle);
	if (im->bundle->err.code != ERR_NONE)
		return skip_part(im);
	if (pipe->last != NULL && pipe->last->in.b != im->bundle &&
	    !settle_last(pipe))
		return false;
	b = begun_of(pipe, im->bundle);
	if (b == NULL) {
		err_set(&im->bundle->err, ERR_LIMIT, "%s: refused: %u other "
		    "bundles are in this pipe", im->bundle->name, BUNDLES_MAX);
		report(REPORT_ERROR, "%s", im->bundle->err.msg);
		return skip_part(im);
	}
	if (b != pipe->last && b->is_on)
		b->is_on = intake_resume(&b->in);
	pipe->last = b;
	if (!b->is_on)
		return b->in.is_refused && skip_part(im);
	return intake_part(&b->in, im->part, &im->head, im->part_name) &&
	    skip_part(im);
}

static void
run_pipe(struct import *im, const struct intake_rules *rules,
    import_ended *ended, void *cookie)
{
	struct pipe pipe = { .rules = rules };
	struct intake *in;
	size_t i;

	while (im->bundle != NULL && take_from_pipe(im, &pipe) &&
	    next_in_pipe(im))
		;
	(void)settle_last(&pipe);
	for (i = 0; i < pipe.count; i++) {
		in = &pipe.all[i]->in;
		ended(cookie, in, intake_end(in));
		intake_done(in);
		free(pipe.all[i]);
	}
}

void
import_run(struct import *im, struct intake_rules *rules, import_ended *ended,
    void *cookie)
{
	rules->flow = flow_new(rules->store);
	if (im->part_number > 0)
		run_pipe(im, rules, ended, cookie);
	else
		run_files(im, rules, ended, cookie);
	flow_free(rules->flow);
	rules->flow = NULL;
}
