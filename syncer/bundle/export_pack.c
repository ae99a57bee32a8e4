/*
 * Packing.  Each part begins with the statement, which names all parts: so how
 * much room one has for objects depends on how many there are.  One guesses,
 * and packs again with a better guess, which only grows.
 */
#include <stdlib.h>
#include <string.h>

#include "bundle/export_pack.h"
#include "bundle/tarfile.h"
#include "layout/limits.h"
#include "layout/mem.h"

/* Blobs are cut at multiples of this, so that no piece is a crumb: the second
 * one where parts are small. */
#define CUT		((uint64_t)64 << 10)
#define CUT_SMALL	((uint64_t)512)
#define SMALL		((uint64_t)16 << 20)

/* Three numbers of twenty digits, blanks, "manifest". */
#define ROW_MAX		80u

struct pack {
	const struct export_rules *rules;
	struct export_parts *out;
	uint64_t head;			/* of statement and signature, as
					 * members */
	uint64_t limit;			/* of a file */
	size_t guess;			/* so many parts */
	size_t room;			/* of the last part's table */
	uint64_t table;			/* at most so many bytes has its text */
	uint64_t members;		/* and its members, in the file */
};

static struct export_part *
last(const struct pack *p)
{
	return &p->out->items[p->out->count - 1];
}

static uint64_t
file_bytes(const struct pack *p, uint64_t table, uint64_t members)
{
	return p->head + tarfile_room(table) + members + TARFILE_END;
}

static void
begin_part(struct pack *p)
{
	struct export_parts *out = p->out;
	struct table *t;

	out->items = xreallocarray(out->items, out->count + 1,
	    sizeof(*out->items));
	memset(&out->items[out->count], 0, sizeof(*out->items));
	t = &out->items[out->count++].table;
	memcpy(t->id, p->rules->id, sizeof(t->id));
	bundle_part_name(p->rules->stem, (unsigned)out->count, t->part);
	p->room = 0;
	p->table = ROW_MAX + strlen(t->id) + strlen(t->part);
	p->members = 0;
}

static void
add_row(struct pack *p, const struct export_object *o, uint64_t offset,
    uint64_t length, uint64_t row)
{
	struct export_part *part = last(p);
	struct table *t = &part->table;

	if (t->count == p->room) {
		p->room = p->room == 0 ? 16 : 2 * p->room;
		t->rows = xreallocarray(t->rows, p->room, sizeof(*t->rows));
	}
	t->rows[t->count++] = (struct table_row){
		.digest = o->digest, .size = o->size, .offset = offset,
		.length = length,
		.media_type = o->media_type == NULL ? NULL :
		    xstrdup(o->media_type),
	};
	p->table += row;
	p->members += tarfile_room(length);
	part->bytes += length;
	part->room = file_bytes(p, p->table, p->members);
}

/* How many of these bytes does the last part take; false: none. */
static bool
fits(const struct pack *p, const struct export_object *o, uint64_t left,
    uint64_t row, uint64_t *ret)
{
	uint64_t used = file_bytes(p, p->table + row, p->members +
	    tarfile_room(0));
	uint64_t cut = p->limit < SMALL ? CUT_SMALL : CUT, free_bytes;

	if (used > p->limit || p->table + row > BUNDLE_TEXT_MAX)
		return false;
	free_bytes = (p->limit - used) / CUT_SMALL * CUT_SMALL;
	if (left <= free_bytes && left <= EXPORT_PIECE_MAX) {
		*ret = left;
		return true;
	}
	if (free_bytes > EXPORT_PIECE_MAX)
		free_bytes = EXPORT_PIECE_MAX;
	*ret = free_bytes / cut * cut;
	return o->media_type == NULL && *ret > 0;
}

static int
refuse(const struct pack *p, uint64_t least, struct err *e)
{
	if (p->rules->split == 0)
		return err_set(e, ERR_INPUT, "this is too much for one bundle: "
		    "export some of the images first");
	return err_set(e, ERR_INPUT, "--split: %llu bytes are too few for a "
	    "part: where there are %zu, what each begins with and one object "
	    "take %llu", (unsigned long long)p->rules->split, p->guess,
	    (unsigned long long)least);
}

static int
add_object(struct pack *p, const struct export_object *o, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	uint64_t row = ROW_MAX + strlen(digest_text(&o->digest, text)) +
	    (o->media_type == NULL ? 0 : strlen(o->media_type));
	uint64_t offset = 0, length;

	do {
		while (!fits(p, o, o->size - offset, row, &length)) {
			if (last(p)->table.count == 0)
				return refuse(p, file_bytes(p, p->table + row,
				    tarfile_room(o->media_type != NULL ||
				    o->size < CUT_SMALL ? o->size :
				    CUT_SMALL)) + 1, e);
			if (p->out->count == BUNDLE_PARTS_MAX)
				return refuse(p, p->limit, e);
			begin_part(p);
		}
		add_row(p, o, offset, length, row);
		offset += length;
	} while (offset < o->size);
	return 0;
}

static int
add_all(struct pack *p, const struct export_objects *objects, struct err *e)
{
	size_t i;

	for (i = 0; i < objects->count; i++) {
		if (p->out->count == 0)
			begin_part(p);
		if (add_object(p, &objects->items[i], e) == -1)
			return -1;
	}
	return 0;
}

static int
pack_with(struct pack *p, const struct statement *s,
    const struct export_objects *manifests,
    const struct export_objects *blobs, struct err *e)
{
	uint64_t statement = statement_bytes_max(s, p->guess);

	if (statement > BUNDLE_TEXT_MAX)
		return err_set(e, ERR_INPUT, "its statement would have %llu "
		    "bytes, more than the %u that are read: export some of the "
		    "images first", (unsigned long long)statement,
		    BUNDLE_TEXT_MAX);
	p->head = tarfile_room(statement);
	if (p->rules->signature > 0)
		p->head += tarfile_room(p->rules->signature);
	if (add_all(p, manifests, e) == -1)
		return -1;
	return add_all(p, blobs, e);
}

int
export_pack(const struct export_rules *rules, const struct statement *s,
    const struct export_objects *manifests, const struct export_objects *blobs,
    struct export_parts *ret, struct err *e)
{
	struct export_parts parts = { NULL, 0 };
	struct pack p = { .rules = rules, .out = &parts, .guess = 1 };
	size_t most;
	int rc;

	p.limit = rules->split == 0 ? BUNDLE_PART_BYTES_MAX :
	    (rules->split - 1) / CUT_SMALL * CUT_SMALL;
	for (;;) {
		rc = pack_with(&p, s, manifests, blobs, e);
		most = parts.count;
		if (rc == 0 && most <= p.guess)
			break;
		export_parts_done(&parts);
		if (rc == -1)
			return -1;
		p.guess = most;
	}
	*ret = parts;
	return 0;
}

void
export_parts_done(struct export_parts *parts)
{
	while (parts->count > 0)
		table_done(&parts->items[--parts->count].table);
	free(parts->items);
	memset(parts, 0, sizeof(*parts));
}
