#ifndef CDR_PINS_H
#define CDR_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "digest.h"
#include "err.h"
#include "limits.h"

/* "registry/repository:tag" or "registry/repository@alg:hex". */
#define FULL_NAME_MAX	(REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + \
			    DIGEST_TEXT_MAX + TAG_MAX)

/* full_name(registry, repository, reference, buf): with the right one of the
 * two in between.  Return ${buf}. */
char *full_name(const char *, const char *, const char *,
    char buf[FULL_NAME_MAX]);

/* full_name_split(name, ret): the inverse; false if it is no full name. */
struct full_name {
	char registry[REGISTRY_NAME_MAX + 1];
	char repository[REPOSITORY_NAME_MAX + 1];
	char reference[DIGEST_TEXT_MAX + TAG_MAX];
};
bool full_name_split(const char *, struct full_name *);

/* The lines of keep/pins, cdr-layout(5): full names, and remarks. */
struct pins {
	char **lines;
	size_t count, room;
	char **sorted;			/* the same; NULL: not yet */
};

/*
 * pins_parse(text, len, ret, e): there is a NUL behind the text.  Return 0, or
 * -1 with ${e} set (ERR_DATA): it names the first line that is neither.
 * pins_done releases.
 */
int pins_parse(const char *, size_t, struct pins *, struct err *);
void pins_done(struct pins *);

/* By full name.  pins_add returns false if it is there already; pins_remove if
 * it is not. */
bool pins_have(struct pins *, const char *);
bool pins_add(struct pins *, const char *);
bool pins_remove(struct pins *, const char *);

/* pins_text(p, ret_len): all lines; free(3) it. */
char *pins_text(const struct pins *, size_t *);

/* pins_next(p, at): go through the names; *at starts as 0.  NULL: the end. */
const char *pins_next(const struct pins *, size_t *);

#endif
