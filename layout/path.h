#ifndef CDR_PATH_H
#define CDR_PATH_H

#include "digest.h"
#include "limits.h"

/*
 * Where things are in the tree: cdr-layout(5).  All paths are relative to ROOT
 * and are written into a buffer of STORE_PATH_MAX bytes, which is returned;
 * what goes into them has passed the grammars of name.h.
 */

/* A manifest in the store: the bytes' digest and what they are served as. */
struct manifest_id {
	struct digest digest;
	char media_type[MEDIA_TYPE_MAX + 1];
};

char *path_blob(const struct digest *, char buf[STORE_PATH_MAX]);
char *path_partial(const struct digest *, char buf[STORE_PATH_MAX]);
char *path_manifest(const struct manifest_id *, char buf[STORE_PATH_MAX]);

/* path_repository(registry, repository, inner, buf): ${inner} is a path below
 * the repository's folder. */
char *path_repository(const char *, const char *, const char *,
    char buf[STORE_PATH_MAX]);

/* path_referrers(registry, repository, subject, buf): the list of what names
 * ${subject} as its subject. */
char *path_referrers(const char *, const char *, const struct digest *,
    char buf[STORE_PATH_MAX]);

/* path_link(path, id, buf): what a link that stands at ${path} has to say to
 * reach the manifest ${id}: always relative. */
char *path_link(const char *, const struct manifest_id *,
    char buf[STORE_PATH_MAX]);

/* path_link_parse(target, ret): the inverse of path_link and path_manifest.
 * Return 1, or 0 if ${target} does not lead to a manifest. */
int path_link_parse(const char *, struct manifest_id *);

/* path_parent(path, buf): without the last component; "." for the top. */
char *path_parent(const char *, char buf[STORE_PATH_MAX]);

#endif
