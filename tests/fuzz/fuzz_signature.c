/* What a stranger calls a signature: a manifest, a payload, a bundle; and what
 * an envelope holds, behind a signature that is good. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/signature.h"
#include "layout/limits.h"
#include "layout/mem.h"

static EVP_PKEY *private_key;
static struct pubkey *key;

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
make_key(void)
{
	struct err e;
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	private_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	must(private_key != NULL && PEM_write_bio_PUBKEY(bio,
	    private_key) == 1);
	len = BIO_get_mem_data(bio, &pem);
	must(pubkey_parse(pem, (size_t)len, &key, &e) == 0);
	BIO_free(bio);
}

/* The base64 of a good signature; free(3) it. */
static char *
sign(const void *msg, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[64];
	size_t sig_len = sizeof(sig);
	char *text = xmalloc(sizeof(sig) * 2);

	must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, private_key) == 1);
	must(EVP_DigestSign(ctx, sig, &sig_len, msg, len) == 1);
	EVP_MD_CTX_free(ctx);
	EVP_EncodeBlock((unsigned char *)text, sig, (int)sig_len);
	return text;
}

static void
check(enum signature_form form, const char *sig, const char *buf, size_t len,
    bool is_signed)
{
	struct signature s = { .form = form };
	enum signature_verdict verdict;
	struct digest image;
	struct err e = { 0 };

	digest_of(DIGEST_SHA256, "", 0, &image);
	s.sig = sig == NULL ? NULL : xstrdup(sig);
	verdict = signature_check(&s, buf, len, key, &image, &e);
	free(s.sig);
	if (!is_signed)
		must(verdict == SIGNATURE_MALFORMED ||
		    verdict == SIGNATURE_OTHER_KEY);
	else
		must(verdict != SIGNATURE_OTHER_KEY);
	if (verdict != SIGNATURE_GOOD && verdict != SIGNATURE_NOT)
		must(e.code == ERR_SIGNATURE && e.msg[0] != '\0');
}

/* A bundle around ${buf}, rightly signed. */
static void
check_enveloped(const char *buf, size_t len)
{
	static const char type[] = "application/vnd.in-toto+json";
	char *head = xasprintf("DSSEv1 %zu %s %zu ", strlen(type), type, len);
	size_t used = strlen(head);
	char *msg = xmalloc(used + len + 1), *payload, *sig, *bundle;

	memcpy(msg, head, used);
	memcpy(msg + used, buf, len);
	payload = xmalloc(len * 2 + 8);
	EVP_EncodeBlock((unsigned char *)payload, (const unsigned char *)buf,
	    (int)len);
	sig = sign(msg, used + len);
	bundle = xasprintf("{\"dsseEnvelope\":{\"payload\":\"%s\","
	    "\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"%s\"}]}}",
	    payload, type, sig);
	check(SIGNATURE_BUNDLE, NULL, bundle, strlen(bundle), true);
	free(bundle);
	free(sig);
	free(payload);
	free(msg);
	free(head);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct signatures all;
	struct err e = { 0 };
	char *sig;

	if (key == NULL)
		make_key();
	if (signatures_find(text, size, &all, &e) == 0) {
		must(all.count <= SIGNATURES_MAX);
		signatures_done(&all);
	} else {
		must(e.code == ERR_DATA || e.code == ERR_LIMIT);
	}
	check(SIGNATURE_SIMPLE, NULL, text, size, false);
	check(SIGNATURE_SIMPLE, "AAAA", text, size, false);
	check(SIGNATURE_BUNDLE, NULL, text, size, false);
	sig = sign(data, size);
	check(SIGNATURE_SIMPLE, sig, text, size, true);
	free(sig);
	if (size < 65536)
		check_enveloped(text, size);
	return 0;
}
