#ifndef CDR_CMD_SIZE_H
#define CDR_CMD_SIZE_H

#include <stdint.h>

#include "layout/err.h"

/*
 * size_parse(text, min, max, ret, e): a number of bytes, such as 800000, 500K,
 * 1.5M, 2G or 1T, in either case; K is 1024.  At most six digits follow the
 * point, and it needs a unit.  Return 0, or -1 with ${e} set (ERR_INPUT) where
 * it is none, or not from ${min} to ${max}.
 */
int size_parse(const char *, uint64_t, uint64_t, uint64_t *, struct err *);

/* count_parse(text, min, max, ret, e): a whole number, in the same way. */
int count_parse(const char *, unsigned, unsigned, unsigned *, struct err *);

#endif
