#ifndef CDR_CMD_GUESS_H
#define CDR_CMD_GUESS_H

#include <stddef.h>

/* What people type who know other programs, and what to write instead.  All
 * return a text to put behind "; ", or NULL. */

/* guess_command(word): for a word in the place of a command. */
const char *guess_command(const char *);

/* guess_option(command, word): for an option that ${command}, such as "cdr
 * gc", has not got: its name without dashes, one letter or more. */
const char *guess_option(const char *, const char *);

/* guess_other(word, from): another name of that option, which a command may
 * have; begin with ${from} at 0, and ask until there is none. */
const char *guess_other(const char *, size_t *);

/* guess_client(word): for a program that is none of the clients, what that
 * client is called here. */
const char *guess_client(const char *);

#endif
