/*
 * Keys (k) and signatures (any other first byte), in all their forms.  Nothing
 * that is found here signs: what would be taken for a signature of another text
 * than the one that was signed ends the run.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle_key.h"
#include "bundle/sshsig.h"
#include "layout/limits.h"
#include "tests/unit/bundle_vectors.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_keys(const char *buf, size_t size)
{
	struct bundle_keys *keys = bundle_keys_new();
	struct err e = { ERR_NONE, "" };

	if (bundle_keys_parse(keys, buf, size, &e) == -1) {
		must(e.code == ERR_INPUT && e.msg[0] != '\0');
		must(bundle_keys_count(keys) == 0);
	} else {
		must(bundle_keys_count(keys) > 0 && size <= PUBKEY_BYTES_MAX);
		must(bundle_verify(keys, BUNDLE_NAMESPACE, "x", 1, ed_sig,
		    strlen(ed_sig), &e) == -1);
	}
	bundle_keys_free(keys);
}

static void
check_armour(const char *buf, size_t size)
{
	struct sshsig s;
	struct err e;
	unsigned char der[SSHSIG_DER_MAX];
	size_t len;

	if (sshsig_parse(buf, size, &s, &e) == -1)
		return;
	if (sshsig_ecdsa_der(&s.bytes, der, &len))
		must(len >= 8 && len <= SSHSIG_DER_MAX);
	sshsig_done(&s);
}

static void
check_signature(const char *buf, size_t size)
{
	static struct bundle_keys *keys;
	struct err e = { ERR_NONE, "" };

	if (keys == NULL) {
		keys = bundle_keys_new();
		must(bundle_keys_parse(keys, ed_pub, strlen(ed_pub), &e) == 0);
		must(bundle_keys_parse(keys, ec_pem, strlen(ec_pem), &e) == 0);
	}
	must(bundle_verify(keys, BUNDLE_NAMESPACE, "another", 7, buf, size,
	    &e) == -1);
	must(e.code == ERR_SIGNATURE && e.msg[0] != '\0');
	must(bundle_verify(keys, BOOT_NAMESPACE, "cdr-bundle 1\nend\n", 17,
	    buf, size, &e) == 0 || e.code == ERR_SIGNATURE);
	check_armour(buf, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	if (data[0] == 'k')
		check_keys(text, size - 1);
	else
		check_signature(text, size - 1);
	return 0;
}
