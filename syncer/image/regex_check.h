#ifndef CDR_IMAGE_REGEX_CHECK_H
#define CDR_IMAGE_REGEX_CHECK_H

#include "layout/err.h"

/*
 * regex_check(text, e): may this POSIX extended regular expression be given to
 * regcomp(3)?  That one writes repeats out, so that thirty characters can cost
 * all memory there is, and knows back-references, which cost time without end.
 * Parentheses have to match, so that anchors can be put around it.  What is
 * left is for regcomp(3) to judge.  Return 0, or -1 with ${e} set (ERR_INPUT).
 */
int regex_check(const char *, struct err *);

#endif
