#ifndef CDR_CMD_SYNC_STATUS_H
#define CDR_CMD_SYNC_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "report/status.h"
#include "mirror/mirror.h"

/*
 * sync_list_name(paths, count, words, now, buf): what status_list calls a run
 * with these list files and with these words, up to a NULL, of the command
 * line.  What comes on standard input is another one each time: ${now}.  Return
 * ${buf}.
 */
char *sync_list_name(const char *const *, size_t, char *const *, int64_t,
    char buf[STATUS_LIST_NAME_MAX]);

/*
 * sync_status(status, store, log, totals, end, why): status.json and metrics,
 * for a run that ended so, and what nginx has sent by its ${log}, unless that
 * is NULL; takes the status.  That it cannot be written is a warning: what was
 * mirrored is served all the same.
 */
void sync_status(struct status *, struct store *, const char *,
    const struct report_totals *, enum mirror_end, const struct err *);

#endif
