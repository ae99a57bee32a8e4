/* The parts of a bundle by their tables: which is which, what of it is here,
 * and whether the rest fits. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/intake_internal.h"
#include "layout/limits.h"
#include "layout/mem.h"

/* What a file takes beyond its bytes: the rest of its last block, and links. */
#define BLOCK_BYTES	4096u

char *
intake_table_name(size_t number, char buf[INTAKE_NAME_MAX])
{
	snprintf(buf, INTAKE_NAME_MAX, "table-%zu", number + 1);
	return buf;
}

/* One that has all its bytes, and no name, needs somebody who finishes it: any
 * of its pieces will do. */
static bool
is_piece_here(const struct store *store, const struct table_row *row)
{
	return table_row_is_piece(row) &&
	    store_partial_has(store, &row->digest, row->offset,
	    row->offset + row->length) &&
	    !store_partial_has(store, &row->digest, 0, row->size);
}

bool
intake_is_here(const struct store *store, const struct table_row *row)
{
	struct manifest_id id = { .digest = row->digest };
	struct err ignored;
	uint64_t size;
	size_t len;
	char *buf;

	/* A manifest has a second name, among the blobs. */
	if (row->media_type != NULL &&
	    store_manifest_find(store, &row->digest, &id, &ignored) != 1)
		return false;
	if (row->media_type != NULL) {
		snprintf(id.media_type, sizeof(id.media_type), "%s",
		    row->media_type);
		if (store_manifest_read(store, &id, &buf, &len, &ignored) != 1)
			return false;
		free(buf);
		return len == row->size;
	}
	return (store_blob_size(store, &row->digest, &size, &ignored) == 1 &&
	    size == row->size) || is_piece_here(store, row);
}

/* --- tables ------------------------------------------------------------ */

static int
find_table(const struct intake *in, const char *text, size_t len,
    size_t *ret, struct err *e)
{
	const struct statement *s = &in->b->s;
	struct digest have[2];
	size_t i;

	digest_of(DIGEST_SHA256, text, len, &have[DIGEST_SHA256]);
	digest_of(DIGEST_SHA512, text, len, &have[DIGEST_SHA512]);
	for (i = 0; i < s->part_count; i++)
		if (s->parts[i].table_size == len && digest_equal(
		    &s->parts[i].table, &have[s->parts[i].table.alg])) {
			*ret = i;
			return 0;
		}
	return err_set(e, ERR_DATA, "its table is of none of the parts that "
	    "its statement has");
}

/* The digest is right, so it is what the sender has made: if that does not fit
 * together, it was made wrongly. */
int
intake_check_table(const struct intake *in, const char *text, size_t len,
    size_t *ret_number, struct table *ret, struct err *e)
{
	const struct statement_part *part;
	struct table t;
	uint64_t bytes = 0;
	size_t i, number = 0;

	if (find_table(in, text, len, &number, e) == -1 ||
	    table_parse(text, len, &t, e) == -1)
		return -1;
	part = &in->b->s.parts[number];
	for (i = 0; i < t.count; i++)
		bytes += t.rows[i].length;
	if (strcmp(t.id, in->b->s.id) != 0 ||
	    strcmp(t.part, part->name) != 0 || t.count != part->objects ||
	    bytes != part->bytes) {
		table_done(&t);
		return err_set(e, ERR_DATA, "its table is not what its "
		    "statement says of it");
	}
	*ret_number = number;
	*ret = t;
	return 0;
}

int
intake_saved_table(const struct intake *in, size_t number, struct table *ret)
{
	char name[INTAKE_NAME_MAX], *text;
	struct err ignored;
	size_t len, found = 0;
	int rc = store_import_read(in->rules->store, in->who.id,
	    intake_table_name(number, name), BUNDLE_TEXT_MAX, &text, &len,
	    &ignored);

	if (rc != 1)
		return 0;
	rc = intake_check_table(in, text, len, &found, ret, &ignored);
	free(text);
	if (rc == 0 && found != number)
		table_done(ret);
	return rc == 0 && found == number ? 1 : 0;
}

char *
intake_parts_of(const struct intake *in, const struct digest *digest)
{
	char *names = NULL;
	struct table t;
	size_t i, j, len;
	FILE *out = xtext_open(&names, &len);
	bool is_first = true;

	for (i = 0; i < in->b->s.part_count; i++) {
		if (!intake_saved_table(in, i, &t))
			continue;
		for (j = 0; j < t.count; j++)
			if (digest_equal(&t.rows[j].digest, digest))
				break;
		if (j < t.count) {
			fprintf(out, "%s%s", is_first ? "" : ", ",
			    in->b->s.parts[i].name);
			is_first = false;
		}
		table_done(&t);
	}
	xtext_close(out);
	return names;
}

