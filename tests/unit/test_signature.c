#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "image/signature.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define HEX_A \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* What cosign 3.1 has made: a key, and with it one signature in each form. */
static const char cosign_pub[] = "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDYLOfMMWACxBUIcUiEGKQ2uqx4mS\n"
    "jd96ZzF8RZ6c1hIgIdrR/vHwH/yRWmzY9NODkqjNVvI8QHAuvQ3vW3fr4Q==\n"
    "-----END PUBLIC KEY-----\n";
static const char cosign_simple[] =
    "{\"critical\":{\"identity\":{\"docker-reference\":\"127.0.0.1:24267/"
    "library/old\"},\"image\":{\"docker-manifest-digest\":\"sha256:d33cc4"
    "b847af4fdb4a91ad46d30b9778782bbad172938248588a4e5d40ca2000\"},\"type"
    "\":\"cosign container image signature\"},\"optional\":null}";
#define COSIGN_SIMPLE_SIG \
    "MEUCIFumEnfBaQVSdy+vncZQT/LM4KDQWap2Nrtim8zEdN7GAiEAqPInaVuW" \
    "o9Qviv/8lTsakFVTYdahTpdDcK5HKobXZRw="
#define COSIGN_SIMPLE_IMAGE "sha256:" \
    "d33cc4b847af4fdb4a91ad46d30b9778782bbad172938248588a4e5d40ca2000"
static const char cosign_bundle[] =
    "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"v"
    "erificationMaterial\":{\"publicKey\":{\"hint\":\"TULuKxwVoO7T9fVwazd"
    "VwCkkkGEqclJ+pSVxxU2aBPU=\"}},\"dsseEnvelope\":{\"payload\":\"eyJfdH"
    "lwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJzdWJqZWN0Ijpbey"
    "JkaWdlc3QiOnsic2hhMjU2IjoiYWM1NWUwNWU3MmU0MTMwMThjNjhiZWI5NzYwNGU4Mm"
    "JjY2U4YmIzOGM2MmQ3OWRkOWNkNDUxNzdhODc0YzVlZCJ9LCJhbm5vdGF0aW9ucyI6e3"
    "19XSwicHJlZGljYXRlVHlwZSI6Imh0dHBzOi8vc2lnc3RvcmUuZGV2L2Nvc2lnbi9zaW"
    "duL3YxIiwicHJlZGljYXRlIjp7fX0=\",\"payloadType\":\"application/vnd.i"
    "n-toto+json\",\"signatures\":[{\"sig\":\"MEYCIQDHyN5Ri0vyDyhD2zMnhlX"
    "VIW9Al0YXiRvkz3aLwjZSsAIhAIkBIbPtolmpg09W57MCrMciK4eZ2P10Or+0GxZy5uA"
    "A\"}]}}";
#define COSIGN_BUNDLE_IMAGE "sha256:" \
    "ac55e05e72e413018c68beb97604e82bcce8bb38c62d79dd9cd45177a874c5ed"

static struct digest
digest(const char *text)
{
	struct digest d;
	struct err e;

	assert_int_equal(digest_parse(text, &d, &e), 0);
	return d;
}

static struct pubkey *
parsed(const char *pem)
{
	struct pubkey *key = NULL;
	struct err e;

	if (pubkey_parse(pem, strlen(pem), &key, &e) == -1)
		fail_msg("%s", e.msg);
	return key;
}

/* free(3) it. */
static char *
pem_of(EVP_PKEY *pkey)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at, *pem;
	long len;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
	len = BIO_get_mem_data(bio, &at);
	pem = xstrndup(at, (size_t)len);
	BIO_free(bio);
	return pem;
}

static char *
encoded(const void *buf, size_t len)
{
	char *text = xmalloc(len * 2 + 8);

	EVP_EncodeBlock((unsigned char *)text, buf, (int)len);
	return text;
}

/* The base64 of a signature; free(3) it. */
static char *
sign(EVP_PKEY *pkey, const EVP_MD *md, const void *msg, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[2048];
	size_t sig_len = sizeof(sig);

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, pkey), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &sig_len, msg, len), 1);
	EVP_MD_CTX_free(ctx);
	return encoded(sig, sig_len);
}

