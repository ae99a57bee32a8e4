/*
 * Writing.  All that leaves the tree is hashed on its way, so that a disk that
 * goes bad here does not send others what they will have to refuse.  A thread
 * reads ahead while this one hashes and writes, and the disk is told to begin
 * long before it is waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/export_internal.h"
#include "bundle/export_write.h"
#include "bundle/tarfile.h"
#include "layout/fsutil.h"
#include "layout/mem.h"
#include "layout/verify_reader.h"
#include "report/report.h"

#define WRITEBACK	((off_t)8 << 20)

/* The blob that is being read: its pieces may be in several parts. */
struct source {
	struct verify_reader *reader;
	struct hasher *hasher;
	int fd;				/* -1: none */
	const uint8_t *piece;		/* what is left of it */
	size_t left;
	bool has_piece;
};

struct writer {
	struct export_files *f;
	struct source source;
	struct tarfile *tar;		/* NULL: */
	bool is_bad;			/* only looking for what else is bad */
	int fd;
	off_t begun;			/* up to here the disk is at work */
	struct report_work shown;	/* for who looks on */
};

/* --- for who looks on -------------------------------------------------- */

/* A piece counts as an object. */
static void
count_all(struct writer *w)
{
	const struct export_parts *parts = w->f->parts;
	size_t i;

	w->shown.what = "object";
	for (i = 0; i < parts->count; i++) {
		w->shown.all += parts->items[i].table.count;
		w->shown.left_bytes += parts->items[i].bytes;
	}
}

/* --- one blob ---------------------------------------------------------- */

static void
close_source(struct source *s)
{
	if (s->fd == -1)
		return;
	verify_reader_close(s->reader);
	close(s->fd);
	hasher_free(s->hasher);
	s->hasher = NULL;
	s->fd = -1;
	s->left = 0;
	s->has_piece = false;
}

/* It is told once. */
static void
note_bad(struct writer *w, const struct digest *d, const char *what)
{
	char text[DIGEST_TEXT_MAX];

	close_source(&w->source);
	if (digest_set_add(w->f->bad, d, NULL))
		report(REPORT_ERROR, "%s %s; \"cdr verify --repair\" mends it",
		    digest_text(d, text), what);
	tarfile_free(w->tar);
	w->tar = NULL;
	w->is_bad = true;
}

/* Return 1, 0 where it is bad, -1. */
static int
open_source(struct writer *w, const struct table_row *row, struct err *e)
{
	struct source *s = &w->source;
	uint64_t size = 0;
	int rc;

	close_source(s);
	rc = store_blob_open(w->f->store, &row->digest, &s->fd, &size, e);
	if (rc == -1 && e->code != ERR_DATA)
		return -1;
	if (rc == 1 && size != row->size) {
		close(s->fd);
		rc = 0;
	}
	if (rc != 1) {
		s->fd = -1;
		note_bad(w, &row->digest, "is not what it was a moment ago");
		return 0;
	}
	s->hasher = hasher_new(row->digest.alg);
	verify_reader_open(s->reader, s->fd, (off_t)size);
	return 1;
}

/* Return 1, 0 at its end, or -1 where the disk has no more of it. */
static int
next_piece(struct source *s)
{
	ssize_t n;

	if (s->left > 0)
		return 1;
	if (s->has_piece)
		verify_reader_give_back(s->reader);
	n = verify_reader_next(s->reader, &s->piece);
	s->has_piece = n > 0;
	if (n <= 0)
		return n == 0 ? 0 : -1;
	s->left = (size_t)n;
	hasher_add(s->hasher, s->piece, s->left);
	return 1;
}

static void
start_writeback(struct writer *w)
{
	off_t at = lseek(w->fd, 0, SEEK_CUR);

	if (at - w->begun < WRITEBACK)
		return;
	fs_start_writeback(w->fd, w->begun, at - w->begun);
	w->begun = at;
}

static int
check_stop(const struct writer *w, struct err *e)
{
	struct pollfd p = { .fd = w->f->stop_fd, .events = POLLIN };

	if (w->f->stop_fd != -1 && poll(&p, 1, 0) == 1)
		return err_set(e, ERR_CANCELLED, "interrupted");
	return 0;
}

/* Return 1, 0 where the blob is bad, -1. */
static int
copy_bytes(struct writer *w, const struct table_row *row, struct err *e)
{
	struct source *s = &w->source;
	uint64_t left = row->length;
	size_t n;

	while (left > 0) {
		if (next_piece(s) != 1) {
			note_bad(w, &row->digest, "cannot be read to its end");
			return 0;
		}
		n = s->left < left ? s->left : (size_t)left;
		if (w->tar != NULL && tarfile_put(w->tar, s->piece, n,
		    e) == -1)
			return -1;
		s->piece += n;
		s->left -= n;
		left -= n;
		report_more(&w->shown, n);
		if (w->tar != NULL)
			start_writeback(w);
		if (check_stop(w, e) == -1)
			return -1;
	}
	return 1;
}

