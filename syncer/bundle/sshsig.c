/* SSHSIG, taken apart and put together (OpenSSH, PROTOCOL.sshsig). */
#include <stdlib.h>
#include <string.h>

#include "bundle/sshsig.h"
#include "layout/base64.h"
#include "layout/mem.h"

#define BEGIN	"-----BEGIN SSH SIGNATURE-----"
#define END	"-----END SSH SIGNATURE-----"
#define MAGIC	"SSHSIG"
#define BLANK	" \t\r\n"
#define ED25519	"ssh-ed25519"

/* As ssh-keygen wraps it. */
#define COLUMNS	70u

static int
malformed(struct err *e, const char *what)
{
	return err_set(e, ERR_SIGNATURE, "the signature is damaged: %s", what);
}

static bool
is_blank(char c)
{
	return c != '\0' && strchr(BLANK, c) != NULL;
}

bool
sshsig_is(const char *buf, size_t len)
{
	while (len > 0 && is_blank(*buf)) {
		buf++;
		len--;
	}
	return len >= strlen(BEGIN) && memcmp(buf, BEGIN, strlen(BEGIN)) == 0;
}

char *
sshsig_unwrap(const char *text, size_t len)
{
	char *bare = xmalloc(len + 1);
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		if (!is_blank(text[i]))
			bare[n++] = text[i];
	bare[n] = '\0';
	return bare;
}

/* Return what is within the armour, free(3) it; NULL: it is not closed, or
 * something stands behind it. */
static unsigned char *
read_armour(const char *buf, size_t len, size_t *ret_len)
{
	char *text = xstrndup(buf, len), *begin, *end;
	unsigned char *blob = NULL;
	char *bare;

	begin = text + strspn(text, BLANK) + strlen(BEGIN);
	end = strlen(text) == len ? strstr(begin, END) : NULL;
	if (end != NULL && is_blank(*begin) && is_blank(end[-1]) &&
	    end[strlen(END) + strspn(end + strlen(END), BLANK)] == '\0') {
		bare = sshsig_unwrap(begin, (size_t)(end - begin));
		blob = base64_decode(bare, ret_len);
		free(bare);
	}
	free(text);
	return blob;
}

static int
read_blob(struct sshsig *s, struct wire w, struct err *e)
{
	struct wire reserved, hash, signature;
	uint32_t version;

	if (w.left < strlen(MAGIC) ||
	    memcmp(w.at, MAGIC, strlen(MAGIC)) != 0)
		return malformed(e, "it is no SSHSIG");
	w.at += strlen(MAGIC);
	w.left -= strlen(MAGIC);
	if (!wire_number(&w, &version) || version != 1)
		return malformed(e, "its version is not 1");
	if (!wire_string(&w, &s->key) || !wire_string(&w, &s->namespace) ||
	    !wire_string(&w, &reserved) || !wire_string(&w, &hash) ||
	    !wire_string(&w, &signature) || w.left != 0)
		return malformed(e, "it is cut, or something stands behind "
		    "it");
	if (!wire_string(&signature, &s->kind) ||
	    !wire_string(&signature, &s->bytes) || signature.left != 0)
		return malformed(e, "what the key has made is cut");
	if (wire_is(&hash, "sha512"))
		s->hash = DIGEST_SHA512;
	else if (wire_is(&hash, "sha256"))
		s->hash = DIGEST_SHA256;
	else
		return malformed(e, "its hash is neither sha512 nor sha256");
	return 0;
}

int
sshsig_parse(const char *buf, size_t len, struct sshsig *ret, struct err *e)
{
	struct sshsig s;
	size_t blob_len = 0;

	memset(&s, 0, sizeof(s));
	if (sshsig_is(buf, len))
		s.blob = read_armour(buf, len, &blob_len);
	if (s.blob == NULL)
		return malformed(e, "its armour is not closed, has no base64 "
		    "in it, or something stands behind it");
	if (read_blob(&s, (struct wire){ s.blob, blob_len }, e) == -1) {
		sshsig_done(&s);
		return -1;
	}
	*ret = s;
	return 0;
}

void
sshsig_done(struct sshsig *s)
{
	free(s->blob);
	memset(s, 0, sizeof(*s));
}

/* The namespace is part of it: what was signed for something else is none for
 * us.  Reserved is empty. */
char *
sshsig_message(const char *namespace, enum digest_alg hash, const void *msg,
    size_t len, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = xtext_open(&text, ret_len);
	const char *name = digest_alg_name(hash);
	struct digest digest;

	digest_of(hash, msg, len, &digest);
	fputs(MAGIC, out);
	wire_put(out, namespace, strlen(namespace));
	wire_put(out, "", 0);
	wire_put(out, name, strlen(name));
	wire_put(out, digest.bytes, hash == DIGEST_SHA512 ? 64 : 32);
	xtext_close(out);
	return text;
}

/* What SSH calls mpint is what DER has in an INTEGER: of P-256 32 bytes, and a
 * zero in front where the first bit is set. */
static bool
is_positive(const struct wire *n)
{
	return n->left > 0 && n->left <= 33 && n->at[0] < 0x80;
}

bool
sshsig_ecdsa_der(const struct wire *bytes, unsigned char ret[SSHSIG_DER_MAX],
    size_t *ret_len)
{
	struct wire w = *bytes, n[2];
	size_t at = 2, i;

	if (!wire_string(&w, &n[0]) || !wire_string(&w, &n[1]) ||
	    w.left != 0 || !is_positive(&n[0]) || !is_positive(&n[1]))
		return false;
	for (i = 0; i < 2; i++) {
		ret[at++] = 0x02;
		ret[at++] = (unsigned char)n[i].left;
		memcpy(ret + at, n[i].at, n[i].left);
		at += n[i].left;
	}
	ret[0] = 0x30;
	ret[1] = (unsigned char)(at - 2);
	*ret_len = at;
	return true;
}

static char *
make_blob(const void *key, size_t key_len, const char *namespace,
    const void *bytes, size_t len, size_t *ret_len)
{
	char *blob = NULL, *signature = NULL;
	size_t signature_len = 0;
	FILE *out = xtext_open(&signature, &signature_len);

	wire_put(out, ED25519, strlen(ED25519));
	wire_put(out, bytes, len);
	xtext_close(out);
	out = xtext_open(&blob, ret_len);
	fputs(MAGIC, out);
	wire_put_number(out, 1);
	wire_put(out, key, key_len);
	wire_put(out, namespace, strlen(namespace));
	wire_put(out, "", 0);
	wire_put(out, "sha512", 6);
	wire_put(out, signature, signature_len);
	xtext_close(out);
	free(signature);
	return blob;
}

char *
sshsig_print(const void *key, size_t key_len, const char *namespace,
    const void *bytes, size_t len, size_t *ret_len)
{
	size_t blob_len = 0, i;
	char *blob = make_blob(key, key_len, namespace, bytes, len, &blob_len);
	char *base64 = base64_encode(blob, blob_len), *text = NULL;
	FILE *out = xtext_open(&text, ret_len);

	fputs(BEGIN "\n", out);
	for (i = 0; i < strlen(base64); i += COLUMNS)
		fprintf(out, "%.*s\n", (int)COLUMNS, base64 + i);
	fputs(END "\n", out);
	xtext_close(out);
	free(base64);
	free(blob);
	return text;
}