static enum signature_verdict
check_simple(const struct pubkey *key, const char *sig, const char *payload,
    const char *image, struct err *e)
{
	struct signature s = { .form = SIGNATURE_SIMPLE };
	struct digest d = digest(image);
	enum signature_verdict verdict;

	s.sig = sig == NULL ? NULL : xstrdup(sig);
	verdict = signature_check(&s, payload, strlen(payload), key, &d, e);
	free(s.sig);
	return verdict;
}

static enum signature_verdict
check_bundle(const struct pubkey *key, const char *bundle, const char *image,
    struct err *e)
{
	struct signature s = { .form = SIGNATURE_BUNDLE };
	struct digest d = digest(image);

	return signature_check(&s, bundle, strlen(bundle), key, &d, e);
}

static void
test_cosign(void **state)
{
	struct pubkey *key = parsed(cosign_pub);
	struct err e;

	(void)state;
	assert_int_equal(check_simple(key, COSIGN_SIMPLE_SIG, cosign_simple,
	    COSIGN_SIMPLE_IMAGE, &e), SIGNATURE_GOOD);
	assert_int_equal(check_simple(key, COSIGN_SIMPLE_SIG, cosign_simple,
	    COSIGN_BUNDLE_IMAGE, &e), SIGNATURE_OTHER_DIGEST);
	assert_string_equal(e.msg, "it signs another manifest, "
	    COSIGN_SIMPLE_IMAGE);
	assert_int_equal(check_bundle(key, cosign_bundle, COSIGN_BUNDLE_IMAGE,
	    &e), SIGNATURE_GOOD);
	assert_int_equal(check_bundle(key, cosign_bundle, COSIGN_SIMPLE_IMAGE,
	    &e), SIGNATURE_OTHER_DIGEST);
	pubkey_free(key);
}

/* Each byte of what is signed, and of the signature, counts. */
static void
test_each_byte(void **state)
{
	struct pubkey *key = parsed(cosign_pub);
	char *payload = xstrdup(cosign_simple), *sig;
	size_t i;
	struct err e;

	(void)state;
	for (i = 0; payload[i] != '\0'; i++) {
		payload[i] ^= 1;
		if (payload[i] != '\0')
			assert_int_equal(check_simple(key, COSIGN_SIMPLE_SIG,
			    payload, COSIGN_SIMPLE_IMAGE, &e),
			    SIGNATURE_OTHER_KEY);
		payload[i] ^= 1;
	}
	sig = xstrdup(COSIGN_SIMPLE_SIG);
	for (i = 0; sig[i] != '\0'; i++) {
		sig[i] = sig[i] == 'A' ? 'B' : 'A';
		assert_true(check_simple(key, sig, cosign_simple,
		    COSIGN_SIMPLE_IMAGE, &e) < SIGNATURE_OTHER_DIGEST ||
		    i >= strlen(sig) - 3);
		sig[i] = COSIGN_SIMPLE_SIG[i];
	}
	free(sig);
	free(payload);
	pubkey_free(key);
}

/* A payload that its owner has signed, and what becomes of it. */
static const struct {
	const char *payload;
	enum signature_verdict want;
} payloads[] = {
#define CRITICAL(type, digest) "{\"critical\":{\"identity\":{" \
	"\"docker-reference\":\"x\"},\"image\":{\"docker-manifest-digest\":" \
	digest "},\"type\":" type "},\"optional\":null}"
#define TYPE "\"cosign container image signature\""
	{ CRITICAL(TYPE, "\"sha256:" HEX_A "\""), SIGNATURE_GOOD },
	{ CRITICAL(TYPE, "\"sha256:" HEX_B "\""), SIGNATURE_OTHER_DIGEST },
	{ CRITICAL(TYPE, "\"SHA256:" HEX_A "\""), SIGNATURE_MALFORMED },
	{ CRITICAL(TYPE, "\"sha256:aaaa\""), SIGNATURE_MALFORMED },
	{ CRITICAL(TYPE, "\"" HEX_A "\""), SIGNATURE_MALFORMED },
	{ CRITICAL(TYPE, "null"), SIGNATURE_MALFORMED },
	{ CRITICAL(TYPE, "[\"sha256:" HEX_A "\"]"), SIGNATURE_MALFORMED },
	{ CRITICAL("\"atomic container signature\"", "\"sha256:" HEX_A "\""),
	    SIGNATURE_MALFORMED },
	{ CRITICAL("null", "\"sha256:" HEX_A "\""), SIGNATURE_MALFORMED },
	{ "", SIGNATURE_MALFORMED },
	{ "{", SIGNATURE_MALFORMED },
	{ "[]", SIGNATURE_MALFORMED },
	{ "{}", SIGNATURE_MALFORMED },
	{ "{\"critical\":null}", SIGNATURE_MALFORMED },
	{ "{\"critical\":{},\"critical\":{}}", SIGNATURE_MALFORMED },
};

