#ifndef CDR_WATCH_HINTS_H
#define CDR_WATCH_HINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hook/event.h"
#include "image/list.h"

/*
 * Which images of the list to look at, and when: each settles for itself.  Of a
 * repository there are no more than it has lines, a pattern counting
 * HINT_TAGS_MAX; what is more makes it all of the repository.  Times are
 * milliseconds of the monotonic clock.
 */
struct hints;

/*
 * hints_new(list, first_ms, settle_ms, most_ms): an image is due ${settle_ms}
 * after the last event about it, and ${most_ms} after the first one,
 * whichever is earlier.  Where its repository had no event for ${settle_ms},
 * and none of it has to be signed, it is due once before that: ${first_ms}
 * after that event, with what else of the repository has come by then; not
 * where ${first_ms} is no less than ${settle_ms}.  Takes the list.
 */
struct hints *hints_new(struct image_list *, int64_t, int64_t, int64_t);

/* hints_signed(h, fn, cookie): has what comes from that registry to be signed,
 * whatever the list says?  It is asked now, and by each hints_list. */
typedef bool hints_signed_fn(void *cookie, const char *registry);
void hints_signed(struct hints *, hints_signed_fn *, void *);
void hints_free(struct hints *);

/* hints_list(h, list): the list has changed.  What waits stays, where a line is
 * left for it. */
void hints_list(struct hints *, struct image_list *);

/* hints_put(h, event, now): return how many lines it is about: only_hears. */
size_t hints_put(struct hints *, const struct hook_event *, int64_t);

/* hints_due(h): no one is due before that; INT64_MAX: none waits. */
int64_t hints_due(const struct hints *);

/* What to look at, in REF form (for sync --only), and how many runs that did
 * have failed since the last event about it. */
struct hint {
	char *ref;
	unsigned failed;
};

/*
 * hints_take(h, now, ret): what is due, no more than HINTS_RUN_MAX: the rest
 * stays due.  hints_take_all(h, now, ret): for a run of the whole list, all but
 * what has not settled: a registry may tell of a push before it shows it.
 * Return how many; hints_done(taken, count) releases them.
 */
size_t hints_take(struct hints *, int64_t, struct hint **);
size_t hints_take_all(struct hints *, int64_t, struct hint **);
void hints_done(struct hint *, size_t);

/* hints_again(h, hint, when): nothing has become of it: it is due again then,
 * or when it has settled after one more event. */
void hints_again(struct hints *, const struct hint *, int64_t);

/* hints_count(h): how many wait. */
size_t hints_count(const struct hints *);

#endif
