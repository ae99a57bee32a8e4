/*
 * Signatures as cosign makes them (sigstore/cosign specs/SIGNATURE_SPEC.md
 * and BUNDLE_SPEC.md; quirks.md#tags-of-cosign, quirks.md#signature-types).
 * The signature is verified over the bytes as they came, and only then are
 * these read.  Certificates and transparency logs are not looked at: the key
 * is all the trust.
 */
#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/descriptor.h"
#include "image/media.h"
#include "image/readjson.h"
#include "image/signature.h"
#include "layout/base64.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define ANNOTATION	"dev.cosignproject.cosign/signature"
#define SIMPLE_TYPE	"cosign container image signature"
#define PAYLOAD_TYPE	"application/vnd.in-toto+json"
#define STATEMENT_TYPE	"https://in-toto.io/Statement/v"
/* An attestation by the same key, be it of an SBOM or of a failed scan, is no
 * word for the image. */
#define PREDICATE_TYPE	"https://sigstore.dev/cosign/sign/v1"

/* The signatures of one envelope. */
#define ENVELOPE_SIGNATURES_MAX	16u

static enum signature_verdict
malformed(struct err *e, const char *what)
{
	err_set(e, ERR_SIGNATURE, "%s", what);
	return SIGNATURE_MALFORMED;
}

/* --- where they are ---------------------------------------------------- */

bool
signature_may_be(const char *type)
{
	return type[0] == '\0' || strcmp(type, MEDIA_SIGSTORE_BUNDLE) == 0 ||
	    strcmp(type, MEDIA_OCI_EMPTY) == 0;
}

/* Return 1 if the layer is one, 0 if not, -1. */
static int
read_layer(const json_t *layer, struct signature *ret, struct err *e)
{
	struct descriptor d;
	char algorithm[32];
	const char *sig;
	bool simple, bundle;
	int rc = descriptor_read(layer, DESCRIPTOR_LAYER, &d, algorithm, e);

	if (rc != 1)
		return rc;
	simple = strcmp(d.media_type, MEDIA_COSIGN_SIMPLE) == 0;
	bundle = strcmp(d.media_type, MEDIA_SIGSTORE_BUNDLE) == 0;
	ret->form = simple ? SIGNATURE_SIMPLE : SIGNATURE_BUNDLE;
	ret->digest = d.digest;
	ret->size = d.size;
	descriptor_done(&d);
	sig = json_string_value(json_object_get(readjson_member(layer,
	    "annotations"), ANNOTATION));
	ret->sig = simple && sig != NULL ? xstrdup(sig) : NULL;
	return simple || bundle;
}

int
signatures_find(const char *buf, size_t len, struct signatures *ret,
    struct err *e)
{
	struct signatures all = { NULL, 0 };
	struct signature one;
	json_t *root, *layers;
	size_t i, count;
	int rc = 0;

	if (readjson_load(buf, len, 0, &root, e) == -1)
		return -1;
	layers = readjson_member(root, "layers");
	count = json_array_size(layers);
	if (count > SIGNATURES_MAX)
		rc = err_set(e, ERR_LIMIT, "more than %u layers",
		    SIGNATURES_MAX);
	for (i = 0; i < count && rc != -1; i++) {
		rc = read_layer(json_array_get(layers, i), &one, e);
		if (rc != 1)
			continue;
		all.items = xreallocarray(all.items, all.count + 1,
		    sizeof(*all.items));
		assert(all.count < SIGNATURES_MAX);
		all.items[all.count++] = one;
	}
	json_decref(root);
	if (rc == -1) {
		signatures_done(&all);
		return -1;
	}
	*ret = all;
	return 0;
}

void
signatures_done(struct signatures *all)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		free(all->items[i].sig);
	free(all->items);
	memset(all, 0, sizeof(*all));
}

/* --- one of cosign's tag ----------------------------------------------- */

static enum signature_verdict
other_digest(struct err *e, const struct digest *of)
{
	char text[DIGEST_TEXT_MAX];

	err_set(e, ERR_SIGNATURE, "it signs another manifest, %s",
	    digest_text(of, text));
	return SIGNATURE_OTHER_DIGEST;
}

