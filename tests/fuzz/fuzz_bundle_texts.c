/*
 * What a stick has as text: the first byte says if it is a statement (s), a
 * table (t), an inventory (i), or the name of a member (m).  There is one way
 * to write each of them: what is taken is printed as the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/inventory.h"
#include "bundle/statement.h"
#include "bundle/table.h"
#include "bundle/tarfile.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
refused(const struct err *e)
{
	must(e->code == ERR_DATA || e->code == ERR_LIMIT);
	must(e->msg[0] != '\0');
}

static void
check_image(const struct statement_image *image)
{
	size_t i;

	must(name_is_registry(image->registry));
	must(name_is_repository(image->repository));
	must(image->tag == NULL || name_is_tag(image->tag));
	must(image->count < IMAGE_MANIFESTS_MAX);
	must(name_is_manifest_type(image->root.media_type));
	must(image->root.size <= MANIFEST_BYTES_MAX);
	for (i = 0; i < image->count; i++) {
		must(name_is_manifest_type(image->manifests[i].media_type));
		must(!digest_equal(&image->manifests[i].digest,
		    &image->root.digest));
	}
}

static void
check_statement(const char *buf, size_t size)
{
	struct statement s;
	struct err e = { ERR_NONE, "" };
	char *text = NULL;
	size_t len = 0, i;
	FILE *out;

	if (statement_parse(buf, size, &s, &e) == -1) {
		refused(&e);
		return;
	}
	must(bundle_is_id(s.id) && bundle_is_site(s.from) && s.seq > 0);
	must(strcmp(s.to, "*") == 0 || bundle_is_site(s.to));
	for (i = 0; i < s.image_count; i++)
		check_image(&s.images[i]);
	for (i = 0; i < s.part_count; i++)
		must(bundle_is_file(s.parts[i].name));
	out = xtext_open(&text, &len);
	statement_print(&s, out);
	xtext_close(out);
	must(len == size && memcmp(text, buf, size) == 0);
	must(len <= statement_bytes_max(&s, s.part_count));
	free(text);
	statement_done(&s);
}

static void
check_row(const struct table_row *row)
{
	char name[BUNDLE_MEMBER_MAX];
	struct digest digest;
	uint64_t offset;
	bool is_piece;

	must(row->size <= BLOB_BYTES_MAX && row->offset <= row->size);
	must(row->length <= row->size - row->offset);
	must(row->length <= TARFILE_MEMBER_MAX);
	must(row->length > 0 || row->size == 0);
	must(row->media_type == NULL || !table_row_is_piece(row));
	bundle_member_name(&row->digest, table_row_is_piece(row), row->offset,
	    name);
	must(bundle_member_parse(name, &digest, &is_piece, &offset) == 1);
	must(digest_equal(&digest, &row->digest));
	must(is_piece == table_row_is_piece(row));
	must(offset == (is_piece ? row->offset : 0));
}

static void
check_table(const char *buf, size_t size)
{
	struct table t;
	struct err e = { ERR_NONE, "" };
	char *text = NULL;
	size_t len = 0, i;
	FILE *out;

	if (table_parse(buf, size, &t, &e) == -1) {
		refused(&e);
		return;
	}
	must(bundle_is_id(t.id) && bundle_is_file(t.part));
	for (i = 0; i < t.count; i++)
		check_row(&t.rows[i]);
	out = xtext_open(&text, &len);
	table_print(&t, out);
	xtext_close(out);
	must(len == size && memcmp(text, buf, size) == 0);
	free(text);
	table_done(&t);
}

static void
check_inventory(const char *buf, size_t size)
{
	struct inventory inv, again;
	struct err e = { ERR_NONE, "" };

	if (inventory_parse(buf, size, &inv, &e) == -1) {
		refused(&e);
		return;
	}
	must(bundle_is_site(inv.site) && inv.text_len <= size);
	must(memcmp(buf + inv.text_len - 5, "\nend\n", 5) == 0);
	/* The signature changes nothing. */
	must(inventory_parse(buf, inv.text_len, &again, &e) == 0);
	must(again.linked.count == inv.linked.count);
	must(again.bad.count == inv.bad.count);
	must(again.bundle_count == inv.bundle_count);
	inventory_done(&again);
	inventory_done(&inv);
}

static void
check_member(const char *buf, size_t size)
{
	char *name = xstrndup(buf, size), again[BUNDLE_MEMBER_MAX];
	struct digest digest;
	uint64_t offset;
	bool is_piece;

	if (bundle_member_parse(name, &digest, &is_piece, &offset) == 1) {
		bundle_member_name(&digest, is_piece, offset, again);
		must(strcmp(name, again) == 0);
	}
	free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	if (data[0] == 's')
		check_statement(text, size - 1);
	else if (data[0] == 't')
		check_table(text, size - 1);
	else if (data[0] == 'i')
		check_inventory(text, size - 1);
	else
		check_member(text, size - 1);
	return 0;
}