static void
test_payloads(void **state)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char *pem = pem_of(pkey), *sig;
	struct pubkey *key = parsed(pem);
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(payloads); i++) {
		e.msg[0] = '\0';
		sig = sign(pkey, NULL, payloads[i].payload,
		    strlen(payloads[i].payload));
		if (check_simple(key, sig, payloads[i].payload,
		    "sha256:" HEX_A, &e) != payloads[i].want)
			fail_msg("%s: %s", payloads[i].payload, e.msg);
		free(sig);
	}
	assert_int_equal(check_simple(key, NULL, "{}", "sha256:" HEX_A, &e),
	    SIGNATURE_MALFORMED);
	assert_int_equal(check_simple(key, "A", "{}", "sha256:" HEX_A, &e),
	    SIGNATURE_MALFORMED);
	assert_int_equal(check_simple(key, "", "{}", "sha256:" HEX_A, &e),
	    SIGNATURE_OTHER_KEY);
	pubkey_free(key);
	free(pem);
	EVP_PKEY_free(pkey);
}

/* A statement that its owner has signed, in an envelope. */
static const struct {
	const char *statement;
	enum signature_verdict want;
} statements[] = {
#define STATEMENT(type, predicate, subjects) "{\"_type\":\"" type \
	"\",\"subject\":" subjects ",\"predicateType\":\"" predicate "\"}"
#define V1 "https://in-toto.io/Statement/v1"
#define SIGN "https://sigstore.dev/cosign/sign/v1"
#define A "{\"digest\":{\"sha256\":\"" HEX_A "\"}}"
#define B "{\"digest\":{\"sha256\":\"" HEX_B "\"}}"
	{ STATEMENT(V1, SIGN, "[" A "]"), SIGNATURE_GOOD },
	{ STATEMENT("https://in-toto.io/Statement/v0.1", SIGN, "[" A "]"),
	    SIGNATURE_GOOD },
	{ STATEMENT(V1, SIGN, "[" B "," A "]"), SIGNATURE_GOOD },
	{ STATEMENT(V1, SIGN, "[" B "]"), SIGNATURE_OTHER_DIGEST },
	{ STATEMENT(V1, SIGN, "[]"), SIGNATURE_MALFORMED },
	{ STATEMENT(V1, SIGN, "null"), SIGNATURE_MALFORMED },
	{ STATEMENT(V1, SIGN, A), SIGNATURE_MALFORMED },
	{ STATEMENT(V1, SIGN, "[{\"digest\":{\"sha512\":\"" HEX_A "\"}}]"),
	    SIGNATURE_MALFORMED },
	{ STATEMENT(V1, SIGN, "[{\"digest\":\"" HEX_A "\"},7,null]"),
	    SIGNATURE_MALFORMED },
	{ STATEMENT(V1, "https://spdx.dev/Document", "[" A "]"),
	    SIGNATURE_NOT },
	{ STATEMENT("x", SIGN, "[" A "]"), SIGNATURE_MALFORMED },
	{ "{}", SIGNATURE_MALFORMED },
	{ "7", SIGNATURE_MALFORMED },
	{ "", SIGNATURE_MALFORMED },
};

/* ${bundle} has the places of the payload and of its signature. */
static char *
enveloped(EVP_PKEY *pkey, const char *format, const char *statement)
{
	static const char type[] = "application/vnd.in-toto+json";
	char *msg = xasprintf("DSSEv1 %zu %s %zu %s", strlen(type), type,
	    strlen(statement), statement);
	char *sig = sign(pkey, NULL, msg, strlen(msg));
	char *payload = encoded(statement, strlen(statement));
	char *bundle = xasprintf("{\"dsseEnvelope\":{\"payloadType\":\"%s\","
	    "\"payload\":\"%s\",\"signatures\":[%s{\"sig\":\"%s\"}]}}", type,
	    payload, format, sig);

	free(payload);
	free(sig);
	free(msg);
	return bundle;
}

