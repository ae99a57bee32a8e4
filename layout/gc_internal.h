#ifndef CDR_GC_INTERNAL_H
#define CDR_GC_INTERNAL_H

#include "gc.h"
#include "gc_condemned.h"
#include "gc_table.h"
#include "store_internal.h"

/* Shared by the gc*.c files and by nobody else. */

/* What is begun and not gone on with, and what is bad, stays for so long. */
#define GC_TERM_S	STORE_TERM_S
#define GC_DAY_S	(24 * 3600)

/* A repository, as long as its links are walked through. */
struct gc_repository {
	const char *registry, *repository;
	uint64_t number;
	bool has_referrers;
	size_t follow_first, follow_count;	/* of gc.follows */
};

/* One that is met again after its turn. */
struct gc_place {
	char *registry, *repository;
	size_t follow_first, follow_count;
};

/* A tag that lives as long as the subject that its name says. */
struct gc_follow {
	uint64_t subject;		/* its digest link */
	char *tag;
};

/* What is kept only if there is room: in this order. */
struct gc_item {
	size_t place, number;		/* in the order of notes */
	enum gc_state state;		/* GC_KEPT: history; GC_SPARE: an
					 * unlisted image, and its history; or
					 * GC_EVICTED: gc_options.only */
	int64_t order;			/* of two alike the lower comes first */
	char *reference;		/* NULL: a digest alone */
	struct digest digest;
	unsigned keep;			/* as in its verdict */
	int64_t keep_for_s;
	uint64_t bytes;			/* that it added */
};

struct gc {
	struct store *st;
	const struct gc_rules *rules;
	const struct gc_options *o;
	struct gc_totals *totals;
	struct gc_key key;
	struct gc_table marks;
	struct gc_ages ages;
	struct gc_follow *follows;
	size_t follow_count, follow_room;
	struct gc_place *places;
	size_t place_count, place_room;
	struct gc_item *items;
	size_t item_count, item_room;
	/* Whether there is anything at all that does not stay: digest links,
	 * and those that something leads to; references that do not stay,
	 * folders that are empty, notes that are about nothing. */
	uint64_t links, links_reached, odd;
	/* What is kept leads to so many manifests that are linked, and not
	 * here: what these lead to nobody knows. */
	uint64_t lacking;
	/* The walk that is under way: manifests to look at. */
	struct digest *todo;
	size_t todo_count, todo_room;
	/* What is reached is measured, into this. */
	bool is_measured;
	uint64_t bytes, root_bytes;
	/* With room for so many bytes alone: */
	size_t items_kept;		/* the first so many of the items */
	uint32_t grace_max;		/* who has been condemned for longer has
					 * to go before its term is over */
	bool is_pressed;
	enum gc_end end;		/* why something was -1 */
	struct gc_progress progress;
};

/* gc_stop(gc, end): remember why.  Return -1. */
int gc_stop(struct gc *, enum gc_end);

/* gc_is_stopped(gc, e): has somebody asked to end?  Then -1. */
int gc_is_stopped(struct gc *, struct err *);

/* gc_show(gc, phase): one more, for who looks on. */
void gc_show(struct gc *, enum gc_phase);

/* gc_is_settled(gc): nothing in repositories goes or is condemned. */
bool gc_is_settled(const struct gc *);

/* gc_age_of(gc, class, name): as gc_age, by the grace.  gc_is_due(gc, age): is
 * the grace of what is condemned over?  Where something is lacking it is
 * longer. */
uint32_t gc_age_of(const struct gc *, enum gc_class, uint64_t);
bool gc_is_due(const struct gc *, uint32_t);

/* The numbers of names. */
uint64_t gc_object(const struct gc *, const struct digest *);
uint64_t gc_link(const struct gc *, uint64_t, const struct digest *);
uint64_t gc_reference(const struct gc *, uint64_t, const char *);
uint64_t gc_number(const struct gc *, const char *, const char *);

/* --- gc_reach.c -------------------------------------------------------- */

/*
 * gc_reach(gc, r, id, state, e): mark this manifest of the repository, and all
 * that it leads to.  What a root leads to (GC_KEPT, GC_SPARE) has to be
 * readable; of the rest what is rubbish leads nowhere.  ${r} NULL: of no
 * repository, for an unfinished run.
 */
int gc_reach(struct gc *, const struct gc_repository *,
    const struct manifest_id *, enum gc_state, struct err *);

