#ifndef CDR_SOURCE_GATHER_H
#define CDR_SOURCE_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * What sources say, as it becomes an image list: lines, and comments on what
 * could not be taken over.  Nothing gets in that image_ref_parse and the keys'
 * own rules do not take, and nothing reaches a comment or a person but through
 * report/outside.h.
 */
struct gather;

/* What could not be taken over, as soon as it is known: the first
 * SOURCE_LEFT_MAX of them.  ${where} is "file:line" or "file". */
typedef void gather_tell(void *cookie, const char *where, const char *what);

struct gather *gather_new(gather_tell *, void *cookie);
void gather_free(struct gather *);

/* gather_file(g, name, is_kept): where the next ones stand.  Of one image the
 * lines of a kept file hold, whatever others say of it. */
void gather_file(struct gather *, const char *, bool is_kept);

/*
 * gather_image(g, line, ref, keys): an image as people write it, and the
 * key=value words for it, sorted, with a blank between; "" for none.  It is
 * left out, and told, if that makes no line of a list.
 */
void gather_image(struct gather *, unsigned, const char *, const char *);

/* gather_left(g, line, fmt, ...): could not be taken over; ${line} 0: of no
 * line in particular. */
void gather_left(struct gather *, unsigned, const char *, ...)
    __attribute__((format(printf, 3, 4)));

/* gather_asked(g, ref): a node has asked for it and has not got it: of
 * SOURCE_ASKED_MAX names how often, as comments only. */
void gather_asked(struct gather *, const char *);

/* gather_has_left(g): could anything not be taken over?  Images that sources
 * disagree on are known after gather_settle only. */
bool gather_has_left(const struct gather *);

/*
 * gather_settle(g): sorted, and each image once.  One that sources spell in
 * several ways has the spelling of the kept file, or else the first in order of
 * bytes.  Keys are those of the kept file, or else of the first source that has
 * any; if a later one has others, that is told.  A tag that has a digest in one
 * place and another one, or none, elsewhere makes lines that a sync would
 * refuse: those with a digest lose the tag.  Return how many lines there are.
 */
size_t gather_settle(struct gather *);

/* gather_print(g, to): after gather_settle: comments, then the lines. */
void gather_print(const struct gather *, FILE *);

#endif
