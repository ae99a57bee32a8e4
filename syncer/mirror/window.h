#ifndef CDR_MIRROR_WINDOW_H
#define CDR_MIRROR_WINDOW_H

#include <stdbool.h>
#include <time.h>

#include "layout/err.h"

/*
 * The hours of the day in which a run may use the link: from the first minute
 * up to the last one, without it, over midnight where it is the smaller one.
 * Local time, as clocks on the wall show it: an hour that is left out in spring
 * is not made up for, and one that comes twice in autumn counts twice.
 */
struct window {
	int from, to;			/* minutes since midnight */
};

#define WINDOW_TEXT_MAX	12

/* window_parse(text, ret, e): "22:00-06:00"; 24:00 may be its end.  Return 0,
 * or -1 with ${e} set (ERR_INPUT). */
int window_parse(const char *, struct window *, struct err *);

/* window_text(w, buf): the same back.  Return ${buf}. */
char *window_text(const struct window *, char buf[WINDOW_TEXT_MAX]);

/* window_has(w, minute): is this minute of the day in it? */
bool window_has(const struct window *, int);

/* window_is_open(w, now): is it so at this time, here? */
bool window_is_open(const struct window *, time_t);

#endif
