#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/collect.h"
#include "cmd/collect_room.h"
#include "cmd/inputs.h"
#include "cmd/refresh.h"
#include "image/ref.h"
#include "layout/mem.h"
#include "mirror/keep.h"
#include "report/gc_status.h"
#include "report/holding.h"
#include "report/report.h"
#include "report/unlisted.h"

int
collect_list(struct image_list *list, const char *path, struct err *e)
{
	size_t before = list_count(list);

	if (inputs_list(list, path, e) == -1)
		return -1;
	if (list_count(list) > before)
		return 0;
	return err_set(e, ERR_INPUT, "%s: there is no image in this list: "
	    "nothing has been removed", path);
}

enum exit_code
collect_exit(enum gc_end end)
{
	switch (end) {
	case GC_DONE:
		return EXIT_OK;
	case GC_TOO_MANY:
		return EXIT_INPUT;
	case GC_NO_ROOM:
	case GC_UNREADABLE:
		return EXIT_SOME_FAILED;
	case GC_STOPPED:
		return EXIT_INTERRUPTED;
	case GC_BUSY:
	case GC_FAILED:
		break;
	}
	return EXIT_STORE;
}

/* --- the run ----------------------------------------------------------- */

static void
tell(void *cookie, const struct gc_event *event)
{
	struct collect *c = cookie;

	if (event->kind == GC_IMAGE && !c->print.dry_run) {
		name_set_add(&c->gone, event->name);
		c->evicted += event->why == GC_WHY_ROOM;
	}
	collect_print_event(&c->print, event);
}

static bool
is_stopped(void *cookie)
{
	struct pollfd p = { .fd = cmd_stop_fd(), .events = POLLIN };

	(void)cookie;
	return poll(&p, 1, 0) == 1;
}

/* Who gets JSON on his terminal has no line of it to spare. */
static bool
is_shown(const struct collect_print *p)
{
	return !p->quiet && (p->form != COLLECT_JSON ||
	    isatty(STDOUT_FILENO) != 1);
}

static void
show(void *cookie, const struct gc_progress *p)
{
	const struct collect *c = cookie;
	struct report_work w = {
		.done = p->done, .permille = REPORT_VAGUE,
	};

	if (!report_progress_due() || !is_shown(&c->print))
		return;
	switch (p->phase) {
	case GC_AT_IMAGES:
		w.what = "image";
		w.names = image_ref_short(p->at);
		w.all = p->done <= c->images ? c->images : 0;
		break;
	case GC_AT_FILES:
		w.what = "file";
		break;
	case GC_REMOVES:
		w.what = "object";
		w.names = "removing";
		w.all = p->removals;
		break;
	}
	if (w.all > 0)
		w.permille = report_permille(w.done, w.all);
	report_work(&w);
}

/* What it says, and what to do. */
static void
complain(const struct collect *c, enum gc_end end, const struct err *e)
{
	switch (end) {
	case GC_DONE:
		break;
	case GC_TOO_MANY:
		report(REPORT_ERROR, "%s; if that is meant, say so with "
		    "--max-delete", e->msg);
		break;
	case GC_STOPPED:
		report(REPORT_WARNING, "interrupted; the next run goes on "
		    "from here");
		break;
	case GC_BUSY:
		report(c->may_be_busy ? REPORT_INFO : REPORT_ERROR, "%s",
		    e->msg);
		break;
	case GC_NO_ROOM:
	case GC_UNREADABLE:
	case GC_FAILED:
		report(c->print.form == COLLECT_LOG && end == GC_NO_ROOM ?
		    REPORT_WARNING : REPORT_ERROR, "%s", e->msg);
		break;
	}
}

/* Only for monitoring, and for the terms of what nobody knows. */
static void
remember(const struct collect *c, struct keep *keep, struct store *store,
    struct gc_status_run *run)
{
	struct err e;

