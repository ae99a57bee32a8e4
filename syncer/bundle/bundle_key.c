/*
 * Keys and what they have signed.  A key of OpenSSH is one of PEM in another
 * dress: both become a SubjectPublicKeyInfo, which image/pubkey.c reads, so
 * that one function verifies.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/bundle_key.h"
#include "bundle/sigstore.h"
#include "bundle/sshsig.h"
#include "bundle/wire.h"
#include "image/pubkey.h"
#include "layout/base64.h"
#include "layout/digest.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define ED25519		"ssh-ed25519"
#define NISTP256	"ecdsa-sha2-nistp256"

/* A SubjectPublicKeyInfo is one of these, and then the key (RFC 8410 section 4;
 * RFC 5480 section 2, the point uncompressed). */
static const unsigned char ed25519_head[] = {
	0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
};
static const unsigned char p256_head[] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
	0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
	0x42, 0x00,
};
#define ED25519_BYTES	32u
#define P256_BYTES	65u
#define DER_MAX		(sizeof(p256_head) + P256_BYTES)

struct key {
	struct pubkey *key;
	struct digest digest;		/* of it in DER */
	char *ssh;			/* as SSH has it; NULL: it has not */
	size_t ssh_len;
	const char *kind;		/* of its signatures in SSH */
};

struct bundle_keys {
	struct key *items;
	size_t count;
};

struct bundle_keys *
bundle_keys_new(void)
{
	return xcalloc(1, sizeof(struct bundle_keys));
}

static void
key_done(struct key *k)
{
	pubkey_free(k->key);
	free(k->ssh);
}

void
bundle_keys_free(struct bundle_keys *keys)
{
	size_t i;

	if (keys == NULL)
		return;
	for (i = 0; i < keys->count; i++)
		key_done(&keys->items[i]);
	free(keys->items);
	free(keys);
}

size_t
bundle_keys_count(const struct bundle_keys *keys)
{
	return keys->count;
}

/* --- their two dresses ------------------------------------------------- */

/* As SSH has it (RFC 8709 section 4, RFC 5656 section 3.1); of other kinds
 * nothing. */
static void
set_ssh(struct key *k, const unsigned char *der, size_t len)
{
	size_t head = sizeof(ed25519_head);
	bool is_p256 = false;
	FILE *out;

	if (len != head + ED25519_BYTES ||
	    memcmp(der, ed25519_head, head) != 0) {
		head = sizeof(p256_head);
		is_p256 = true;
		if (len != head + P256_BYTES ||
		    memcmp(der, p256_head, head) != 0)
			return;
	}
	k->kind = is_p256 ? NISTP256 : ED25519;
	out = xtext_open(&k->ssh, &k->ssh_len);
	wire_put(out, k->kind, strlen(k->kind));
	if (is_p256)
		wire_put(out, "nistp256", 8);
	wire_put(out, der + head, len - head);
	xtext_close(out);
}

/* Takes over the key.  One that is there already stays one. */
static int
add_key(struct bundle_keys *keys, struct pubkey *pubkey, struct err *e)
{
	struct key k = { .key = pubkey };
	unsigned char *der;
	size_t len, i;

	der = pubkey_der(pubkey, &len);
	digest_of(DIGEST_SHA256, der, len, &k.digest);
	set_ssh(&k, der, len);
	free(der);
	for (i = 0; i < keys->count; i++)
		if (digest_equal(&keys->items[i].digest, &k.digest)) {
			key_done(&k);
			return 0;
		}
	if (keys->count >= PUBKEYS_MAX) {
		key_done(&k);
		return err_set(e, ERR_INPUT, "more than %u keys", PUBKEYS_MAX);
	}
	keys->items = xreallocarray(keys->items, keys->count + 1,
	    sizeof(*keys->items));
	keys->items[keys->count++] = k;
	return 0;
}

/* Return how long the key is in DER, or 0. */
static size_t
der_of_ssh(const char *kind, struct wire w, unsigned char der[DER_MAX])
{
	bool is_p256 = strcmp(kind, NISTP256) == 0;
	size_t head = is_p256 ? sizeof(p256_head) : sizeof(ed25519_head);
	struct wire word, curve, key;

	if (!wire_string(&w, &word) || !wire_is(&word, kind) ||
	    (is_p256 && (!wire_string(&w, &curve) ||
	    !wire_is(&curve, "nistp256"))) ||
	    !wire_string(&w, &key) || w.left != 0 ||
	    key.left != (is_p256 ? P256_BYTES : ED25519_BYTES))
		return 0;
	memcpy(der, is_p256 ? p256_head : ed25519_head, head);
	memcpy(der + head, key.at, key.left);
	return head + key.left;
}

