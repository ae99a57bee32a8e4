#ifndef CDR_CMD_ODD_WORD_H
#define CDR_CMD_ODD_WORD_H

#include "layout/err.h"

/*
 * odd_word(word, e): a word in the place of an image on a command line could
 * be one, or nearly, but is what people write there who mean something else: a
 * command, "help", a platform, the name of a file.  Return 0, or -1 with ${e}
 * set (ERR_INPUT): what it looks like, and how to write both.
 */
int odd_word(const char *, struct err *);

/* odd_source(text, e): the same for what --from is given: a path, or HOST:PORT,
 * without the "oci:" or "http://" that says which it is. */
int odd_source(const char *, struct err *);

/* odd_bundle(path, e): of a file in which no bundle was found: it is something
 * else that can be recognised, and what takes that.  0 or -1, as above. */
int odd_bundle(const char *, struct err *);

#endif
