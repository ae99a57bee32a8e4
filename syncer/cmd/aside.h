#ifndef CDR_CMD_ASIDE_H
#define CDR_CMD_ASIDE_H

#include <stdbool.h>

/*
 * aside_begin(ret_code): whoever goes on from here computes after everybody
 * else.  Linux shares processors between sessions first (sched(7), "The
 * autogroup feature"): a thread that comes last in a session of its own takes
 * as much as all of nginx in another one.  So, where nobody is at a terminal, a
 * child in a session of the least weight goes on, and this returns true in it.
 * It ends when we are killed, and hears of signals that we get.  In the parent
 * this returns false when the child has ended: all is done, and ${ret_code} is
 * what it ended with.
 * Where there is no such feature, or no child to be had, it returns true in
 * this process.  To be called before there is a thread.
 */
bool aside_begin(int *);

#endif