static void
judge_source(struct writer *w, const struct table_row *row)
{
	struct source *s = &w->source;
	struct digest have;

	if (next_piece(s) == 1) {
		note_bad(w, &row->digest, "is not what it was a moment ago");
		return;
	}
	hasher_end(s->hasher, &have);
	if (!digest_equal(&have, &row->digest))
		note_bad(w, &row->digest, "has other bytes here");
	close_source(s);
}

/* The pieces of a blob follow one another, so what is not open at a later one
 * has been found bad. */
static int
write_blob(struct writer *w, const struct table_row *row, struct err *e)
{
	int rc = row->offset == 0 ? open_source(w, row, e) :
	    w->source.fd != -1;

	if (rc == 1)
		rc = copy_bytes(w, row, e);
	if (rc == 1 && row->offset + row->length == row->size)
		judge_source(w, row);
	return rc == -1 ? -1 : 0;
}

static int
write_manifest(struct writer *w, const struct table_row *row, struct err *e)
{
	struct manifest_id id = { .digest = row->digest };
	struct digest have;
	char *buf;
	size_t len;
	int rc;

	snprintf(id.media_type, sizeof(id.media_type), "%s", row->media_type);
	rc = store_manifest_read(w->f->store, &id, &buf, &len, e);
	if (rc == -1 && e->code != ERR_DATA && e->code != ERR_LIMIT)
		return -1;
	if (rc != 1) {
		note_bad(w, &row->digest, "is not what it was a moment ago");
		return 0;
	}
	digest_of(row->digest.alg, buf, len, &have);
	rc = 0;
	if (len != row->size || !digest_equal(&have, &row->digest))
		note_bad(w, &row->digest, "has other bytes here");
	else if (w->tar != NULL)
		rc = tarfile_put(w->tar, buf, len, e);
	report_more(&w->shown, len);
	free(buf);
	return rc;
}

/* --- one part ---------------------------------------------------------- */

static int
write_text(struct writer *w, const char *name, const char *text, size_t len,
    struct err *e)
{
	if (tarfile_member(w->tar, name, len, e) == -1)
		return -1;
	return tarfile_put(w->tar, text, len, e);
}

static int
write_head(struct writer *w, const struct table *table, struct err *e)
{
	const struct export_files *f = w->f;
	char *text;
	size_t len;
	FILE *out;
	int rc;

	if (write_text(w, BUNDLE_STATEMENT, f->text, f->text_len, e) == -1 ||
	    (f->signature != NULL && write_text(w, BUNDLE_SIGNATURE,
	    f->signature, f->signature_len, e) == -1))
		return -1;
	out = xtext_open(&text, &len);
	table_print(table, out);
	xtext_close(out);
	rc = write_text(w, BUNDLE_TABLE, text, len, e);
	free(text);
	return rc;
}

static int
write_row(struct writer *w, const struct table_row *row, struct err *e)
{
	char name[BUNDLE_MEMBER_MAX];

	if (w->tar != NULL && tarfile_member(w->tar, bundle_member_name(
	    &row->digest, table_row_is_piece(row), row->offset, name),
	    row->length, e) == -1)
		return -1;
	return row->media_type != NULL ? write_manifest(w, row, e) :
	    write_blob(w, row, e);
}

static int
write_members(struct writer *w, const struct table *table, struct err *e)
{
	size_t i;

	if (w->tar != NULL && write_head(w, table, e) == -1)
		return -1;
	for (i = 0; i < table->count; i++) {
		if (check_stop(w, e) == -1 ||
		    write_row(w, &table->rows[i], e) == -1)
			return -1;
		w->shown.done++;
	}
	if (w->tar == NULL)
		return 0;
	if (tarfile_end(w->tar, e) == -1)
		return -1;
	w->shown.waits = "waits for the disk";
	report_work(&w->shown);
	w->shown.waits = NULL;
	return fsync(w->fd) == -1 ? err_sys(e, "cannot sync") : 0;
}

static int
write_part(struct writer *w, size_t number, struct err *e)
{
	const struct export_part *part = &w->f->parts->items[number];
	const struct table *table = &part->table;
	char bytes[REPORT_BYTES_MAX];
	int rc = 0;

	w->shown.names = table->part;
	if (!w->is_bad) {
		report(REPORT_INFO, "part %zu of %zu: %s", number + 1,
		    w->f->parts->count, report_bytes(part->bytes, bytes));
		w->fd = export_create(w->f->dir, table->part, e);
		if (w->fd == -1)
			return -1;
		w->begun = 0;
		rc = tarfile_new(w->fd, &w->tar, e);
	}
	if (rc == 0)
		rc = write_members(w, table, e);
	tarfile_free(w->tar);
	w->tar = NULL;
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
	return rc == -1 ? err_wrap(e, "%s", table->part) : 0;
}

int
export_write(struct export_files *f, struct err *e)
{
	struct writer w = { .f = f, .fd = -1, .source.fd = -1 };
	size_t i;
	int rc = 0;

	count_all(&w);
	w.source.reader = verify_reader_new();
	for (i = 0; i < f->parts->count && rc == 0; i++)
		rc = write_part(&w, i, e);
	report_clear();
	close_source(&w.source);
	verify_reader_free(w.source.reader);
	if (rc == -1)
		return -1;
	return w.is_bad;
}
