#ifndef CDR_NODE_RANCHER_YAML_H
#define CDR_NODE_RANCHER_YAML_H

#include "layout/err.h"

/*
 * registries.yaml of k3s and RKE2 (quirks.md#k3s-and-rke2): what is wanted goes
 * into a file that is there, with all else in it byte for byte as it was.
 */
#define RANCHER_MARK	" # cdr node-config"

/* rancher_yaml_add(path, base, text, ret, e): ${base} (NULL: there is no file)
 * with all that ${text} says.  Return 0, or -1 with ${e} set: ERR_INPUT. */
int rancher_yaml_add(const char *, const char *, const char *, char **,
    struct err *);

/* rancher_yaml_drop(path, now, text, ret, e): without it. */
int rancher_yaml_drop(const char *, const char *, const char *, char **,
    struct err *);

/* rancher_yaml_new_lines(base, next): the lines that ${base} has not; free(3)
 * it.  rancher_yaml_joined(base, text): both, for a person to read, where
 * rancher_yaml_add cannot; NULL where one is no YAML. */
char *rancher_yaml_new_lines(const char *, const char *);
char *rancher_yaml_joined(const char *, const char *);

#endif
