#ifndef CDR_CMD_WORDS_H
#define CDR_CMD_WORDS_H

#include <getopt.h>

#include "cmd/cmd.h"

/* The words that a command takes.  The parser reads these tables, and so do
 * the completions of shells: cmd/complete.h. */
struct words {
	const char *command;		/* "cdr sync" */
	const char *shorts;		/* "r:i:h" */
	const struct option *longs;
	const char *const *more;	/* options with a value that are taken
					 * before these, or NULL */
	const char *usage;		/* what --help prints of the options, */
	const char *also;		/* and of others that are taken, or
					 * NULL */
};

/* words_next(argc, argv, w): getopt_long(3), but for what it says of mistakes:
 * what may have been meant.  Return '?' then; who calls adds where to read
 * more. */
int words_next(int, char **, const struct words *);

/* words_read(argc, argv, w, take, cookie): all of them.  --help prints the
 * usage, and what is a mistake is told, with where to read more; each other one
 * is for ${take}(cookie, letter, value), which returns -1 to go on, or an exit
 * code.  Return -1 where all are taken, or an exit code. */
typedef int words_fn(void *, int, const char *);
int words_read(int, char **, const struct words *, words_fn *, void *);

/* words_no_command(tables, word): say that ${word} is none of these commands,
 * and which one may have been meant.  Return an exit code. */
int words_no_command(const struct command *const *, const char *);

/* words_unexpected(w, word): say that there is no place for it. */
void words_unexpected(const struct words *, const char *);

#endif
