#ifndef CDR_CMD_SIZE_H
#define CDR_CMD_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/err.h"

/*
 * size_parse(text, min, max, ret, e): a number of bytes, such as 800000, 500K,
 * 1.5M, 2G or 1T, in either case; K is 1024.  At most six digits follow the
 * point, and it needs a unit.  Return 0, or -1 with ${e} set (ERR_INPUT) where
 * it is none, or not from ${min} to ${max}.
 */
int size_parse(const char *, uint64_t, uint64_t, uint64_t *, struct err *);

/* size_is_bare(text): such a number, but without a unit, and so small, though
 * not 0, that nobody means bytes: "50". */
bool size_is_bare(const char *);

/* count_parse(text, min, max, ret, e): a whole number, in the same way. */
int count_parse(const char *, unsigned, unsigned, unsigned *, struct err *);

#endif
