/* Keys and signatures, as ssh-keygen, openssl and cosign make them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bundle/bundle_key.h"
#include "bundle/sshsig.h"
#include "layout/base64.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "tests/unit/bundle_vectors.h"
#include "tests/unit/scratch.h"

#define MSG	"cdr-bundle 1\nend\n"
#define SIZE(a)	(sizeof(a) - 1)

/* A key of these texts, up to NULL. */
static struct bundle_keys *
keys_of(const char *text, ...)
{
	struct bundle_keys *keys = bundle_keys_new();
	struct err e;
	va_list ap;

	va_start(ap, text);
	for (; text != NULL; text = va_arg(ap, const char *))
		if (bundle_keys_parse(keys, text, strlen(text), &e) == -1)
			fail_msg("%s", e.msg);
	va_end(ap);
	return keys;
}

static void
good(const struct bundle_keys *keys, const char *sig, size_t len)
{
	struct err e;

	if (bundle_verify(keys, BUNDLE_NAMESPACE, MSG, strlen(MSG), sig, len,
	    &e) != 0)
		fail_msg("%s: %s", e.msg, sig);
	/* Of this text alone. */
	assert_int_equal(bundle_verify(keys, BUNDLE_NAMESPACE, MSG "x",
	    strlen(MSG) + 1, sig, len, &e), -1);
	assert_int_equal(e.code, ERR_SIGNATURE);
	assert_int_equal(bundle_verify(keys, BUNDLE_NAMESPACE, "", 0, sig, len,
	    &e), -1);
}

static void
bad(const struct bundle_keys *keys, const char *namespace, const char *sig,
    size_t len, const char *says)
{
	struct err e = { ERR_NONE, "" };

	if (bundle_verify(keys, namespace, MSG, strlen(MSG), sig, len,
	    &e) != -1)
		fail_msg("taken: %s", sig);
	assert_int_equal(e.code, ERR_SIGNATURE);
	if (strstr(e.msg, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.msg, says);
}

/* Whatever the key's dress, and whatever the signature's. */
static void
test_good(void **state)
{
	const char *const ed_dress[] = { ed_pub, ed_pem };
	const char *const ec_dress[] = { ec_pub, ec_pem };
	struct bundle_keys *keys;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		keys = keys_of(ed_dress[i], NULL);
		good(keys, ed_sig, SIZE(ed_sig));
		good(keys, ed_sha256_sig, SIZE(ed_sha256_sig));
		good(keys, ed_raw, SIZE(ed_raw));
		good(keys, ed_base64, SIZE(ed_base64));
		good(keys, ed_bundle, SIZE(ed_bundle));
		bad(keys, BUNDLE_NAMESPACE, ec_sig, SIZE(ec_sig),
		    "none of ours");
		bad(keys, BUNDLE_NAMESPACE, ec_der, SIZE(ec_der),
		    "none of the keys");
		bundle_keys_free(keys);
		keys = keys_of(ec_dress[i], NULL);
		good(keys, ec_sig, SIZE(ec_sig));
		good(keys, ec_der, SIZE(ec_der));
		good(keys, ec_base64, SIZE(ec_base64));
		good(keys, ec_bundle, SIZE(ec_bundle));
		bad(keys, BUNDLE_NAMESPACE, ed_sig, SIZE(ed_sig),
		    "none of ours");
		bad(keys, BUNDLE_NAMESPACE, ed_raw, SIZE(ed_raw),
		    "none of the keys");
		bundle_keys_free(keys);
	}
	/* Any one of several will do; the same twice is one. */
	keys = keys_of(other_pub, ec_pem, ed_pub, ed_pem, ec_pub, NULL);
	assert_int_equal(bundle_keys_count(keys), 3);
	good(keys, ed_sig, SIZE(ed_sig));
	good(keys, ec_bundle, SIZE(ec_bundle));
	good(keys, other_sig, SIZE(other_sig));
	bundle_keys_free(keys);
}

/* What a signature is of is said by itself, where it can be. */
static void
test_other_bytes(void **state)
{
	struct bundle_keys *keys = keys_of(ec_pub, NULL);
	struct err e;

	(void)state;
	assert_int_equal(bundle_verify(keys, BUNDLE_NAMESPACE, "x", 1,
	    ec_bundle, SIZE(ec_bundle), &e), -1);
	assert_non_null(strstr(e.msg, "one of other bytes"));
	bundle_keys_free(keys);
}

/* The key's own bytes, with more behind them, in the signature and behind
 * it. */
