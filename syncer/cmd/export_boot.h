#ifndef CDR_CMD_EXPORT_BOOT_H
#define CDR_CMD_EXPORT_BOOT_H

#include "bundle/boot.h"

/* The part of export that --boot asks for.  boot_free what it returns. */

/* export_boot_look(store, arches, ret, e): what will it be?  Nothing is done
 * where ${arches} is NULL.  Return 0, or -1 with ${e} set. */
int export_boot_look(const struct store *, const char *, struct boot **,
    struct err *);

/* export_boot_write(boot, dir, key, is_quiet, e): to the folder; nothing where
 * ${boot} is NULL. */
int export_boot_write(const struct boot *, const char *, const char *, bool,
    struct err *);

/* export_boot_plan(boot): what it would write, in a line of standard output. */
void export_boot_plan(const struct boot *);

#endif