/* What the payload says; the key has signed it. */
static enum signature_verdict
judge_payload(const json_t *root, const struct digest *image, struct err *e)
{
	const json_t *critical = readjson_member(root, "critical");
	const char *type, *text;
	struct digest of;
	struct err why;

	type = json_string_value(json_object_get(critical, "type"));
	if (type == NULL || strcmp(type, SIMPLE_TYPE) != 0)
		return malformed(e, "critical.type in its payload is not \""
		    SIMPLE_TYPE "\"");
	text = json_string_value(json_object_get(json_object_get(critical,
	    "image"), "docker-manifest-digest"));
	if (text == NULL || digest_parse(text, &of, &why) == -1)
		return malformed(e,
		    "docker-manifest-digest in its payload is not a digest");
	return digest_equal(&of, image) ? SIGNATURE_GOOD : other_digest(e, &of);
}

/* "Simple signing": the payload is the layer, and names the manifest. */
static enum signature_verdict
check_simple(const struct signature *s, const char *buf, size_t len,
    const struct pubkey *key, const struct digest *image, struct err *e)
{
	enum signature_verdict verdict;
	unsigned char *sig;
	size_t sig_len;
	struct err why;
	json_t *root;
	bool good;

	if (s->sig == NULL)
		return malformed(e, "its layer has no annotation " ANNOTATION);
	sig = base64_decode(s->sig, &sig_len);
	if (sig == NULL)
		return malformed(e, "its annotation " ANNOTATION
		    " is not base64");
	good = pubkey_verify(key, buf, len, sig, sig_len);
	free(sig);
	if (!good)
		return SIGNATURE_OTHER_KEY;
	if (readjson_load(buf, len, JSON_REJECT_DUPLICATES, &root, &why) == -1)
		return malformed(e, "its payload is not a JSON object");
	verdict = judge_payload(root, image, e);
	json_decref(root);
	return verdict;
}

/* --- a bundle ---------------------------------------------------------- */

/* DSSE, protocol.md: "PAE".  free(3) it. */
static char *
encode(const char *type, const unsigned char *payload, size_t len,
    size_t *ret_len)
{
	char *head = xasprintf("DSSEv1 %zu %s %zu ", strlen(type), type, len);
	size_t used = strlen(head);
	char *all = xmalloc(used + len + 1);

	memcpy(all, head, used);
	memcpy(all + used, payload, len);
	free(head);
	*ret_len = used + len;
	return all;
}

/* One good signature is enough: others may be by keys that are not asked
 * for. */
static bool
is_signed(const json_t *signatures, const struct pubkey *key, const char *msg,
    size_t len)
{
	size_t i, sig_len;
	unsigned char *sig;
	const char *text;
	bool good = false;

	for (i = 0; i < json_array_size(signatures) &&
	    i < ENVELOPE_SIGNATURES_MAX && !good; i++) {
		text = json_string_value(json_object_get(json_array_get(
		    signatures, i), "sig"));
		sig = text == NULL ? NULL : base64_decode(text, &sig_len);
		good = sig != NULL &&
		    pubkey_verify(key, msg, len, sig, sig_len);
		free(sig);
	}
	return good;
}

/* Return 1 if the subject is the image, 0 if it is another one, which goes to
 * ${ret}, or -1 if it has no digest of the image's algorithm. */
static int
compare_subject(const json_t *subject, const struct digest *image,
    struct digest *ret)
{
	const char *hex = json_string_value(json_object_get(readjson_member(
	    subject, "digest"), digest_alg_name(image->alg)));
	struct err why;

	if (hex == NULL || digest_parse_hex(image->alg, hex, ret, &why) == -1)
		return -1;
	return digest_equal(ret, image);
}

/* in-toto Statement, v0.1 and v1: "subject" has what it is about, which may be
 * several things. */
