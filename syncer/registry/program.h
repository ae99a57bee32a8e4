#ifndef CDR_REGISTRY_PROGRAM_H
#define CDR_REGISTRY_PROGRAM_H

#include <stdatomic.h>
#include <stddef.h>

#include "layout/err.h"

/* Running another program, without a shell. */

struct program {
	char *const *argv;	/* argv[0] is looked for in $PATH; NULL ends */
	const char *input;	/* its standard input, shorter than a pipe is
				 * wide; NULL: nothing */
	int timeout_ms;
	size_t out_max;		/* bytes on standard output; more: killed */
	const atomic_bool *stop;	/* NULL: nothing stops it so */
	int stop_fd;		/* readable: the same; -1: none */
};

/* How it ended.  Bytes are NUL-terminated and wiped by program_end_done. */
struct program_end {
	int status;		/* of waitpid(2) */
	char *out;
	size_t len;
	char *notes;		/* the beginning of its standard error */
	char *last;		/* that of its last line which is not blank */
};

/*
 * program_run(p, ret, e): with our environment, and none of our files.  It and
 * all that it has started are killed when the time is over, when it prints too
 * much, and soon after ${*stop} becomes true or ${stop_fd} readable.  Return 0
 * when it ended by itself, however; -1 with ${e} set and ${ret} untouched.
 *
 * It blocks: for a worker, and for one at a time, since a pipe that another
 * thread is making could get into the child.
 */
int program_run(const struct program *, struct program_end *, struct err *);
void program_end_done(struct program_end *);

/* program_complaint(end, buf): "ended with 1: " and the first line of its
 * standard error, cleaned.  Return ${buf}. */
#define PROGRAM_LINE_MAX	192
char *program_complaint(const struct program_end *, char [PROGRAM_LINE_MAX]);

/* program_last_complaint(end, buf): the same with the last line, of a program
 * whose warnings come first. */
char *program_last_complaint(const struct program_end *,
    char [PROGRAM_LINE_MAX]);

#endif
