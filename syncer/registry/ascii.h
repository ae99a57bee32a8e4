#ifndef CDR_REGISTRY_ASCII_H
#define CDR_REGISTRY_ASCII_H

#include <stdbool.h>
#include <stddef.h>

/* Protocol text, whatever the locale: <ctype.h> and strcasecmp(3) follow it. */

char ascii_lower(char);
bool ascii_is_digit(char);
bool ascii_is_alnum(char);
bool ascii_is_control(char);

/* ascii_starts(s, lower, len): do the first ${len} bytes of ${s} match those
 * of ${lower}, which is in lower case?  Stops at the end of ${s}. */
bool ascii_starts(const char *, const char *, size_t);

#endif
