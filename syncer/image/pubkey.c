/* Public keys and signatures: all that knows libcrypto's EVP_PKEY.  The key
 * decides which algorithms count, never what the signature says of itself. */
#include <assert.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "image/pubkey.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define RSA_BITS_MIN	2048
#define RSA_BITS_MAX	16384

struct pubkey {
	EVP_PKEY *pkey;
	const EVP_MD *md[2];	/* one of them; none: not hashed first */
	size_t md_count;
};

static const struct {
	const char *group;
	const EVP_MD *(*own)(void);	/* besides SHA-256; NULL: that is it */
} curves[] = {
	{ "prime256v1",	NULL },
	{ "secp384r1",	EVP_sha384 },
	{ "secp521r1",	EVP_sha512 },
};

/* What people take for it by mistake has a name of its own in the message. */
static int
refuse_block(const char *name, struct err *e)
{
	if (strstr(name, "PRIVATE KEY") != NULL)
		return err_set(e, ERR_INPUT, "it holds a private key, which "
		    "only the signer may have: name the public one "
		    "(cosign.pub)");
	if (strstr(name, "CERTIFICATE") != NULL)
		return err_set(e, ERR_INPUT, "it holds a certificate: name a "
		    "file with its public key (openssl x509 -pubkey -noout)");
	return err_set(e, ERR_INPUT, "it holds no PEM block \"PUBLIC KEY\"");
}

/* Return the only block, to be released with OPENSSL_free, or NULL. */
static unsigned char *
read_block(BIO *bio, long *ret_len, struct err *e)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL, *more = NULL;
	long len;

	if (PEM_read_bio(bio, &name, &header, &data, ret_len) != 1) {
		err_set(e, ERR_INPUT, "it is not a PEM file: a public key "
		    "begins with \"-----BEGIN PUBLIC KEY-----\"");
		return NULL;
	}
	if (strcmp(name, PEM_STRING_PUBLIC) != 0)
		refuse_block(name, e);
	else {
		OPENSSL_free(name);
		OPENSSL_free(header);
		name = header = NULL;
		if (PEM_read_bio(bio, &name, &header, &more, &len) != 1)
			return data;
		err_set(e, ERR_INPUT, "it holds more than one PEM block: a "
		    "file must hold one key");
		OPENSSL_clear_free(more, (size_t)len);
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(data, (size_t)*ret_len);
	return NULL;
}

/* cosign signs with SHA-256 whatever the key's size. */
static int
fit_rsa(struct pubkey *key, struct err *e)
{
	int bits = EVP_PKEY_get_bits(key->pkey);

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return err_set(e, ERR_INPUT, "an RSA key of %d bits: it must "
		    "have %d to %d", bits, RSA_BITS_MIN, RSA_BITS_MAX);
	key->md[key->md_count++] = EVP_sha256();
	return 0;
}

/* Larger curves may be used with SHA-256, as cosign does, or with the hash that
 * goes with the curve, as openssl(1) and HSMs do. */
static int
fit_ec(struct pubkey *key, struct err *e)
{
	char group[64] = "";
	size_t i, len;

	if (EVP_PKEY_get_group_name(key->pkey, group, sizeof(group),
	    &len) != 1)
		group[0] = '\0';
	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcmp(group, curves[i].group) != 0)
			continue;
		key->md[key->md_count++] = EVP_sha256();
		if (curves[i].own != NULL)
			key->md[key->md_count++] = curves[i].own();
		return 0;
	}
	return err_set(e, ERR_INPUT,
	    "an ECDSA key on a curve other than P-256, P-384 and P-521");
}

/* Ed25519 hashes by itself: no digest is named (RFC 8032). */
static int
fit(struct pubkey *key, struct err *e)
{
	switch (EVP_PKEY_get_base_id(key->pkey)) {
	case EVP_PKEY_EC:
		return fit_ec(key, e);
	case EVP_PKEY_RSA:
		return fit_rsa(key, e);
	case EVP_PKEY_ED25519:
		return 0;
	default:
		return err_set(e, ERR_INPUT,
		    "a key that is none of ECDSA, RSA and Ed25519");
	}
}

/* Bytes behind the key within its block are refused as well: what is not
 * understood is not trusted. */
int
pubkey_parse_der(const unsigned char *der, size_t len, struct pubkey **ret,
    struct err *e)
{
	struct pubkey *key = xcalloc(1, sizeof(*key));
	const unsigned char *at = der;
	int rc = -1;

	if (len <= PUBKEY_BYTES_MAX)
		key->pkey = d2i_PUBKEY(NULL, &at, (long)len);
	if (key->pkey == NULL || at != der + len) {
		err_set(e, ERR_INPUT, "the public key in it is damaged, or of "
		    "an unknown kind");
		goto out;
	}
	if (fit(key, e) == -1)
		goto out;
	assert(key->md_count <= sizeof(key->md) / sizeof(key->md[0]));
	*ret = key;
	key = NULL;
	rc = 0;
out:
	pubkey_free(key);
	/* Nothing may be left for a later reader of the queue (libcurl). */
	ERR_clear_error();
	return rc;
}

int
pubkey_parse(const char *buf, size_t len, struct pubkey **ret, struct err *e)
{
	unsigned char *der;
	long der_len = 0;
	BIO *bio;
	int rc = -1;

	if (len > PUBKEY_BYTES_MAX)
		return err_set(e, ERR_INPUT, "%zu bytes, more than the %u that "
		    "a public key may have", len, PUBKEY_BYTES_MAX);
	bio = BIO_new_mem_buf(buf, (int)len);
	if (bio == NULL)
		abort();	/* out of memory */
	der = read_block(bio, &der_len, e);
	if (der != NULL)
		rc = pubkey_parse_der(der, (size_t)der_len, ret, e);
	OPENSSL_free(der);
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

unsigned char *
pubkey_der(const struct pubkey *key, size_t *ret_len)
{
	int len = i2d_PUBKEY(key->pkey, NULL);
	unsigned char *der, *at;

	if (len <= 0)
		abort();	/* it was read from that */
	at = der = xmalloc((size_t)len);
	i2d_PUBKEY(key->pkey, &at);
	*ret_len = (size_t)len;
	return der;
}

void
pubkey_free(struct pubkey *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

static bool
verify_with(const struct pubkey *key, const EVP_MD *md, const void *msg,
    size_t len, const void *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	if (ctx == NULL)
		abort();	/* out of memory */
	/* RSA: PKCS #1 v1.5 is what EVP does unless told otherwise. */
	good = EVP_DigestVerifyInit(ctx, NULL, md, NULL, key->pkey) == 1 &&
	    EVP_DigestVerify(ctx, sig, sig_len, msg, len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

bool
pubkey_verify(const struct pubkey *key, const void *msg, size_t len,
    const void *sig, size_t sig_len)
{
	size_t i;

	if (key->md_count == 0)
		return verify_with(key, NULL, msg, len, sig, sig_len);
	for (i = 0; i < key->md_count; i++)
		if (verify_with(key, key->md[i], msg, len, sig, sig_len))
			return true;
	return false;
}