/* --- room -------------------------------------------------------------- */

/* What an earlier run has begun of a blob takes no room again. */
struct begun {
	uint64_t held;			/* bytes of it on the disk */
	uint64_t here, missing;		/* of its rows */
};

struct room {
	const struct store *store;
	uint64_t bytes;
	struct digest_set begun;
};

static void
count_begun(struct room *room, const struct table_row *row, bool is_here)
{
	struct begun *b = digest_set_get(&room->begun, &row->digest);
	uint64_t held;

	if (b == NULL) {
		held = store_partial_bytes(room->store, &row->digest);
		if (held == 0)
			return;
		b = xcalloc(1, sizeof(*b));
		b->held = held;
		digest_set_add(&room->begun, &row->digest, b);
	}
	*(is_here ? &b->here : &b->missing) += row->length;
}

static void
count_rows(struct room *room, const struct table *t)
{
	const struct table_row *row;
	bool is_here;
	size_t i;

	for (i = 0; i < t->count; i++) {
		row = &t->rows[i];
		is_here = intake_is_here(room->store, row);
		if (!is_here)
			room->bytes += row->length + BLOCK_BYTES;
		if (row->media_type == NULL &&
		    (!is_here || table_row_is_piece(row)))
			count_begun(room, row, is_here);
	}
}

/* What is held of a blob beyond the rows that are here is of those that are
 * missing. */
static uint64_t
room_done(struct room *room)
{
	struct digest digest;
	struct begun *b;
	uint64_t more;
	size_t at = 0;
	void *value;

	while (digest_set_next(&room->begun, &at, &digest, &value)) {
		b = value;
		more = b->held > b->here ? b->held - b->here : 0;
		room->bytes -= more < b->missing ? more : b->missing;
		free(b);
	}
	digest_set_done(&room->begun);
	return room->bytes;
}

/* The table of a part that lies there; 1 or 0. */
static int
table_of_path(const struct intake *in, const char *path, size_t *ret_number,
    struct table *ret)
{
	struct stick_head head;
	struct err ignored;
	struct part *p;
	int fd = stick_open(path, &ignored), rc = 0;

	if (fd == -1)
		return 0;
	if (part_open(fd, path, &p, &ignored) == 0) {
		rc = stick_head_read(p, &head, &ignored);
		if (rc == 1) {
			rc = intake_check_table(in, head.table, head.table_len,
			    ret_number, ret, &ignored) == 0;
			stick_head_done(&head);
		}
		part_close(p);
	}
	close(fd);
	return rc == 1 ? 1 : 0;
}

/* Of a part of which nothing is known, all is missing. */
static uint64_t
needed_bytes(const struct intake *in)
{
	const struct statement *s = &in->b->s;
	bool *is_known = xcalloc(s->part_count + 1, sizeof(*is_known));
	struct room room = { .store = in->rules->store };
	struct table t;
	size_t i, number = 0;

	for (i = 0; i < in->b->path_count; i++) {
		if (!table_of_path(in, in->b->paths[i], &number, &t))
			continue;
		if (!is_known[number])
			count_rows(&room, &t);
		is_known[number] = true;
		table_done(&t);
	}
	for (i = 0; i < s->part_count; i++) {
		if (is_known[i])
			continue;
		if (!intake_saved_table(in, i, &t)) {
			room.bytes += s->parts[i].bytes;
			continue;
		}
		count_rows(&room, &t);
		table_done(&t);
	}
	free(is_known);
	return room_done(&room);
}

bool
intake_has_room(struct intake *in)
{
	uint64_t need = needed_bytes(in);
	uint64_t room = store_free_bytes(in->rules->store);
	char need_text[REPORT_BYTES_MAX], room_text[REPORT_BYTES_MAX];

	in->all_bytes = need;
	if (need == 0 || need <= room)
		return true;
	err_set(&in->err, ERR_ROOM, "%s needs %s more, and the file system has "
	    "%s free: nothing has been touched; free some space, with cdr gc "
	    "for example", in->b->name, report_bytes(need, need_text),
	    report_bytes(room, room_text));
	return false;
}