static enum signature_verdict
judge_statement(const json_t *root, const struct digest *image, struct err *e)
{
	const char *type = json_string_value(json_object_get(root, "_type"));
	const char *predicate = json_string_value(json_object_get(root,
	    "predicateType"));
	const json_t *subjects = json_object_get(root, "subject");
	struct digest of, other;
	bool has_other = false;
	size_t i;
	int rc;

	if (type == NULL || strncmp(type, STATEMENT_TYPE,
	    strlen(STATEMENT_TYPE)) != 0)
		return malformed(e, "its payload is not an in-toto statement");
	if (predicate == NULL || strcmp(predicate, PREDICATE_TYPE) != 0)
		return SIGNATURE_NOT;
	for (i = 0; i < json_array_size(subjects); i++) {
		rc = compare_subject(json_array_get(subjects, i), image, &of);
		if (rc == 1)
			return SIGNATURE_GOOD;
		if (rc == 0 && !has_other) {
			other = of;
			has_other = true;
		}
	}
	return has_other ? other_digest(e, &other) :
	    malformed(e, "its statement has no subject with a digest");
}

static enum signature_verdict
check_statement(const char *buf, size_t len, const struct digest *image,
    struct err *e)
{
	enum signature_verdict verdict;
	struct err why;
	json_t *root;

	if (readjson_load(buf, len, JSON_REJECT_DUPLICATES, &root, &why) == -1)
		return malformed(e, "its payload is not a JSON object");
	verdict = judge_statement(root, image, e);
	json_decref(root);
	return verdict;
}

static enum signature_verdict
check_envelope(const json_t *envelope, const struct pubkey *key,
    const struct digest *image, struct err *e)
{
	const char *type = json_string_value(json_object_get(envelope,
	    "payloadType"));
	const char *text = json_string_value(json_object_get(envelope,
	    "payload"));
	const json_t *signatures = json_object_get(envelope, "signatures");
	enum signature_verdict verdict = SIGNATURE_OTHER_KEY;
	unsigned char *payload;
	size_t len, msg_len;
	char *msg;

	if (type == NULL || strcmp(type, PAYLOAD_TYPE) != 0)
		return malformed(e, "its payloadType is not " PAYLOAD_TYPE);
	if (json_array_size(signatures) == 0 ||
	    json_array_size(signatures) > ENVELOPE_SIGNATURES_MAX)
		return malformed(e, "its envelope has no signatures, or too "
		    "many");
	payload = text == NULL ? NULL : base64_decode(text, &len);
	if (payload == NULL)
		return malformed(e,
		    "the payload of its envelope is not base64");
	msg = encode(type, payload, len, &msg_len);
	if (is_signed(signatures, key, msg, msg_len))
		verdict = check_statement((const char *)payload, len, image,
		    e);
	free(msg);
	free(payload);
	return verdict;
}

/* A bundle may have a bare signature instead (messageSignature), which cosign
 * does not use for images. */
static enum signature_verdict
check_bundle(const char *buf, size_t len, const struct pubkey *key,
    const struct digest *image, struct err *e)
{
	enum signature_verdict verdict;
	const json_t *envelope;
	struct err why;
	json_t *root;

	if (readjson_load(buf, len, JSON_REJECT_DUPLICATES, &root, &why) == -1)
		return malformed(e, "its bundle is not a JSON object");
	envelope = readjson_member(root, "dsseEnvelope");
	if (json_is_object(envelope))
		verdict = check_envelope(envelope, key, image, e);
	else
		verdict = malformed(e, "its bundle has no dsseEnvelope");
	json_decref(root);
	return verdict;
}

enum signature_verdict
signature_check(const struct signature *s, const char *buf, size_t len,
    const struct pubkey *key, const struct digest *image, struct err *e)
{
	enum signature_verdict verdict;

	verdict = s->form == SIGNATURE_SIMPLE ?
	    check_simple(s, buf, len, key, image, e) :
	    check_bundle(buf, len, key, image, e);
	if (verdict == SIGNATURE_OTHER_KEY)
		err_set(e, ERR_SIGNATURE, "it was not made with this key, or "
		    "was changed since");
	return verdict;
}
