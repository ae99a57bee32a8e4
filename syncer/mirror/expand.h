#ifndef CDR_MIRROR_EXPAND_H
#define CDR_MIRROR_EXPAND_H

#include <stddef.h>

#include "image/list.h"
#include "mirror/ages.h"
#include "transfer/dispatch.h"

/*
 * From a pattern of the list to tags: all pages of tags/list
 * (distribution-spec, "Listing Tags"), what matches, and of that the newest.
 */

/* The first ${count} of ${tags}, sorted (with newest= the newest first) and
 * each once; behind them, ${all} in sum, what newest= has left out.  They are
 * gone when ${end} returns.  ${e} is NULL if that is all of them. */
typedef void expand_end(void *cookie, const struct list_entry *,
    char *const *tags, size_t count, size_t all, const struct err *e);

/* expand_start(d, ages, entry, priority, end, cookie): ${priority} is that of
 * its requests.  ${end} is called once, from dispatch_step. */
void expand_start(struct dispatch *, struct ages *, const struct list_entry *,
    int, expand_end *, void *);

#endif
