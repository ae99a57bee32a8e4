#ifndef CDR_MIRROR_KEEP_H
#define CDR_MIRROR_KEEP_H

#include "image/list.h"
#include "layout/gc.h"
#include "mirror/keep_use.h"

/*
 * Which images of a tree are kept, and for what reason: what layout/gc.h asks
 * for, out of status.json, lists, pins and what is in use.  Where no list is at
 * hand, an image is listed for UNLISTED_AFTER_S after it was in one, unless
 * that list has had a run without it: two lists on one tree are mirrored in
 * turn, and neither makes room for itself at the other one's expense.
 */
#define KEEP_FOREVER	((int64_t)-1)

struct keep_options {
	const struct image_list *list;	/* what is listed; NULL: what runs have
					 * said */
	int64_t unlisted_s;		/* the term of other images; 0 needs a
					 * list */
	const struct keep_use *use;	/* or NULL */
	int64_t now;
	void (*tell)(void *, const struct gc_event *);	/* as in gc_rules */
	bool (*is_stopped)(void *);
	void (*progress)(void *, const struct gc_progress *);
	void *cookie;			/* of these */
};

struct keep;

/* keep_new(store, options, ret, e): both are borrowed.  Return 0, or -1 with
 * ${e} set. */
int keep_new(const struct store *, const struct keep_options *, struct keep **,
    struct err *);
void keep_free(struct keep *);

/* keep_rules(k): for gc_run; as long as ${k} lives. */
const struct gc_rules *keep_rules(const struct keep *);

/* keep_save(k, store, e): after gc_run: for how long images have been here of
 * which nobody knows when they were listed.  Not after a dry run. */
int keep_save(struct keep *, struct store *, struct err *);

#endif
