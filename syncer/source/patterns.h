#ifndef CDR_SOURCE_PATTERNS_H
#define CDR_SOURCE_PATTERNS_H

#include <stdbool.h>

#include "source/gather.h"

/*
 * Patterns of other programs, which are written in Go, as ours of tags=.
 * ${keys} are further words for the line, "" for none.  What has no such form
 * is left out, and told.
 */

/* patterns_all(g, line, ref, keys): every tag. */
void patterns_all(struct gather *, unsigned, const char *, const char *);

/* patterns_regex(g, line, ref, regex, is_whole, keys): does ${regex} have to
 * match the whole tag, or is it enough if it does somewhere in it? */
void patterns_regex(struct gather *, unsigned, const char *, const char *,
    bool is_whole, const char *);

/* patterns_semver(g, line, ref, range, keys) */
void patterns_semver(struct gather *, unsigned, const char *, const char *,
    const char *);

#endif
