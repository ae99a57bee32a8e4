/* The table of a part. */
#include <stdlib.h>
#include <string.h>

#include "bundle/record.h"
#include "bundle/table.h"
#include "bundle/tarfile.h"
#include "layout/digest_set.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

struct parse {
	struct records r;
	struct table table;
	size_t room;
	struct digest_set seen;	/* of each digest the last row, from 1 on */
};

static struct table_row *
new_row(struct parse *p)
{
	struct table *t = &p->table;

	if (t->count == p->room) {
		p->room = p->room == 0 ? 64 : 2 * p->room;
		t->rows = xreallocarray(t->rows, p->room, sizeof(*t->rows));
	}
	memset(&t->rows[t->count], 0, sizeof(*t->rows));
	return &t->rows[t->count++];
}

static int
read_blob(struct parse *p, struct table_row *row, struct err *e)
{
	if (records_digest(&p->r, 1, &row->digest, e) == -1 ||
	    records_number(&p->r, 2, BLOB_BYTES_MAX, &row->size, e) == -1 ||
	    records_number(&p->r, 3, BLOB_BYTES_MAX, &row->offset, e) == -1 ||
	    records_number(&p->r, 4, TARFILE_MEMBER_MAX, &row->length,
	    e) == -1)
		return -1;
	if (row->offset > row->size || row->length > row->size - row->offset)
		return records_fail(&p->r, ERR_DATA, e, "it goes beyond the "
		    "end of the object");
	if (row->length == 0 && row->size != 0)
		return records_fail(&p->r, ERR_DATA, e, "it has nothing of "
		    "the object");
	return 0;
}

static int
read_manifest(struct parse *p, struct table_row *row, struct err *e)
{
	if (records_digest(&p->r, 1, &row->digest, e) == -1 ||
	    records_number(&p->r, 2, MANIFEST_BYTES_MAX, &row->size, e) == -1)
		return -1;
	if (!name_is_manifest_type(p->r.words[3]))
		return records_fail(&p->r, ERR_DATA, e, "word 4 is no type of "
		    "a manifest");
	row->length = row->size;
	row->media_type = xstrdup(p->r.words[3]);
	return 0;
}

/* Pieces of one object come in their order, so no two have the same bytes, nor
 * the same name. */
static int
check_order(struct parse *p, struct err *e)
{
	struct table *t = &p->table;
	const struct table_row *row = &t->rows[t->count - 1], *before;
	uintptr_t at = (uintptr_t)digest_set_remove(&p->seen, &row->digest);

	if (at != 0) {
		before = &t->rows[at - 1];
		if (before->media_type != NULL || row->media_type != NULL ||
		    before->size != row->size || row->length == 0 ||
		    row->offset < before->offset + before->length)
			return records_fail(&p->r, ERR_DATA, e, "the table "
			    "has that object already");
	}
	digest_set_add(&p->seen, &row->digest, (void *)(uintptr_t)t->count);
	return 0;
}

static int
read_rows(struct parse *p, struct err *e)
{
	int rc;

	for (;;) {
		if (records_next(&p->r, e) == -1)
			return -1;
		if (records_at(&p->r, "blob", 5))
			rc = read_blob(p, new_row(p), e);
		else if (records_at(&p->r, "manifest", 4))
			rc = read_manifest(p, new_row(p), e);
		else
			return records_end(&p->r, e);
		if (rc == -1 || check_order(p, e) == -1)
			return -1;
	}
}

static int
read_all(struct parse *p, struct err *e)
{
	struct table *t = &p->table;

	if (records_next(&p->r, e) == -1)
		return -1;
	if (!records_at(&p->r, "cdr-table", 2) ||
	    strcmp(p->r.words[1], "1") != 0)
		return records_fail(&p->r, ERR_DATA, e, "it should be "
		    "\"cdr-table 1\"");
	if (records_word(&p->r, "bundle", t->id, sizeof(t->id), bundle_is_id,
	    e) == -1 ||
	    records_word(&p->r, "part", t->part, sizeof(t->part),
	    bundle_is_file, e) == -1)
		return -1;
	return read_rows(p, e);
}

int
table_parse(const char *buf, size_t len, struct table *ret, struct err *e)
{
	struct parse p;
	int rc = -1;

	memset(&p, 0, sizeof(p));
	if (records_open(&p.r, "the table", buf, len, e) == -1)
		goto out;
	if (read_all(&p, e) == -1)
		goto out;
	*ret = p.table;
	memset(&p.table, 0, sizeof(p.table));
	rc = 0;
out:
	table_done(&p.table);
	digest_set_done(&p.seen);
	records_close(&p.r);
	return rc;
}

void
table_done(struct table *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		free(t->rows[i].media_type);
	free(t->rows);
	memset(t, 0, sizeof(*t));
}

void
table_print(const struct table *t, FILE *out)
{
	char text[DIGEST_TEXT_MAX];
	const struct table_row *row;
	size_t i;

	fprintf(out, "cdr-table 1\nbundle %s\npart %s\n", t->id, t->part);
	for (i = 0; i < t->count; i++) {
		row = &t->rows[i];
		digest_text(&row->digest, text);
		if (row->media_type != NULL)
			fprintf(out, "manifest %s %llu %s\n", text,
			    (unsigned long long)row->size, row->media_type);
		else
			fprintf(out, "blob %s %llu %llu %llu\n", text,
			    (unsigned long long)row->size,
			    (unsigned long long)row->offset,
			    (unsigned long long)row->length);
	}
	fputs("end\n", out);
}

bool
table_row_is_piece(const struct table_row *row)
{
	return row->length != row->size;
}
