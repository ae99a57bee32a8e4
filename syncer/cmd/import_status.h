#ifndef CDR_CMD_IMPORT_STATUS_H
#define CDR_CMD_IMPORT_STATUS_H

#include "bundle/intake.h"

/*
 * import_status(store, in, end, code): what status/ tells of one bundle.  Its
 * images are listed by it, as those of a list are by a run of sync; with it
 * ends what bundles.json says of it.  That it cannot be written is a warning.
 */
void import_status(struct store *, const struct intake *, enum intake_end,
    int);

/* import_status_forgotten(store, who): that one is not on the way any more. */
void import_status_forgotten(struct store *, const struct ledger_bundle *);

#endif
