/*
 * One run.  What goes is found out beside whoever holds tags or sets them back;
 * then, with them locked out for a moment, the links go, if nothing has been
 * changed meanwhile.  From there on nothing can come back into use, and what
 * takes long is done.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "gc_internal.h"

/* --- finding out ------------------------------------------------------- */

static void
begin(struct gc_sweep *s)
{
	memset(&s->totals, 0, sizeof(s->totals));
	s->gc->progress.done = 0;
	s->bytes = 0;
	if (s->by_age != NULL)
		memset(s->by_age, 0, GC_PARTS * sizeof(*s->by_age));
}

static int
sweep_all(struct gc_sweep *s, struct err *e)
{
	if (gc_sweep_links(s, e) == -1 || gc_sweep_manifests(s, e) == -1 ||
	    gc_sweep_blobs(s, e) == -1)
		return -1;
	return gc_sweep_state(s, e);
}

int
gc_assess(struct gc_sweep *s, struct err *e)
{
	begin(s);
	return sweep_all(s, e);
}

/* Before, the file says what is to go, so that a run after one that died goes
 * on with it; afterwards, only what stays.  A full disk does without. */
static int
assess(struct gc *gc, struct gc_sweep *s, bool all, struct err *e)
{
	struct gc_condemned condemned = { .stream = NULL };
	struct err ignored;
	int rc;

	if (!gc->o->dry_run && gc_condemned_open(gc->st, gc->o->now,
	    &condemned, &ignored) == 0)
		s->condemned = &condemned;
	s->all = all;
	rc = gc_assess(s, e);
	s->condemned = NULL;
	(void)gc_condemned_close(&condemned, rc == 0, &ignored);
	return rc;
}

/* Of all that is marked: the same marks, the same number. */
static uint64_t
sum_of(const struct gc_table *t)
{
	uint64_t sum = t->count;
	size_t i;

	for (i = 0; i < t->room; i++)
		sum += t->slots[i];
	return sum;
}

/* What a disk, a cable or a memory that fails has made of a link or a history
 * is another thing the next time.  Where somebody has changed the tree since it
 * was ${generation}, it is looked at once more anyway. */
static int
mark_twice(struct gc *gc, uint64_t generation, struct err *e)
{
	uint64_t sum = sum_of(&gc->marks);

	if (gc_mark(gc, e) == -1)
		return -1;
	if (sum_of(&gc->marks) == sum ||
	    store_generation(gc->st) != generation)
		return 0;
	err_set(e, ERR_DATA, "the tree was read twice, and was not the same: "
	    "nothing was removed; run it again, and if that says the same, "
	    "look for a disk, a cable or a memory that fails");
	return gc_stop(gc, GC_UNREADABLE);
}

static uint64_t
removals(const struct gc_totals *t)
{
	return t->images_gone + t->manifests_gone + t->blobs_gone +
	    t->others_gone;
}

static bool
is_too_many(const struct gc *gc, const struct gc_totals *t)
{
	return gc->o->only == NULL && gc->o->max_delete < 100 &&
	    t->images_gone * 100 > gc->totals->images * gc->o->max_delete;
}

/* Return 1 if there is something to do, 0 or -1. */
static int
find_out(struct gc *gc, struct gc_sweep *s, int *ret_fits, struct err *e)
{
	if (gc_mark(gc, e) == -1)
		return -1;
	*ret_fits = gc_fit(gc, s, e);
	if (*ret_fits == -1)
		return -1;
	s->tell = gc->o->dry_run;
	if (!gc->is_measured || s->tell)
		if (gc_assess(s, e) == -1)
			return -1;
	s->tell = false;
	if (!is_too_many(gc, &s->totals))
		return removals(&s->totals) > 0;
	err_set(e, ERR_LIMIT, "%llu of %llu images would go, which is more "
	    "than %u of 100: nothing was removed",
	    (unsigned long long)s->totals.images_gone,
	    (unsigned long long)gc->totals->images, gc->o->max_delete);
	return gc_stop(gc, GC_TOO_MANY);
}

/* --- doing it ---------------------------------------------------------- */