/* "ssh-ed25519 AAAA… comment". */
static int
add_ssh(struct bundle_keys *keys, const char *line, size_t len, struct err *e)
{
	size_t kind_len = strcspn(line, " \t"), blanks, base64_len;
	unsigned char der[DER_MAX], *blob;
	char kind[32], *text;
	struct pubkey *pubkey;
	size_t blob_len = 0, der_len = 0;

	snprintf(kind, sizeof(kind), "%.*s", (int)kind_len, line);
	if (kind_len >= len ||
	    (strcmp(kind, ED25519) != 0 && strcmp(kind, NISTP256) != 0))
		return err_set(e, ERR_INPUT, "it is no public key: neither PEM "
		    "nor a line that begins with " ED25519 " or " NISTP256);
	blanks = strspn(line + kind_len, " \t");
	base64_len = strcspn(line + kind_len + blanks, " \t\r\n");
	text = xstrndup(line + kind_len + blanks, base64_len);
	blob = base64_decode(text, &blob_len);
	if (blob != NULL)
		der_len = der_of_ssh(kind, (struct wire){ blob, blob_len },
		    der);
	free(blob);
	free(text);
	if (der_len == 0 || pubkey_parse_der(der, der_len, &pubkey, e) == -1)
		return err_set(e, ERR_INPUT, "the public key in it is "
		    "damaged");
	return add_key(keys, pubkey, e);
}

static int
add_lines(struct bundle_keys *keys, const char *text, struct err *e)
{
	const char *line;
	size_t len, before = keys->count;
	bool is_some = false;

	for (line = text; *line != '\0'; line += len + (line[len] != '\0')) {
		len = strcspn(line, "\n");
		if (line[0] == '#' || strspn(line, " \t\r") >= len)
			continue;
		is_some = true;
		if (add_ssh(keys, line, len, e) == -1) {
			while (keys->count > before)
				key_done(&keys->items[--keys->count]);
			return -1;
		}
	}
	if (!is_some)
		return err_set(e, ERR_INPUT, "it has no public key in it");
	return 0;
}

int
bundle_keys_parse(struct bundle_keys *keys, const char *buf, size_t len,
    struct err *e)
{
	struct pubkey *pubkey;
	char *text;
	int rc;

	if (len > PUBKEY_BYTES_MAX)
		return err_set(e, ERR_INPUT, "%zu bytes, more than the %u that "
		    "a file of keys may have", len, PUBKEY_BYTES_MAX);
	text = xstrndup(buf, len);
	if (strlen(text) != len)
		rc = err_set(e, ERR_INPUT, "it is no text");
	else if (strstr(text, "-----BEGIN ") == NULL)
		rc = add_lines(keys, text, e);
	else if (pubkey_parse(text, len, &pubkey, e) == -1)
		rc = -1;
	else
		rc = add_key(keys, pubkey, e);
	/* It may be a private one, by mistake. */
	explicit_bzero(text, strlen(text));
	free(text);
	return rc;
}

/* --- files ------------------------------------------------------------- */

int
bundle_keys_file(struct bundle_keys *keys, const char *path, struct err *e)
{
	char *buf;
	size_t len;
	int rc = fs_read_named(path, PUBKEY_BYTES_MAX, &buf, &len, e);

	if (rc == 0)
		return err_set(e, ERR_INPUT, "%s: no such file", path);
	if (rc == -1) {
		e->code = ERR_INPUT;
		return -1;
	}
	rc = bundle_keys_parse(keys, buf, len, e);
	explicit_bzero(buf, len);
	free(buf);
	return rc == -1 ? err_wrap(e, "%s", path) : 0;
}

static bool
has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len > n && strcmp(name + len - n, suffix) == 0;
}

/* Links are followed: it is the site's own folder, and Kubernetes mounts what
 * it has as links. */
static int
add_files(struct bundle_keys *keys, const char *path, char **names,
    size_t count, struct err *e)
{
	size_t i, found = 0;
	char *file;
	int rc = 0;

	for (i = 0; i < count && rc == 0; i++) {
		if (names[i][0] == '.' || (!has_suffix(names[i], ".pub") &&
		    !has_suffix(names[i], ".pem")))
			continue;
		file = xasprintf("%s/%s", path, names[i]);
		rc = bundle_keys_file(keys, file, e);
		free(file);
		found++;
	}
	if (rc == 0 && found == 0)
		return err_set(e, ERR_INPUT, "%s: it has no *.pub and no *.pem "
		    "in it", path);
	return rc;
}

int
bundle_keys_folder(struct bundle_keys *keys, const char *path, struct err *e)
{
	char **names = NULL;
	size_t count = 0;
	int fd, rc;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1) {
		err_sys(e, "%s: cannot open", path);
		e->code = ERR_INPUT;
		return -1;
	}
	rc = fs_list(fd, ".", &names, &count, e);
	close(fd);
	if (rc == 1)
		rc = add_files(keys, path, names, count, e);
	else
		rc = err_set(e, ERR_INPUT, "%s: cannot be read", path);
	fs_list_free(names, count);
	return rc;
}

/* --- signatures -------------------------------------------------------- */

static int
no_key(struct err *e)
{
	return err_set(e, ERR_SIGNATURE, "the signature is by none of the "
	    "keys, or what it signs was changed since");
}

