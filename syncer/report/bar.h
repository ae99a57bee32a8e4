#ifndef CDR_REPORT_BAR_H
#define CDR_REPORT_BAR_H

#include "report/report.h"

/*
 * bar_text(t, rate, width, buf): how far a run is, in less than ${width}
 * columns of ASCII: a bar, images, bytes a second, the time that is left, the
 * names of images in progress or what it waits for.  What does not fit is left
 * out, the least important first.  Return ${buf}.
 */
#define BAR_MAX	256u
char *bar_text(const struct report_totals *, uint64_t, unsigned,
    char buf[BAR_MAX]);

/* bar_permille(t): how much of it is done; images in progress count as far as
 * their bytes are here. */
unsigned bar_permille(const struct report_totals *);

/* bar_part(t): of these bytes, how much is here; what was last known where the
 * sizes of what is wanted are not known yet. */
unsigned bar_part(const struct report_totals *);

#endif
