#ifndef CDR_CMD_EXPORT_PRINT_H
#define CDR_CMD_EXPORT_PRINT_H

#include "bundle/export.h"

/* What an export says on standard output. */

/* export_print_plan(x): what would go, image by image and part by part, and
 * what the site would have then. */
void export_print_plan(const struct export *);

/* export_print_end(x, dir): what has gone to ${dir}, in two lines. */
void export_print_end(const struct export *, const char *);

/* export_print_json(x): all of it, as one object. */
void export_print_json(const struct export *);

/* export_warn(x): about what the site will have to deal with. */
void export_warn(const struct export *);

#endif
