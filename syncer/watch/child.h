#ifndef CDR_WATCH_CHILD_H
#define CDR_WATCH_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "layout/err.h"

/*
 * This same program once more, with other words: what a run takes of memory,
 * and how it ends, is its own.  One at a time; it ends when we do.
 */

/* child_init(e): from now on child_fd() is readable once one has ended, until
 * child_ended is called. */
int child_init(struct err *);
int child_fd(void);

/* child_start(argv, ret, e): ${argv} from the program's name on, up to a NULL.
 * Its output goes where ours does.  Return 0 or -1. */
int child_start(char *const *, pid_t *, struct err *);

/* child_ended(pid, ret): has it?  ${ret} is its exit code, or 128 and the
 * number of the signal; CHILD_NO_PROGRAM: it could not become CHILD_PROGRAM.
 * Who else was left to us is taken care of. */
#define CHILD_PROGRAM		"/proc/self/exe"
#define CHILD_NO_PROGRAM	127
bool child_ended(pid_t, int *);

#endif
