#ifndef CDR_BUNDLE_SIGSTORE_H
#define CDR_BUNDLE_SIGSTORE_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/* sigstore_is(buf, len): does it begin as JSON does? */
bool sigstore_is(const char *, size_t);

/*
 * sigstore_signature(buf, len, msg, msg_len, ret, ret_len, e): the signature
 * out of a Sigstore bundle with a message signature, as "cosign sign-blob
 * --bundle" writes it; free(3) it.  What it says of the message is compared,
 * for a better word; nothing is verified.  Return 0, or -1 with ${e} set
 * (ERR_SIGNATURE).
 */
int sigstore_signature(const char *, size_t, const void *, size_t,
    unsigned char **, size_t *, struct err *);

#endif
