#ifndef CDR_CMD_SYNC_GC_H
#define CDR_CMD_SYNC_GC_H

#include "cmd/collect.h"
#include "report/report.h"

/* --gc of cdr sync: garbage is collected by the run, while it has the lock. */
enum sync_gc_when {
	SYNC_GC_NEVER,
	SYNC_GC_ALWAYS,			/* when the run is over */
	SYNC_GC_NEEDED			/* when there is too little room */
};

struct sync_gc {
	enum sync_gc_when when;
	struct collect_options options;
	struct keep_use use;
	const struct image_list *list;	/* of the run, if it is the truth */
};

/* sync_gc_parse(arg, ret, e): ${arg} is NULL or "when-needed". */
int sync_gc_parse(const char *, struct sync_gc *, struct err *);

/*
 * sync_gc_read(gc, list, has_refs, e): the files of its options; the list of
 * the run has been read.  ${has_refs}: the command line names images, which is
 * no list that says what has left it.  Return 0, or -1 with ${e} set
 * (ERR_INPUT).
 */
int sync_gc_read(struct sync_gc *, const struct image_list *, bool,
    struct err *);
void sync_gc_done(struct sync_gc *);

/* sync_gc_before(gc, store): before the run, if less is free than there has to
 * be.  Return false if somebody has asked to end. */
bool sync_gc_before(const struct sync_gc *, struct store *);

/*
 * sync_gc_makes_room(gc, store, totals): images have failed for lack of room.
 * Return whether there is room for one of them at least, now, so that it is
 * worth another try.
 */
bool sync_gc_makes_room(const struct sync_gc *, struct store *,
    const struct report_totals *);

/* sync_gc_after(gc, store, code): at the end of a run with that exit code.
 * Return the one of both. */
int sync_gc_after(const struct sync_gc *, struct store *, int);

#endif
