/*
 * One blob through the ring, a piece at a time: so one that is wrong has a
 * number and an owner, and memory does not grow with the blob.  A piece has no
 * digest of its own; which one is wrong is known from the mirror's bytes, which
 * are asked for only then.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/peers_check.h"
#include "doctor/piece.h"
#include "layout/mem.h"

/* Of more pieces than that only the number is told: a peer that lies does so
 * for all it owns. */
#define TOLD_MAX	8u
/* Past what this node has for a moment; past what the owner keeps. */
#define NEAR		"X-Cdr-Refetch: near"
#define ANEW		"X-Cdr-Refetch: 1"

struct brought {
	struct digest digest;	/* of its bytes */
	char by[PEER_TEXT_MAX];	/* "" the mirror itself */
	char *why;		/* NULL, or: not even its headers are right */
};

struct ring_blob {
	struct peers_visit *v;
	const struct digest *digest;
	uint64_t size;
	char name[DIGEST_TEXT_MAX], *path;
	struct brought *pieces;
	size_t count;
	size_t wrong, mended;
};

/* The bytes are ${ret}'s, which answer_done releases. */
static void
ask_piece(struct ring_blob *b, struct ask *from, const char *header,
    const struct piece *p, struct answer *ret)
{
	struct question q = {
		.path = b->path, .from = p->from, .to = p->to, .header = header
	};

	ask(from, &q, ret);
}

/* NULL, or what is wrong with it. */
static char *
why_not(const struct ring_blob *b, const struct piece *p,
    const struct answer *a)
{
	struct piece_said said = {
		.status = a->status, .len = a->len, .range = a->range,
		.etag = a->etag
	};
	char why[2 * ASK_HEADER_MAX];

	if (a->transport != TRANSPORT_OK)
		return xasprintf("it does not come (%s)", a->err.msg);
	return piece_wrong(p, b->digest, &said, why, sizeof(why)) ?
	    xstrdup(why) : NULL;
}

/* One byte tells how large pieces are. */
static bool
find_size(struct ring_blob *b)
{
	struct piece first = { .to = 1, .size = b->size };
	struct answer a;
	bool is_one;

	if (b->v->each > 0)
		return true;
	ask_piece(b, &b->v->near, NULL, &first, &a);
	is_one = a.transport == TRANSPORT_OK &&
	    piece_size(a.piece, &b->v->each);
	if (!is_one)
		finding_add(b->v->mirror->findings, FINDING_FAIL, "ring", "%s: "
		    "%ld, and no X-Cdr-Piece from %s: is that this node's own "
		    "peer, with the files of this version? --ring names "
		    "another address", b->name, a.status, b->v->ring);
	answer_done(&a);
	return is_one;
}

static void
bring(struct ring_blob *b, size_t n, struct hasher *hasher)
{
	struct piece p = piece_at(n, b->v->each, b->size);
	struct brought *to = &b->pieces[n];
	struct answer a;

	ask_piece(b, &b->v->near, NEAR, &p, &a);
	to->why = why_not(b, &p, &a);
	if (piece_by(a.peer_by))
		snprintf(to->by, sizeof(to->by), "%.*s",
		    (int)sizeof(to->by) - 1, a.peer_by);
	digest_of(DIGEST_SHA256, a.body, a.len, &to->digest);
	hasher_add(hasher, a.body, a.len);
	b->wrong += to->why != NULL;
	answer_done(&a);
}

/* --- what is wrong ------------------------------------------------------- */

static void
say_wrong(struct ring_blob *b, size_t n, const char *why, bool is_mended)
{
	struct piece p = piece_at(n, b->v->each, b->size);
	const struct brought *one = &b->pieces[n];

	if (b->wrong > TOLD_MAX)
		return;
	finding_add(b->v->mirror->findings, is_mended ? FINDING_WARN :
	    FINDING_FAIL, "ring", "%s: piece %zu (bytes %" PRIu64 "-%" PRIu64
	    ") from %s: %s%s", b->name, n + 1, p.from, p.to - 1,
	    one->by[0] != '\0' ? one->by : "the mirror", why,
	    is_mended ? "; fetched anew, and right now" :
	    b->v->anew ? "; fetched anew, and wrong still: take that peer out "
	    "of the ring, and look at its disk and memory" :
	    "; --anew has it fetched anew");
}

