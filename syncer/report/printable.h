#ifndef CDR_REPORT_PRINTABLE_H
#define CDR_REPORT_PRINTABLE_H

/*
 * printable(text): put a "?" in the place of each byte of ${text} that must not
 * reach a terminal or a log: control characters, those from U+0080 to U+009F
 * too, and what is not UTF-8.  Messages quote strangers, and may be cut in the
 * middle of a character.
 */
void printable(char *);

#endif
