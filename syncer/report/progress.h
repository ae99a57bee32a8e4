#ifndef CDR_REPORT_PROGRESS_H
#define CDR_REPORT_PROGRESS_H

#include <stdbool.h>

#include "report/report.h"

/* The line at the bottom of a terminal; does nothing where there is none, or
 * where that can do no more than print. */
void progress_init(bool is_wanted);
bool progress_due(void);
void progress_draw(const struct report_totals *);

/* progress_clear(): make room for an ordinary line. */
void progress_clear(void);

#endif
