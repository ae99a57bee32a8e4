/*
 * The bytes of each blob, in the order of digests.  A folder of a million names
 * is not sorted as a whole: it is read once for each batch, of which those that
 * come next are kept.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "mem.h"
#include "verify_internal.h"

/* So many are hashed from one reading of the folder; twice as many are held
 * while it is read. */
#define BATCH		32768u
/* How often the cursor is written down. */
#define KEEP_MS		10000

struct bytes {
	struct verify *v;
	struct verify_state state;
	int64_t kept_ms;
	enum digest_alg alg;		/* of the folder */
	struct digest *batch;
	size_t count;
	uint64_t left;			/* in the folder, behind the cursor */
	bool is_cut;			/* there are more behind the last one */
};

/* --- from night to night ----------------------------------------------- */

static void
begin_pass(struct verify_state *s, int64_t now)
{
	s->before = s->pass == 0 ? 0 : s->started;
	s->pass++;
	s->started = now > 0 ? now : 0;
	s->has_cursor = false;
	s->files = s->bytes = 0;
}

/* What cannot be understood begins anew: nothing is verified twice by that
 * which was not before. */
static void
load(struct bytes *b)
{
	const struct verify *v = b->v;
	char *text;
	struct err e;
	size_t len;

	if (store_read_state(v->st, VERIFIED_FILE, VERIFIED_BYTES_MAX - 1,
	    &text, &len, &e) == 1) {
		if (strlen(text) != len ||
		    verify_state_parse(text, &b->state) == 0)
			memset(&b->state, 0, sizeof(b->state));
		free(text);
	}
	if (b->state.pass == 0 || !b->state.has_cursor)
		begin_pass(&b->state, v->options->now);
}

struct record {
	struct store *st;
	char text[VERIFIED_BYTES_MAX];
	int rc;
	struct err err;
};

static void
write_down(void *cookie)
{
	struct record *r = cookie;
	struct err later;

	r->rc = store_step_begin(r->st, &r->err);
	if (r->rc == -1)
		return;
	r->rc = store_write_state(r->st, VERIFIED_FILE, r->text,
	    strlen(r->text), &r->err);
	if (store_step_end(r->st, &later) == -1 && r->rc == 0) {
		r->err = later;
		r->rc = -1;
	}
}

/* In a step, like all that is written beside a writer.  The first error of a
 * run is the one that is told. */
static int
keep(struct bytes *b)
{
	struct verify *v = b->v;
	struct record r = { .st = v->st };

	b->kept_ms = clock_ms();
	(void)verify_state_print(&b->state, r.text);
	verify_change(v, write_down, &r);
	if (r.rc == 0)
		return 0;
	if (v->end != VERIFY_FAILED)
		*v->err = r.err;
	return verify_fail(v);
}

/* --- a batch ----------------------------------------------------------- */

static int
compare_digests(const void *a, const void *b)
{
	const struct digest *x = a, *y = b;

	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

static void
cut(struct bytes *b)
{
	if (b->count > 1)
		qsort(b->batch, b->count, sizeof(*b->batch), compare_digests);
	if (b->count > BATCH) {
		b->count = BATCH;
		b->is_cut = true;
	}
}

/* Algorithms come one after the other. */
static bool
is_behind(const struct verify_state *s, const struct digest *d)
{
	return s->has_cursor && (d->alg < s->cursor.alg ||
	    (d->alg == s->cursor.alg && compare_digests(d, &s->cursor) <= 0));
}

static int
add_name(struct verify *v, void *cookie, const char *path, const char *name,
    int type)
{
	struct bytes *b = cookie;
	struct digest d;
	struct err e;

	(void)path;
	if (type != DT_REG || digest_parse_hex(b->alg, name, &d, &e) == -1 ||
	    is_behind(&b->state, &d))
		return 0;
	b->left++;
	if (b->is_cut && b->count >= BATCH &&
	    compare_digests(&d, &b->batch[BATCH - 1]) > 0)
		return 0;
	b->batch[b->count++] = d;
	if (b->count == 2 * BATCH) {
		cut(b);
		return verify_is_over(v) ? -1 : 0;
	}
	return 0;
}

static int
hash_one(struct bytes *b, const struct digest *d)
{
	struct verify *v = b->v;
	uint64_t before = v->totals->bytes;
	char path[STORE_PATH_MAX];

	(void)digest_text(d, v->progress.at);
	(void)verify_file(v, path_blob(d, path), d, NULL);
	v->is_first = false;
	if (v->is_over)
		return -1;
	v->progress.done++;
	b->state.cursor = *d;
	b->state.has_cursor = true;
	b->state.files++;
	b->state.bytes += v->totals->bytes - before;
	if (clock_ms() >= b->kept_ms + KEEP_MS && keep(b) == -1)
		return -1;
	return verify_is_over(v) ? -1 : 0;
}

static int
hash_folder(struct bytes *b, enum digest_alg alg)
{
	char folder[32];
	size_t i;

	b->alg = alg;
	snprintf(folder, sizeof(folder), "blobs/%s", digest_alg_name(alg));
	do {
		b->count = 0;
		b->left = 0;
		b->is_cut = false;
		if (verify_each_name(b->v, folder, add_name, b) == -1)
			return -1;
		cut(b);
		verify_begin_bytes(b->v, b->left);
		for (i = 0; i < b->count; i++)
			if (hash_one(b, &b->batch[i]) == -1)
				return -1;
	} while (b->is_cut);
	return 0;
}

/* Digests are spread evenly, so the first bytes of the last one tell. */
static unsigned
percent(const struct verify_state *s)
{
	if (!s->has_cursor || s->cursor.alg != DIGEST_SHA256)
		return s->has_cursor ? 99 : 0;
	return (unsigned)((s->cursor.bytes[0] << 8 | s->cursor.bytes[1]) *
	    100 / 65536);
}

static void
sum_up(const struct bytes *b, bool has_ended)
{
	struct verify_totals *t = b->v->totals;
	const struct verify_state *s = &b->state;

	t->pass = s->pass;
	t->pass_started = s->started;
	t->pass_files = s->files;
	t->pass_bytes = s->bytes;
	t->pass_ended = has_ended;
	t->percent = has_ended ? 100 : percent(s);
	t->oldest = has_ended ? s->started : s->before;
}

int
verify_bytes(struct verify *v)
{
	struct bytes b = { .v = v, .kept_ms = clock_ms() };
	int rc;

	load(&b);
	v->progress.pass_bytes = b.state.bytes;
	/* One that takes longer than a night would never be over. */
	v->is_first = true;
	b.batch = xcalloc(2 * BATCH, sizeof(*b.batch));
	rc = hash_folder(&b, DIGEST_SHA256);
	if (rc == 0)
		rc = hash_folder(&b, DIGEST_SHA512);
	free(b.batch);
	v->is_first = false;
	sum_up(&b, rc == 0);
	/* Without a cursor the next run begins a pass: this one has to have
	 * come to its end for that. */
	if (rc == -1 && !b.state.has_cursor)
		return -1;
	if (rc == 0)
		b.state.has_cursor = false;
	return keep(&b) == -1 ? -1 : rc;
}
