#ifndef CDR_IMAGE_SIGNATURE_H
#define CDR_IMAGE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/pubkey.h"
#include "layout/digest.h"
#include "layout/err.h"

/*
 * Signatures of images as cosign makes them, in both of its forms:
 * SIMPLE: a layer of the image under the tag sha256-HEX.sig; the signature over
 * its bytes is an annotation (cosign, SIGNATURE_SPEC.md).
 * BUNDLE: the layer of a referrer is a Sigstore bundle, a DSSE envelope around
 * an in-toto statement about the image.
 */
#define MEDIA_COSIGN_SIMPLE \
	"application/vnd.dev.cosign.simplesigning.v1+json"
#define MEDIA_SIGSTORE_BUNDLE \
	"application/vnd.dev.sigstore.bundle.v0.3+json"

enum signature_form {
	SIGNATURE_SIMPLE,
	SIGNATURE_BUNDLE
};

/* A layer that is one. */
struct signature {
	enum signature_form form;
	struct digest digest;		/* of its bytes */
	uint64_t size;
	char *sig;			/* SIMPLE: base64; NULL: none there */
};

struct signatures {
	struct signature *items;
	size_t count;
};

/*
 * signatures_find(buf, len, ret, e): those of the manifest ${buf}, which
 * may have other layers as well; at most SIGNATURES_MAX.  Return 0, or -1 with
 * ${e} set (ERR_DATA, ERR_LIMIT).  signatures_done releases.
 */
int signatures_find(const char *, size_t, struct signatures *, struct err *);
void signatures_done(struct signatures *);

/* signature_may_be(type): may a referrer that is listed with this artifact type
 * be one?  cosign lists its own without saying so where it writes the list
 * itself (the referrers tag schema; quirks.md#signature-types). */
bool signature_may_be(const char *);

/* From the least telling one to the best. */
enum signature_verdict {
	SIGNATURE_NOT,			/* of something else, an attestation */
	SIGNATURE_MALFORMED,
	SIGNATURE_OTHER_KEY,		/* or changed after it was made */
	SIGNATURE_OTHER_DIGEST,		/* by the key, of another image */
	SIGNATURE_GOOD
};

/*
 * signature_check(s, buf, len, key, image, e): does ${s}, whose bytes are
 * ${buf}, say that the owner of ${key} has signed the manifest ${image}?
 * Nothing of the payload counts before the key has verified it.  What name it
 * was signed under (docker-reference) is not looked at, as with cosign: a
 * mirror has another one.  ${e} is set unless it is good or SIGNATURE_NOT.
 */
enum signature_verdict signature_check(const struct signature *, const char *,
    size_t, const struct pubkey *, const struct digest *, struct err *);

#endif
