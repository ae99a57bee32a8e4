#ifndef CDR_CMD_LS_HISTORY_H
#define CDR_CMD_LS_HISTORY_H

#include <stdbool.h>

/*
 * ls_history(root, name, json): print which digests a reference had, the newest
 * first.  Return an exit code.
 */
int ls_history(const char *root, const char *name, bool json);

#endif
