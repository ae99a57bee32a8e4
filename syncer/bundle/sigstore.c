/* Sigstore bundles (sigstore/protobuf-specs, sigstore_bundle.proto): the one
 * field of them that a key alone can judge. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/sigstore.h"
#include "image/readjson.h"
#include "layout/base64.h"
#include "layout/digest.h"

bool
sigstore_is(const char *buf, size_t len)
{
	size_t i = 0;

	while (i < len && (buf[i] == ' ' || (buf[i] >= '\t' && buf[i] <= '\r')))
		i++;
	return i < len && buf[i] == '{';
}

/* Of Ed25519 cosign says no digest. */
static bool
is_of(const json_t *digest, const void *msg, size_t len)
{
	const char *alg = json_string_value(json_object_get(digest,
	    "algorithm"));
	const char *text = json_string_value(json_object_get(digest,
	    "digest"));
	struct digest right;
	unsigned char *said;
	size_t said_len;
	bool is_same;

	if (alg == NULL || strcmp(alg, "SHA2_256") != 0 || text == NULL)
		return true;
	said = base64_decode(text, &said_len);
	digest_of(DIGEST_SHA256, msg, len, &right);
	is_same = said != NULL && said_len == 32 &&
	    memcmp(said, right.bytes, 32) == 0;
	free(said);
	return is_same;
}

int
sigstore_signature(const char *buf, size_t len, const void *msg,
    size_t msg_len, unsigned char **ret, size_t *ret_len, struct err *e)
{
	const json_t *signature;
	unsigned char *bytes;
	const char *text;
	struct err why;
	json_t *root;
	int rc = 0;

	if (readjson_load(buf, len, JSON_REJECT_DUPLICATES, &root, &why) == -1)
		return err_set(e, ERR_SIGNATURE, "the signature begins as "
		    "JSON, and is none");
	signature = readjson_member(root, "messageSignature");
	text = json_string_value(json_object_get(signature, "signature"));
	bytes = text == NULL ? NULL : base64_decode(text, ret_len);
	if (bytes == NULL)
		rc = err_set(e, ERR_SIGNATURE, "the signature is no Sigstore "
		    "bundle with a messageSignature (cosign sign-blob)");
	else if (!is_of(json_object_get(signature, "messageDigest"), msg,
	    msg_len))
		rc = err_set(e, ERR_SIGNATURE, "the signature is one of other "
		    "bytes, or they were changed since");
	json_decref(root);
	if (rc == 0)
		*ret = bytes;
	else
		free(bytes);
	return rc;
}
