#ifndef CDR_NAME_H
#define CDR_NAME_H

#include <stdbool.h>

/*
 * The grammars that names have to meet before they become part of a path.
 * None of them lets through "..", an empty component, a leading "_" or a NUL.
 */

/* OCI distribution-spec, "Pulling manifests": <name>. */
bool name_is_repository(const char *);

/* OCI distribution-spec, "Pulling manifests": <reference> as a tag. */
bool name_is_tag(const char *);

/*
 * A registry as people write it: host, host:port or [v6]:port in lower case.
 * It need not have a dot (that is for image_ref_parse to judge).
 */
bool name_is_registry(const char *);

/* RFC 6838 section 4.2, type "/" subtype, without parameters. */
bool name_is_media_type(const char *);

/*
 * A media type that a manifest can have in the tree, and that is served:
 * "application/" and a subtype, in lower case, since case does not count; not
 * the types of scripts.
 */
bool name_is_manifest_type(const char *);

/* name_split(image, registry, repository, ret): take apart a full reference,
 * into buffers of REGISTRY_NAME_MAX + 1 and REPOSITORY_NAME_MAX + 1 bytes; the
 * tag, or "alg:hex", is the rest of it.  False where it is none. */
bool name_split(const char *, char *, char *, const char **);

/* name_order(a, b): strcmp for full references, in the order in which
 * store_each_reference goes. */
int name_order(const char *, const char *);

#endif