static int
take_keep(struct gc *gc, struct err *e)
{
	if (flock(gc->st->keep, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return err_sys(e, STORE_KEEP_FILE ": cannot lock");
	err_set(e, ERR_STORE, "somebody relies on it that all that is in this "
	    "tree stays (cdr export, save or verify): nothing was removed; try "
	    "again when that has ended");
	return gc_stop(gc, GC_BUSY);
}

/* On a disk without a free file, the mark is another name of one. */
static int
mark_stale(struct store *st, struct err *e)
{
	if (store_mark_stale(st, e) == 0)
		return 0;
	(void)!unlinkat(st->root, STORE_DIRTY_FILE, 0);
	if (linkat(st->root, STORE_UNCLEAN_FILE, st->root, STORE_DIRTY_FILE,
	    0) == -1)
		return -1;
	st->index_stale = true;
	return 0;
}

static int
sweep_links(struct gc *gc, struct gc_sweep *s, struct err *e)
{
	struct store *st = gc->st;

	if (mark_stale(st, e) == -1 || store_new_generation(st, e) == -1)
		return -1;
	if (gc_sweep_links(s, e) == 0)
		return 0;
	store_drop_files(st);
	/* Some tags may have gone, and their lists are as they were. */
	st->index_inherited = true;
	return -1;
}

/* Return 1 if the links have gone, 0 if there is nothing to do after all. */
static int
sweep_under_lock(struct gc *gc, struct gc_sweep *s, uint64_t generation,
    int *ret_fits, struct err *e)
{
	int rc = 1;

	if (store_lock_publish(gc->st, e) == -1)
		return -1;
	if (store_generation(gc->st) != generation)
		rc = find_out(gc, s, ret_fits, e);
	if (rc == 1) {
		begin(s);
		s->act = true;
		s->tell = true;
		rc = sweep_links(gc, s, e) == -1 ? -1 : 1;
	}
	store_unlock_publish(gc->st);
	return rc;
}

/* The folders are synced between the steps: a power cut leaves what nobody
 * finds, and never something that is found and not there. */
static int
sweep(struct gc *gc, struct gc_sweep *s, uint64_t generation, int *ret_fits,
    struct err *e)
{
	int rc = sweep_under_lock(gc, s, generation, ret_fits, e);

	if (rc != 1)
		return rc;
	if (gc_sweep_manifests(s, e) == -1 ||
	    store_sync_dirs(gc->st, e) == -1 || gc_sweep_blobs(s, e) == -1 ||
	    gc_sweep_state(s, e) == -1)
		return -1;
	return store_sync_dirs(gc->st, e);
}

static void
take_totals(struct gc_totals *ret, const struct gc_sweep *gone,
    const struct gc_sweep *left)
{
	ret->images_gone = gone->totals.images_gone;
	ret->manifests_gone = gone->totals.manifests_gone;
	ret->blobs_gone = gone->totals.blobs_gone;
	ret->others_gone = gone->totals.others_gone;
	ret->bytes_gone = gone->totals.bytes_gone;
	ret->condemned = left->totals.condemned;
	ret->condemned_bytes = left->totals.condemned_bytes;
	ret->reclaimable_bytes = left->totals.reclaimable_bytes;
	ret->bytes = left->bytes;
	ret->lacking = left->gc->lacking;
}

static int
do_it(struct gc *gc, struct gc_sweep *s, uint64_t generation, int *ret_fits,
    struct err *e)
{
	struct gc_sweep left = { .gc = gc };
	int rc;

	gc->progress.removals = removals(&s->totals);
	if (take_keep(gc, e) == -1)
		return -1;
	rc = mark_twice(gc, generation, e);
	if (rc == 0)
		rc = assess(gc, &left, true, e);
	if (rc == 0) {
		rc = sweep(gc, s, generation, ret_fits, e);
		take_totals(gc->totals, s, &left);
	}
	(void)flock(gc->st->keep, LOCK_SH);
	if (rc == -1)
		return -1;
	rc = assess(gc, &left, false, e);
	take_totals(gc->totals, s, &left);
	return rc;
}

/* A step changes the number before it changes anything.  Who reads it without
 * the lock may have the new one, and find the tree as it was. */
static int
read_generation(const struct gc *gc, uint64_t *ret, struct err *e)
{
	*ret = 0;
	if (gc->o->dry_run)
		return 0;
	if (store_lock_publish(gc->st, e) == -1)
		return -1;
	*ret = store_generation(gc->st);
	store_unlock_publish(gc->st);
	return 0;
}

static int
run(struct gc *gc, int *ret_fits, struct err *e)
{
	uint64_t generation;
	struct gc_condemned condemned = { .stream = NULL };
	struct gc_sweep s = { .gc = gc };
	struct err ignored;
	int rc;

	if (read_generation(gc, &generation, e) == -1)
		return -1;
	/* Mostly nothing goes, and all is walked through once. */
	if (!gc->o->dry_run && !gc->is_measured && gc_condemned_open(gc->st,
	    gc->o->now, &condemned, &ignored) == 0)
		s.condemned = &condemned;
	rc = find_out(gc, &s, ret_fits, e);
	s.condemned = NULL;
	(void)gc_condemned_close(&condemned, rc == 0, &ignored);
	take_totals(gc->totals, &s, &s);
	if (rc == 1 && !gc->o->dry_run)
		return do_it(gc, &s, generation, ret_fits, e);
	if (rc != 0 || gc->o->dry_run || !gc->is_measured)
		return rc == -1 ? -1 : 0;
	rc = assess(gc, &s, false, e);
	take_totals(gc->totals, &s, &s);
	return rc;
}

enum gc_end
gc_run(struct store *st, const struct gc_rules *rules,
    const struct gc_options *options, struct gc_totals *ret, struct err *e)
{
	struct gc gc = {
		.st = st, .rules = rules, .o = options, .totals = ret,
		.items_kept = SIZE_MAX, .grace_max = UINT32_MAX,
		.end = GC_DONE,
	};
	int rc, fits = 1;

	assert(options->dry_run || st->is_writer);
	memset(ret, 0, sizeof(*ret));
	gc.is_measured = options->only == NULL &&
	    (options->min_free > 0 || options->max_size > 0);
	gc_key_make(&gc.key);
	ret->free_before = store_free_bytes(st);
	if (!options->dry_run)
		gc_reserve_use(st);
	gc_ages_read(st, &gc.key, options->now, &gc.ages);
	rc = run(&gc, &fits, e);
	gc_ages_done(&gc.ages);
	gc_mark_done(&gc);
	if (!options->dry_run) {
		gc_sweep_folders(&gc);
		store_reserve_make(st);
	}
	ret->free_after = store_free_bytes(st);
	if (rc == -1)
		return gc.end == GC_DONE ? GC_FAILED : gc.end;
	return fits == 0 ? GC_NO_ROOM : GC_DONE;
}