static void
test_more_in_it(void **state)
{
	struct bundle_keys *keys = keys_of(ed_pub, NULL);
	char *armour, *bare, *inner;
	unsigned char *blob;
	size_t len, where;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		bare = sshsig_unwrap(ed_sig + 29, SIZE(ed_sig) - 29);
		bare[strcspn(bare, "-")] = '\0';
		blob = base64_decode(bare, &len);
		free(bare);
		inner = xcalloc(1, len + 1);
		memcpy(inner, blob, len);
		/* The length of the last string: 83 bytes. */
		where = len - 83 - 1;
		assert_int_equal(inner[where], 83);
		inner[where] = (char)(83 + i);
		bare = base64_encode(inner, len + 1);
		armour = xasprintf("-----BEGIN SSH SIGNATURE-----\n%s\n"
		    "-----END SSH SIGNATURE-----\n", bare);
		bad(keys, BUNDLE_NAMESPACE, armour, strlen(armour), i == 0 ?
		    "something stands behind it" : "what the key has made");
		free(armour);
		free(bare);
		free(inner);
		free(blob);
	}
	bundle_keys_free(keys);
}

/* Each byte may be the first one of a bare signature, also that of JSON. */
static const unsigned char braced[] = {
	0x7b, 0x72, 0x1a, 0x2a, 0x89, 0x6a, 0x2c, 0xec, 0x24, 0x59,
	0x7c, 0xdf, 0x80, 0x39, 0x61, 0x83, 0xe6, 0xef, 0x53, 0xd5,
	0x18, 0x13, 0x4e, 0x46, 0xfe, 0xac, 0x25, 0x63, 0x34, 0x40,
	0x2c, 0x3f, 0x99, 0x6f, 0x70, 0xe1, 0xb9, 0xa4, 0x24, 0x4f,
	0xce, 0x54, 0x08, 0x43, 0x42, 0x09, 0x0a, 0x5c, 0x1b, 0x60,
	0x7b, 0xea, 0x5c, 0x91, 0x70, 0x84, 0x36, 0x11, 0x4a, 0x89,
	0xe7, 0x89, 0x40, 0x00
};
#define BRACED_KEY	"-----BEGIN PUBLIC KEY-----\n" \
	"MCowBQYDK2VwAyEAGjM9KIoOUfha73R0IJCSC6tiknFG3QhV0mFz5+uIWPk=\n" \
	"-----END PUBLIC KEY-----\n"
#define BRACED_TEXT	"message 56\n"

