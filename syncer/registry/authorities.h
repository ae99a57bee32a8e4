#ifndef CDR_REGISTRY_AUTHORITIES_H
#define CDR_REGISTRY_AUTHORITIES_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/*
 * Whom TLS trusts: the certificates of the system, or of what SSL_CERT_FILE and
 * SSL_CERT_DIR name in their place, as Go programs and OpenSSL take them
 * (quirks.md#authorities), and those of a ca_file.
 */

/* authorities_check(e): do SSL_CERT_FILE and SSL_CERT_DIR, where they are set,
 * name certificates?  Return 0, or -1 with ${e} set (ERR_INPUT). */
int authorities_check(struct err *);

struct authorities {
	char *pem;		/* certificates, one after the other */
	size_t len;
	bool is_set;		/* the environment names some of them */
	bool has_folders;	/* in SSL_CERT_DIR, in place of the system's */
};

/*
 * authorities_read(standard, ca_file, ret, e): ${standard} is the file that the
 * system has, and is left alone where there is nothing else; both may be NULL.
 * Return 0, or -1 with ${e} set (ERR_INPUT) where ${ca_file} has no
 * certificate.  authorities_done releases.
 */
int authorities_read(const char *, const char *, struct authorities *,
    struct err *);
void authorities_done(struct authorities *);

#endif
