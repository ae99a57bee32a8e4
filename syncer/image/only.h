#ifndef CDR_IMAGE_ONLY_H
#define CDR_IMAGE_ONLY_H

#include <stdbool.h>
#include <stddef.h>

#include "image/list.h"

/*
 * Which lines of a list a run looks at (--only): those that some REFs are
 * about.  A REF with a tag is about lines with that tag, and about patterns
 * that match it; one without a tag, or with the tag of a signature, is about
 * all lines of its repository, whatever digest it has.
 */
struct only;

struct only *only_new(void);
void only_free(struct only *);

/* only_add(o, text, e): one REF, as in a list.  Return 0, or -1 with ${e} set
 * (ERR_INPUT). */
int only_add(struct only *, const char *, struct err *);

/* What of a line it is about. */
enum only_part {
	ONLY_NOTHING,
	ONLY_TAGS,		/* of a pattern without newest=: these tags */
	ONLY_ALL
};

/*
 * only_part(o, entry, ret, ret_count): ${ret} gets the tags for ONLY_TAGS, each
 * once, which ${o} owns; free(3) the array.
 */
enum only_part only_part(struct only *, const struct list_entry *,
    char ***, size_t *);

/* only_missed(o, i): the i-th REF, as it was written, if none of the lines that
 * only_part was asked of is of it; else NULL.  only_count(o): how many. */
const char *only_missed(const struct only *, size_t);
size_t only_count(const struct only *);

/*
 * only_hears(entry, tag): is a push of that tag about the line?  NULL: of some
 * tag or other.  Registry and repository are the same, as the caller knows.
 */
bool only_hears(const struct list_entry *, const char *);

#endif
