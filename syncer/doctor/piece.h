#ifndef CDR_DOCTOR_PIECE_H
#define CDR_DOCTOR_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/digest.h"

/*
 * A piece of a blob as a peer's nginx cuts it, and what has been said of one
 * that came (nginx/cdr-peer-ring.conf).  Pure.
 */
struct piece {
	uint64_t from, to;	/* the bytes [from, to) */
	uint64_t size;		/* of the whole blob */
};

/* piece_size(text, ret): how large pieces are: X-Cdr-Piece of the first byte,
 * "bytes=0-4194303".  False for anything else, and for more than
 * MANIFEST_BYTES_MAX, which no peer has. */
bool piece_size(const char *, uint64_t *);

/* piece_at(n, each, size): number ${n} of a blob; the last one is shorter. */
struct piece piece_at(size_t, uint64_t, uint64_t);
size_t piece_count(uint64_t, uint64_t);

/* What came with one. */
struct piece_said {
	long status;
	size_t len;		/* of its body */
	const char *range, *etag;	/* Content-Range, ETag */
};

/* piece_wrong(p, d, said, why, size): are these the headers of that piece of
 * ${d}?  If not, true, and ${why} says what is wrong. */
bool piece_wrong(const struct piece *, const struct digest *,
    const struct piece_said *, char *, size_t);

/* piece_by(text): is this X-Cdr-Peer an address of a peer, and of one only?
 * Empty is the mirror itself. */
bool piece_by(const char *);

#endif
