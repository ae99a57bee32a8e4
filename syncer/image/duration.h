#ifndef CDR_IMAGE_DURATION_H
#define CDR_IMAGE_DURATION_H

#include "layout/err.h"

/*
 * duration_parse(text, max, ret, e): so many seconds, or 10m, 2h, 30d or 4w.
 * Return 0, or -1 with ${e} set (ERR_INPUT) where it is none, or longer than
 * ${max}.
 */
int duration_parse(const char *, unsigned, unsigned *, struct err *);

/* duration_text(seconds, buf): in the largest unit in which it is a whole
 * number: "36h", "30d".  Return ${buf}. */
#define DURATION_TEXT_MAX	24
char *duration_text(unsigned, char buf[DURATION_TEXT_MAX]);

#endif
