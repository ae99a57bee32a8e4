#ifndef CDR_CMD_COMPLETE_H
#define CDR_CMD_COMPLETE_H

#include <stdbool.h>

#include "cmd/cmd.h"
#include "cmd/words.h"

/*
 * What shells ask when somebody presses the tabulator: "cdr __complete
 * WORD...", the words behind "cdr" up to the one that is to be completed, which
 * may be empty.  The answer is a line for each word that fits, a tab and what
 * it means; ":file" and ":dir" are for names of files that the shell finds, and
 * behind the tab is what stands before these in the word.
 * Nothing is opened but the tree, for what is in it.
 */

/* complete_run(argc, argv, tables): main's arguments from "__complete" on; all
 * commands, with a NULL behind the last table.  Return an exit code. */
int complete_run(int, char **, const struct command *const *);

/* complete_is_asked(): has complete_run called this command, for its words?
 * complete_answer(w) prints what fits then. */
bool complete_is_asked(void);
void complete_answer(const struct words *);

#endif
