#ifndef CDR_GC_HISTORY_H
#define CDR_GC_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"

/* One digest that a tag had. */
struct gc_past {
	struct digest digest;
	int64_t since;		/* when it was published; what is said of a
				 * time that cannot be is that of the line
				 * behind it, or now */
};

/*
 * gc_history_choose(text, current, keep, keep_for_s, now, ret, ret_count): of
 * the lines of a history, the digests but for ${current} that are kept: those
 * of the last ${keep} steps back (tag_history_judge), those that were published
 * less than ${keep_for_s} ago, and what the tag was about to be set to when
 * something died; with UINT_MAX all.  The newest comes first; free(3) ${ret}.
 */
void gc_history_choose(const char *, const struct digest *, unsigned, int64_t,
    int64_t, struct gc_past **, size_t *);

#endif