static void
test_statements(void **state)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char *pem = pem_of(pkey), *bundle;
	struct pubkey *key = parsed(pem);
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(statements); i++) {
		e.msg[0] = '\0';
		/* Another signature before it does no harm. */
		bundle = enveloped(pkey, i % 2 == 0 ? "" :
		    "7,{},{\"sig\":\"?\"},{\"sig\":\"AAAA\"},",
		    statements[i].statement);
		if (check_bundle(key, bundle, "sha256:" HEX_A, &e) !=
		    statements[i].want)
			fail_msg("%s: %s", statements[i].statement, e.msg);
		free(bundle);
	}
	pubkey_free(key);
	free(pem);
	EVP_PKEY_free(pkey);
}

static const char *const bad_bundles[] = {
	"", "[]", "{", "{}", "{\"dsseEnvelope\":null}",
	"{\"dsseEnvelope\":[]}", "{\"dsseEnvelope\":{}}",
	"{\"messageSignature\":{\"signature\":\"AAAA\"}}",
	"{\"dsseEnvelope\":{\"payloadType\":\"text/plain\",\"payload\":"
	    "\"AAAA\",\"signatures\":[{\"sig\":\"AAAA\"}]}}",
	"{\"dsseEnvelope\":{\"payloadType\":\"application/vnd.in-toto+json\","
	    "\"payload\":\"AAAA\",\"signatures\":[]}}",
	"{\"dsseEnvelope\":{\"payloadType\":\"application/vnd.in-toto+json\","
	    "\"payload\":\"AAA?\",\"signatures\":[{\"sig\":\"AAAA\"}]}}",
	"{\"dsseEnvelope\":{\"payloadType\":\"application/vnd.in-toto+json\","
	    "\"payload\":7,\"signatures\":[{\"sig\":\"AAAA\"}]}}",
};

static void
test_bad_bundles(void **state)
{
	struct pubkey *key = parsed(cosign_pub);
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad_bundles); i++)
		if (check_bundle(key, bad_bundles[i], "sha256:" HEX_A, &e) !=
		    SIGNATURE_MALFORMED)
			fail_msg("%s", bad_bundles[i]);
	pubkey_free(key);
}

/* --- keys -------------------------------------------------------------- */

static const struct {
	const char *type, *group;	/* a group, or the bits of RSA */
	const EVP_MD *(*md)(void);
	const char *refused;		/* NULL: it is taken */
} kinds[] = {
	{ "EC", "P-256", EVP_sha256, NULL },
	{ "EC", "P-384", EVP_sha256, NULL },
	{ "EC", "P-384", EVP_sha384, NULL },
	{ "EC", "P-521", EVP_sha256, NULL },
	{ "EC", "P-521", EVP_sha512, NULL },
	{ "RSA", "2048", EVP_sha256, NULL },
	{ "ED25519", NULL, NULL, NULL },
	{ "EC", "secp256k1", NULL, "on a curve other" },
	{ "EC", "P-224", NULL, "on a curve other" },
	{ "RSA", "1024", NULL, "an RSA key of 1024 bits" },
	{ "ED448", NULL, NULL, "is none of ECDSA" },
	{ "X25519", NULL, NULL, "is none of ECDSA" },
};

static EVP_PKEY *
generated(size_t i)
{
	if (strcmp(kinds[i].type, "RSA") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
		    (size_t)strtoul(kinds[i].group, NULL, 10));
	if (strcmp(kinds[i].type, "EC") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[i].group);
	return EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type);
}