/* gc_reach_digest(gc, r, digest, state, e): the same of a digest link; where
 * there is none, nothing is there to be marked. */
int gc_reach_digest(struct gc *, const struct gc_repository *,
    const struct digest *, enum gc_state, struct err *);

/* --- gc_imports.c ------------------------------------------------------ */

/* gc_imports_mark(gc, e): what unfinished imports need, for
 * STORE_IMPORT_TERM_S since they were last gone on with.  gc_imports_sweep(s,
 * e): after that they are given up, and their state goes. */
struct gc_sweep;
int gc_imports_mark(struct gc *, struct err *);
int gc_imports_sweep(struct gc_sweep *, struct err *);

/* --- gc_used.c --------------------------------------------------------- */

/* gc_is_used(gc, r, id): is it in use, or does it lead to what is? */
bool gc_is_used(const struct gc *, const struct gc_repository *,
    const struct manifest_id *);

/* --- gc_roots.c -------------------------------------------------------- */

/* gc_roots(gc, e): mark what stays whatever happens, and note the rest in
 * gc.items. */
int gc_roots(struct gc *, struct err *);

/* gc_repository_of(gc, registry, repository, ret): as far as the tree tells. */
void gc_repository_of(const struct gc *, const char *, const char *,
    struct gc_repository *);

/* gc_history_of(gc, r, reference, current, keep, keep_for_s, ret, ret_count,
 * e): as gc_history_choose. */
struct gc_past;
int gc_history_of(const struct gc *, const struct gc_repository *,
    const char *, const struct digest *, unsigned, int64_t, struct gc_past **,
    size_t *, struct err *);

/* gc_subject(tag, ret): the digest that such a tag is about; false: none. */
bool gc_subject(const char *, struct digest *);

/* --- gc_mark.c --------------------------------------------------------- */

/* gc_mark(gc, e): all that is to stay, and what is evicted, in gc.marks. */
int gc_mark(struct gc *, struct err *);
void gc_mark_done(struct gc *);

/* --- gc_sweep.c -------------------------------------------------------- */

/*
 * What becomes of all that is there.  With ${act} it goes, else it is counted;
 * ${condemned} is told of what stays so far, with ${all} also of what is to go,
 * and may be NULL.
 */
struct gc_sweep {
	struct gc *gc;
	bool act, tell, all;
	struct gc_condemned *condemned;
	struct gc_totals totals;
	uint64_t bytes;			/* of what stays */
	uint64_t *by_age;		/* NULL, or of the condemned, the
					 * bytes by the part of the grace that
					 * is over, of GC_PARTS */
};
#define GC_PARTS	64u
int gc_sweep_links(struct gc_sweep *, struct err *);
int gc_sweep_manifests(struct gc_sweep *, struct err *);
int gc_sweep_blobs(struct gc_sweep *, struct err *);
int gc_sweep_state(struct gc_sweep *, struct err *);

/* gc_goes(s, class, name, ret_age): is it time? */
bool gc_goes(const struct gc_sweep *, enum gc_class, uint64_t, uint32_t *);

/* gc_why(s, name): why what goes and is no image goes. */
enum gc_why gc_why(const struct gc_sweep *, uint64_t);

/* gc_tell(s, kind, why, name, digest, bytes): one thing goes, or has gone. */
void gc_tell(struct gc_sweep *, enum gc_kind, enum gc_why, const char *,
    const struct digest *, uint64_t);

/* gc_condemn(s, class, name, age): it stays so far. */
void gc_condemn(struct gc_sweep *, bool, enum gc_class, const char *,
    uint32_t);

/* gc_sweep_folders(gc): of repositories that are not there any more. */
void gc_sweep_folders(struct gc *);

/* gc_assess(s, e): all four, without doing anything. */
int gc_assess(struct gc_sweep *, struct err *);

/* --- gc_room.c --------------------------------------------------------- */

/*
 * gc_fit(gc, s, e): where what stays is more than there is room for, mark anew,
 * until it fits or only what nobody may remove is left; ${s} is what has been
 * found so far, and is found anew.  Return 1 if it fits, 0 or -1.
 */
int gc_fit(struct gc *, struct gc_sweep *, struct err *);

/* --- gc_reserve.c ------------------------------------------------------ */

/* gc_reserve_use(st): is the disk so full that nothing can be written?  Then it
 * has some room from here on, as far as there was a reserve. */
void gc_reserve_use(struct store *);

#endif
