#ifndef CDR_CMD_SYNC_STATUS_H
#define CDR_CMD_SYNC_STATUS_H

#include "report/status.h"
#include "mirror/mirror.h"

/*
 * sync_status(status, store, totals, end, why): status.json and metrics, for a
 * run that ended so; takes the status.  That it cannot be written is a warning:
 * what was mirrored is served all the same.
 */
void sync_status(struct status *, struct store *, const struct report_totals *,
    enum mirror_end, const struct err *);

#endif
