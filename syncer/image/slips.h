#ifndef CDR_IMAGE_SLIPS_H
#define CDR_IMAGE_SLIPS_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/*
 * What people write in the place of a list, or of a word in it: other formats,
 * other characters, marks of other languages.  All return 0 and leave ${e}
 * alone, or -1 with ${e} set (ERR_INPUT): what it is, and what to write.
 */

/* slips_file(buf, len, ret_line, e): another format altogether; ${ret_line} is
 * the line that gives it away, or 0. */
int slips_file(const char *, size_t, unsigned *, struct err *);

/* slips_encoding(buf, len, e): of these, what is no text in UTF-8 at all:
 * UTF-16, or compressed. */
int slips_encoding(const char *, size_t, struct err *);

/* slips_unseen(word, e): a word with a character that nobody sees, or that is
 * taken for a blank. */
int slips_unseen(const char *, struct err *);

/* slips_ref(word, has_more, e): a word that is no reference, at the beginning
 * of a line; is there another one behind it?  slips_key(word, e): one of those,
 * which is no key=value. */
int slips_ref(const char *, bool, struct err *);
int slips_key(const char *, struct err *);

/* slips_scheme(text, e): HOST:PORT, or a host, in the place of a URL. */
int slips_scheme(const char *, struct err *);

#endif
