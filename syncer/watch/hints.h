#ifndef CDR_WATCH_HINTS_H
#define CDR_WATCH_HINTS_H

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

/* hints_new(list, settle_ms, most_ms): an image is due ${settle_ms} after the
 * last event about it, and ${most_ms} after the first one, whichever is
 * earlier.  Takes the list. */
struct hints *hints_new(struct image_list *, int64_t, int64_t);
void hints_free(struct hints *);

/* hints_list(h, list): the list has changed.  What waits stays, where a line is
 * left for it. */
void hints_list(struct hints *, struct image_list *);

/* hints_put(h, event, now): return how many lines it is about: only_hears. */
size_t hints_put(struct hints *, const struct hook_event *, int64_t);

/* hints_due(h): no one is due before that; INT64_MAX: none waits. */
int64_t hints_due(const struct hints *);

/*
 * hints_take(h, now, ret): what is due, in REF form (for sync --only), in
 * strings of the caller; no more than HINTS_RUN_MAX: the rest stays due.
 * Return how many.
 */
size_t hints_take(struct hints *, int64_t, char ***);

/* hints_again(h, ref, when): of what was taken nothing has become: it is due
 * again then, or when it has settled after one more event. */
void hints_again(struct hints *, const char *, int64_t);

/* hints_clear(h): a run of the whole list begins now. */
void hints_clear(struct hints *);

/* hints_count(h): how many wait. */

size_t hints_count(const struct hints *);

#endif
