#ifndef CDR_IMAGE_PUBKEY_H
#define CDR_IMAGE_PUBKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/* A key that signatures are verified with: ECDSA over P-256, P-384 or P-521,
 * RSA of 2048 to 16384 bits, Ed25519.  Never changes; any thread may use it. */
struct pubkey;

/*
 * pubkey_parse(buf, len, ret, e): PEM, one SubjectPublicKeyInfo (RFC 7468
 * section 13), as in cosign.pub.  A private key, a certificate, a second block,
 * other kinds of keys and weak ones are refused.  Return 0, or -1 with ${e}
 * set (ERR_INPUT).  pubkey_parse_der reads the same without its armour.
 * pubkey_free accepts NULL.
 */
int pubkey_parse(const char *, size_t, struct pubkey **, struct err *);
int pubkey_parse_der(const unsigned char *, size_t, struct pubkey **,
    struct err *);
void pubkey_free(struct pubkey *);

/* pubkey_der(key, ret_len): as SubjectPublicKeyInfo; free(3) it. */
unsigned char *pubkey_der(const struct pubkey *, size_t *);

/*
 * pubkey_verify(key, msg, len, sig, sig_len): is that a signature of ${msg} by
 * the key?  As cosign makes them: ECDSA in DER, RSA by PKCS #1 v1.5, both over
 * SHA-256; the larger curves over the hash of their size too; Ed25519 over the
 * message itself.
 */
bool pubkey_verify(const struct pubkey *, const void *, size_t, const void *,
    size_t);

#endif
