/* Private keys: read, used once, forgotten. */
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/bundle_key.h"
#include "bundle/sshsig.h"
#include "bundle/wire.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"

/* What people take for one has a word of advice each. */
static int
refuse(const char *name, struct err *e)
{
	if (strstr(name, "PUBLIC KEY") != NULL)
		return err_set(e, ERR_INPUT, "it holds a public key: signing "
		    "needs the private one");
	if (strcmp(name, "OPENSSH PRIVATE KEY") == 0)
		return err_set(e, ERR_INPUT, "it is in OpenSSH's own form: "
		    "sign with ssh-keygen -Y sign, or make a key with openssl "
		    "genpkey -algorithm ed25519");
	if (strstr(name, "ENCRYPTED") != NULL)
		return err_set(e, ERR_INPUT, "it is encrypted, and nobody is "
		    "asked for a passphrase: sign with the program that made "
		    "it, and put the signature beside the bundle");
	return err_set(e, ERR_INPUT, "it is no PKCS #8: openssl pkcs8 -topk8 "
	    "-nocrypt makes it that");
}

static EVP_PKEY *
parse(const char *buf, size_t len, struct err *e)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	const unsigned char *at;
	BIO *bio = BIO_new_mem_buf(buf, (int)len);
	PKCS8_PRIV_KEY_INFO *info = NULL;
	EVP_PKEY *key = NULL;
	long der_len = 0;

	if (bio == NULL)
		abort();	/* out of memory */
	if (PEM_read_bio(bio, &name, &header, &der, &der_len) != 1) {
		err_set(e, ERR_INPUT, "it is no PEM file: a private key "
		    "begins with \"-----BEGIN PRIVATE KEY-----\"");
	} else if (strcmp(name, PEM_STRING_PKCS8INF) != 0) {
		refuse(name, e);
	} else {
		at = der;
		info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, der_len);
		if (info != NULL && at == der + der_len)
			key = EVP_PKCS82PKEY(info);
		if (key == NULL)
			err_set(e, ERR_INPUT, "the private key in it is "
			    "damaged, or of an unknown kind");
	}
	PKCS8_PRIV_KEY_INFO_free(info);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(der, (size_t)der_len);
	BIO_free(bio);
	ERR_clear_error();
	return key;
}

/* Others must not be able to read it, and none but its owner to change it.  Its
 * group may read: so Kubernetes mounts a secret for a pod. */
static int
check_mode(mode_t mode, struct err *e)
{
	if ((mode & (S_IRWXO | S_IWGRP)) != 0)
		return err_set(e, ERR_INPUT, "others can read or change it "
		    "(mode %04o): chmod 600", (unsigned)mode & 07777);
	return 0;
}

/* That it is no private key at all is said first. */
static EVP_PKEY *
read_key(int fd, struct err *e)
{
	EVP_PKEY *key;
	struct stat sb;
	size_t len;
	char *buf;

	if (fstat(fd, &sb) == -1) {
		err_sys(e, "cannot be looked at");
		return NULL;
	}
	if (!S_ISREG(sb.st_mode)) {
		err_set(e, ERR_INPUT, "it is no regular file");
		return NULL;
	}
	if (fs_read_all(fd, PUBKEY_BYTES_MAX, &buf, &len, e) == -1)
		return NULL;
	key = parse(buf, len, e);
	explicit_bzero(buf, len);
	free(buf);
	if (key != NULL && check_mode(sb.st_mode, e) == -1) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static EVP_PKEY *
load(const char *path, struct err *e)
{
	EVP_PKEY *key = NULL;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1) {
		err_sys(e, "cannot be opened");
	} else {
		key = read_key(fd, e);
		close(fd);
	}
	if (key == NULL) {
		e->code = ERR_INPUT;
		err_wrap(e, "%s", path);
	}
	return key;
}

/* Return 0 with what the key makes of these bytes, free(3) it, or -1. */
static int
sign(EVP_PKEY *key, const EVP_MD *md, const void *msg, size_t len,
    unsigned char **ret, size_t *ret_len, struct err *e)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t room = (size_t)EVP_PKEY_get_size(key);
	unsigned char *sig = xmalloc(room + 1);
	int rc = 0;

	if (ctx == NULL)
		abort();	/* out of memory */
	if (EVP_DigestSignInit(ctx, NULL, md, NULL, key) != 1 ||
	    EVP_DigestSign(ctx, sig, &room, msg, len) != 1)
		rc = err_set(e, ERR_INPUT, "the key does not sign");
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (rc == 0) {
		*ret = sig;
		*ret_len = room;
	} else {
		free(sig);
	}
	return rc;
}

static int
sign_ssh(EVP_PKEY *key, const char *namespace, const void *msg, size_t len,
    char **ret, size_t *ret_len, struct err *e)
{
	unsigned char raw[32], *sig;
	char *text, *ssh = NULL;
	size_t text_len = 0, sig_len, ssh_len = 0, raw_len = sizeof(raw);
	FILE *out;
	int rc;

	if (EVP_PKEY_get_raw_public_key(key, raw, &raw_len) != 1)
		return err_set(e, ERR_INPUT, "the key has no public half");
	text = sshsig_message(namespace, DIGEST_SHA512, msg, len, &text_len);
	rc = sign(key, NULL, text, text_len, &sig, &sig_len, e);
	free(text);
	if (rc == -1)
		return -1;
	out = xtext_open(&ssh, &ssh_len);
	wire_put(out, "ssh-ed25519", 11);
	wire_put(out, raw, raw_len);
	xtext_close(out);
	*ret = sshsig_print(ssh, ssh_len, namespace, sig, sig_len, ret_len);
	free(ssh);
	free(sig);
	return 0;
}

static bool
is_p256(const EVP_PKEY *key)
{
	char group[64];
	size_t len;

	return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
	    strcmp(group, "prime256v1") == 0;
}

int
bundle_sign(const char *path, const char *namespace, const void *msg,
    size_t len, char **ret, size_t *ret_len, struct err *e)
{
	EVP_PKEY *key = load(path, e);
	unsigned char *sig;
	int rc;

	if (key == NULL)
		return -1;
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) {
		rc = sign_ssh(key, namespace, msg, len, ret, ret_len, e);
	} else if (is_p256(key)) {
		rc = sign(key, EVP_sha256(), msg, len, &sig, ret_len, e);
		if (rc == 0)
			*ret = (char *)sig;
	} else {
		rc = err_set(e, ERR_INPUT, "it is neither an Ed25519 key nor "
		    "one on P-256");
	}
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc == -1 ? err_wrap(e, "%s", path) : 0;
}
