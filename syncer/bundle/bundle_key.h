#ifndef CDR_BUNDLE_KEY_H
#define CDR_BUNDLE_KEY_H

#include <stddef.h>

#include "layout/err.h"

/*
 * Who may send a bundle here.  A public key is PEM (SubjectPublicKeyInfo), or a
 * line of OpenSSH: ssh-ed25519, ecdsa-sha2-nistp256.
 */
#define BUNDLE_NAMESPACE	"cdr-bundle"
#define INVENTORY_NAMESPACE	"cdr-inventory"
#define BOOT_NAMESPACE		"cdr-boot"

struct bundle_keys;

/* bundle_keys_new(): none.  bundle_keys_free accepts NULL. */
struct bundle_keys *bundle_keys_new(void);
void bundle_keys_free(struct bundle_keys *);
size_t bundle_keys_count(const struct bundle_keys *);

/* bundle_keys_parse(keys, buf, len, e): add those of one file: one in PEM, or
 * lines of OpenSSH.  bundle_keys_file(keys, path, e), bundle_keys_folder(keys,
 * path, e): of a file; of each *.pub and *.pem of a folder, which has at least
 * one.  A private key is refused.  Return 0, or -1 with ${e} set (ERR_INPUT),
 * which names the file. */
int bundle_keys_parse(struct bundle_keys *, const char *, size_t,
    struct err *);
int bundle_keys_file(struct bundle_keys *, const char *, struct err *);
int bundle_keys_folder(struct bundle_keys *, const char *, struct err *);

/*
 * bundle_verify(keys, namespace, msg, len, sig, sig_len, e): has the owner of
 * one of them signed that?  ${sig} is what was found beside it: SSHSIG in its
 * armour (OpenSSH, PROTOCOL.sshsig), of that namespace and of no other; ECDSA
 * in DER; 64 bytes of Ed25519; base64 of one of these two (cosign, openssl); or
 * a Sigstore bundle with a message signature.  Return 0, or -1 with ${e} set
 * (ERR_SIGNATURE), which says what it is that does not fit.
 */
int bundle_verify(const struct bundle_keys *, const char *, const void *,
    size_t, const void *, size_t, struct err *);

/*
 * bundle_sign(path, namespace, msg, len, ret, ret_len, e): with the private key
 * of a file (PKCS #8; its group may read it, nobody else, and only its owner
 * may write it): SSHSIG for Ed25519, DER for P-256.  Return 0 and ${ret} is
 * free(3)d, or -1 with ${e} set (ERR_INPUT).  The key is read and kept in
 * memory no longer than it takes.
 */
int bundle_sign(const char *, const char *, const void *, size_t, char **,
    size_t *, struct err *);

#endif
