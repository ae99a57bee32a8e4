#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bundle/export_pack.h"
#include "bundle/tarfile.h"
#include "layout/mem.h"

#define TYPE	"application/vnd.oci.image.manifest.v1+json"

struct load {
	struct export_rules rules;
	struct statement statement;
	struct export_objects manifests, blobs;
	struct export_parts parts;
	struct err e;
};

static void
add(struct export_objects *to, uint64_t size, const char *type,
    enum digest_alg alg)
{
	struct export_object *o;
	unsigned seed[2] = { (unsigned)to->count, type != NULL };

	to->items = xreallocarray(to->items, to->count + 1,
	    sizeof(*to->items));
	o = &to->items[to->count++];
	memset(o, 0, sizeof(*o));
	digest_of(alg, seed, sizeof(seed), &o->digest);
	o->size = size;
	o->media_type = type == NULL ? NULL : xstrdup(type);
}

static void
add_blobs(struct load *l, size_t count, uint64_t size)
{
	while (count-- > 0)
		add(&l->blobs, size, NULL, DIGEST_SHA256);
}

static struct load
load_of(uint64_t split)
{
	struct load l;

	memset(&l, 0, sizeof(l));
	memset(l.rules.id, 'a', BUNDLE_ID_MAX);
	snprintf(l.rules.stem, sizeof(l.rules.stem), "centre-rig-7");
	l.rules.split = split;
	memcpy(l.statement.id, l.rules.id, sizeof(l.rules.id));
	snprintf(l.statement.from, sizeof(l.statement.from), "centre");
	snprintf(l.statement.to, sizeof(l.statement.to), "rig");
	l.statement.seq = 7;
	l.statement.created = 1800000000;
	return l;
}

static void
objects_free(struct export_objects *o)
{
	while (o->count > 0)
		free(o->items[--o->count].media_type);
	free(o->items);
}

static void
done(struct load *l)
{
	export_parts_done(&l->parts);
	objects_free(&l->manifests);
	objects_free(&l->blobs);
}

static int
pack(struct load *l)
{
	return export_pack(&l->rules, &l->statement, &l->manifests, &l->blobs,
	    &l->parts, &l->e);
}

/* What a part would have on the stick, byte by byte. */
static uint64_t
file_bytes(const struct load *l, const struct export_part *part)
{
	struct table again;
	uint64_t bytes;
	struct err e;
	size_t i, len;
	char *text;
	FILE *out = xtext_open(&text, &len);

	table_print(&part->table, out);
	xtext_close(out);
	if (table_parse(text, len, &again, &e) == -1)
		fail_msg("%s", e.msg);
	table_done(&again);
	free(text);
	bytes = tarfile_room(statement_bytes_max(&l->statement,
	    l->parts.count)) + tarfile_room(len) + TARFILE_END;
	if (l->rules.signature > 0)
		bytes += tarfile_room(l->rules.signature);
	for (i = 0; i < part->table.count; i++)
		bytes += tarfile_room(part->table.rows[i].length);
	return bytes;
}

/* All objects, in their order, without a gap; manifests whole. */
static void
expect_all(const struct load *l)
{
	size_t at = 0, i, k, count = l->manifests.count + l->blobs.count;
	const struct export_object *o;
	const struct export_part *part;
	const struct table_row *row;
	uint64_t offset = 0, bytes;
	char name[BUNDLE_FILE_MAX + 1];

	for (i = 0; i < l->parts.count; i++) {
		part = &l->parts.items[i];
		assert_true(part->table.count > 0);
		assert_string_equal(part->table.part,
		    bundle_part_name(l->rules.stem, (unsigned)i + 1, name));
		for (k = 0, bytes = 0; k < part->table.count; k++) {
			assert_true(at < count);
			o = at < l->manifests.count ? &l->manifests.items[at] :
			    &l->blobs.items[at - l->manifests.count];
			row = &part->table.rows[k];
			assert_true(digest_equal(&row->digest, &o->digest));
			assert_int_equal(row->size, o->size);
			assert_int_equal(row->offset, offset);
			assert_true(row->length > 0 || o->size == 0);
			assert_true(row->length <= EXPORT_PIECE_MAX);
			assert_true(o->media_type == NULL ||
			    row->length == o->size);
			offset += row->length;
			bytes += row->length;
			if (offset == o->size) {
				offset = 0;
				at++;
			}
		}
		assert_int_equal(part->bytes, bytes);
		assert_true(file_bytes(l, part) <= part->room);
		if (l->rules.split > 0)
			assert_true(part->room < l->rules.split);
	}
	assert_int_equal(at, count);
}

