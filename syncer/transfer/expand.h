#ifndef CDR_TRANSFER_EXPAND_H
#define CDR_TRANSFER_EXPAND_H

#include <stddef.h>

#include "image/list.h"
#include "transfer/ages.h"
#include "transfer/dispatch.h"

/*
 * From a pattern of the list to tags: all pages of tags/list
 * (distribution-spec, "Listing Tags"), what matches, and of that the newest.
 */

/* ${tags}, sorted (with newest= the newest first) and each once, are gone when
 * ${end} returns.  ${e} is NULL if that is all of them. */
typedef void expand_end(void *cookie, const struct list_entry *,
    char *const *tags, size_t count, const struct err *e);

/* expand_start(d, ages, entry, end, cookie): ${end} is called once, from
 * dispatch_step. */
void expand_start(struct dispatch *, struct ages *, const struct list_entry *,
    expand_end *, void *);

#endif