static void
test_kinds(void **state)
{
	static const char payload[] = CRITICAL(TYPE, "\"sha256:" HEX_A "\"");
	struct pubkey *key, *other = parsed(cosign_pub);
	EVP_PKEY *pkey;
	char *pem, *sig;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(kinds); i++) {
		pkey = generated(i);
		assert_non_null(pkey);
		pem = pem_of(pkey);
		if (kinds[i].refused != NULL) {
			assert_int_equal(pubkey_parse(pem, strlen(pem), &key,
			    &e), -1);
			assert_non_null(strstr(e.msg, kinds[i].refused));
		} else {
			key = parsed(pem);
			sig = sign(pkey, kinds[i].md == NULL ? NULL :
			    kinds[i].md(), payload, strlen(payload));
			assert_int_equal(check_simple(key, sig, payload,
			    "sha256:" HEX_A, &e), SIGNATURE_GOOD);
			assert_int_equal(check_simple(other, sig, payload,
			    "sha256:" HEX_A, &e), SIGNATURE_OTHER_KEY);
			free(sig);
			pubkey_free(key);
		}
		free(pem);
		EVP_PKEY_free(pkey);
	}
	pubkey_free(other);
}

static const struct {
	const char *pem, *want;
} bad_keys[] = {
	{ "", "it is not a PEM file" },
	{ "MFkwEwYHKoZI", "it is not a PEM file" },
	{ "-----BEGIN PUBLIC KEY-----\n", "it is not a PEM file" },
	{ "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	    "is damaged" },
	{ "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	    "a private key" },
	{ "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n"
	    "-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
	    "a private key" },
	{ "-----BEGIN EC PRIVATE KEY-----\nAAAA\n"
	    "-----END EC PRIVATE KEY-----\n", "a private key" },
	{ "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	    "a certificate" },
	{ "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n"
	    "-----END RSA PUBLIC KEY-----\n", "no PEM block" },
};

static void
test_bad_keys(void **state)
{
	struct pubkey *key = NULL;
	char *twice, *large;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad_keys); i++) {
		assert_int_equal(pubkey_parse(bad_keys[i].pem,
		    strlen(bad_keys[i].pem), &key, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		if (strstr(e.msg, bad_keys[i].want) == NULL)
			fail_msg("%s: %s", bad_keys[i].pem, e.msg);
	}
	twice = xasprintf("%s%s", cosign_pub, cosign_pub);
	assert_int_equal(pubkey_parse(twice, strlen(twice), &key, &e), -1);
	assert_non_null(strstr(e.msg, "more than one"));
	free(twice);
	large = xcalloc(1, PUBKEY_BYTES_MAX + 1);
	assert_int_equal(pubkey_parse(large, PUBKEY_BYTES_MAX + 1, &key, &e),
	    -1);
	assert_non_null(strstr(e.msg, "more than the"));
	free(large);
	assert_null(key);
	pubkey_free(NULL);
}

/* --- manifests --------------------------------------------------------- */

#define LAYER(type, more) "{\"mediaType\":\"" type "\",\"size\":9,\"digest\":" \
	"\"sha256:" HEX_A "\"" more "}"

static void
test_find(void **state)
{
	static const char text[] = "{\"layers\":["
	    LAYER(MEDIA_COSIGN_SIMPLE, ",\"annotations\":{\"dev.cosignproject."
	    "cosign/signature\":\"AAAA\"}") "," LAYER("a/b", "") ","
	    LAYER("sbom", "") ","
	    LAYER(MEDIA_COSIGN_SIMPLE, "") ","
	    LAYER(MEDIA_SIGSTORE_BUNDLE, "") "]}";
	static const char *const bad[] = {
		"", "[]", "{\"layers\":[7]}", "{\"layers\":[{}]}",
		"{\"layers\":[" LAYER("x\\u0007", "") "]}",
	};
	struct signatures all;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(signatures_find(text, strlen(text), &all, &e), 0);
	assert_int_equal(all.count, 3);
	assert_int_equal(all.items[0].form, SIGNATURE_SIMPLE);
	assert_string_equal(all.items[0].sig, "AAAA");
	assert_int_equal(all.items[0].size, 9);
	assert_null(all.items[1].sig);
	assert_int_equal(all.items[2].form, SIGNATURE_BUNDLE);
	signatures_done(&all);
	assert_int_equal(signatures_find("{}", 2, &all, &e), 0);
	assert_int_equal(all.count, 0);
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(signatures_find(bad[i], strlen(bad[i]), &all,
		    &e), -1);
	assert_true(signature_may_be(""));
	assert_true(signature_may_be(MEDIA_SIGSTORE_BUNDLE));
	assert_true(signature_may_be("application/vnd.oci.empty.v1+json"));
	assert_false(signature_may_be("application/spdx+json"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cosign),
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_payloads),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_bad_bundles),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
