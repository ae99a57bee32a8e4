#ifndef CDR_IMAGE_MEDIA_H
#define CDR_IMAGE_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

/* Media types (OCI image-spec media-types.md; Docker image manifest v2.2). */
#define MEDIA_OCI_INDEX		"application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST	"application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_ARTIFACT	"application/vnd.oci.artifact.manifest.v1+json"
#define MEDIA_OCI_CONFIG	"application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_EMPTY		"application/vnd.oci.empty.v1+json"
#define MEDIA_DOCKER_LIST \
	"application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST \
	"application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_CONFIG	"application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_SCHEMA1 \
	"application/vnd.docker.distribution.manifest.v1+json"
#define MEDIA_DOCKER_SCHEMA1_SIGNED \
	"application/vnd.docker.distribution.manifest.v1+prettyjws"

/* What every manifest request accepts, one line (quirks.md#accept). */
#define MEDIA_ACCEPT \
	MEDIA_OCI_INDEX ", " MEDIA_DOCKER_LIST ", " MEDIA_OCI_MANIFEST ", " \
	MEDIA_DOCKER_MANIFEST ", " MEDIA_OCI_ARTIFACT

enum media_kind {
	MEDIA_INDEX,		/* OCI index, Docker manifest list */
	MEDIA_IMAGE,		/* OCI image manifest, Docker manifest v2.2 */
	MEDIA_ARTIFACT,		/* the retired OCI artifact manifest */
	MEDIA_SCHEMA1,		/* Docker schema 1, signed or not */
	MEDIA_OTHER		/* no manifest type that we know */
};

enum media_kind media_kind(const char *);

/* The types of manifests that are parsed, of whatever kind. */
#define MEDIA_MANIFESTS	5u
extern const char *const media_manifests[MEDIA_MANIFESTS];

/* media_is_foreign(type): a layer that may not be distributed
 * (quirks.md#foreign-layers). */
bool media_is_foreign(const char *);

/* media_is_image_config(type): it has "os" and "architecture". */
bool media_is_image_config(const char *);

/* media_lower(type): in lower case, which does not count in types (RFC 6838
 * section 4.2): so one type has one name, and one place in the tree. */
void media_lower(char *);

/*
 * media_trim(header, buf, len): a Content-Type header without parameters and
 * white space, in lower case, into ${buf}.  Return 1, or 0 if what is left is
 * no media type or does not fit.
 */
int media_trim(const char *, char *, size_t);

#endif
