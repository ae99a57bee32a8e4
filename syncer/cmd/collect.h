#ifndef CDR_CMD_COLLECT_H
#define CDR_CMD_COLLECT_H

#include "cmd/cmd.h"
#include "cmd/collect_options.h"
#include "cmd/collect_print.h"
#include "image/list.h"
#include "report/name_set.h"

/* One collection of garbage: what gc, rm and sync have in common. */
struct collect {
	const struct collect_options *o;
	const struct image_list *list;	/* what is listed, or NULL */
	const struct keep_use *use;	/* or NULL */
	const struct gc_reference *only;	/* rm: this one, or NULL */
	bool may_be_busy;		/* GC_BUSY is no error, then */
	struct collect_print print;
	struct name_set gone;		/* its own, of images, and: */
	uint64_t evicted;		/* so many of them for lack of room */
	uint64_t images;		/* that the last run has counted here */
};

/*
 * collect_run(c, store, ret): says what goes, and why that has failed; writes
 * what the next run and monitoring need, but not the lists of the tree: after
 * it, collect_finish.  ${store} is open for writing, for a dry run to read.
 */
enum gc_end collect_run(struct collect *, struct store *, struct gc_totals *);

/* collect_finish(c, store): the lists of the tree, and what is in status/;
 * once, also if nothing was run.  Return 0, or -1 after an error has been
 * told. */
int collect_finish(struct collect *, struct store *);

/* collect_exit(end): the exit code. */
enum exit_code collect_exit(enum gc_end);

/* collect_list(list, path, e): as inputs_list, but a list without images is an
 * error: -1 with ${e} set. */
int collect_list(struct image_list *, const char *, struct err *);

#endif