static void
test_nothing(void **state)
{
	struct load l = load_of(100000);

	(void)state;
	assert_int_equal(pack(&l), 0);
	assert_int_equal(l.parts.count, 0);
	done(&l);
}

static void
test_one_part(void **state)
{
	struct load l = load_of(0);

	(void)state;
	add(&l.manifests, 500, TYPE, DIGEST_SHA256);
	add(&l.manifests, 500, TYPE, DIGEST_SHA512);
	add_blobs(&l, 3, 1 << 20);
	add(&l.blobs, 0, NULL, DIGEST_SHA512);
	/* No member is larger than FAT's files, whatever the part. */
	add_blobs(&l, 1, 3 * EXPORT_PIECE_MAX + 5);
	assert_int_equal(pack(&l), 0);
	assert_int_equal(l.parts.count, 1);
	assert_int_equal(l.parts.items[0].table.count, 10);
	expect_all(&l);
	done(&l);
}

static void
test_cut(void **state)
{
	struct load l = load_of((uint64_t)32 << 20);

	(void)state;
	add(&l.manifests, 500, TYPE, DIGEST_SHA256);
	add_blobs(&l, 1, (uint64_t)100 << 20);
	assert_int_equal(pack(&l), 0);
	assert_int_equal(l.parts.count, 4);
	/* No crumbs, and no part that is half empty. */
	assert_int_equal(l.parts.items[0].table.rows[1].length % 65536, 0);
	assert_true(l.parts.items[0].room > ((uint64_t)32 << 20) - (128 << 10));
	expect_all(&l);
	done(&l);
}

/* A part more makes each statement longer. */
static void
test_statement_grows(void **state)
{
	struct load l = load_of(131072);

	(void)state;
	l.rules.signature = 400;
	add_blobs(&l, 400, 6000);
	assert_int_equal(pack(&l), 0);
	/* It would be 20 if they cost nothing. */
	assert_true(l.parts.count > 22);
	expect_all(&l);
	done(&l);
}

/* And so much longer that nothing else has room, in the end. */
static void
test_statement_outgrows(void **state)
{
	struct load l = load_of(40960);

	(void)state;
	add_blobs(&l, 4000, 6000);
	assert_int_equal(pack(&l), -1);
	assert_int_equal(l.e.code, ERR_INPUT);
	assert_non_null(strstr(l.e.msg, "--split"));
	assert_int_equal(l.parts.count, 0);
	done(&l);
}

static void
test_manifest_too_large(void **state)
{
	struct load l = load_of(100000);
	unsigned long long least;
	char *at;

	(void)state;
	add(&l.manifests, 500, TYPE, DIGEST_SHA256);
	add(&l.manifests, 200000, TYPE, DIGEST_SHA256);
	assert_int_equal(pack(&l), -1);
	assert_int_equal(l.e.code, ERR_INPUT);
	at = strstr(l.e.msg, "take ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "take %llu", &least), 1);
	/* It is as it says, give or take what one part less saves. */
	l.rules.split = least + 1024;
	assert_int_equal(pack(&l), 0);
	expect_all(&l);
	done(&l);
}

static unsigned
random_below(unsigned *seed, unsigned max)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 8) % max;
}

static void
test_random(void **state)
{
	unsigned seed = 7, round, i;
	struct load l;

	(void)state;
	for (round = 0; round < 200; round++) {
		l = load_of((256 << 10) + random_below(&seed, 1 << 20));
		l.rules.signature = random_below(&seed, 2) * 302;
		for (i = random_below(&seed, 20); i > 0; i--)
			add(&l.manifests, random_below(&seed, 9000), TYPE,
			    random_below(&seed, 2) == 0 ? DIGEST_SHA256 :
			    DIGEST_SHA512);
		for (i = random_below(&seed, 40); i > 0; i--)
			add(&l.blobs, random_below(&seed, 2) == 0 ?
			    random_below(&seed, 5000) :
			    random_below(&seed, 400000), NULL, DIGEST_SHA256);
		if (pack(&l) == -1)
			fail_msg("round %u: %s", round, l.e.msg);
		expect_all(&l);
		done(&l);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_one_part),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_statement_grows),
		cmocka_unit_test(test_statement_outgrows),
		cmocka_unit_test(test_manifest_too_large),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
