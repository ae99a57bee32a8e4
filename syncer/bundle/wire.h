#ifndef CDR_BUNDLE_WIRE_H
#define CDR_BUNDLE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Strings as SSH puts them behind each other (RFC 4251 section 5): four bytes
 * with the length, then that many. */
struct wire {
	const unsigned char *at;
	size_t left;
};

/* wire_number(w, ret), wire_string(w, ret): take the next one; false where
 * there is none, or not all of it. */
bool wire_number(struct wire *, uint32_t *);
bool wire_string(struct wire *, struct wire *);

/* wire_is(w, text): is it that, and nothing else? */
bool wire_is(const struct wire *, const char *);

/* wire_put(out, bytes, len): a string; wire_put_number. */
void wire_put(FILE *, const void *, size_t);
void wire_put_number(FILE *, uint32_t);

#endif
