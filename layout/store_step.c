/*
 * Changes that take moments, beside a writer that is at work for hours: each is
 * a step, under the lock that links and lists change under.  It needs no mark
 * that somebody died: it syncs what it has changed before it ends, and builds
 * on nothing but digest links, which stand for what is on stable storage.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fsutil.h"
#include "store_internal.h"

/* _state/publish, from its beginning on: the number of changes, its last byte
 * first. */
#define GENERATION_BYTES	8

/* A tree is made by a writer, and so is _state, where a copy came without. */
int
store_open_steps(struct store *st, struct err *e)
{
	store_modes_settle(st);
	if (store_check_version(st, e) == -1)
		return -1;
	if (st->version == 0)
		return err_set(e, ERR_STORE, "not a CDR tree: it has no file "
		    STORE_VERSION_FILE "; \"cdr sync\" makes one");
	if (st->version < 2)
		return err_set(e, ERR_STORE, "the tree has layout version %d: "
		    "\"cdr sync\" makes it version 2, which this needs",
		    st->version);
	if (store_modes_check(st, e) == -1 ||
	    store_make_private(st, "_state", e) == -1 ||
	    store_make_private(st, "_state/tmp", e) == -1)
		return -1;
	return store_open_lock(st, STORE_PUBLISH_FILE, &st->publish, e);
}

bool
store_may_change(const struct store *st)
{
	return st->is_writer || st->in_step;
}

int
store_step_begin(struct store *st, struct err *e)
{
	assert(st->publish != -1 && !st->in_step);
	if (store_lock_publish(st, e) == -1)
		return -1;
	st->in_step = true;
	return 0;
}

/* What could not be put in place goes at once: nobody sweeps before the next
 * writer. */
int
store_step_end(struct store *st, struct err *e)
{
	int rc;

	assert(st->in_step);
	store_drop_files(st);
	rc = store_sync_dirs(st, e);
	st->in_step = false;
	store_unlock_publish(st);
	return rc;
}

/* --- the number of changes --------------------------------------------- */

/* It is for processes that are at work together, so that it need not be
 * durable; it begins anew with the file.  What cannot be read is never the same
 * twice. */
uint64_t
store_generation(const struct store *st)
{
	uint8_t bytes[GENERATION_BYTES] = { 0 };
	struct timespec now;
	uint64_t n = 0;
	size_t i;

	if (st->publish == -1)
		return 0;
	if (pread(st->publish, bytes, sizeof(bytes), 0) == -1) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		return (uint64_t)1 << 63 | ((uint64_t)now.tv_sec << 30 |
		    (uint64_t)now.tv_nsec);
	}
	for (i = GENERATION_BYTES; i-- > 0;)
		n = n << 8 | bytes[i];
	return n;
}

int
store_new_generation(struct store *st, struct err *e)
{
	uint64_t n = store_generation(st) + 1;
	uint8_t bytes[GENERATION_BYTES];
	size_t i;

	assert(st->publish != -1);
	for (i = 0; i < GENERATION_BYTES; i++)
		bytes[i] = (uint8_t)(n >> (8 * i));
	if (fs_write(st->publish, bytes, sizeof(bytes), 0) == -1)
		return err_sys(e, STORE_PUBLISH_FILE ": cannot write");
	return 0;
}

void
store_reserve_generation(const struct store *st)
{
	static const uint8_t none[GENERATION_BYTES];
	struct stat sb;

	if (fstat(st->publish, &sb) == 0 && sb.st_size < GENERATION_BYTES)
		(void)!fs_write(st->publish, none, sizeof(none), 0);
}
