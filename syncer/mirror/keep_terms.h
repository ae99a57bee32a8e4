#ifndef CDR_MIRROR_KEEP_TERMS_H
#define CDR_MIRROR_KEEP_TERMS_H

#include "layout/store.h"
#include "mirror/name_table.h"

/*
 * _state/unlisted: images of which nobody knows when they were last listed, and
 * for how long that has been so.  A text: the time of the last run, then a line
 * for each image, its age in seconds, what is said of its last listing, if
 * anything, and its name.  To each age a run adds what has passed since the run
 * before, half of the term at most and never less than nothing: no clock that
 * jumps ends a term.  Where something else is said of its last listing it has
 * been listed meanwhile, whenever that was, and the age begins anew.
 */
struct keep_terms {
	struct name_table ages;		/* number: the age, now; when: that of
					 * its last listing, or 0 */
	int64_t last;			/* what the next run counts from */
};

/* keep_terms_read(store, now, term_s, ret): a file that is absent or makes no
 * sense has none. */
void keep_terms_read(const struct store *, int64_t now, int64_t term_s,
    struct keep_terms *);
void keep_terms_done(struct keep_terms *);

/* keep_terms_age(terms, image, listed): 0 where it is new; ${listed} is what is
 * said of its last listing. */
int64_t keep_terms_age(const struct keep_terms *, const char *, int64_t);

/* keep_terms_head(terms, out), keep_terms_put(terms, image, listed, out): what
 * the file is to have. */
void keep_terms_head(const struct keep_terms *, FILE *);
void keep_terms_put(const struct keep_terms *, const char *, int64_t, FILE *);

/* keep_terms_write(store, buf, len, e): put it in place. */
int keep_terms_write(struct store *, const char *, size_t, struct err *);

#endif
