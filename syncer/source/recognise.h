#ifndef CDR_SOURCE_RECOGNISE_H
#define CDR_SOURCE_RECOGNISE_H

#include <stddef.h>

#include "layout/err.h"
#include "source/gather.h"

/*
 * recognise(g, buf, len, e): what is this text, by what is in it?  Whatever it
 * is, its images go to ${g}, under the name that gather_file has told last;
 * ${buf} is changed.  Return 0, or -1 with ${e} set (ERR_INPUT): it is of no
 * format that is known here, and nothing of it was taken.
 */
int recognise(struct gather *, char *, size_t, struct err *);

#endif
