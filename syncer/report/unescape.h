#ifndef CDR_REPORT_UNESCAPE_H
#define CDR_REPORT_UNESCAPE_H

#include <stddef.h>

/*
 * One text as several readers understand it; each byte knows which bytes of the
 * text it stands for, [from, to).
 */
struct reading {
	char *text;
	size_t len;
	size_t *from, *to;
};

/*
 * reading_make(ret, text, len, kind): READING_PLAIN: as it is; READING_DECODED:
 * percent-encoding, JSON's and HTML's escapes undone, three times over, as
 * pages quote each other; READING_JOINED: the same without blanks and line
 * ends.  reading_done wipes and releases.
 */
enum reading_kind {
	READING_PLAIN,
	READING_DECODED,
	READING_JOINED,
	READINGS
};
void reading_make(struct reading *, const char *, size_t, enum reading_kind);
void reading_done(struct reading *);

#endif