static void
test_braced(void **state)
{
	struct bundle_keys *keys = bundle_keys_new();
	struct err e;

	(void)state;
	assert_int_equal(braced[0], '{');
	assert_int_equal(bundle_keys_parse(keys, BRACED_KEY,
	    strlen(BRACED_KEY), &e), 0);
	if (bundle_verify(keys, BUNDLE_NAMESPACE, BRACED_TEXT,
	    strlen(BRACED_TEXT), braced, sizeof(braced), &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(bundle_verify(keys, BUNDLE_NAMESPACE, BRACED_TEXT,
	    strlen(BRACED_TEXT) - 1, braced, sizeof(braced), &e), -1);
	bundle_keys_free(keys);
}

/* Another key, one that was taken away, another namespace, none at all. */
static void
test_others(void **state)
{
	struct bundle_keys *keys = keys_of(ed_pub, NULL);

	(void)state;
	bad(keys, BUNDLE_NAMESPACE, other_sig, SIZE(other_sig),
	    "by the key SHA256:");
	bad(keys, BUNDLE_NAMESPACE, rsa_sig, SIZE(rsa_sig),
	    "by the key SHA256:");
	bad(keys, BUNDLE_NAMESPACE, ed_inventory_sig, SIZE(ed_inventory_sig),
	    "namespace");
	bad(keys, INVENTORY_NAMESPACE, ed_sig, SIZE(ed_sig), "namespace");
	bad(keys, BOOT_NAMESPACE, ed_sig, SIZE(ed_sig), "namespace");
	bad(keys, BUNDLE_NAMESPACE, "", 0, "empty");
	bundle_keys_free(keys);
	keys = bundle_keys_new();
	bad(keys, BUNDLE_NAMESPACE, ed_sig, SIZE(ed_sig), "no key");
	bundle_keys_free(keys);
	bundle_keys_free(NULL);
}

/* The first ${len} bytes of ${sig}, with something before and behind them. */
static void
changed(const struct bundle_keys *keys, const char *before, const char *sig,
    size_t len, const char *behind)
{
	char text[1000];

	snprintf(text, sizeof(text), "%s%.*s%s", before, (int)len, sig,
	    behind);
	bad(keys, BUNDLE_NAMESPACE, text, strlen(text), "signature");
}

static void
test_changed(void **state)
{
	struct bundle_keys *keys = keys_of(ed_pub, ec_pub, NULL);
	char text[2000];
	size_t i;

	(void)state;
	changed(keys, "", ed_sig, SIZE(ed_sig), "x");
	changed(keys, "x", ed_sig, SIZE(ed_sig), "");
	changed(keys, "", ed_sig, SIZE(ed_sig),
	    "-----BEGIN SSH SIGNATURE-----\n");
	changed(keys, "", ed_sig, 200, "\n-----END SSH SIGNATURE-----\n");
	/* Blanks and line ends of another system around it do not count. */
	snprintf(text, sizeof(text), "\r\n%s\r\n\r\n", ed_sig);
	good(keys, text, strlen(text));
	for (i = 0; i < SIZE(ed_sig) - 1; i++)
		bad(keys, BUNDLE_NAMESPACE, ed_sig, i, "signature");
	for (i = 0; i < SIZE(ed_raw); i++) {
		memcpy(text, ed_raw, SIZE(ed_raw));
		text[i] ^= 1;
		bad(keys, BUNDLE_NAMESPACE, text, SIZE(ed_raw), "signature");
		bad(keys, BUNDLE_NAMESPACE, ed_raw, i, "signature");
	}
	for (i = 0; i < SIZE(ec_der); i++)
		bad(keys, BUNDLE_NAMESPACE, ec_der, i, "signature");
	memcpy(text, ec_der, SIZE(ec_der));
	text[SIZE(ec_der)] = 0;
	bad(keys, BUNDLE_NAMESPACE, text, SIZE(ec_der) + 1, "signature");
	changed(keys, "", ec_base64, SIZE(ec_base64), "=");
	changed(keys, "", ec_base64, SIZE(ec_base64), "A");
	changed(keys, "", ec_bundle, SIZE(ec_bundle), "{}");
	changed(keys, "{\"a\":", ec_bundle, SIZE(ec_bundle), "}");
	bad(keys, BUNDLE_NAMESPACE, "{", 1, "signature");
	bad(keys, BUNDLE_NAMESPACE, "\0", 1, "signature");
	bundle_keys_free(keys);
}

/* Lengths of strings are four bytes, and never more than what is there. */
static void
test_wire(void **state)
{
	static const unsigned char bytes[] = { 0, 0, 0, 1, 'a', 1, 2, 3, 4, 0,
	    0, 0, 9, 'b', 'c', 'd' };
	struct wire w = { bytes, sizeof(bytes) }, word;
	uint32_t number = 0;
	char *text = NULL;
	size_t len = 0;
	FILE *out = xtext_open(&text, &len);

	(void)state;
	wire_put(out, "a", 1);
	wire_put_number(out, 0x01020304);
	xtext_close(out);
	assert_int_equal(len, 9);
	assert_memory_equal(text, bytes, len);
	free(text);
	assert_true(wire_string(&w, &word));
	assert_true(wire_is(&word, "a"));
	assert_false(wire_is(&word, "ab"));
	assert_false(wire_is(&word, "b"));
	assert_true(wire_number(&w, &number));
	assert_int_equal(number, 0x01020304);
	assert_false(wire_string(&w, &word));
	w = (struct wire){ bytes, 3 };
	assert_false(wire_number(&w, &number));
	assert_false(wire_string(&w, &word));
	w = (struct wire){ bytes + 5, 11 };
	assert_false(wire_string(&w, &word));
}

/* Each bit of a SSHSIG counts, or what it says is not heeded: its reserved
 * string is one that has no bytes here. */
static void
test_bits(void **state)
{
	struct bundle_keys *keys = keys_of(ed_pub, ec_pub, NULL);
	const char *const sigs[] = { ed_sig, ec_sig };
	size_t i, len, at, text_len;
	unsigned char *blob;
	char *bare, *text;
	FILE *out;
	struct err e;

	(void)state;
	for (i = 0; i < 2; i++) {
		bare = sshsig_unwrap(sigs[i] + 29, strlen(sigs[i]) - 29);
		bare[strcspn(bare, "-")] = '\0';
		blob = base64_decode(bare, &len);
		assert_non_null(blob);
		for (at = 0; at <= 8 * len; at++) {
			/* At the end: as it was. */
			if (at < 8 * len)
				blob[at / 8] ^= (unsigned char)(1 << at % 8);
			free(bare);
			bare = base64_encode(blob, len);
			out = xtext_open(&text, &text_len);
			fprintf(out, "-----BEGIN SSH SIGNATURE-----\n%s\n"
			    "-----END SSH SIGNATURE-----\n", bare);
			xtext_close(out);
			if (bundle_verify(keys, BUNDLE_NAMESPACE, MSG,
			    strlen(MSG), text, text_len, &e) !=
			    (at < 8 * len ? -1 : 0))
				fail_msg("bit %zu of %zu", at, 8 * len);
			free(text);
			if (at < 8 * len)
				blob[at / 8] ^= (unsigned char)(1 << at % 8);
		}
		free(blob);
		free(bare);
	}
	bundle_keys_free(keys);
}

static const struct {
	const char *text, *says;
} no_keys[] = {
	{ "", "no public key" },
	{ "\n# mine\n \n", "no public key" },
	{ "hello", "no public key" },
	{ "ssh-ed25519", "no public key" },
	{ "ssh-ed25519 ", "damaged" },
	{ "ssh-ed25519 AAAA", "damaged" },
	{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIzMq8ujp4eiAXv7z1Pk5mJxt+F7"
	    "gld3WXogs5towlw= cut", "damaged" },
	{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIzMq8ujp4eiAXv7z1Pk5mJxt+F7"
	    "gld3WXogs5towlw4AAAA longer", "damaged" },
	/* The word and what is in it differ. */
	{ "ecdsa-sha2-nistp256 AAAAC3NzaC1lZDI1NTE5AAAAIIzMq8ujp4eiAXv7z1Pk"
	    "5mJxt+F7gld3WXogs5towlw4", "damaged" },
	/* No point of the curve. */
	{ "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAy"
	    "NTYAAABBBNwVF0+hqxqRrAH15gDJdwfvByi0T1oZIBSjWtUldatn+QKjRm3k4W"
	    "B/241jrZieB6uyBD+wYh5gSfIXyWH4kNY=", "damaged" },
	{ rsa_pub, "no public key" },
	{ "who ssh-ed25519 AAAA", "no public key" },
	{ openssh_private, "private" },
	{ ed_private, "private" },
	{ ec_private, "private" },
	{ "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n"
	    "-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "private" },
	{ "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	    "damaged" },
};

static void
test_no_keys(void **state)
{
	struct bundle_keys *keys = bundle_keys_new();
	char text[1000];
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(no_keys) / sizeof(no_keys[0]); i++) {
		e.code = ERR_NONE;
		if (bundle_keys_parse(keys, no_keys[i].text,
		    strlen(no_keys[i].text), &e) != -1)
			fail_msg("taken: %s", no_keys[i].text);
		assert_int_equal(e.code, ERR_INPUT);
		if (strstr(e.msg, no_keys[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", e.msg,
			    no_keys[i].says);
	}
	/* Of a file with one that is none, none is taken. */
	snprintf(text, sizeof(text), "%sssh-dss AAAA\n", ed_pub);
	assert_int_equal(bundle_keys_parse(keys, text, strlen(text), &e), -1);
	assert_int_equal(bundle_keys_parse(keys, ed_pub, sizeof(ed_pub), &e),
	    -1);
	assert_int_equal(bundle_keys_count(keys), 0);
	snprintf(text, sizeof(text), "# ours\r\n\n%s\r\n  \n%s", ed_pub,
	    other_pub);
	assert_int_equal(bundle_keys_parse(keys, text, strlen(text), &e), 0);
	assert_int_equal(bundle_keys_count(keys), 2);
	bundle_keys_free(keys);
}

static void
test_folder(void **state)
{
	const struct scratch *s = *state;
	struct bundle_keys *keys = bundle_keys_new();
	char path[200];
	struct err e;

	assert_int_equal(bundle_keys_folder(keys, s->path, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.msg, "no *.pub"));
	scratch_put(s, "old.pub", ed_pub);
	scratch_put(s, "new.pem", ec_pem);
	scratch_put(s, "README", "not one");
	scratch_put(s, ".hidden.pub", "not one");
	mkdirat(s->dir, "..data", 0755);
	scratch_put(s, "..data/mounted.pub", other_pub);
	assert_int_equal(symlinkat("..data/mounted.pub", s->dir,
	    "mounted.pub"), 0);
	if (bundle_keys_folder(keys, s->path, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(bundle_keys_count(keys), 3);
	bundle_keys_free(keys);
	/* One that cannot be read is not left out in silence. */
	scratch_put(s, "private.pem", ed_private);
	keys = bundle_keys_new();
	assert_int_equal(bundle_keys_folder(keys, s->path, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.msg, "private.pem: it holds a private key"));
	snprintf(path, sizeof(path), "%s/nowhere", s->path);
	assert_int_equal(bundle_keys_folder(keys, path, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.msg, "nowhere: cannot open"));
	assert_int_equal(bundle_keys_file(keys, path, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(bundle_keys_file(keys, s->path, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	snprintf(path, sizeof(path), "%s/old.pub", s->path);
	assert_int_equal(bundle_keys_file(keys, path, &e), 0);
	bundle_keys_free(keys);
}

static int
sign(const struct scratch *s, const char *key, const char *namespace,
    unsigned mode, char **ret, size_t *len, struct err *e)
{
	char path[200];

	scratch_put(s, "key", key);
	assert_int_equal(fchmodat(s->dir, "key", mode, 0), 0);
	snprintf(path, sizeof(path), "%s/key", s->path);
	return bundle_sign(path, namespace, MSG, strlen(MSG), ret, len, e);
}

/* Ed25519 signs the same twice: what we make is what ssh-keygen makes. */
static void
test_sign(void **state)
{
	const struct scratch *s = *state;
	struct bundle_keys *keys = keys_of(ed_pub, ec_pub, NULL);
	char *sig;
	struct err e;
	size_t len;

	if (sign(s, ed_private, BUNDLE_NAMESPACE, 0600, &sig, &len, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(len, SIZE(ed_sig));
	assert_string_equal(sig, ed_sig);
	free(sig);
	assert_int_equal(sign(s, ed_private, INVENTORY_NAMESPACE, 0440, &sig,
	    &len, &e), 0);
	assert_string_equal(sig, ed_inventory_sig);
	free(sig);
	if (sign(s, ec_private, BUNDLE_NAMESPACE, 0400, &sig, &len, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(sig[0], 0x30);
	good(keys, sig, len);
	free(sig);
	bundle_keys_free(keys);
}

static const struct {
	const char *key, *says;
} cannot_sign[] = {
	{ "", "no PEM" },
	{ ed_pem, "public key" },
	{ ed_pub, "no PEM" },
	{ openssh_private, "ssh-keygen -Y sign" },
	{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
	    "-----END ENCRYPTED PRIVATE KEY-----\n", "encrypted" },
	{ "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n"
	    "-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "encrypted" },
	{ "-----BEGIN EC PRIVATE KEY-----\nAAAA\n"
	    "-----END EC PRIVATE KEY-----\n", "PKCS #8" },
	{ "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	    "damaged" },
	{ p384_private, "neither an Ed25519 key nor one on P-256" },
};

static void
test_cannot_sign(void **state)
{
	static const unsigned modes[] = { 0604, 0644, 0620, 0602, 0666, 0601 };
	const struct scratch *s = *state;
	char *sig = NULL;
	struct err e;
	size_t len, i;

	for (i = 0; i < sizeof(cannot_sign) / sizeof(cannot_sign[0]); i++) {
		assert_int_equal(sign(s, cannot_sign[i].key, BUNDLE_NAMESPACE,
		    0600, &sig, &len, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.msg, "/key: "));
		if (strstr(e.msg, cannot_sign[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", e.msg,
			    cannot_sign[i].says);
	}
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(sign(s, ed_private, BUNDLE_NAMESPACE,
		    modes[i], &sig, &len, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.msg, "chmod 600"));
		/* No word of the key itself. */
		assert_null(strstr(e.msg, "MC4C"));
	}
	assert_int_equal(bundle_sign(s->path, BUNDLE_NAMESPACE, MSG, 1, &sig,
	    &len, &e), -1);
	assert_non_null(strstr(e.msg, "no regular file"));
	assert_int_equal(bundle_sign("/nowhere", BUNDLE_NAMESPACE, MSG, 1,
	    &sig, &len, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_null(sig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_other_bytes),
		cmocka_unit_test(test_more_in_it),
		cmocka_unit_test(test_braced),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_no_keys),
		cmocka_unit_test_setup_teardown(test_folder, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_sign, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_cannot_sign,
		    scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