	run->now = (int64_t)time(NULL);
	if (c->only != NULL) {
		if (gc_status_add(store, run->totals, &e) == -1)
			report(REPORT_WARNING, "cannot write the status: %s",
			    e.msg);
		return;
	}
	if ((run->end == GC_DONE || run->end == GC_NO_ROOM) &&
	    keep_save(keep, store, &e) == -1)
		report(REPORT_WARNING, "cannot write down since when images "
		    "are on no list: %s", e.msg);
	if (gc_status_save(store, run, &e) == -1)
		report(REPORT_WARNING, "cannot write the status: %s", e.msg);
}

static struct gc_options
options_of(const struct collect *c, const struct store *store, int64_t now)
{
	return (struct gc_options){
		.dry_run = c->print.dry_run,
		.now = now,
		.grace_s = c->o->grace_s,
		.max_delete = c->o->max_delete,
		.min_free = collect_min_free(c->o, store),
		.max_size = c->o->max_size,
		.only = c->only,
	};
}

/* What was found and then not done is no number of anything. */
static void
forget_undone(const struct collect *c, struct gc_totals *t)
{
	if (c->print.dry_run || c->print.told > 0)
		return;
	t->images_gone = t->manifests_gone = t->blobs_gone = 0;
	t->others_gone = t->bytes_gone = 0;
}

/* Which images would make room; and why some stay that a list has left. */
static void
hint(const struct collect *c, const struct store *store)
{
	collect_room_hint(store, &c->gone);
	if (c->list != NULL)
		return;
	report(REPORT_WARNING, "of each list that had a run in the last %d "
	    "days, what its last run had counts as listed; %s",
	    UNLISTED_AFTER_S / (24 * 3600),
	    c->print.form == COLLECT_LOG ?
	    "with --keep-unlisted 0 the list of this run alone counts" :
	    "with -i LIST that list alone counts");
}

enum gc_end
collect_run(struct collect *c, struct store *store, struct gc_totals *ret)
{
	struct keep_options rules = {
		.list = c->list,
		.unlisted_s = c->o->unlisted_s,
		.use = c->use,
		.now = (int64_t)time(NULL),
		.tell = tell,
		.is_stopped = is_stopped,
		.progress = show,
		.cookie = c,
	};
	struct gc_status_run run = {
		.started = rules.now, .end = GC_FAILED, .totals = ret,
	};
	struct gc_options options = options_of(c, store, rules.now);
	struct keep *keep = NULL;
	struct holding_totals here;
	struct err e = { .code = ERR_NONE };

	holding_totals_read(store, &here);
	c->images = here.images;
	*ret = (struct gc_totals){ 0 };
	c->print.unlisted_s = c->o->unlisted_s;
	collect_print_begin(&c->print);
	if (keep_new(store, &rules, &keep, &e) == 0)
		run.end = gc_run(store, keep_rules(keep), &options, ret, &e);
	report_clear();
	forget_undone(c, ret);
	/* They were here, and on no list, when the run began. */
	if (ret->unlisted >= c->evicted)
		ret->unlisted -= c->evicted;
	run.error = run.end == GC_DONE ? NULL : e.msg;
	run.exit_code = collect_exit(run.end);
	if (!c->print.dry_run)
		remember(c, keep, store, &run);
	keep_free(keep);
	collect_print_end(&c->print, run.end, ret, run.error);
	/* Who only tries knows what to say of that. */
	if (run.end != GC_NO_ROOM || c->print.form != COLLECT_LOG ||
	    !c->print.dry_run)
		complain(c, run.end, &e);
	if (run.end == GC_NO_ROOM && !c->print.quiet)
		hint(c, store);
	return run.end;
}

int
collect_finish(struct collect *c, struct store *store)
{
	struct err e;
	int rc = store_finish(store, &e);

	if (rc == -1)
		report(REPORT_ERROR, "%s", e.msg);
	else
		refresh_status(store, &c->gone);
	name_set_done(&c->gone);
	return rc;
}
