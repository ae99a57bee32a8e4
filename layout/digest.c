/* Digests and their hashing: all that knows libcrypto's hashes.  A third
 * algorithm is a line in the table and one in digest.h. */
#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "mem.h"

static const struct {
	const char *name;
	size_t bytes;
	const EVP_MD *(*md)(void);
} algs[] = {
	[DIGEST_SHA256] = { "sha256", 32, EVP_sha256 },
	[DIGEST_SHA512] = { "sha512", 64, EVP_sha512 },
};

#define ALG_COUNT	(sizeof(algs) / sizeof(algs[0]))

struct hasher {
	enum digest_alg alg;
	EVP_MD_CTX *ctx;
};

int
digest_alg_parse(const char *name, enum digest_alg *ret)
{
	size_t i;

	for (i = 0; i < ALG_COUNT; i++)
		if (strcmp(name, algs[i].name) == 0) {
			*ret = (enum digest_alg)i;
			return 1;
		}
	return 0;
}

/* Upper case is refused: two spellings of one digest would be two names. */
static int
hex_value(char c)
{
	/* A table: which of two ranges it is in cannot be foreseen. */
	static const char values[256] = {
		['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5,
		['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
		['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15,
		['f'] = 16,
	};

	return values[(unsigned char)c] - 1;
}

int
digest_parse_hex(enum digest_alg alg, const char *hex, struct digest *ret,
    struct err *e)
{
	struct digest d = { .alg = alg };
	size_t i, bytes = algs[alg].bytes;
	int high, low;

	assert((size_t)alg < ALG_COUNT);
	if (strlen(hex) != 2 * bytes)
		return err_set(e, ERR_INPUT,
		    "%s digest has %zu digits, not %zu", algs[alg].name,
		    strlen(hex), 2 * bytes);
	for (i = 0; i < bytes; i++) {
		high = hex_value(hex[2 * i]);
		low = hex_value(hex[2 * i + 1]);
		if (high == -1 || low == -1)
			return err_set(e, ERR_INPUT,
			    "digest has a character that is not one of 0-9a-f");
		d.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret = d;
	return 0;
}

/* Messages quote what was written, cut: it is mostly a line of
 * somebody's list. */
int
digest_parse(const char *text, struct digest *ret, struct err *e)
{
	const char *colon = strchr(text, ':');
	size_t i, len;

	if (colon == NULL)
		return err_set(e, ERR_INPUT,
		    "\"%.80s\" is not a digest: it has no algorithm", text);
	len = (size_t)(colon - text);
	for (i = 0; i < ALG_COUNT; i++)
		if (strlen(algs[i].name) == len &&
		    memcmp(text, algs[i].name, len) == 0)
			return digest_parse_hex((enum digest_alg)i, colon + 1,
			    ret, e);
	return err_set(e, ERR_INPUT,
	    "digest algorithm \"%.*s\" is neither sha256 nor sha512",
	    len > 40 ? 40 : (int)len, text);
}

char *
digest_hex(const struct digest *d, char buf[DIGEST_HEX_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t i, bytes = algs[d->alg].bytes;

	for (i = 0; i < bytes; i++) {
		buf[2 * i] = digits[d->bytes[i] >> 4];
		buf[2 * i + 1] = digits[d->bytes[i] & 15];
	}
	buf[2 * bytes] = '\0';
	return buf;
}

char *
digest_text(const struct digest *d, char buf[DIGEST_TEXT_MAX])
{
	char hex[DIGEST_HEX_MAX];

	snprintf(buf, DIGEST_TEXT_MAX, "%s:%s", algs[d->alg].name,
	    digest_hex(d, hex));
	return buf;
}

const char *
digest_alg_name(enum digest_alg alg)
{
	return algs[alg].name;
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return a->alg == b->alg &&
	    memcmp(a->bytes, b->bytes, algs[a->alg].bytes) == 0;
}

int
digest_compare(const struct digest *a, const struct digest *b)
{
	if (a->alg != b->alg)
		return a->alg < b->alg ? -1 : 1;
	return memcmp(a->bytes, b->bytes, algs[a->alg].bytes);
}

/* In whatever order of bytes this machine has: it never leaves the process. */
uint64_t
digest_key(const struct digest *d)
{
	uint64_t key;

	memcpy(&key, d->bytes, sizeof(key));
	return key;
}

/* libcrypto fails here only when memory has run out. */
static void
must(int ok)
{
	if (ok != 1) {
		fputs("cdr: libcrypto failed to hash\n", stderr);
		abort();
	}
}

struct hasher *
hasher_new(enum digest_alg alg)
{
	struct hasher *h = xcalloc(1, sizeof(*h));

	assert((size_t)alg < ALG_COUNT);
	h->alg = alg;
	h->ctx = EVP_MD_CTX_new();
	must(h->ctx != NULL);
	hasher_reset(h);
	return h;
}

void
hasher_reset(struct hasher *h)
{
	must(EVP_DigestInit_ex(h->ctx, algs[h->alg].md(), NULL));
}

void
hasher_add(struct hasher *h, const void *buf, size_t len)
{
	must(EVP_DigestUpdate(h->ctx, buf, len));
}

/* libcrypto's context is of no use until hasher_reset. */
void
hasher_end(struct hasher *h, struct digest *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->alg = h->alg;
	must(EVP_DigestFinal_ex(h->ctx, ret->bytes, NULL));
}

void
hasher_free(struct hasher *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void
digest_of(enum digest_alg alg, const void *buf, size_t len, struct digest *ret)
{
	struct hasher *h = hasher_new(alg);

	hasher_add(h, buf, len);
	hasher_end(h, ret);
	hasher_free(h);
}
