#ifndef CDR_REPORT_BAR_H
#define CDR_REPORT_BAR_H

#include "report/report.h"

/*
 * bar_text(w, rate, width, buf): how far it is, in less than ${width} columns
 * of ASCII: a bar, what is counted, bytes a second, the time that is left, what
 * is at hand or what it waits for.  What does not fit is left out, the least
 * important first.  Return ${buf}.
 */
#define BAR_MAX	256u
char *bar_text(const struct report_work *, uint64_t, unsigned,
    char buf[BAR_MAX]);

/* bar_of_run(t, ret): a run of sync or of import, as such a work. */
void bar_of_run(const struct report_totals *, struct report_work *ret);

/* bar_permille(t): how much of it is done; images in progress count as far as
 * their bytes are here. */
unsigned bar_permille(const struct report_totals *);

/* bar_part(t): of these bytes, how much is here; what was last known where the
 * sizes of what is wanted are not known yet. */
unsigned bar_part(const struct report_totals *);

#endif
