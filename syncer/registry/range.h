#ifndef CDR_REGISTRY_RANGE_H
#define CDR_REGISTRY_RANGE_H

#include <stdint.h>

/*
 * range_parse(value, ret_first, ret_last, ret_total): a Content-Range header
 * (RFC 9110 section 14.4; what servers make of a Range is in
 * quirks.md#ranges): "bytes 5-9/10"; with a star for the total, which is
 * then -1; or with a star for the range, as a 416 has it: first and last are
 * then -1.  Return 1, or 0 for what is none or contradicts itself.
 */
int range_parse(const char *, int64_t *, int64_t *, int64_t *);

#endif
