#ifndef CDR_REPORT_OUTSIDE_H
#define CDR_REPORT_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The one gate for words of outsiders: servers, libcurl, helpers, files.  They
 * repeat what was sent to them, credentials too, and what a message quotes ends
 * in the log and in files that all may read.  Any thread may call these.
 */

/*
 * outside_secret(text): from now on ${text} is struck out: in any case of
 * letters, also in base64 (of text around it too), percent-encoded, as JSON or
 * HTML escape it, folded over lines, and cut at the end.  A secret of fewer
 * than OUTSIDE_SHORT characters could not be told from other text: outsiders'
 * words are then left out as a whole.  NULL and "" are no secrets.
 * outside_token(text): the same for what lives for minutes; the last ones are
 * known, OUTSIDE_TOKENS_MAX bytes in all spellings.
 */
#define OUTSIDE_SHORT		6u
#define OUTSIDE_SECRETS_MAX	(4u << 20)
#define OUTSIDE_TOKENS_MAX	(1u << 20)
void outside_secret(const char *);
void outside_token(const char *);

/*
 * outside_quote(to, size, from, len): what may be shown of an outsider's words,
 * at most ${size} - 1 bytes, for a terminal to see (report/printable.h):
 * without secrets, and without what stands before an "@" in a URL.  Nothing
 * else makes a message of them.  Return ${to}.
 */
#define OUTSIDE_WORDS_MAX	256u
char *outside_quote(char *, size_t, const char *, size_t);

/* outside_is_mute(): are outsiders' words left out? */
bool outside_is_mute(void);

/*
 * outside_show(text): the last look, at a whole message and in place, on its
 * way to a person or a file.  Secrets that are words, such as "library", stay:
 * the message itself may have them.
 */
void outside_show(char *);

/* outside_forget(): no secret is known any more. */
void outside_forget(void);

#endif
