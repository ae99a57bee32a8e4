#ifndef CDR_BASE64_H
#define CDR_BASE64_H

#include <stddef.h>

/*
 * base64_decode(text, ret_len): RFC 4648 section 4, with or without padding,
 * nothing else in between.  Return the bytes, with a NUL behind that is not
 * counted in ${ret_len}; free(3) them.  NULL if ${text} is no base64.
 */
unsigned char *base64_decode(const char *, size_t *);

/* base64_encode(bytes, len): the same backwards, with padding, in one line;
 * free(3) it.  ${len} is at most 1 GiB. */
char *base64_encode(const void *, size_t);

#endif
