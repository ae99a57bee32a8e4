#ifndef CDR_IMAGE_LETTERS_H
#define CDR_IMAGE_LETTERS_H

#include <stddef.h>

/*
 * Characters of a text in UTF-8 that people do not see, or take for others:
 * what word processors, chats and web pages leave in what is copied out of
 * them.
 */

/* letters_next(s, len, ret_code): the length of the character at ${s}, of which
 * ${len} bytes are there; 0 if it is none (RFC 3629: nothing overlong, no
 * surrogates). */
size_t letters_next(const char *, size_t, unsigned *);

enum letter_kind {
	LETTER_BLANK,		/* a blank, but not the usual one */
	LETTER_UNSEEN,		/* nobody sees it */
	LETTER_QUOTE,
	LETTER_ALIKE		/* looks like ${plain} */
};

struct letter {
	unsigned first, last;
	enum letter_kind kind;
	const char *name;	/* or NULL */
	const char *plain;
};

/* letters_odd(code): what is odd about it, or NULL. */
const struct letter *letters_odd(unsigned);

/* letters_show(text, buf, size): the beginning of ${text}, as far as it fits,
 * with <U+00A0> for what nobody sees.  Return ${buf}. */
char *letters_show(const char *, char *, size_t);

#endif
