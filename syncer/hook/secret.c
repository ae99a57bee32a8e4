/* Secrets of hooks.  All is compared as digests, in constant time: then neither
 * how much of it was right nor how long it was can be measured. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "hook/secret.h"
#include "layout/mem.h"

#define DIGEST_SIZE	32	/* of SHA-256, the longer of the two */

struct secret {
	enum secret_kind kind;
	unsigned char *key;		/* of an HMAC; else of no use */
	size_t len;
	unsigned char digest[DIGEST_SIZE];	/* of a text */
};

static void
digest_of_text(const void *text, size_t len, unsigned char *ret)
{
	if (EVP_Digest(text, len, ret, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

struct secret *
secret_new(enum secret_kind kind, const void *text, size_t len)
{
	struct secret *s = xcalloc(1, sizeof(*s));

	s->kind = kind;
	if (kind == SECRET_TEXT) {
		digest_of_text(text, len, s->digest);
		return s;
	}
	s->key = xmalloc(len + 1);
	memcpy(s->key, text, len);
	s->len = len;
	return s;
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	if (s->key != NULL)
		secret_wipe(s->key, s->len);
	free(s->key);
	secret_wipe(s, sizeof(*s));
	free(s);
}

void
secret_wipe(void *memory, size_t len)
{
	OPENSSL_cleanse(memory, len);
}

/* The bytes that ${given} stands for; upper case is the sender's choice. */
static bool
read_signature(const char *given, const char *prefix, unsigned char *ret,
    size_t size)
{
	int high, low;
	size_t i;

	if (strncmp(given, prefix, strlen(prefix)) == 0)
		given += strlen(prefix);
	if (strlen(given) != 2 * size)
		return false;
	for (i = 0; i < size; i++) {
		high = OPENSSL_hexchar2int((unsigned char)given[2 * i]);
		low = OPENSSL_hexchar2int((unsigned char)given[2 * i + 1]);
		if (high == -1 || low == -1)
			return false;
		ret[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool
check_hmac(const struct secret *s, const char *given, const void *body,
    size_t len)
{
	bool is_sha1 = s->kind == SECRET_HMAC_SHA1;
	size_t size = is_sha1 ? 20 : DIGEST_SIZE;
	unsigned char want[EVP_MAX_MD_SIZE], got[DIGEST_SIZE] = { 0 };
	static const unsigned char none[1];
	bool well_formed;
	unsigned n = 0;

	if (HMAC(is_sha1 ? EVP_sha1() : EVP_sha256(), s->key != NULL ? s->key :
	    none, (int)s->len, body, len, want, &n) == NULL || n != size)
		abort();
	well_formed = read_signature(given, is_sha1 ? "sha1=" : "sha256=", got,
	    size);
	return (CRYPTO_memcmp(want, got, size) == 0) & well_formed;
}

static bool
check_text(const struct secret *s, const char *given)
{
	unsigned char got[DIGEST_SIZE];

	digest_of_text(given, strlen(given), got);
	return CRYPTO_memcmp(s->digest, got, sizeof(got)) == 0;
}

bool
secret_check(const struct secret *s, const char *given, const void *body,
    size_t len)
{
	static const struct secret nobody;
	const struct secret *of = s != NULL ? s : &nobody;
	const char *text = given != NULL ? given : "";
	bool is_signed = check_hmac(of, text, body, len);
	bool is_text = check_text(of, text);

	return s != NULL && given != NULL &&
	    (of->kind == SECRET_TEXT ? is_text : is_signed);
}
