#include <string.h>

#include "cmd/sync_gc.h"
#include "layout/store.h"

int
sync_gc_parse(const char *arg, struct sync_gc *ret, struct err *e)
{
	if (arg == NULL)
		ret->when = SYNC_GC_ALWAYS;
	else if (strcmp(arg, "when-needed") == 0)
		ret->when = SYNC_GC_NEEDED;
	else
		return err_set(e, ERR_INPUT, "it takes when-needed, or "
		    "nothing, not \"%.80s\"", arg);
	return 0;
}

int
sync_gc_read(struct sync_gc *gc, const struct image_list *list, bool has_refs,
    struct err *e)
{
	if (gc->when == SYNC_GC_NEVER)
		return 0;
	if (list_count(list) == 0)
		return err_set(e, ERR_INPUT, "--gc: there is no image in the "
		    "list: nothing has been done");
	if (gc->options.unlisted_s == 0 && has_refs)
		return err_set(e, ERR_INPUT, "--keep-unlisted 0 takes lists, "
		    "with -i, and no images beside them: what is not in the "
		    "lists goes at once");
	gc->list = gc->options.unlisted_s == 0 ? list : NULL;
	return collect_use_read(&gc->options, &gc->use, e);
}

void
sync_gc_done(struct sync_gc *gc)
{
	keep_use_done(&gc->use);
	collect_options_done(&gc->options);
}

static enum gc_end
collect(const struct sync_gc *gc, struct store *store,
    const struct collect_options *o, bool is_trial)
{
	struct collect c = {
		.o = o,
		.list = gc->list,
		.use = o->in_use_count > 0 ? &gc->use : NULL,
		.print.form = COLLECT_LOG,
		.print.dry_run = is_trial,
		.print.quiet = is_trial,
	};
	struct gc_totals totals;
	enum gc_end end = collect_run(&c, store, &totals);

	if (!is_trial && collect_finish(&c, store) == -1)
		end = GC_FAILED;
	return end;
}

bool
sync_gc_before(const struct sync_gc *gc, struct store *store)
{
	uint64_t min_free = collect_min_free(&gc->options, store);

	if (gc->when != SYNC_GC_NEEDED || store_free_bytes(store) >= min_free)
		return true;
	return collect(gc, store, &gc->options, false) != GC_STOPPED;
}

/* Nothing goes in vain: only if so much can be had, and no more of it. */
static bool
make_room(const struct sync_gc *gc, struct store *store, uint64_t bytes)
{
	struct collect_options o = gc->options;
	uint64_t min_free = collect_min_free(&o, store);

	o.min_free_percent = 0;
	o.min_free = bytes > min_free ? bytes : min_free;
	return collect(gc, store, &o, true) == GC_DONE &&
	    collect(gc, store, &o, false) == GC_DONE;
}

bool
sync_gc_makes_room(const struct sync_gc *gc, struct store *store,
    const struct report_totals *totals)
{
	if (gc->when != SYNC_GC_NEEDED || totals->lacking_bytes == 0)
		return false;
	return make_room(gc, store, totals->lacking_bytes) ||
	    (totals->lacking_least < totals->lacking_bytes &&
	    make_room(gc, store, totals->lacking_least));
}

/* That too much would go, or too little could, is no reason to tell that
 * nothing was done. */
int
sync_gc_after(const struct sync_gc *gc, struct store *store, int code)
{
	int end;

	if (gc->when != SYNC_GC_ALWAYS)
		return code;
	end = collect_exit(collect(gc, store, &gc->options, false));
	if (end == EXIT_INPUT)
		end = EXIT_SOME_FAILED;
	return end > code ? end : code;
}