/* Does it come right when its owner asks the mirror again? */
static bool
fetch_anew(struct ring_blob *b, const struct piece *p,
    const struct answer *right)
{
	struct answer a;
	char *why;
	bool is_right;

	ask_piece(b, &b->v->near, ANEW, p, &a);
	why = why_not(b, p, &a);
	is_right = why == NULL && a.len == right->len &&
	    memcmp(a.body, right->body, a.len) == 0;
	free(why);
	answer_done(&a);
	return is_right;
}

static void
compare(struct ring_blob *b, size_t n, struct hasher *hasher)
{
	struct piece p = piece_at(n, b->v->each, b->size);
	const struct brought *one = &b->pieces[n];
	struct digest d;
	struct answer a;
	bool is_wrong, is_mended;

	ask_piece(b, &b->v->mirror->ask, NULL, &p, &a);
	digest_of(DIGEST_SHA256, a.body, a.len, &d);
	hasher_add(hasher, a.body, a.len);
	is_wrong = one->why != NULL || !digest_equal(&d, &one->digest);
	if (is_wrong && a.transport == TRANSPORT_OK && a.status == 206) {
		is_mended = b->v->anew && fetch_anew(b, &p, &a);
		b->mended += is_mended;
		b->wrong += one->why == NULL;
		say_wrong(b, n, one->why != NULL ? one->why :
		    "its bytes are not the mirror's", is_mended);
	}
	answer_done(&a);
}

static void
find_wrong(struct ring_blob *b)
{
	struct hasher *hasher = hasher_new(b->digest->alg);
	struct findings *f = b->v->mirror->findings;
	struct digest got;
	size_t n;

	for (n = 0; n < b->count && !findings_stopped(f); n++)
		compare(b, n, hasher);
	hasher_end(hasher, &got);
	hasher_free(hasher);
	if (!digest_equal(&got, b->digest))
		finding_add(f, FINDING_FAIL, "ring", "%s: the mirror's own "
		    "bytes are not those of the digest: run \"cdr verify "
		    "--repair\" there first", b->name);
	else if (b->wrong == 0)
		finding_add(f, FINDING_FAIL, "ring", "%s: it came with other "
		    "bytes than its digest's, and does not a second time: a "
		    "peer's disk or memory is failing", b->name);
	if (b->wrong > TOLD_MAX)
		finding_add(f, b->mended == b->wrong ? FINDING_WARN :
		    FINDING_FAIL, "ring", "%s: %zu of %zu pieces were wrong, "
		    "%zu are right now", b->name, b->wrong, b->count,
		    b->mended);
}

/* --- all of it ----------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	const struct brought *x = a, *y = b;

	return strcmp(x->by, y->by);
}

/* Sorts them. */
static void
say_right(struct ring_blob *b)
{
	size_t n, peers = 0, from_mirror = 0;

	qsort(b->pieces, b->count, sizeof(*b->pieces), by_name);
	for (n = 0; n < b->count; n++) {
		from_mirror += b->pieces[n].by[0] == '\0';
		peers += b->pieces[n].by[0] != '\0' && (n == 0 ||
		    by_name(&b->pieces[n], &b->pieces[n - 1]) != 0);
	}
	finding_add(b->v->mirror->findings, from_mirror > 0 ? FINDING_WARN :
	    FINDING_OK, "ring", "%s: %" PRIu64 " bytes in %zu pieces, from %zu "
	    "peers, have its digest%s", b->name, b->size, b->count, peers,
	    from_mirror > 0 ? "; but some came from the mirror, as no peer had "
	    "them to give" : "");
}

void
ring_blob(struct peers_visit *v, const struct digest *d, uint64_t size)
{
	struct ring_blob b = { .v = v, .digest = d, .size = size };
	struct hasher *hasher = hasher_new(d->alg);
	struct findings *f = v->mirror->findings;
	struct digest got;
	size_t n;

	b.path = shapes_path(&v->mirror->image, v->mirror->shape, "blobs",
	    digest_text(d, b.name));
	if (!find_size(&b))
		goto out;
	b.count = piece_count(v->each, size);
	b.pieces = xcalloc(b.count, sizeof(*b.pieces));
	for (n = 0; n < b.count && !findings_stopped(f); n++)
		bring(&b, n, hasher);
	hasher_end(hasher, &got);
	if (findings_stopped(f))
		;
	else if (b.wrong > 0 || !digest_equal(&got, d))
		find_wrong(&b);
	else
		say_right(&b);
out:
	for (n = 0; b.pieces != NULL && n < b.count; n++)
		free(b.pieces[n].why);
	free(b.pieces);
	free(b.path);
	hasher_free(hasher);
}
