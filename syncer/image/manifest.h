#ifndef CDR_IMAGE_MANIFEST_H
#define CDR_IMAGE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/media.h"
#include "image/platform.h"
#include "layout/digest.h"
#include "layout/err.h"

enum descriptor_role {
	DESCRIPTOR_MANIFEST,	/* an entry of an index */
	DESCRIPTOR_CONFIG,
	DESCRIPTOR_LAYER	/* also "blobs" of an artifact manifest */
};

/* OCI image-spec descriptor.md.  Strings are owned; NULL where absent. */
struct descriptor {
	enum descriptor_role role;
	char *media_type;		/* never NULL; of an entry of an index
					 * name_is_media_type, else any text
					 * that can be printed, or "" */
	struct digest digest;
	uint64_t size;
	bool has_platform;
	struct platform platform;	/* normalised */
	char *artifact_type;		/* left out if no media type */
	/* BuildKit attestations (quirks.md#attestations). */
	bool is_attestation;
	bool has_attested;
	struct digest attested;		/* whose it is; of others too, such as
					 * SOCI's indexes */
	bool is_special;		/* not for every client: zstd, or with
					 * os.features */
	bool has_urls;			/* quirks.md#foreign-layers */
	char *urls;			/* of a blob: up to LAYER_URLS_MAX that
					 * may be some, each with a line end;
					 * NULL: none */
	char *data;			/* of an entry of an index: base64, as
					 * it stands in the JSON */
};

/* A manifest or an index, parsed. */
struct manifest {
	enum media_kind kind;		/* MEDIA_INDEX, _IMAGE or _ARTIFACT */
	char *media_type;		/* never NULL */
	char *artifact_type;		/* NULL where absent or no media type */
	bool has_subject;
	struct descriptor subject;
	struct descriptor *children;	/* config first, then layers in order;
					 * or the entries of an index */
	size_t count;
	size_t skipped;			/* children whose digest algorithm is
					 * unknown; see
					 * quirks.md#digest-algorithms */
	char skipped_algorithm[32];	/* of the first one */
};

/*
 * manifest_parse(buf, len, type, ret, e): parse the bytes of a manifest.
 * ${type} is what the registry or the parent said it is, without parameters, or
 * NULL.  The mediaType in the body wins; without one the keys decide, then
 * ${type} (quirks.md#type-of-a-manifest).  A body and a ${type} that name two
 * different known kinds is an error, and so is Docker schema 1, which names the
 * way out.  A repeated key, a negative size, a size over BLOB_BYTES_MAX, more
 * than MANIFEST_CHILDREN_MAX children, JSON of more than JSON_VALUES_MAX values
 * or deeper than JSON_DEPTH_MAX, the keys of two kinds at once and a
 * schemaVersion other than 2 are errors.  null is the same as absent, but for
 * "manifests": null, which is an empty list, as absent "layers" are.  A child
 * with an unknown digest algorithm is counted in skipped and left out, such a
 * subject is left out.  Return 0, or -1 with ${e} set (ERR_DATA or ERR_LIMIT)
 * and ${ret} untouched; messages name the child, as in "layers[3]: ...".
 */
int manifest_parse(const char *, size_t, const char *, struct manifest *,
    struct err *);
void manifest_done(struct manifest *);

/*
 * manifest_check_opaque(buf, len, type, e): may these bytes be what a parent
 * calls ${type}, a type that is not known?  Not if they say that they are
 * another one, or are a manifest of a known kind by their shape.  Return 0, or
 * -1 with ${e} set.
 */
int manifest_check_opaque(const char *, size_t, const char *, struct err *);

/*
 * manifest_config_platform(buf, len, ret, e): "os", "architecture", "variant",
 * "os.version" of an image configuration (image-spec config.md), normalised.
 * Return 1; 0 where it names no architecture; -1 with ${e} set.  ${ret} is
 * written on 1 only.
 */
int manifest_config_platform(const char *, size_t, struct platform *,
    struct err *);

#endif
