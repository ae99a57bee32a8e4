#ifndef CDR_BUNDLE_SSHSIG_H
#define CDR_BUNDLE_SSHSIG_H

#include <stdbool.h>
#include <stddef.h>

#include "bundle/wire.h"
#include "layout/digest.h"
#include "layout/err.h"

/*
 * SSHSIG: a signature as "ssh-keygen -Y sign" makes it (OpenSSH,
 * PROTOCOL.sshsig).  Nothing here verifies: it is only taken apart.
 */
struct sshsig {
	unsigned char *blob;		/* what the rest points into */
	struct wire key;		/* the public key, as SSH has it */
	struct wire namespace;
	enum digest_alg hash;
	struct wire kind;		/* "ssh-ed25519" */
	struct wire bytes;		/* the signature itself */
};

/* sshsig_is(buf, len): does it begin as one, in its armour? */
bool sshsig_is(const char *, size_t);

/* sshsig_parse(buf, len, ret, e): in its armour; blanks and line ends around it
 * do not count.  Return 0, or -1 with ${e} set (ERR_SIGNATURE).  sshsig_done
 * releases. */
int sshsig_parse(const char *, size_t, struct sshsig *, struct err *);
void sshsig_done(struct sshsig *);

/* sshsig_message(namespace, hash, msg, len, ret_len): the bytes that the key
 * signs for that message; free(3) them. */
char *sshsig_message(const char *, enum digest_alg, const void *, size_t,
    size_t *);

/* sshsig_ecdsa_der(bytes, ret, ret_len): the two numbers of an ECDSA signature
 * as the rest of the world has them; false: they are none. */
#define SSHSIG_DER_MAX	80u
bool sshsig_ecdsa_der(const struct wire *, unsigned char ret[SSHSIG_DER_MAX],
    size_t *);

/* sshsig_print(key, key_len, namespace, bytes, len, ret_len): one by an Ed25519
 * key, over SHA-512, in its armour; free(3) it. */
char *sshsig_print(const void *, size_t, const char *, const void *, size_t,
    size_t *);

/* sshsig_unwrap(text, len): ${text} without blanks and line ends, NUL behind;
 * free(3) it. */
char *sshsig_unwrap(const char *, size_t);

#endif
