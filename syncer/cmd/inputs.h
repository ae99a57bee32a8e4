#ifndef CDR_CMD_INPUTS_H
#define CDR_CMD_INPUTS_H

#include "image/list.h"
#include "layout/err.h"
#include "registry/keyring.h"
#include "registry/registries.h"

/* The files that people write, read and parsed. */

/* inputs_list(list, path, e): add a list file; "-" is standard input. */
int inputs_list(struct image_list *, const char *, struct err *);

/* inputs_registries(path, ret, e): ${path}, or $CDR_REGISTRIES, or none. */
int inputs_registries(const char *, struct registries **, struct err *);

/*
 * inputs_credentials(ret, e): config.json, or a mounted Kubernetes secret
 * (.dockerconfigjson, .dockercfg), in $DOCKER_CONFIG or ~/.docker.  ${ret} is
 * to be freed also where they are wrong.
 */
int inputs_credentials(struct keyring **, struct err *);

#endif
