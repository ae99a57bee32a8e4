#ifndef CDR_DIGEST_H
#define CDR_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * Content digests (OCI image-spec, descriptor.md "Digests").  A digest is a
 * value, parsed once where it enters the program; its text form goes into a
 * buffer of the caller's.
 */
enum digest_alg {
	DIGEST_SHA256,
	DIGEST_SHA512
};

#define DIGEST_BYTES_MAX	64
#define DIGEST_HEX_MAX		(2 * DIGEST_BYTES_MAX + 1)
#define DIGEST_TEXT_MAX		(sizeof("sha512:") + 2 * DIGEST_BYTES_MAX)

struct digest {
	enum digest_alg alg;
	uint8_t bytes[DIGEST_BYTES_MAX];	/* unused tail is zero */
};

/*
 * digest_parse(text, ret, e): "sha256:" or "sha512:" and exactly the lower-case
 * hexadecimal digits that the algorithm has.  Return 0, or -1 with ${e} set and
 * ${ret} untouched.
 */
int digest_parse(const char *, struct digest *, struct err *);

/* digest_parse_hex(alg, hex, ret, e): the same without the prefix. */
int digest_parse_hex(enum digest_alg, const char *, struct digest *,
    struct err *);

/* digest_alg_parse(name, ret): 1 if ${name} is an algorithm we know, else 0. */
int digest_alg_parse(const char *, enum digest_alg *);

/* digest_text(d, buf): "alg:hex" into ${buf}.  Return ${buf}. */
char *digest_text(const struct digest *, char buf[DIGEST_TEXT_MAX]);

/* digest_hex(d, buf): the hexadecimal part alone.  Return ${buf}. */
char *digest_hex(const struct digest *, char buf[DIGEST_HEX_MAX]);

const char *digest_alg_name(enum digest_alg);
bool digest_equal(const struct digest *, const struct digest *);

/* digest_compare(a, b): an order of digests, any one, as qsort(3) wants it. */
int digest_compare(const struct digest *, const struct digest *);

/* digest_key(d): the first bytes as a number, for hash tables. */
uint64_t digest_key(const struct digest *);

/* digest_of(alg, buf, len, ret): hash ${len} bytes in one go. */
void digest_of(enum digest_alg, const void *, size_t, struct digest *);

/* A hash being computed.  hasher_free accepts NULL. */
struct hasher;
struct hasher *hasher_new(enum digest_alg);
void hasher_add(struct hasher *, const void *, size_t);
void hasher_reset(struct hasher *);
void hasher_end(struct hasher *, struct digest *);
void hasher_free(struct hasher *);

#endif
