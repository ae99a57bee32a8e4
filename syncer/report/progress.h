#ifndef CDR_REPORT_PROGRESS_H
#define CDR_REPORT_PROGRESS_H

#include <stdbool.h>

#include "report/report.h"

/* The line at the bottom of a terminal; does nothing where there is none, or
 * where that can do no more than print. */
void progress_init(bool is_wanted);
bool progress_due(void);
void progress_run(const struct report_totals *);
void progress_draw(const struct report_work *);

/* progress_clear(): the line goes.  progress_room(): make room for an ordinary
 * line, which has to begin with what this returns, in one write(2): in between
 * another process would draw. */
void progress_clear(void);
const char *progress_room(void);

/* progress_columns(fd): of the terminal that it is; 0: it is none. */
unsigned progress_columns(int);

/* progress_watched(): processes that are begun from here on draw it as well.
 * They may be in a group of their own, in the background of the terminal, and
 * go by ours. */
void progress_watched(void);

#endif
