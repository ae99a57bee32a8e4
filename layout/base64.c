#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "mem.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The number of symbols in front of the padding, or -1 if ${text} is no
 * base64.  EVP_DecodeBlock would let white space and more through. */
static long
symbol_count(const char *text)
{
	size_t len = strspn(text, alphabet);
	size_t padding = strspn(text + len, "=");

	if (text[len + padding] != '\0' || len > INT_MAX - 4 || len % 4 == 1)
		return -1;
	if (padding > 0 && (len % 4 == 0 || len % 4 + padding != 4))
		return -1;
	return (long)len;
}

/* EVP_DecodeBlock wants whole groups of four, so that text without its padding
 * is filled up to one first. */
unsigned char *
base64_decode(const char *text, size_t *ret_len)
{
	long count = symbol_count(text);
	size_t used, whole;
	unsigned char *full, *bytes;

	if (count == -1)
		return NULL;
	used = (size_t)count;
	whole = (used + 3) / 4 * 4;
	/* "A" is six zero bits: what it adds is cut off again. */
	assert(whole >= used && whole % 4 == 0);
	full = xmalloc(whole + 1);
	memset(full, 'A', whole);
	memcpy(full, text, used);
	bytes = xmalloc(whole / 4 * 3 + 1);
	if (EVP_DecodeBlock(bytes, full, (int)whole) < 0) {
		free(bytes);
		bytes = NULL;
	} else {
		*ret_len = used * 3 / 4;
		bytes[*ret_len] = '\0';
	}
	/* It is mostly passwords that come this way. */
	explicit_bzero(full, whole);
	free(full);
	return bytes;
}

char *
base64_encode(const void *bytes, size_t len)
{
	unsigned char *text;

	if (len > INT_MAX / 2)
		abort();	/* files that people write are small */
	text = xmalloc((len + 2) / 3 * 4 + 1);
	EVP_EncodeBlock(text, bytes, (int)len);
	return (char *)text;
}
