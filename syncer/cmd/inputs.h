#ifndef CDR_CMD_INPUTS_H
#define CDR_CMD_INPUTS_H

#include "image/list.h"
#include "layout/err.h"
#include "registry/keyring.h"
#include "registry/ocidir.h"
#include "registry/registries.h"

/* The files that people write, read and parsed. */

/* inputs_complain: a list_complain that tells it as an error. */
list_complain inputs_complain;

/* inputs_list(list, path, e): add a list file; "-" is standard input. */
int inputs_list(struct image_list *, const char *, struct err *);

/* inputs_words(list, argc, argv): add what stands on a command line: a REF, and
 * the key=value words behind it up to the next REF. */
void inputs_words(struct image_list *, int, char **);

/*
 * inputs_layout(text, list, ret, e): open what --from names, DIR[:REPOSITORY].
 * Tags without a repository are of that one, or else of the only one that is in
 * ${list}, if it is.
 */
#define INPUTS_LAYOUT	"oci:"		/* in front of ${text} */
int inputs_layout(const char *, const struct image_list *, struct ocidir **,
    struct err *);

/* inputs_registries(path, ret, e): ${path}, or $CDR_REGISTRIES, or none. */
int inputs_registries(const char *, struct registries **, struct err *);

/*
 * inputs_credentials(ret, e): config.json, or a mounted Kubernetes secret
 * (.dockerconfigjson, .dockercfg), in $DOCKER_CONFIG or ~/.docker.  ${ret} is
 * to be freed also where they are wrong.
 */
int inputs_credentials(struct keyring **, struct err *);

#endif