static bool
is_signed(const struct bundle_keys *keys, const void *msg, size_t len,
    const void *sig, size_t sig_len)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (pubkey_verify(keys->items[i].key, msg, len, sig, sig_len))
			return true;
	return false;
}

static bool
verify_ssh(const struct key *k, const struct sshsig *s, const char *namespace,
    const void *msg, size_t len)
{
	unsigned char der[SSHSIG_DER_MAX];
	const unsigned char *sig = s->bytes.at;
	size_t sig_len = s->bytes.left, text_len = 0;
	char *text;
	bool is_good;

	if (!wire_is(&s->kind, k->kind))
		return false;
	if (strcmp(k->kind, NISTP256) == 0) {
		if (!sshsig_ecdsa_der(&s->bytes, der, &sig_len))
			return false;
		sig = der;
	}
	text = sshsig_message(namespace, s->hash, msg, len, &text_len);
	is_good = pubkey_verify(k->key, text, text_len, sig, sig_len);
	free(text);
	return is_good;
}

/* As "ssh-keygen -l" prints it. */
static int
other_key(const struct wire *key, struct err *e)
{
	struct digest digest;
	char *text;

	digest_of(DIGEST_SHA256, key->at, key->left, &digest);
	text = base64_encode(digest.bytes, 32);
	text[strcspn(text, "=")] = '\0';
	err_set(e, ERR_SIGNATURE, "the signature says that it is by the key "
	    "SHA256:%s, which is none of ours", text);
	free(text);
	return -1;
}

/* What the signature says of its key only finds ours. */
static int
judge_ssh(const struct bundle_keys *keys, const struct sshsig *s,
    const char *namespace, const void *msg, size_t len, struct err *e)
{
	const struct key *k;
	size_t i;

	if (!wire_is(&s->namespace, namespace))
		return err_set(e, ERR_SIGNATURE, "the signature is of another "
		    "namespace than \"%s\" (ssh-keygen -Y sign -n %s)",
		    namespace, namespace);
	for (i = 0; i < keys->count; i++) {
		k = &keys->items[i];
		if (k->ssh == NULL || k->ssh_len != s->key.left ||
		    memcmp(k->ssh, s->key.at, k->ssh_len) != 0)
			continue;
		if (verify_ssh(k, s, namespace, msg, len))
			return 0;
		return err_set(e, ERR_SIGNATURE, "the signature does not fit: "
		    "what it signs was changed since, or it was");
	}
	return other_key(&s->key, e);
}

static int
verify_armour(const struct bundle_keys *keys, const char *namespace,
    const void *msg, size_t len, const char *sig, size_t sig_len,
    struct err *e)
{
	struct sshsig s;
	int rc;

	if (sshsig_parse(sig, sig_len, &s, e) == -1)
		return -1;
	rc = judge_ssh(keys, &s, namespace, msg, len, e);
	sshsig_done(&s);
	return rc;
}

/* Bytes as they are, or base64 of them, in lines or not. */
static int
verify_bare(const struct bundle_keys *keys, const void *msg, size_t len,
    const char *sig, size_t sig_len, struct err *e)
{
	unsigned char *bytes = NULL;
	size_t bytes_len = 0;
	char *bare;
	bool is_good = is_signed(keys, msg, len, sig, sig_len);

	if (!is_good && memchr(sig, '\0', sig_len) == NULL) {
		bare = sshsig_unwrap(sig, sig_len);
		bytes = base64_decode(bare, &bytes_len);
		free(bare);
		is_good = bytes != NULL && bytes_len > 0 &&
		    is_signed(keys, msg, len, bytes, bytes_len);
		free(bytes);
	}
	return is_good ? 0 : no_key(e);
}

int
bundle_verify(const struct bundle_keys *keys, const char *namespace,
    const void *msg, size_t len, const void *sig, size_t sig_len,
    struct err *e)
{
	unsigned char *bytes;
	size_t bytes_len;
	int rc;

	if (keys->count == 0)
		return err_set(e, ERR_SIGNATURE, "there is no key to verify "
		    "it with");
	if (sig_len == 0)
		return err_set(e, ERR_SIGNATURE, "the signature is empty");
	if (sig_len > BUNDLE_SIGNATURE_MAX)
		return err_set(e, ERR_SIGNATURE, "the signature has more than "
		    "%u bytes", BUNDLE_SIGNATURE_MAX);
	if (sshsig_is(sig, sig_len))
		return verify_armour(keys, namespace, msg, len, sig, sig_len,
		    e);
	/* Bare bytes may begin as a text in JSON does. */
	if (!sigstore_is(sig, sig_len) ||
	    is_signed(keys, msg, len, sig, sig_len))
		return verify_bare(keys, msg, len, sig, sig_len, e);
	if (sigstore_signature(sig, sig_len, msg, len, &bytes, &bytes_len,
	    e) == -1)
		return -1;
	rc = is_signed(keys, msg, len, bytes, bytes_len) ? 0 : no_key(e);
	free(bytes);
	return rc;
}
